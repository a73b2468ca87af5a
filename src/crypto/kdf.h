/*
 * HKDF (RFC 5869) over SHA-256, SHA-384 or SHA-512.
 *
 * Inputs come in parts, so that a caller with a label and a context need not join them. Allocates
 * nothing; intermediates are wiped.
 */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "crypto/hash.h"

/* Write to `prk` (hash_len() bytes) the key extracted from the joined `count` parts of `ikm`. */
void hkdf_extract(enum hash_alg alg, struct slice salt, const struct slice *ikm, size_t count,
                  void *prk);

/*
 * Write `len` bytes to `out`, expanded from `prk` under the joined `count` parts of `info`.
 * ERR_RANGE if len is over 255 * hash_len(); `out` is then untouched.
 */
cocoon_err hkdf_expand(enum hash_alg alg, struct slice prk, const struct slice *info, size_t count,
                       void *out, size_t len) MUST_CHECK;

/* Extract and expand at once. ERR_RANGE as above. */
cocoon_err hkdf(enum hash_alg alg, struct slice salt, struct slice ikm, struct slice info,
                void *out, size_t len) MUST_CHECK;

#endif
