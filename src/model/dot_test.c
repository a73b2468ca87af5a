/* Every build of the inner loop against the portable one, at all lengths and at the extremes. */
#include "model/dot.h"

#include "base/test.h"

enum { LEN_MAX = 200 };

static void test_builds_agree(void **state)
{
    static int8_t w[LEN_MAX];
    static int16_t x[LEN_MAX];
    uint64_t seed = 88172645463325252;

    (void)state;
    for (int round = 0; round < 20; round++)
        for (size_t len = 0; len < LEN_MAX; len++) {
            for (size_t i = 0; i < len; i++) {
                seed = seed * 6364136223846793005 + 1442695040888963407;
                w[i] = round == 0 ? -128 : (int8_t)(seed >> 40);
                x[i] = round == 0 ? INT16_MIN : (int16_t)(seed >> 48);
            }
            for (int isa = DOT_PORTABLE; isa <= DOT_AVX512; isa++)
                assert_int_equal(dot_get((enum dot_isa)isa)(w, x, len), dot_portable(w, x, len));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_builds_agree)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
