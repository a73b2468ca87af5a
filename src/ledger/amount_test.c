#include "ledger/amount.h"

#include "base/test.h"

static void test_decimal(void **state)
{
    static const struct {
        const char *text;
        cocoon_err err;
    } cases[] = {
        {"0", OK},
        {"1000000000", OK},
        {"18446744073709551616", OK},
        {"340282366920938463463374607431768211455", OK},
        {"340282366920938463463374607431768211456", ERR_RANGE},
        {"3402823669209384634633746074317682114550", ERR_RANGE},
        {"", ERR_MALFORMED},
        {"01", ERR_MALFORMED},
        {"-1", ERR_MALFORMED},
        {"1 ", ERR_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        amount value;
        struct buf out;

        assert_int_equal(amount_read(slice_text(cases[i].text), &value), cases[i].err);
        if (cases[i].err != OK)
            continue;
        buf_init(&out, 64);
        amount_put(&out, value);
        assert_true(slice_eq_text(buf_slice(&out), cases[i].text));
        buf_fini(&out);
    }
}

static void test_wire(void **state)
{
    uint8_t room[16];
    struct wr w = wr_init(room, sizeof room);
    amount value = (amount)1 << 127 | 5;
    struct rd r = rd_init(SLICE_OF(room));

    (void)state;
    wr_amount(&w, value);
    assert_int_equal(room[0], 0x80);
    assert_int_equal(room[15], 5);
    assert_true(rd_amount(&r) == value);
    assert_int_equal(rd_end(&r), OK);
}

static void test_bounds(void **state)
{
    amount most = ~(amount)0, out = 7;

    (void)state;
    assert_false(amount_add(most, 1, &out));
    assert_false(amount_sub(1, 2, &out));
    assert_false(amount_mul(most, 2, &out));
    assert_true(out == 7);
    assert_true(amount_add(most, 0, &out) && out == most);
    assert_true(amount_sub(2, 2, &out) && out == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimal),
        cmocka_unit_test(test_wire),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
