/*
 * A commitment of a model's weights, made once and opened at a few columns by every proof (docs/
 * spec/zk.md section 9).
 *
 * Columns of bytes, as layout.h says, come first, then pads: uniform columns, more of them than
 * `budget` proofs can open, so that all columns ever opened are uniform together. Whoever holds a
 * commitment must count its proofs, across restarts and copies, and make a new one when the budget
 * is spent.
 */
#ifndef ZK_WEIGHTS_H
#define ZK_WEIGHTS_H

#include "crypto/secret.h"
#include "zk/code.h"
#include "zk/layout.h"
#include "zk/tree.h"

struct weights {
    const struct layout *layout;
    int8_t *bytes;   /* the layout's data_columns, in tiles (kern.h) */
    field *pads;     /* the other columns, one after another */
    field *codeword; /* a column is contiguous */
    struct tree tree;
};

/*
 * Commit the weights of the layout's model, with pads from `seed`: the same seed makes the same
 * commitment. `seed` must be of this commitment alone. Free with weights_fini, which wipes.
 */
void weights_commit(struct weights *w, const struct layout *layout, const struct kern *kern,
                    struct par *par, const struct secret32 *seed);
void weights_fini(struct weights *w);

/* What a verifier knows of the weights. */
static inline const struct digest *weights_root(const struct weights *w)
{
    return tree_root(&w->tree);
}

/* Return the byte at (column, row), column < data_columns. */
int8_t weights_byte(const struct weights *w, size_t column, size_t row);

/* Fold each column by eq(row_point, row): out[c], c < k, and room for KERN_ROWS more. */
void weights_fold(const struct weights *w, const struct kern *kern, struct par *par,
                  const struct ext *row_point, struct ext_array out);

#endif
