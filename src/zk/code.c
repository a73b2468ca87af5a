#include "zk/code.h"

#include <assert.h>

#include "base/mem.h"
#include "zk/room.h"

void code_init(struct code *c, size_t k, unsigned log_n, unsigned threads)
{
    field root = field_root(log_n), power = FIELD_ONE;

    assert(k >= 1 && log_n <= CODE_LOG_MAX && k <= (size_t)1 << log_n && threads >= 1);
    *c = (struct code){.k = k, .log_n = log_n, .threads = threads};
    while ((size_t)1 << c->log_m < k)
        c->log_m++;
    c->roots = (field *)room_new(code_length(c) * sizeof(field));
    c->scratch = (field *)room_new(threads * ((size_t)KERN_ROWS << c->log_m) * sizeof(field));
    for (size_t i = 0; i < code_length(c); i++) {
        c->roots[i] = power;
        power = field_mul(power, root);
    }
}

void code_fini(struct code *c)
{
    room_free(c->scratch);
    room_free(c->roots);
    *c = (struct code){0};
}

struct encoding {
    const struct code *code;
    const struct kern *kern;
    struct code_matrix in, out;
    size_t cosets; /* transforms of each group of rows */
    size_t parts;  /* as many as threads */
    size_t jobs;   /* groups of rows times cosets */
};

/* Do every job j = part modulo parts: one coset of one group of KERN_ROWS rows. */
static void encode_part(void *arg, size_t part)
{
    const struct encoding *e = (const struct encoding *)arg;
    const struct code *c = e->code;
    unsigned log_cosets = c->log_n - c->log_m;
    field *scratch = c->scratch + part * ((size_t)KERN_ROWS << c->log_m);

    for (size_t job = part; job < e->jobs; job += e->parts) {
        size_t row = job / e->cosets * KERN_ROWS, coset = job % e->cosets;

        e->kern->ntt(e->in.at + row, e->in.stride, c->k,
                     e->out.at + (coset << c->log_m) * e->out.stride + row, e->out.stride,
                     KERN_ROWS, c->log_m, c->log_n, code_reverse(coset, log_cosets), c->roots,
                     scratch);
    }
}

void code_encode(const struct code *c, const struct kern *kern, struct par *par,
                 struct code_matrix in, struct code_matrix out, size_t rows)
{
    size_t groups = (rows + KERN_ROWS - 1) / KERN_ROWS;
    struct encoding e = {c, kern, in, out, (size_t)1 << (c->log_n - c->log_m), par_threads(par), 0};

    assert(groups * KERN_ROWS <= in.stride && groups * KERN_ROWS <= out.stride);
    assert(e.parts <= c->threads);
    e.jobs = groups * e.cosets;
    par_for(par, e.parts, encode_part, &e);
}
