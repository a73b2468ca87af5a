#include "zk/statement.h"

enum { CHUNK = 256 };

/* Absorb integers as i32, little-endian, in one message a chunk. */
static void absorb_integers(struct transcript *t, const int32_t *v, size_t count)
{
    uint8_t bytes[4 * CHUNK];

    for (size_t at = 0; at < count; at += CHUNK) {
        struct wr w = wr_init(bytes, sizeof bytes);

        for (size_t i = at; i < count && i < at + CHUNK; i++)
            wr_u32le(&w, (uint32_t)v[i]);
        transcript_absorb(t, slice_make(bytes, w.len));
    }
}

static void put_code(struct wr *w, const struct code_shape *c)
{
    wr_u64le(w, c->rows);
    wr_u64le(w, c->k);
    wr_u32le(w, c->log_n);
    wr_u32le(w, c->queries);
}

void statement_absorb(const struct statement *s, const struct plan *p, struct transcript *t)
{
    const struct cmod_tensor *in = &p->m->tensor[0], *out = &p->m->tensor[p->m->output];
    uint8_t bytes[128];
    struct wr w = wr_init(bytes, sizeof bytes);

    put_code(&w, &p->layout->code);
    put_code(&w, &p->data);
    wr_u32le(&w, p->layout->budget);
    wr_u32le(&w, p->depth);
    wr_u64le(&w, p->hidden);
    wr_u64le(&w, p->products);
    wr_u8(&w, (uint8_t)p->kind);
    transcript_absorb(t, SLICE_LIT("cocoon.zk.proof.v1"));
    transcript_absorb(t, digest_slice(&p->layout->architecture));
    transcript_absorb(t, slice_make(bytes, w.len));
    for (size_t i = 0; i < p->folds; i++)
        transcript_absorb(t, digest_slice(&s->weights[i]));
    if (p->kind == PLAN_PUBLIC_INPUT)
        absorb_integers(t, s->input, cmod_shape_size(in->shape));
    if (plan_is_inference(p))
        absorb_integers(t, s->output, cmod_shape_size(out->shape));
    transcript_absorb(t, s->context);
}
