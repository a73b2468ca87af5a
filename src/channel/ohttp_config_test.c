/* The key configuration of RFC 9458 appendix A, and every way to get one wrong. */
#include "channel/ohttp_config.h"

#include "base/test.h"
#include "crypto/rand.h"

static const char published[] =
    "01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e79815500080001000100010003";

static struct fail fail;

static void test_published(void **state)
{
    uint8_t bytes[64];
    struct slice wire = test_unhex(published, bytes);
    struct ohttp_config c;
    struct buf out;

    (void)state;
    assert_int_equal(ohttp_config_read(wire, &c, &fail), OK);
    assert_int_equal(c.key_id, 1);
    assert_int_equal(c.kem, KEM_X25519);
    assert_int_equal(c.alg_count, 2);
    assert_int_equal(c.algs[0].aead, AEAD_AES_128_GCM);
    assert_int_equal(c.algs[1].aead, AEAD_CHACHA20_POLY1305);
    assert_int_equal(ohttp_config_suite(&c).aead, AEAD_AES_128_GCM);
    buf_init(&out, 100);
    assert_int_equal(ohttp_config_put(&c, &out), OK);
    test_assert_hex(buf_slice(&out), published);
    buf_fini(&out);
}

static void test_truncation_and_slack(void **state)
{
    uint8_t bytes[64];
    struct slice wire = test_unhex(published, bytes);
    struct ohttp_config c;

    (void)state;
    for (size_t len = 0; len < wire.len; len++)
        assert_int_equal(ohttp_config_read(slice_make(bytes, len), &c, &fail), ERR_TRUNCATED);
    bytes[wire.len] = 0;
    assert_int_equal(ohttp_config_read(slice_make(bytes, wire.len + 1), &c, &fail), ERR_TRAILING);
}

/* Set the two bytes at `at` of the published configuration and read it. */
static cocoon_err read_with(size_t at, unsigned value, struct ohttp_config *c)
{
    uint8_t bytes[64];
    struct slice wire = test_unhex(published, bytes);

    bytes[at] = (uint8_t)(value >> 8);
    bytes[at + 1] = (uint8_t)value;
    return ohttp_config_read(wire, c, &fail);
}

static void test_rules(void **state)
{
    enum { KEM_AT = 1, LIST_AT = 35, KDF_AT = 37, AEAD_AT = 39 };
    uint8_t bytes[64];
    struct slice wire = test_unhex(published, bytes);
    struct ohttp_config c;

    (void)state;
    assert_int_equal(read_with(KEM_AT, 0x0021, &c), ERR_UNSUPPORTED);
    assert_int_equal(read_with(LIST_AT, 6, &c), ERR_TRAILING);
    assert_int_equal(read_with(LIST_AT, 9, &c), ERR_TRUNCATED);
    bytes[LIST_AT + 1] = 0;
    assert_int_equal(ohttp_config_read(slice_make(bytes, KDF_AT), &c, &fail), ERR_MALFORMED);
    bytes[LIST_AT + 1] = 6;
    assert_int_equal(ohttp_config_read(slice_make(bytes, wire.len - 2), &c, &fail), ERR_MALFORMED);
    /* A pair that we cannot do is left out; if none is left, so is the configuration. */
    assert_int_equal(read_with(AEAD_AT, 0xffff, &c), OK);
    assert_int_equal(c.alg_count, 1);
    assert_int_equal(c.algs[0].aead, AEAD_CHACHA20_POLY1305);
    assert_int_equal(read_with(KDF_AT, 0x7777, &c), OK);
    assert_int_equal(c.alg_count, 1);
    bytes[LIST_AT + 1] = 4;
    bytes[AEAD_AT] = 0x55;
    assert_int_equal(ohttp_config_read(slice_make(bytes, AEAD_AT + 2), &c, &fail), ERR_UNSUPPORTED);
}

static void test_too_many_algorithms(void **state)
{
    enum { FIXED = 35 };
    uint8_t bytes[FIXED + 2 + 4 * (OHTTP_ALGS_MAX + 1)];
    struct ohttp_config c;

    (void)state;
    test_unhex(published, bytes);
    for (size_t n = OHTTP_ALGS_MAX; n <= OHTTP_ALGS_MAX + 1; n++) {
        bytes[FIXED] = 0;
        bytes[FIXED + 1] = (uint8_t)(4 * n);
        for (size_t i = 0; i < n; i++)
            memcpy(bytes + FIXED + 2 + 4 * i, "\x00\x01\x00\x02", 4);
        assert_int_equal(ohttp_config_read(slice_make(bytes, FIXED + 2 + 4 * n), &c, &fail),
                         n > OHTTP_ALGS_MAX ? ERR_LIMIT : OK);
    }
}

static void test_ours(void **state)
{
    static const enum kem_id kems[] = {KEM_X25519, KEM_P256};
    struct ohttp_config list[2], back[OHTTP_CONFIGS_MAX];
    struct kem_key key;
    struct buf wire;
    size_t count;

    (void)state;
    buf_init(&wire, 4096);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(kem_keygen(kems[i], &rand_system, &key), OK);
        ohttp_config_make(&list[i], (uint8_t)(7 + i), &key);
    }
    assert_int_equal(ohttp_configs_put(list, 2, &wire), OK);
    assert_int_equal(ohttp_configs_read(buf_slice(&wire), back, &count, &fail), OK);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(back[i].key_id, 7 + i);
        assert_int_equal(back[i].kem, kems[i]);
        assert_int_equal(back[i].public.len, kem_public_len(kems[i]));
        assert_memory_equal(back[i].public.bytes, list[i].public.bytes, back[i].public.len);
        assert_int_equal(back[i].alg_count, 3);
        assert_int_equal(ohttp_config_suite(&back[i]).aead, AEAD_AES_256_GCM);
        for (enum aead_alg aead = AEAD_AES_128_GCM; aead <= AEAD_CHACHA20_POLY1305; aead++)
            assert_true(ohttp_config_offers(&back[i],
                                            (struct hpke_suite){kems[i], HPKE_HKDF_SHA256, aead}));
        assert_false(ohttp_config_offers(
            &back[i], (struct hpke_suite){kems[1 - i], HPKE_HKDF_SHA256, AEAD_AES_256_GCM}));
        assert_false(ohttp_config_offers(
            &back[i], (struct hpke_suite){kems[i], HPKE_HKDF_SHA512, AEAD_AES_256_GCM}));
    }
    buf_fini(&wire);
}

/* Put the published configuration `n` times behind its length into `out`. */
static void put_collection(struct buf *out, size_t n)
{
    uint8_t bytes[64];
    struct slice one = test_unhex(published, bytes);

    for (size_t i = 0; i < n; i++) {
        buf_put_u8(out, 0);
        buf_put_u8(out, (uint8_t)one.len);
        buf_put(out, one);
    }
}

static void test_collections(void **state)
{
    struct ohttp_config out[OHTTP_CONFIGS_MAX];
    struct buf wire;
    size_t count, one;

    (void)state;
    buf_init(&wire, 4096);
    put_collection(&wire, 2);
    one = wire.len / 2;
    for (size_t len = 0; len <= wire.len; len++) {
        cocoon_err err = ohttp_configs_read(slice_make(wire.ptr, len), out, &count, &fail);

        assert_int_equal(err, len == 0 ? ERR_UNSUPPORTED : len % one == 0 ? OK : ERR_TRUNCATED);
    }
    wire.ptr[3] = 0x77; /* the first one's KEM is unknown: stepped over */
    assert_int_equal(ohttp_configs_read(buf_slice(&wire), out, &count, &fail), OK);
    assert_int_equal(count, 1);
    wire.ptr[one + 1]--; /* the second one's length is wrong: all is discarded */
    assert_int_equal(ohttp_configs_read(slice_make(wire.ptr, wire.len - 1), out, &count, &fail),
                     ERR_TRUNCATED);
    buf_clear(&wire);
    put_collection(&wire, OHTTP_CONFIGS_MAX);
    assert_int_equal(ohttp_configs_read(buf_slice(&wire), out, &count, &fail), OK);
    put_collection(&wire, 1);
    assert_int_equal(ohttp_configs_read(buf_slice(&wire), out, &count, &fail), ERR_LIMIT);
    buf_fini(&wire);
}

static void test_no_room(void **state)
{
    uint8_t bytes[64];
    struct ohttp_config c;
    struct buf small;

    (void)state;
    assert_int_equal(ohttp_config_read(test_unhex(published, bytes), &c, &fail), OK);
    buf_init(&small, 10);
    assert_int_equal(ohttp_config_put(&c, &small), ERR_LIMIT);
    buf_clear(&small);
    assert_int_equal(ohttp_configs_put(&c, 1, &small), ERR_LIMIT);
    buf_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published), cmocka_unit_test(test_truncation_and_slack),
        cmocka_unit_test(test_rules),     cmocka_unit_test(test_too_many_algorithms),
        cmocka_unit_test(test_ours),      cmocka_unit_test(test_collections),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
