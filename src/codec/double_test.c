#include "codec/double.h"

#include <math.h>

#include "base/test.h"

static double from_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* RFC 8785 appendix B, and the borders between ECMAScript's layouts. */
static const struct {
    uint64_t bits;
    const char *text;
} known[] = {
    {0x0000000000000000, "0"},
    {0x8000000000000000, "0"},
    {0x0000000000000001, "5e-324"},
    {0x8000000000000001, "-5e-324"},
    {0x7fefffffffffffff, "1.7976931348623157e+308"},
    {0xffefffffffffffff, "-1.7976931348623157e+308"},
    {0x4340000000000000, "9007199254740992"},
    {0xc340000000000000, "-9007199254740992"},
    {0x4430000000000000, "295147905179352830000"},
    {0x44b52d02c7e14af5, "9.999999999999997e+22"},
    {0x44b52d02c7e14af6, "1e+23"},
    {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
    {0x444b1ae4d6e2ef4e, "999999999999999700000"},
    {0x444b1ae4d6e2ef4f, "999999999999999900000"},
    {0x444b1ae4d6e2ef50, "1e+21"},
    {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
    {0x3eb0c6f7a0b5ed8d, "0.000001"},
    {0x41b3de4355555553, "333333333.3333332"},
    {0x41b3de4355555554, "333333333.33333325"},
    {0x41b3de4355555555, "333333333.3333333"},
    {0x41b3de4355555556, "333333333.3333334"},
    {0x41b3de4355555557, "333333333.33333343"},
    {0xbecbf647612f3696, "-0.0000033333333333333333"},
    {0x43143ff3c1cb0959, "1424953923781206.2"},
    {0x000fffffffffffff, "2.225073858507201e-308"},
    {0x0010000000000000, "2.2250738585072014e-308"},
    {0x3fb999999999999a, "0.1"},
    {0x3ff8000000000000, "1.5"},
    {0x3d30000000000000, "5.684341886080802e-14"}, /* a power of two: its gap below is half */
};

static void test_known(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        double back;

        buf_clear(&out);
        double_put(&out, from_bits(known[i].bits));
        assert_string_equal(buf_cstr(&out), known[i].text);
        assert_int_equal(double_read(buf_slice(&out), &back), OK);
        assert_true(back == from_bits(known[i].bits));
    }
    buf_fini(&out);
}

/* Return how many significant digits printf needs for `value` to be read back. */
static int digits_needed(double value)
{
    char text[64];

    for (int digits = 1; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value)
            return digits;
    }
    return 17;
}

static int digits_written(struct slice text)
{
    int count = 0, zeros = 0;

    for (size_t i = 0; i < text.len && text.ptr[i] != 'e'; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            continue;
        if (text.ptr[i] == '0') {
            zeros += count > 0;
        } else {
            count += zeros + 1;
            zeros = 0;
        }
    }
    return count;
}

static void test_random_doubles_round_trip_shortest(void **state)
{
    uint64_t seed = 1;
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    for (int i = 0; i < 30000; i++) {
        uint64_t bits = test_random(&seed);
        double value = from_bits(i % 3 == 0 ? bits & 0x800fffffffffffff : bits), back;

        if (i % 3 == 1)
            value = (double)(int64_t)(bits >> 20) / 1000.0;
        if (!isfinite(value))
            continue;
        buf_clear(&out);
        double_put(&out, value);
        assert_true(strtod(buf_cstr(&out), NULL) == value);
        assert_int_equal(double_read(buf_slice(&out), &back), OK);
        assert_true(back == value);
        assert_true(digits_written(buf_slice(&out)) <= digits_needed(value));
    }
    buf_fini(&out);
}

/* Compare with the C library, which glibc rounds correctly. */
static void check_reading(const char *text)
{
    double want = strtod(text, NULL), got = 0;
    cocoon_err err = double_read(slice_text(text), &got);

    if (isinf(want) ? err != ERR_RANGE : (err != OK || memcmp(&got, &want, sizeof got) != 0))
        fail_msg("%s: %s, %.17g instead of %.17g", text, cocoon_err_name(err), got, want);
}

static void test_random_texts_read_like_strtod(void **state)
{
    uint64_t seed = 2;
    char text[64];

    (void)state;
    for (int i = 0; i < 30000; i++) {
        uint64_t r = test_random(&seed);
        int exponent = (int)(test_random(&seed) % 700) - 350;

        if (i % 2 == 0)
            snprintf(text, sizeof text, "%s%llu.%llue%d", r % 2 ? "-" : "",
                     (unsigned long long)r % 100000, (unsigned long long)r, exponent);
        else
            snprintf(text, sizeof text, "%llu%llue%d", (unsigned long long)(r >> 1),
                     (unsigned long long)r, exponent - 30);
        if (text[0] != '0')
            check_reading(text);
    }
}

static void test_hard_texts(void **state)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "0.0e5",
        "-0e-400",
        "1e400",
        "-1e400",
        "1e-400",
        "1e309",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "179769313486231580793e289",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.47e-324",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "9007199254740993",
        "9007199254740992.999999999999",
        "9007199254740993.000000000000001",
        "1e23",
        "8.5e22",
        "123456789012345678901234567890",
        "0.1e1",
        "100e-2",
        "1e22",
        "1e-22",
        "1E+5",
        "6.02e+23",
        "0.000000000000000000000000000000001e33",
        "1e99999999999999999999999",
        "1e-99999999999999999999999",
        "0e99999999999999999999999",
    };
    char *long_text = test_malloc(3000);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        check_reading(texts[i]);
    /* Half way between 1 and the next double, 770 to 2000 digits later decided. */
    for (size_t zeros = 700; zeros < 2000; zeros += 50) {
        memset(long_text, '0', 3000);
        memcpy(long_text, "1.00000000000000011102230246251565404236316680908203125", 55);
        long_text[55 + zeros] = '1';
        long_text[56 + zeros] = '\0';
        check_reading(long_text);
    }
    memset(long_text, '9', 2999);
    long_text[400] = '.';
    long_text[2999] = '\0';
    check_reading(long_text);
    check_reading(long_text + 100);
    test_free(long_text);
}

static void test_grammar(void **state)
{
    static const char *const bad[] = {"",      "-",   "+1", ".5",  "1.",  "01",      "-01",  "1e",
                                      "1e+",   "1 ",  " 1", "NaN", "inf", "0x1",     "1.e1", "--1",
                                      "1e5.5", "1_0", "00", "1e-", "-.5", "Infinity"};
    double value;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (double_read(slice_text(bad[i]), &value) != ERR_MALFORMED)
            fail_msg("accepted \"%s\"", bad[i]);
    assert_int_equal(double_scan(SLICE_LIT("-12.50e+3,")), 9);
    assert_int_equal(double_scan(SLICE_LIT("01")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_random_doubles_round_trip_shortest),
        cmocka_unit_test(test_random_texts_read_like_strtod),
        cmocka_unit_test(test_hard_texts),
        cmocka_unit_test(test_grammar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
