#include "channel/burn.h"

#include "base/test.h"

static struct burn_id id_of(uint64_t n)
{
    struct burn_id id = {{0}};

    memcpy(id.bytes + 8, &n, sizeof n);
    n *= 0x9e3779b97f4a7c15;
    memcpy(id.bytes, &n, sizeof n);
    return id;
}

/* Each id passes once, while the set grows and long after. */
static void test_once(void **state)
{
    enum { IDS = 20000 };
    struct burn_set *set = burn_new(IDS);

    (void)state;
    for (uint64_t n = 0; n < IDS; n++) {
        struct burn_id id = id_of(n), earlier = id_of(n / 2);

        assert_int_equal(burn(set, &id), OK);
        assert_int_equal(burn(set, &id), ERR_REPLAY);
        assert_int_equal(burn(set, &earlier), ERR_REPLAY);
        assert_int_equal(burn_count(set), n + 1);
    }
    for (uint64_t n = 0; n < IDS; n++) {
        struct burn_id id = id_of(n);

        assert_int_equal(burn(set, &id), ERR_REPLAY);
    }
    burn_free(set);
    burn_free(NULL);
}

/* A full set still knows every id, and takes no new one. */
static void test_full(void **state)
{
    struct burn_set *set = burn_new(3);

    (void)state;
    for (uint64_t n = 0; n < 3; n++) {
        struct burn_id id = id_of(n);

        assert_int_equal(burn(set, &id), OK);
    }
    for (uint64_t n = 0; n < 6; n++) {
        struct burn_id id = id_of(n);

        assert_int_equal(burn(set, &id), n < 3 ? ERR_REPLAY : ERR_BUSY);
    }
    assert_int_equal(burn_count(set), 3);
    burn_free(set);
}

/* Ids that differ only where the hash does not look, and the one of all zeros. */
static void test_collisions(void **state)
{
    struct burn_set *set = burn_new(1000);
    struct burn_id id = {{0}};

    (void)state;
    assert_int_equal(burn(set, &id), OK);
    assert_int_equal(burn(set, &id), ERR_REPLAY);
    for (unsigned n = 1; n < 1000; n++) {
        id.bytes[14] = (uint8_t)(n >> 8);
        id.bytes[15] = (uint8_t)n;
        assert_int_equal(burn(set, &id), OK);
        assert_int_equal(burn(set, &id), ERR_REPLAY);
    }
    memset(&id, 0, sizeof id);
    assert_int_equal(burn(set, &id), ERR_REPLAY);
    burn_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_collisions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
