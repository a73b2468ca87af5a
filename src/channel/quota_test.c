#include "channel/quota.h"

#include "base/test.h"

static void test_bucket(void **state)
{
    struct quota q;

    (void)state;
    quota_init(&q, 2, 100, 1000);
    assert_true(quota_take(&q, 1000));
    assert_true(quota_take(&q, 1000));
    assert_false(quota_take(&q, 1099));
    assert_true(quota_take(&q, 1100));
    assert_false(quota_take(&q, 1199));
    assert_true(quota_take(&q, 1200));
    /* However long nothing happens, the bucket holds no more than its burst. */
    assert_true(quota_take(&q, 900000));
    assert_true(quota_take(&q, 900000));
    assert_false(quota_take(&q, 900000));
    assert_false(quota_take(&q, 0)); /* a clock that goes back gives nothing */
    assert_true(quota_take(&q, 900100));
}

/* Waiting while full earns nothing towards the next token. */
static void test_full_bucket_does_not_fill(void **state)
{
    struct quota q;

    (void)state;
    quota_init(&q, 1, 100, 0);
    assert_true(quota_take(&q, 99));
    assert_false(quota_take(&q, 100));
    assert_false(quota_take(&q, 198));
    assert_true(quota_take(&q, 199));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket),
        cmocka_unit_test(test_full_bucket_does_not_fill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
