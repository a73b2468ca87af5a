/*
 * Settle signature obligations: what certificates and evidence claim was signed by whom.
 *
 * Parsers and appraisal rules check no signature themselves; they yield struct sig_claim items, and
 * whoever called them settles these: natively by this module, in a browser by WebCrypto. The same
 * rules so run everywhere, and a verdict lists every signature it rests on.
 *
 *   scheme           key kinds               hash                      signature bytes
 *   SIG_ECDSA_RAW    P256, P384, P521        SHA-256, SHA-384, SHA-512 r | s, big-endian, each as
 *                                                                      wide as the field
 *   SIG_ECDSA_DER    P256, P384, P521        the same                  DER ECDSA-Sig-Value
 *   SIG_RSA_PKCS1    RSA, 2048 to 4096 bits  the same                  as long as the modulus
 *   SIG_RSA_PSS      RSA, 2048 to 4096 bits  the same; MGF1 with it,   as long as the modulus
 *                                            salt as long as the hash
 *   SIG_ED25519      ED25519                 none: set HASH_SHA512     64 bytes
 *   SIG_RSA_PKCS1_SHA1  as SIG_RSA_PKCS1     HASH_SHA1_PCR             as long as the modulus
 *
 * Anything else is ERR_ALGORITHM; a hash weaker than the curve is allowed, as X.509 allows it.
 * SHA-1 has a scheme of its own, so that nobody gets it by a hash field that an attacker wrote.
 */
#ifndef CRYPTO_VERIFY_H
#define CRYPTO_VERIFY_H

#include "crypto/hash.h"

enum sig_scheme {
    SIG_ECDSA_RAW,
    SIG_ECDSA_DER,
    SIG_RSA_PKCS1,
    SIG_RSA_PSS,
    SIG_ED25519,
    SIG_RSA_PKCS1_SHA1, /* quotes of TPMs that know no better; no policy accepts them */
};

enum sig_key_kind { SIG_KEY_P256, SIG_KEY_P384, SIG_KEY_P521, SIG_KEY_RSA, SIG_KEY_ED25519 };

/*
 * A public key in its smallest form, borrowed.
 *   P256, P384, P521   a = uncompressed point X | Y, each as wide as the field, without the 04
 *   RSA                a = modulus, b = exponent; big-endian, no leading zero byte
 *   ED25519            a = 32 bytes
 */
struct sig_key {
    enum sig_key_kind kind;
    struct slice a, b;
};

/* One obligation: `signature` must be a signature of `key` over `message`. All borrowed. */
struct sig_claim {
    enum sig_scheme scheme;
    enum hash_alg hash;
    struct sig_key key;
    struct slice message;
    struct slice signature;
    const char *what; /* static text for the verdict: "QE report signature" */
};

/* A key made ready for use. Thread-safe for concurrent verification. */
struct sig_pubkey;

/*
 * Make `key` ready. ERR_ALGORITHM for a key outside the table above (RSA size, even or tiny
 * exponent), ERR_MALFORMED for a wrong length or a point that is not on its curve.
 */
cocoon_err sig_pubkey_new(const struct sig_key *key, struct sig_pubkey **out,
                          struct fail *fail) MUST_CHECK;

void sig_pubkey_free(struct sig_pubkey *key);

/* Settle one obligation with a key made ready: claim->key is not looked at. Errors as sig_settle.
 */
cocoon_err sig_settle_with(const struct sig_pubkey *key, const struct sig_claim *claim,
                           struct fail *fail) MUST_CHECK;

/*
 * Settle one obligation. ERR_SIGNATURE if it does not verify or its encoding is wrong,
 * ERR_ALGORITHM, ERR_MALFORMED (the key), ERR_CRYPTO. fail->what says which rule; fail->offset is
 * 0.
 */
cocoon_err sig_settle(const struct sig_claim *claim, struct fail *fail) MUST_CHECK;

/* Settle all `count`, in order, stopping at the first that fails: its index goes to fail->offset.
 */
cocoon_err sig_settle_all(const struct sig_claim *claims, size_t count,
                          struct fail *fail) MUST_CHECK;

/* Digest of kind and key, for caches of keys made ready or of settled obligations. */
void sig_key_digest(const struct sig_key *key, struct digest *out);

/* Digest of a whole obligation (`what` left out): equal digests mean the same answer. */
void sig_claim_digest(const struct sig_claim *claim, struct digest *out);

#endif
