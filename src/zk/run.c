#include "zk/run.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "zk/layer.h"
#include "zk/leaves.h"
#include "zk/mle.h"
#include "zk/refresh.h"
#include "zk/registration.h"
#include "zk/table.h"

enum { REHEARSAL_HIDDEN = 1 << 16, REHEARSAL_PRODUCTS = 1 << 14, TERMS_A_SITE = 20 };

static void init_ledger(struct ledger *l, size_t hidden, size_t products)
{
    *l = (struct ledger){.hidden_max = hidden,
                         .products_max = products,
                         .sent = MEM_ARRAY(hidden, struct ext),
                         .product = MEM_ARRAY(products, struct ledger_product)};
}

void run_init(struct run *r, const struct plan *plan, struct arena *rehearsal)
{
    size_t terms = 8 + plan->tables + TERMS_A_SITE * plan->sites;

    *r = (struct run){.plan = plan, .arena = rehearsal};
    r->sum_p = form_init(MEM_ARRAY(terms, struct term), terms);
    r->sum_q = form_init(MEM_ARRAY(terms, struct term), terms);
    if (rehearsal != NULL) {
        init_ledger(&r->ledger, REHEARSAL_HIDDEN, REHEARSAL_PRODUCTS);
        r->dot_room = (size_t)plan->m->ops + 1;
    } else {
        init_ledger(&r->ledger, plan->hidden, plan->products);
        memcpy(r->ledger.product, plan->product, plan->products * sizeof *plan->product);
        r->ledger.coefficient = MEM_ARRAY(ledger_pads(plan->hidden, plan->products), struct ext);
        r->claim_room =
            plan->claims + plan->weight_claims + plan->folds * plan->layout->code.queries;
        r->weight_claim_room = plan->weight_claims;
        r->dot_room = plan->dots;
        r->point_room = plan->points;
        r->claims = MEM_ARRAY(r->claim_room, struct claim);
        r->weight_claims = MEM_ARRAY(r->weight_claim_room, struct claim);
        r->points = MEM_ARRAY(r->point_room, struct ext);
    }
    r->run_dot = MEM_ARRAY(r->dot_room, struct run_dot);
    r->dot = MEM_ARRAY(r->dot_room, struct dot);
    r->dots_claim.terms = MEM_ARRAY(dots_terms(r->dot_room, DOTS_VARS_MAX), struct term);
}

void run_fini(struct run *r)
{
    mem_free(r->dots_claim.terms);
    mem_free(r->dot);
    mem_free(r->run_dot);
    mem_free(r->points);
    mem_free(r->weight_claims);
    mem_free(r->claims);
    mem_free(r->ledger.coefficient);
    mem_free(r->ledger.product);
    mem_free(r->ledger.sent);
    mem_free(r->sum_q.terms);
    mem_free(r->sum_p.terms);
}

void run_reset(struct run *r, const struct ext *pads)
{
    ledger_reset(&r->ledger, &r->wire, pads);
    r->sum_p = form_init(r->sum_p.terms, r->sum_p.room);
    r->sum_q = form_init(r->sum_q.terms, r->sum_q.room);
    r->claim_count = r->weight_claim_count = r->dots = r->point_count = 0;
    (void)run_claim(r); /* claim 0 closes P: opening_batch.c */
}

/* A rehearsal counts; afterwards there is room for exactly what it counted. */
static void *grow(struct run *r, void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    assert(r->wire.side == WIRE_REHEARSAL);
    *room = 2 * *room + 64;
    return mem_resize(items, *room, size);
}

struct claim *run_claim(struct run *r)
{
    r->claims =
        (struct claim *)grow(r, r->claims, r->claim_count, &r->claim_room, sizeof *r->claims);
    return &r->claims[r->claim_count++];
}

struct claim *run_weight_claim(struct run *r)
{
    r->weight_claims = (struct claim *)grow(r, r->weight_claims, r->weight_claim_count,
                                            &r->weight_claim_room, sizeof *r->weight_claims);
    return &r->weight_claims[r->weight_claim_count++];
}

struct ext *run_points(struct run *r, size_t count)
{
    struct ext *at;

    r->point_count += count;
    if (r->arena != NULL) {
        at = (struct ext *)arena_array(r->arena, count, sizeof *at);
        assert(at != NULL);
        return at;
    }
    assert(r->point_count <= r->point_room);
    return r->points + r->point_count - count;
}

struct scalar run_open_block(struct run *r, size_t block)
{
    unsigned bits = r->plan->space.block[block].bits;
    const struct ext *z = r->leaves.point;
    struct plan_tensor flat = {.c_bits = bits};
    const int32_t *values = r->witness == NULL ? NULL : witness_block(r->witness, block);
    struct ext value = place_value(r, &flat, (struct place){.c = z, .p = z}, values);
    struct scalar s = ledger_hide(&r->ledger, value);

    *run_claim(r) = (struct claim){.kind = CLAIM_POINT,
                                   .value = s,
                                   .scale = EXT_ONE,
                                   .block = block,
                                   .low = z,
                                   .low_bits = bits};
    return s;
}

/* Return eq(leaves' point, the block of 2^bits leaves at `leaf`). */
static struct ext leaf_weight(const struct run *r, size_t leaf, unsigned bits)
{
    return mle_at(r->leaves.point + bits, r->plan->depth - bits, leaf >> bits);
}

/* Start a block of leaves: they are not padding, and begin with alpha - tag. */
static void begin_leaves(struct run *r, size_t leaf, unsigned bits, size_t table)
{
    struct ext tag = ext_from_i64((int64_t)table + 1);

    r->site_weight = leaf_weight(r, leaf, bits);
    form_add_constant(&r->sum_q, ext_mul(r->site_weight, ext_sub(ext_sub(r->alpha, tag), EXT_ONE)));
}

void run_site_begin(struct run *r, size_t site)
{
    const struct plan_site *s = &r->plan->site[site];

    begin_leaves(r, s->leaf, s->bits, s->table);
    form_add_constant(&r->sum_p, r->site_weight);
}

void run_site_field(struct run *r, unsigned index, struct scalar s, struct ext coefficient)
{
    struct ext weight = ext_mul(r->site_weight, ext_mul(r->beta[index], coefficient));

    form_add(&r->sum_q, s, ext_neg(weight));
}

void run_site_field_constant(struct run *r, unsigned index, struct ext value)
{
    run_site_field(r, index, scalar_open(value), EXT_ONE);
}

/* A table's rows count -m, m how often each was looked up. */
static void speak_table(struct run *r, size_t table)
{
    const struct plan_table *t = &r->plan->table[table];
    struct scalar m = run_open_block(r, t->block);

    begin_leaves(r, t->leaf, t->bits, table);
    form_add(&r->sum_p, m, ext_neg(r->site_weight));
    for (unsigned f = 0; f < table_fields(t); f++)
        run_site_field_constant(r, f, table_evaluate(r->plan->m, t, f, r->leaves.point));
}

/* A hidden input lies in its range. */
static void speak_input(struct run *r)
{
    const struct ext *z = r->leaves.point;
    struct place at = {.c = z, .p = z + r->plan->tensor[0].c_bits};
    struct scalar x = tensor_open(r, 0, at);

    run_site_begin(r, r->plan->input_site);
    run_site_field(r, 0, x, EXT_ONE);
    run_site_field_constant(r, 0, ext_from_i64(-(int64_t)r->plan->m->input_low));
}

static void speak_layers(struct run *r)
{
    if (r->plan->kind == PLAN_HIDDEN_INPUT)
        speak_input(r);
    for (size_t i = 0; i < r->plan->m->ops; i++)
        if (layer_of(r->plan, i)->speak != NULL)
            layer_of(r->plan, i)->speak(r, i);
}

/* What the tree left of the leaves is what they are made of. */
static void close_leaves(struct run *r)
{
    const struct logup_claim *c = &r->leaves;
    struct ext low = ext_sub(EXT_ONE, c->top);

    ledger_begin(&r->ledger);
    ledger_add(&r->ledger, c->p[0], low);
    ledger_add(&r->ledger, c->p[1], c->top);
    ledger_add_form(&r->ledger, &r->sum_p, ext_from_i64(-1));
    ledger_begin(&r->ledger);
    ledger_add(&r->ledger, c->q[0], low);
    ledger_add(&r->ledger, c->q[1], c->top);
    ledger_add_form(&r->ledger, &r->sum_q, ext_from_i64(-1));
}

/* The output as the public says it, at a random point. Its low coordinates are the leaves': all
 * claims on weights share the row point. */
static void speak_output(struct run *r, const int32_t *output)
{
    size_t out = r->plan->m->output;
    const struct plan_tensor *t = &r->plan->tensor[out];
    unsigned bits = t->c_bits + t->p_bits;
    struct ext *z = run_points(r, bits), *c = run_points(r, (size_t)1 << t->c_bits);
    struct ext value = EXT_ZERO;
    struct scalar s;

    for (unsigned i = 0; i < bits; i++)
        z[i] = i < r->plan->depth ? r->leaves.point[i] : transcript_ext(&r->wire.transcript);
    mle_table(c, z, t->c_bits, EXT_ONE);
    for (size_t p = 0; p < t->positions && output != NULL; p++)
        value = ext_add(value, ext_mul(mle_at(z + t->c_bits, t->p_bits, p),
                                       mle_dot(c, output + p * t->channels, t->channels)));
    s = tensor_open(r, out, (struct place){.c = z, .p = z + t->c_bits});
    ledger_begin(&r->ledger);
    ledger_add(&r->ledger, s, EXT_ONE);
    ledger_add_constant(&r->ledger, ext_neg(value));
}

static void speak_dots(struct run *r)
{
    struct dots_claim *c = &r->dots_claim;

    dots_run(&r->ledger, r->dot, r->dots, r->witness == NULL ? NULL : r->witness->kern, c);
    matrix_close(r, c);
}

void run_interactive(struct run *r, const int32_t *output, struct logup_tree *tree)
{
    struct transcript *t = &r->wire.transcript;

    if (r->plan->kind == PLAN_REFRESH) {
        refresh_speak(r);
        return;
    }
    r->alpha = transcript_ext(t);
    r->beta[0] = transcript_ext(t);
    r->beta[1] = ext_mul(r->beta[0], r->beta[0]);
    r->beta[2] = ext_mul(r->beta[1], r->beta[0]);
    if (r->witness != NULL)
        leaves_fill(r->witness, r->alpha, r->beta, tree);
    logup_run(&r->ledger, r->plan->depth, tree, &r->leaves);
    r->row_point = r->leaves.point;
    if (r->witness != NULL)
        witness_fold(r->witness, r->leaves.point);
    form_add_constant(&r->sum_q, EXT_ONE);
    for (size_t i = 0; i < r->plan->tables; i++)
        speak_table(r, i);
    if (!plan_is_inference(r->plan)) {
        registration_speak(r);
        close_leaves(r);
        return;
    }
    speak_layers(r);
    close_leaves(r);
    speak_output(r, output);
    speak_dots(r);
}
