/*
 * SHA-256, SHA-384 and SHA-512 (FIPS 180-4), and SHA-1 for reading old evidence only.
 *
 * Hashing cannot fail: the state lives in the caller's struct hash_ctx, nothing is allocated. A
 * hash_ctx may be copied by assignment to hash two continuations of one beginning. Thread-safe on
 * distinct objects.
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/buf.h"

enum hash_alg {
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
    HASH_SHA1_PCR, /* TPM banks and their event logs; never for a signature or anything new */
};

enum { HASH_LEN_MAX = 64, HASH_BLOCK_MAX = 128 };

/* A SHA-256 value: how the tree names content. */
struct digest {
    uint8_t bytes[32];
};

struct hash_ctx {
    enum hash_alg alg;
    _Alignas(8) uint8_t state[216];
};

/* Return the bytes of a value of `alg`: 32, 48, 64 or 20. */
size_t hash_len(enum hash_alg alg);

/* Return the bytes of one input block of `alg`: 64 or 128. */
size_t hash_block_len(enum hash_alg alg);

void hash_init(struct hash_ctx *h, enum hash_alg alg);
void hash_update(struct hash_ctx *h, struct slice bytes);

/* Write hash_len() bytes to `out` and wipe `h`. */
void hash_final(struct hash_ctx *h, void *out);

/* Hash `bytes` at once: write hash_len() bytes to `out`. */
void hash_once(enum hash_alg alg, struct slice bytes, void *out);

void sha256(struct slice bytes, struct digest *out);

/* Hash the concatenation of `count` parts. */
void sha256_parts(const struct slice *parts, size_t count, struct digest *out);

/* Finish `h`, which is a HASH_SHA256 (asserted). */
void sha256_final(struct hash_ctx *h, struct digest *out);

static inline struct slice digest_slice(const struct digest *d)
{
    return slice_make(d->bytes, sizeof d->bytes);
}

/* Compare public digests; not constant time. */
bool digest_eq(const struct digest *a, const struct digest *b);

/* Tell whether all bytes are zero. */
bool digest_is_zero(const struct digest *d);

/* Append "sha256:" and 64 lower-case hex digits: how JSON names a digest (DESIGN section 15). */
void digest_put(struct buf *out, const struct digest *d);

/* Parse what digest_put writes, nothing else. ERR_MALFORMED. */
cocoon_err digest_read(struct slice text, struct digest *out) MUST_CHECK;

#endif
