#include "base/buf.h"

#include "base/test.h"

static void test_appending(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    assert_string_equal(buf_cstr(&b), "");
    buf_put(&b, SLICE_LIT("ab"));
    buf_put_text(&b, "cd");
    buf_put_u8(&b, 'e');
    buf_put_u64(&b, 0);
    buf_put_u64(&b, UINT64_MAX);
    buf_printf(&b, "-%d-%s", -5, "x");
    buf_printf(&b, "%s", "");
    buf_put(&b, slice_make(NULL, 0));
    assert_string_equal(buf_cstr(&b), "abcde018446744073709551615--5-x");
    assert_int_equal(buf_ok(&b), OK);
    buf_fini(&b);
}

static void test_growth_keeps_content(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100000);
    for (size_t i = 0; i < 100000; i++)
        buf_put_u8(&b, (uint8_t)(i % 253));
    assert_int_equal(buf_ok(&b), OK);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(b.ptr[i], i % 253);
    buf_fini(&b);
}

static void test_cap_is_sticky(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4);
    buf_put_text(&b, "abcd");
    assert_int_equal(buf_ok(&b), OK);
    buf_put_text(&b, "e");
    assert_int_equal(buf_ok(&b), ERR_LIMIT);
    buf_drop(&b, 2);
    buf_put_text(&b, "f"); /* would fit now, but something is missing already */
    assert_string_equal(buf_cstr(&b), "cd");
    assert_int_equal(buf_ok(&b), ERR_LIMIT);
    assert_null(buf_extend(&b, 1));
    buf_clear(&b);
    assert_int_equal(buf_ok(&b), OK);
    buf_printf(&b, "%s", "12345");
    assert_int_equal(buf_ok(&b), ERR_LIMIT);
    assert_int_equal(b.len, 0);
    buf_fini(&b);
    buf_put_text(&b, "abcd"); /* usable again, under the same cap */
    assert_int_equal(buf_ok(&b), OK);
    assert_null(buf_extend(&b, SIZE_MAX));
    buf_wipe(&b);
}

static void test_extend_and_drop(void **state)
{
    struct buf b;
    uint8_t *room;

    (void)state;
    buf_init(&b, 600);
    buf_put_text(&b, "ab");
    room = buf_extend(&b, 3);
    memcpy(room, "cde", 3);
    buf_drop(&b, 0);
    buf_drop(&b, 4);
    assert_true(slice_eq_text(buf_slice(&b), "e"));
    buf_drop(&b, 1);
    assert_int_equal(buf_slice(&b).len, 0);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appending),
        cmocka_unit_test(test_growth_keeps_content),
        cmocka_unit_test(test_cap_is_sticky),
        cmocka_unit_test(test_extend_and_drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
