/*
 * The key of a TLS leaf certificate: P-256 or Ed25519.
 *
 * It signs the certificate that src/channel builds around it and is then handed to the TLS library.
 */
#ifndef CRYPTO_TLS_KEY_H
#define CRYPTO_TLS_KEY_H

#include "base/buf.h"

enum tls_key_kind { TLS_KEY_P256, TLS_KEY_ED25519 };

struct tls_key;

/* Make a fresh key from the system's randomness. ERR_CRYPTO. Free with tls_key_free. */
cocoon_err tls_key_new(struct tls_key **out, enum tls_key_kind kind) MUST_CHECK;

/* Wipe and free; NULL is fine. */
void tls_key_free(struct tls_key *key);

enum tls_key_kind tls_key_kind(const struct tls_key *key);

/* Append the DER SubjectPublicKeyInfo. ERR_LIMIT, ERR_CRYPTO. */
cocoon_err tls_key_spki(const struct tls_key *key, struct buf *out) MUST_CHECK;

/*
 * Append the signature over `message` as X.509 carries it: DER ECDSA-Sig-Value with SHA-256, or 64
 * bytes of Ed25519. ERR_LIMIT, ERR_CRYPTO.
 */
cocoon_err tls_key_sign(const struct tls_key *key, struct slice message,
                        struct buf *out) MUST_CHECK;

/* Append the private key as DER PKCS #8, a secret: use buf_wipe. ERR_LIMIT, ERR_CRYPTO. */
cocoon_err tls_key_save(const struct tls_key *key, struct buf *out) MUST_CHECK;

/* Make the key back from what tls_key_save wrote. ERR_MALFORMED, ERR_ALGORITHM. */
cocoon_err tls_key_load(struct slice pkcs8, struct tls_key **out) MUST_CHECK;

/* Return the library's handle (EVP_PKEY), borrowed: for src/net's SSL_CTX_use_PrivateKey. */
struct evp_pkey_st *tls_key_handle(const struct tls_key *key);

#endif
