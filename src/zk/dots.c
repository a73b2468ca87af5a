#include "zk/dots.h"

#include <assert.h>

#include "base/num.h"

/* Return the weighted claims' sum; sets each dot's weight to its power of gamma. */
static void open_claims(struct ledger *l, struct dot *dots, size_t count, struct form *claim)
{
    struct ext gamma = transcript_ext(&l->wire->transcript), power = EXT_ONE;

    for (size_t i = 0; i < count; i++) {
        dots[i].weight = power;
        form_add_form(claim, &dots[i].claim, power);
        power = ext_mul(power, gamma);
    }
}

/* The prover's round polynomial for variable `v` at 0, and its coefficient of X^2. */
static void sum_round(struct dot *dots, size_t count, unsigned v, const struct ext *last,
                      const struct kern *kern, struct ext sums[2])
{
    for (size_t i = 0; i < count; i++) {
        struct dot *d = &dots[i];
        struct ext part[2] = {EXT_ZERO, EXT_ZERO};
        size_t half = (size_t)1 << v;

        if (v < d->vars)
            kern->dot_round(d->f, d->g, half, v + 1 < d->vars ? last : NULL, 0, half, part);
        else
            part[0] = d->value; /* value (1 - X) */
        sums[0] = ext_add(sums[0], ext_mul(d->weight, part[0]));
        sums[1] = ext_add(sums[1], ext_mul(d->weight, part[1]));
    }
}

void dots_run(struct ledger *l, struct dot *dots, size_t count, const struct kern *kern,
              struct dots_claim *out)
{
    bool prover = l->wire->side == WIRE_PROVER;

    out->vars = 0;
    for (size_t i = 0; i < count; i++)
        out->vars = dots[i].vars > out->vars ? dots[i].vars : out->vars;
    assert(out->vars <= DOTS_VARS_MAX);
    out->claim = form_init(out->terms, dots_terms(count, out->vars));
    open_claims(l, dots, count, &out->claim);
    for (unsigned v = out->vars; v-- > 0;) {
        struct ext sums[2] = {EXT_ZERO, EXT_ZERO}, r;
        struct scalar h0, h2;

        if (prover)
            sum_round(dots, count, v, &out->point[v + 1], kern, sums);
        h0 = ledger_hide(l, sums[0]);
        h2 = ledger_hide(l, sums[1]);
        out->point[v] = r = transcript_ext(&l->wire->transcript);
        /* h(r) from h(0) + h(1) = claim: r claim + (1 - 2r) h0 + (r^2 - r) h2 */
        form_scale(&out->claim, r);
        form_add(&out->claim, h0, ext_sub(EXT_ONE, ext_add(r, r)));
        form_add(&out->claim, h2, ext_sub(ext_mul(r, r), r));
        for (size_t i = 0; i < count; i++)
            if (v >= dots[i].vars)
                dots[i].weight = ext_mul(dots[i].weight, ext_sub(EXT_ONE, r));
    }
}

struct ext dots_value(const struct dot *d, struct ext_array a, const struct dots_claim *c)
{
    if (d->vars == 0)
        return ext_array_get(a, 0);
    return ext_lerp(ext_array_get(a, 0), ext_array_get(a, 1), c->point[0]);
}
