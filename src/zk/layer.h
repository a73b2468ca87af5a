/*
 * What each operation of a model does in a proof. One file a family of operations; each checks one
 * relation, written at its top, and has a malicious prover of its own in the tests.
 */
#ifndef ZK_LAYER_H
#define ZK_LAYER_H

#include "zk/run.h"
#include "zk/witness.h"

struct layer {
    /* Allot tables, sites and blocks. May be NULL. */
    cocoon_err (*declare)(struct plan *p, size_t op, struct fail *fail);

    /* Compute the result (and helper blocks) in powers of two from the operands. */
    void (*witness)(struct witness *w, size_t op);

    /* Set the fields of the tuples that site number `i` of the operation looks up. */
    void (*site_values)(struct witness *w, size_t op, size_t i, const int32_t *fields[3]);

    /* Say what the operation's sites look up at the leaves' point. May be NULL. */
    void (*speak)(struct run *r, size_t op);
};

/* Return the layer of operation `op`. */
const struct layer *layer_of(const struct plan *p, size_t op);

extern const struct layer layer_matrix, layer_requant, layer_sumpool, layer_maxpool, layer_add;

/* Matrix products (layer_matrix.c): claim that the accumulator at point `at` is `v`; and, at the
 * end, say the factors at the inner products' common point and write their equation. */
void matrix_open(struct run *r, size_t op, struct place at, struct scalar v);
void matrix_close(struct run *r, const struct dots_claim *c);

/* Sum pools (layer_pool.c): the accumulator at a point is the operand at weights. */
struct scalar sumpool_open(struct run *r, size_t op, struct place at);

/*
 * Return, as weights of the operand's positions, the sum over output positions p and taps t in
 * [from, to) of eq(at_p, p) * factors[t] on the position that tap t of window p covers. factors ==
 * NULL: all 1.
 */
const struct ext *window_weights(struct run *r, size_t op, const struct ext *at_p, size_t from,
                                 size_t to, const struct ext *factors);

/* Return the position that tap `tap` of the window at output position `p` covers, or the operand's
 * number of positions where that is padding. */
size_t window_position(const struct cmod *m, size_t op, size_t p, size_t tap);

#endif
