/*
 * OpenSSL signs, we settle: every row of the table in verify.h, each with everything that may be
 * wrong about it. The Wycheproof sets are in wycheproof_test.c.
 */
#include "crypto/verify.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/test.h"

enum { KEY_BYTES_MAX = 1024, SIG_BYTES_MAX = 600 };

/* A key pair of OpenSSL's with its public half in our form. */
struct pair {
    EVP_PKEY *pkey;
    struct sig_key key;
    uint8_t a[KEY_BYTES_MAX], b[8];
};

static struct pair p256, p384, p521, rsa2048, rsa3072, ed;

static const struct slice message = SLICE_INIT("the signed message");

static void make_ec(struct pair *p, const char *curve, enum sig_key_kind kind)
{
    uint8_t point[133];
    size_t len;

    p->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
    assert_int_equal(EVP_PKEY_get_octet_string_param(p->pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                     sizeof point, &len),
                     1);
    memcpy(p->a, point + 1, len - 1);
    p->key = (struct sig_key){kind, slice_make(p->a, len - 1), {NULL, 0}};
}

static void make_rsa(struct pair *p, size_t bits)
{
    BIGNUM *n = NULL, *e = NULL;

    p->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
    assert_int_equal(EVP_PKEY_get_bn_param(p->pkey, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    assert_int_equal(EVP_PKEY_get_bn_param(p->pkey, OSSL_PKEY_PARAM_RSA_E, &e), 1);
    p->key = (struct sig_key){SIG_KEY_RSA, slice_make(p->a, (size_t)BN_bn2bin(n, p->a)),
                              slice_make(p->b, (size_t)BN_bn2bin(e, p->b))};
    BN_free(n);
    BN_free(e);
}

static int make_keys(void **state)
{
    size_t len = sizeof ed.a;

    (void)state;
    make_ec(&p256, "P-256", SIG_KEY_P256);
    make_ec(&p384, "P-384", SIG_KEY_P384);
    make_ec(&p521, "P-521", SIG_KEY_P521);
    make_rsa(&rsa2048, 2048);
    make_rsa(&rsa3072, 3072);
    ed.pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_int_equal(EVP_PKEY_get_raw_public_key(ed.pkey, ed.a, &len), 1);
    ed.key = (struct sig_key){SIG_KEY_ED25519, slice_make(ed.a, 32), {NULL, 0}};
    return 0;
}

static int free_keys(void **state)
{
    struct pair *const all[] = {&p256, &p384, &p521, &rsa2048, &rsa3072, &ed};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(all); i++)
        EVP_PKEY_free(all[i]->pkey);
    return 0;
}

static const EVP_MD *md_of(enum hash_alg hash)
{
    return hash == HASH_SHA256   ? EVP_sha256()
           : hash == HASH_SHA384 ? EVP_sha384()
           : hash == HASH_SHA512 ? EVP_sha512()
                                 : EVP_sha1();
}

/* Turn the DER signature in `sig` into r | s. */
static size_t to_raw(uint8_t *sig, size_t len, size_t width)
{
    const uint8_t *at = sig;
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &at, (long)len);

    assert_non_null(parsed);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(parsed), sig, (int)width), width);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(parsed), sig + width, (int)width), width);
    ECDSA_SIG_free(parsed);
    return 2 * width;
}

/* Sign `message` as `scheme` and `hash` say; `salt` is PSS's salt length as OpenSSL spells it. */
static struct sig_claim sign(const struct pair *p, enum sig_scheme scheme, enum hash_alg hash,
                             int salt, uint8_t *sig)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = scheme == SIG_ED25519 ? NULL : md_of(hash);
    EVP_PKEY_CTX *pctx = NULL;
    size_t len = SIG_BYTES_MAX;

    assert_int_equal(EVP_DigestSignInit(ctx, &pctx, md, NULL, p->pkey), 1);
    if (scheme == SIG_RSA_PSS) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt), 1);
    }
    assert_int_equal(EVP_DigestSign(ctx, sig, &len, message.ptr, message.len), 1);
    EVP_MD_CTX_free(ctx);
    if (scheme == SIG_ECDSA_RAW)
        len = to_raw(sig, len, p->key.a.len / 2);
    return (struct sig_claim){scheme, hash, p->key, message, slice_make(sig, len), "test"};
}

static const struct row {
    struct pair *pair;
    enum sig_scheme scheme;
    enum hash_alg hash;
} rows[] = {
    {&p256, SIG_ECDSA_RAW, HASH_SHA256},    {&p256, SIG_ECDSA_DER, HASH_SHA256},
    {&p256, SIG_ECDSA_DER, HASH_SHA384},    {&p384, SIG_ECDSA_RAW, HASH_SHA384},
    {&p384, SIG_ECDSA_DER, HASH_SHA384},    {&p384, SIG_ECDSA_DER, HASH_SHA256},
    {&p521, SIG_ECDSA_RAW, HASH_SHA512},    {&p521, SIG_ECDSA_DER, HASH_SHA512},
    {&rsa2048, SIG_RSA_PKCS1, HASH_SHA256}, {&rsa2048, SIG_RSA_PSS, HASH_SHA256},
    {&rsa3072, SIG_RSA_PKCS1, HASH_SHA384}, {&rsa3072, SIG_RSA_PSS, HASH_SHA384},
    {&rsa2048, SIG_RSA_PKCS1, HASH_SHA512}, {&rsa2048, SIG_RSA_PSS, HASH_SHA512},
    {&ed, SIG_ED25519, HASH_SHA512},
};

static struct sig_claim sign_row(const struct row *row, uint8_t *sig)
{
    return sign(row->pair, row->scheme, row->hash, RSA_PSS_SALTLEN_DIGEST, sig);
}

static cocoon_err settle(const struct sig_claim *claim)
{
    struct fail fail = {0};
    cocoon_err err = sig_settle(claim, &fail);

    assert_int_equal(fail.code, err);
    assert_true((err == OK) == (fail.what == NULL));
    assert_int_equal(ERR_peek_error(), 0); /* nothing left that TLS would trip over */
    return err;
}

/* Good; then one bit of message and signature wrong, then cut short and drawn out. */
static void test_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t sig[SIG_BYTES_MAX + 1] = {0}, text[64];
        struct sig_claim claim = sign_row(&rows[i], sig);
        size_t len = claim.signature.len, step = len > 100 ? 7 : 1;

        assert_int_equal(settle(&claim), OK);
        for (size_t at = 0; at < len; at += step) {
            sig[at] ^= (uint8_t)(1U << at % 8);
            assert_int_equal(settle(&claim), ERR_SIGNATURE);
            sig[at] ^= (uint8_t)(1U << at % 8);
            claim.signature.len = at;
            assert_int_equal(settle(&claim), ERR_SIGNATURE);
            claim.signature.len = len;
        }
        claim.signature.len = len + 1;
        assert_int_equal(settle(&claim), ERR_SIGNATURE);
        claim.signature.len = len;
        memcpy(text, message.ptr, message.len);
        text[3] ^= 0x20;
        claim.message = slice_make(text, message.len);
        assert_int_equal(settle(&claim), ERR_SIGNATURE);
        text[3] ^= 0x20;
        assert_int_equal(settle(&claim), OK);
    }
}

/* Every pairing of key, scheme and hash that is not in the table. */
static void test_combinations(void **state)
{
    struct pair *const pairs[] = {&p256, &p384, &p521, &rsa2048, &ed};
    uint8_t sig[SIG_BYTES_MAX] = {0};
    unsigned refused = 0;

    (void)state;
    for (size_t k = 0; k < COUNT_OF(pairs); k++)
        for (int scheme = SIG_ECDSA_RAW; scheme <= SIG_RSA_PKCS1_SHA1; scheme++)
            for (int hash = HASH_SHA256; hash <= HASH_SHA1_PCR; hash++) {
                struct sig_claim claim = {(enum sig_scheme)scheme, (enum hash_alg)hash,
                                          pairs[k]->key,           message,
                                          slice_make(sig, 64),     "test"};
                bool ec = k < 3, rsa = k == 3, strong = hash != HASH_SHA1_PCR;
                bool allowed =
                    (ec && scheme <= SIG_ECDSA_DER && strong) ||
                    (rsa && scheme >= SIG_RSA_PKCS1 && scheme <= SIG_RSA_PSS && strong) ||
                    (rsa && scheme == SIG_RSA_PKCS1_SHA1 && !strong) ||
                    (k == 4 && scheme == SIG_ED25519 && hash == HASH_SHA512);

                assert_int_equal(settle(&claim), allowed ? ERR_SIGNATURE : ERR_ALGORITHM);
                refused += !allowed;
            }
    assert_int_equal(refused, 5 * 6 * 4 - 3 * 2 * 3 - 2 * 3 - 1 - 1);
}

/* SHA-1 is refused although the signature is good, but under the scheme that asks for it. */
static void test_sha1_signature(void **state)
{
    uint8_t sig[SIG_BYTES_MAX];
    struct sig_claim claim = sign(&rsa2048, SIG_RSA_PKCS1, HASH_SHA1_PCR, 0, sig);

    (void)state;
    assert_int_equal(settle(&claim), ERR_ALGORITHM);
    claim.scheme = SIG_RSA_PKCS1_SHA1;
    assert_int_equal(settle(&claim), OK);
    sig[7] ^= 1;
    assert_int_equal(settle(&claim), ERR_SIGNATURE);
}

/* The right key and message under another scheme, hash or salt length. */
static void test_confusion(void **state)
{
    uint8_t sig[SIG_BYTES_MAX];
    struct sig_claim claim;

    (void)state;
    claim = sign(&rsa2048, SIG_RSA_PKCS1, HASH_SHA256, 0, sig);
    claim.scheme = SIG_RSA_PSS;
    assert_int_equal(settle(&claim), ERR_SIGNATURE);
    claim = sign(&rsa2048, SIG_RSA_PKCS1, HASH_SHA256, 0, sig);
    claim.hash = HASH_SHA384;
    assert_int_equal(settle(&claim), ERR_SIGNATURE);
    claim = sign(&rsa2048, SIG_RSA_PSS, HASH_SHA256, 20, sig);
    assert_int_equal(settle(&claim), ERR_SIGNATURE);
    claim = sign(&rsa2048, SIG_RSA_PSS, HASH_SHA256, RSA_PSS_SALTLEN_MAX, sig);
    assert_int_equal(settle(&claim), ERR_SIGNATURE);
    claim = sign(&p256, SIG_ECDSA_DER, HASH_SHA256, 0, sig);
    claim.scheme = SIG_ECDSA_RAW;
    assert_int_equal(settle(&claim), ERR_SIGNATURE);
    claim = sign(&p256, SIG_ECDSA_RAW, HASH_SHA256, 0, sig);
    claim.scheme = SIG_ECDSA_DER;
    assert_int_equal(settle(&claim), ERR_SIGNATURE);
    claim = sign(&p384, SIG_ECDSA_RAW, HASH_SHA384, 0, sig);
    claim.key = p256.key;
    assert_int_equal(settle(&claim), ERR_SIGNATURE);
}

/* r or s of zero, and of the largest number of the width. */
static void test_extreme_numbers(void **state)
{
    uint8_t sig[SIG_BYTES_MAX];
    struct sig_claim claim = sign(&p256, SIG_ECDSA_RAW, HASH_SHA256, 0, sig);
    uint8_t kept[64];

    (void)state;
    memcpy(kept, sig, sizeof kept);
    for (size_t half = 0; half < 64; half += 32)
        for (int byte = 0; byte <= 0xff; byte += 0xff) {
            memset(sig + half, byte, 32);
            assert_int_equal(settle(&claim), ERR_SIGNATURE);
            memcpy(sig, kept, sizeof kept);
        }
    assert_int_equal(settle(&claim), OK);
}

static void refuse_key(const struct sig_key *key, cocoon_err expected)
{
    struct sig_pubkey *out = NULL;
    struct fail fail = {0};

    assert_int_equal(sig_pubkey_new(key, &out, &fail), expected);
    assert_int_equal(fail.code, expected);
    assert_null(out);
    assert_int_equal(ERR_peek_error(), 0);
}

static void test_bad_ec_keys(void **state)
{
    static uint8_t zeros[96];
    uint8_t bytes[132] = {0};
    struct sig_key key = p384.key;

    (void)state;
    memcpy(bytes, key.a.ptr, key.a.len);
    key.a.ptr = bytes;
    for (size_t len = 0; len <= sizeof bytes; len++) {
        key.a.len = len;
        if (len != 96)
            refuse_key(&key, ERR_MALFORMED);
    }
    key.a.len = 96;
    bytes[95] ^= 1; /* off the curve */
    refuse_key(&key, ERR_MALFORMED);
    memset(bytes, 0xff, 96); /* not field elements */
    refuse_key(&key, ERR_MALFORMED);
    key.a = SLICE_OF(zeros);
    refuse_key(&key, ERR_MALFORMED);
    key = ed.key;
    key.a.len = 31;
    refuse_key(&key, ERR_MALFORMED);
}

/* The ends of what is allowed. */
static void test_extreme_rsa_keys(void **state)
{
    static const uint8_t exponent[] = {0xff, 0xff, 0xff, 0xff};
    static uint8_t n[512];
    struct sig_key key = {SIG_KEY_RSA, SLICE_OF(n), SLICE_OF(exponent)};
    struct fail fail = {0};

    (void)state;
    memset(n, 0xff, sizeof n);
    for (size_t len = 256; len <= sizeof n; len += 256) {
        struct sig_pubkey *out = NULL;

        key.a.len = len;
        assert_int_equal(sig_pubkey_new(&key, &out, &fail), OK);
        sig_pubkey_free(out);
    }
}

static void test_bad_rsa_keys(void **state)
{
    static const uint8_t exponents[][5] = {{3}, {1}, {0, 0xff}, {1, 0, 0}, {1, 0, 0, 0, 1}};
    static const size_t exponent_lens[] = {1, 1, 2, 3, 5};
    uint8_t n[520];
    struct sig_key key = rsa2048.key;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(exponent_lens); i++) {
        key.b = slice_make(exponents[i], exponent_lens[i]);
        refuse_key(&key, i == 2 ? ERR_MALFORMED : ERR_ALGORITHM);
    }
    key.b.len = 0;
    refuse_key(&key, ERR_MALFORMED);
    key = rsa2048.key;
    key.a.len = 0;
    refuse_key(&key, ERR_MALFORMED);
    memset(n, 0xff, sizeof n);
    key.a = slice_make(n, 255);
    refuse_key(&key, ERR_ALGORITHM); /* 2040 bits */
    key.a.len = 256;
    n[0] = 0x7f;
    refuse_key(&key, ERR_ALGORITHM); /* 2047 */
    n[0] = 0;
    refuse_key(&key, ERR_MALFORMED); /* leading zero */
    n[0] = 0xff;
    n[255] = 0xfe;
    refuse_key(&key, ERR_ALGORITHM); /* even */
    n[255] = 0xff;
    key.a.len = 513;
    refuse_key(&key, ERR_ALGORITHM); /* 4104 bits */
}

/* A key made ready settles many, and an obligation for another key fails with it. */
static void test_key_reuse(void **state)
{
    struct sig_pubkey *ready = NULL;
    uint8_t mine[SIG_BYTES_MAX], other[SIG_BYTES_MAX];
    struct sig_claim good = sign(&rsa2048, SIG_RSA_PSS, HASH_SHA256, RSA_PSS_SALTLEN_DIGEST, mine);
    struct sig_claim bad = sign(&rsa3072, SIG_RSA_PSS, HASH_SHA256, RSA_PSS_SALTLEN_DIGEST, other);
    struct fail fail = {0};

    (void)state;
    assert_int_equal(sig_pubkey_new(&rsa2048.key, &ready, &fail), OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sig_settle_with(ready, &good, &fail), OK);
        assert_int_equal(sig_settle_with(ready, &bad, &fail), ERR_SIGNATURE);
    }
    good = sign(&rsa2048, SIG_RSA_PKCS1, HASH_SHA384, 0, mine);
    assert_int_equal(sig_settle_with(ready, &good, &fail), OK);
    sig_pubkey_free(ready);
    sig_pubkey_free(NULL);
}

static void test_settle_all(void **state)
{
    uint8_t sigs[3][SIG_BYTES_MAX];
    struct sig_claim claims[3];
    struct fail fail = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        claims[i] = sign_row(&rows[i], sigs[i]);
    assert_int_equal(sig_settle_all(claims, 3, &fail), OK);
    assert_int_equal(sig_settle_all(claims, 0, &fail), OK);
    claims[2].message = SLICE_LIT("another");
    assert_int_equal(sig_settle_all(claims, 3, &fail), ERR_SIGNATURE);
    assert_int_equal(fail.offset, 2);
    claims[1].key.a.len--;
    assert_int_equal(sig_settle_all(claims, 3, &fail), ERR_MALFORMED);
    assert_int_equal(fail.offset, 1);
}

/* Each field moves the digest, and bytes cannot move between fields. */
static void test_digests(void **state)
{
    struct sig_claim base = {
        SIG_RSA_PSS,    HASH_SHA256,    {SIG_KEY_RSA, SLICE_INIT("nn"), SLICE_INIT("e")},
        SLICE_LIT("m"), SLICE_LIT("s"), "x"};
    struct sig_claim changed[9];
    struct digest first, d;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(changed); i++)
        changed[i] = base;
    changed[0].scheme = SIG_RSA_PKCS1;
    changed[1].hash = HASH_SHA384;
    changed[2].key.kind = SIG_KEY_P256;
    changed[3].key.a = SLICE_LIT("no");
    changed[4].key.b = SLICE_LIT("f");
    changed[5].message = SLICE_LIT("n");
    changed[6].signature = SLICE_LIT("t");
    changed[7].key.a = SLICE_LIT("n");
    changed[7].key.b = SLICE_LIT("ne");
    changed[8].message = SLICE_LIT("ms");
    changed[8].signature = SLICE_LIT("");
    sig_claim_digest(&base, &first);
    for (size_t i = 0; i < COUNT_OF(changed); i++) {
        sig_claim_digest(&changed[i], &d);
        assert_false(digest_eq(&first, &d));
    }
    base.what = "y"; /* says nothing about the answer */
    sig_claim_digest(&base, &d);
    assert_true(digest_eq(&first, &d));
    sig_key_digest(&base.key, &first);
    sig_key_digest(&changed[0].key, &d);
    assert_true(digest_eq(&first, &d));
    for (size_t i = 2; i <= 4; i++) {
        sig_key_digest(&changed[i].key, &d);
        assert_false(digest_eq(&first, &d));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),       cmocka_unit_test(test_combinations),
        cmocka_unit_test(test_sha1_signature),  cmocka_unit_test(test_confusion),
        cmocka_unit_test(test_extreme_numbers), cmocka_unit_test(test_bad_ec_keys),
        cmocka_unit_test(test_bad_rsa_keys),    cmocka_unit_test(test_extreme_rsa_keys),
        cmocka_unit_test(test_key_reuse),       cmocka_unit_test(test_settle_all),
        cmocka_unit_test(test_digests),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
