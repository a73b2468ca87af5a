/* Against figures computed apart, with floating point. */
#include "zk/security.h"

#include "base/test.h"

static void test_log2(void **state)
{
    /* floor-ish of 65536 log2(a/b): at most 3 units below the true value, never above. */
    static const struct {
        uint64_t a, b;
        uint32_t want;
    } cases[] = {
        {1, 1, 0},           {2, 1, 65536},          {3, 2, 38336}, {32768, 19520, 48977},
        {8192, 5051, 45721}, {131072, 69632, 59804},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t got = security_log2(cases[i].a, cases[i].b);

        assert_in_range(got, cases[i].want > 3 ? cases[i].want - 3 : 0, cases[i].want);
    }
}

static void test_queries(void **state)
{
    static const struct {
        size_t k;
        unsigned log_n;
        uint32_t want;
    } cases[] = {{3136, 14, 136}, {955, 12, 145}, {571, 12, 125}, {4096, 16, 111}, {1, 10, 102}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(security_queries(cases[i].k, cases[i].log_n), cases[i].want);
}

static const struct security good = {
    .lookups = 14000,
    .columns = 3,
    .combined = 500,
    .products = 50,
    .weights_k = 2560,
    .data_k = 955,
    .weights_log_n = 15,
    .data_log_n = 12,
    .weights_queries = 120,
    .data_queries = 145,
};

static void test_bits(void **state)
{
    struct security s = good;

    (void)state;
    assert_int_equal(security_bits(&s), 101);
    s.data_queries = 143;
    assert_int_equal(security_bits(&s), 99);
    s = good;
    s.weights_queries = 100;
    assert_true(security_bits(&s) < SECURITY_FLOOR);
    s = good;
    s.weights_k = (size_t)1 << 15;
    assert_int_equal(security_bits(&s), 0);
    s = good;
    s.lookups = (uint64_t)1 << 22; /* 3 * 2^22 terms: 123.954 - 23.585 */
    assert_int_equal(security_bits(&s), 100);
    s.lookups = (uint64_t)1 << 23;
    assert_int_equal(security_bits(&s), 99);
    s.lookups = 0x7f000001;
    s.columns = 1;
    assert_int_equal(security_bits(&s), 0);
    s = good;
    s.products = (uint64_t)1 << 24;
    assert_int_equal(security_bits(&s), 98);
    s = good;
    s.combined = (uint64_t)1 << 25;
    assert_int_equal(security_bits(&s), 98);
    s = good;
    s.data_log_n = 24;
    assert_true(security_bits(&s) < SECURITY_FLOOR);
    s = good;
    s.weights_log_n = 24;
    s.weights_queries = 200;
    assert_int_equal(security_bits(&s), 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log2),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
