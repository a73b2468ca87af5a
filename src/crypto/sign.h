/*
 * Ed25519 (RFC 8032), for everything we sign ourselves: receipts, transactions, vouchers,
 * checkpoints, key configurations.
 *
 * Verification is strict, and the same bytes give the same answer everywhere: S must be below the
 * group order, the public key must be canonical and not of small order, R must be what
 * S*B - k*A encodes to (no cofactor, so R is canonical too) and not of small order.
 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "crypto/secret.h"

enum { ED25519_SIG_LEN = 64 };

struct ed25519_public {
    uint8_t bytes[32];
};

struct ed25519_sig {
    uint8_t bytes[ED25519_SIG_LEN];
};

/* A key pair. What is stored is the seed; this is made from it. Wipe it. */
struct ed25519_key {
    uint8_t seed[32];
    struct ed25519_public public;
};

static inline struct slice ed25519_public_slice(const struct ed25519_public *p)
{
    return slice_make(p->bytes, sizeof p->bytes);
}

static inline struct slice ed25519_sig_slice(const struct ed25519_sig *s)
{
    return slice_make(s->bytes, sizeof s->bytes);
}

void ed25519_keygen(struct ed25519_key *key, const struct rng *rng);
void ed25519_from_seed(struct ed25519_key *key, const struct secret32 *seed);
void ed25519_wipe(struct ed25519_key *key);

void ed25519_sign(const struct ed25519_key *key, struct slice message, struct ed25519_sig *out);

/* ERR_SIGNATURE if `sig` does not verify or is not 64 bytes. */
cocoon_err ed25519_verify(const struct ed25519_public *key, struct slice message,
                          struct slice sig) MUST_CHECK;

#endif
