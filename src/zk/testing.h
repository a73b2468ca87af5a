/* What several tests of this folder share: a seeded generator of words and elements. */
#ifndef ZK_TESTING_H
#define ZK_TESTING_H

#include "base/rng.h"
#include "base/test.h"
#include "zk/ext.h"

struct testing_rng {
    uint64_t state;
};

/* xorshift64*: enough to vary inputs, repeatable. */
static inline uint64_t testing_u64(struct testing_rng *r)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return r->state * 0x2545f4914f6cdd1d;
}

/* Return a random element, often an edge: 0, 1, p - 1, or a word next to them. */
static inline field testing_field(struct testing_rng *r)
{
    static const field edges[] = {0, 1, FIELD_ONE, FIELD_P - 1, FIELD_P - FIELD_ONE, FIELD_P / 2};
    uint64_t draw = testing_u64(r);

    if (draw % 8 == 0)
        return edges[(draw >> 8) % COUNT_OF(edges)];
    return (field)((draw >> 8) % FIELD_P);
}

static inline struct ext testing_ext(struct testing_rng *r)
{
    struct ext e;

    for (unsigned i = 0; i < EXT_DEGREE; i++)
        e.c[i] = testing_field(r);
    return e;
}

static inline void testing_fill(void *state, void *out, size_t len)
{
    uint8_t *at = (uint8_t *)out;

    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(testing_u64((struct testing_rng *)state) >> 56);
}

/* Return `r` as the randomness of code under test. */
static inline struct rng testing_as_rng(struct testing_rng *r)
{
    return (struct rng){testing_fill, r};
}

#endif
