/* DHKEM (RFC 9180 section 4.1) over a group given by two functions. Used inside src/crypto. */
#ifndef CRYPTO_KEM_DH_H
#define CRYPTO_KEM_DH_H

#include "crypto/kem_impl.h"

/* The Diffie-Hellman function: the peer's public key times ours. ERR_MALFORMED for a bad peer. */
typedef cocoon_err kem_dh(const struct secret32 *secret, struct slice peer, struct secret32 *out);

cocoon_err kem_dh_encap(const struct kem_impl *impl, kem_dh *dh, struct slice public,
                        const struct rng *rng, uint8_t *enc, struct secret32 *shared) MUST_CHECK;

cocoon_err kem_dh_decap(const struct kem_impl *impl, kem_dh *dh, const struct kem_key *key,
                        struct slice enc, struct secret32 *shared) MUST_CHECK;

#endif
