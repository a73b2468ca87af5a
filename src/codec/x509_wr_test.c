/* What is written here, our reader and OpenSSL's read alike. */
#include "codec/x509_wr.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/test.h"

static struct fail fail;
static uint8_t name_room[64], spki[44], room[4][8192];

static const uint8_t ed25519_head[12] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                         0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

static struct slice name(const char *text)
{
    struct wr w = wr_init(name_room, sizeof name_room);
    struct slice out;

    x509_put_name(&w, slice_text(text));
    assert_int_equal(wr_end(&w, &out), OK);
    return out;
}

static EVP_PKEY *key(void)
{
    EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    size_t len = 32;

    memcpy(spki, ed25519_head, sizeof ed25519_head);
    assert_int_equal(EVP_PKEY_get_raw_public_key(k, spki + 12, &len), 1);
    return k;
}

/* Sign `tbs` and return the whole. */
static struct slice finish(struct wr *tbs_wr, EVP_PKEY *k)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct wr w = wr_init(room[1], sizeof room[1]);
    uint8_t sig[64];
    size_t len = sizeof sig;
    struct slice tbs, out;

    assert_int_equal(wr_end(tbs_wr, &tbs), OK);
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, k), 1);
    assert_int_equal(EVP_DigestSign(ctx, sig, &len, tbs.ptr, tbs.len), 1);
    EVP_MD_CTX_free(ctx);
    x509_put_signed(&w, tbs, X509_ED25519, SLICE_OF(sig));
    assert_int_equal(wr_end(&w, &out), OK);
    return out;
}

static void test_certificate(void **state)
{
    EVP_PKEY *k = key();
    struct wr w = wr_init(room[0], sizeof room[0]), values = wr_init(room[2], sizeof room[2]);
    struct x509_new_extension ext[4] = {{.oid = OID_BASIC_CONSTRAINTS, .critical = true},
                                        {.oid = OID_KEY_USAGE, .critical = true},
                                        {.oid = OID_SUBJECT_KEY_ID},
                                        {.oid = OID_AUTHORITY_KEY_ID}};
    struct x509_template t = {.sig = X509_ED25519,
                              .serial = SLICE_LIT("\x00\x85\x01"),
                              .issuer = name("Root \xc3\xa9"),
                              .subject = name("Root \xc3\xa9"),
                              .not_before = 0,
                              .not_after = 253402300799,
                              .spki = SLICE_OF(spki),
                              .extensions = ext,
                              .count = 4};
    struct x509_cert cert;
    const uint8_t *at;
    struct slice der;
    size_t from;
    X509 *x;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        from = values.len;
        if (i == 0)
            x509_put_basic(&values, true, 2);
        else if (i == 1)
            x509_put_usage(&values, X509_KEY_CERT_SIGN | X509_CRL_SIGN);
        else if (i == 2)
            x509_put_subject_key(&values, SLICE_LIT("id"));
        else
            x509_put_authority_key(&values, SLICE_LIT("id"));
        ext[i].value = slice_make(room[2] + from, values.len - from);
    }
    x509_put_tbs(&w, &t);
    der = finish(&w, k);

    assert_int_equal(x509_parse(der, &cert, &fail), OK);
    assert_true(slice_eq_text(cert.serial, "\x85\x01"));
    assert_true(cert.is_ca && cert.path_max == 2);
    assert_int_equal(cert.usage, X509_KEY_CERT_SIGN | X509_CRL_SIGN);
    assert_true(slice_eq_text(cert.subject_key_id, "id"));
    assert_true(slice_eq_text(cert.authority_key_id, "id"));
    assert_true(cert.not_before == 0 && cert.not_after == 253402300799);
    assert_int_equal(x509_issued_by(&cert, &cert, 2, &fail), OK);

    at = der.ptr;
    x = d2i_X509(NULL, &at, (long)der.len);
    assert_non_null(x);
    assert_int_equal(X509_verify(x, k), 1);
    assert_int_equal(X509_check_ca(x), 1);
    X509_free(x);
    EVP_PKEY_free(k);
}

/* Each algorithm identifier reads back as itself; only the form is at stake here. */
static void test_algorithms(void **state)
{
    static const enum x509_sig sigs[] = {X509_ECDSA_SHA256, X509_ECDSA_SHA384, X509_RSA_SHA256,
                                         X509_RSA_SHA384,   X509_PSS_SHA256,   X509_PSS_SHA384,
                                         X509_ED25519};
    EVP_PKEY *k = key();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sigs); i++) {
        struct wr w = wr_init(room[0], sizeof room[0]), all = wr_init(room[1], sizeof room[1]);
        struct x509_template t = {.sig = sigs[i],
                                  .serial = SLICE_LIT("\x01"),
                                  .issuer = name("x"),
                                  .subject = name("x"),
                                  .spki = SLICE_OF(spki)};
        uint8_t sig[64] = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};
        bool ecdsa = sigs[i] == X509_ECDSA_SHA256 || sigs[i] == X509_ECDSA_SHA384;
        struct x509_cert cert;
        struct slice tbs, der;

        x509_put_tbs(&w, &t);
        assert_int_equal(wr_end(&w, &tbs), OK);
        x509_put_signed(&all, tbs, sigs[i], slice_make(sig, ecdsa ? 8 : 64));
        assert_int_equal(wr_end(&all, &der), OK);
        assert_int_equal(x509_parse(der, &cert, &fail), OK);
        assert_int_equal(cert.sig, sigs[i]);
    }
    EVP_PKEY_free(k);
}

static void test_list(void **state)
{
    static const struct slice serials[] = {SLICE_INIT("\x05"), SLICE_INIT("\xff\x01")};
    EVP_PKEY *k = key();

    (void)state;
    for (size_t count = 0; count <= 2; count++) {
        struct wr w = wr_init(room[0], sizeof room[0]);
        struct x509_crl_template t = {.sig = X509_ED25519,
                                      .issuer = name("Root"),
                                      .this_update = 1000,
                                      .next_update = 2000,
                                      .number = 300,
                                      .revoked = serials,
                                      .count = count};
        struct x509_revoked found;
        struct x509_crl crl;
        const uint8_t *at;
        X509_CRL *x;
        struct slice der;

        x509_put_crl_tbs(&w, &t);
        der = finish(&w, k);
        assert_int_equal(x509_crl_parse(der, &crl, &fail), OK);
        assert_true(slice_eq(crl.number, SLICE_LIT("\x01\x2c")));
        assert_true(crl.revoked_count == count && crl.version == 2);
        assert_true(x509_crl_find(&crl, serials[1], &found) == (count == 2));
        at = der.ptr;
        x = d2i_X509_CRL(NULL, &at, (long)der.len);
        assert_non_null(x);
        assert_int_equal(X509_CRL_verify(x, k), 1);
        X509_CRL_free(x);
    }
    EVP_PKEY_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_algorithms),
        cmocka_unit_test(test_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
