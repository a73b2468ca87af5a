/*
 * SHA-256 for many equal messages at once, and for the transcript (FIPS 180-4).
 *
 * Committing is mostly hashing, and one stream of SHA instructions waits on its own results: four
 * interleaved streams are 2.5 times as fast. The portable build makes the verifier run where there
 * is no crypto library. zhash_test.c holds all against crypto/hash.h.
 */
#ifndef ZK_ZHASH_H
#define ZK_ZHASH_H

#include "crypto/hash.h"

enum { ZHASH_BLOCK = 64 };

/* A running hash. May be copied by assignment. */
struct zhash {
    uint32_t state[8];
    uint8_t block[ZHASH_BLOCK];
    uint64_t len;
};

void zhash_init(struct zhash *h);
void zhash_update(struct zhash *h, struct slice bytes);
void zhash_final(struct zhash *h, struct digest *out);

/* Hash `count` messages of `len` bytes each; message i starts at `messages` + i * stride. */
void zhash_many(const uint8_t *messages, size_t stride, size_t len, size_t count,
                struct digest *out);

/* Force the portable code, for tests; not thread-safe. */
void zhash_portable_only(bool only);

#endif
