/*
 * dense and conv: acc[p][n] = bias[n] + sum over (o, i) of W[n][o, i] x(p)[o, i], where x(p) is the
 * whole operand (dense; o its positions, i its channels) or the window at output position p (conv;
 * o the window's taps).
 *
 * A claim acc~(z_p, z_n) = v becomes the inner product
 *     v - ind(z_p) bias~(z_n) = sum over (o, i) of f(o, i) g(o, i),
 *     f = sum over p of eq(z_p, p) x(p)[o, i],   g = W~(z_n, (o, i)),
 * ind the extension of "p is a position", which is 1 for dense. At the end of the sumcheck f is a
 * linear functional of the operand and g one of the registered weights. Nothing is committed for
 * products, and what is beyond the tensors' own sizes contributes 0: weights are 0 there (proven at
 * registration) and windows cover only positions that exist.
 */
#include "zk/layer.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "zk/mle.h"

static const struct layout_matrix *matrix_of(const struct plan *p, size_t op)
{
    return &p->layout->matrix[p->m->op[op].weight];
}

static const struct cmod_weight *weight_of(const struct plan *p, size_t op)
{
    return &p->m->weight[p->m->op[op].weight];
}

static bool is_conv(const struct plan *p, size_t op)
{
    return p->m->op[op].code == CMOD_CONV;
}

size_t window_position(const struct cmod *m, size_t op, size_t p, size_t tap)
{
    const struct cmod_op *o = &m->op[op];
    struct cmod_shape in = m->tensor[o->in[0]].shape, out = m->tensor[op + 1].shape;
    size_t y = p / out.w * o->stride + tap / o->kw - o->pad;
    size_t x = p % out.w * o->stride + tap % o->kw - o->pad;

    /* Above or left of the edge the index wraps round to a huge one. */
    return y < in.h && x < in.w ? y * in.w + x : (size_t)in.h * in.w;
}

/* weights += eq(at_p, .) * factor, moved from output positions to those that tap t covers. */
static void add_tap(const struct plan *p, size_t op, size_t t, const struct ext *eq,
                    const struct ext *factor, struct ext *weights)
{
    size_t inside = p->tensor[p->m->op[op].in[0]].positions;

    for (size_t i = 0; i < p->tensor[op + 1].positions; i++) {
        size_t from = window_position(p->m, op, i, t);

        if (from < inside)
            weights[from] =
                ext_add(weights[from], factor == NULL ? eq[i] : ext_mul(eq[i], *factor));
    }
}

const struct ext *window_weights(struct run *r, size_t op, const struct ext *at_p, size_t from,
                                 size_t to, const struct ext *factors)
{
    const struct plan_tensor *in = &r->plan->tensor[r->plan->m->op[op].in[0]];
    const struct plan_tensor *out = &r->plan->tensor[op + 1];
    struct ext *weights = run_points(r, in->positions);
    struct ext *eq = run_points(r, (size_t)1 << out->p_bits);

    mle_table(eq, at_p, out->p_bits, EXT_ONE);
    memset(weights, 0, in->positions * sizeof *weights);
    for (size_t t = from; t < to; t++)
        add_tap(r->plan, op, t, eq, factors == NULL ? NULL : &factors[t], weights);
    return weights;
}

/* ---- witness ---- */

static void witness(struct witness *w, size_t op)
{
    const struct plan_tensor *out = &w->plan->tensor[op + 1];
    const int32_t *from = engine_tensor(w->engine, op + 1);

    for (size_t p = 0; p < out->positions; p++)
        memcpy(w->tensor[op + 1] + (p << out->c_bits), from + p * out->channels,
               out->channels * sizeof *from);
}

/* f of a conv: windows weighted by eq at the product's position. */
static void fill_windows(struct run *r, size_t op, struct place at, struct ext_array f)
{
    const struct witness *w = r->witness;
    const struct cmod *m = r->plan->m;
    const struct plan_tensor *in = &r->plan->tensor[m->op[op].in[0]];
    const struct plan_tensor *out = &r->plan->tensor[op + 1];
    const int32_t *x = w->tensor[m->op[op].in[0]];
    size_t window = (size_t)m->op[op].kh * m->op[op].kw;
    struct ext_array eq = w->room;

    ext_array_set(eq, 0, EXT_ONE);
    for (unsigned b = 0; b < out->p_bits; b++)
        w->kern->eq_grow(eq, (size_t)1 << b, at.p[b]);
    for (size_t t = 0; t < window; t++)
        for (size_t p = 0; p < out->positions; p++) {
            size_t from = window_position(m, op, p, t);

            if (from < in->positions)
                w->kern->add_i32(ext_array_from(f, t << in->c_bits), ext_array_get(eq, p),
                                 x + (from << in->c_bits), (size_t)1 << in->c_bits);
        }
}

/* g: the weights bound at the product's channel, from their fold over rows. */
static void fill_weights(struct run *r, const struct layout_matrix *x, struct ext scale,
                         const struct ext *high, unsigned high_bits, struct ext_array g)
{
    const struct witness *w = r->witness;
    struct ext inverse = ext_inv(scale);

    for (size_t h = 0; h < x->runs; h++) {
        struct ext factor = ext_mul(inverse, mle_at(high, high_bits, h));
        size_t from = x->from + h * x->stride;

        for (size_t k = 0, size; k < x->stride; k += size) {
            size = (size_t)1 << (mle_bits(x->stride - k + 1) - 1);
            w->kern->add_scaled(ext_array_from(g, k), ext_array_from(w->folded[0], from + k),
                                factor, size);
        }
    }
}

/* ---- protocol ---- */

/* Channels above the row bits choose among runs of columns; row bits above the channels are 0. */
static unsigned high_bits(const struct plan *p, const struct layout_matrix *x)
{
    unsigned rows = mle_bits(p->layout->code.rows);

    return x->n_bits > rows ? x->n_bits - rows : 0;
}

static struct ext row_scale(const struct run *r, const struct layout_matrix *x)
{
    struct ext scale = EXT_ONE;

    for (unsigned b = x->n_bits; b < mle_bits(r->plan->layout->code.rows); b++)
        scale = ext_mul(scale, ext_sub(EXT_ONE, r->leaves.point[b]));
    return scale;
}

/* Columns of a matrix, or of one byte of its bias, as claims see them. */
struct weight_part {
    size_t from, stride;
    unsigned k_bits, grain;
};

static struct weight_part whole_matrix(const struct layout_matrix *x)
{
    return (struct weight_part){x->from, x->stride, x->k_bits, x->grain};
}

static struct weight_part bias_byte(const struct layout_matrix *x, size_t d)
{
    return (struct weight_part){x->bias + d * x->runs, 1, 0, 0};
}

/* Say the part's extension (`value`) at k and the product's channel, and claim it of the fold of
 * the weights. */
static struct scalar open_weights(struct run *r, const struct layout_matrix *x,
                                  struct weight_part part, struct place at, const struct ext *k,
                                  struct ext value)
{
    struct scalar s = ledger_hide(&r->ledger, value);

    *run_weight_claim(r) = (struct claim){.kind = CLAIM_MATRIX,
                                          .value = s,
                                          .scale = row_scale(r, x),
                                          .vector = &r->plan->folded[0],
                                          .low = k,
                                          .low_bits = part.k_bits,
                                          .high = at.c + mle_bits(r->plan->layout->code.rows),
                                          .high_bits = high_bits(r->plan, x),
                                          .count = x->runs,
                                          .from = part.from,
                                          .stride = part.stride,
                                          .grain = part.grain};
    return s;
}

/* The prover's value of a bias's byte at the product's channel. */
static struct ext bias_value(const struct run *r, const struct layout_matrix *x,
                             struct weight_part part, struct place at)
{
    const struct ext *high = at.c + mle_bits(r->plan->layout->code.rows);
    struct ext sum = EXT_ZERO;

    if (r->witness == NULL)
        return EXT_ZERO;
    for (size_t h = 0; h < x->runs; h++)
        sum = ext_add(sum, ext_mul(mle_at(high, high_bits(r->plan, x), h),
                                   ext_array_get(r->witness->folded[0], part.from + h)));
    return ext_mul(sum, ext_inv(row_scale(r, x)));
}

/* Take ind(z_p) bias~(z_n) off the inner product's claim, byte by byte. */
static void take_bias(struct run *r, size_t op, struct place at, struct dot *d)
{
    const struct layout_matrix *x = matrix_of(r->plan, op);
    const struct plan_tensor *out = &r->plan->tensor[op + 1];
    struct ext there = ext_neg(mle_below(at.p, out->p_bits, out->positions));

    for (size_t i = 0; i < weight_of(r->plan, op)->bias_bytes; i++) {
        struct weight_part part = bias_byte(x, i);
        struct ext value = bias_value(r, x, part, at);

        form_add(&d->claim, open_weights(r, x, part, at, NULL, value), there);
        d->value = ext_add(d->value, ext_mul(there, value));
        there = ext_scale(there, field_from_u32(256));
    }
}

static void fill_dot(struct run *r, size_t op, struct place at, struct dot *d)
{
    const struct layout_matrix *x = matrix_of(r->plan, op);
    const struct plan_tensor *in = &r->plan->tensor[r->plan->m->op[op].in[0]];
    size_t size = (size_t)1 << d->vars, room = num_max(size, KERN_ROWS);
    struct witness *w = r->witness;

    d->f = ext_array_from(w->dot_room, w->dot_used);
    d->g = ext_array_from(w->dot_room, w->dot_used + room);
    w->dot_used += 2 * room;
    for (unsigned j = 0; j < EXT_DEGREE; j++) {
        memset(d->f.c[j], 0, size * sizeof(field));
        memset(d->g.c[j], 0, size * sizeof(field));
    }
    if (is_conv(r->plan, op))
        fill_windows(r, op, at, d->f);
    else
        w->kern->from_i32(d->f.c[0], w->tensor[r->plan->m->op[op].in[0]],
                          (size_t)1 << (in->c_bits + in->p_bits));
    fill_weights(r, x, row_scale(r, x), at.c + mle_bits(r->plan->layout->code.rows),
                 high_bits(r->plan, x), d->g);
}

void matrix_open(struct run *r, size_t op, struct place at, struct scalar v)
{
    const struct layout_matrix *x = matrix_of(r->plan, op);
    struct dot *d = &r->dot[r->dots];

    assert(at.weights == NULL && r->dots < r->dot_room);
    r->run_dot[r->dots++] = (struct run_dot){.op = op, .at = at};
    *d = (struct dot){.vars = x->k_bits, .value = v.value};
    d->claim = form_init(d->terms, DOT_TERMS);
    form_add(&d->claim, v, EXT_ONE);
    take_bias(r, op, at, d);
    if (r->witness != NULL)
        fill_dot(r, op, at, d);
}

/* The operand's functional at the inner product's end. */
static struct place operand_place(struct run *r, const struct run_dot *d, const struct ext *point)
{
    const struct cmod_op *op = &r->plan->m->op[d->op];
    const struct plan_tensor *in = &r->plan->tensor[op->in[0]];
    unsigned tap_bits = mle_bits((size_t)op->kh * op->kw);
    struct ext *taps;

    if (!is_conv(r->plan, d->op))
        return (struct place){.c = point, .p = point + in->c_bits};
    taps = run_points(r, (size_t)1 << tap_bits);
    mle_table(taps, point + in->c_bits, tap_bits, EXT_ONE);
    return (struct place){.c = point,
                          .weights =
                              window_weights(r, d->op, d->at.p, 0, (size_t)op->kh * op->kw, taps),
                          .count = in->positions};
}

void matrix_close(struct run *r, const struct dots_claim *c)
{
    for (size_t i = 0; i < r->dots; i++) {
        struct run_dot *d = &r->run_dot[i];
        const struct layout_matrix *x = matrix_of(r->plan, d->op);
        struct ext value = r->witness == NULL ? EXT_ZERO : dots_value(&r->dot[i], r->dot[i].g, c);

        d->f = tensor_open(r, r->plan->m->op[d->op].in[0], operand_place(r, d, c->point));
        d->g = open_weights(r, x, whole_matrix(x), d->at, c->point, value);
    }
    ledger_begin(&r->ledger);
    ledger_add_form(&r->ledger, &c->claim, ext_from_i64(-1));
    for (size_t i = 0; i < r->dots; i++)
        ledger_add_product(&r->ledger, r->run_dot[i].f, r->run_dot[i].g, r->dot[i].weight);
}

const struct layer layer_matrix = {NULL, witness, NULL, NULL};
