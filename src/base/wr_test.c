#include "base/wr.h"

#include "base/rd.h"
#include "base/test.h"

static void test_what_is_written_is_read(void **state)
{
    static const uint64_t varints[] = {0,     63,         64,         16383,
                                       16384, 1073741823, 1073741824, 4611686018427387903};
    uint8_t room[128];
    struct wr w = wr_init(room, sizeof room);
    struct slice out;
    struct rd r;

    (void)state;
    wr_u8(&w, 0xfe);
    wr_u16be(&w, 0x0102);
    wr_u32be(&w, 0x03040506);
    wr_u64be(&w, 0x0708090a0b0c0d0e);
    wr_u16le(&w, 0x1011);
    wr_u32le(&w, 0x12131415);
    wr_u64le(&w, 0x161718191a1b1c1d);
    wr_slice(&w, SLICE_LIT("xyz"));
    wr_zero(&w, 2);
    for (size_t i = 0; i < COUNT_OF(varints); i++)
        wr_varint(&w, varints[i]);
    assert_int_equal(wr_end(&w, &out), OK);
    assert_int_equal(out.len, 34 + 2 * (1 + 2 + 4 + 8));

    r = rd_init(out);
    assert_int_equal(rd_u8(&r), 0xfe);
    assert_int_equal(rd_u16be(&r), 0x0102);
    assert_int_equal(rd_u32be(&r), 0x03040506);
    assert_true(rd_u64be(&r) == 0x0708090a0b0c0d0e);
    assert_int_equal(rd_u16le(&r), 0x1011);
    assert_int_equal(rd_u32le(&r), 0x12131415);
    assert_true(rd_u64le(&r) == 0x161718191a1b1c1d);
    assert_true(slice_eq_text(rd_slice(&r, 3), "xyz"));
    assert_int_equal(rd_u16be(&r), 0);
    for (size_t i = 0; i < COUNT_OF(varints); i++)
        assert_true(rd_varint(&r) == varints[i]);
    assert_int_equal(rd_end(&r), OK);
}

static void test_blocks_nest(void **state)
{
    uint8_t room[16];
    struct wr w = wr_init(room, sizeof room);
    struct wr_block outer = wr_open(&w, 3), inner;
    struct slice out;

    (void)state;
    wr_u8(&w, 'a');
    inner = wr_open(&w, 1);
    wr_slice(&w, SLICE_LIT("bc"));
    wr_close(&w, inner);
    wr_close(&w, outer);
    assert_int_equal(wr_end(&w, &out), OK);
    assert_true(slice_eq(out, SLICE_LIT("\0\0\4a\2bc")));
}

static void test_a_length_that_does_not_fit(void **state)
{
    uint8_t room[300];
    struct wr w = wr_init(room, sizeof room);
    struct wr_block block = wr_open(&w, 1);
    struct slice out;

    (void)state;
    wr_zero(&w, 256);
    wr_close(&w, block);
    assert_int_equal(wr_end(&w, &out), ERR_LIMIT);
}

static void test_overflow_is_sticky(void **state)
{
    uint8_t room[4] = {9, 9, 9, 9};
    struct wr w = wr_init(room, 3);
    struct slice out;

    (void)state;
    wr_u16be(&w, 1);
    wr_u16be(&w, 2);
    wr_u8(&w, 3); /* would fit, but something is missing already */
    assert_int_equal(wr_end(&w, &out), ERR_LIMIT);
    assert_int_equal(room[3], 9);
    assert_int_equal(w.len, 2);
}

static void test_insert_and_patch(void **state)
{
    uint8_t room[6];
    struct wr w = wr_init(room, sizeof room);
    struct slice out;

    (void)state;
    wr_slice(&w, SLICE_LIT("abc"));
    wr_insert(&w, 1, 2);
    wr_patch(&w, 1, 'x');
    wr_patch(&w, 2, 'y');
    assert_int_equal(wr_end(&w, &out), OK);
    assert_true(slice_eq_text(out, "axybc"));
    wr_insert(&w, 5, 1);
    assert_int_equal(wr_end(&w, &out), OK);
    assert_int_equal(out.len, 6);
    wr_insert(&w, 0, 1); /* no room: nothing moves */
    wr_patch(&w, 0, 'z');
    assert_int_equal(wr_end(&w, &out), ERR_LIMIT);
    assert_int_equal(room[0], 'a');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_blocks_nest),
        cmocka_unit_test(test_a_length_that_does_not_fit),
        cmocka_unit_test(test_overflow_is_sticky),
        cmocka_unit_test(test_insert_and_patch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
