#include "zk/plan.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "zk/layer.h"
#include "zk/mle.h"
#include "zk/opening.h"
#include "zk/registration.h"

enum {
    DATA_ROWS_LEAST = 32,
    DATA_INVERSE_RATE = 3, /* made by every proof: its length costs */
    REHEARSAL_MEMORY = 1 << 30,
};

/* ---- declarations ---- */

size_t plan_table_need(struct plan *p, struct plan_table rows)
{
    for (size_t i = 0; i < p->tables; i++) {
        const struct plan_table *t = &p->table[i];

        if (t->kind == rows.kind && t->bits == rows.bits && t->source == rows.source &&
            t->low == rows.low)
            return i;
    }
    rows.block = space_block_add(&p->space, SPACE_A, rows.bits);
    p->table = (struct plan_table *)mem_resize(p->table, p->tables + 1, sizeof *p->table);
    p->table[p->tables] = rows;
    return p->tables++;
}

size_t plan_site_add(struct plan *p, size_t table, unsigned bits)
{
    p->site = (struct plan_site *)mem_resize(p->site, p->sites + 1, sizeof *p->site);
    p->site[p->sites] = (struct plan_site){bits, table, 0};
    return p->sites++;
}

void plan_op_site(struct plan *p, size_t op, size_t table, unsigned bits)
{
    struct plan_op *o = &p->op[op];

    assert(o->sites < PLAN_SITES_A_OP);
    o->site[o->sites++] = plan_site_add(p, table, bits);
}

static cocoon_err declare_tensor(struct plan *p, size_t i, struct fail *fail)
{
    const struct cmod_tensor *from = &p->m->tensor[i];
    struct plan_tensor *t = &p->tensor[i];

    *t = (struct plan_tensor){.channels = from->shape.c,
                              .positions = (size_t)from->shape.h * from->shape.w};
    t->c_bits = mle_bits(t->channels);
    t->p_bits = mle_bits(t->positions);
    t->committed = i == 0 ? p->kind == PLAN_HIDDEN_INPUT : from->kind == CMOD_VALUE;
    if (t->committed)
        t->block = space_block_add(&p->space, SPACE_A, t->c_bits + t->p_bits);
    if (i > 0 && p->m->op[i - 1].code == CMOD_ADD) {
        const struct cmod_op *op = &p->m->op[i - 1];

        t->depth = 1 + (unsigned)num_max(p->tensor[op->in[0]].depth, p->tensor[op->in[1]].depth);
    }
    if (t->depth > PLAN_SUM_DEPTH_MAX)
        return fail_set(fail, ERR_UNSUPPORTED, i, "sums of sums nested too deep");
    return OK;
}

static cocoon_err declare_ops(struct plan *p, struct fail *fail)
{
    cocoon_err err;

    for (size_t i = 0; i <= p->m->ops; i++)
        if ((err = declare_tensor(p, i, fail)) != OK)
            return err;
    if (p->kind == PLAN_HIDDEN_INPUT) {
        const struct plan_tensor *t = &p->tensor[0];

        struct plan_table range = {.kind = TABLE_RANGE, .bits = p->m->input_bits};

        p->input_site = plan_site_add(p, plan_table_need(p, range), t->c_bits + t->p_bits);
    }
    for (size_t i = 0; i < p->m->ops; i++)
        if (layer_of(p, i)->declare != NULL && (err = layer_of(p, i)->declare(p, i, fail)) != OK)
            return err;
    if (p->m->op[p->m->output - 1].code != CMOD_DENSE &&
        p->m->op[p->m->output - 1].code != CMOD_CONV)
        return fail_set(fail, ERR_UNSUPPORTED, p->m->output,
                        "the output must be a matrix product's");
    return OK;
}

/* Give tables and sites their leaves: largest first, tables before sites of the same size. */
static void place_leaves(struct plan *p)
{
    size_t at = 0;

    for (unsigned bits = SPACE_BITS_MAX; bits-- > 0;) {
        for (size_t i = 0; i < p->tables; i++)
            if (p->table[i].bits == bits) {
                p->table[i].leaf = at;
                at += (size_t)1 << bits;
            }
        for (size_t i = 0; i < p->sites; i++)
            if (p->site[i].bits == bits) {
                p->site[i].leaf = at;
                at += (size_t)1 << bits;
            }
    }
    p->leaves = at;
    p->depth = mle_bits(num_max(at, p->layout->code.rows));
}

/* ---- the data's code ---- */

static void choose_data_code(struct plan *p)
{
    struct code_shape *c = &p->data;

    for (c->rows = DATA_ROWS_LEAST;; c->rows *= 2) {
        space_layout(&p->space, c->rows);
        if (p->space.bits <= 16 || c->rows == 128 || (p->space.bits <= 18 && c->rows == 64))
            break;
    }
    p->tail_pads = 2 * p->space.bits + 1;
    layout_choose_code(
        c, (p->space.end_a + p->space.end_b - p->space.start_b) / c->rows + p->tail_pads, 1,
        DATA_INVERSE_RATE, NULL);
}

/* ---- rehearsal ---- */

static void rehearse(struct plan *p)
{
    struct arena arena;
    struct run r;

    arena_init(&arena, REHEARSAL_MEMORY);
    run_init(&r, p, &arena);
    wire_init_rehearsal(&r.wire);
    run_reset(&r, NULL);
    run_interactive(&r, NULL, NULL);
    p->hidden = r.ledger.hidden;
    p->products = r.ledger.products;
    p->product = MEM_ARRAY(p->products, struct ledger_product);
    memcpy(p->product, r.ledger.product, p->products * sizeof *p->product);
    p->claims = r.claim_count;
    p->weight_claims = r.weight_claim_count;
    p->dots = r.dots;
    p->points = r.point_count;
    for (size_t i = 0; i < r.dots; i++)
        p->dot_elements += 2 * num_max(KERN_ROWS, (size_t)1 << r.dot[i].vars);
    run_fini(&r);
    arena_fini(&arena);
}

struct security plan_security(const struct plan *p)
{
    struct security s = {
        .lookups = p->leaves,
        .columns = 3,
        .combined = p->claims + p->weight_claims + p->folds * p->layout->code.queries,
        .products = p->products,
        .weights_k = p->layout->code.k,
        .data_k = p->data.k,
        .weights_log_n = p->layout->code.log_n,
        .data_log_n = p->data.log_n,
        .weights_queries = p->layout->code.queries,
        .data_queries = p->data.queries,
    };

    return s;
}

static cocoon_err check_codes(const struct plan *p, struct fail *fail)
{
    struct security s = plan_security(p);

    if (p->data.log_n > CODE_LOG_MAX || p->depth > LOGUP_DEPTH_MAX)
        return fail_set(fail, ERR_UNSUPPORTED, 0, "model too large for one proof");
    if (security_bits(&s) < SECURITY_FLOOR)
        return fail_set(fail, ERR_WEAK, 0, "parameters give less than 100 bits of soundness");
    return OK;
}

static cocoon_err make(struct plan *p, struct fail *fail)
{
    cocoon_err err;

    p->folds = p->kind == PLAN_REFRESH ? 2 : 1;
    if (p->kind == PLAN_REGISTRATION)
        registration_declare(p);
    if (plan_is_inference(p) && (err = declare_ops(p, fail)) != OK)
        return err;
    place_leaves(p);
    rehearse(p);
    space_vector_add(&p->space, SPACE_A, space_round(ledger_pads(p->hidden, p->products)),
                     &p->pads);
    for (size_t i = 0; i < p->folds; i++)
        space_vector_add(&p->space, SPACE_B, p->layout->code.k, &p->folded[i]);
    choose_data_code(p);
    return check_codes(p, fail);
}

cocoon_err plan_new(const struct layout *layout, enum plan_kind kind, struct plan **out,
                    struct fail *fail)
{
    struct plan *p = MEM_NEW(struct plan);
    const struct cmod *m = layout->m;
    cocoon_err err;

    *out = NULL;
    *p = (struct plan){.layout = layout,
                       .m = m,
                       .kind = kind,
                       .tensor = MEM_ARRAY((size_t)m->ops + 1, struct plan_tensor),
                       .op = MEM_ARRAY((size_t)m->ops + 1, struct plan_op)};
    if ((err = make(p, fail)) != OK) {
        plan_free(p);
        return err;
    }
    *out = p;
    return OK;
}

size_t plan_proof_max(const struct plan *p)
{
    const struct code_shape *w = &p->layout->code, *d = &p->data;
    size_t words = EXT_DEGREE * (p->hidden + p->tail_pads + d->k + 3);

    words += p->folds * w->queries * w->rows + d->queries * (2 * d->rows + OPENING_EXTRA_ROWS);
    return words * sizeof(field) + sizeof(struct digest) * (2 + p->folds * w->queries * w->log_n +
                                                            2 * (size_t)d->queries * d->log_n);
}

void plan_free(struct plan *p)
{
    if (p == NULL)
        return;
    mem_free(p->product);
    space_fini(&p->space);
    mem_free(p->site);
    mem_free(p->table);
    mem_free(p->op);
    mem_free(p->tensor);
    mem_free(p);
}
