/*
 * sum pool: acc[p][c] = sum over taps of x[p's window][c]. Linear: a claim on the accumulator is
 * one on the operand, its positions weighted by how the windows cover them.
 *
 * max pool: y[p][c] = greatest over the window. For each tap t the prover shows, for every element
 * at once, (y - x_t, z_t) a row of "d >= 0, z = 1 where d = 0", and that sum of z_t - 1 is in
 * [0, 2^b) with 2^b >= taps: y is no less than any and equal to some.
 */
#include "zk/layer.h"

#include <assert.h>
#include <string.h>

#include "zk/mle.h"

static size_t window_size(const struct plan *p, size_t op)
{
    return (size_t)p->m->op[op].kh * p->m->op[op].kw;
}

static size_t operand(const struct plan *p, size_t op)
{
    return p->m->op[op].in[0];
}

/* ---- sum pool ---- */

static void sum_witness(struct witness *w, size_t op)
{
    const struct plan *p = w->plan;
    const struct plan_tensor *in = &p->tensor[operand(p, op)], *out = &p->tensor[op + 1];
    const int32_t *x = w->tensor[operand(p, op)];
    size_t channels = (size_t)1 << out->c_bits;

    memset(w->tensor[op + 1], 0, sizeof(int32_t) << (out->c_bits + out->p_bits));
    for (size_t at = 0; at < out->positions; at++)
        for (size_t t = 0; t < window_size(p, op); t++)
            for (size_t c = 0; c < channels; c++)
                w->tensor[op + 1][(at << out->c_bits) + c] +=
                    x[(window_position(p->m, op, at, t) << in->c_bits) + c];
}

struct scalar sumpool_open(struct run *r, size_t op, struct place at)
{
    const struct plan_tensor *in = &r->plan->tensor[operand(r->plan, op)];

    assert(at.weights == NULL);
    return tensor_open(
        r, operand(r->plan, op),
        (struct place){.c = at.c,
                       .weights = window_weights(r, op, at.p, 0, window_size(r->plan, op), NULL),
                       .count = in->positions});
}

const struct layer layer_sumpool = {NULL, sum_witness, NULL, NULL};

/* ---- max pool ---- */

static cocoon_err max_declare(struct plan *p, size_t op, struct fail *fail)
{
    const struct plan_tensor *y = &p->tensor[op + 1];
    const struct cmod_tensor *x = &p->m->tensor[operand(p, op)];
    size_t window = window_size(p, op), spread = (size_t)((int64_t)x->high - x->low);
    unsigned bits = y->c_bits + y->p_bits;
    size_t zero;

    if (window + 1 > PLAN_SITES_A_OP)
        return fail_set(fail, ERR_UNSUPPORTED, op, "max pool of more than 4 by 4");
    zero = plan_table_need(
        p, (struct plan_table){.kind = TABLE_IS_ZERO, .bits = mle_bits(spread + 1)});
    for (size_t t = 0; t < window; t++) {
        plan_op_site(p, op, zero, bits);
        p->op[op].block[t] = space_block_add(&p->space, SPACE_A, bits);
    }
    plan_op_site(
        p, op,
        plan_table_need(p, (struct plan_table){.kind = TABLE_RANGE, .bits = mle_bits(window)}),
        bits);
    return OK;
}

/* The operand's element that tap t of window `at` covers, channel c; 0 beyond the last window. */
static int32_t tap_value(const struct witness *w, size_t op, size_t at, size_t t, size_t c)
{
    const struct plan *p = w->plan;
    const struct plan_tensor *in = &p->tensor[operand(p, op)];

    if (at >= p->tensor[op + 1].positions)
        return 0;
    return w->tensor[operand(p, op)][(window_position(p->m, op, at, t) << in->c_bits) + c];
}

static void max_witness(struct witness *w, size_t op)
{
    const struct plan *p = w->plan;
    const struct plan_tensor *out = &p->tensor[op + 1];
    size_t channels = (size_t)1 << out->c_bits, size = channels << out->p_bits;

    for (size_t i = 0; i < size; i++) {
        size_t at = i / channels, c = i % channels;
        int32_t most = tap_value(w, op, at, 0, c);

        for (size_t t = 1; t < window_size(p, op); t++) {
            int32_t v = tap_value(w, op, at, t, c);

            most = v > most ? v : most;
        }
        w->tensor[op + 1][i] = most;
        for (size_t t = 0; t < window_size(p, op); t++)
            witness_block(w, p->op[op].block[t])[i] = tap_value(w, op, at, t, c) == most;
    }
}

static void max_site_values(struct witness *w, size_t op, size_t i, const int32_t *fields[3])
{
    const struct plan *p = w->plan;
    const struct plan_tensor *out = &p->tensor[op + 1];
    size_t channels = (size_t)1 << out->c_bits, size = channels << out->p_bits;
    size_t window = window_size(p, op);

    for (size_t j = 0; j < size; j++) {
        if (i < window) {
            w->scratch[j] = w->tensor[op + 1][j] - tap_value(w, op, j / channels, i, j % channels);
            continue;
        }
        w->scratch[j] = -1;
        for (size_t t = 0; t < window; t++)
            w->scratch[j] += witness_block(w, p->op[op].block[t])[j];
    }
    fields[0] = w->scratch;
    if (i < window)
        fields[1] = witness_block(w, p->op[op].block[i]);
}

/* Weights of the operand that pick tap t of every window. */
static struct place tap_place(struct run *r, size_t op, size_t t, struct place at)
{
    return (struct place){.c = at.c,
                          .weights = window_weights(r, op, at.p, t, t + 1, NULL),
                          .count = r->plan->tensor[operand(r->plan, op)].positions};
}

static void max_speak(struct run *r, size_t op)
{
    const struct plan_op *o = &r->plan->op[op];
    size_t window = window_size(r->plan, op);
    const struct ext *z = r->leaves.point;
    struct place at = {.c = z, .p = z + r->plan->tensor[op + 1].c_bits};
    struct scalar y = tensor_open(r, op + 1, at), x[PLAN_SITES_A_OP], is[PLAN_SITES_A_OP];

    for (size_t t = 0; t < window; t++) {
        x[t] = tensor_open(r, operand(r->plan, op), tap_place(r, op, t, at));
        is[t] = run_open_block(r, o->block[t]);
        run_site_begin(r, o->site[t]);
        run_site_field(r, 0, y, EXT_ONE);
        run_site_field(r, 0, x[t], ext_from_i64(-1));
        run_site_field(r, 1, is[t], EXT_ONE);
    }
    run_site_begin(r, o->site[window]);
    run_site_field_constant(r, 0, ext_from_i64(-1));
    for (size_t t = 0; t < window; t++)
        run_site_field(r, 0, is[t], EXT_ONE);
}

const struct layer layer_maxpool = {max_declare, max_witness, max_site_values, max_speak};
