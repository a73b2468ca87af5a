#include "channel/known.h"

#include "base/test.h"
#include "crypto/labels.h"

enum { NOW = 1000 };

static const uint8_t id[32] = {1}, other_id[32] = {2};
static const struct digest spki = {{3}}, other_spki = {{4}};

#define KEY_HEX "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"

/* A keyset called `n`, with a channel key. */
static struct keyset make(uint8_t n)
{
    struct keyset k = {.not_after = NOW + 100, .tls_count = 1};

    k.digest.bytes[0] = n;
    memcpy(k.tls[0].spki_sha256, spki.bytes, 32);
    k.e2ee.keys[0] = (struct keyset_key){SLICE_LIT("c"), SLICE_LIT(LABEL_ALGO_CHANNEL_SIGNER),
                                         SLICE_LIT(KEY_HEX)};
    k.e2ee.count = 1;
    return k;
}

static void test_all_must_match(void **state)
{
    struct known *k = known_new(4);
    struct keyset a = make(1), b = make(2);
    const struct known_peer *peer;

    (void)state;
    assert_int_equal(known_add(k, &a, ROLE_WORKER, id, true, NOW + 50), OK);
    peer = known_find(k, &a.digest, ROLE_WORKER, id, &spki, NOW);
    assert_non_null(peer);
    assert_int_equal(peer->channel_key.bytes[0], 0x81);
    assert_true(peer->simulated);
    assert_null(known_find(k, &b.digest, ROLE_WORKER, id, &spki, NOW));
    assert_null(known_find(k, &a.digest, ROLE_PROXY, id, &spki, NOW));
    assert_null(known_find(k, &a.digest, ROLE_WORKER, other_id, &spki, NOW));
    assert_null(known_find(k, &a.digest, ROLE_WORKER, id, &other_spki, NOW));
    assert_non_null(known_find(k, &a.digest, ROLE_WORKER, id, &spki, NOW + 50));
    assert_null(known_find(k, &a.digest, ROLE_WORKER, id, &spki, NOW + 51));
    /* No verdict outlives the keyset. */
    assert_int_equal(known_add(k, &a, ROLE_WORKER, id, false, NOW + 1000), OK);
    assert_null(known_find(k, &a.digest, ROLE_WORKER, id, &spki, NOW + 101));
    known_forget(k, &a.digest);
    known_forget(k, &a.digest);
    assert_null(known_find(k, &a.digest, ROLE_WORKER, id, &spki, NOW));
    known_free(k);
    known_free(NULL);
}

static void test_no_channel_key(void **state)
{
    struct known *k = known_new(1);
    struct keyset a = make(1);

    (void)state;
    a.e2ee.count = 0;
    assert_int_equal(known_add(k, &a, ROLE_WORKER, id, false, NOW + 50), ERR_ABSENT);
    known_free(k);
}

/* A full table gives up the entry that ends soonest. */
static void test_eviction(void **state)
{
    struct known *k = known_new(2);
    struct keyset a = make(1), b = make(2), c = make(3);

    (void)state;
    assert_int_equal(known_add(k, &a, ROLE_WORKER, id, false, NOW + 50), OK);
    assert_int_equal(known_add(k, &b, ROLE_WORKER, id, false, NOW + 40), OK);
    assert_int_equal(known_add(k, &c, ROLE_WORKER, id, false, NOW + 60), OK);
    assert_non_null(known_find(k, &a.digest, ROLE_WORKER, id, &spki, NOW));
    assert_null(known_find(k, &b.digest, ROLE_WORKER, id, &spki, NOW));
    assert_non_null(known_find(k, &c.digest, ROLE_WORKER, id, &spki, NOW));
    known_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_must_match),
        cmocka_unit_test(test_no_channel_key),
        cmocka_unit_test(test_eviction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
