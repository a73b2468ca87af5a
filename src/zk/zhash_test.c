/* Both builds of the hash against crypto/hash.h, at every length around block borders. */
#include "zk/zhash.h"

#include "base/num.h"
#include "zk/testing.h"

enum { LEN_MAX = 300, MESSAGES = 7 };

static void fill(uint8_t *out, size_t len, uint64_t seed)
{
    struct testing_rng r = {seed};

    testing_fill(&r, out, len);
}

static void check_many(size_t len)
{
    static uint8_t messages[MESSAGES * (LEN_MAX + 3)];
    struct digest got[MESSAGES], want;
    size_t stride = len + 3;

    fill(messages, sizeof messages, len + 1);
    zhash_many(messages, stride, len, MESSAGES, got);
    for (size_t i = 0; i < MESSAGES; i++) {
        sha256(slice_make(messages + i * stride, len), &want);
        assert_true(digest_eq(&got[i], &want));
    }
}

static void test_many(void **state)
{
    (void)state;
    for (int portable = 0; portable < 2; portable++) {
        zhash_portable_only(portable != 0);
        for (size_t len = 0; len < LEN_MAX; len++)
            check_many(len);
    }
    zhash_portable_only(false);
}

static void test_streaming(void **state)
{
    uint8_t bytes[LEN_MAX];
    struct digest got, want;

    (void)state;
    fill(bytes, sizeof bytes, 9);
    sha256(SLICE_OF(bytes), &want);
    for (size_t step = 1; step < 200; step++) {
        struct zhash h;

        zhash_init(&h);
        for (size_t at = 0; at < sizeof bytes; at += step)
            zhash_update(&h, slice_make(bytes + at, num_min(step, sizeof bytes - at)));
        zhash_final(&h, &got);
        assert_true(digest_eq(&got, &want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_streaming),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
