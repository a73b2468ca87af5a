/* Opening tensors at places: what is committed, what is public, and what follows from others. */
#include "zk/layer.h"

#include <assert.h>

#include "zk/mle.h"

/* eq(at.c) in the first array of room, eq(at.p) or the weights as they are. */
static struct ext value_by_kernel(const struct run *r, const struct plan_tensor *t, struct place at,
                                  const int32_t *values)
{
    const struct witness *w = r->witness;
    struct ext_array c = w->room;
    struct ext sum = EXT_ZERO;
    size_t channels = (size_t)1 << t->c_bits;

    ext_array_set(c, 0, EXT_ONE);
    for (unsigned b = 0; b < t->c_bits; b++)
        w->kern->eq_grow(c, (size_t)1 << b, at.c[b]);
    if (at.weights == NULL) {
        for (unsigned b = 0; b < t->p_bits; b++)
            w->kern->eq_grow(c, channels << b, at.p[b]);
        return w->kern->dot_i32(c, values, channels << t->p_bits);
    }
    for (size_t p = 0; p < at.count; p++)
        sum = ext_add(sum,
                      ext_mul(at.weights[p], w->kern->dot_i32(c, values + p * channels, channels)));
    return sum;
}

/* The public input in its own layout; beyond it there is 0. */
static struct ext value_of_input(struct run *r, struct place at)
{
    const struct plan_tensor *t = &r->plan->tensor[0];
    struct ext *c = run_points(r, (size_t)1 << t->c_bits);
    struct ext sum = EXT_ZERO;

    mle_table(c, at.c, t->c_bits, EXT_ONE);
    for (size_t p = 0; p < t->positions && r->input != NULL; p++) {
        struct ext weight = at.weights != NULL ? at.weights[p] : mle_at(at.p, t->p_bits, p);

        sum = ext_add(sum, ext_mul(weight, mle_dot(c, r->input + p * t->channels, t->channels)));
    }
    return sum;
}

struct ext place_value(const struct run *r, const struct plan_tensor *t, struct place at,
                       const int32_t *values)
{
    return r->witness == NULL ? EXT_ZERO : value_by_kernel(r, t, at, values);
}

static struct scalar open_committed(struct run *r, size_t t, struct place at)
{
    const struct plan_tensor *p = &r->plan->tensor[t];
    const int32_t *values = r->witness == NULL ? NULL : r->witness->tensor[t];
    struct scalar s = ledger_hide(&r->ledger, place_value(r, p, at, values));
    struct claim *c = run_claim(r);

    *c = (struct claim){.kind = CLAIM_POINT,
                        .value = s,
                        .scale = EXT_ONE,
                        .block = p->block,
                        .low = at.c,
                        .low_bits = p->c_bits,
                        .high = at.p,
                        .high_bits = p->p_bits};
    if (at.weights != NULL) {
        c->kind = CLAIM_SPREAD;
        c->high = at.weights;
        c->count = at.count;
    }
    return s;
}

/* A sum's own value is said too, so that products take one scalar. */
static struct scalar open_sum(struct run *r, const struct cmod_op *op, struct place at)
{
    struct scalar a = tensor_open(r, op->in[0], at), b = tensor_open(r, op->in[1], at), sum;

    if (a.open && b.open)
        return scalar_open(ext_add(a.value, b.value));
    sum = ledger_hide(&r->ledger, ext_add(a.value, b.value));
    ledger_begin(&r->ledger);
    ledger_add(&r->ledger, sum, ext_from_i64(-1));
    ledger_add(&r->ledger, a, EXT_ONE);
    ledger_add(&r->ledger, b, EXT_ONE);
    return sum;
}

static struct scalar open_accumulator(struct run *r, size_t t, struct place at)
{
    const int32_t *values = r->witness == NULL ? NULL : r->witness->tensor[t];
    struct scalar s = ledger_hide(&r->ledger, place_value(r, &r->plan->tensor[t], at, values));

    matrix_open(r, t - 1, at, s);
    return s;
}

struct scalar tensor_open(struct run *r, size_t t, struct place at)
{
    const struct cmod_op *op = t == 0 ? NULL : &r->plan->m->op[t - 1];

    if (r->plan->tensor[t].committed)
        return open_committed(r, t, at);
    if (op == NULL)
        return scalar_open(value_of_input(r, at));
    if (op->code == CMOD_ADD)
        return open_sum(r, op, at);
    if (op->code == CMOD_SUMPOOL)
        return sumpool_open(r, t - 1, at);
    return open_accumulator(r, t, at);
}
