/*
 * A commitment of a model's weights, made once and opened at a few columns by every proof (docs/
 * spec/zk.md section 9).
 *
 * Each column has `rows` elements; matrices come first, as bytes, then biases, then pads: uniform
 * columns, more of them than `budget` proofs can open, so that all columns ever opened are uniform
 * together. Whoever holds a commitment must count its proofs, across restarts and copies, and make
 * a new one when the budget is spent.
 */
#ifndef ZK_WEIGHTS_H
#define ZK_WEIGHTS_H

#include "crypto/secret.h"
#include "zk/code.h"
#include "zk/plan.h"
#include "zk/tree.h"

struct weights {
    const struct plan *plan;
    int8_t *bytes; /* the plan's byte_columns, in tiles (kern.h) */
    field *words;  /* the other columns, one after another */
    field *codeword;
    struct tree tree;
};

/*
 * Commit the weights of the plan's model, with pads from `seed`: the same seed makes the same
 * commitment. `seed` must be of this commitment alone. Free with weights_fini, which wipes.
 */
void weights_commit(struct weights *w, const struct plan *plan, const struct kern *kern,
                    struct par *par, const struct secret32 *seed);
void weights_fini(struct weights *w);

/* What a verifier knows of the weights. */
static inline const struct digest *weights_root(const struct weights *w)
{
    return tree_root(&w->tree);
}

/* Fold each column by eq(row_point, row): out[c], c < plan->weights.k, and room for KERN_ROWS more.
 */
void weights_fold(const struct weights *w, const struct kern *kern, struct par *par,
                  const struct ext *row_point, struct ext_array out);

/* Return column `position` of the codeword. */
static inline const field *weights_column(const struct weights *w, size_t position)
{
    return w->codeword + position * w->plan->weights.rows;
}

#endif
