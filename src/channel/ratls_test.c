#include "channel/ratls.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "channel/party_test.h"
#include "codec/der.h"
#include "codec/x509_wr.h"

static struct party me, other;
static struct policy policy;
static struct arena arena;
static struct fail fail;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 24);
    party_make(&me, 1, PARTY_NOW + PARTY_LIFE);
    party_make(&other, 2, PARTY_NOW + PARTY_LIFE);
    party_policy(&policy, &arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    party_free(&me);
    party_free(&other);
    arena_fini(&arena);
    return 0;
}

/* The attestation of `p` for a certificate: no nonce. */
static struct slice attest(struct party *p)
{
    uint8_t report_data[REPORT_DATA_LEN];

    report_data_aci(&p->keyset.digest, NULL, report_data);
    return party_attest(p, PARTY_NOW, report_data);
}

static cocoon_err certify(struct party *p, struct slice attestation)
{
    return ratls_leaf_certify(&p->leaf, SLICE_LIT("worker"), attestation, PARTY_NOW, PARTY_LIFE,
                              &rand_system);
}

static cocoon_err check(struct party *p, unix_time now, struct ratls_peer *peer)
{
    return ratls_check(buf_slice(&p->leaf.cert), now, peer, &fail);
}

static void test_good(void **state)
{
    struct party *parties[] = {&me, &other}; /* one Ed25519, one P-256 */

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct attestation_answer answer;
        struct ratls_peer peer;
        struct keyset keyset;

        assert_int_equal(certify(parties[i], attest(parties[i])), OK);
        assert_int_equal(check(parties[i], PARTY_NOW, &peer), OK);
        assert_true(digest_eq(&peer.spki, &parties[i]->leaf.spki));
        assert_int_equal(peer.not_after, PARTY_NOW + PARTY_LIFE);
        assert_int_equal(ratls_appraise(&peer, &policy, PARTY_NOW, &arena, NULL, &keyset, &answer),
                         OK);
        assert_true(answer.simulated);
        assert_true(answer.valid_until == PARTY_NOW + PARTY_LIFE); /* the keyset's */
        assert_true(digest_eq(&keyset.digest, &parties[i]->keyset.digest));
    }
}

static void test_bare(void **state)
{
    struct attestation_answer answer;
    struct ratls_peer peer;
    struct keyset keyset;
    struct x509_cert cert;
    struct slice value;

    (void)state;
    assert_int_equal(certify(&me, (struct slice){0}), OK);
    assert_int_equal(check(&me, PARTY_NOW, &peer), OK);
    assert_int_equal(peer.attestation.len, 0);
    assert_int_equal(x509_parse(buf_slice(&me.leaf.cert), &cert, &fail), OK);
    assert_false(x509_extension(&cert, OID_CMW, &value));
    assert_int_equal(ratls_appraise(&peer, &policy, PARTY_NOW, &arena, NULL, &keyset, &answer),
                     ERR_MISSING);
}

/* OpenSSL takes the certificate, and both extensions stand in it, not critical. */
static void test_openssl_takes_it(void **state)
{
    static const char *const oids[] = {"2.23.133.5.4.9", "1.3.6.1.5.5.7.1.35"};
    const uint8_t *at;
    X509 *x;

    (void)state;
    assert_int_equal(certify(&other, attest(&other)), OK);
    at = other.leaf.cert.ptr;
    x = d2i_X509(NULL, &at, (long)other.leaf.cert.len);
    assert_non_null(x);
    assert_int_equal(X509_verify(x, tls_key_handle(other.leaf.key)), 1);
    assert_int_equal(X509_check_ca(x), 0);
    for (size_t i = 0; i < COUNT_OF(oids); i++) {
        ASN1_OBJECT *oid = OBJ_txt2obj(oids[i], 1);
        int where = X509_get_ext_by_OBJ(x, oid, -1);

        assert_true(where >= 0);
        assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(x, where)), 0);
        ASN1_OBJECT_free(oid);
    }
    X509_free(x);
}

/* The certificate of one key with the attestation of another's keyset. */
static void test_foreign_attestation(void **state)
{
    struct ratls_peer peer;

    (void)state;
    assert_int_equal(certify(&me, attest(&other)), OK);
    assert_int_equal(check(&me, PARTY_NOW, &peer), ERR_MISMATCH);
}

/* Evidence made for a channel is none for a certificate. */
static void test_evidence_of_another_purpose(void **state)
{
    struct statement_channel s = {.purpose = LABEL_PURPOSE_CHANNEL, .keyset = &me.keyset.digest};
    uint8_t report_data[REPORT_DATA_LEN];
    struct attestation_answer answer;
    struct ratls_peer peer;
    struct keyset keyset;

    (void)state;
    report_data_channel(&s, report_data);
    assert_int_equal(certify(&me, party_attest(&me, PARTY_NOW, report_data)), OK);
    assert_int_equal(check(&me, PARTY_NOW, &peer), OK);
    assert_int_equal(ratls_appraise(&peer, &policy, PARTY_NOW, &arena, NULL, &keyset, &answer),
                     ERR_MISMATCH);
}

static void test_times(void **state)
{
    struct party old;
    struct ratls_peer peer;
    struct keyset keyset;
    struct attestation_answer answer;

    (void)state;
    assert_int_equal(certify(&me, attest(&me)), OK);
    assert_int_equal(check(&me, PARTY_NOW - RATLS_BACKDATE, &peer), OK);
    assert_int_equal(check(&me, PARTY_NOW - RATLS_BACKDATE - 1, &peer), ERR_NOT_YET_VALID);
    assert_int_equal(check(&me, PARTY_NOW + PARTY_LIFE + 1, &peer), ERR_EXPIRED);
    assert_int_equal(ratls_leaf_certify(&me.leaf, SLICE_LIT("x"), (struct slice){0}, PARTY_NOW,
                                        RATLS_LIFE_MAX + 1, &rand_system),
                     ERR_RANGE);
    assert_int_equal(
        ratls_leaf_certify(&me.leaf, SLICE_LIT("x"), (struct slice){0}, PARTY_NOW, 0, &rand_system),
        ERR_RANGE);
    assert_int_equal(check(&me, PARTY_NOW, &peer), OK); /* a refusal leaves the leaf as it was */
    assert_int_equal(
        ratls_appraise(&peer, &policy, PARTY_NOW + PARTY_LIFE + 1, &arena, NULL, &keyset, &answer),
        ERR_EXPIRED);
    party_make(&old, 3, PARTY_NOW - 1);
    assert_int_equal(certify(&old, attest(&old)), OK);
    assert_int_equal(check(&old, PARTY_NOW, &peer), ERR_EXPIRED); /* its keyset has */
    party_free(&old);
}

static void test_truncation_and_bit_flips(void **state)
{
    struct ratls_peer peer;
    struct buf *cert = &me.leaf.cert;

    (void)state;
    assert_int_equal(certify(&me, attest(&me)), OK);
    for (size_t n = 0; n < cert->len; n += 7)
        assert_int_not_equal(ratls_check(slice_make(cert->ptr, n), PARTY_NOW, &peer, &fail), OK);
    for (size_t bit = 0; bit < 8 * cert->len; bit += 11) {
        cert->ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_not_equal(check(&me, PARTY_NOW, &peer), OK); /* the signature covers all */
        cert->ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void test_too_large(void **state)
{
    struct slice huge = {NULL, ATTESTATION_MAX + 4096};
    uint8_t *bytes = MEM_ARRAY(RATLS_CERT_MAX + 1, uint8_t);
    struct ratls_peer peer;

    (void)state;
    huge.ptr = bytes;
    assert_int_equal(certify(&me, (struct slice){0}), OK);
    assert_int_equal(certify(&me, huge), ERR_LIMIT);
    assert_int_equal(check(&me, PARTY_NOW, &peer), OK); /* the leaf keeps what it had */
    assert_int_equal(ratls_check(slice_make(bytes, RATLS_CERT_MAX + 1), PARTY_NOW, &peer, &fail),
                     ERR_LIMIT);
    mem_free(bytes);
}

/* Leaves by OpenSSL whose key or signature is of a kind that we do not take. */
static void test_algorithms(void **state)
{
    const struct {
        EVP_PKEY *key;
        const EVP_MD *md;
        cocoon_err err;
    } cases[] = {
        {EVP_EC_gen("P-256"), EVP_sha256(), OK},
        {EVP_EC_gen("P-256"), EVP_sha384(), ERR_ALGORITHM},
        {EVP_EC_gen("P-384"), EVP_sha384(), ERR_ALGORITHM},
        {EVP_RSA_gen(2048), EVP_sha256(), ERR_ALGORITHM},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        X509 *x = X509_new();
        uint8_t *der = NULL;
        struct ratls_peer peer;
        int len;

        X509_set_version(x, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
        ASN1_TIME_set(X509_getm_notBefore(x), PARTY_NOW);
        ASN1_TIME_set(X509_getm_notAfter(x), PARTY_NOW + 60);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                                   (const uint8_t *)"x", -1, -1, 0);
        X509_set_issuer_name(x, X509_get_subject_name(x));
        X509_set_pubkey(x, cases[i].key);
        assert_true(X509_sign(x, cases[i].key, cases[i].md) > 0);
        len = i2d_X509(x, &der);
        assert_int_equal(ratls_check(slice_make(der, (size_t)len), PARTY_NOW, &peer, &fail),
                         cases[i].err);
        OPENSSL_free(der);
        X509_free(x);
        EVP_PKEY_free(cases[i].key);
    }
}

/* --- leaves that only a test would make --- */

struct odd {
    bool ca, other_issuer;
    unix_time life;
    struct x509_new_extension extra[2];
    size_t extras;
};

/* Make and sign an odd leaf with the key of `me`, which is Ed25519. */
static cocoon_err check_odd(const struct odd *odd)
{
    static uint8_t room[65536], whole[65536], names[256];
    struct x509_new_extension ext[3];
    uint8_t basic_room[16];
    struct wr w = wr_init(names, sizeof names), basic = wr_init(basic_room, sizeof basic_room);
    struct x509_template t = {.sig = X509_ED25519,
                              .serial = SLICE_LIT("\x01"),
                              .not_before = PARTY_NOW,
                              .not_after = PARTY_NOW + odd->life,
                              .extensions = ext,
                              .count = 1 + odd->extras};
    struct buf spki, signature;
    struct ratls_peer peer;
    struct slice tbs, der;
    cocoon_err err;
    size_t first;

    buf_init(&spki, 128);
    buf_init(&signature, 128);
    assert_int_equal(tls_key_spki(me.leaf.key, &spki), OK);
    x509_put_name(&w, SLICE_LIT("a"));
    first = w.len;
    x509_put_name(&w, SLICE_LIT("b"));
    t.subject = slice_make(names, first);
    t.issuer = odd->other_issuer ? slice_make(names + first, w.len - first) : t.subject;
    t.spki = buf_slice(&spki);
    x509_put_basic(&basic, odd->ca, -1);
    ext[0] =
        (struct x509_new_extension){OID_BASIC_CONSTRAINTS, true, slice_make(basic_room, basic.len)};
    for (size_t i = 0; i < odd->extras; i++)
        ext[1 + i] = odd->extra[i];
    w = wr_init(room, sizeof room);
    x509_put_tbs(&w, &t);
    assert_int_equal(wr_end(&w, &tbs), OK);
    assert_int_equal(tls_key_sign(me.leaf.key, tbs, &signature), OK);
    w = wr_init(whole, sizeof whole);
    x509_put_signed(&w, tbs, X509_ED25519, buf_slice(&signature));
    assert_int_equal(wr_end(&w, &der), OK);
    err = ratls_check(der, PARTY_NOW, &peer, &fail);
    buf_fini(&spki);
    buf_fini(&signature);
    return err;
}

static void test_odd_leaves(void **state)
{
    struct odd odd = {.life = 100};
    struct x509_cert cert;
    struct slice dice;
    uint8_t changed[8192];

    (void)state;
    assert_int_equal(check_odd(&odd), OK);
    odd.ca = true;
    assert_int_equal(check_odd(&odd), ERR_RULE);
    odd = (struct odd){.life = 100, .other_issuer = true};
    assert_int_equal(check_odd(&odd), ERR_RULE);
    odd = (struct odd){.life = 100, .extras = 1};
    odd.extra[0] = (struct x509_new_extension){OID_KEY_USAGE, true,
                                               SLICE_LIT("\x03\x02\x03\x08")}; /* keyAgreement */
    assert_int_equal(check_odd(&odd), ERR_RULE);
    odd = (struct odd){.life = RATLS_LIFE_MAX + RATLS_BACKDATE + 1};
    assert_int_equal(check_odd(&odd), ERR_RULE);

    /* The two extensions must agree; either alone is enough; a foreign record is refused. */
    assert_int_equal(certify(&me, attest(&me)), OK);
    assert_int_equal(x509_parse(buf_slice(&me.leaf.cert), &cert, &fail), OK);
    odd = (struct odd){.life = 100, .extras = 1};
    odd.extra[0].oid = OID_CMW;
    assert_true(x509_extension(&cert, OID_CMW, &odd.extra[0].value));
    assert_int_equal(check_odd(&odd), OK);
    assert_true(x509_extension(&cert, OID_DICE_EVIDENCE, &dice));
    memcpy(changed, odd.extra[0].value.ptr, odd.extra[0].value.len);
    changed[odd.extra[0].value.len] = 0; /* a byte behind the OCTET STRING */
    odd.extra[0].value = slice_make(changed, odd.extra[0].value.len + 1);
    assert_int_equal(check_odd(&odd), ERR_MALFORMED);
    assert_true(x509_extension(&cert, OID_CMW, &odd.extra[0].value));
    odd.extras = 2;
    odd.extra[1] = (struct x509_new_extension){OID_DICE_EVIDENCE, false, dice};
    assert_int_equal(check_odd(&odd), OK);
    memcpy(changed, dice.ptr, dice.len);
    changed[dice.len - 2] ^= 1;
    odd.extra[1].value = slice_make(changed, dice.len);
    assert_int_equal(check_odd(&odd), ERR_MISMATCH);
    odd.extras = 1;
    odd.extra[0] =
        (struct x509_new_extension){OID_DICE_EVIDENCE, false, SLICE_LIT("\x83\x61x\x41y\x04")};
    assert_int_equal(check_odd(&odd), ERR_UNSUPPORTED);
    odd.extra[0].value = SLICE_LIT("junk");
    assert_int_not_equal(check_odd(&odd), OK);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_good),
        UNIT(test_bare),
        UNIT(test_openssl_takes_it),
        UNIT(test_foreign_attestation),
        UNIT(test_evidence_of_another_purpose),
        UNIT(test_times),
        UNIT(test_truncation_and_bit_flips),
        UNIT(test_odd_leaves),
        UNIT(test_too_large),
        UNIT(test_algorithms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
