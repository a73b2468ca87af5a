/*
 * requant: y = T[clamp(x >> S, low, high)], element by element.
 *
 * The prover commits q and y and shows, for every element at once,
 *     x = r + 2^S q,  0 <= r < 2^S,  (q, y) a row of q -> T[clamp(q)].
 * Both sides stay below p / 2, so the equation modulo p is one of integers and q is the floor. The
 * table covers all that x >> S can be; where that is far wider than T's domain for few elements,
 * q is the clamped quotient instead and what was cut off is committed in two limbs of base
 * B = 2^b - 1, with their common sign s:
 *     x = r + 2^S (q + e0 + B e1),  (q, y, s) a row of T with s = -1 at low, 1 at high, else 0,
 *     (e0, s) and (e1, s) rows of: (0, 0), (e, 1) with e >= 0, (e, -1) with e <= 0.
 * So nothing is cut off unless q is at an end, and there only outwards: y is unique.
 */
#include "zk/layer.h"

#include "zk/mle.h"

/* A table of up to this many rows an element is cheaper than proving clamping apart. */
enum { WIDE_ROWS_AN_ELEMENT = 4 };
enum { SITE_REST, SITE_MAP, SITE_LIMB0, SITE_LIMB1 }; /* in the order of declare */
enum { BLOCK_Q, BLOCK_SIGN, BLOCK_LIMB0, BLOCK_LIMB1 };

/* All sides of the equations stay below this: half of p, and room for an accumulator. */
#define SIDE_LIMIT (((int64_t)1 << 30) - ((int64_t)1 << 24))

static const struct cmod_op *op_of(const struct plan *p, size_t op)
{
    return &p->m->op[op];
}

static const struct cmod_table *table_of(const struct plan *p, size_t op)
{
    return &p->m->table[op_of(p, op)->table];
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* All that x >> S can be, and T's domain. */
struct reach {
    int64_t low, high;
};

static struct reach reach_of(const struct plan *p, size_t op)
{
    const struct cmod_tensor *x = &p->m->tensor[op_of(p, op)->in[0]];
    unsigned shift = op_of(p, op)->shift;

    return (struct reach){(int64_t)x->low >> shift, (int64_t)x->high >> shift};
}

/* Bits of a table from -2^(bits - 1) on that covers both the quotients and the domain. */
static unsigned wide_bits(const struct plan *p, size_t op)
{
    const struct cmod_table *t = table_of(p, op);
    struct reach q = reach_of(p, op);
    int64_t most =
        greater(greater(q.high, cmod_table_high(t)) + 1, greater(-q.low, -(int64_t)t->low));

    return mle_bits((size_t)greater(most, 1)) + 1;
}

/* Choose the table, and whether clamping is proven apart. */
static struct plan_table choose_table(struct plan *p, size_t op, size_t elements)
{
    const struct cmod_table *t = table_of(p, op);
    struct reach q = reach_of(p, op);
    int64_t excess = greater(q.high - cmod_table_high(t), t->low - q.low);
    struct plan_table rows = {
        .kind = TABLE_MAP, .bits = t->bits, .source = op_of(p, op)->table, .low = t->low};
    unsigned wide = wide_bits(p, op), *limb = &p->op[op].limb_bits;

    if (excess <= 0)
        return rows;
    if (wide <= PLAN_WIDE_BITS_MAX && (size_t)1 << wide <= WIDE_ROWS_AN_ELEMENT * elements) {
        rows.bits = wide;
        rows.low = -(1 << (wide - 1));
        return rows;
    }
    rows.kind = TABLE_CLAMP;
    p->op[op].clamps = true;
    while (((int64_t)1 << (2 * *limb)) - ((int64_t)2 << *limb) < excess)
        ++*limb;
    return rows;
}

static cocoon_err check_range(const struct plan *p, size_t op, const struct plan_table *rows,
                              struct fail *fail)
{
    const struct plan_op *o = &p->op[op];
    int64_t most = greater((int64_t)rows->low + ((int64_t)1 << rows->bits), -(int64_t)rows->low);

    if (o->clamps)
        most += (int64_t)1 << (2 * o->limb_bits);
    if (o->limb_bits > PLAN_LIMB_BITS_MAX || most << op_of(p, op)->shift >= SIDE_LIMIT)
        return fail_set(fail, ERR_UNSUPPORTED, op, "requantisation is out of the field's range");
    return OK;
}

static cocoon_err declare(struct plan *p, size_t op, struct fail *fail)
{
    struct plan_op *o = &p->op[op];
    const struct plan_tensor *y = &p->tensor[op + 1];
    unsigned bits = y->c_bits + y->p_bits;
    struct plan_table rest = {.kind = TABLE_RANGE, .bits = op_of(p, op)->shift};
    struct plan_table rows = choose_table(p, op, (size_t)1 << bits);
    struct plan_table limbs = {.kind = TABLE_EXCESS, .bits = o->limb_bits + 1};

    plan_op_site(p, op, plan_table_need(p, rest), bits);
    plan_op_site(p, op, plan_table_need(p, rows), bits);
    o->block[BLOCK_Q] = space_block_add(&p->space, SPACE_A, bits);
    for (int i = 0; o->clamps && i < 2; i++)
        plan_op_site(p, op, plan_table_need(p, limbs), bits);
    for (int b = BLOCK_SIGN; o->clamps && b <= BLOCK_LIMB1; b++)
        o->block[b] = space_block_add(&p->space, SPACE_A, bits);
    return check_range(p, op, &rows, fail);
}

static size_t size_of(const struct plan *p, size_t op)
{
    const struct plan_tensor *y = &p->tensor[op + 1];

    return (size_t)1 << (y->c_bits + y->p_bits);
}

/* Clamp q[i] and commit what was cut off. */
static void cut(struct witness *w, size_t op, size_t i, int32_t *q)
{
    const struct plan_op *o = &w->plan->op[op];
    const struct cmod_table *t = table_of(w->plan, op);
    int32_t base = (1 << o->limb_bits) - 1, high = cmod_table_high(t);
    int32_t kept = *q < t->low ? t->low : *q > high ? high : *q, excess = *q - kept;

    /* At an end of the domain the sign is the end's, though nothing be cut off. */
    witness_block(w, o->block[BLOCK_SIGN])[i] = kept == t->low ? -1 : kept == high ? 1 : 0;
    witness_block(w, o->block[BLOCK_LIMB0])[i] = excess % base;
    witness_block(w, o->block[BLOCK_LIMB1])[i] = excess / base;
    *q = kept;
}

static void witness(struct witness *w, size_t op)
{
    const struct plan *p = w->plan;
    const struct plan_op *o = &p->op[op];
    const int32_t *x = w->tensor[op_of(p, op)->in[0]];
    int32_t *q = witness_block(w, o->block[BLOCK_Q]), *y = w->tensor[op + 1];

    for (size_t i = 0; i < size_of(p, op); i++) {
        q[i] = x[i] >> op_of(p, op)->shift;
        if (o->clamps)
            cut(w, op, i, &q[i]);
        y[i] = cmod_table_at(table_of(p, op), q[i]);
    }
}

static void site_values(struct witness *w, size_t op, size_t i, const int32_t *fields[3])
{
    const struct plan *p = w->plan;
    const struct plan_op *o = &p->op[op];
    const int32_t *x = w->tensor[op_of(p, op)->in[0]];
    int32_t mask = (int32_t)((1U << op_of(p, op)->shift) - 1);

    switch (i) {
    case SITE_REST:
        for (size_t j = 0; j < size_of(p, op); j++)
            w->scratch[j] = x[j] & mask;
        fields[0] = w->scratch;
        break;
    case SITE_MAP:
        fields[0] = witness_block(w, o->block[BLOCK_Q]);
        fields[1] = w->tensor[op + 1];
        if (o->clamps)
            fields[2] = witness_block(w, o->block[BLOCK_SIGN]);
        break;
    default:
        fields[0] = witness_block(w, o->block[i == SITE_LIMB0 ? BLOCK_LIMB0 : BLOCK_LIMB1]);
        fields[1] = witness_block(w, o->block[BLOCK_SIGN]);
        break;
    }
}

static void speak_limb(struct run *r, size_t site, struct scalar limb, struct scalar sign)
{
    run_site_begin(r, site);
    run_site_field(r, 0, limb, EXT_ONE);
    run_site_field(r, 1, sign, EXT_ONE);
}

static void speak(struct run *r, size_t op)
{
    const struct plan *p = r->plan;
    const struct plan_op *o = &p->op[op];
    const struct ext *z = r->leaves.point;
    struct place at = {.c = z, .p = z + p->tensor[op + 1].c_bits};
    struct scalar x = tensor_open(r, op_of(p, op)->in[0], at);
    struct scalar y = tensor_open(r, op + 1, at);
    struct scalar q = run_open_block(r, o->block[BLOCK_Q]), sign = scalar_open(EXT_ZERO), limb[2];
    struct ext unit = ext_from_i64(-((int64_t)1 << op_of(p, op)->shift));

    for (int i = 0; o->clamps && i < 2; i++)
        limb[i] = run_open_block(r, o->block[BLOCK_LIMB0 + i]);
    if (o->clamps)
        sign = run_open_block(r, o->block[BLOCK_SIGN]);
    run_site_begin(r, o->site[SITE_REST]);
    run_site_field(r, 0, x, EXT_ONE);
    run_site_field(r, 0, q, unit);
    if (o->clamps) {
        run_site_field(r, 0, limb[0], unit);
        run_site_field(r, 0, limb[1], ext_scale(unit, field_from_u32((1U << o->limb_bits) - 1)));
    }
    run_site_begin(r, o->site[SITE_MAP]);
    run_site_field(r, 0, q, EXT_ONE);
    run_site_field(r, 1, y, EXT_ONE);
    if (!o->clamps)
        return;
    run_site_field(r, 2, sign, EXT_ONE);
    speak_limb(r, o->site[SITE_LIMB0], limb[0], sign);
    speak_limb(r, o->site[SITE_LIMB1], limb[1], sign);
}

const struct layer layer_requant = {declare, witness, site_values, speak};
