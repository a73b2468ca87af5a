/*
 * The verification equation of Ed25519 without the cofactor. Used inside src/crypto.
 *
 * libsodium 1.0.18 checks R = S*B - k*A exactly; from 1.0.19 on it checks 8*R = 8*(S*B - k*A), so
 * that one crafted signature divides a network whose nodes differ in their library. Ours is the
 * exact equation, and where the library at hand is a newer one, this has the last word.
 */
#ifndef CRYPTO_SIGN_EXACT_H
#define CRYPTO_SIGN_EXACT_H

#include "crypto/sign.h"

/* Tell whether the libsodium that is running multiplies by the cofactor. */
bool ed25519_library_is_loose(void);

/* Tell whether `sig` (64 bytes, asserted) satisfies the exact equation. Does not look for points of
 * small order or keys that are not canonical. By OpenSSL; twice the time of libsodium. */
bool ed25519_exact(const struct ed25519_public *key, struct slice message, struct slice sig);

#endif
