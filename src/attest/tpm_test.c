#include "attest/tpm.h"

#include "attest/kit_test.h"
#include "base/test.h"

struct kit_attest {
    uint32_t magic;
    uint16_t type;
    struct tpm_selection selections[TPM_SELECTIONS_MAX + 1];
    size_t count;
};

static const struct kit_attest quote_of_sha256 = {
    .magic = 0xff544347, .type = 0x8018, .selections = {{TPM_ALG_SHA256, 0x00800081}}, .count = 1};

static struct slice attest(const struct kit_attest *a, uint8_t room[512])
{
    struct wr w = wr_init(room, 512);
    struct slice out;

    wr_u32be(&w, a->magic);
    wr_u16be(&w, a->type);
    wr_u16be(&w, 6);
    wr_slice(&w, SLICE_LIT("signer"));
    wr_u16be(&w, 5);
    wr_slice(&w, SLICE_LIT("nonce"));
    wr_u64be(&w, 1234);
    wr_u32be(&w, 5);
    wr_u32be(&w, 6);
    wr_u8(&w, 1);
    wr_u64be(&w, 789);
    wr_u32be(&w, (uint32_t)a->count);
    for (size_t i = 0; i < a->count; i++) {
        wr_u16be(&w, a->selections[i].alg);
        wr_u8(&w, 3);
        wr_u8(&w, (uint8_t)a->selections[i].pcrs);
        wr_u8(&w, (uint8_t)(a->selections[i].pcrs >> 8));
        wr_u8(&w, (uint8_t)(a->selections[i].pcrs >> 16));
    }
    wr_u16be(&w, 32);
    wr_slice(&w, SLICE_LIT("0123456789abcdef0123456789abcdef"));
    assert_int_equal(wr_end(&w, &out), OK);
    return out;
}

static cocoon_err parse_quote(struct slice in, void *ctx, struct fail *fail)
{
    struct tpm_quote q;

    (void)ctx;
    return tpm_quote_parse(in, &q, fail);
}

static void test_quote(void **state)
{
    uint8_t room[512];
    struct slice bytes = attest(&quote_of_sha256, room);
    struct tpm_quote q;
    struct fail fail;

    (void)state;
    assert_int_equal(tpm_quote_parse(bytes, &q, &fail), OK);
    assert_true(slice_eq_text(q.signer, "signer"));
    assert_true(slice_eq_text(q.nonce, "nonce"));
    assert_true(q.clock == 1234);
    assert_int_equal(q.reset_count, 5);
    assert_int_equal(q.restart_count, 6);
    assert_true(q.safe);
    assert_true(q.firmware_version == 789);
    assert_int_equal(q.selection_count, 1);
    assert_int_equal(q.selections[0].alg, TPM_ALG_SHA256);
    assert_int_equal(q.selections[0].pcrs, 0x00800081);
    assert_int_equal(q.pcr_digest.len, 32);
    kit_truncate(bytes, bytes.len, parse_quote, NULL);
    kit_flip(bytes, parse_quote, NULL);
}

static void test_quote_refused(void **state)
{
    struct kit_attest a = quote_of_sha256;
    uint8_t room[512];
    struct tpm_quote q;
    struct fail fail;
    struct slice bytes;

    (void)state;
    a.magic = 0xff544348;
    assert_int_equal(tpm_quote_parse(attest(&a, room), &q, &fail), ERR_MALFORMED);
    a = quote_of_sha256;
    a.type = 0x8017;
    assert_int_equal(tpm_quote_parse(attest(&a, room), &q, &fail), ERR_MALFORMED);
    assert_int_equal(fail.offset, 4);
    a = quote_of_sha256;
    a.count = 2;
    a.selections[1] = a.selections[0];
    assert_int_equal(tpm_quote_parse(attest(&a, room), &q, &fail), ERR_DUPLICATE);
    a.count = TPM_SELECTIONS_MAX + 1;
    assert_int_equal(tpm_quote_parse(attest(&a, room), &q, &fail), ERR_LIMIT);
    bytes = attest(&quote_of_sha256, room);
    room[bytes.len] = 0;
    assert_int_equal(tpm_quote_parse(slice_make(room, bytes.len + 1), &q, &fail), ERR_TRAILING);
}

static void test_bitmap_refused(void **state)
{
    uint8_t room[512];
    struct slice bytes = attest(&quote_of_sha256, room);
    size_t at = bytes.len - 34 - 4; /* the size of the bitmap */
    struct tpm_quote q;
    struct fail fail;

    (void)state;
    assert_int_equal(room[at], 3);
    room[at] = 5;
    assert_int_equal(tpm_quote_parse(bytes, &q, &fail), ERR_LIMIT);
    /* Four bytes, the last of which selects PCR 29: the byte is the digest's length before. */
    room[at] = 4;
    room[at + 4] = 0x20;
    assert_int_equal(tpm_quote_parse(bytes, &q, &fail), ERR_RANGE);
}

static struct slice signature(uint8_t *room, uint16_t scheme, uint16_t hash, struct slice a,
                              struct slice b)
{
    struct wr w = wr_init(room, 512);
    struct slice out;

    wr_u16be(&w, scheme);
    wr_u16be(&w, hash);
    wr_u16be(&w, (uint16_t)a.len);
    wr_slice(&w, a);
    if (b.ptr != NULL) {
        wr_u16be(&w, (uint16_t)b.len);
        wr_slice(&w, b);
    }
    assert_int_equal(wr_end(&w, &out), OK);
    return out;
}

static cocoon_err parse_signature(struct slice in, void *ctx, struct fail *fail)
{
    struct tpm_signature sig;
    uint8_t room[96];

    (void)ctx;
    return tpm_signature_parse(in, room, &sig, fail);
}

static void test_signature(void **state)
{
    static const struct slice none = {NULL, 0};
    struct tpm_signature sig;
    struct fail fail;
    uint8_t room[512], numbers[96];
    struct slice bytes;

    (void)state;
    bytes = signature(room, TPM_ALG_RSASSA, TPM_ALG_SHA256, SLICE_LIT("modulus"), none);
    assert_int_equal(tpm_signature_parse(bytes, numbers, &sig, &fail), OK);
    assert_int_equal(sig.scheme, SIG_RSA_PKCS1);
    assert_int_equal(sig.hash, HASH_SHA256);
    assert_true(slice_eq_text(sig.bytes, "modulus"));
    kit_truncate(bytes, bytes.len, parse_signature, NULL);
    kit_flip(bytes, parse_signature, NULL);

    bytes = signature(room, TPM_ALG_ECDSA, TPM_ALG_SHA384, SLICE_LIT("rr"), SLICE_LIT("s"));
    assert_int_equal(tpm_signature_parse(bytes, numbers, &sig, &fail), OK);
    assert_int_equal(sig.scheme, SIG_ECDSA_RAW);
    assert_int_equal(sig.bytes.len, 64);
    assert_int_equal(sig.bytes.ptr[29], 0);
    assert_int_equal(sig.bytes.ptr[30], 'r');
    assert_int_equal(sig.bytes.ptr[63], 's');
    kit_truncate(bytes, bytes.len, parse_signature, NULL);

    bytes = signature(room, TPM_ALG_RSASSA, TPM_ALG_SHA1, SLICE_LIT("modulus"), none);
    assert_int_equal(tpm_signature_parse(bytes, numbers, &sig, &fail), OK);
    assert_int_equal(sig.scheme, SIG_RSA_PKCS1_SHA1);
    bytes = signature(room, TPM_ALG_RSAPSS, TPM_ALG_SHA1, SLICE_LIT("modulus"), none);
    assert_int_equal(tpm_signature_parse(bytes, numbers, &sig, &fail), ERR_ALGORITHM);
    bytes = signature(room, TPM_ALG_NULL, TPM_ALG_SHA256, SLICE_LIT("modulus"), none);
    assert_int_equal(tpm_signature_parse(bytes, numbers, &sig, &fail), ERR_ALGORITHM);
}

static void test_signature_too_wide(void **state)
{
    static const uint8_t wide[49] = {1};
    struct tpm_signature sig;
    struct fail fail;
    uint8_t room[512], numbers[96];
    struct slice bytes =
        signature(room, TPM_ALG_ECDSA, TPM_ALG_SHA256, SLICE_OF(wide), SLICE_LIT("s"));

    (void)state;
    assert_int_equal(tpm_signature_parse(bytes, numbers, &sig, &fail), ERR_ALGORITHM);
}

struct kit_public {
    uint16_t type, symmetric, bits_or_curve;
    uint32_t exponent;
    struct slice a, b;
};

static struct slice public_area(const struct kit_public *p, uint8_t room[512])
{
    struct wr w = wr_init(room, 512);
    struct slice out;

    wr_u16be(&w, p->type);
    wr_u16be(&w, TPM_ALG_SHA256);
    wr_u32be(&w, 0x00050072);
    wr_u16be(&w, 0);
    wr_u16be(&w, p->symmetric);
    wr_u16be(&w, p->type == TPM_ALG_RSA ? TPM_ALG_RSASSA : TPM_ALG_ECDSA);
    wr_u16be(&w, TPM_ALG_SHA256);
    wr_u16be(&w, p->bits_or_curve);
    if (p->type == TPM_ALG_RSA)
        wr_u32be(&w, p->exponent);
    else
        wr_u16be(&w, TPM_ALG_NULL);
    wr_u16be(&w, (uint16_t)p->a.len);
    wr_slice(&w, p->a);
    if (p->type == TPM_ALG_ECC) {
        wr_u16be(&w, (uint16_t)p->b.len);
        wr_slice(&w, p->b);
    }
    assert_int_equal(wr_end(&w, &out), OK);
    return out;
}

static cocoon_err parse_public(struct slice in, void *ctx, struct fail *fail)
{
    struct tpm_public key;
    uint8_t room[96];

    (void)ctx;
    return tpm_public_parse(in, room, &key, fail);
}

static void test_public_rsa(void **state)
{
    struct kit_public p = {.type = TPM_ALG_RSA,
                           .symmetric = TPM_ALG_NULL,
                           .bits_or_curve = 64,
                           .a = SLICE_INIT("modulus8")};
    struct tpm_public key;
    struct fail fail;
    uint8_t room[512], point[96];
    struct slice bytes = public_area(&p, room);

    (void)state;
    assert_int_equal(tpm_public_parse(bytes, point, &key, &fail), OK);
    assert_int_equal(key.key.kind, SIG_KEY_RSA);
    assert_true(slice_eq_text(key.key.a, "modulus8"));
    assert_int_equal(key.key.b.len, 3);
    assert_true((key.attributes & TPM_KEY_ATTESTING) == TPM_KEY_ATTESTING);
    kit_truncate(bytes, bytes.len, parse_public, NULL);
    kit_flip(bytes, parse_public, NULL);

    p.exponent = 3;
    assert_int_equal(tpm_public_parse(public_area(&p, room), point, &key, &fail), ERR_ALGORITHM);
    p.exponent = 0x10001;
    p.bits_or_curve = 72;
    assert_int_equal(tpm_public_parse(public_area(&p, room), point, &key, &fail), ERR_MALFORMED);
    p.bits_or_curve = 64;
    p.symmetric = 6;
    assert_int_equal(tpm_public_parse(public_area(&p, room), point, &key, &fail), ERR_MALFORMED);
}

static void test_public_ecc(void **state)
{
    struct kit_public p = {.type = TPM_ALG_ECC,
                           .symmetric = TPM_ALG_NULL,
                           .bits_or_curve = 4,
                           .a = SLICE_INIT("x"),
                           .b = SLICE_INIT("yy")};
    struct tpm_public key;
    struct fail fail;
    uint8_t room[512], point[96];
    struct slice bytes = public_area(&p, room);

    (void)state;
    assert_int_equal(tpm_public_parse(bytes, point, &key, &fail), OK);
    assert_int_equal(key.key.kind, SIG_KEY_P384);
    assert_int_equal(key.key.a.len, 96);
    assert_int_equal(key.key.a.ptr[47], 'x');
    assert_int_equal(key.key.a.ptr[95], 'y');
    kit_truncate(bytes, bytes.len, parse_public, NULL);
    p.bits_or_curve = 5;
    assert_int_equal(tpm_public_parse(public_area(&p, room), point, &key, &fail), ERR_ALGORITHM);
    p.bits_or_curve = 3;
    p.a = SLICE_LIT("0123456789abcdef0123456789abcdefX");
    assert_int_equal(tpm_public_parse(public_area(&p, room), point, &key, &fail), ERR_MALFORMED);
    p.type = 0x25;
    assert_int_equal(tpm_public_parse(public_area(&p, room), point, &key, &fail), ERR_ALGORITHM);
}

static void test_names(void **state)
{
    enum hash_alg alg;

    (void)state;
    assert_true(tpm_hash(TPM_ALG_SHA1, &alg));
    assert_int_equal(alg, HASH_SHA1_PCR);
    assert_true(tpm_hash(TPM_ALG_SHA512, &alg));
    assert_int_equal(alg, HASH_SHA512);
    assert_false(tpm_hash(TPM_ALG_NULL, &alg));
    assert_string_equal(tpm_alg_name(TPM_ALG_SHA384), "sha384");
    assert_string_equal(tpm_alg_name(0x12), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_quote_refused),
        cmocka_unit_test(test_bitmap_refused),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_signature_too_wide),
        cmocka_unit_test(test_public_rsa),
        cmocka_unit_test(test_public_ecc),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
