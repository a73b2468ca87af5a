/*
 * HMAC (RFC 2104, FIPS 198-1) with a key schedule that is reused across messages.
 *
 * Two compressions of the key are done once by hmac_init; each message then costs two hashes.
 * Cannot fail, allocates nothing. A struct hmac is a secret: wipe it.
 */
#ifndef CRYPTO_HMAC_H
#define CRYPTO_HMAC_H

#include "crypto/hash.h"

struct hmac {
    struct hash_ctx inner, outer; /* after the padded key */
};

/* Start with `key` of any length. `alg` is not HASH_SHA1_PCR (asserted). */
void hmac_init(struct hmac *h, enum hash_alg alg, struct slice key);

void hmac_wipe(struct hmac *h);

/* Write to `out` the hash_len() bytes of the code of the concatenation of `count` parts. */
void hmac_parts(const struct hmac *h, const struct slice *parts, size_t count, void *out);

/* HMAC-SHA-256 of one message at once. Compare codes with slice_eq_ct. */
void hmac_sha256(struct slice key, struct slice message, struct digest *out);

#endif
