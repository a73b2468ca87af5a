#include "zk/layout.h"

#include "base/mem.h"
#include "base/num.h"
#include "zk/code.h"
#include "zk/mle.h"
#include "zk/security.h"
#include "zk/space.h"

enum {
    ROWS_SMALL = 64,
    ROWS_LARGE = 128,
    LARGE_WEIGHTS = 1 << 20,
    GRAIN_BITS = 5, /* a row of a matrix is cut into at most 2^5 grains */
    LOG_N_LEAST = 8,
    QUERIES_MAX = 512,
    INVERSE_RATE = 8, /* made once: few queries matter more than length ... */
    INVERSE_RATE_LARGE = 4,
    LARGE_K = 1 << 17, /* ... up to here */
    BUDGET_MAX = 1 << 20,
};

static uint64_t count_weights(const struct cmod *m)
{
    uint64_t sum = 0;

    for (uint16_t i = 0; i < m->weights; i++)
        sum += (uint64_t)m->weight[i].outputs * m->weight[i].inputs;
    return sum;
}

/* The channels by which operation `op` sees its weight's inputs. */
static size_t channels_of(const struct cmod *m, const struct cmod_op *op)
{
    return m->tensor[op->in[0]].shape.c;
}

/* All uses of a weight must see the same channels, or it would lie in two ways. */
static cocoon_err find_channels(const struct cmod *m, uint16_t weight, size_t *out,
                                struct fail *fail)
{
    *out = 0;
    for (size_t i = 0; i < m->ops; i++) {
        const struct cmod_op *op = &m->op[i];

        if ((op->code != CMOD_DENSE && op->code != CMOD_CONV) || op->weight != weight)
            continue;
        if (*out != 0 && *out != channels_of(m, op))
            return fail_set(fail, ERR_UNSUPPORTED, i, "a weight is used in two shapes");
        *out = channels_of(m, op);
    }
    return OK;
}

static void shape_matrix(struct layout *l, uint16_t i, size_t channels)
{
    const struct cmod_weight *w = &l->m->weight[i];
    struct layout_matrix *x = &l->matrix[i];
    size_t unit;

    x->inner = channels;
    x->outer = w->inputs / channels;
    x->i_bits = mle_bits(x->inner);
    x->k_bits = x->i_bits + mle_bits(x->outer);
    x->n_bits = mle_bits(w->outputs);
    x->runs = (w->outputs + l->code.rows - 1) / l->code.rows;
    x->grain = x->k_bits > GRAIN_BITS ? x->k_bits - GRAIN_BITS : 0;
    unit = (size_t)1 << x->grain;
    x->stride = ((x->outer << x->i_bits) + unit - 1) / unit * unit;
}

/* Matrices from column 0 on, those of the coarsest grain first; then biases. */
static void place(struct layout *l)
{
    size_t at = 0;

    for (unsigned grain = SPACE_BITS_MAX; grain-- > 0;)
        for (uint16_t i = 0; i < l->m->weights; i++)
            if (l->matrix[i].grain == grain) {
                l->matrix[i].from = at;
                at += l->matrix[i].runs * l->matrix[i].stride;
            }
    for (uint16_t i = 0; i < l->m->weights; i++) {
        l->matrix[i].bias = at;
        at += l->matrix[i].runs * l->m->weight[i].bias_bytes;
    }
    l->data_columns = (at + KERN_ROWS - 1) / KERN_ROWS * KERN_ROWS;
}

void layout_choose_code(struct code_shape *c, size_t columns, size_t pads, size_t inverse_rate,
                        size_t (*round)(size_t k))
{
    for (c->queries = 1;; c->queries++) {
        c->k = columns + pads * c->queries + 1;
        if (round != NULL)
            c->k = round(c->k);
        c->log_n = (unsigned)num_max(LOG_N_LEAST, mle_bits(c->k * inverse_rate));
        if (c->queries == QUERIES_MAX || security_queries(c->k, c->log_n) <= c->queries)
            return;
    }
}

static cocoon_err make(struct layout *l, struct fail *fail)
{
    const struct cmod *m = l->m;
    size_t channels;
    cocoon_err err;

    l->code.rows = count_weights(m) < LARGE_WEIGHTS ? ROWS_SMALL : ROWS_LARGE;
    for (uint16_t i = 0; i < m->weights; i++) {
        if ((err = find_channels(m, i, &channels, fail)) != OK)
            return err;
        shape_matrix(l, i, channels);
    }
    place(l);
    layout_choose_code(&l->code, l->data_columns, l->budget,
                       l->data_columns < LARGE_K ? INVERSE_RATE : INVERSE_RATE_LARGE, space_round);
    if (l->code.log_n > CODE_LOG_MAX)
        return fail_set(fail, ERR_UNSUPPORTED, 0, "weights do not fit one commitment");
    return OK;
}

cocoon_err layout_new(const struct cmod *m, uint32_t budget, struct layout **out, struct fail *fail)
{
    struct layout *l = MEM_NEW(struct layout);
    cocoon_err err;

    *out = NULL;
    *l = (struct layout){.m = m,
                         .budget = budget,
                         .matrix = MEM_ARRAY((size_t)m->weights + 1, struct layout_matrix)};
    cmod_public_digest(m, &l->architecture);
    err = budget >= 1 && budget <= BUDGET_MAX
              ? make(l, fail)
              : fail_set(fail, ERR_UNSUPPORTED, 0, "budget out of range");
    if (err != OK) {
        layout_free(l);
        return err;
    }
    *out = l;
    return OK;
}

static void matrix_parts(const struct layout *l, uint16_t i,
                         void (*visit)(void *arg, struct layout_part part), void *arg)
{
    const struct layout_matrix *x = &l->matrix[i];
    bool dense = x->inner == (size_t)1 << x->i_bits; /* nothing between one o and the next */

    for (size_t h = 0; h < x->runs; h++) {
        size_t rows = num_min(l->code.rows, l->m->weight[i].outputs - h * l->code.rows);
        size_t from = x->from + h * x->stride;

        for (size_t o = 0; o < (dense ? 1 : x->outer); o++)
            visit(arg, (struct layout_part){from + (o << x->i_bits),
                                            dense ? x->inner * x->outer : x->inner, rows});
        for (size_t d = 0; d < l->m->weight[i].bias_bytes; d++)
            visit(arg, (struct layout_part){x->bias + d * x->runs + h, 1, rows});
    }
}

void layout_parts(const struct layout *l, void (*visit)(void *arg, struct layout_part part),
                  void *arg)
{
    for (uint16_t i = 0; i < l->m->weights; i++)
        matrix_parts(l, i, visit, arg);
}

void layout_free(struct layout *l)
{
    if (l == NULL)
        return;
    mem_free(l->matrix);
    mem_free(l);
}
