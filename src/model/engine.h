/*
 * Evaluation of a .cmod model: exact integers, no float, no rounding choice, the same bits on every
 * machine (docs/spec/cmod.md section 5). This is the function that certificates speak of.
 *
 * An engine owns room for all tensors of one model, taken once; evaluation allocates nothing. One
 * engine, one thread.
 */
#ifndef MODEL_ENGINE_H
#define MODEL_ENGINE_H

#include "model/cmod.h"
#include "model/dot.h"

struct engine;

/* Make an engine for `m`, which must outlive it and hold weights. Free with engine_free. */
struct engine *engine_new(const struct cmod *m, dot_fn *dot);
void engine_free(struct engine *e);

/*
 * Evaluate on `input` (as many integers as the input shape has). ERR_RANGE if one lies outside the
 * input's range. Tensors then hold the results until the next call.
 */
cocoon_err engine_run(struct engine *e, const int32_t *input) MUST_CHECK;

/* Return the elements of tensor `i` (0 is the input) of the last run. */
const int32_t *engine_tensor(const struct engine *e, size_t i);

/* Return the index of the greatest of `count` >= 1 values; the first of equals. */
size_t engine_argmax(const int32_t *values, size_t count);

#endif
