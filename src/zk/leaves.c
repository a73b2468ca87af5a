#include "zk/leaves.h"

#include <string.h>

#include "zk/table.h"

struct filling {
    struct witness *w;
    struct ext alpha;
    const struct ext *beta;
    struct ext_array p, q;
};

static void fill_constant(struct ext_array a, size_t from, size_t count, field v)
{
    for (size_t i = from; i < from + count; i++)
        a.c[0][i] = v;
}

static void fill_denominators(const struct filling *f, size_t leaf, size_t size, size_t table,
                              const int32_t *const fields[3])
{
    struct ext base = ext_sub(f->alpha, ext_from_i64((int64_t)table + 1));

    f->w->kern->denominators(ext_array_from(f->q, leaf), base, f->beta, fields, size);
}

static void fill_site(void *arg, size_t site, const int32_t *const fields[3])
{
    const struct filling *f = (const struct filling *)arg;
    const struct plan_site *s = &f->w->plan->site[site];
    size_t size = (size_t)1 << s->bits;

    fill_constant(f->p, s->leaf, size, FIELD_ONE);
    fill_denominators(f, s->leaf, size, s->table, fields);
}

static void fill_table(const struct filling *f, size_t table)
{
    const struct plan *plan = f->w->plan;
    const struct plan_table *t = &plan->table[table];
    const int32_t *count = witness_block(f->w, t->block), *fields[3] = {NULL, NULL, NULL};
    size_t size = (size_t)1 << t->bits;

    for (unsigned i = 0; i < table_fields(t); i++) {
        fields[i] = f->w->scratch + i * size;
        table_column(plan->m, t, i, f->w->scratch + i * size);
    }
    fill_denominators(f, t->leaf, size, table, fields);
    for (size_t i = 0; i < size; i++)
        f->p.c[0][t->leaf + i] = field_from_i64(-(int64_t)count[i]);
}

void leaves_fill(struct witness *w, struct ext alpha, const struct ext beta[3],
                 struct logup_tree *tree)
{
    struct filling f = {w, alpha, beta, tree->p[tree->depth], tree->q[tree->depth]};
    size_t size = (size_t)1 << tree->depth;

    for (unsigned j = 0; j < EXT_DEGREE; j++) {
        memset(f.p.c[j], 0, size * sizeof(field));
        memset(f.q.c[j], 0, size * sizeof(field));
    }
    fill_constant(f.q, w->plan->leaves, size - w->plan->leaves, FIELD_ONE);
    witness_sites(w, fill_site, &f);
    for (size_t i = 0; i < w->plan->tables; i++)
        fill_table(&f, i);
}
