/* Answers are made by OpenSSL, so its encoder is the oracle for our reader. */
#include "codec/x509_ocsp.h"

#include <openssl/ec.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "base/test.h"

struct fixture {
    EVP_PKEY *key;
    X509 *issuer, *leaf;
    uint8_t room[X509_OCSP_MAX];
};

static X509 *make_cert(EVP_PKEY *key, long serial, const char *name)
{
    X509 *cert = X509_new();

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_NAME_add_entry_by_txt(X509_get_issuer_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"issuer", -1, -1, 0);
    X509_set_pubkey(cert, key);
    assert_true(X509_sign(cert, key, EVP_sha384()) > 0);
    return cert;
}

static int setup(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);

    f->key = EVP_EC_gen("P-384");
    f->issuer = make_cert(f->key, 1, "issuer");
    f->leaf = make_cert(f->key, 0x1234, "leaf");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    X509_free(f->leaf);
    X509_free(f->issuer);
    EVP_PKEY_free(f->key);
    mem_free(f);
    return 0;
}

struct spec {
    int status, reason;
    const EVP_MD *hash;
    bool by_key, no_next, no_certs, nonce, unsuccessful;
};

static struct slice make_answer(struct fixture *f, const struct spec *spec)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(spec->hash, f->leaf, f->issuer);
    ASN1_TIME *now = ASN1_TIME_set(NULL, 1700000000), *next = ASN1_TIME_set(NULL, 1700086400);
    OCSP_RESPONSE *response;
    unsigned char nonce[16] = {1};
    unsigned long flags =
        (spec->by_key ? OCSP_RESPID_KEY : 0) | (spec->no_certs ? OCSP_NOCERTS : 0);
    unsigned char *at = f->room;
    int len;

    assert_non_null(OCSP_basic_add1_status(basic, id, spec->status, spec->reason,
                                           spec->status == V_OCSP_CERTSTATUS_REVOKED ? now : NULL,
                                           now, spec->no_next ? NULL : next));
    if (spec->nonce)
        OCSP_basic_add1_nonce(basic, nonce, sizeof nonce);
    assert_int_equal(OCSP_basic_sign(basic, f->issuer, f->key, EVP_sha384(), NULL, flags), 1);
    response = OCSP_response_create(spec->unsuccessful ? OCSP_RESPONSE_STATUS_TRYLATER
                                                       : OCSP_RESPONSE_STATUS_SUCCESSFUL,
                                    spec->unsuccessful ? NULL : basic);
    len = i2d_OCSP_RESPONSE(response, &at);
    assert_in_range(len, 1, sizeof f->room);
    OCSP_RESPONSE_free(response);
    ASN1_TIME_free(now);
    ASN1_TIME_free(next);
    OCSP_CERTID_free(id);
    OCSP_BASICRESP_free(basic);
    return slice_make(f->room, (size_t)len);
}

static void test_good(void **state)
{
    struct fixture *f = *state;
    const struct spec spec = {.hash = EVP_sha384(), .reason = -1};
    struct x509_ocsp_single single;
    struct x509_ocsp ocsp;
    struct x509_cert cert;
    struct fail fail;
    struct rd at;

    assert_int_equal(x509_ocsp_parse(make_answer(f, &spec), &ocsp, &fail), OK);
    assert_int_equal(ocsp.sig, X509_ECDSA_SHA384);
    assert_true(ocsp.responder_name.len > 0);
    assert_int_equal(ocsp.responder_key.len, 0);
    assert_int_equal(ocsp.cert_count, 1);
    assert_int_equal(x509_parse(ocsp.certs[0], &cert, &fail), OK);
    assert_true(slice_eq(cert.subject, ocsp.responder_name));
    assert_int_equal(ocsp.nonce.len, 0);
    at = rd_init(ocsp.singles);
    assert_true(x509_ocsp_next(&at, &single));
    assert_int_equal(single.hash, X509_OCSP_SHA384);
    assert_int_equal(single.issuer_key_hash.len, 48);
    assert_true(slice_eq(single.serial, SLICE_LIT("\x12\x34")));
    assert_int_equal(single.status, X509_OCSP_GOOD);
    assert_int_equal(single.reason, -1);
    assert_true(single.this_update == 1700000000);
    assert_true(single.has_next && single.next_update == 1700086400);
    assert_false(x509_ocsp_next(&at, &single));
}

static void test_variants(void **state)
{
    struct fixture *f = *state;
    const struct spec revoked = {.status = V_OCSP_CERTSTATUS_REVOKED,
                                 .reason = OCSP_REVOKED_STATUS_CERTIFICATEHOLD,
                                 .hash = EVP_sha256(),
                                 .by_key = true,
                                 .no_certs = true,
                                 .nonce = true};
    const struct spec unknown = {
        .status = V_OCSP_CERTSTATUS_UNKNOWN, .hash = EVP_sha384(), .reason = -1, .no_next = true};
    struct x509_ocsp_single single;
    struct x509_ocsp ocsp;
    struct fail fail;
    struct rd at;

    assert_int_equal(x509_ocsp_parse(make_answer(f, &revoked), &ocsp, &fail), OK);
    assert_int_equal(ocsp.responder_name.len, 0);
    assert_int_equal(ocsp.responder_key.len, 20);
    assert_int_equal(ocsp.cert_count, 0);
    assert_int_equal(ocsp.nonce.len, 18);
    at = rd_init(ocsp.singles);
    assert_true(x509_ocsp_next(&at, &single));
    assert_int_equal(single.hash, X509_OCSP_SHA256);
    assert_int_equal(single.status, X509_OCSP_REVOKED);
    assert_int_equal(single.reason, 6);
    assert_true(single.revoked_at == 1700000000);

    assert_int_equal(x509_ocsp_parse(make_answer(f, &unknown), &ocsp, &fail), OK);
    at = rd_init(ocsp.singles);
    assert_true(x509_ocsp_next(&at, &single));
    assert_int_equal(single.status, X509_OCSP_UNKNOWN);
    assert_false(single.has_next);
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    const struct spec try_later = {.hash = EVP_sha384(), .unsuccessful = true};
    const struct spec sha1 = {.hash = EVP_sha1(), .reason = -1};
    const struct spec good = {.hash = EVP_sha384(), .reason = -1};
    struct x509_ocsp ocsp;
    struct fail fail;
    struct slice der;

    assert_int_equal(x509_ocsp_parse(make_answer(f, &try_later), &ocsp, &fail), ERR_UNSUPPORTED);
    assert_int_equal(x509_ocsp_parse(make_answer(f, &sha1), &ocsp, &fail), ERR_MALFORMED);
    der = make_answer(f, &good);
    for (size_t len = 0; len < der.len; len++)
        assert_int_not_equal(x509_ocsp_parse(slice_sub(der, 0, len), &ocsp, &fail), OK);
    f->room[der.len] = 0;
    assert_int_equal(x509_ocsp_parse(slice_make(f->room, der.len + 1), &ocsp, &fail),
                     ERR_MALFORMED);
    for (size_t bit = 0; bit < der.len * 8; bit++) {
        f->room[bit / 8] ^= (uint8_t)(1U << bit % 8);
        fail.what = NULL;
        if (x509_ocsp_parse(der, &ocsp, &fail) != OK)
            assert_non_null(fail.what);
        f->room[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, setup, teardown),
        cmocka_unit_test_setup_teardown(test_variants, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
