/*
 * The prover's integers: every committed block, and every tensor in powers of two. Places beyond a
 * tensor's own elements hold what the relations make of them, so that they hold everywhere.
 */
#ifndef ZK_WITNESS_H
#define ZK_WITNESS_H

#include "model/engine.h"
#include "zk/kern.h"
#include "zk/par.h"
#include "zk/plan.h"

struct weights;

struct witness {
    const struct plan *plan;
    const struct weights *weights[PLAN_FOLDS_MAX];
    struct par *par;
    const struct kern *kern;
    struct engine *engine;
    int32_t *values;                         /* zone A of the data space, but for P */
    int32_t **tensor;                        /* of each tensor; committed ones lie in `values` */
    int32_t *scratch;                        /* as long as the largest site */
    struct ext_array folded[PLAN_FOLDS_MAX]; /* the weights, rows folded */
    struct ext_array room;                   /* an eq table: as long as the largest tensor */
    struct ext_array dot_room;               /* plan->dot_elements */
    size_t dot_used;
};

void witness_init(struct witness *w, const struct plan *plan, const struct kern *kern,
                  struct par *par, struct engine *engine);

/* Wipe and release. */
void witness_fini(struct witness *w);

/* Evaluate the model on `input` and fill in all values and counts. ERR_RANGE (input). */
cocoon_err witness_fill(struct witness *w, const int32_t *input) MUST_CHECK;

/* The values of block `b`. */
static inline int32_t *witness_block(const struct witness *w, size_t b)
{
    return w->values + w->plan->space.block[b].at;
}

/* Call visit(arg, site's number, its fields) for every site of the plan. */
void witness_sites(struct witness *w,
                   void (*visit)(void *arg, size_t site, const int32_t *const fields[3]),
                   void *arg);

/* Set w->folded to the committed weights folded at the row point. */
void witness_fold(struct witness *w, const struct ext *row_point);

#endif
