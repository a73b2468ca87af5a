/*
 * Shapes and bounds of every tensor from the public part alone (docs/spec/cmod.md section 4).
 *
 * Bounds take each weight as anything in [-128, 127] and each bias as anything within its bits, so
 * they hold for every model with this public part; the proof's arithmetic modulo p relies on it.
 */
#include "model/cmod.h"

/* Interval arithmetic in 64 bits: no sum of checked terms can overflow. */
struct bounds {
    int64_t low, high;
};

static cocoon_err set_tensor(struct cmod_tensor *t, enum cmod_kind kind, struct cmod_shape shape,
                             struct bounds b, struct fail *fail)
{
    if (cmod_shape_size(shape) > CMOD_ELEMENTS_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "tensor too large");
    if (b.low <= -(int64_t)CMOD_ACC_LIMIT || b.high >= CMOD_ACC_LIMIT)
        return fail_set(fail, ERR_RANGE, 0, "accumulator may reach 2^30");
    if (kind != CMOD_ACC && (b.low < INT16_MIN || b.high > INT16_MAX))
        return fail_set(fail, ERR_RANGE, 0, "value may leave 16 bits");
    *t = (struct cmod_tensor){kind, shape, (int32_t)b.low, (int32_t)b.high};
    return OK;
}

static cocoon_err infer_input(struct cmod *m, struct fail *fail)
{
    struct bounds b = {m->input_low, (int64_t)m->input_low + ((int64_t)1 << m->input_bits) - 1};

    if (m->input.h == 0 || m->input.w == 0 || m->input.c == 0 || m->input.h > CMOD_SIDE_MAX ||
        m->input.w > CMOD_SIDE_MAX || m->input.c > CMOD_CHANNELS_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "input shape out of range");
    if (m->input_bits == 0 || m->input_bits > CMOD_INPUT_BITS_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "input bits out of range");
    return set_tensor(&m->tensor[0], CMOD_VALUE, m->input, b, fail);
}

static cocoon_err check_weights(const struct cmod *m, struct fail *fail)
{
    for (uint16_t i = 0; i < m->weights; i++) {
        const struct cmod_weight *w = &m->weight[i];

        if (w->outputs == 0 || w->inputs == 0 || w->outputs > CMOD_CHANNELS_MAX ||
            w->inputs > CMOD_ELEMENTS_MAX || w->bias_bytes > CMOD_BIAS_BYTES_MAX)
            return fail_set(fail, ERR_LIMIT, i, "weight shape out of range");
    }
    for (uint16_t i = 0; i < m->tables; i++)
        if (m->table[i].low < INT16_MIN || cmod_table_high(&m->table[i]) > INT16_MAX)
            return fail_set(fail, ERR_RANGE, i, "table domain leaves 16 bits");
    return OK;
}

uint32_t cmod_windows(uint32_t side, uint32_t k, uint32_t stride, uint32_t pad)
{
    uint32_t padded = side + 2 * pad;

    return padded < k ? 0 : (padded - k) / stride + 1;
}

/* The product of operand `x` with any weight `w`: 128 (K |x|max + the bias's unit). */
static struct bounds product_bounds(const struct cmod_tensor *x, const struct cmod_weight *w)
{
    int64_t most = x->high > -(int64_t)x->low ? x->high : -(int64_t)x->low;
    int64_t bias = 128 * (int64_t)cmod_bias_unit(w->bias_bytes);
    int64_t all = most * 128 * (int64_t)w->inputs + bias;

    return (struct bounds){-all, all};
}

static cocoon_err infer_matrix(const struct cmod *m, const struct cmod_op *op,
                               struct cmod_tensor *out, struct fail *fail)
{
    const struct cmod_tensor *x = &m->tensor[op->in[0]];
    const struct cmod_weight *w = op->weight < m->weights ? &m->weight[op->weight] : NULL;
    struct cmod_shape shape = {1, 1, 0};
    size_t inputs = cmod_shape_size(x->shape);

    if (w == NULL)
        return fail_set(fail, ERR_RANGE, 0, "no such weight");
    if (x->kind == CMOD_ACC)
        return fail_set(fail, ERR_TYPE, 0, "a matrix multiplies values, not accumulators");
    if (op->code == CMOD_CONV) {
        if (op->kh == 0 || op->kw == 0 || op->stride == 0 || op->kh > CMOD_WINDOW_MAX ||
            op->kw > CMOD_WINDOW_MAX || op->stride > CMOD_WINDOW_MAX || op->pad >= op->kh ||
            op->pad >= op->kw)
            return fail_set(fail, ERR_LIMIT, 0, "window out of range");
        shape.h = cmod_windows(x->shape.h, op->kh, op->stride, op->pad);
        shape.w = cmod_windows(x->shape.w, op->kw, op->stride, op->pad);
        inputs = (size_t)op->kh * op->kw * x->shape.c;
    }
    shape.c = w->outputs;
    if (shape.h == 0 || shape.w == 0)
        return fail_set(fail, ERR_RANGE, 0, "window larger than its input");
    if (inputs != w->inputs)
        return fail_set(fail, ERR_RANGE, 0, "weight does not fit its operand");
    return set_tensor(out, CMOD_ACC, shape, product_bounds(x, w), fail);
}

static cocoon_err infer_requant(const struct cmod *m, const struct cmod_op *op,
                                struct cmod_tensor *out, struct fail *fail)
{
    const struct cmod_table *t = op->table < m->tables ? &m->table[op->table] : NULL;
    struct bounds b = {INT16_MAX, INT16_MIN};

    if (t == NULL)
        return fail_set(fail, ERR_RANGE, 0, "no such table");
    if (op->shift > CMOD_SHIFT_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "shift out of range");
    for (size_t i = 0; i < (size_t)1 << t->bits; i++) {
        b.low = t->values[i] < b.low ? t->values[i] : b.low;
        b.high = t->values[i] > b.high ? t->values[i] : b.high;
    }
    return set_tensor(out, CMOD_VALUE, m->tensor[op->in[0]].shape, b, fail);
}

static cocoon_err infer_pool(const struct cmod *m, const struct cmod_op *op,
                             struct cmod_tensor *out, struct fail *fail)
{
    const struct cmod_tensor *x = &m->tensor[op->in[0]];
    struct cmod_shape shape = x->shape;
    struct bounds b = {x->low, x->high};
    bool sum = op->code == CMOD_SUMPOOL;

    if (x->kind != CMOD_VALUE)
        return fail_set(fail, ERR_TYPE, 0, "a pool takes values");
    if (op->kh == 0 || op->stride == 0 || op->kh > CMOD_WINDOW_MAX || op->stride > CMOD_WINDOW_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "window out of range");
    shape.h = cmod_windows(shape.h, op->kh, op->stride, 0);
    shape.w = cmod_windows(shape.w, op->kw, op->stride, 0);
    if (shape.h == 0 || shape.w == 0)
        return fail_set(fail, ERR_RANGE, 0, "window larger than its input");
    if (sum) {
        b.low *= (int64_t)op->kh * op->kw;
        b.high *= (int64_t)op->kh * op->kw;
    }
    return set_tensor(out, sum ? CMOD_ACC : CMOD_VALUE, shape, b, fail);
}

static cocoon_err infer_add(const struct cmod *m, const struct cmod_op *op, struct cmod_tensor *out,
                            struct fail *fail)
{
    const struct cmod_tensor *a = &m->tensor[op->in[0]], *b = &m->tensor[op->in[1]];
    struct bounds sum = {(int64_t)a->low + b->low, (int64_t)a->high + b->high};

    if (a->kind == CMOD_ACC || b->kind == CMOD_ACC)
        return fail_set(fail, ERR_TYPE, 0, "only values are added");
    if (a->shape.h != b->shape.h || a->shape.w != b->shape.w || a->shape.c != b->shape.c)
        return fail_set(fail, ERR_RANGE, 0, "summands differ in shape");
    return set_tensor(out, CMOD_SUM, a->shape, sum, fail);
}

static cocoon_err infer_op(const struct cmod *m, size_t i, struct fail *fail)
{
    const struct cmod_op *op = &m->op[i];
    struct cmod_tensor *out = &m->tensor[i + 1];

    if (op->in[0] > i || op->in[1] > i)
        return fail_set(fail, ERR_RANGE, 0, "operand is made later");
    switch (op->code) {
    case CMOD_DENSE:
    case CMOD_CONV:
        return infer_matrix(m, op, out, fail);
    case CMOD_REQUANT:
        return infer_requant(m, op, out, fail);
    case CMOD_SUMPOOL:
    case CMOD_MAXPOOL:
        return infer_pool(m, op, out, fail);
    case CMOD_ADD:
        return infer_add(m, op, out, fail);
    }
    return fail_set(fail, ERR_UNSUPPORTED, 0, "unknown operation");
}

/* A weight that no operation uses would be bytes that mean nothing. */
static cocoon_err check_uses(const struct cmod *m, struct fail *fail)
{
    for (uint16_t w = 0; w < m->weights; w++) {
        bool used = false;

        for (uint16_t i = 0; i < m->ops; i++)
            used |=
                (m->op[i].code == CMOD_DENSE || m->op[i].code == CMOD_CONV) && m->op[i].weight == w;
        if (!used)
            return fail_set(fail, ERR_RANGE, w, "a weight is not used");
    }
    return OK;
}

cocoon_err cmod_infer(struct cmod *m, struct fail *fail)
{
    cocoon_err err;

    if ((err = infer_input(m, fail)) != OK || (err = check_weights(m, fail)) != OK)
        return err;
    for (size_t i = 0; i < m->ops; i++)
        if ((err = infer_op(m, i, fail)) != OK) {
            fail->offset = i;
            return err;
        }
    if (m->output == 0 || m->output > m->ops)
        return fail_set(fail, ERR_RANGE, 0, "output is no operation's result");
    return check_uses(m, fail);
}
