/* Bundles that are damaged, cut short, or met with too little memory. */
#include "receipt/bundle_kit_test.h"

static void test_form(void **state)
{
    static const struct {
        const char *from, *to;
        cocoon_err err;
    } changes[] = {
        {"cocoon.bundle.v1", "cocoon.bundle.v2", ERR_VERSION},
        {"\"worker_id\":", "\"worker-id\":", ERR_UNKNOWN_NAME},
        {"\"ledger\":{", "\"ledger\":[", ERR_MALFORMED},
        {"\"receipt_log\":{", "\"receipt-log\":{", ERR_UNKNOWN_NAME},
    };
    struct pieces *p = *state;

    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        struct bundle_question q = ask(p);

        patch(&p->text, changes[i].from, changes[i].to);
        expect(&q, "bundle.form", changes[i].err);
    }
}

static void check_prefix(struct slice text, void *arg)
{
    struct bundle_question q = {.text = text, .policy = &world.policy, .arena = arg};
    struct bundle_answer a;

    bundle_verify(&q, &a);
    assert_int_equal(result_verdict(a.result), VERDICT_NOT_VERIFIED);
    assert_int_equal(result_exit(a.result), 30);
    arena_fini(arg);
}

static void test_truncated(void **state)
{
    struct bundle_question q = ask(*state);
    struct arena arena;

    arena_init(&arena, 1 << 26);
    for (size_t len = 0; len < q.text.len; len += 1 + len / 100)
        test_with_copy(slice_sub(q.text, 0, len), check_prefix, &arena);
}

/* A flipped bit may change what nobody looks at, but never the answer's meaning: what verifies then
 * is the very receipt that was signed. */
static void test_bit_flips(void **state)
{
    struct bundle_question q = ask(*state);
    struct bundle_answer good, a;
    struct arena arena;
    size_t verified = 0;
    uint64_t seed = 6;

    bundle_verify(&q, &good);
    arena_init(&arena, 1 << 26);
    q.arena = &arena;
    for (int i = 0; i < 1500; i++) {
        uint64_t bit = test_random(&seed) % (8 * q.text.len);
        uint8_t *byte = (uint8_t *)(uintptr_t)q.text.ptr + bit / 8;

        *byte = (uint8_t)(*byte ^ (1U << (bit % 8)));
        bundle_verify(&q, &a);
        if (result_verdict(a.result) == VERDICT_VERIFIED) {
            verified++;
            assert_true(digest_eq(&a.receipt.digest, &good.receipt.digest));
        }
        *byte = (uint8_t)(*byte ^ (1U << (bit % 8)));
        arena_fini(&arena);
    }
    assert_true(verified < 100);
}

static void test_a_small_arena_never_verifies(void **state)
{
    struct bundle_question q = ask(*state);
    struct bundle_answer a;
    size_t used;

    arena_fini(&world.arena);
    bundle_verify(&q, &a);
    used = world.arena.used;
    for (size_t max = 0; max < used; max += 1 + used / 150) {
        struct arena arena;

        arena_init(&arena, max);
        q.arena = &arena;
        bundle_verify(&q, &a);
        assert_int_equal(result_verdict(a.result), VERDICT_NOT_VERIFIED);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_form),
        TEST(test_truncated),
        TEST(test_bit_flips),
        TEST(test_a_small_arena_never_verifies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
