#include "base/rd.h"

#include "base/test.h"

static void test_integers(void **state)
{
    static const uint8_t bytes[] = {1,    2,    3,    4,    5,  6,  7,    8,    9,    10,   11,
                                    12,   13,   14,   15,   16, 0,  0xf1, 0xf2, 0xf3, 0xf4, 0xf5,
                                    0xf6, 0xf7, 0xf8, 0xf9, 17, 18, 19,   20,   21,   22};
    struct rd r = rd_init(SLICE_OF(bytes));

    (void)state;
    assert_int_equal(rd_u8(&r), 1);
    assert_int_equal(rd_u16be(&r), 0x0203);
    assert_int_equal(rd_u24be(&r), 0x040506);
    assert_int_equal(rd_u32be(&r), 0x0708090a);
    assert_int_equal(rd_u16le(&r), 0x0c0b);
    assert_int_equal(rd_u32le(&r), 0x100f0e0d);
    assert_true(rd_u64be(&r) == 0x00f1f2f3f4f5f6f7);
    assert_true(rd_u64le(&r) == 0x161514131211f9f8);
    assert_int_equal(rd_end(&r), OK);
}

/* RFC 9000 appendix A.1. */
static void test_varints(void **state)
{
    static const uint8_t bytes[] = {0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c, 0x9d,
                                    0x7f, 0x3e, 0x7d, 0x7b, 0xbd, 0x25, 0x40, 0x25, 0xc0};
    struct rd r = rd_init(SLICE_OF(bytes));

    (void)state;
    assert_true(rd_varint(&r) == 151288809941952652);
    assert_int_equal(rd_varint(&r), 494878333);
    assert_int_equal(rd_varint(&r), 15293);
    assert_int_equal(rd_varint(&r), 37);
    assert_int_equal(rd_varint(&r), 37);
    assert_int_equal(rd_end(&r), ERR_TRAILING);
    assert_int_equal(rd_varint(&r), 0); /* announces 8 bytes, 1 is there */
    assert_int_equal(rd_end(&r), ERR_TRUNCATED);
}

static void test_overrun_is_sticky(void **state)
{
    struct rd r = rd_init(SLICE_LIT("abc"));
    uint8_t copy[4] = {9, 9, 9, 9};

    (void)state;
    assert_int_equal(rd_u32be(&r), 0);
    assert_true(r.bad);
    assert_int_equal(rd_left(&r), 0);
    assert_int_equal(rd_u8(&r), 0);
    assert_int_equal(rd_peek(&r), 0);
    assert_int_equal(rd_slice(&r, 0).len, 0);
    rd_copy(&r, copy, sizeof copy);
    assert_memory_equal(copy, "\0\0\0\0", 4);
    assert_true(rd_sub(&r, 0).bad);
    assert_int_equal(rd_end(&r), ERR_TRUNCATED);
}

static void test_slices_and_children(void **state)
{
    struct rd r = rd_init(SLICE_LIT("abcdefgh"));
    struct rd sub;
    char copy[2];

    (void)state;
    assert_int_equal(rd_peek(&r), 'a');
    assert_true(slice_eq_text(rd_slice(&r, 2), "ab"));
    sub = rd_sub(&r, 2);
    assert_int_equal(rd_u8(&sub), 'c');
    assert_int_equal(rd_end(&sub), ERR_TRAILING);
    assert_int_equal(rd_u8(&sub), 'd');
    assert_int_equal(rd_end(&sub), OK);
    assert_int_equal(rd_u8(&sub), 0); /* the parent's bytes are out of reach */
    assert_true(sub.bad);
    rd_copy(&r, copy, 2);
    assert_memory_equal(copy, "ef", 2);
    rd_skip(&r, 1);
    assert_true(slice_eq_text(rd_rest(&r), "h"));
    assert_int_equal(rd_end(&r), OK);
    rd_fail(&r);
    assert_int_equal(rd_end(&r), ERR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_varints),
        cmocka_unit_test(test_overrun_is_sticky),
        cmocka_unit_test(test_slices_and_children),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
