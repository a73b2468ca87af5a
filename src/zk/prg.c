#include "zk/prg.h"

#include <string.h>

#include "base/mem.h"

enum {
    TAG = 2,
    MESSAGE_LEN = 1 + 32 + 8,
    WORDS = PRG_LANES * 8,
    WORD_MASK = 0x7fffffff,
};

void prg_init_seed(struct prg *g, const struct secret32 *seed)
{
    g->seed = *seed;
    g->counter = 0;
    g->used = WORDS;
}

void prg_init(struct prg *g, const struct rng *rng)
{
    struct secret32 seed;

    secret32_fill(&seed, rng);
    prg_init_seed(g, &seed);
    secret32_wipe(&seed);
}

void prg_wipe(struct prg *g)
{
    mem_wipe(g, sizeof *g);
}

static void refill(struct prg *g)
{
    uint8_t message[PRG_LANES][MESSAGE_LEN];

    for (size_t lane = 0; lane < PRG_LANES; lane++, g->counter++) {
        message[lane][0] = TAG;
        memcpy(message[lane] + 1, g->seed.bytes, sizeof g->seed.bytes);
        for (unsigned i = 0; i < 8; i++)
            message[lane][1 + sizeof g->seed.bytes + i] = (uint8_t)(g->counter >> (8 * i));
    }
    zhash_many(message[0], MESSAGE_LEN, MESSAGE_LEN, PRG_LANES, g->block);
    mem_wipe(message, sizeof message);
    g->used = 0;
}

static uint32_t next_word(struct prg *g)
{
    const uint8_t *b;

    if (g->used == WORDS)
        refill(g);
    b = g->block[0].bytes + 4 * g->used++;
    return ((uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24) &
           WORD_MASK;
}

void prg_fields(struct prg *g, field *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        do
            out[i] = next_word(g);
        while (!field_valid(out[i]));
}

struct ext prg_ext(struct prg *g)
{
    struct ext e;

    prg_fields(g, e.c, EXT_DEGREE);
    return e;
}
