#include "role/client_pool.h"

#include "base/mem.h"
#include "base/test.h"

enum { NOW = 1000, LATER = 2000 };

/* A repeatable generator: xorshift32. */
static void mix(void *state, void *out, size_t len)
{
    uint32_t *x = state;

    for (size_t i = 0; i < len; i++) {
        *x ^= *x << 13;
        *x ^= *x >> 17;
        *x ^= *x << 5;
        ((uint8_t *)out)[i] = (uint8_t)*x;
    }
}

static uint32_t seed = 2463534242;
static const struct rng mixing = {mix, &seed};

/* Add a worker of `model` that may be used until LATER. */
static struct pool_worker *add(struct pool *pool, uint8_t number, const char *model)
{
    uint8_t id[32] = {number};
    struct pool_identity *identity = MEM_NEW(struct pool_identity);
    struct ohttp_signed config = {.not_after = LATER};
    struct pool_worker *w = pool_add(pool, id);

    identity->refs = 1;
    identity->valid_until = identity->fresh_until = LATER;
    buf_init(&identity->evidence_json, 1);
    buf_init(&identity->ledger_json, 1);
    snprintf(w->model, sizeof w->model, "%s", model);
    pool_verified(w, identity);
    pool_configured(w, &config);
    return w;
}

static enum pool_answer pick(struct pool *pool, const char *model, struct pool_worker **out)
{
    return pool_pick(pool, slice_text(model), NULL, 0, 0, NOW, out);
}

static void test_every_usable_worker_is_drawn(void **state)
{
    struct pool pool = {.rng = &mixing};
    struct pool_worker *w;
    bool seen[4] = {false};

    (void)state;
    for (uint8_t i = 0; i < COUNT_OF(seen); i++)
        add(&pool, i, "m");
    add(&pool, 9, "other");
    for (int i = 0; i < 400; i++) {
        assert_int_equal(pick(&pool, "m", &w), POOL_OK);
        assert_in_range(w->id[0], 0, COUNT_OF(seen) - 1);
        seen[w->id[0]] = true;
    }
    for (size_t i = 0; i < COUNT_OF(seen); i++)
        assert_true(seen[i]);
    pool_fini(&pool);
}

static void test_unknown_model(void **state)
{
    struct pool pool = {.rng = &mixing};
    struct pool_worker *w;

    (void)state;
    add(&pool, 1, "m");
    assert_int_equal(pick(&pool, "x", &w), POOL_NO_MODEL);
    pool_fini(&pool);
}

static void test_what_has_ended_is_not_used(void **state)
{
    struct pool pool = {.rng = &mixing};
    struct pool_worker *w = add(&pool, 1, "m"), *got;

    (void)state;
    w->identity->valid_until = NOW;
    assert_int_equal(pick(&pool, "m", &got), POOL_UNUSABLE);
    w->identity->valid_until = LATER;
    w->identity->fresh_until = NOW;
    assert_int_equal(pick(&pool, "m", &got), POOL_UNUSABLE);
    w->identity->fresh_until = LATER;
    w->config.not_after = NOW;
    assert_int_equal(pick(&pool, "m", &got), POOL_UNUSABLE);
    w->config.not_after = LATER;
    assert_int_equal(pick(&pool, "m", &got), POOL_OK);
    pool_fini(&pool);
}

static void test_refused_worker_is_not_used_and_says_why(void **state)
{
    struct pool pool = {.rng = &mixing};
    struct pool_worker *w = add(&pool, 1, "m"), *got;
    struct buf why;
    size_t at;

    (void)state;
    buf_init(&why, 1000);
    pool_refuse(w, "its release was revoked", SLICE_LIT("detail"));
    assert_int_equal(pick(&pool, "m", &got), POOL_UNUSABLE);
    pool_why(&pool, SLICE_LIT("m"), NOW, &why);
    assert_true(
        slice_find_slice(buf_slice(&why), SLICE_LIT("its release was revoked: detail"), &at));
    buf_fini(&why);
    pool_fini(&pool);
}

static void test_tried_and_cooling_workers(void **state)
{
    struct pool pool = {.rng = &mixing};
    struct pool_worker *a = add(&pool, 1, "m"), *b = add(&pool, 2, "m"), *got;
    uint8_t tried[2][32] = {{1}, {2}};

    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(
            pool_pick(&pool, SLICE_LIT("m"), (const uint8_t(*)[32])tried, 1, 0, NOW, &got),
            POOL_OK);
        assert_ptr_equal(got, b);
    }
    assert_int_equal(pool_pick(&pool, SLICE_LIT("m"), (const uint8_t(*)[32])tried, 2, 0, NOW, &got),
                     POOL_EXHAUSTED);
    pool_cool(b, 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(pick(&pool, "m", &got), POOL_OK);
        assert_ptr_equal(got, a);
    }
    pool_cool(a, 0); /* better a cooling one than none */
    assert_int_equal(pick(&pool, "m", &got), POOL_OK);
    pool_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_usable_worker_is_drawn),
        cmocka_unit_test(test_unknown_model),
        cmocka_unit_test(test_what_has_ended_is_not_used),
        cmocka_unit_test(test_refused_worker_is_not_used_and_says_why),
        cmocka_unit_test(test_tried_and_cooling_workers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
