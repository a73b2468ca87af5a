/*
 * All claims <lambda_i, data> = scale_i value_i as one: with E = sum of gamma^i lambda_i, a
 * sumcheck of sum_x E(x) data(x) ends at a point where the verifier computes E itself and the
 * prover says, hidden, what data is.
 *
 * A hidden value is m^ + s_j with s_j in P, which is data too: its claim reads <lambda_i - scale_i
 * at P's entry j, data> = scale_i m^, whose right side is public. So is that of the claim on P that
 * closes the first half. The sumcheck's own scalars have pads in the tail, outside P.
 */
#include "zk/opening.h"

#include <string.h>

#include "zk/data.h"
#include "zk/split.h"

enum { TERMS = 2 * SPACE_BITS_MAX + 2 };

/* ---- the prover's sums ---- */

struct round {
    struct data *d;
    size_t half;
    const struct ext *fold;
    bool first;
    struct split split;
    struct ext sums[SPLIT_PARTS_MAX][2];
};

static void round_part(void *arg, size_t i)
{
    struct round *j = (struct round *)arg;
    size_t from = i * j->split.step, to = from + j->split.step;
    struct data *d = j->d;

    if (j->first)
        d->kern->dot_round_base(d->e, d->space, j->half, from, to, j->sums[i]);
    else
        d->kern->dot_round(d->e, d->f, j->half, j->fold, from, to, j->sums[i]);
}

static void sum_round(struct data *d, size_t half, bool first, const struct ext *fold,
                      struct ext sums[2])
{
    struct round j = {.d = d, .half = half, .fold = fold, .first = first};

    j.split = split_of(half);
    for (size_t i = 0; i < j.split.parts; i++)
        j.sums[i][0] = j.sums[i][1] = EXT_ZERO;
    par_for(d->par, j.split.parts, round_part, &j);
    for (size_t i = 0; i < j.split.parts; i++) {
        sums[0] = ext_add(sums[0], j.sums[i][0]);
        sums[1] = ext_add(sums[1], j.sums[i][1]);
    }
}

static void first_fold_part(void *arg, size_t i)
{
    struct round *j = (struct round *)arg;
    size_t from = i * j->split.step, to = from + j->split.step;
    struct data *d = j->d;

    d->kern->fold_base(d->f, d->space, j->half, *j->fold, from, to);
    d->kern->fold(d->e, j->half, *j->fold, from, to);
}

/* Fold E and the data, whose elements are of GF(p) only once. */
static void first_fold(struct data *d, size_t half, const struct ext *r)
{
    struct round j = {.d = d, .half = half, .fold = r};

    j.split = split_of(half);
    par_for(d->par, j.split.parts, first_fold_part, &j);
}

/* ---- protocol ---- */

/*
 * Close P: claim 0 is its running equation. Then take every other claim's pad over to it, and
 * return the sum of all right sides.
 */
static struct ext gather(struct opening *o, struct ext gamma)
{
    struct ledger *l = &o->run->ledger;
    struct ext power = gamma, sum = ext_neg(l->constant);

    o->run->claims[0] = (struct claim){.kind = CLAIM_LIST,
                                       .vector = &o->plan->pads,
                                       .low = l->coefficient,
                                       .count = ledger_pads(l->hidden_max, l->products_max)};
    for (size_t i = 1; i < o->run->claim_count; i++) {
        const struct claim *c = &o->run->claims[i];
        struct ext weight = ext_mul(power, c->scale);
        struct scalar v = c->value;

        sum = ext_add(sum, ext_mul(weight, v.open ? v.value : l->sent[v.number]));
        if (!v.open)
            l->coefficient[v.number] = ext_sub(l->coefficient[v.number], weight);
        power = ext_mul(power, gamma);
    }
    return sum;
}

static void fill(const struct opening *o, struct ext gamma)
{
    struct data *d = o->data;
    size_t size = (size_t)1 << o->plan->space.bits;

    for (unsigned j = 0; j < EXT_DEGREE; j++)
        memset(d->e.c[j], 0, size * sizeof(field));
    claims_fill(o->run->claims, o->run->claim_count, gamma, &o->plan->space, d->kern, &d->room,
                d->e);
}

/* The prover's round polynomial over pairs of `half`: its value at 0 and coefficient of X^2. */
static void prover_round(struct data *d, size_t half, size_t all, const struct ext *last,
                         struct ext sums[2])
{
    if (half == all / 4)
        first_fold(d, all / 2, last);
    sum_round(d, half, half == all / 2, half == all / 4 ? NULL : last, sums);
}

/* The data at the point, when two elements are left. */
static struct ext prover_value(const struct data *d, unsigned bits, const struct ext *point)
{
    if (bits == 1)
        return ext_lerp(ext_from_field(d->space[0]), ext_from_field(d->space[1]), point[0]);
    return ext_lerp(ext_array_get(d->f, 0), ext_array_get(d->f, 1), point[0]);
}

struct scalar opening_batch(struct opening *o, struct ext *point)
{
    unsigned bits = o->plan->space.bits;
    struct ledger *tail = &o->tail;
    struct term terms[TERMS];
    struct form claim = form_init(terms, TERMS);
    struct scalar value;
    struct ext gamma;

    ledger_check_products(&o->run->ledger);
    gamma = transcript_ext(&o->run->wire.transcript);
    form_add_constant(&claim, gather(o, gamma));
    if (o->data != NULL)
        fill(o, gamma);
    ledger_reset(tail, &o->run->wire, o->data == NULL ? NULL : o->data->tail);
    for (unsigned v = bits; v-- > 0;) {
        struct ext sums[2] = {EXT_ZERO, EXT_ZERO}, r;
        struct scalar h0, h2;

        if (o->data != NULL)
            prover_round(o->data, (size_t)1 << v, (size_t)1 << bits, &point[v + 1], sums);
        h0 = ledger_hide(tail, sums[0]);
        h2 = ledger_hide(tail, sums[1]);
        point[v] = r = transcript_ext(&o->run->wire.transcript);
        form_scale(&claim, r);
        form_add(&claim, h0, ext_sub(EXT_ONE, ext_add(r, r)));
        form_add(&claim, h2, ext_sub(ext_mul(r, r), r));
    }
    value = ledger_hide(tail, o->data == NULL ? EXT_ZERO : prover_value(o->data, bits, point));
    ledger_begin(tail);
    ledger_add_form(tail, &claim, ext_from_i64(-1));
    ledger_add(tail, value,
               claims_evaluate(o->run->claims, o->run->claim_count, gamma, &o->plan->space, point));
    return value;
}
