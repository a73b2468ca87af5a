#include "role/outer.h"

#include "base/test.h"

static void test_copies_must_agree(void **state)
{
    struct outer open = {{SLICE_INIT("m"), SLICE_INIT("1024"), SLICE_INIT("5"), SLICE_INIT("0")}};
    struct outer sealed = open;

    (void)state;
    assert_int_equal(outer_check(&open, &sealed), OK);
    for (size_t i = 0; i < OUTER_FIELDS; i++) {
        sealed = open;
        sealed.value[i] = SLICE_LIT("x");
        assert_int_equal(outer_check(&open, &sealed), ERR_MISMATCH);
        sealed.value[i] = SLICE_LIT("");
        assert_int_equal(outer_check(&open, &sealed), ERR_MISMATCH);
    }
}

static void test_stock_client_has_no_outer_fields(void **state)
{
    struct outer none = {0};
    struct outer sealed = {{SLICE_INIT("m"), {0}, {0}, {0}}};

    (void)state;
    assert_int_equal(outer_check(&none, &sealed), OK);
    assert_int_equal(outer_check(&sealed, &none), ERR_MISMATCH);
}

static void test_deadline(void **state)
{
    struct outer o = {0};
    uint64_t at;

    (void)state;
    assert_int_equal(outer_deadline(&o, 1000, &at), OK);
    assert_int_equal(at, 1000 + OUTER_DEADLINE_MS);
    o.value[OUTER_DEADLINE] = SLICE_LIT("42");
    assert_int_equal(outer_deadline(&o, 1000, &at), OK);
    assert_int_equal(at, 42);
    o.value[OUTER_DEADLINE] = SLICE_LIT("soon");
    assert_int_equal(outer_deadline(&o, 1000, &at), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_must_agree),
        cmocka_unit_test(test_stock_client_has_no_outer_fields),
        cmocka_unit_test(test_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
