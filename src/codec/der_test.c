#include "codec/der.h"

#include "base/test.h"
#include "codec/oid.h"

/* Every encoding that DER forbids but BER or a careless reader would take, by rule. */
static void test_canonical_form(void **state)
{
    static const struct {
        const char *name;
        struct slice bytes;
        bool valid;
    } cases[] = {
        {"short length", SLICE_INIT("\x04\x01x"), true},
        {"no content", SLICE_INIT("\x04\x00"), true},
        {"length in two bytes below 128", SLICE_INIT("\x04\x81\x01x"), false},
        {"length with a leading zero", SLICE_INIT("\x04\x82\x00\x01x"), false},
        {"indefinite length", SLICE_INIT("\x24\x80\x04\x01x\x00\x00"), false},
        {"length of five bytes", SLICE_INIT("\x04\x85\x01\x00\x00\x00\x00"), false},
        {"content cut short", SLICE_INIT("\x04\x02x"), false},
        {"length cut short", SLICE_INIT("\x04\x82\x01"), false},
        {"no length", SLICE_INIT("\x04"), false},
        {"empty", SLICE_INIT(""), false},
        {"long tag number", SLICE_INIT("\x1f\x00"), false},
        {"long tag number in context", SLICE_INIT("\x9f\x00"), false},
        {"end of contents", SLICE_INIT("\x00\x00"), false},
        {"constructed octet string", SLICE_INIT("\x24\x03\x04\x01x"), false},
        {"primitive sequence", SLICE_INIT("\x10\x00"), false},
        {"primitive set", SLICE_INIT("\x11\x00"), false},
        {"context tag", SLICE_INIT("\x80\x01x"), true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rd r = rd_init(cases[i].bytes);
        struct der item = der_any(&r);

        if ((rd_end(&r) == OK) != cases[i].valid)
            fail_msg("%s", cases[i].name);
        assert_int_equal(item.all.len, cases[i].valid ? cases[i].bytes.len : 0);
    }
}

static void test_long_lengths(void **state)
{
    static const size_t sizes[] = {127, 128, 255, 256, 65535, 65536};
    static uint8_t content[65536], room[65536 + 8];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct wr w = wr_init(room, sizeof room);
        struct slice out;
        struct rd r;

        content[0] = (uint8_t)i;
        der_put(&w, DER_OCTET_STRING, slice_make(content, sizes[i]));
        assert_int_equal(wr_end(&w, &out), OK);
        r = rd_init(out);
        assert_true(slice_eq(der_take(&r, DER_OCTET_STRING), slice_make(content, sizes[i])));
        assert_int_equal(rd_end(&r), OK);
    }
}

/* Lengths of more bytes than they need, and of so many that they would wrap. */
static void test_padded_lengths(void **state)
{
    static uint8_t bytes[600];
    struct rd r;

    (void)state;
    memcpy(bytes, "\x04\x83\x00\x01\x00", 5);
    r = rd_init(slice_make(bytes, 5 + 256));
    (void)der_any(&r);
    assert_true(r.bad);
    memcpy(bytes, "\x04\x89\x01\x00\x00\x00\x00\x00\x00\x00\x81", 11);
    r = rd_init(slice_make(bytes, 11 + 0x81));
    (void)der_any(&r);
    assert_true(r.bad);
    memcpy(bytes, "\x04\x82\x01\x00", 4);
    r = rd_init(slice_make(bytes, 4 + 256));
    (void)der_any(&r);
    assert_int_equal(rd_end(&r), OK);
}

static void test_integers(void **state)
{
    static const struct {
        const char *name;
        struct slice bytes;
        bool valid;
        uint64_t value;
    } cases[] = {
        {"zero", SLICE_INIT("\x02\x01\x00"), true, 0},
        {"127", SLICE_INIT("\x02\x01\x7f"), true, 127},
        {"128 with its sign byte", SLICE_INIT("\x02\x02\x00\x80"), true, 128},
        {"minus one", SLICE_INIT("\x02\x01\xff"), false, 0},
        {"needless zero", SLICE_INIT("\x02\x02\x00\x7f"), false, 0},
        {"no content", SLICE_INIT("\x02\x00"), false, 0},
        {"largest", SLICE_INIT("\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff"), true, UINT64_MAX},
        {"too large", SLICE_INIT("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00"), false, 0},
        {"another type", SLICE_INIT("\x0a\x01\x00"), false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rd r = rd_init(cases[i].bytes);
        uint64_t value = der_u64(&r);

        if ((rd_end(&r) == OK) != cases[i].valid || value != cases[i].value)
            fail_msg("%s", cases[i].name);
    }
}

static void test_booleans_and_bits(void **state)
{
    static const struct {
        const char *name;
        struct slice bytes;
        bool valid;
        uint16_t flags;
    } cases[] = {
        {"digitalSignature", SLICE_INIT("\x03\x02\x07\x80"), true, 1 << 0},
        {"certSign, crlSign", SLICE_INIT("\x03\x02\x01\x06"), true, 1 << 5 | 1 << 6},
        {"decipherOnly", SLICE_INIT("\x03\x03\x07\x00\x80"), true, 1 << 8},
        {"none", SLICE_INIT("\x03\x01\x00"), true, 0},
        {"trailing zero bits", SLICE_INIT("\x03\x02\x00\x80"), true, 1 << 0},
        {"unused bits that are set", SLICE_INIT("\x03\x02\x07\x81"), false, 0},
        {"unused bits of nothing", SLICE_INIT("\x03\x01\x01"), false, 0},
        {"eight unused bits", SLICE_INIT("\x03\x02\x08\x80"), false, 0},
        {"eight unused bits of zero", SLICE_INIT("\x03\x02\x08\x00"), false, 0},
        {"three bytes", SLICE_INIT("\x03\x04\x00\x01\x01\x01"), false, 0},
        {"no content", SLICE_INIT("\x03\x00"), false, 0},
    };
    struct rd r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint16_t flags;

        r = rd_init(cases[i].bytes);
        flags = der_flags(&r);
        if ((rd_end(&r) == OK) != cases[i].valid || flags != cases[i].flags)
            fail_msg("%s", cases[i].name);
    }
    r = rd_init(SLICE_LIT("\x01\x01\xff\x01\x01\x00"));
    assert_true(der_bool(&r) && !der_bool(&r) && rd_end(&r) == OK);
    r = rd_init(SLICE_LIT("\x01\x01\x01"));
    (void)der_bool(&r);
    assert_true(r.bad);
    r = rd_init(SLICE_LIT("\x01\x02\xff\xff"));
    (void)der_bool(&r);
    assert_true(r.bad);
    r = rd_init(SLICE_LIT("\x03\x02\x01\x80"));
    (void)der_bits(&r);
    assert_true(r.bad);
}

static void test_oids(void **state)
{
    struct rd r = rd_init(SLICE_LIT("\x06\x03\x55\x1d\x13"));

    (void)state;
    assert_true(slice_eq(der_oid(&r), OID_BASIC_CONSTRAINTS));
    assert_string_equal(oid_dotted(OID_BASIC_CONSTRAINTS), "2.5.29.19");
    assert_string_equal(oid_dotted(SLICE_LIT("\x55\x1d\x7f")), "");
    r = rd_init(SLICE_LIT("\x06\x04\x2a\x86\x80\x01")); /* a zero in the middle of an arc */
    assert_int_equal(der_oid(&r).len, 4);
    r = rd_init(SLICE_LIT("\x06\x03\x55\x80\x13")); /* padded arc */
    (void)der_oid(&r);
    assert_true(r.bad);
    r = rd_init(SLICE_LIT("\x06\x02\x55\x9d")); /* arc cut short */
    (void)der_oid(&r);
    assert_true(r.bad);
    r = rd_init(SLICE_LIT("\x06\x00"));
    (void)der_oid(&r);
    assert_true(r.bad);
}

static void test_times(void **state)
{
    static const struct {
        const char *name;
        struct slice bytes;
        bool valid;
        unix_time value;
    } cases[] = {
        {"UTCTime",
         SLICE_INIT("\x17\x0d"
                    "700101000000Z"),
         true, 0},
        {"UTCTime of the last century",
         SLICE_INIT("\x17\x0d"
                    "500101000000Z"),
         true, -631152000},
        {"UTCTime of 2049",
         SLICE_INIT("\x17\x0d"
                    "491231235959Z"),
         true, 2524607999},
        {"GeneralizedTime of 2050",
         SLICE_INIT("\x18\x0f"
                    "20500101000000Z"),
         true, 2524608000},
        {"no end",
         SLICE_INIT("\x18\x0f"
                    "99991231235959Z"),
         true, 253402300799},
        {"GeneralizedTime of 2049",
         SLICE_INIT("\x18\x0f"
                    "20491231235959Z"),
         true, 2524607999},
        {"no seconds",
         SLICE_INIT("\x17\x0b"
                    "7001010000Z"),
         false, 0},
        {"offset",
         SLICE_INIT("\x17\x11"
                    "700101000000+0000"),
         false, 0},
        {"fraction",
         SLICE_INIT("\x18\x11"
                    "20500101000000.5Z"),
         false, 0},
        {"month 13",
         SLICE_INIT("\x17\x0d"
                    "701301000000Z"),
         false, 0},
        {"29 February",
         SLICE_INIT("\x17\x0d"
                    "700229000000Z"),
         false, 0},
        {"a colon",
         SLICE_INIT("\x17\x0d"
                    "70010100000:Z"),
         false, 0},
        {"a slash",
         SLICE_INIT("\x17\x0d"
                    "70010100000/Z"),
         false, 0},
        {"a letter",
         SLICE_INIT("\x17\x0d"
                    "7001O1000000Z"),
         false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rd r = rd_init(cases[i].bytes);
        unix_time value = der_time(&r);

        if ((rd_end(&r) == OK) != cases[i].valid || value != cases[i].value)
            fail_msg("%s", cases[i].name);
    }
}

static void test_nesting_must_be_consumed(void **state)
{
    struct rd r = rd_init(SLICE_LIT("\x30\x06\x02\x01\x05\x02\x01\x06"));
    struct rd seq = der_enter(&r, DER_SEQUENCE);
    bool present;

    (void)state;
    assert_int_equal(der_u64(&seq), 5);
    der_leave(&r, &seq); /* one INTEGER is left */
    assert_true(r.bad);

    r = rd_init(SLICE_LIT("\x30\x00"));
    seq = der_enter_if(&r, DER_SET, &present);
    assert_false(present);
    der_leave(&r, &seq);
    assert_false(r.bad);
    seq = der_enter(&r, DER_SET);
    assert_true(r.bad && seq.bad);
}

static void test_ecdsa_signatures(void **state)
{
    static const struct {
        const char *name;
        struct slice bytes;
        bool valid;
    } cases[] = {
        {"small", SLICE_INIT("\x30\x06\x02\x01\x01\x02\x01\x02"), true},
        {"sign byte", SLICE_INIT("\x30\x07\x02\x02\x00\x80\x02\x01\x02"), true},
        {"r is zero", SLICE_INIT("\x30\x06\x02\x01\x00\x02\x01\x02"), false},
        {"s is zero", SLICE_INIT("\x30\x06\x02\x01\x01\x02\x01\x00"), false},
        {"negative", SLICE_INIT("\x30\x06\x02\x01\x81\x02\x01\x02"), false},
        {"padded", SLICE_INIT("\x30\x07\x02\x02\x00\x01\x02\x01\x02"), false},
        {"too wide", SLICE_INIT("\x30\x08\x02\x03\x01\x01\x01\x02\x01\x02"), false},
        {"three numbers", SLICE_INIT("\x30\x09\x02\x01\x01\x02\x01\x02\x02\x01\x03"), false},
        {"bytes after", SLICE_INIT("\x30\x06\x02\x01\x01\x02\x01\x02\x00"), false},
        {"one number", SLICE_INIT("\x30\x03\x02\x01\x01"), false},
    };
    uint8_t raw[4], room[16];
    struct wr w = wr_init(room, sizeof room);
    struct slice out;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if ((der_ecdsa_raw(cases[i].bytes, 2, raw) == OK) != cases[i].valid)
            fail_msg("%s", cases[i].name);
    assert_int_equal(der_ecdsa_raw(cases[1].bytes, 2, raw), OK);
    assert_memory_equal(raw, "\x00\x80\x00\x02", 4);
    der_put_ecdsa(&w, SLICE_OF(raw));
    assert_int_equal(wr_end(&w, &out), OK);
    assert_true(slice_eq(out, cases[1].bytes));
}

/* What the writer writes, the reader reads, and nothing else is written for it. */
static void test_round_trip(void **state)
{
    static const uint64_t numbers[] = {0, 1, 127, 128, 255, 256, 65535, UINT64_MAX};
    static const uint16_t flags[] = {0, 1, 0x60, 0x100, 0x8001};
    static const unix_time times[] = {-631152000, 0, 2524607999, 2524608000, 253402300799};
    uint8_t room[1024];
    struct wr w = wr_init(room, sizeof room);
    struct wr_block seq = der_open(&w, DER_SEQUENCE);
    struct slice out;
    struct rd r, in;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        der_put_u64(&w, numbers[i]);
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        der_put_flags(&w, flags[i]);
    for (size_t i = 0; i < COUNT_OF(times); i++)
        der_put_time(&w, times[i]);
    der_put_bool(&w, true);
    der_put_null(&w);
    der_put_bits(&w, SLICE_LIT("bits"));
    der_close(&w, seq);
    assert_int_equal(wr_end(&w, &out), OK);
    assert_true(out.len > 128); /* the outer length moved its content */

    r = rd_init(out);
    in = der_enter(&r, DER_SEQUENCE);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        assert_true(der_u64(&in) == numbers[i]);
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        assert_int_equal(der_flags(&in), flags[i]);
    for (size_t i = 0; i < COUNT_OF(times); i++)
        assert_true(der_time(&in) == times[i]);
    assert_true(der_bool(&in));
    assert_int_equal(der_take(&in, DER_NULL).len, 0);
    assert_true(slice_eq_text(der_bits(&in), "bits"));
    der_leave(&r, &in);
    assert_int_equal(rd_end(&r), OK);
}

static void test_writer_is_bounded(void **state)
{
    uint8_t room[200];

    (void)state;
    for (size_t size = 0; size < sizeof room; size++) {
        struct wr w = wr_init(room, size);
        struct wr_block outer = der_open(&w, DER_SEQUENCE), inner;
        struct slice out;

        inner = der_open(&w, DER_SEQUENCE);
        wr_zero(&w, 195 - 6);
        der_close(&w, inner);
        der_close(&w, outer);
        assert_int_equal(wr_end(&w, &out), size >= 195 ? OK : ERR_LIMIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical_form),
        cmocka_unit_test(test_long_lengths),
        cmocka_unit_test(test_padded_lengths),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_booleans_and_bits),
        cmocka_unit_test(test_oids),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_nesting_must_be_consumed),
        cmocka_unit_test(test_ecdsa_signatures),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_writer_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
