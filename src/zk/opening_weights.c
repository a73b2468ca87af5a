/*
 * Committed weights, opened. With the row point fixed, their fold u (one element of F a column) is
 * committed as data; then columns of the registered codeword are opened at random. Column x,
 * folded, is the value of u's polynomial at x's point, so each opened column is one more claim on
 * u. A u that is not the fold of the committed message differs from it, as a codeword, in all but k
 * of n places.
 */
#include "zk/mle.h"
#include "zk/opening.h"
#include "zk/weights.h"

/* Return column i of those opened, folded at the row point. */
static struct ext fold_column(const struct opening *o, size_t i)
{
    size_t rows = o->plan->layout->code.rows;
    struct ext sum = EXT_ZERO;

    for (size_t r = 0; r < rows; r++)
        sum = ext_add(sum, ext_scale(o->row[r], o->columns[i * rows + r]));
    return sum;
}

static void claim_column(struct opening *o, size_t which, size_t i)
{
    const struct code_shape *c = &o->plan->layout->code;
    size_t exponent = code_reverse(o->positions[i], c->log_n);

    *run_claim(o->run) = (struct claim){.kind = CLAIM_POWERS,
                                        .value = scalar_open(fold_column(o, i)),
                                        .scale = EXT_ONE,
                                        .vector = &o->plan->folded[which],
                                        .x = field_pow(field_root(c->log_n), exponent)};
}

/* Open commitment `which` and claim its fold: what the first half said of it, then its columns. */
static bool open_commitment(struct opening *o, size_t which)
{
    const struct code_shape *c = &o->plan->layout->code;
    const struct weights *w = o->weights[which];
    struct run *r = o->run;
    bool good;

    transcript_positions(&r->wire.transcript, c->log_n, o->positions, c->queries);
    good = opening_columns(o, c->queries, c->rows, c->rows, w == NULL ? NULL : w->codeword,
                           w == NULL ? NULL : &w->tree, c->log_n, &o->weights_root[which]);
    for (size_t i = 0; i < r->weight_claim_count; i++)
        if (r->weight_claims[i].vector == &o->plan->folded[which])
            *run_claim(r) = r->weight_claims[i];
    for (size_t i = 0; i < c->queries; i++)
        claim_column(o, which, i);
    return good;
}

bool opening_weights(struct opening *o)
{
    const struct plan *p = o->plan;
    struct run *r = o->run;

    o->root[SPACE_B] = wire_digest(&r->wire, &o->root[SPACE_B]);
    mle_table(o->row, r->row_point, mle_bits(p->layout->code.rows), EXT_ONE);
    for (size_t i = 0; i < p->folds; i++)
        if (!open_commitment(o, i))
            return false;
    return true;
}
