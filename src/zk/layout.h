/*
 * How a model's weights lie in the columns of their commitment (docs/spec/zk.md section 9). It
 * follows from the model's public part and the budget alone, and is the same in every plan.
 *
 * Column c has `rows` signed bytes, then come pads. A matrix takes, for each run of `rows` outputs,
 * `stride` columns, one an input; entry (output n, input (o, i)) is row n % rows of column from +
 * n / rows * stride + o * 2^i_bits + i, where i counts the operand's channels and o its positions
 * (dense) or the window's taps (conv). Byte d of its bias is in column bias + d * runs + n / rows.
 * All that lies between is 0.
 */
#ifndef ZK_LAYOUT_H
#define ZK_LAYOUT_H

#include "model/cmod.h"

/* A code and the tests made of it. */
struct code_shape {
    size_t rows, k;
    unsigned log_n;
    uint32_t queries;
};

struct layout_matrix {
    unsigned i_bits, k_bits, n_bits; /* of a channel, an input, an output */
    size_t inner, outer;             /* inputs = inner * outer */
    size_t runs, from, stride, bias;
    unsigned grain; /* from and stride are multiples of 2^grain */
};

struct layout {
    const struct cmod *m;
    uint32_t budget; /* proofs that one commitment hides */
    struct layout_matrix *matrix;
    size_t data_columns; /* before the pads; a multiple of KERN_ROWS */
    struct code_shape code;
    struct digest architecture;
};

/* Make the layout of `m`, which must outlive it. ERR_UNSUPPORTED. Free with layout_free. */
cocoon_err layout_new(const struct cmod *m, uint32_t budget, struct layout **out,
                      struct fail *fail) MUST_CHECK;
void layout_free(struct layout *l);

/* The bytes of rows [0, rows) and columns [from, from + columns) that are weights. */
struct layout_part {
    size_t from, columns, rows;
};

/* Call visit(arg, part) for parts that together are all weights and biases and nothing else. */
void layout_parts(const struct layout *l, void (*visit)(void *arg, struct layout_part part),
                  void *arg);

/*
 * Set the queries, length and k of a code whose message has `columns` columns and, for each query,
 * `pads` more, and one more: the least number of queries that is enough. `round` is applied to k.
 */
void layout_choose_code(struct code_shape *c, size_t columns, size_t pads, size_t inverse_rate,
                        size_t (*round)(size_t k));

#endif
