/* The life of the gateway's keys: when they are made, how long they open requests, when they go. */
#include "channel/ohttp_keys.h"

#include "base/test.h"
#include "channel/ohttp_impl.h"
#include "crypto/rand.h"

enum { LIFE = 3600, START = 1000000 };

static const struct digest keyset = {{1, 2, 3}};

static bool tick(struct ohttp_keys *keys, unix_time now)
{
    bool made;

    assert_int_equal(ohttp_keys_tick(keys, now, &made), OK);
    return made;
}

static void test_rotation(void **state)
{
    struct ohttp_keys *keys = ohttp_keys_new(KEM_X25519, LIFE, &rand_system);
    struct ohttp_signed list[OHTTP_KEYS_LIVE_MAX];
    unsigned made = 0;

    (void)state;
    assert_int_equal(ohttp_keys_list(keys, &keyset, list), 0);
    for (unix_time t = 0; t < 10 * LIFE; t += 10) {
        size_t live;

        made += tick(keys, START + t);
        live = ohttp_keys_list(keys, &keyset, list);
        assert_true(live == 2 || (live == 1 && t < LIFE / 2));
        /* The newest is good for at least half a life, and no life is longer than allowed. */
        assert_true(list[0].not_after - (START + t) > LIFE / 2 - 10);
        for (size_t i = 0; i < live; i++) {
            assert_int_equal(list[i].not_after - list[i].not_before, LIFE);
            assert_true(list[i].not_after > START + t);
            assert_true(digest_eq(&list[i].keyset_digest, &keyset));
        }
        if (live == 2) {
            assert_true(list[0].not_before > list[1].not_before);
            assert_int_not_equal(list[0].config.key_id, list[1].config.key_id);
            assert_memory_not_equal(list[0].config.public.bytes, list[1].config.public.bytes, 32);
        }
    }
    assert_int_equal(made, 20);
    ohttp_keys_free(keys);
    ohttp_keys_free(NULL);
}

static void test_finding(void **state)
{
    struct ohttp_keys *keys = ohttp_keys_new(KEM_X25519, LIFE, &rand_system);
    struct ohttp_signed list[OHTTP_KEYS_LIVE_MAX];
    struct ohttp_key *key;
    uint64_t serial;
    uint8_t id;

    (void)state;
    assert_true(tick(keys, START));
    assert_false(tick(keys, START));
    assert_int_equal(ohttp_keys_list(keys, &keyset, list), 1);
    id = list[0].config.key_id;
    key = ohttp_keys_find(keys, id, KEM_X25519, START);
    assert_non_null(key);
    serial = ohttp_key_serial(key);
    assert_int_equal(serial & 0xff, id);
    assert_ptr_equal(ohttp_keys_by_serial(keys, serial), key);
    assert_null(ohttp_keys_by_serial(keys, serial + 256)); /* another key of that identifier */
    assert_null(ohttp_keys_find(keys, (uint8_t)(id + 1), KEM_X25519, START));
    assert_null(ohttp_keys_find(keys, id, KEM_P256, START));
    assert_non_null(ohttp_keys_find(keys, id, KEM_X25519, START + LIFE - 1));
    assert_null(ohttp_keys_find(keys, id, KEM_X25519, START + LIFE)); /* even before it is erased */
    assert_non_null(ohttp_keys_by_serial(keys, serial));
    assert_true(tick(keys, START + LIFE));
    assert_null(ohttp_keys_by_serial(keys, serial));
    ohttp_keys_free(keys);
}

/* A clock set back by hours must not lengthen a key's life. */
static void test_clock_set_back(void **state)
{
    struct ohttp_keys *keys = ohttp_keys_new(KEM_X25519, LIFE, &rand_system);
    struct ohttp_signed list[OHTTP_KEYS_LIVE_MAX];

    (void)state;
    assert_true(tick(keys, START));
    assert_true(tick(keys, START - 10000));
    assert_int_equal(ohttp_keys_list(keys, &keyset, list), 1);
    assert_int_equal(list[0].not_before, START - 10000);
    /* By seconds: the key stays good, and a new one is made that is not from the future. */
    assert_true(tick(keys, START - 10005));
    assert_int_equal(ohttp_keys_list(keys, &keyset, list), 2);
    for (unix_time t = 1; t < 20; t++)
        tick(keys, START - 10005 - t);
    assert_int_equal(ohttp_keys_list(keys, &keyset, list), OHTTP_KEYS_LIVE_MAX);
    ohttp_keys_free(keys);
}

static void test_unsupported(void **state)
{
    struct ohttp_keys *keys = ohttp_keys_new((enum kem_id)0x21, LIFE, &rand_system);
    bool made = true;

    (void)state;
    assert_int_equal(ohttp_keys_tick(keys, START, &made), ERR_UNSUPPORTED);
    assert_false(made);
    ohttp_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_unsupported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
