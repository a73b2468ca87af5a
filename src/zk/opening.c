#include "zk/opening.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "zk/data.h"
#include "zk/mle.h"
#include "zk/room.h"
#include "zk/weights.h"

static size_t most_columns(const struct plan *p)
{
    size_t data = p->data.queries * (p->data.rows + OPENING_EXTRA_ROWS);

    return num_max(data, p->layout->code.queries * p->layout->code.rows);
}

void opening_init(struct opening *o, const struct plan *plan, const struct kern *kern,
                  unsigned threads, struct run *run)
{
    size_t queries = num_max(plan->layout->code.queries, plan->data.queries);

    *o = (struct opening){.plan = plan, .kern = kern, .run = run};
    code_init(&o->code, plan->data.k, plan->data.log_n, threads);
    o->tail = (struct ledger){.hidden_max = plan->tail_pads,
                              .sent = MEM_ARRAY(plan->tail_pads, struct ext),
                              .coefficient = MEM_ARRAY(plan->tail_pads, struct ext)};
    o->positions = MEM_ARRAY(queries, uint32_t);
    o->work = MEM_ARRAY(queries, uint32_t);
    o->leaves = MEM_ARRAY(queries, struct digest);
    o->columns = MEM_ARRAY(2 * most_columns(plan), field);
    o->row = MEM_ARRAY(num_max(plan->layout->code.rows, plan->data.rows), struct ext);
    o->column_eq = MEM_ARRAY(((size_t)1 << plan->space.bits) / plan->data.rows, struct ext);
    o->functional = MEM_ARRAY(plan->data.k, struct ext);
    o->combination = (field *)room_new(plan->data.k * KERN_ROWS * sizeof(field));
    o->encoded = (field *)room_new(((size_t)KERN_ROWS << plan->data.log_n) * sizeof(field));
}

void opening_fini(struct opening *o)
{
    room_free(o->encoded);
    room_free(o->combination);
    mem_free(o->functional);
    mem_free(o->column_eq);
    mem_free(o->row);
    mem_free(o->columns);
    mem_free(o->leaves);
    mem_free(o->work);
    mem_free(o->positions);
    mem_free(o->tail.coefficient);
    mem_free(o->tail.sent);
    code_fini(&o->code);
}

bool opening_columns(struct opening *o, uint32_t count, size_t words, size_t stride,
                     const field *codeword, const struct tree *tree, unsigned log_n,
                     const struct digest *root)
{
    struct wire *w = &o->run->wire;
    struct digest got;

    if (o->data != NULL)
        for (uint32_t i = 0; i < count; i++)
            memcpy(o->columns + i * words, codeword + o->positions[i] * stride,
                   words * sizeof(field));
    wire_fields(w, o->columns, count * words);
    if (o->data != NULL) {
        tree_prove(tree, o->positions, count, o->work, w->out);
        return true;
    }
    zhash_many((const uint8_t *)o->columns, words * sizeof(field), words * sizeof(field), count,
               o->leaves);
    memcpy(o->work, o->positions, count * sizeof *o->work);
    tree_recompute(log_n, o->work, o->leaves, count, &w->in, &got);
    return digest_eq(&got, root);
}
