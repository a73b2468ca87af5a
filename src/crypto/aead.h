/*
 * Authenticated encryption: AES-128-GCM, AES-256-GCM (SP 800-38D), ChaCha20-Poly1305 (RFC 8439).
 *
 * A struct aead holds one key's schedule and is reused for every message: sealing a short message
 * then costs a fraction of a microsecond and allocates nothing. The nonce is the caller's, and must
 * never repeat under one key: use aead_nonce with a counter. Not thread-safe: one object, one
 * thread.
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/slice.h"

/* Values are HPKE's AEAD identifiers (RFC 9180 section 7.3). */
enum aead_alg {
    AEAD_AES_128_GCM = 1,
    AEAD_AES_256_GCM = 2,
    AEAD_CHACHA20_POLY1305 = 3,
};

enum { AEAD_TAG_LEN = 16, AEAD_NONCE_LEN = 12, AEAD_KEY_MAX = 32 };

struct aead {
    struct evp_cipher_ctx_st *ctx; /* NULL when empty */
};

struct aead_nonce {
    uint8_t bytes[AEAD_NONCE_LEN];
};

/* Tell whether `id` is one of enum aead_alg. */
bool aead_known(unsigned id);

/* Return the key length of `alg`: 16 or 32. */
size_t aead_key_len(enum aead_alg alg);

/*
 * Set `a` up with `key`, whose length must be aead_key_len(alg) (asserted); what was in `a` before
 * is not released. ERR_CRYPTO. Release with aead_fini; a zeroed struct is empty.
 */
cocoon_err aead_init(struct aead *a, enum aead_alg alg, struct slice key) MUST_CHECK;

/* Wipe and release; an empty `a` is fine. */
void aead_fini(struct aead *a);

/*
 * Encrypt `plain` and authenticate `aad`: write plain.len + AEAD_TAG_LEN bytes to `out`, which is
 * plain.ptr itself (in place) or does not overlap it. ERR_LIMIT above 2^31 - 1 bytes, ERR_CRYPTO.
 */
cocoon_err aead_seal(struct aead *a, const struct aead_nonce *nonce, struct slice aad,
                     struct slice plain, uint8_t *out) MUST_CHECK;

/*
 * Check and decrypt `sealed`: write sealed.len - AEAD_TAG_LEN bytes to `out`, which is sealed.ptr
 * itself or does not overlap it. ERR_DECRYPT if it is short or not authentic; nothing of the
 * plaintext is then left in `out`.
 */
cocoon_err aead_open(struct aead *a, const struct aead_nonce *nonce, struct slice aad,
                     struct slice sealed, uint8_t *out) MUST_CHECK;

/* Return `base` XOR `counter`, big-endian in its last 8 bytes (RFC 9180 5.2, RFC 8446 5.3). */
struct aead_nonce aead_nonce(const struct aead_nonce *base, uint64_t counter);

#endif
