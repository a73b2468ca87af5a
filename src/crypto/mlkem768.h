/* ML-KEM-768 (FIPS 203) by OpenSSL 3.5 or later. Used inside src/crypto, compiled only there. */
#ifndef CRYPTO_MLKEM768_H
#define CRYPTO_MLKEM768_H

#include "crypto/secret.h"

enum { MLKEM768_PUBLIC_LEN = 1184, MLKEM768_ENC_LEN = 1088, MLKEM768_SEED_LEN = 64 };

/* Write the public key (MLKEM768_PUBLIC_LEN bytes) of `seed` (d | z) to `public`. ERR_CRYPTO. */
cocoon_err mlkem768_public(const uint8_t seed[MLKEM768_SEED_LEN], uint8_t *public) MUST_CHECK;

/*
 * Encapsulate to `public` (MLKEM768_PUBLIC_LEN bytes, asserted) with the randomness `coins`: write
 * MLKEM768_ENC_LEN bytes to `enc`. ERR_MALFORMED if the key fails the check of FIPS 203 7.2.
 */
cocoon_err mlkem768_encap(struct slice public, const struct secret32 *coins, uint8_t *enc,
                          struct secret32 *shared) MUST_CHECK;

/* Decapsulate `enc` (MLKEM768_ENC_LEN bytes, asserted); a wrong one gives an unrelated secret.
 * ERR_CRYPTO. */
cocoon_err mlkem768_decap(const uint8_t seed[MLKEM768_SEED_LEN], struct slice enc,
                          struct secret32 *shared) MUST_CHECK;

#endif
