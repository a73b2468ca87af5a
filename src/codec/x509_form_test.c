/*
 * The profile rule by rule: certificates, keys and lists put together from pieces, so that one
 * piece at a time can be wrong. Nothing is signed here; parsing checks no signature.
 */
#include "base/test.h"
#include "codec/der.h"
#include "codec/x509.h"

static struct fail fail;
static uint8_t zeros[4096];

#define NAME_A "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01\x61"
#define ALG    "\x30\x05\x06\x03\x2b\x65\x70"
#define TIME_0                                                                                     \
    "\x17\x0d"                                                                                     \
    "700101000000Z"
#define TIME_1                                                                                     \
    "\x17\x0d"                                                                                     \
    "710101000000Z"
#define SPKI                                                                                       \
    "\x30\x2a" ALG "\x03\x21\x00"                                                                  \
    "01234567890123456789012345678901"
#define SIG "0123456789012345678901234567890123456789012345678901234567890123"

enum piece {
    VERSION,
    SERIAL,
    INNER,
    ISSUER,
    VALIDITY,
    SUBJECT,
    KEY,
    TAIL,
    OUTER,
    SIGNATURE,
    PIECES
};

static const struct slice good[PIECES] = {
    [VERSION] = SLICE_INIT("\xa0\x03\x02\x01\x02"),
    [SERIAL] = SLICE_INIT("\x02\x01\x01"),
    [INNER] = SLICE_INIT(ALG),
    [ISSUER] = SLICE_INIT(NAME_A),
    [VALIDITY] = SLICE_INIT("\x30\x1e" TIME_0 TIME_1),
    [SUBJECT] = SLICE_INIT(NAME_A),
    [KEY] = SLICE_INIT(SPKI),
    [TAIL] = SLICE_INIT(""),
    [OUTER] = SLICE_INIT(ALG),
    [SIGNATURE] = SLICE_INIT("\x03\x41\x00" SIG),
};

/* Parse a certificate of `pieces`. */
static cocoon_err parse(const struct slice *pieces, struct x509_cert *out)
{
    static uint8_t room[16384];
    struct wr w = wr_init(room, sizeof room);
    struct wr_block all = der_open(&w, DER_SEQUENCE), tbs = der_open(&w, DER_SEQUENCE);
    struct slice der;

    for (int i = VERSION; i <= TAIL; i++)
        wr_slice(&w, pieces[i]);
    der_close(&w, tbs);
    wr_slice(&w, pieces[OUTER]);
    wr_slice(&w, pieces[SIGNATURE]);
    der_close(&w, all);
    assert_int_equal(wr_end(&w, &der), OK);
    return x509_parse(der, out, &fail);
}

/* Parse the good certificate with one piece replaced. */
static cocoon_err parse_with(enum piece which, struct slice piece, struct x509_cert *out)
{
    struct slice pieces[PIECES];

    memcpy(pieces, good, sizeof good);
    pieces[which] = piece;
    return parse(pieces, out);
}

static void test_pieces(void **state)
{
    static const struct {
        const char *name;
        enum piece which;
        struct slice piece;
        cocoon_err err;
    } cases[] = {
        {"good", SERIAL, SLICE_INIT("\x02\x01\x02"), OK},
        {"version 1, by default", VERSION, SLICE_INIT(""), ERR_VERSION},
        {"version 2", VERSION, SLICE_INIT("\xa0\x03\x02\x01\x01"), ERR_VERSION},
        {"version and more", VERSION, SLICE_INIT("\xa0\x06\x02\x01\x02\x02\x01\x02"),
         ERR_MALFORMED},
        {"serial of 20 bytes", SERIAL,
         SLICE_INIT("\x02\x14"
                    "01234567890123456789"),
         OK},
        {"serial of 21 bytes", SERIAL,
         SLICE_INIT("\x02\x15"
                    "012345678901234567890"),
         ERR_MALFORMED},
        {"negative serial", SERIAL, SLICE_INIT("\x02\x01\x80"), ERR_MALFORMED},
        {"algorithms differ", INNER, SLICE_INIT("\x30\x05\x06\x03\x2b\x65\x71"), ERR_MALFORMED},
        {"empty issuer", ISSUER, SLICE_INIT("\x30\x00"), ERR_MALFORMED},
        {"empty subject", SUBJECT, SLICE_INIT("\x30\x00"), OK},
        {"ends before it begins", VALIDITY, SLICE_INIT("\x30\x1e" TIME_1 TIME_0), ERR_MALFORMED},
        {"lasts no time", VALIDITY, SLICE_INIT("\x30\x1e" TIME_1 TIME_1), OK},
        {"unknown key", KEY, SLICE_INIT("\x30\x09\x30\x04\x06\x02\x2a\x03\x03\x01\x00"),
         ERR_ALGORITHM},
        {"three times", VALIDITY, SLICE_INIT("\x30\x2d" TIME_0 TIME_1 TIME_1), ERR_MALFORMED},
        {"one time", VALIDITY, SLICE_INIT("\x30\x0f" TIME_0), ERR_MALFORMED},
        {"unique identifier", TAIL, SLICE_INIT("\x81\x02\x00\x01"), ERR_MALFORMED},
        {"extensions of none", TAIL, SLICE_INIT("\xa3\x02\x30\x00"), ERR_MALFORMED},
        {"extensions twice", TAIL, SLICE_INIT("\xa3\x02\x30\x00\xa3\x02\x30\x00"), ERR_MALFORMED},
        {"unknown algorithm", OUTER, SLICE_INIT("\x30\x05\x06\x03\x2b\x65\x71"), ERR_ALGORITHM},
        {"algorithm and more", OUTER, SLICE_INIT("\x30\x07\x06\x03\x2b\x65\x70\x05\x00"),
         ERR_ALGORITHM},
        {"Ed25519 signature of 63 bytes", SIGNATURE,
         SLICE_INIT("\x03\x40\x00"
                    "012345678901234567890123456789012345678901234567890123456789012"),
         ERR_MALFORMED},
        {"signature of bits", SIGNATURE, SLICE_INIT("\x03\x41\x01" SIG), ERR_MALFORMED},
        {"something behind the signature", SIGNATURE, SLICE_INIT("\x03\x41\x00" SIG "\x05\x00"),
         ERR_MALFORMED},
    };
    struct x509_cert cert;

    (void)state;
    assert_int_equal(parse(good, &cert), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (parse_with(cases[i].which, cases[i].piece, &cert) != cases[i].err)
            fail_msg("%s: %s", cases[i].name, fail.what);
}

/* Names: what stands in an attribute, and how several share one set. */
static void test_names(void **state)
{
    static const struct {
        const char *name;
        struct slice text;
        bool valid;
    } cases[] = {
        {"UTF-8", SLICE_INIT("\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02\xc3\xa9"), true},
        {"not UTF-8", SLICE_INIT("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01\xff"),
         false},
        {"printable", SLICE_INIT("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x13\x01\x61"), true},
        {"not printable", SLICE_INIT("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x13\x01\xff"),
         false},
        {"teletex", SLICE_INIT("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x14\x01\x61"), false},
        {"two in order",
         SLICE_INIT("\x30\x16\x31\x14\x30\x08\x06\x03\x55\x04\x03\x0c\x01\x61"
                    "\x30\x08\x06\x03\x55\x04\x03\x0c\x01\x62"),
         true},
        {"two out of order",
         SLICE_INIT("\x30\x16\x31\x14\x30\x08\x06\x03\x55\x04\x03\x0c\x01\x62"
                    "\x30\x08\x06\x03\x55\x04\x03\x0c\x01\x61"),
         false},
        {"twice the same",
         SLICE_INIT("\x30\x16\x31\x14\x30\x08\x06\x03\x55\x04\x03\x0c\x01\x61"
                    "\x30\x08\x06\x03\x55\x04\x03\x0c\x01\x61"),
         false},
        {"empty set", SLICE_INIT("\x30\x02\x31\x00"), false},
        {"three in an attribute",
         SLICE_INIT("\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x01\x61\x05\x00"), false},
        {"sequence for a set",
         SLICE_INIT("\x30\x0c\x30\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01\x61"), false},
    };
    struct x509_cert cert;
    struct slice text;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if ((parse_with(SUBJECT, cases[i].text, &cert) == OK) != cases[i].valid)
            fail_msg("%s", cases[i].name);
    assert_false(x509_name_find(SLICE_LIT("\x30\x02\x31"), OID_COMMON_NAME, &text));
}

/* Signature algorithms and the form of what they make. */
static void test_algorithms(void **state)
{
#define ECDSA256    "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define RSA256      "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"
#define SHA256      "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
#define SHA384      "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00"
#define SHA512      "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00"
#define SHA256_BARE "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define MGF         "\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
#define PSS(len, inner, hash, mgf, rest)                                                           \
    "\x30" len "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30" inner "\xa0\x0f" hash            \
    "\xa1\x1c" mgf rest
#define SALT32 "\xa2\x03\x02\x01\x20"
    static const struct {
        const char *name;
        struct slice alg, signature;
        cocoon_err err;
    } cases[] = {
        {"ECDSA", SLICE_INIT(ECDSA256), SLICE_INIT("\x03\x09\x00\x30\x06\x02\x01\x01\x02\x01\x01"),
         OK},
        {"ECDSA with NULL", SLICE_INIT("\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00"),
         SLICE_INIT("\x03\x09\x00\x30\x06\x02\x01\x01\x02\x01\x01"), ERR_ALGORITHM},
        {"ECDSA, r is zero", SLICE_INIT(ECDSA256),
         SLICE_INIT("\x03\x09\x00\x30\x06\x02\x01\x00\x02\x01\x01"), ERR_MALFORMED},
        {"ECDSA-384, padded", SLICE_INIT("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"),
         SLICE_INIT("\x03\x0a\x00\x30\x07\x02\x02\x00\x01\x02\x01\x01"), ERR_MALFORMED},
        {"RSA", SLICE_INIT(RSA256), SLICE_INIT("\x03\x02\x00\x01"), OK},
        {"RSA of nothing", SLICE_INIT(RSA256), SLICE_INIT("\x03\x01\x00"), ERR_MALFORMED},
        {"RSA without NULL", SLICE_INIT("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"),
         SLICE_INIT("\x03\x02\x00\x01"), ERR_ALGORITHM},
        {"PSS", SLICE_INIT(PSS("\x41", "\x34", SHA256, MGF SHA256, SALT32)),
         SLICE_INIT("\x03\x02\x00\x01"), OK},
        {"PSS, trailer said",
         SLICE_INIT(PSS("\x46", "\x39", SHA256, MGF SHA256, SALT32 "\xa3\x03\x02\x01\x01")),
         SLICE_INIT("\x03\x02\x00\x01"), OK},
        {"PSS, another trailer",
         SLICE_INIT(PSS("\x46", "\x39", SHA256, MGF SHA256, SALT32 "\xa3\x03\x02\x01\x02")),
         SLICE_INIT("\x03\x02\x00\x01"), ERR_ALGORITHM},
        {"PSS, another salt",
         SLICE_INIT(PSS("\x41", "\x34", SHA256, MGF SHA256, "\xa2\x03\x02\x01\x21")),
         SLICE_INIT("\x03\x02\x00\x01"), ERR_ALGORITHM},
        {"PSS, another hash inside", SLICE_INIT(PSS("\x41", "\x34", SHA256, MGF SHA384, SALT32)),
         SLICE_INIT("\x03\x02\x00\x01"), ERR_ALGORITHM},
        {"PSS, an unknown hash",
         SLICE_INIT(PSS("\x41", "\x34", SHA512, MGF SHA512, "\xa2\x03\x02\x01\x00")),
         SLICE_INIT("\x03\x02\x00\x01"), ERR_ALGORITHM},
        {"PSS of defaults",
         SLICE_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x00"),
         SLICE_INIT("\x03\x02\x00\x01"), ERR_ALGORITHM},
        {"PSS, hash without NULL",
         SLICE_INIT(
             "\x30\x3f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x32\xa0\x0d" SHA256_BARE
             "\xa1\x1c" MGF SHA256 SALT32),
         SLICE_INIT("\x03\x02\x00\x01"), OK},
        {"PSS, another mask",
         SLICE_INIT(PSS("\x41", "\x34", SHA256,
                        "\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x09" SHA256, SALT32)),
         SLICE_INIT("\x03\x02\x00\x01"), ERR_ALGORITHM},
    };
    struct x509_cert cert;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct slice pieces[PIECES];
        cocoon_err err;

        memcpy(pieces, good, sizeof good);
        pieces[INNER] = pieces[OUTER] = cases[i].alg;
        pieces[SIGNATURE] = cases[i].signature;
        err = parse(pieces, &cert);
        if (err != cases[i].err)
            fail_msg("%s: %s, %s", cases[i].name, cocoon_err_name(err), fail.what);
    }
}

/* --- keys --- */

/* Parse the SubjectPublicKeyInfo of an algorithm and `len` key bytes that begin with `first`. */
static cocoon_err parse_key(struct slice alg, uint8_t first, size_t len, struct slice tail)
{
    static uint8_t room[8192];
    struct wr w = wr_init(room, sizeof room);
    struct wr_block all = der_open(&w, DER_SEQUENCE);
    struct x509_key key;
    struct slice der;

    wr_slice(&w, alg);
    zeros[0] = first;
    der_put_bits(&w, slice_make(zeros, len));
    zeros[0] = 0;
    wr_slice(&w, tail);
    der_close(&w, all);
    assert_int_equal(wr_end(&w, &der), OK);
    return x509_key_parse(der, &key, &fail);
}

static void test_keys(void **state)
{
#define EC "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
    static const struct {
        const char *name;
        struct slice alg;
        uint8_t first;
        size_t len;
        struct slice tail;
        cocoon_err err;
    } cases[] = {
        {"P-256", SLICE_INIT("\x30\x13" EC "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"), 4, 65,
         SLICE_INIT(""), OK},
        {"P-256 compressed", SLICE_INIT("\x30\x13" EC "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
         2, 33, SLICE_INIT(""), ERR_MALFORMED},
        {"P-256 hybrid", SLICE_INIT("\x30\x13" EC "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"), 6,
         65, SLICE_INIT(""), ERR_MALFORMED},
        {"P-256, too long", SLICE_INIT("\x30\x13" EC "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"), 4,
         66, SLICE_INIT(""), ERR_MALFORMED},
        {"P-384", SLICE_INIT("\x30\x10" EC "\x06\x05\x2b\x81\x04\x00\x22"), 4, 97, SLICE_INIT(""),
         OK},
        {"P-384, a point of P-256", SLICE_INIT("\x30\x10" EC "\x06\x05\x2b\x81\x04\x00\x22"), 4, 65,
         SLICE_INIT(""), ERR_MALFORMED},
        {"P-521", SLICE_INIT("\x30\x10" EC "\x06\x05\x2b\x81\x04\x00\x23"), 4, 133, SLICE_INIT(""),
         ERR_ALGORITHM},
        {"P-521 by name, P-384 by length", SLICE_INIT("\x30\x10" EC "\x06\x05\x2b\x81\x04\x00\x23"),
         4, 97, SLICE_INIT(""), ERR_ALGORITHM},
        {"no curve", SLICE_INIT("\x30\x09" EC), 4, 65, SLICE_INIT(""), ERR_ALGORITHM},
        {"curve and more",
         SLICE_INIT("\x30\x15" EC "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x05\x00"), 4, 65,
         SLICE_INIT(""), ERR_MALFORMED},
        {"Ed25519", SLICE_INIT(ALG), 1, 32, SLICE_INIT(""), OK},
        {"Ed25519, short", SLICE_INIT(ALG), 1, 31, SLICE_INIT(""), ERR_MALFORMED},
        {"Ed25519 with NULL", SLICE_INIT("\x30\x07\x06\x03\x2b\x65\x70\x05\x00"), 1, 32,
         SLICE_INIT(""), ERR_MALFORMED},
        {"X25519", SLICE_INIT("\x30\x05\x06\x03\x2b\x65\x6e"), 1, 32, SLICE_INIT(""),
         ERR_ALGORITHM},
        {"DSA with P-256's curve",
         SLICE_INIT("\x30\x13\x06\x07\x2a\x86\x48\xce\x38\x04\x01"
                    "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
         4, 65, SLICE_INIT(""), ERR_ALGORITHM},
        {"more behind the key", SLICE_INIT(ALG), 1, 32, SLICE_INIT("\x05\x00"), ERR_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cocoon_err err = parse_key(cases[i].alg, cases[i].first, cases[i].len, cases[i].tail);

        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].name, cocoon_err_name(err));
    }
}

/* Parse an RSA key of a modulus of `len` bytes, with `tail` behind its exponent. */
static cocoon_err parse_rsa(size_t len, struct slice params, struct slice tail)
{
    static uint8_t bits[8192], room[8192];
    struct wr w = wr_init(bits, sizeof bits);
    struct wr_block key = der_open(&w, DER_SEQUENCE), all, alg;
    struct x509_key out;
    struct slice inner, der;

    zeros[0] = 0x80;
    der_put_uint(&w, slice_make(zeros, len));
    zeros[0] = 0;
    der_put_u64(&w, 65537);
    wr_slice(&w, tail);
    der_close(&w, key);
    assert_int_equal(wr_end(&w, &inner), OK);
    w = wr_init(room, sizeof room);
    all = der_open(&w, DER_SEQUENCE);
    alg = der_open(&w, DER_SEQUENCE);
    der_put(&w, DER_OID, OID_RSA);
    wr_slice(&w, params);
    der_close(&w, alg);
    der_put_bits(&w, inner);
    der_close(&w, all);
    assert_int_equal(wr_end(&w, &der), OK);
    return x509_key_parse(der, &out, &fail);
}

static void test_rsa_keys(void **state)
{
    struct slice null = SLICE_LIT("\x05\x00"), nothing = {0};

    (void)state;
    assert_int_equal(parse_rsa(256, null, nothing), OK);
    assert_int_equal(parse_rsa(1024, null, nothing), OK);
    assert_int_equal(parse_rsa(1025, null, nothing), ERR_MALFORMED);
    assert_int_equal(parse_rsa(256, nothing, nothing), ERR_MALFORMED);
    assert_int_equal(parse_rsa(256, null, SLICE_LIT("\x02\x01\x01")), ERR_MALFORMED);
}

/* --- extensions --- */

/* Write `[tag] { SEQUENCE OF Extension }` with one extension into `room`. */
static struct slice extensions(uint8_t *room, size_t size, uint8_t tag, struct slice oid,
                               bool critical, struct slice value)
{
    struct wr w = wr_init(room, size);
    struct wr_block block = der_open(&w, tag), list = der_open(&w, DER_SEQUENCE);
    struct wr_block ext = der_open(&w, DER_SEQUENCE);
    struct slice out;

    der_put(&w, DER_OID, oid);
    if (critical)
        der_put_bool(&w, true);
    der_put(&w, DER_OCTET_STRING, value);
    der_close(&w, ext);
    der_close(&w, list);
    der_close(&w, block);
    assert_int_equal(wr_end(&w, &out), OK);
    return out;
}

static void test_extensions(void **state)
{
    static const struct {
        const char *name;
        const struct slice *oid;
        bool critical;
        struct slice value;
        cocoon_err err;
    } cases[] = {
        {"CA", &OID_BASIC_CONSTRAINTS, true, SLICE_INIT("\x30\x03\x01\x01\xff"), OK},
        {"no CA", &OID_BASIC_CONSTRAINTS, false, SLICE_INIT("\x30\x00"), OK},
        {"no CA, said", &OID_BASIC_CONSTRAINTS, false, SLICE_INIT("\x30\x03\x01\x01\x00"),
         ERR_MALFORMED},
        {"path length", &OID_BASIC_CONSTRAINTS, false,
         SLICE_INIT("\x30\x06\x01\x01\xff\x02\x01\x00"), OK},
        {"path length of no CA", &OID_BASIC_CONSTRAINTS, false, SLICE_INIT("\x30\x03\x02\x01\x00"),
         ERR_MALFORMED},
        {"CA and more", &OID_BASIC_CONSTRAINTS, false,
         SLICE_INIT("\x30\x08\x01\x01\xff\x02\x01\x00\x05\x00"), ERR_MALFORMED},
        {"CA, more behind", &OID_BASIC_CONSTRAINTS, false, SLICE_INIT("\x30\x03\x01\x01\xff\x00"),
         ERR_MALFORMED},
        {"usage", &OID_KEY_USAGE, true, SLICE_INIT("\x03\x02\x07\x80"), OK},
        {"usage of nothing", &OID_KEY_USAGE, true, SLICE_INIT("\x03\x01\x00"), ERR_MALFORMED},
        {"usage, more behind", &OID_KEY_USAGE, true, SLICE_INIT("\x03\x02\x07\x80\x00"),
         ERR_MALFORMED},
        {"purposes", &OID_EXT_KEY_USAGE, true, SLICE_INIT("\x30\x04\x06\x02\x2a\x03"), OK},
        {"no purposes", &OID_EXT_KEY_USAGE, true, SLICE_INIT("\x30\x00"), ERR_MALFORMED},
        {"key identifier", &OID_SUBJECT_KEY_ID, false, SLICE_INIT("\x04\x01x"), OK},
        {"empty key identifier", &OID_SUBJECT_KEY_ID, false, SLICE_INIT("\x04\x00"), ERR_MALFORMED},
        {"key identifier, more behind", &OID_SUBJECT_KEY_ID, false, SLICE_INIT("\x04\x01x\x00"),
         ERR_MALFORMED},
        {"critical key identifier", &OID_SUBJECT_KEY_ID, true, SLICE_INIT("\x04\x01x"),
         ERR_UNSUPPORTED},
        {"authority", &OID_AUTHORITY_KEY_ID, false, SLICE_INIT("\x30\x03\x80\x01x"), OK},
        {"authority of nothing", &OID_AUTHORITY_KEY_ID, false, SLICE_INIT("\x30\x00"), OK},
        {"authority by issuer and serial", &OID_AUTHORITY_KEY_ID, false,
         SLICE_INIT("\x30\x08\xa1\x03\x82\x01"
                    "a\x82\x01\x01"),
         OK},
        {"authority by issuer alone", &OID_AUTHORITY_KEY_ID, false,
         SLICE_INIT("\x30\x05\xa1\x03\x82\x01"
                    "a"),
         ERR_MALFORMED},
        {"names", &OID_SUBJECT_ALT_NAME, true,
         SLICE_INIT("\x30\x03\x82\x01"
                    "a"),
         OK},
        {"names of none", &OID_SUBJECT_ALT_NAME, false, SLICE_INIT("\x30\x00"), ERR_MALFORMED},
        {"name of an unknown kind", &OID_SUBJECT_ALT_NAME, false,
         SLICE_INIT("\x30\x03\x8f\x01"
                    "a"),
         ERR_MALFORMED},
        {"other name", &OID_SUBJECT_ALT_NAME, false,
         SLICE_INIT("\x30\x0b\xa0\x09\x06\x02\x2a\x03\xa0\x03\x0c\x01"
                    "a"),
         OK},
        {"other name of two values", &OID_SUBJECT_ALT_NAME, false,
         SLICE_INIT("\x30\x0d\xa0\x0b\x06\x02\x2a\x03\xa0\x05\x0c\x01"
                    "a\x05\x00"),
         ERR_MALFORMED},
        {"directory name", &OID_SUBJECT_ALT_NAME, false, SLICE_INIT("\x30\x10\xa4\x0e" NAME_A), OK},
        {"list's place", &OID_CRL_POINTS, false,
         SLICE_INIT("\x30\x09\x30\x07\xa0\x05\xa0\x03\x86\x01"
                    "u"),
         OK},
        {"list for some reasons", &OID_CRL_POINTS, false,
         SLICE_INIT("\x30\x0d\x30\x0b\xa0\x05\xa0\x03\x86\x01"
                    "u\x81\x02\x00\x80"),
         ERR_MALFORMED},
        {"critical place", &OID_CRL_POINTS, true,
         SLICE_INIT("\x30\x09\x30\x07\xa0\x05\xa0\x03\x86\x01"
                    "u"),
         ERR_UNSUPPORTED},
        {"names that are constrained", &OID_NAME_CONSTRAINTS, false, SLICE_INIT("\x30\x00"),
         ERR_UNSUPPORTED},
        {"policies that are constrained", &OID_POLICY_CONSTRAINTS, false, SLICE_INIT("\x30\x00"),
         ERR_UNSUPPORTED},
        {"no policy", &OID_INHIBIT_ANY_POLICY, false, SLICE_INIT("\x02\x01\x00"), ERR_UNSUPPORTED},
        {"a proxy's", &OID_PROXY_CERT_INFO, false, SLICE_INIT("\x30\x00"), ERR_UNSUPPORTED},
        {"unknown", &OID_DICE_TCB_INFO, false, SLICE_INIT("anything"), OK},
        {"unknown and critical", &OID_DICE_TCB_INFO, true, SLICE_INIT("anything"), ERR_UNSUPPORTED},
    };
    uint8_t room[512];
    struct x509_cert cert;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct slice tail = extensions(room, sizeof room, DER_CONTEXT_CONSTRUCTED | 3,
                                       *cases[i].oid, cases[i].critical, cases[i].value);
        cocoon_err err = parse_with(TAIL, tail, &cert);

        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].name, cocoon_err_name(err));
    }
}

/* Where the list is: the first URI, past names of other kinds. */
static void test_crl_url(void **state)
{
    uint8_t room[512];
    struct x509_cert cert;
    struct slice url, tail;

    (void)state;
    tail = extensions(room, sizeof room, DER_CONTEXT_CONSTRUCTED | 3, OID_CRL_POINTS, false,
                      SLICE_LIT("\x30\x0c\x30\x0a\xa0\x08\xa0\x06\x82\x01n\x86\x01u"));
    assert_int_equal(parse_with(TAIL, tail, &cert), OK);
    assert_true(x509_crl_url(&cert, &url) && slice_eq_text(url, "u"));
    tail = extensions(room, sizeof room, DER_CONTEXT_CONSTRUCTED | 3, OID_CRL_POINTS, false,
                      SLICE_LIT("\x30\x09\x30\x07\xa0\x05\xa0\x03\x82\x01n"));
    assert_int_equal(parse_with(TAIL, tail, &cert), OK);
    assert_false(x509_crl_url(&cert, &url));
    assert_int_equal(parse(good, &cert), OK);
    assert_false(x509_crl_url(&cert, &url));
}

/* Identifiers and usages are compared where they are there, and only there. */
static void test_issuing_without_extensions(void **state)
{
    struct x509_cert cert, issuer;

    (void)state;
    assert_int_equal(parse(good, &cert), OK);
    issuer = cert;
    issuer.is_ca = true;
    assert_int_equal(x509_issued_by(&cert, &issuer, 0, &fail), OK);
    cert.authority_key_id = SLICE_LIT("k");
    assert_int_equal(x509_issued_by(&cert, &issuer, 0, &fail), OK);
    issuer.subject_key_id = SLICE_LIT("other");
    assert_int_equal(x509_issued_by(&cert, &issuer, 0, &fail), ERR_MISMATCH);
    cert.sig = X509_ECDSA_SHA256;
    issuer.subject_key_id = SLICE_LIT("k");
    issuer.key.kind = X509_KEY_P384;
    assert_int_equal(x509_issued_by(&cert, &issuer, 0, &fail), OK);
}

/* --- lists --- */

enum list_piece { L_VERSION, L_INNER, L_ISSUER, L_THIS, L_NEXT, L_REVOKED, L_TAIL, L_PIECES };

static const struct slice good_list[L_PIECES] = {
    [L_VERSION] = SLICE_INIT("\x02\x01\x01"),
    [L_INNER] = SLICE_INIT(ALG),
    [L_ISSUER] = SLICE_INIT(NAME_A),
    [L_THIS] = SLICE_INIT(TIME_0),
    [L_NEXT] = SLICE_INIT(TIME_1),
    [L_REVOKED] = SLICE_INIT(""),
    [L_TAIL] = SLICE_INIT(""),
};

static cocoon_err parse_list(const struct slice *pieces, struct x509_crl *out)
{
    static uint8_t room[4096];
    struct wr w = wr_init(room, sizeof room);
    struct wr_block all = der_open(&w, DER_SEQUENCE), tbs = der_open(&w, DER_SEQUENCE);
    struct slice der;

    for (int i = 0; i < L_PIECES; i++)
        wr_slice(&w, pieces[i]);
    der_close(&w, tbs);
    wr_slice(&w, good[OUTER]);
    wr_slice(&w, good[SIGNATURE]);
    der_close(&w, all);
    assert_int_equal(wr_end(&w, &der), OK);
    return x509_crl_parse(der, out, &fail);
}

static cocoon_err parse_list_with(enum list_piece which, struct slice piece, struct x509_crl *out)
{
    struct slice pieces[L_PIECES];

    memcpy(pieces, good_list, sizeof good_list);
    pieces[which] = piece;
    return parse_list(pieces, out);
}

static void test_lists(void **state)
{
#define ENTRY(len, more) "\x30" len "\x02\x01\x05" TIME_0 more
    static const struct {
        const char *name;
        enum list_piece which;
        struct slice piece;
        cocoon_err err;
    } cases[] = {
        {"version 1", L_VERSION, SLICE_INIT(""), OK},
        {"version 3", L_VERSION, SLICE_INIT("\x02\x01\x02"), ERR_VERSION},
        {"algorithms differ", L_INNER, SLICE_INIT("\x30\x05\x06\x03\x2b\x65\x71"), ERR_MALFORMED},
        {"empty issuer", L_ISSUER, SLICE_INIT("\x30\x00"), ERR_MALFORMED},
        {"no next", L_NEXT, SLICE_INIT(""), OK},
        {"next before this", L_THIS,
         SLICE_INIT("\x17\x0d"
                    "720101000000Z"),
         ERR_MALFORMED},
        {"empty list", L_REVOKED, SLICE_INIT("\x30\x00"), OK},
        {"one", L_REVOKED, SLICE_INIT("\x30\x14" ENTRY("\x12", "")), OK},
        {"one with a reason", L_REVOKED,
         SLICE_INIT("\x30\x22" ENTRY("\x20", "\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01"
                                             "\x01")),
         OK},
        {"reason 11", L_REVOKED,
         SLICE_INIT("\x30\x22" ENTRY("\x20", "\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01"
                                             "\x0b")),
         ERR_MALFORMED},
        {"reason and more", L_REVOKED,
         SLICE_INIT("\x30\x23" ENTRY("\x21", "\x30\x0d\x30\x0b\x06\x03\x55\x1d\x15\x04\x04\x0a\x01"
                                             "\x01\x00")),
         ERR_MALFORMED},
        {"critical reason", L_REVOKED,
         SLICE_INIT("\x30\x25" ENTRY("\x23", "\x30\x0f\x30\x0d\x06\x03\x55\x1d\x15\x01\x01\xff\x04"
                                             "\x03\x0a\x01\x01")),
         ERR_UNSUPPORTED},
        {"another extension", L_REVOKED,
         SLICE_INIT("\x30\x20" ENTRY("\x1e", "\x30\x0a\x30\x08\x06\x03\x55\x1d\x18\x04\x01x")), OK},
        {"entry and more", L_REVOKED, SLICE_INIT("\x30\x16" ENTRY("\x14", "\x05\x00")),
         ERR_MALFORMED},
        {"serial of 21 bytes", L_REVOKED,
         SLICE_INIT("\x30\x28\x30\x26\x02\x15"
                    "012345678901234567890" TIME_0),
         ERR_MALFORMED},
        {"something behind", L_TAIL, SLICE_INIT("\x05\x00"), ERR_MALFORMED},
        {"something in place of the list", L_REVOKED, SLICE_INIT("\x31\x00"), ERR_MALFORMED},
    };
    struct x509_crl crl;

    (void)state;
    assert_int_equal(parse_list(good_list, &crl), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cocoon_err err = parse_list_with(cases[i].which, cases[i].piece, &crl);

        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].name, cocoon_err_name(err));
    }
}

static void test_list_extensions(void **state)
{
    static const struct {
        const char *name;
        const struct slice *oid;
        bool critical;
        struct slice value;
        cocoon_err err;
    } cases[] = {
        {"number", &OID_CRL_NUMBER, false, SLICE_INIT("\x02\x01\x07"), OK},
        {"number and more", &OID_CRL_NUMBER, false, SLICE_INIT("\x02\x01\x07\x00"), ERR_MALFORMED},
        {"number of 21 bytes", &OID_CRL_NUMBER, false,
         SLICE_INIT("\x02\x15"
                    "012345678901234567890"),
         ERR_MALFORMED},
        {"critical number", &OID_CRL_NUMBER, true, SLICE_INIT("\x02\x01\x07"), ERR_UNSUPPORTED},
        {"authority", &OID_AUTHORITY_KEY_ID, false, SLICE_INIT("\x30\x03\x80\x01x"), OK},
        {"broken authority", &OID_AUTHORITY_KEY_ID, false, SLICE_INIT("\x30\x03\x80\x01"),
         ERR_MALFORMED},
        {"unknown", &OID_CMW, false, SLICE_INIT("anything"), OK},
        {"unknown and critical", &OID_CMW, true, SLICE_INIT("anything"), ERR_UNSUPPORTED},
    };
    struct slice pieces[L_PIECES], tail;
    uint8_t room[256];
    struct x509_crl crl;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cocoon_err err;

        tail = extensions(room, sizeof room, DER_CONTEXT_CONSTRUCTED | 0, *cases[i].oid,
                          cases[i].critical, cases[i].value);
        err = parse_list_with(L_TAIL, tail, &crl);
        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].name, cocoon_err_name(err));
    }
    /* The identifier is kept, and a list of version 1 has no extensions. */
    tail = extensions(room, sizeof room, DER_CONTEXT_CONSTRUCTED | 0, OID_AUTHORITY_KEY_ID, false,
                      SLICE_LIT("\x30\x03\x80\x01x"));
    assert_int_equal(parse_list_with(L_TAIL, tail, &crl), OK);
    assert_true(slice_eq_text(crl.authority_key_id, "x"));
    memcpy(pieces, good_list, sizeof good_list);
    pieces[L_VERSION] = (struct slice){0};
    pieces[L_TAIL] = tail;
    assert_int_equal(parse_list(pieces, &crl), ERR_MALFORMED);
}

static void test_list_issuer(void **state)
{
    struct x509_crl crl;
    struct x509_cert issuer;

    (void)state;
    assert_int_equal(parse(good, &issuer), OK);
    assert_int_equal(parse_list(good_list, &crl), OK);
    assert_int_equal(x509_crl_issued_by(&crl, &issuer, 0, &fail), OK);
    crl.authority_key_id = SLICE_LIT("k");
    assert_int_equal(x509_crl_issued_by(&crl, &issuer, 0, &fail), OK);
    issuer.subject_key_id = SLICE_LIT("other");
    assert_int_equal(x509_crl_issued_by(&crl, &issuer, 0, &fail), ERR_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),      cmocka_unit_test(test_names),
        cmocka_unit_test(test_algorithms),  cmocka_unit_test(test_keys),
        cmocka_unit_test(test_rsa_keys),    cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_crl_url),     cmocka_unit_test(test_issuing_without_extensions),
        cmocka_unit_test(test_lists),       cmocka_unit_test(test_list_extensions),
        cmocka_unit_test(test_list_issuer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
