#include "base/err.h"

#include "base/test.h"

static const cocoon_err all[] = {
#define ERR_VALUE(name, value, exit_code, text) name,
    COCOON_ERR_TABLE(ERR_VALUE)
#undef ERR_VALUE
};

static void test_every_code_has_its_own_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        assert_true(all[i] < 0);
        assert_memory_equal(cocoon_err_name(all[i]), "ERR_", 4);
        assert_true(strlen(cocoon_err_text(all[i])) > 0);
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(all[i], all[k]);
            assert_string_not_equal(cocoon_err_text(all[i]), cocoon_err_text(all[k]));
        }
    }
    assert_string_equal(cocoon_err_name(ERR_TRUNCATED), "ERR_TRUNCATED");
}

static void test_exit_codes_follow_the_domains(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        int number = -(int)all[i];
        int code = cocoon_err_exit(all[i]);

        if (number < 20)
            assert_int_equal(code, 30);
        else if (number < 40)
            assert_int_equal(code, 20);
        else if (number < 70)
            assert_int_equal(code, 10);
        else
            assert_int_equal(code, all[i] == ERR_CONFIG ? 2 : 1);
    }
    assert_int_equal(cocoon_err_exit(OK), 0);
}

static void test_strangers(void **state)
{
    (void)state;
    assert_string_equal(cocoon_err_name(OK), "OK");
    assert_string_equal(cocoon_err_name((cocoon_err)-1000), "ERR_?");
    assert_int_equal(cocoon_err_exit((cocoon_err)-1000), 1);
}

static void test_fail_set_returns_its_code(void **state)
{
    struct fail fail = {0};

    (void)state;
    assert_int_equal(fail_set(&fail, ERR_RULE, 7, "why"), ERR_RULE);
    assert_int_equal(fail.code, ERR_RULE);
    assert_int_equal(fail.offset, 7);
    assert_string_equal(fail.what, "why");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_has_its_own_row),
        cmocka_unit_test(test_exit_codes_follow_the_domains),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_fail_set_returns_its_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
