#include "zk/witness.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "zk/layer.h"
#include "zk/registration.h"
#include "zk/room.h"
#include "zk/table.h"
#include "zk/weights.h"

static size_t tensor_size(const struct plan_tensor *t)
{
    return (size_t)1 << (t->c_bits + t->p_bits);
}

/* The longest table, site or tensor. */
static size_t longest(const struct plan *p)
{
    size_t most = 1;

    for (size_t i = 0; i < p->tables; i++)
        most = num_max(most, (size_t)3 << p->table[i].bits);
    for (size_t i = 0; i < p->sites; i++)
        most = num_max(most, (size_t)2 << p->site[i].bits);
    for (size_t i = 0; i <= p->m->ops; i++)
        most = num_max(most, tensor_size(&p->tensor[i]));
    return most;
}

void witness_init(struct witness *w, const struct plan *plan, const struct kern *kern,
                  struct par *par, struct engine *engine)
{
    *w = (struct witness){.plan = plan, .kern = kern, .par = par, .engine = engine};
    w->values = (int32_t *)room_new(plan->space.end_a * sizeof *w->values);
    w->scratch = (int32_t *)room_new(longest(plan) * sizeof *w->scratch);
    w->tensor = MEM_ARRAY((size_t)plan->m->ops + 1, int32_t *);
    for (size_t i = 0; i <= plan->m->ops; i++) {
        const struct plan_tensor *t = &plan->tensor[i];

        w->tensor[i] = t->committed ? witness_block(w, t->block)
                                    : (int32_t *)room_new(tensor_size(t) * sizeof(int32_t));
    }
    for (size_t i = 0; i < plan->folds; i++)
        w->folded[i] = room_ext(plan->layout->code.k + KERN_ROWS);
    w->room = room_ext(longest(plan));
    w->dot_room = room_ext(plan->dot_elements);
}

void witness_fini(struct witness *w)
{
    for (size_t i = 0; i <= w->plan->m->ops; i++)
        if (!w->plan->tensor[i].committed) {
            mem_wipe(w->tensor[i], tensor_size(&w->plan->tensor[i]) * sizeof(int32_t));
            room_free(w->tensor[i]);
        }
    mem_wipe(w->values, w->plan->space.end_a * sizeof *w->values);
    room_free_ext(&w->dot_room);
    room_free_ext(&w->room);
    for (size_t i = 0; i < w->plan->folds; i++)
        room_free_ext(&w->folded[i]);
    mem_free(w->tensor);
    room_free(w->scratch);
    room_free(w->values);
}

/* The input in powers of two. What lies beyond it is 0, or the nearest value in range. */
static void fill_input(struct witness *w, const int32_t *input)
{
    const struct plan_tensor *t = &w->plan->tensor[0];
    const struct cmod_tensor *in = &w->plan->m->tensor[0];
    int32_t beyond = 0;

    if (t->committed)
        beyond = in->low > 0 ? in->low : in->high < 0 ? in->high : 0;
    for (size_t i = 0; i < tensor_size(t); i++)
        w->tensor[0][i] = beyond;
    for (size_t p = 0; p < t->positions; p++)
        memcpy(w->tensor[0] + (p << t->c_bits), input + p * t->channels,
               t->channels * sizeof *input);
}

void witness_sites(struct witness *w,
                   void (*visit)(void *arg, size_t site, const int32_t *const fields[3]), void *arg)
{
    const struct plan *p = w->plan;

    for (size_t i = 0; p->kind == PLAN_REGISTRATION && i < p->sites; i++) {
        const int32_t *fields[3] = {NULL, NULL, NULL};

        registration_site_values(w, i, fields);
        visit(arg, i, fields);
    }
    if (p->kind == PLAN_HIDDEN_INPUT) {
        const int32_t *fields[3] = {w->scratch, NULL, NULL};

        for (size_t i = 0; i < tensor_size(&p->tensor[0]); i++)
            w->scratch[i] = w->tensor[0][i] - p->m->input_low;
        visit(arg, p->input_site, fields);
    }
    for (size_t op = 0; op < p->m->ops; op++)
        for (size_t i = 0; i < p->op[op].sites; i++) {
            const int32_t *fields[3] = {NULL, NULL, NULL};

            layer_of(p, op)->site_values(w, op, i, fields);
            visit(arg, p->op[op].site[i], fields);
        }
}

/* Count each looked-up row. */
static void count_site(void *arg, size_t site, const int32_t *const fields[3])
{
    struct witness *w = (struct witness *)arg;
    const struct plan_site *s = &w->plan->site[site];
    const struct plan_table *t = &w->plan->table[s->table];
    int32_t *count = witness_block(w, t->block);

    for (size_t i = 0; i < (size_t)1 << s->bits; i++) {
        int32_t tuple[3] = {0, 0, 0};

        for (unsigned f = 0; f < 3; f++)
            if (fields[f] != NULL)
                tuple[f] = fields[f][i];
        count[table_row(t, tuple)]++;
    }
}

cocoon_err witness_fill(struct witness *w, const int32_t *input)
{
    const struct plan *p = w->plan;
    cocoon_err err;

    if (plan_is_inference(p)) {
        if ((err = engine_run(w->engine, input)) != OK)
            return err;
        w->dot_used = 0;
        fill_input(w, input);
        for (size_t op = 0; op < p->m->ops; op++)
            layer_of(p, op)->witness(w, op);
    }
    for (size_t i = 0; i < p->tables; i++)
        memset(witness_block(w, p->table[i].block), 0, sizeof(int32_t) << p->table[i].bits);
    witness_sites(w, count_site, w);
    return OK;
}

void witness_fold(struct witness *w, const struct ext *row_point)
{
    for (size_t i = 0; i < w->plan->folds; i++)
        weights_fold(w->weights[i], w->kern, w->par, row_point, w->folded[i]);
}
