#include "crypto/mlkem768.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "base/mem.h"

#define MLKEM768_NAME "ML-KEM-768"

/* Make the key pair of `seed`; NULL if OpenSSL fails. */
static EVP_PKEY *pkey_of_seed(const uint8_t *seed)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, MLKEM768_NAME, NULL);
    EVP_PKEY *pkey = NULL;
    uint8_t copy[MLKEM768_SEED_LEN];
    OSSL_PARAM params[2];

    memcpy(copy, seed, sizeof copy);
    params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_ML_KEM_SEED, copy, sizeof copy);
    params[1] = OSSL_PARAM_construct_end();
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    mem_wipe(copy, sizeof copy);
    return pkey;
}

cocoon_err mlkem768_public(const uint8_t seed[MLKEM768_SEED_LEN], uint8_t *public)
{
    EVP_PKEY *pkey = pkey_of_seed(seed);
    size_t len = 0;
    bool good = pkey != NULL &&
                EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, public,
                                                MLKEM768_PUBLIC_LEN, &len) == 1 &&
                len == MLKEM768_PUBLIC_LEN;

    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return good ? OK : ERR_CRYPTO;
}

cocoon_err mlkem768_encap(struct slice public, const struct secret32 *coins, uint8_t *enc,
                          struct secret32 *shared)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key_ex(NULL, MLKEM768_NAME, NULL, public.ptr, public.len);
    EVP_PKEY_CTX *ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);
    struct secret32 copy = *coins;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KEM_PARAM_IKME, copy.bytes, sizeof copy.bytes),
        OSSL_PARAM_construct_end()};
    size_t enc_len = MLKEM768_ENC_LEN, shared_len = sizeof shared->bytes;
    cocoon_err err = ERR_MALFORMED;

    assert(public.len == MLKEM768_PUBLIC_LEN);
    if (pkey != NULL) {
        err = ERR_CRYPTO;
        if (ctx != NULL && EVP_PKEY_encapsulate_init(ctx, params) == 1 &&
            EVP_PKEY_encapsulate(ctx, enc, &enc_len, shared->bytes, &shared_len) == 1)
            err = OK;
    }
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    secret32_wipe(&copy);
    ERR_clear_error();
    return err;
}

cocoon_err mlkem768_decap(const uint8_t seed[MLKEM768_SEED_LEN], struct slice enc,
                          struct secret32 *shared)
{
    EVP_PKEY *pkey = pkey_of_seed(seed);
    EVP_PKEY_CTX *ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);
    size_t len = sizeof shared->bytes;
    bool good;

    assert(enc.len == MLKEM768_ENC_LEN);
    good = ctx != NULL && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
           EVP_PKEY_decapsulate(ctx, shared->bytes, &len, enc.ptr, enc.len) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return good ? OK : ERR_CRYPTO;
}
