/*
 * Over OpenSSL's EVP. The key schedule is made once, for both directions: GCM and ChaCha20 run the
 * block function forwards only, so a context may turn from sealing to opening without the key.
 */
#include "crypto/aead.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

static EVP_CIPHER *ciphers[AEAD_CHACHA20_POLY1305 + 1];

/* Fetching a cipher by name takes longer than sealing with it: once for the process. */
static void fetch_ciphers(void)
{
    ciphers[AEAD_AES_128_GCM] = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    ciphers[AEAD_AES_256_GCM] = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    ciphers[AEAD_CHACHA20_POLY1305] = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
}

static const EVP_CIPHER *cipher_of(enum aead_alg alg)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (pthread_once(&once, fetch_ciphers) != 0)
        abort();
    assert(aead_known(alg));
    return ciphers[alg];
}

bool aead_known(unsigned id)
{
    return id >= AEAD_AES_128_GCM && id <= AEAD_CHACHA20_POLY1305;
}

size_t aead_key_len(enum aead_alg alg)
{
    return alg == AEAD_AES_128_GCM ? 16 : 32;
}

cocoon_err aead_init(struct aead *a, enum aead_alg alg, struct slice key)
{
    const EVP_CIPHER *cipher = cipher_of(alg);

    assert(key.len == aead_key_len(alg));
    a->ctx = EVP_CIPHER_CTX_new();
    if (a->ctx == NULL || cipher == NULL ||
        EVP_EncryptInit_ex2(a->ctx, cipher, key.ptr, NULL, NULL) != 1) {
        aead_fini(a);
        return ERR_CRYPTO;
    }
    return OK;
}

void aead_fini(struct aead *a)
{
    EVP_CIPHER_CTX_free(a->ctx); /* wipes the schedule; NULL is fine */
    a->ctx = NULL;
}

/* Start a message under `nonce` and feed `aad`. Returns whether it went well. */
static bool aead_begin(struct aead *a, const struct aead_nonce *nonce, struct slice aad, int seal)
{
    int n;

    assert(a->ctx != NULL);
    return EVP_CipherInit_ex2(a->ctx, NULL, NULL, nonce->bytes, seal, NULL) == 1 &&
           (aad.len == 0 || EVP_CipherUpdate(a->ctx, NULL, &n, aad.ptr, (int)aad.len) == 1);
}

/* Run `in` through to `out`. None of the three pads or holds bytes back. */
static bool aead_body(struct aead *a, struct slice in, uint8_t *out)
{
    int n = 0;

    return in.len == 0 ||
           (EVP_CipherUpdate(a->ctx, out, &n, in.ptr, (int)in.len) == 1 && (size_t)n == in.len);
}

static bool aead_fits(struct slice aad, struct slice text)
{
    return aad.len <= INT_MAX && text.len <= INT_MAX;
}

cocoon_err aead_seal(struct aead *a, const struct aead_nonce *nonce, struct slice aad,
                     struct slice plain, uint8_t *out)
{
    uint8_t none[1];
    int n;

    if (!aead_fits(aad, plain))
        return ERR_LIMIT;
    if (!aead_begin(a, nonce, aad, 1) || !aead_body(a, plain, out) ||
        EVP_EncryptFinal_ex(a->ctx, none, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN, out + plain.len) != 1)
        return ERR_CRYPTO;
    return OK;
}

cocoon_err aead_open(struct aead *a, const struct aead_nonce *nonce, struct slice aad,
                     struct slice sealed, uint8_t *out)
{
    uint8_t tag[AEAD_TAG_LEN], none[1];
    struct slice body;
    int n;

    if (sealed.len < AEAD_TAG_LEN)
        return ERR_DECRYPT;
    if (!aead_fits(aad, sealed))
        return ERR_LIMIT;
    body = slice_sub(sealed, 0, sealed.len - AEAD_TAG_LEN);
    for (size_t i = 0; i < sizeof tag; i++)
        tag[i] = sealed.ptr[body.len + i];
    if (!aead_begin(a, nonce, aad, 0) || !aead_body(a, body, out) ||
        EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) != 1 ||
        EVP_DecryptFinal_ex(a->ctx, none, &n) != 1) {
        mem_wipe(out, body.len);
        return ERR_DECRYPT;
    }
    return OK;
}

struct aead_nonce aead_nonce(const struct aead_nonce *base, uint64_t counter)
{
    struct aead_nonce nonce = *base;

    for (size_t i = AEAD_NONCE_LEN; i > AEAD_NONCE_LEN - sizeof counter; i--, counter >>= 8)
        nonce.bytes[i - 1] ^= (uint8_t)counter;
    return nonce;
}
