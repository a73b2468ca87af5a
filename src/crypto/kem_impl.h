/* What a KEM of kem.h is made of. Used inside src/crypto. */
#ifndef CRYPTO_KEM_IMPL_H
#define CRYPTO_KEM_IMPL_H

#include "crypto/kem.h"

/*
 * One KEM. Callers have checked the lengths; `out`s have room. Functions return the errors that
 * kem.h names.
 */
struct kem_impl {
    enum kem_id id;
    size_t public_len, enc_len;

    /* Set `public` to what belongs to `secret`. ERR_MALFORMED if `secret` is no private key. */
    cocoon_err (*public_of)(const struct secret32 *secret, uint8_t *public);
    cocoon_err (*derive)(struct slice ikm, struct secret32 *secret);
    cocoon_err (*encap)(struct slice public, const struct rng *rng, uint8_t *enc,
                        struct secret32 *shared);
    cocoon_err (*decap)(const struct kem_key *key, struct slice enc, struct secret32 *shared);
};

extern const struct kem_impl kem_x25519_impl;
extern const struct kem_impl kem_p256_impl;
extern const struct kem_impl kem_xwing_impl; /* only where OpenSSL has ML-KEM */

/* The same key pair from fresh bytes: draws until one is a private key. */
cocoon_err kem_draw(const struct kem_impl *impl, const struct rng *rng, struct secret32 *secret,
                    uint8_t *public) MUST_CHECK;

#endif
