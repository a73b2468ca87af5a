#include "crypto/tls_key.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/mem.h"

enum { TLS_KEY_SIG_MAX = 80 }; /* DER of two 33-byte numbers: 72; Ed25519: 64 */

struct tls_key {
    enum tls_key_kind kind;
    EVP_PKEY *pkey;
};

static struct tls_key *tls_key_wrap(enum tls_key_kind kind, EVP_PKEY *take_pkey)
{
    struct tls_key *key = MEM_NEW(struct tls_key);

    key->kind = kind;
    key->pkey = take_pkey;
    return key;
}

cocoon_err tls_key_new(struct tls_key **out, enum tls_key_kind kind)
{
    EVP_PKEY *pkey = kind == TLS_KEY_P256 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
                                          : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    if (pkey == NULL)
        return ERR_CRYPTO;
    *out = tls_key_wrap(kind, pkey);
    return OK;
}

void tls_key_free(struct tls_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    mem_free(key);
}

enum tls_key_kind tls_key_kind(const struct tls_key *key)
{
    return key->kind;
}

struct evp_pkey_st *tls_key_handle(const struct tls_key *key)
{
    return key->pkey;
}

/* Append the `len` bytes at `der`, which OpenSSL made (a negative length: it failed). */
static cocoon_err put_der(struct buf *out, const uint8_t *der, int len)
{
    if (der == NULL || len <= 0)
        return ERR_CRYPTO;
    buf_put(out, slice_make(der, (size_t)len));
    return buf_ok(out);
}

cocoon_err tls_key_spki(const struct tls_key *key, struct buf *out)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(key->pkey, &der);
    cocoon_err err = put_der(out, der, len);

    OPENSSL_free(der);
    return err;
}

cocoon_err tls_key_sign(const struct tls_key *key, struct slice message, struct buf *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = key->kind == TLS_KEY_P256 ? EVP_sha256() : NULL;
    uint8_t sig[TLS_KEY_SIG_MAX];
    size_t len = sizeof sig;
    cocoon_err err = ERR_CRYPTO;

    if (ctx != NULL && EVP_DigestSignInit(ctx, NULL, md, NULL, key->pkey) == 1 &&
        EVP_DigestSign(ctx, sig, &len, message.ptr, message.len) == 1) {
        buf_put(out, slice_make(sig, len));
        err = buf_ok(out);
    }
    EVP_MD_CTX_free(ctx);
    return err;
}

cocoon_err tls_key_save(const struct tls_key *key, struct buf *out)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
    uint8_t *der = NULL;
    int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    cocoon_err err = put_der(out, der, len);

    OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
    PKCS8_PRIV_KEY_INFO_free(info);
    return err;
}

/* Tell whether `pkey` is of a kind we use, and which. */
static bool kind_of(const EVP_PKEY *pkey, enum tls_key_kind *out)
{
    char group[16] = "";
    size_t len;

    *out = TLS_KEY_ED25519;
    if (EVP_PKEY_is_a(pkey, "ED25519"))
        return true;
    *out = TLS_KEY_P256;
    return EVP_PKEY_is_a(pkey, "EC") &&
           EVP_PKEY_get_group_name(pkey, group, sizeof group, &len) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

cocoon_err tls_key_load(struct slice pkcs8, struct tls_key **out)
{
    const uint8_t *at = pkcs8.ptr;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)pkcs8.len);
    EVP_PKEY *pkey = NULL;
    enum tls_key_kind kind;
    cocoon_err err = ERR_MALFORMED;

    if (info == NULL || at != pkcs8.ptr + pkcs8.len || (pkey = EVP_PKCS82PKEY(info)) == NULL)
        goto done;
    err = ERR_ALGORITHM;
    if (!kind_of(pkey, &kind))
        goto done;
    *out = tls_key_wrap(kind, pkey);
    pkey = NULL;
    err = OK;
done:
    EVP_PKEY_free(pkey);
    PKCS8_PRIV_KEY_INFO_free(info);
    ERR_clear_error();
    return err;
}
