#include "crypto/sign_exact.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>

enum { SODIUM_1_0_19_MAJOR = 26 }; /* of the library interface; 1.0.18 has 10 */

bool ed25519_library_is_loose(void)
{
    return sodium_library_version_major() >= SODIUM_1_0_19_MAJOR;
}

bool ed25519_exact(const struct ed25519_public *key, struct slice message, struct slice sig)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, sizeof key->bytes);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good;

    assert(sig.len == ED25519_SIG_LEN);
    good = pkey != NULL && ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
           EVP_DigestVerify(ctx, sig.ptr, sig.len, message.ptr, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return good;
}
