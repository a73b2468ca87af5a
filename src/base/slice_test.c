#include "base/slice.h"

#include "base/test.h"

static void test_utf8_table(void **state)
{
    static const struct {
        const char *name;
        struct slice text;
        bool valid;
    } cases[] = {
        {"empty", SLICE_INIT(""), true},
        {"ascii", SLICE_INIT("abc"), true},
        {"two bytes", SLICE_INIT("\xc3\xa9"), true},
        {"three bytes", SLICE_INIT("\xe2\x82\xac"), true},
        {"four bytes", SLICE_INIT("\xf0\x9f\x98\x80"), true},
        {"last code point", SLICE_INIT("\xf4\x8f\xbf\xbf"), true},
        {"long ascii, then a bad byte", SLICE_INIT("0123456789abcdef0123\xff"), false},
        {"bad byte inside a long run",
         SLICE_INIT("01234567\x80"
                    "0123456789abcdef"),
         false},
        {"bare continuation", SLICE_INIT("\x80"), false},
        {"overlong two", SLICE_INIT("\xc0\x80"), false},
        {"overlong three", SLICE_INIT("\xe0\x80\x80"), false},
        {"overlong four", SLICE_INIT("\xf0\x80\x80\x80"), false},
        {"surrogate", SLICE_INIT("\xed\xa0\x80"), false},
        {"above U+10FFFF", SLICE_INIT("\xf4\x90\x80\x80"), false},
        {"cut short", SLICE_INIT("\xe2\x82"), false},
        {"bad third byte", SLICE_INIT("\xe2\x82\x28"), false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (slice_is_utf8(cases[i].text) != cases[i].valid)
            fail_msg("%s", cases[i].name);
}

static void test_code_points(void **state)
{
    uint32_t code;

    (void)state;
    assert_int_equal(slice_code_point(SLICE_LIT("A"), &code), 1);
    assert_int_equal(code, 'A');
    assert_int_equal(slice_code_point(SLICE_LIT("\xc3\xa9x"), &code), 2);
    assert_int_equal(code, 0xe9);
    assert_int_equal(slice_code_point(SLICE_LIT("\xef\xbf\xbd"), &code), 3);
    assert_int_equal(code, 0xfffd);
    assert_int_equal(slice_code_point(SLICE_LIT("\xf4\x8f\xbf\xbf"), &code), 4);
    assert_int_equal(code, 0x10ffff);
    assert_int_equal(slice_code_point(SLICE_LIT(""), &code), 0);
    assert_int_equal(slice_code_point(SLICE_LIT("\xc3"), &code), 0);
}

static void test_numbers(void **state)
{
    uint64_t v = 7;

    (void)state;
    assert_int_equal(slice_u64(SLICE_LIT("0"), &v), OK);
    assert_int_equal(v, 0);
    assert_int_equal(slice_u64(SLICE_LIT("18446744073709551615"), &v), OK);
    assert_true(v == UINT64_MAX);
    assert_int_equal(slice_u64(SLICE_LIT("18446744073709551616"), &v), ERR_RANGE);
    assert_int_equal(slice_u64(SLICE_LIT("01"), &v), ERR_MALFORMED);
    assert_int_equal(slice_u64(SLICE_LIT(""), &v), ERR_MALFORMED);
    assert_int_equal(slice_u64(SLICE_LIT("+1"), &v), ERR_MALFORMED);
    assert_int_equal(slice_u64(SLICE_LIT("1 "), &v), ERR_MALFORMED);
}

static void test_cutting(void **state)
{
    struct slice rest = SLICE_LIT("a:b:");
    size_t at;

    (void)state;
    assert_true(slice_eq_text(slice_cut(&rest, ':'), "a"));
    assert_true(slice_eq_text(slice_cut(&rest, ':'), "b"));
    assert_int_equal(rest.len, 0);
    assert_true(slice_eq_text(slice_trim(SLICE_LIT(" \tx y\t ")), "x y"));
    assert_true(slice_find_slice(SLICE_LIT("abcabd"), SLICE_LIT("abd"), &at));
    assert_int_equal(at, 3);
    assert_false(slice_find_slice(SLICE_LIT("ab"), SLICE_LIT("abd"), &at));
    assert_true(slice_starts(SLICE_LIT("abc"), SLICE_LIT("ab")));
    assert_true(slice_ends(SLICE_LIT("abc"), SLICE_LIT("bc")));
    assert_false(slice_ends(SLICE_LIT("c"), SLICE_LIT("bc")));
    assert_true(slice_is_zero(SLICE_LIT("")));
    assert_true(slice_is_zero(SLICE_LIT("\0\0\0")));
    assert_false(slice_is_zero(SLICE_LIT("\0\0\1")));
    assert_false(slice_is_zero(SLICE_LIT("\1\0\0")));
}

static void test_comparing(void **state)
{
    (void)state;
    assert_true(slice_cmp(SLICE_LIT("a"), SLICE_LIT("ab")) < 0);
    assert_true(slice_cmp(SLICE_LIT("b"), SLICE_LIT("ab")) > 0);
    assert_int_equal(slice_cmp(SLICE_LIT("ab"), SLICE_LIT("ab")), 0);
    assert_true(slice_cmp(SLICE_LIT("\xff"), SLICE_LIT("a")) > 0);
    assert_true(slice_eq_nocase(SLICE_LIT("Content-LENGTH"), SLICE_LIT("content-length")));
    assert_false(slice_eq_nocase(SLICE_LIT("["), SLICE_LIT("{")));
    assert_true(slice_eq_ct(SLICE_LIT("key"), SLICE_LIT("key")));
    assert_false(slice_eq_ct(SLICE_LIT("key"), SLICE_LIT("kez")));
    assert_false(slice_eq_ct(SLICE_LIT("key"), SLICE_LIT("ke")));
}

static void test_cstr(void **state)
{
    char text[4];

    (void)state;
    assert_int_equal(slice_cstr(SLICE_LIT("abc"), text, sizeof text), OK);
    assert_string_equal(text, "abc");
    assert_int_equal(slice_cstr(SLICE_LIT("abcd"), text, sizeof text), ERR_LIMIT);
    assert_string_equal(text, "");
    assert_int_equal(slice_cstr(SLICE_LIT("a\0b"), text, sizeof text), ERR_ENCODING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_table), cmocka_unit_test(test_code_points),
        cmocka_unit_test(test_numbers),    cmocka_unit_test(test_cutting),
        cmocka_unit_test(test_comparing),  cmocka_unit_test(test_cstr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
