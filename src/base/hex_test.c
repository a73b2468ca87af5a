#include "base/hex.h"

#include "base/test.h"

static void test_round_trip(void **state)
{
    uint8_t bytes[256], back[256];
    char text[513];
    struct buf out;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    hex_write(SLICE_OF(bytes), text);
    assert_memory_equal(text, "000102030405060708090a0b", 24);
    assert_string_equal(text + 510, "ff");
    buf_init(&out, 1000);
    hex_put(&out, SLICE_OF(bytes));
    assert_string_equal(buf_cstr(&out), text);
    assert_int_equal(hex_read(slice_text(text), back, sizeof back), OK);
    assert_memory_equal(back, bytes, sizeof bytes);
    buf_fini(&out);
}

static void test_reading_is_strict(void **state)
{
    static const char *const bad[] = {"", "0", "000", "0g00", "00 0", "00:0", "AB00", "ab0"};
    uint8_t out[2];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (hex_read(slice_text(bad[i]), out, sizeof out) != ERR_MALFORMED)
            fail_msg("accepted \"%s\"", bad[i]);
    assert_int_equal(hex_read(SLICE_LIT(""), out, 0), OK);
    assert_int_equal(hex_read_any(SLICE_LIT("aBFe"), out, sizeof out), OK);
    assert_int_equal(out[0], 0xab);
    assert_int_equal(out[1], 0xfe);
    assert_int_equal(hex_read_any(SLICE_LIT("abG0"), out, sizeof out), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_reading_is_strict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
