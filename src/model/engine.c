#include "model/engine.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

struct engine {
    const struct cmod *m;
    dot_fn *dot;
    int32_t **tensor; /* ops + 1 */
    int16_t *values;  /* an operand in 16 bits */
    int16_t *window;  /* one window of it */
};

/* Greatest operand of any matrix, and greatest row of any weight. */
static void measure(const struct cmod *m, size_t *operand, size_t *row)
{
    *operand = *row = 1;
    for (size_t i = 0; i <= m->ops; i++)
        *operand = num_max(*operand, cmod_shape_size(m->tensor[i].shape));
    for (size_t i = 0; i < m->weights; i++)
        *row = num_max(*row, m->weight[i].inputs);
}

struct engine *engine_new(const struct cmod *m, dot_fn *dot)
{
    struct engine *e = MEM_NEW(struct engine);
    size_t operand, row;

    measure(m, &operand, &row);
    e->m = m;
    e->dot = dot;
    e->values = MEM_ARRAY(operand, int16_t);
    e->window = MEM_ARRAY(row, int16_t);
    e->tensor = MEM_ARRAY((size_t)m->ops + 1, int32_t *);
    for (size_t i = 0; i <= m->ops; i++)
        e->tensor[i] = MEM_ARRAY(cmod_shape_size(m->tensor[i].shape), int32_t);
    return e;
}

void engine_free(struct engine *e)
{
    if (e == NULL)
        return;
    for (size_t i = 0; i <= e->m->ops; i++) {
        mem_wipe(e->tensor[i], cmod_shape_size(e->m->tensor[i].shape) * sizeof(int32_t));
        mem_free(e->tensor[i]);
    }
    mem_free(e->tensor);
    mem_free(e->window);
    mem_free(e->values);
    mem_free(e);
}

const int32_t *engine_tensor(const struct engine *e, size_t i)
{
    assert(i <= e->m->ops);
    return e->tensor[i];
}

size_t engine_argmax(const int32_t *values, size_t count)
{
    size_t best = 0;

    for (size_t i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

/* Narrow tensor `i`, whose bounds fit 16 bits, into e->values. */
static void load_values(struct engine *e, size_t i)
{
    size_t size = cmod_shape_size(e->m->tensor[i].shape);

    for (size_t j = 0; j < size; j++)
        e->values[j] = (int16_t)e->tensor[i][j];
}

/* out[n] = bias[n] + matrix row n by `x`. */
static void multiply(const struct engine *e, const struct cmod_weight *w, const int16_t *x,
                     int32_t *out)
{
    for (size_t n = 0; n < w->outputs; n++)
        out[n] =
            e->dot(w->matrix + n * w->inputs, x, w->inputs) + (w->bias_bytes == 0 ? 0 : w->bias[n]);
}

/* Gather the window at output position (y, x) in the order (row, column, channel). */
static void gather(struct engine *e, const struct cmod_op *op, struct cmod_shape s, size_t y,
                   size_t x)
{
    int16_t *to = e->window;

    for (size_t i = 0; i < op->kh; i++)
        for (size_t j = 0; j < op->kw; j++, to += s.c) {
            size_t row = y * op->stride + i - op->pad, column = x * op->stride + j - op->pad;

            /* Above or left of the edge the index wraps round to a huge one. */
            if (row < s.h && column < s.w)
                memcpy(to, e->values + (row * s.w + column) * s.c, s.c * sizeof *to);
            else
                memset(to, 0, s.c * sizeof *to);
        }
}

static void run_conv(struct engine *e, const struct cmod_op *op, struct cmod_shape out_shape,
                     int32_t *out)
{
    const struct cmod_weight *w = &e->m->weight[op->weight];

    load_values(e, op->in[0]);
    for (size_t y = 0; y < out_shape.h; y++)
        for (size_t x = 0; x < out_shape.w; x++) {
            gather(e, op, e->m->tensor[op->in[0]].shape, y, x);
            multiply(e, w, e->window, out + (y * out_shape.w + x) * out_shape.c);
        }
}

static void run_dense(struct engine *e, const struct cmod_op *op, int32_t *out)
{
    load_values(e, op->in[0]);
    multiply(e, &e->m->weight[op->weight], e->values, out);
}

static void run_requant(const struct engine *e, const struct cmod_op *op, size_t size, int32_t *out)
{
    const struct cmod_table *t = &e->m->table[op->table];
    const int32_t *in = e->tensor[op->in[0]];

    for (size_t i = 0; i < size; i++)
        out[i] = cmod_table_at(t, in[i] >> op->shift); /* arithmetic: rounds down */
}

/* The sum or the greatest of one channel over one window. */
static int32_t pool_at(const struct engine *e, const struct cmod_op *op, size_t y, size_t x,
                       size_t c)
{
    struct cmod_shape s = e->m->tensor[op->in[0]].shape;
    int32_t sum = 0, most = INT32_MIN;

    for (size_t i = 0; i < op->kh; i++)
        for (size_t j = 0; j < op->kw; j++) {
            size_t at = ((y * op->stride + i) * s.w + x * op->stride + j) * s.c + c;
            int32_t v = e->tensor[op->in[0]][at];

            sum += v;
            most = v > most ? v : most;
        }
    return op->code == CMOD_SUMPOOL ? sum : most;
}

static void run_pool(const struct engine *e, const struct cmod_op *op, struct cmod_shape shape,
                     int32_t *out)
{
    for (size_t y = 0; y < shape.h; y++)
        for (size_t x = 0; x < shape.w; x++)
            for (size_t c = 0; c < shape.c; c++)
                *out++ = pool_at(e, op, y, x, c);
}

static void run_add(const struct engine *e, const struct cmod_op *op, size_t size, int32_t *out)
{
    for (size_t i = 0; i < size; i++)
        out[i] = e->tensor[op->in[0]][i] + e->tensor[op->in[1]][i];
}

static void run_op(struct engine *e, size_t i)
{
    const struct cmod_op *op = &e->m->op[i];
    struct cmod_shape shape = e->m->tensor[i + 1].shape;
    int32_t *out = e->tensor[i + 1];

    switch (op->code) {
    case CMOD_DENSE:
        run_dense(e, op, out);
        break;
    case CMOD_CONV:
        run_conv(e, op, shape, out);
        break;
    case CMOD_REQUANT:
        run_requant(e, op, cmod_shape_size(shape), out);
        break;
    case CMOD_SUMPOOL:
    case CMOD_MAXPOOL:
        run_pool(e, op, shape, out);
        break;
    case CMOD_ADD:
        run_add(e, op, cmod_shape_size(shape), out);
        break;
    }
}

cocoon_err engine_run(struct engine *e, const int32_t *input)
{
    const struct cmod_tensor *in = &e->m->tensor[0];
    size_t size = cmod_shape_size(in->shape);

    for (size_t i = 0; i < size; i++)
        if (input[i] < in->low || input[i] > in->high)
            return ERR_RANGE;
    memcpy(e->tensor[0], input, size * sizeof *input);
    for (size_t i = 0; i < e->m->ops; i++)
        run_op(e, i);
    return OK;
}
