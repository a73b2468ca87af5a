/*
 * Certificates and revocation lists against OpenSSL: what we accept it accepts, with equal fields,
 * on certificates made here, on every real one in the shared vectors, and on mutations of both.
 */
#include "codec/x509.h"

#include <ftw.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base/b64.h"
#include "base/test.h"

static struct fail fail;

/* --- the oracle --- */

static int64_t oracle_time(const ASN1_TIME *t)
{
    struct tm tm;

    assert_int_equal(ASN1_TIME_to_tm(t, &tm), 1);
    return timegm(&tm);
}

static bool same_der(struct slice ours, unsigned char *theirs, int len)
{
    bool same = len > 0 && slice_eq(ours, slice_make(theirs, (size_t)len));

    OPENSSL_free(theirs);
    return same;
}

static bool same_number(struct slice ours, const ASN1_INTEGER *theirs)
{
    BIGNUM *a = BN_bin2bn(ours.ptr, (int)ours.len, NULL), *b = ASN1_INTEGER_to_BN(theirs, NULL);
    bool same = BN_cmp(a, b) == 0;

    BN_free(a);
    BN_free(b);
    return same;
}

static bool same_octets(struct slice ours, const ASN1_OCTET_STRING *theirs)
{
    if (theirs == NULL)
        return ours.len == 0;
    return slice_eq(ours, slice_make(theirs->data, (size_t)theirs->length));
}

/* Return the encoding of `name` as it stood in the certificate. */
static struct slice oracle_name(const X509_NAME *name)
{
    const unsigned char *der;
    size_t len;

    assert_int_equal(X509_NAME_get0_der(name, &der, &len), 1);
    return slice_make(der, len);
}

static int oracle_sig(enum x509_sig sig)
{
    switch (sig) {
    case X509_ECDSA_SHA256:
        return NID_ecdsa_with_SHA256;
    case X509_ECDSA_SHA384:
        return NID_ecdsa_with_SHA384;
    case X509_RSA_SHA256:
        return NID_sha256WithRSAEncryption;
    case X509_RSA_SHA384:
        return NID_sha384WithRSAEncryption;
    case X509_PSS_SHA256:
    case X509_PSS_SHA384:
        return NID_rsassaPss;
    case X509_ED25519:
        return NID_ED25519;
    }
    return 0;
}

static X509 *oracle_parse(struct slice der)
{
    const unsigned char *at = der.ptr;
    X509 *x = d2i_X509(NULL, &at, (long)der.len);

    if (x != NULL && at != der.ptr + der.len) {
        X509_free(x);
        return NULL;
    }
    return x;
}

/* Return the name of the first field that differs, NULL if none does. */
static const char *differs(const struct x509_cert *ours, X509 *x)
{
    const X509_ALGOR *alg;
    const ASN1_BIT_STRING *sig;
    unsigned char *der = NULL;
    int len;
    uint32_t flags = X509_get_extension_flags(x), usage = X509_get_key_usage(x);
    static const uint32_t usages[] = {KU_DIGITAL_SIGNATURE, KU_KEY_CERT_SIGN, KU_CRL_SIGN};
    static const uint16_t bits[] = {X509_DIGITAL_SIGNATURE, X509_KEY_CERT_SIGN, X509_CRL_SIGN};

    len = i2d_re_X509_tbs(x, &der);
    if (!same_der(ours->tbs, der, len))
        return "tbs";
    if (!same_number(ours->serial, X509_get0_serialNumber(x)))
        return "serial";
    if (!slice_eq(ours->issuer, oracle_name(X509_get_issuer_name(x))))
        return "issuer";
    if (!slice_eq(ours->subject, oracle_name(X509_get_subject_name(x))))
        return "subject";
    if (ours->not_before != oracle_time(X509_get0_notBefore(x)) ||
        ours->not_after != oracle_time(X509_get0_notAfter(x)))
        return "validity";
    der = NULL;
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    if (!same_der(ours->key.spki, der, len))
        return "key";
    X509_get0_signature(&sig, &alg, x);
    if (!slice_eq(ours->signature, slice_make(sig->data, (size_t)sig->length)) ||
        OBJ_obj2nid(alg->algorithm) != oracle_sig(ours->sig))
        return "signature";
    /* OpenSSL also reads an old extension that we do not know: what is in it is no concern of ours,
     * and it stops there. */
    if ((flags & EXFLAG_INVALID) != 0)
        return X509_get_ext_by_NID(x, NID_netscape_cert_type, -1) >= 0 ? NULL : "extensions";
    if (ours->has_basic != ((flags & EXFLAG_BCONS) != 0) ||
        ours->is_ca != ((flags & EXFLAG_CA) != 0))
        return "basicConstraints";
    if (ours->path_max != X509_get_pathlen(x) && ours->path_max != X509_CHAIN_MAX)
        return "path length";
    if (ours->has_usage != ((flags & EXFLAG_KUSAGE) != 0))
        return "keyUsage";
    for (size_t i = 0; i < COUNT_OF(usages) && ours->has_usage; i++)
        if (((ours->usage & bits[i]) != 0) != ((usage & usages[i]) != 0))
            return "keyUsage bits";
    if (!same_octets(ours->subject_key_id, X509_get0_subject_key_id(x)) ||
        !same_octets(ours->authority_key_id, X509_get0_authority_key_id(x)))
        return "key identifiers";
    return NULL;
}

/* Parse `der` both ways. Returns whether we accept; fails if we do and OpenSSL does not. */
static bool check_cert(struct slice der, const char *name)
{
    struct x509_cert cert;
    cocoon_err err = x509_parse(der, &cert, &fail);
    const char *field;
    X509 *x;

    if (err != OK) {
        assert_int_equal(fail.code, err);
        return false;
    }
    x = oracle_parse(der);
    if (x == NULL)
        fail_msg("%s: accepted by us, refused by OpenSSL", name);
    field = differs(&cert, x);
    if (field != NULL)
        fail_msg("%s: %s differs from OpenSSL's", name, field);
    X509_free(x);
    return true;
}

static const char *crl_differs(const struct x509_crl *ours, X509_CRL *x)
{
    unsigned char *der = NULL;
    int len = i2d_re_X509_CRL_tbs(x, &der);
    STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(x);
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(x);

    if (!same_der(ours->tbs, der, len))
        return "tbs";
    if (!slice_eq(ours->issuer, oracle_name(X509_CRL_get_issuer(x))))
        return "issuer";
    if (ours->this_update != oracle_time(X509_CRL_get0_lastUpdate(x)))
        return "thisUpdate";
    if (ours->has_next != (next != NULL) ||
        (next != NULL && ours->next_update != oracle_time(next)))
        return "nextUpdate";
    if ((int)ours->revoked_count != (list == NULL ? 0 : sk_X509_REVOKED_num(list)))
        return "number of entries";
    for (int i = 0; list != NULL && i < sk_X509_REVOKED_num(list); i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(list, i);
        BIGNUM *serial = ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(entry), NULL);
        uint8_t bytes[X509_SERIAL_MAX] = {0};
        int n = BN_bn2bin(serial, bytes);
        struct x509_revoked found;

        BN_free(serial);
        if (!x509_crl_find(ours, slice_make(bytes, n == 0 ? 1 : (size_t)n), &found))
            return "entry";
    }
    return NULL;
}

static bool check_crl(struct slice der, const char *name)
{
    const unsigned char *at = der.ptr;
    struct x509_crl crl;
    const char *field;
    X509_CRL *x;

    if (x509_crl_parse(der, &crl, &fail) != OK)
        return false;
    x = d2i_X509_CRL(NULL, &at, (long)der.len);
    if (x == NULL || at != der.ptr + der.len)
        fail_msg("%s: list accepted by us, refused by OpenSSL", name);
    field = crl_differs(&crl, x);
    if (field != NULL)
        fail_msg("%s: %s of the list differs from OpenSSL's", name, field);
    X509_CRL_free(x);
    return true;
}

/* Cut `der` at every byte and flip bits of it, checking each. */
static void check_mutations(struct slice der, bool (*check)(struct slice, const char *),
                            const char *name, size_t stride)
{
    uint8_t *copy = MEM_ARRAY(der.len, uint8_t);

    memcpy(copy, der.ptr, der.len);
    for (size_t n = 0; n < der.len; n += stride)
        assert_false(check(slice_make(copy, n), name));
    for (size_t bit = 0; bit < 8 * der.len; bit += stride) {
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        (void)check(slice_make(copy, der.len), name);
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    mem_free(copy);
}

/* --- certificates made here, by OpenSSL --- */

struct made {
    EVP_PKEY *key;
    X509 *x;
    struct buf der;
    struct x509_cert cert;
};

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;

    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(ext);
    assert_int_equal(X509_add_ext(x, ext, -1), 1);
    X509_EXTENSION_free(ext);
}

static void set_names(X509 *x, const char *subject, const X509 *issuer)
{
    X509_NAME *name = X509_get_subject_name(x);

    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)subject, -1, -1, 0),
                     1);
    X509_set_issuer_name(x, issuer == NULL ? name : X509_get_subject_name(issuer));
}

static void sign(X509 *x, EVP_PKEY *key, const EVP_MD *md, bool pss)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *params;

    assert_int_equal(EVP_DigestSignInit(ctx, &params, md, NULL, key), 1);
    if (pss) {
        EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(params, RSA_PSS_SALTLEN_DIGEST);
    }
    assert_true(X509_sign_ctx(x, ctx) > 0);
    EVP_MD_CTX_free(ctx);
}

static void take_der(struct made *m)
{
    unsigned char *der = NULL;
    int len = i2d_X509(m->x, &der);

    assert_true(len > 0);
    buf_init(&m->der, 1 << 16);
    buf_put(&m->der, slice_make(der, (size_t)len));
    OPENSSL_free(der);
}

/* Make a certificate over `key`, signed by `issuer` (NULL: itself). */
static void make(struct made *m, EVP_PKEY *key, const char *subject, const struct made *issuer,
                 const char *basic, const EVP_MD *md, bool pss)
{
    X509 *by = issuer == NULL ? NULL : issuer->x;

    m->key = key;
    m->x = X509_new();
    X509_set_version(m->x, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(m->x), 0x8001020304050607);
    ASN1_TIME_set(X509_getm_notBefore(m->x), 1000000000);
    ASN1_TIME_set(X509_getm_notAfter(m->x), 3000000000);
    set_names(m->x, subject, by);
    X509_set_pubkey(m->x, key);
    add_extension(m->x, by == NULL ? m->x : by, NID_basic_constraints, basic);
    add_extension(m->x, by == NULL ? m->x : by, NID_key_usage,
                  "critical,digitalSignature,keyCertSign,cRLSign");
    add_extension(m->x, by == NULL ? m->x : by, NID_subject_key_identifier, "hash");
    add_extension(m->x, by == NULL ? m->x : by, NID_authority_key_identifier, "keyid");
    add_extension(m->x, m->x, NID_ext_key_usage, "OCSPSigning,clientAuth");
    add_extension(m->x, m->x, NID_subject_alt_name, "DNS:a.example,URI:https://b.example/");
    add_extension(m->x, m->x, NID_crl_distribution_points, "URI:http://c.example/list.crl");
    sign(m->x, issuer == NULL ? key : issuer->key, md, pss);
    take_der(m);
    assert_int_equal(x509_parse(buf_slice(&m->der), &m->cert, &fail), OK);
}

static void unmake(struct made *m)
{
    X509_free(m->x);
    EVP_PKEY_free(m->key);
    buf_fini(&m->der);
}

static EVP_PKEY *rsa(void)
{
    return EVP_RSA_gen(2048);
}

static void test_algorithms(void **state)
{
    struct {
        const char *name;
        EVP_PKEY *key;
        const EVP_MD *md;
        bool pss;
        enum x509_sig sig;
        enum x509_key_kind kind;
    } cases[] = {
        {"P-256", EVP_EC_gen("P-256"), EVP_sha256(), false, X509_ECDSA_SHA256, X509_KEY_P256},
        {"P-384", EVP_EC_gen("P-384"), EVP_sha384(), false, X509_ECDSA_SHA384, X509_KEY_P384},
        {"RSA", rsa(), EVP_sha256(), false, X509_RSA_SHA256, X509_KEY_RSA},
        {"RSA, SHA-384", rsa(), EVP_sha384(), false, X509_RSA_SHA384, X509_KEY_RSA},
        {"PSS", rsa(), EVP_sha256(), true, X509_PSS_SHA256, X509_KEY_RSA},
        {"PSS, SHA-384", rsa(), EVP_sha384(), true, X509_PSS_SHA384, X509_KEY_RSA},
        {"Ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, false, X509_ED25519,
         X509_KEY_ED25519},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct made m;

        make(&m, cases[i].key, "root", NULL, "critical,CA:TRUE,pathlen:1", cases[i].md,
             cases[i].pss);
        assert_int_equal(m.cert.sig, cases[i].sig);
        assert_int_equal(m.cert.key.kind, cases[i].kind);
        assert_true(check_cert(buf_slice(&m.der), cases[i].name));
        check_mutations(buf_slice(&m.der), check_cert, cases[i].name, i == 0 ? 1 : 5);
        unmake(&m);
    }
}

static void test_fields(void **state)
{
    struct made m;
    struct slice text, value;

    (void)state;
    make(&m, EVP_EC_gen("P-256"), "root", NULL, "critical,CA:TRUE,pathlen:1", EVP_sha256(), false);
    assert_int_equal(m.cert.path_max, 1);
    assert_int_equal(m.cert.not_before, 1000000000);
    assert_int_equal(m.cert.not_after, 3000000000);
    assert_int_equal(m.cert.serial.len, 8); /* the sign byte is gone */
    assert_true(x509_self_issued(&m.cert));
    assert_true(x509_name_find(m.cert.subject, OID_COMMON_NAME, &text));
    assert_true(slice_eq_text(text, "root"));
    assert_false(x509_name_find(m.cert.subject, OID_ORGANIZATION, &text));
    assert_true(x509_has_purpose(&m.cert, OID_OCSP_SIGNING));
    assert_false(x509_has_purpose(&m.cert, OID_CMW));
    assert_true(x509_extension(&m.cert, OID_SUBJECT_ALT_NAME, &value));
    assert_false(x509_extension(&m.cert, OID_CMW, &value));
    assert_true(x509_crl_url(&m.cert, &text));
    assert_true(slice_eq_text(text, "http://c.example/list.crl"));
    assert_int_equal(x509_valid_at(&m.cert, 999999999, &fail), ERR_NOT_YET_VALID);
    assert_int_equal(x509_valid_at(&m.cert, 1000000000, &fail), OK);
    assert_int_equal(x509_valid_at(&m.cert, 3000000000, &fail), OK);
    assert_int_equal(x509_valid_at(&m.cert, 3000000001, &fail), ERR_EXPIRED);
    unmake(&m);
}

/* Rules of issuing, each broken alone. */
static void test_issuing(void **state)
{
    struct made root, other, leaf;
    struct x509_cert issuer;

    (void)state;
    make(&root, EVP_EC_gen("P-256"), "root", NULL, "critical,CA:TRUE,pathlen:0", EVP_sha256(),
         false);
    make(&other, EVP_EC_gen("P-256"), "root", NULL, "critical,CA:TRUE", EVP_sha256(), false);
    make(&leaf, EVP_EC_gen("P-384"), "leaf", &root, "critical,CA:FALSE", EVP_sha256(), false);
    assert_true(check_cert(buf_slice(&leaf.der), "leaf"));

    assert_int_equal(x509_issued_by(&leaf.cert, &root.cert, 0, &fail), OK);
    assert_int_equal(x509_issued_by(&root.cert, &root.cert, 0, &fail), OK);
    assert_int_equal(x509_issued_by(&leaf.cert, &root.cert, 1, &fail), ERR_RULE);
    assert_int_equal(x509_issued_by(&leaf.cert, &other.cert, 0, &fail), ERR_MISMATCH);
    assert_int_equal(x509_issued_by(&root.cert, &leaf.cert, 0, &fail), ERR_MISMATCH);
    issuer = root.cert;
    issuer.is_ca = false;
    assert_int_equal(x509_issued_by(&leaf.cert, &issuer, 0, &fail), ERR_RULE);
    issuer = root.cert;
    issuer.usage = X509_CRL_SIGN;
    assert_int_equal(x509_issued_by(&leaf.cert, &issuer, 0, &fail), ERR_RULE);
    issuer = root.cert;
    issuer.key.kind = X509_KEY_RSA;
    assert_int_equal(x509_issued_by(&leaf.cert, &issuer, 0, &fail), ERR_ALGORITHM);
    issuer = root.cert;
    issuer.subject = leaf.cert.subject;
    assert_int_equal(x509_issued_by(&leaf.cert, &issuer, 0, &fail), ERR_MISMATCH);
    unmake(&leaf);
    unmake(&other);
    unmake(&root);
}

/* Sign `m` again after a change and say how the parse ends. */
static cocoon_err reparse(struct made *m)
{
    struct x509_cert cert;

    sign(m->x, m->key, EVP_sha256(), false);
    buf_fini(&m->der);
    take_der(m);
    return x509_parse(buf_slice(&m->der), &cert, &fail);
}

static void test_refused(void **state)
{
    struct made m;

    (void)state;
    make(&m, EVP_EC_gen("P-256"), "root", NULL, "critical,CA:TRUE", EVP_sha256(), false);
    add_extension(m.x, m.x, NID_name_constraints, "critical,permitted;DNS:example");
    assert_int_equal(reparse(&m), ERR_UNSUPPORTED);
    X509_EXTENSION_free(X509_delete_ext(m.x, X509_get_ext_count(m.x) - 1));
    assert_int_equal(reparse(&m), OK);
    add_extension(m.x, m.x, NID_subject_alt_name, "DNS:twice.example");
    assert_int_equal(reparse(&m), ERR_DUPLICATE);
    X509_EXTENSION_free(X509_delete_ext(m.x, X509_get_ext_count(m.x) - 1));
    X509_set_version(m.x, X509_VERSION_1);
    assert_int_equal(reparse(&m), ERR_VERSION);
    X509_set_version(m.x, X509_VERSION_3);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(m.x), -5);
    assert_int_equal(reparse(&m), ERR_MALFORMED);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(m.x), 5);
    ASN1_TIME_set(X509_getm_notAfter(m.x), 999999999); /* before notBefore */
    assert_int_equal(reparse(&m), ERR_MALFORMED);
    ASN1_TIME_set(X509_getm_notAfter(m.x), 3000000000);
    for (int i = 0; X509_get_ext_count(m.x) <= X509_EXTENSIONS_MAX; i++) {
        char oid[32];
        ASN1_OBJECT *object;
        ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
        X509_EXTENSION *ext;

        snprintf(oid, sizeof oid, "1.3.6.1.4.1.99999.%d", i);
        object = OBJ_txt2obj(oid, 1);
        ext = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
        X509_add_ext(m.x, ext, -1);
        X509_EXTENSION_free(ext);
        ASN1_OCTET_STRING_free(value);
        ASN1_OBJECT_free(object);
    }
    assert_int_equal(reparse(&m), ERR_LIMIT);
    buf_put_u8(&m.der, 0);
    assert_int_equal(x509_parse(buf_slice(&m.der), &m.cert, &fail), ERR_TRAILING);
    unmake(&m);
}

/* --- revocation lists made here --- */

static void revoke(X509_CRL *crl, int64_t serial, int reason)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    ASN1_TIME *at = ASN1_TIME_set(NULL, 1500000000);
    ASN1_ENUMERATED *why = ASN1_ENUMERATED_new();

    ASN1_INTEGER_set_int64(number, serial);
    X509_REVOKED_set_serialNumber(entry, number);
    X509_REVOKED_set_revocationDate(entry, at);
    ASN1_ENUMERATED_set(why, reason);
    if (reason >= 0)
        X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, why, 0, 0);
    X509_CRL_add0_revoked(crl, entry);
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(at);
    ASN1_ENUMERATED_free(why);
}

static struct buf make_crl(const struct made *issuer, bool with_next, bool with_entries)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *at = ASN1_TIME_set(NULL, 1600000000), *next = ASN1_TIME_set(NULL, 1700000000);
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    unsigned char *der = NULL;
    struct buf out;
    int len;

    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->x));
    X509_CRL_set1_lastUpdate(crl, at);
    if (with_next)
        X509_CRL_set1_nextUpdate(crl, next);
    ASN1_INTEGER_set(number, 7);
    X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0);
    if (with_entries) {
        revoke(crl, 0, -1);
        revoke(crl, 0x80, 1);
        revoke(crl, 0x1234567890, 4);
    }
    assert_true(X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0);
    len = i2d_X509_CRL(crl, &der);
    buf_init(&out, 1 << 16);
    buf_put(&out, slice_make(der, (size_t)len));
    OPENSSL_free(der);
    ASN1_TIME_free(at);
    ASN1_TIME_free(next);
    ASN1_INTEGER_free(number);
    X509_CRL_free(crl);
    return out;
}

static void test_revocation(void **state)
{
    struct made root;
    struct buf der, bare;
    struct x509_crl crl;
    struct x509_revoked found;
    struct x509_cert other;

    (void)state;
    make(&root, EVP_EC_gen("P-256"), "root", NULL, "critical,CA:TRUE", EVP_sha256(), false);
    der = make_crl(&root, true, true);
    assert_true(check_crl(buf_slice(&der), "list"));
    check_mutations(buf_slice(&der), check_crl, "list", 1);
    assert_int_equal(x509_crl_parse(buf_slice(&der), &crl, &fail), OK);
    assert_int_equal(crl.version, 2);
    assert_true(slice_eq_text(crl.number, "\x07"));
    assert_true(x509_crl_find(&crl, SLICE_LIT("\x00"), &found));
    assert_int_equal(found.reason, -1);
    assert_true(x509_crl_find(&crl, SLICE_LIT("\x80"), &found));
    assert_int_equal(found.reason, 1);
    assert_int_equal(found.at, 1500000000);
    assert_true(x509_crl_find(&crl, SLICE_LIT("\x12\x34\x56\x78\x90"), &found));
    assert_false(x509_crl_find(&crl, SLICE_LIT("\x12\x34\x56\x78"), &found));

    assert_int_equal(x509_crl_issued_by(&crl, &root.cert, 1600000000, &fail), OK);
    assert_int_equal(x509_crl_issued_by(&crl, &root.cert, 1700000000, &fail), OK);
    assert_int_equal(x509_crl_issued_by(&crl, &root.cert, 1599999999, &fail), ERR_NOT_YET_VALID);
    assert_int_equal(x509_crl_issued_by(&crl, &root.cert, 1700000001, &fail), ERR_EXPIRED);
    other = root.cert;
    other.usage = X509_KEY_CERT_SIGN;
    assert_int_equal(x509_crl_issued_by(&crl, &other, 1600000000, &fail), ERR_RULE);
    other = root.cert;
    other.subject = slice_skip(other.subject, 1);
    assert_int_equal(x509_crl_issued_by(&crl, &other, 1600000000, &fail), ERR_MISMATCH);
    other = root.cert;
    other.key.kind = X509_KEY_ED25519;
    assert_int_equal(x509_crl_issued_by(&crl, &other, 1600000000, &fail), ERR_ALGORITHM);

    bare = make_crl(&root, false, false);
    assert_true(check_crl(buf_slice(&bare), "bare list"));
    assert_int_equal(x509_crl_parse(buf_slice(&bare), &crl, &fail), OK);
    assert_false(x509_crl_find(&crl, SLICE_LIT("\x00"), &found));
    assert_int_equal(x509_crl_issued_by(&crl, &root.cert, 1600000000, &fail), ERR_MISSING);
    buf_fini(&bare);
    buf_fini(&der);
    unmake(&root);
}

static void test_chain_text(void **state)
{
    struct made root, leaf;
    struct x509_cert certs[X509_CHAIN_MAX];
    struct arena arena;
    struct buf text;
    size_t count;

    (void)state;
    arena_init(&arena, 1 << 20);
    make(&root, EVP_EC_gen("P-256"), "root", NULL, "critical,CA:TRUE", EVP_sha256(), false);
    make(&leaf, EVP_EC_gen("P-256"), "leaf", &root, "critical,CA:FALSE", EVP_sha256(), false);
    buf_init(&text, 1 << 16);
    pem_put(&text, "CERTIFICATE", buf_slice(&leaf.der));
    pem_put(&text, "CERTIFICATE", buf_slice(&root.der));
    assert_int_equal(
        x509_read_chain(buf_slice(&text), &arena, certs, X509_CHAIN_MAX, &count, &fail), OK);
    assert_int_equal(count, 2);
    assert_int_equal(x509_issued_by(&certs[0], &certs[1], 0, &fail), OK);
    assert_int_equal(x509_read_chain(buf_slice(&text), &arena, certs, 1, &count, &fail), ERR_LIMIT);
    assert_int_equal(
        x509_read_chain(buf_slice(&root.der), &arena, certs, X509_CHAIN_MAX, &count, &fail), OK);
    assert_int_equal(count, 1);
    buf_fini(&text);
    unmake(&leaf);
    unmake(&root);
    arena_fini(&arena);
}

/* --- every real certificate and list of the shared vectors --- */

struct found {
    struct buf der;
    bool foreign; /* in a boot event log: some machine's firmware keys, which may be refused */
};

static struct {
    struct found *items;
    size_t count, certs, lists;
    bool foreign; /* of the file at hand */
} real;

/* Keep `der` if it is new and OpenSSL takes it as a certificate or list. */
static void keep(struct slice der)
{
    const unsigned char *at = der.ptr;
    X509 *x = oracle_parse(der);
    X509_CRL *crl = x != NULL ? NULL : d2i_X509_CRL(NULL, &at, (long)der.len);

    for (size_t i = 0; i < real.count; i++)
        if (slice_eq(buf_slice(&real.items[i].der), der))
            goto done;
    if (x == NULL && crl == NULL)
        goto done;
    real.items = mem_resize(real.items, real.count + 1, sizeof *real.items);
    buf_init(&real.items[real.count].der, 1 << 20);
    buf_put(&real.items[real.count].der, der);
    real.items[real.count++].foreign = real.foreign;
    real.certs += x != NULL;
    real.lists += crl != NULL;
done:
    X509_free(x);
    X509_CRL_free(crl);
}

/* Find what looks like DER of a certificate or list anywhere in `bytes`. */
static void keep_binary(struct slice bytes)
{
    for (size_t i = 0; i + 4 < bytes.len; i++) {
        const uint8_t *p = bytes.ptr + i;
        size_t len = (size_t)p[2] << 8 | p[3];

        if (p[0] == 0x30 && p[1] == 0x82 && p[4] == 0x30 && len + 4 <= bytes.len - i)
            keep(slice_sub(bytes, i, len + 4));
    }
}

/* Decode each run of base64 that follows `mark` (in PEM, XML) and keep what is in it. */
static void keep_base64(struct slice text, const char *mark)
{
    struct slice needle = slice_text(mark);
    size_t at;

    while (slice_find_slice(text, needle, &at)) {
        struct buf letters, der;

        text = slice_skip(text, at + needle.len);
        buf_init(&letters, 1 << 20);
        buf_init(&der, 1 << 20);
        for (size_t i = 0; i < text.len && strchr("-<\"", text.ptr[i]) == NULL; i++)
            if (strchr(" \r\n\t\\", text.ptr[i]) == NULL)
                buf_put_u8(&letters, text.ptr[i]);
        if (b64_read(buf_slice(&letters), &der) == OK)
            keep(buf_slice(&der));
        buf_fini(&letters);
        buf_fini(&der);
    }
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    struct buf file;

    (void)st;
    (void)ftw;
    if (type == FTW_F && test_read_file(path, &file)) {
        real.foreign = strstr(path, "event_log") != NULL || strstr(path, "ccel.bin") != NULL;
        keep_binary(buf_slice(&file));
        keep_base64(buf_slice(&file), "-----BEGIN CERTIFICATE-----");
        keep_base64(buf_slice(&file), "X509Certificate>");
        buf_fini(&file);
    }
    return 0;
}

/* A real one must be accepted, and its mutations must not surprise. */
static void check_real(const struct found *item)
{
    struct slice der = buf_slice(&item->der);
    X509 *x = oracle_parse(der);
    bool (*check)(struct slice, const char *) = x != NULL ? check_cert : check_crl;

    X509_free(x);
    if (!check(der, "real one") && !item->foreign)
        fail_msg("a real one is refused: %s at %zu", fail.what, fail.offset);
    check_mutations(der, check, "mutation of a real one", 41);
}

static void test_real_ones(void **state)
{
    (void)state;
    if (nftw(test_shared_path("vectors"), visit, 16, FTW_PHYS) != 0) {
        fprintf(stderr, "SKIPPED: real certificates (set COCOON_SHARED to the shared folder)\n");
        return;
    }
    for (size_t i = 0; i < real.count; i++)
        check_real(&real.items[i]);
    printf("%zu certificates and %zu lists agree with OpenSSL\n", real.certs, real.lists);
    assert_true(real.certs >= 60 && real.lists >= 4);
    for (size_t i = 0; i < real.count; i++)
        buf_fini(&real.items[i].der);
    mem_free(real.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_algorithms), cmocka_unit_test(test_fields),
        cmocka_unit_test(test_issuing),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_revocation), cmocka_unit_test(test_chain_text),
        cmocka_unit_test(test_real_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
