#include "attest/kit_pki_test.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/test.h"
#include "codec/pem.h"
#include "crypto/hash.h"

enum { KEYS_MAX = 8, RAW_MAX = 512, CERT_ROOM = 8 * 1024, RSA_BITS = 2048 };

static struct made_key {
    struct kit_key key;
    EVP_PKEY *pkey;
    uint8_t spki[RAW_MAX + 128], raw[RAW_MAX];
} keys[3][KEYS_MAX];

static void make_raw(struct made_key *k)
{
    uint8_t point[1 + 96];
    BIGNUM *n = NULL;
    size_t len;

    if (k->key.alg != KIT_RSA) {
        assert_int_equal(EVP_PKEY_get_octet_string_param(k->pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                         sizeof point, &len),
                         1);
        memcpy(k->raw, point + 1, len - 1);
        k->key.raw = slice_make(k->raw, len - 1);
        return;
    }
    assert_int_equal(EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    k->key.raw = slice_make(k->raw, (size_t)BN_bn2bin(n, k->raw));
    BN_free(n);
}

const struct kit_key *kit_key(enum kit_alg alg, unsigned index)
{
    struct made_key *k = &keys[alg][index];
    unsigned char *at = k->spki;

    assert_true(index < KEYS_MAX);
    if (k->pkey != NULL)
        return &k->key;
    k->key.alg = alg;
    k->pkey = alg == KIT_P256   ? EVP_EC_gen("P-256")
              : alg == KIT_P384 ? EVP_EC_gen("P-384")
                                : EVP_RSA_gen(RSA_BITS);
    assert_non_null(k->pkey);
    assert_in_range(i2d_PUBKEY(k->pkey, NULL), 1, sizeof k->spki);
    k->key.spki = slice_make(k->spki, (size_t)i2d_PUBKEY(k->pkey, &at));
    make_raw(k);
    return &k->key;
}

void kit_keys_free(void)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        for (size_t j = 0; j < KEYS_MAX; j++) {
            EVP_PKEY_free(keys[i][j].pkey);
            keys[i][j].pkey = NULL;
        }
}

static EVP_PKEY *handle(const struct kit_key *key)
{
    for (size_t j = 0; j < KEYS_MAX; j++)
        if (key == &keys[key->alg][j].key)
            return keys[key->alg][j].pkey;
    fail_msg("not a key of the kit");
    return NULL;
}

static struct slice sign(struct arena *arena, const struct kit_key *key, struct slice message,
                         bool pss, const EVP_MD *md)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    size_t len = RAW_MAX;
    uint8_t *out = arena_new(arena, len);

    assert_non_null(out);
    assert_int_equal(EVP_DigestSignInit(ctx, &pctx, md, NULL, handle(key)), 1);
    if (pss) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(EVP_DigestSign(ctx, out, &len, message.ptr, message.len), 1);
    EVP_MD_CTX_free(ctx);
    return slice_make(out, len);
}

struct slice kit_sign_der(struct arena *arena, const struct kit_key *key, struct slice message)
{
    return sign(arena, key, message, key->alg == KIT_RSA,
                key->alg == KIT_P256 ? EVP_sha256() : EVP_sha384());
}

struct slice kit_sign_pkcs1(struct arena *arena, const struct kit_key *key, struct slice message)
{
    return sign(arena, key, message, false, EVP_sha256());
}

struct slice kit_sign_raw(struct arena *arena, const struct kit_key *key, struct slice message)
{
    struct slice der = kit_sign_der(arena, key, message);
    int width = key->alg == KIT_P256 ? 32 : 48;
    const uint8_t *at = der.ptr;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    uint8_t *out = arena_new(arena, 96);

    assert_non_null(sig);
    assert_non_null(out);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, width), width);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + width, width), width);
    ECDSA_SIG_free(sig);
    return slice_make(out, 2 * (size_t)width);
}

static enum x509_sig sig_of(const struct kit_key *signer)
{
    return signer->alg == KIT_P256   ? X509_ECDSA_SHA256
           : signer->alg == KIT_P384 ? X509_ECDSA_SHA384
                                     : X509_PSS_SHA384;
}

static struct slice keep(struct arena *arena, const struct wr *w)
{
    struct slice out, copy = {NULL, 0};

    assert_int_equal(wr_end(w, &out), OK);
    assert_int_equal(arena_copy(arena, out, &copy), OK);
    return copy;
}

static struct slice name(struct arena *arena, const char *common_name)
{
    uint8_t room[256];
    struct wr w = wr_init(room, sizeof room);

    x509_put_name(&w, slice_text(common_name));
    return keep(arena, &w);
}

/* Wrap `tbs` with a signature of `signer`. */
static struct slice finish(struct arena *arena, struct slice tbs, const struct kit_key *signer)
{
    uint8_t room[CERT_ROOM];
    struct wr w = wr_init(room, sizeof room);

    x509_put_signed(&w, tbs, sig_of(signer), kit_sign_der(arena, signer, tbs));
    return keep(arena, &w);
}

struct slice kit_cert(struct arena *arena, const struct kit_cert *c)
{
    struct x509_new_extension extensions[X509_EXTENSIONS_MAX] = {
        {.oid = OID_BASIC_CONSTRAINTS, .critical = true}};
    const uint8_t serial[] = {(uint8_t)(c->serial >> 8), (uint8_t)c->serial};
    uint8_t room[CERT_ROOM], basic[16];
    struct wr w = wr_init(room, sizeof room), value = wr_init(basic, sizeof basic);
    struct x509_template t = {.sig = sig_of(c->signer),
                              .serial =
                                  c->serial < 256 ? slice_make(serial + 1, 1) : SLICE_OF(serial),
                              .issuer = name(arena, c->issuer),
                              .subject = name(arena, c->subject),
                              .not_before = c->from,
                              .not_after = c->until,
                              .spki = c->key->spki,
                              .extensions = extensions,
                              .count = 1 + c->more_count};

    x509_put_basic(&value, c->ca, -1);
    extensions[0].value = keep(arena, &value);
    for (size_t i = 0; i < c->more_count; i++)
        extensions[1 + i] = c->more[i];
    x509_put_tbs(&w, &t);
    return finish(arena, keep(arena, &w), c->signer);
}

struct slice kit_crl(struct arena *arena, const struct kit_crl *c)
{
    const uint8_t serial[] = {(uint8_t)(c->revoked >> 8), (uint8_t)c->revoked};
    struct slice revoked = c->revoked < 256 ? slice_make(serial + 1, 1) : SLICE_OF(serial);
    uint8_t room[CERT_ROOM];
    struct wr w = wr_init(room, sizeof room);
    struct x509_crl_template t = {.sig = sig_of(c->signer),
                                  .issuer = name(arena, c->issuer),
                                  .this_update = c->from,
                                  .next_update = c->until,
                                  .number = 1,
                                  .revoked = &revoked,
                                  .count = c->revoked != 0};

    x509_put_crl_tbs(&w, &t);
    return finish(arena, keep(arena, &w), c->signer);
}

struct slice kit_pem(struct arena *arena, const struct slice *certs, size_t count)
{
    struct slice copy = {NULL, 0};
    struct buf text;

    buf_init(&text, 64 * 1024);
    for (size_t i = 0; i < count; i++)
        pem_put(&text, "CERTIFICATE", certs[i]);
    assert_int_equal(buf_ok(&text), OK);
    assert_int_equal(arena_copy(arena, buf_slice(&text), &copy), OK);
    buf_fini(&text);
    return copy;
}

void kit_trust(struct policy *policy, const char *vendor, const struct kit_key *root)
{
    struct policy_root *r = &policy->roots[policy->root_count++];
    struct digest digest;

    sha256(root->spki, &digest);
    policy->builtin_roots = false;
    r->vendor = slice_text(vendor);
    memcpy(r->spki_sha256, digest.bytes, sizeof r->spki_sha256);
}
