/*
 * The registered weights, opened. With the row point fixed by the fraction tree, their fold u (one
 * element of F a column) is committed as data; then columns of the registered codeword are opened
 * at random. Column x, folded, is the value of u's polynomial at x's point, so each opened column
 * is one more claim on u. A u that is not the fold of the registered message differs from it, as a
 * codeword, in all but k of n places.
 */
#include "zk/opening.h"

#include "zk/data.h"
#include "zk/mle.h"
#include "zk/weights.h"
#include "zk/witness.h"

/* Return column i of those opened, folded at the row point. */
static struct ext fold_column(const struct opening *o, size_t i)
{
    const field *column = o->columns + i * o->plan->layout->code.rows;
    struct ext sum = EXT_ZERO;

    for (size_t r = 0; r < o->plan->layout->code.rows; r++)
        sum = ext_add(sum, ext_scale(o->row[r], column[r]));
    return sum;
}

static void claim_column(struct opening *o, size_t i)
{
    const struct code_shape *c = &o->plan->layout->code;
    field root = field_root(c->log_n);
    size_t exponent = code_reverse(o->positions[i], c->log_n);

    *run_claim(o->run) = (struct claim){.kind = CLAIM_POWERS,
                                        .value = scalar_open(fold_column(o, i)),
                                        .scale = EXT_ONE,
                                        .vector = &o->plan->folded,
                                        .x = field_pow(root, exponent)};
}

bool opening_weights(struct opening *o)
{
    const struct plan *p = o->plan;
    struct run *r = o->run;
    const struct weights *w = o->weights;
    bool good;

    if (o->data != NULL) {
        data_put_fold(o->data, r->witness->folded);
        data_commit(o->data, &o->code, SPACE_B);
        o->root[SPACE_B] = *tree_root(&o->data->zone[SPACE_B].tree);
    }
    o->root[SPACE_B] = wire_digest(&r->wire, &o->root[SPACE_B]);
    transcript_positions(&r->wire.transcript, p->layout->code.log_n, o->positions,
                         p->layout->code.queries);
    good = opening_columns(o, p->layout->code.queries, p->layout->code.rows, p->layout->code.rows,
                           w == NULL ? NULL : w->codeword, w == NULL ? NULL : &w->tree,
                           p->layout->code.log_n, &o->weights_root);
    mle_table(o->row, r->leaves.point, mle_bits(p->layout->code.rows), EXT_ONE);
    for (size_t i = 0; i < r->weight_claim_count; i++)
        *run_claim(r) = r->weight_claims[i];
    for (size_t i = 0; i < p->layout->code.queries; i++)
        claim_column(o, i);
    return good;
}
