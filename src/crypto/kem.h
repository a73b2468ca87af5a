/*
 * Key encapsulation for HPKE (RFC 9180 section 4): DHKEM(X25519, HKDF-SHA256), DHKEM(P-256,
 * HKDF-SHA256), and, where OpenSSL has ML-KEM (3.5 and later), the X-Wing hybrid of ML-KEM-768 and
 * X25519.
 */
#ifndef CRYPTO_KEM_H
#define CRYPTO_KEM_H

#include "base/buf.h"
#include "crypto/secret.h"

/* Values are HPKE's KEM identifiers (RFC 9180 section 7.1; draft-connolly-cfrg-xwing-kem). */
enum kem_id {
    KEM_P256 = 0x0010,
    KEM_X25519 = 0x0020,
    KEM_XWING = 0x647a,
};

/* The largest of the KEMs (X-Wing); DHKEM needs 32 or 65. */
enum { KEM_PUBLIC_MAX = 1216, KEM_ENC_MAX = 1120, KEM_SHARED_LEN = 32 };

/* A public key or an encapsulation, by its length. */
struct kem_public {
    size_t len;
    uint8_t bytes[KEM_PUBLIC_MAX];
};

/* A key pair: the 32-byte seed or scalar, and what belongs to it. Wipe it. */
struct kem_key {
    enum kem_id id;
    struct secret32 secret;
    struct kem_public public;
};

static inline struct slice kem_public_slice(const struct kem_public *p)
{
    return slice_make(p->bytes, p->len);
}

/* Tell whether `id` is a KEM that this build can do. */
bool kem_known(unsigned id);

/* Return the length of a public key of `id`, or of an encapsulation. */
size_t kem_public_len(enum kem_id id);
size_t kem_enc_len(enum kem_id id);

/* Draw a fresh key pair. ERR_UNSUPPORTED, ERR_CRYPTO. */
cocoon_err kem_keygen(enum kem_id id, const struct rng *rng, struct kem_key *out) MUST_CHECK;

/* Derive the key pair that belongs to `ikm` (RFC 9180 7.1.3). ERR_UNSUPPORTED, ERR_CRYPTO. */
cocoon_err kem_derive(enum kem_id id, struct slice ikm, struct kem_key *out) MUST_CHECK;

void kem_wipe(struct kem_key *key);

/*
 * Encapsulate to `public`: set `*enc` and the shared secret. Draws once from `rng`.
 * ERR_UNSUPPORTED; ERR_MALFORMED if `public` has the wrong length or is not a valid key;
 * ERR_CRYPTO.
 */
cocoon_err kem_encap(enum kem_id id, struct slice public, const struct rng *rng,
                     struct kem_public *enc, struct secret32 *shared) MUST_CHECK;

/* Recover the shared secret from `enc`. ERR_MALFORMED, ERR_CRYPTO. */
cocoon_err kem_decap(const struct kem_key *key, struct slice enc,
                     struct secret32 *shared) MUST_CHECK;

#endif
