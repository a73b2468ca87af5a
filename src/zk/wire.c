#include "zk/wire.h"

#include <assert.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "columns are hashed as they lie in memory");

void wire_init_prover(struct wire *w, struct wr *out)
{
    *w = (struct wire){.side = WIRE_PROVER, .out = out};
    transcript_init(&w->transcript);
}

void wire_init_verifier(struct wire *w, struct slice proof)
{
    *w = (struct wire){.side = WIRE_VERIFIER, .in = rd_init(proof)};
    transcript_init(&w->transcript);
}

void wire_init_rehearsal(struct wire *w)
{
    *w = (struct wire){.side = WIRE_REHEARSAL};
    transcript_init(&w->transcript);
}

void wire_fields(struct wire *w, field *words, size_t count)
{
    struct slice bytes = slice_make(words, count * sizeof *words);

    switch (w->side) {
    case WIRE_PROVER:
        wr_slice(w->out, bytes);
        break;
    case WIRE_VERIFIER:
        rd_copy(&w->in, words, bytes.len);
        for (size_t i = 0; i < count; i++)
            if (!field_valid(words[i])) {
                rd_fail(&w->in);
                words[i] = 0;
            }
        break;
    case WIRE_REHEARSAL:
        memset(words, 0, bytes.len);
        break;
    }
    transcript_absorb(&w->transcript, bytes);
}

struct ext wire_ext(struct wire *w, struct ext value)
{
    wire_fields(w, value.c, EXT_DEGREE);
    return value;
}

struct digest wire_digest(struct wire *w, const struct digest *value)
{
    struct digest d = {{0}};

    if (w->side == WIRE_PROVER) {
        d = *value;
        wr_slice(w->out, digest_slice(&d));
    } else if (w->side == WIRE_VERIFIER) {
        rd_copy(&w->in, d.bytes, sizeof d.bytes);
    }
    transcript_absorb(&w->transcript, digest_slice(&d));
    return d;
}
