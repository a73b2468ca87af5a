/*
 * The table of verify.h is checked first, by us, on plain numbers; then OpenSSL (libsodium for
 * Ed25519) does the arithmetic on a message hashed here. OpenSSL's own choices (salt lengths it
 * would guess, BER it would take) are closed off: the salt length is set, and a DER signature that
 * does not read back to the same bytes is refused by its ECDSA code.
 */
#include "crypto/verify.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/sign.h"

enum {
    RSA_BITS_MIN = 2048, /* NIST SP 800-131A */
    RSA_BITS_MAX = 4096, /* the vendors' largest; bounds the work of one obligation */
    EC_FIELD_MAX = 66,
    ECDSA_DER_MAX = 2 * (EC_FIELD_MAX + 3) + 4,
};

struct sig_pubkey {
    enum sig_key_kind kind;
    size_t width; /* EC: bytes of the field; RSA: bytes of the modulus */
    EVP_PKEY *pkey;
    struct ed25519_public ed25519;
};

static const struct curve {
    const char *group;
    size_t width;
} curves[] = {
    [SIG_KEY_P256] = {"P-256", 32},
    [SIG_KEY_P384] = {"P-384", 48},
    [SIG_KEY_P521] = {"P-521", 66},
};

static bool is_ec(enum sig_key_kind kind)
{
    return kind == SIG_KEY_P256 || kind == SIG_KEY_P384 || kind == SIG_KEY_P521;
}

/* Make a key of type `name` ("EC", "RSA") from `params`, NULL if OpenSSL refuses. */
static EVP_PKEY *pkey_from(const char *name, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
    EVP_PKEY *pkey = NULL;

    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static cocoon_err ec_load(struct sig_pubkey *k, const struct sig_key *key, struct fail *fail)
{
    const struct curve *curve = &curves[key->kind];
    uint8_t point[1 + 2 * EC_FIELD_MAX] = {POINT_CONVERSION_UNCOMPRESSED};
    char group[8];
    OSSL_PARAM params[3];

    if (key->a.len != 2 * curve->width)
        return fail_set(fail, ERR_MALFORMED, 0, "EC key has the wrong length for its curve");
    memcpy(point + 1, key->a.ptr, key->a.len);
    memcpy(group, curve->group, strlen(curve->group) + 1);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    params[1] =
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * curve->width);
    params[2] = OSSL_PARAM_construct_end();
    k->width = curve->width;
    k->pkey = pkey_from("EC", params);
    if (k->pkey == NULL)
        return fail_set(fail, ERR_MALFORMED, 0, "EC key is not a point of its curve");
    return OK;
}

/* The rules for an RSA key that need no arithmetic. */
static cocoon_err rsa_check(const struct sig_key *key, struct fail *fail)
{
    struct slice n = key->a, e = key->b;
    size_t bits;

    if (n.len == 0 || e.len == 0 || n.ptr[0] == 0 || e.ptr[0] == 0)
        return fail_set(fail, ERR_MALFORMED, 0, "RSA number is empty or has a leading zero");
    bits = n.len > RSA_BITS_MAX / 8 ? RSA_BITS_MAX + 1
                                    : 8 * n.len - (size_t)(__builtin_clz((unsigned)n.ptr[0]) - 24);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return fail_set(fail, ERR_ALGORITHM, 0, "RSA modulus is not 2048 to 4096 bits long");
    if ((n.ptr[n.len - 1] & 1) == 0)
        return fail_set(fail, ERR_ALGORITHM, 0, "RSA modulus is even");
    if (e.len < 3 || e.len > 4 || (e.ptr[e.len - 1] & 1) == 0)
        return fail_set(fail, ERR_ALGORITHM, 0, "RSA exponent is not odd in 2^16..2^32");
    return OK;
}

static cocoon_err rsa_load(struct sig_pubkey *k, const struct sig_key *key, struct fail *fail)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    BIGNUM *n = NULL, *e = NULL;
    OSSL_PARAM *params = NULL;
    cocoon_err err;

    if ((err = rsa_check(key, fail)) != OK)
        goto done;
    n = BN_bin2bn(key->a.ptr, (int)key->a.len, NULL);
    e = BN_bin2bn(key->b.ptr, (int)key->b.len, NULL);
    if (bld != NULL && n != NULL && e != NULL &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(bld)) != NULL)
        k->pkey = pkey_from("RSA", params);
    k->width = key->a.len;
    if (k->pkey == NULL)
        err = fail_set(fail, ERR_CRYPTO, 0, "the crypto library failed to load an RSA key");
done:
    OSSL_PARAM_free(params);
    BN_free(e);
    BN_free(n);
    OSSL_PARAM_BLD_free(bld);
    return err;
}

static cocoon_err ed25519_load(struct sig_pubkey *k, const struct sig_key *key, struct fail *fail)
{
    if (key->a.len != sizeof k->ed25519.bytes)
        return fail_set(fail, ERR_MALFORMED, 0, "Ed25519 key is not 32 bytes long");
    memcpy(k->ed25519.bytes, key->a.ptr, key->a.len);
    return OK;
}

cocoon_err sig_pubkey_new(const struct sig_key *key, struct sig_pubkey **out, struct fail *fail)
{
    struct sig_pubkey *k = MEM_NEW(struct sig_pubkey);
    cocoon_err err;

    k->kind = key->kind;
    if (is_ec(key->kind))
        err = ec_load(k, key, fail);
    else if (key->kind == SIG_KEY_RSA)
        err = rsa_load(k, key, fail);
    else
        err = ed25519_load(k, key, fail);
    ERR_clear_error(); /* left behind, it would be taken for an error of TLS */
    if (err != OK) {
        sig_pubkey_free(k);
        return err;
    }
    *out = k;
    return OK;
}

void sig_pubkey_free(struct sig_pubkey *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    mem_free(key);
}

/* The rows of verify.h's table. */
static bool combination_allowed(enum sig_key_kind kind, enum sig_scheme scheme, enum hash_alg hash)
{
    switch (scheme) {
    case SIG_ECDSA_RAW:
    case SIG_ECDSA_DER:
        return is_ec(kind) && hash != HASH_SHA1_PCR;
    case SIG_RSA_PKCS1:
    case SIG_RSA_PSS:
        return kind == SIG_KEY_RSA && hash != HASH_SHA1_PCR;
    case SIG_ED25519:
        return kind == SIG_KEY_ED25519 && hash == HASH_SHA512;
    case SIG_RSA_PKCS1_SHA1:
        return kind == SIG_KEY_RSA && hash == HASH_SHA1_PCR;
    }
    return false;
}

static const EVP_MD *md_of(enum hash_alg hash)
{
    switch (hash) {
    case HASH_SHA256:
        return EVP_sha256();
    case HASH_SHA384:
        return EVP_sha384();
    case HASH_SHA512:
        return EVP_sha512();
    case HASH_SHA1_PCR:
        return EVP_sha1();
    }
    return NULL;
}

/* Write the two halves of `raw` as DER to `out`; return the length, 0 if OpenSSL fails. */
static size_t ecdsa_der_from_raw(struct slice raw, uint8_t *out)
{
    int width = (int)raw.len / 2, len = 0;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.ptr, width, NULL), *s = BN_bin2bn(raw.ptr + width, width, NULL);

    if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
        r = s = NULL; /* owned by sig now */
        len = i2d_ECDSA_SIG(sig, &out);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return len < 0 ? 0 : (size_t)len;
}

static bool set_padding(EVP_PKEY_CTX *ctx, const struct sig_claim *claim)
{
    if (claim->scheme == SIG_RSA_PKCS1 || claim->scheme == SIG_RSA_PKCS1_SHA1)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(ctx, md_of(claim->hash)) == 1;
    if (claim->scheme == SIG_RSA_PSS)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(ctx, md_of(claim->hash)) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md_of(claim->hash)) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
    return true;
}

/* Check `sig`, in the form OpenSSL takes, over the hash of the message. */
static cocoon_err pkey_settle(const struct sig_pubkey *key, const struct sig_claim *claim,
                              struct slice sig, struct fail *fail)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
    uint8_t hashed[HASH_LEN_MAX];
    cocoon_err err = OK;

    hash_once(claim->hash, claim->message, hashed);
    if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1 || !set_padding(ctx, claim))
        err = fail_set(fail, ERR_CRYPTO, 0, "the crypto library failed to start a verification");
    else if (EVP_PKEY_verify(ctx, sig.ptr, sig.len, hashed, hash_len(claim->hash)) != 1)
        err = fail_set(fail, ERR_SIGNATURE, 0, "signature does not verify");
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return err;
}

static cocoon_err ecdsa_settle(const struct sig_pubkey *key, const struct sig_claim *claim,
                               struct fail *fail)
{
    uint8_t der[ECDSA_DER_MAX];

    if (claim->scheme == SIG_ECDSA_DER)
        return pkey_settle(key, claim, claim->signature, fail);
    if (claim->signature.len != 2 * key->width)
        return fail_set(fail, ERR_SIGNATURE, 0,
                        "signature is not two numbers of the field's width");
    return pkey_settle(key, claim, slice_make(der, ecdsa_der_from_raw(claim->signature, der)),
                       fail);
}

cocoon_err sig_settle_with(const struct sig_pubkey *key, const struct sig_claim *claim,
                           struct fail *fail)
{
    if (!combination_allowed(key->kind, claim->scheme, claim->hash))
        return fail_set(fail, ERR_ALGORITHM, 0, "key, scheme and hash do not go together");
    if (is_ec(key->kind))
        return ecdsa_settle(key, claim, fail);
    if (key->kind == SIG_KEY_RSA && claim->signature.len != key->width)
        return fail_set(fail, ERR_SIGNATURE, 0, "signature is not as long as the modulus");
    if (key->kind == SIG_KEY_RSA)
        return pkey_settle(key, claim, claim->signature, fail);
    if (ed25519_verify(&key->ed25519, claim->message, claim->signature) != OK)
        return fail_set(fail, ERR_SIGNATURE, 0, "signature does not verify");
    return OK;
}

cocoon_err sig_settle(const struct sig_claim *claim, struct fail *fail)
{
    struct sig_pubkey *key = NULL;
    cocoon_err err = sig_pubkey_new(&claim->key, &key, fail);

    if (err == OK)
        err = sig_settle_with(key, claim, fail);
    sig_pubkey_free(key);
    return err;
}

cocoon_err sig_settle_all(const struct sig_claim *claims, size_t count, struct fail *fail)
{
    for (size_t i = 0; i < count; i++) {
        cocoon_err err = sig_settle(&claims[i], fail);

        if (err != OK) {
            fail->offset = i;
            return err;
        }
    }
    return OK;
}

/* Hash the length of `bytes` and then them, so that neighbours cannot trade bytes. */
static void hash_counted(struct hash_ctx *h, struct slice bytes)
{
    uint64_t len = bytes.len;

    hash_update(h, slice_make(&len, sizeof len)); /* the machine's byte order: never leaves it */
    hash_update(h, bytes);
}

static void hash_key(struct hash_ctx *h, const struct sig_key *key)
{
    uint8_t kind = (uint8_t)key->kind;

    hash_counted(h, slice_make(&kind, 1));
    hash_counted(h, key->a);
    hash_counted(h, key->b);
}

void sig_key_digest(const struct sig_key *key, struct digest *out)
{
    struct hash_ctx h;

    hash_init(&h, HASH_SHA256);
    hash_key(&h, key);
    sha256_final(&h, out);
}

void sig_claim_digest(const struct sig_claim *claim, struct digest *out)
{
    const uint8_t how[] = {(uint8_t)claim->scheme, (uint8_t)claim->hash};
    struct hash_ctx h;

    hash_init(&h, HASH_SHA256);
    hash_counted(&h, SLICE_OF(how));
    hash_key(&h, &claim->key);
    hash_counted(&h, claim->message);
    hash_counted(&h, claim->signature);
    sha256_final(&h, out);
}
