/* X25519 (RFC 7748). */
#ifndef CRYPTO_X25519_H
#define CRYPTO_X25519_H

#include "crypto/secret.h"

enum { X25519_LEN = 32 };

struct x25519_public {
    uint8_t bytes[X25519_LEN];
};

void x25519_public(const struct secret32 *secret, struct x25519_public *out);

/* Set `*out` to the shared secret. ERR_MISMATCH if it is all zero: `peer` has small order. */
cocoon_err x25519_shared(const struct secret32 *secret, const struct x25519_public *peer,
                         struct secret32 *out) MUST_CHECK;

#endif
