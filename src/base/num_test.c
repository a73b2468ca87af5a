#include "base/num.h"

#include "base/test.h"

static void test_edges(void **state)
{
    uint64_t v = 9;
    size_t n = 9;
    uint32_t w = 9;
    uint16_t h = 9;

    (void)state;
    assert_true(num_add(SIZE_MAX - 1, 1, &n));
    assert_true(n == SIZE_MAX);
    assert_false(num_add(SIZE_MAX, 1, &n));
    assert_true(n == SIZE_MAX); /* left alone */
    assert_true(num_mul(SIZE_MAX, 1, &n));
    assert_false(num_mul(SIZE_MAX / 2 + 1, 2, &n));
    assert_true(num_add_u64(UINT64_MAX, 0, &v));
    assert_false(num_add_u64(UINT64_MAX, 1, &v));
    assert_true(num_sub_u64(5, 5, &v));
    assert_int_equal(v, 0);
    assert_false(num_sub_u64(5, 6, &v));
    assert_true(num_mul_u64(UINT64_MAX, 1, &v));
    assert_false(num_mul_u64(UINT64_MAX, 2, &v));
    assert_true(num_u32(UINT32_MAX, &w));
    assert_true(w == UINT32_MAX);
    assert_false(num_u32((uint64_t)UINT32_MAX + 1, &w));
    assert_true(num_u16(UINT16_MAX, &h));
    assert_int_equal(h, UINT16_MAX);
    assert_false(num_u16(UINT16_MAX + 1, &h));
    assert_true(num_size(7, &n));
    assert_int_equal(n, 7);
    assert_int_equal(num_min(3, 4), 3);
    assert_int_equal(num_max(3, 4), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_edges)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
