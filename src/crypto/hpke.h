/*
 * HPKE, base mode (RFC 9180): encrypt to a public key, in order, with an exporter.
 *
 *   sender:    hpke_sender(&h, suite, pk, info, rng, &enc); hpke_seal(&h, aad, plain, out); ...
 *   receiver:  hpke_receiver(&h, suite, &key, enc, info);   hpke_open(&h, aad, sealed, out); ...
 *
 * Messages are numbered by the context: message n opens only as the n-th. A context serves one
 * direction and one thread.
 */
#ifndef CRYPTO_HPKE_H
#define CRYPTO_HPKE_H

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/kem.h"

/* HPKE's KDF identifiers (RFC 9180 section 7.2). */
enum hpke_kdf { HPKE_HKDF_SHA256 = 1, HPKE_HKDF_SHA384 = 2, HPKE_HKDF_SHA512 = 3 };

struct hpke_suite {
    enum kem_id kem;
    enum hpke_kdf kdf;
    enum aead_alg aead;
};

struct hpke {
    struct hpke_suite suite;
    struct aead aead;
    struct aead_nonce base_nonce;
    uint64_t sequence;
    uint8_t exporter_secret[HASH_LEN_MAX];
};

/* Return the hash of `kdf`. */
enum hash_alg hpke_kdf_hash(enum hpke_kdf kdf);

/* Tell whether this build can do the suite of these identifiers, and set `*out` to it. */
bool hpke_suite_known(unsigned kem, unsigned kdf, unsigned aead, struct hpke_suite *out);

/*
 * Set up the sender for the receiver's `public` key: `*enc` is what the receiver needs. Release
 * with hpke_fini, on failure too. ERR_UNSUPPORTED, ERR_MALFORMED, ERR_CRYPTO.
 */
cocoon_err hpke_sender(struct hpke *h, struct hpke_suite suite, struct slice public,
                       struct slice info, const struct rng *rng, struct kem_public *enc) MUST_CHECK;

/* Set up the receiver; key->id is suite.kem (else ERR_MISMATCH). Errors as above. */
cocoon_err hpke_receiver(struct hpke *h, struct hpke_suite suite, const struct kem_key *key,
                         struct slice enc, struct slice info) MUST_CHECK;

/* Wipe and release. */
void hpke_fini(struct hpke *h);

/* As aead_seal and aead_open with the next sequence number, which a failed open does not use up. */
cocoon_err hpke_seal(struct hpke *h, struct slice aad, struct slice plain, uint8_t *out) MUST_CHECK;
cocoon_err hpke_open(struct hpke *h, struct slice aad, struct slice sealed,
                     uint8_t *out) MUST_CHECK;

/* Export `len` secret bytes bound to `context` (RFC 9180 5.3). ERR_RANGE if len is too large. */
cocoon_err hpke_export(const struct hpke *h, struct slice context, void *out,
                       size_t len) MUST_CHECK;

#endif
