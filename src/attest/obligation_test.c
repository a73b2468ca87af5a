#include "attest/obligation.h"

#include "base/test.h"
#include "crypto/sign.h"

static const struct rule rule = {"test.signature", "it is signed", NULL};

static struct arena arena;
static struct ed25519_key key;
static struct ed25519_sig good, bad;
static struct obligations list;

static int set_up(void **state)
{
    struct secret32 seed = {{1}};

    (void)state;
    arena_init(&arena, 1 << 20);
    ed25519_from_seed(&key, &seed);
    ed25519_sign(&key, SLICE_LIT("message"), &good);
    bad = good;
    bad.bytes[0] ^= 1;
    list = (struct obligations){.count = 0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct sig_claim claim(const struct ed25519_sig *sig)
{
    return (struct sig_claim){.scheme = SIG_ED25519,
                              .hash = HASH_SHA512,
                              .key = {SIG_KEY_ED25519, ed25519_public_slice(&key.public), {0}},
                              .message = SLICE_LIT("message"),
                              .signature = ed25519_sig_slice(sig),
                              .what = "test"};
}

static void add(const struct ed25519_sig *sig)
{
    struct sig_claim c = claim(sig);

    obligation_add(&list, &rule, &c);
}

static void test_settling(void **state)
{
    struct result r;

    (void)state;
    add(&good);
    add(&good);
    obligations_settle(&list, NULL);
    result_init(&r, &arena, 0);
    assert_true(obligations_record(&list, &r));
    assert_int_equal(r.passed, 2);
    add(&bad);
    obligations_settle(&list, NULL);
    result_init(&r, &arena, 0);
    assert_false(obligations_record(&list, &r));
    assert_int_equal(r.passed, 2);
    assert_int_equal(r.err, ERR_SIGNATURE);
}

static void test_open_is_a_failure(void **state)
{
    struct result r;

    (void)state;
    add(&good);
    result_init(&r, &arena, 0);
    assert_false(obligations_record(&list, &r));
    assert_int_equal(result_verdict(&r), VERDICT_NOT_VERIFIED);
}

static void test_too_many(void **state)
{
    struct result r;

    (void)state;
    for (int i = 0; i <= OBLIGATIONS_MAX; i++)
        add(&good);
    obligations_settle(&list, NULL);
    result_init(&r, &arena, 0);
    assert_false(obligations_record(&list, &r));
    assert_int_equal(r.err, ERR_LIMIT);
}

/* The cache remembers what held, and only that very obligation. */
static void test_cache(void **state)
{
    struct obligation_cache *cache = obligation_cache_new(16);
    struct sig_claim other = claim(&good);

    (void)state;
    add(&bad);
    obligations_settle(&list, cache);
    assert_false(list.items[0].good);
    list.count = 0;
    add(&bad); /* a failure is not remembered as a success */
    obligations_settle(&list, cache);
    assert_false(list.items[0].good);
    list.count = 0;
    add(&good);
    obligations_settle(&list, cache);
    assert_true(list.items[0].good);
    list.count = 0;
    add(&good);
    other.message = SLICE_LIT("massage");
    obligation_add(&list, &rule, &other);
    obligations_settle(&list, cache);
    assert_true(list.items[0].good);
    assert_false(list.items[1].good);
    obligation_cache_free(cache);
    obligation_cache_free(NULL);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_settling),
        UNIT(test_open_is_a_failure),
        UNIT(test_too_many),
        UNIT(test_cache),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
