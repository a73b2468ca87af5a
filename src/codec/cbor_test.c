#include "codec/cbor.h"

#include <cbor.h>

#include "base/test.h"

static const struct {
    const char *hex;
    cocoon_err err;
    const char *name;
} verdicts[] = {
    /* RFC 8949 appendix A, those of our profile */
    {"00", OK, "0"},
    {"1bffffffffffffffff", OK, "largest"},
    {"3bffffffffffffffff", OK, "smallest"},
    {"f4", OK, "false"},
    {"f6", OK, "null"},
    {"40", OK, "no bytes"},
    {"62c3bc", OK, "text"},
    {"80", OK, "empty array"},
    {"98190102030405060708090a0b0c0d0e0f101112131415161718181819", OK, "array of 25"},
    {"a26161016162820203", OK, "map"},
    {"c11a514b67b0", OK, "tag"},
    {"a2616201616101", OK, "map in another order"},

    {"", ERR_TRUNCATED, "nothing"},
    {"18", ERR_TRUNCATED, "no argument"},
    {"4101ff", ERR_TRAILING, "bytes after the item"},
    {"42ff", ERR_TRUNCATED, "short string"},
    {"8201", ERR_TRUNCATED, "short array"},
    {"9affffffff", ERR_TRUNCATED, "array of 4 G"},
    {"5bffffffffffffffff", ERR_TRUNCATED, "string of 2^64"},
    {"c1", ERR_TRUNCATED, "tag of nothing"},
    {"1800", ERR_NONCANONICAL, "0 in two bytes"},
    {"1817", ERR_NONCANONICAL, "23 in two bytes"},
    {"1900ff", ERR_NONCANONICAL, "255 in three"},
    {"1a0000ffff", ERR_NONCANONICAL, "65535 in five"},
    {"1b00000000ffffffff", ERR_NONCANONICAL, "2^32-1 in nine"},
    {"580161", ERR_NONCANONICAL, "long length"},
    {"5f4101ff", ERR_NONCANONICAL, "indefinite bytes"},
    {"9f01ff", ERR_NONCANONICAL, "indefinite array"},
    {"bf6161ff", ERR_NONCANONICAL, "indefinite map"},
    {"1c", ERR_MALFORMED, "reserved 28"},
    {"fe", ERR_UNSUPPORTED, "reserved simple"},
    {"ff", ERR_UNSUPPORTED, "break alone"},
    {"f7", ERR_UNSUPPORTED, "undefined"},
    {"f93c00", ERR_UNSUPPORTED, "half float"},
    {"fb3ff199999999999a", ERR_UNSUPPORTED, "double"},
    {"f8ff", ERR_UNSUPPORTED, "simple 255"},
    {"62c328", ERR_ENCODING, "bad UTF-8"},
    {"a2616101616102", ERR_DUPLICATE, "two equal keys"},
};

static void test_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        uint8_t bytes[64];
        struct fail fail = {0};
        cocoon_err err = cbor_check(test_unhex(verdicts[i].hex, bytes), CBOR_ANY_ORDER, &fail);

        if (err != verdicts[i].err || fail.code != err)
            fail_msg("%s: %s", verdicts[i].name, cocoon_err_name(err));
    }
}

static void test_sorted_maps(void **state)
{
    uint8_t bytes[64];
    struct fail fail;

    (void)state;
    /* RFC 8949 4.2.1: 10, 100, -1, "z", "aa", [100], [-1], false */
    assert_int_equal(
        cbor_check(test_unhex("a80a001864002000617a006261610081186400812000f400", bytes),
                   CBOR_SORTED, &fail),
        OK);
    assert_int_equal(cbor_check(test_unhex("a2616201616101", bytes), CBOR_SORTED, &fail),
                     ERR_NONCANONICAL);
    assert_int_equal(cbor_check(test_unhex("a2616101616101", bytes), CBOR_SORTED, &fail),
                     ERR_NONCANONICAL);
}

static void test_indefinite_lengths(void **state)
{
    static const char *const bad[] = {"9f", "9f01", "bf01ff", "bf01",     "5f4101ff",    "7f6161ff",
                                      "ff", "df01", "1f",     "9f9f01ff", "bf01020102ff"};
    uint8_t bytes[64];
    struct slice item = test_unhex("9f01bf61619f0203ff616280ffff", bytes);
    struct cbor_rd c = cbor_rd_init(item, CBOR_INDEFINITE);
    struct fail fail;

    (void)state;
    assert_int_equal(cbor_check(item, CBOR_ANY_ORDER, &fail), ERR_NONCANONICAL);
    assert_int_equal(cbor_rd_array(&c), 2);
    assert_int_equal(cbor_rd_uint(&c), 1);
    assert_int_equal(cbor_rd_map(&c), 2);
    assert_true(slice_eq_text(cbor_rd_text(&c), "a"));
    assert_int_equal(cbor_rd_array(&c), 2);
    assert_int_equal(cbor_rd_uint(&c), 2);
    assert_int_equal(cbor_rd_uint(&c), 3);
    assert_int_equal(cbor_rd_kind(&c), CBOR_TEXT);
    assert_true(slice_eq_text(cbor_rd_text(&c), "b"));
    assert_int_equal(cbor_rd_array(&c), 0);
    assert_int_equal(cbor_rd_kind(&c), CBOR_NONE);
    assert_int_equal(cbor_rd_end(&c), OK);
    c = cbor_rd_init(item, CBOR_INDEFINITE);
    assert_int_equal(cbor_rd_any(&c).len, item.len);
    assert_int_equal(cbor_rd_end(&c), OK);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (cbor_check(test_unhex(bad[i], bytes), CBOR_INDEFINITE, &fail) == OK)
            fail_msg("%s passes", bad[i]);
}

static void test_limits(void **state)
{
    uint8_t bytes[4096];
    struct buf out;
    struct fail fail;

    (void)state;
    memset(bytes, 0x81, sizeof bytes);
    bytes[CBOR_DEPTH_MAX] = 0;
    assert_int_equal(cbor_check(slice_make(bytes, CBOR_DEPTH_MAX + 1), CBOR_ANY_ORDER, &fail), OK);
    bytes[CBOR_DEPTH_MAX] = 0x81;
    bytes[CBOR_DEPTH_MAX + 1] = 0;
    assert_int_equal(cbor_check(slice_make(bytes, CBOR_DEPTH_MAX + 2), CBOR_ANY_ORDER, &fail),
                     ERR_LIMIT);
    buf_init(&out, 1 << 20);
    for (size_t pairs = CBOR_MAP_MAX; pairs <= CBOR_MAP_MAX + 1; pairs++) {
        buf_clear(&out);
        cbor_put_map(&out, pairs);
        for (size_t i = 0; i < pairs; i++) {
            cbor_put_uint(&out, i);
            cbor_put_null(&out);
        }
        assert_int_equal(cbor_check(buf_slice(&out), CBOR_SORTED, &fail),
                         pairs == CBOR_MAP_MAX ? OK : ERR_LIMIT);
    }
    buf_fini(&out);
}

/* Everything the writer has, read back. */
static void test_round_trip(void **state)
{
    static const int64_t ints[] = {0,          23,        24, 255, 256, 65535, 65536, 4294967295,
                                   4294967296, INT64_MAX, -1, -24, -25, -256,  -257,  INT64_MIN};
    struct buf out;
    struct cbor_rd c;
    struct fail fail;

    (void)state;
    buf_init(&out, 4096);
    cbor_put_tag(&out, 18);
    cbor_put_array(&out, COUNT_OF(ints) + 6);
    for (size_t i = 0; i < COUNT_OF(ints); i++)
        cbor_put_int(&out, ints[i]);
    cbor_put_uint(&out, UINT64_MAX);
    cbor_put_bytes(&out, SLICE_LIT("\0\1"));
    cbor_put_text(&out, SLICE_LIT("text"));
    cbor_put_bool(&out, true);
    cbor_put_null(&out);
    cbor_put_map(&out, 1);
    cbor_put_text(&out, SLICE_LIT("key"));
    cbor_put_bool(&out, false);
    assert_int_equal(cbor_check(buf_slice(&out), CBOR_SORTED, &fail), OK);

    c = cbor_rd_init(buf_slice(&out), CBOR_SORTED);
    assert_int_equal(cbor_rd_kind(&c), CBOR_TAG);
    assert_int_equal(cbor_rd_tag(&c), 18);
    assert_int_equal(cbor_rd_array(&c), COUNT_OF(ints) + 6);
    for (size_t i = 0; i < COUNT_OF(ints); i++)
        assert_true(cbor_rd_int(&c) == ints[i]);
    assert_true(cbor_rd_uint(&c) == UINT64_MAX);
    assert_true(slice_eq(cbor_rd_bytes(&c), SLICE_LIT("\0\1")));
    assert_true(slice_eq_text(cbor_rd_text(&c), "text"));
    assert_true(cbor_rd_bool(&c));
    assert_int_equal(cbor_rd_kind(&c), CBOR_NULL);
    cbor_rd_null(&c);
    assert_int_equal(cbor_rd_map(&c), 1);
    assert_true(slice_eq_text(cbor_rd_text(&c), "key"));
    assert_false(cbor_rd_bool(&c));
    assert_int_equal(cbor_rd_kind(&c), CBOR_NONE);
    assert_int_equal(cbor_rd_end(&c), OK);
    buf_fini(&out);
}

static void test_the_reader_is_sticky(void **state)
{
    struct cbor_rd c = cbor_rd_init(SLICE_LIT("\x82\x01\x02"), CBOR_SORTED);

    (void)state;
    assert_int_equal(cbor_rd_array(&c), 2);
    assert_int_equal(cbor_rd_text(&c).len, 0);
    assert_int_equal(cbor_rd_uint(&c), 0);
    assert_int_equal(cbor_rd_kind(&c), CBOR_NONE);
    assert_int_equal(cbor_rd_any(&c).len, 0);
    assert_int_equal(cbor_rd_end(&c), ERR_TYPE);

    c = cbor_rd_init(SLICE_LIT("\x82\x01"), CBOR_SORTED); /* fails the check */
    assert_int_equal(cbor_rd_array(&c), 0);
    assert_int_equal(cbor_rd_end(&c), ERR_TRUNCATED);

    c = cbor_rd_init(SLICE_LIT("\x82\x01\x82\x02\x03"), CBOR_SORTED);
    assert_int_equal(cbor_rd_array(&c), 2);
    assert_int_equal(cbor_rd_end(&c), ERR_TRAILING);
    assert_true(slice_eq(cbor_rd_any(&c), SLICE_LIT("\x01")));
    assert_true(slice_eq(cbor_rd_any(&c), SLICE_LIT("\x82\x02\x03")));
    assert_int_equal(cbor_rd_end(&c), OK);
    assert_int_equal(cbor_rd_any(&c).len, 0);
    assert_int_equal(cbor_rd_end(&c), ERR_MISSING);

    c = cbor_rd_init(SLICE_LIT("\x1b\x80\0\0\0\0\0\0\0"), CBOR_SORTED);
    assert_int_equal(cbor_rd_int(&c), 0);
    assert_int_equal(cbor_rd_end(&c), ERR_RANGE);
    c = cbor_rd_init(SLICE_LIT("\x3b\x80\0\0\0\0\0\0\0"), CBOR_SORTED);
    assert_int_equal(cbor_rd_int(&c), 0);
    assert_int_equal(cbor_rd_end(&c), ERR_RANGE);
}

/* ---- libcbor as oracle: what we accept it accepts, and writes back as the same bytes ---- */

/* libcbor 0.8 knows no tags 6 to 20 in short form: it can say nothing where one may stand. */
static bool beyond_oracle(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.ptr[i] >= 0xc6 && bytes.ptr[i] <= 0xd4)
            return true;
    return false;
}

static void compare(struct slice bytes, void *arg)
{
    size_t *accepted = arg;
    struct cbor_load_result result;
    struct fail fail;
    cbor_item_t *item;
    unsigned char *again = NULL;
    size_t room, len;

    if (beyond_oracle(bytes) || cbor_check(bytes, CBOR_INDEFINITE, &fail) != OK)
        return;
    *accepted += 1;
    item = cbor_load(bytes.ptr, bytes.len, &result);
    assert_non_null(item);
    assert_int_equal(result.read, bytes.len);
    len = cbor_serialize_alloc(item, &again, &room);
    assert_true(slice_eq(slice_make(again, len), bytes));
    free(again);
    cbor_decref(&item);
}

static void test_against_oracle(void **state)
{
    static const char *const seeds[] = {
        "8443a10126a1182a41ff590004deadbeef40",
        "a56161820102616263787978617af5f4f6200a3903e71b0000000100000000c243010000",
        "8301820203820405",
        "9f01bf61619f0203ff616280ffff",
    };
    uint64_t seed = 5;
    size_t accepted = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(seeds); i++) {
        uint8_t bytes[64], changed[64];
        struct slice good = test_unhex(seeds[i], bytes);

        test_each_prefix(good, compare, &accepted);
        test_each_bit_flip(good, compare, &accepted);
        for (int round = 0; round < 20000; round++) {
            memcpy(changed, good.ptr, good.len);
            for (uint64_t n = test_random(&seed) % 3; n < 3; n++)
                changed[test_random(&seed) % good.len] = (uint8_t)test_random(&seed);
            test_with_copy(slice_make(changed, good.len), compare, &accepted);
        }
    }
    for (int round = 0; round < 20000; round++) {
        uint64_t random[2] = {test_random(&seed), test_random(&seed)};

        test_with_copy(slice_make(random, 1 + test_random(&seed) % 16), compare, &accepted);
    }
    assert_true(accepted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),           cmocka_unit_test(test_sorted_maps),
        cmocka_unit_test(test_indefinite_lengths), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_round_trip),         cmocka_unit_test(test_the_reader_is_sticky),
        cmocka_unit_test(test_against_oracle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
