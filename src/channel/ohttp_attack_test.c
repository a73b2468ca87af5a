/* What a proxy or another client may try: replay, and messages moved between requests, formats,
 * workers and keys. */
#include "channel/ohttp.h"

#include "channel/ohttp_impl.h"
#include "channel/ohttp_test_net.h"

/* --- replay --- */

/* The same bytes open once, whatever else the gateway does in between. */
static void test_replay(void **state)
{
    struct net n;

    (void)state;
    net_init(&n, KEM_X25519);
    for (size_t f = 0; f < COUNT_OF(formats); f++) {
        struct buf kept;
        struct ohttp_client c;
        struct ohttp_gateway g;

        buf_init(&kept, WIRE_MAX);
        client_ask(&n, formats[f], &c);
        buf_put(&kept, buf_slice(&n.wire));
        assert_int_equal(receive(&n, formats[f], buf_slice(&kept), &g), OK);
        ohttp_gateway_fini(&g);
        ohttp_client_fini(&c);
        refuse(&n, formats[f], buf_slice(&kept), ERR_REPLAY);
        for (int i = 0; i < 50; i++)
            exchange(&n, formats[f], ohttp_config_suite(&n.config.config), SIZE_MAX);
        refuse(&n, formats[f], buf_slice(&kept), ERR_REPLAY);
        buf_fini(&kept);
    }
    net_fini(&n);
}

/* While the first copy is still arriving, a second one is refused too; and a first copy that never
 * got as far as one authentic chunk does not burn the id. */
static void test_replay_in_flight(void **state)
{
    enum { HEADER = 39 };
    struct net n;
    struct ohttp_client c;
    struct ohttp_gateway first, broken;

    (void)state;
    net_init(&n, KEM_X25519);
    client_start(&n, OHTTP_CHUNKED, ohttp_config_suite(&n.config.config), &c);
    assert_int_equal(n.wire.len, HEADER);
    assert_int_equal(ohttp_client_seal(&c, question, false, &n.wire), OK);
    assert_int_equal(ohttp_client_seal(&c, question, true, &n.wire), OK);

    ohttp_gateway_init(&broken, OHTTP_CHUNKED, n.keys);
    n.wire.ptr[HEADER + 5] ^= 1;
    assert_int_equal(ohttp_gateway_open(&broken, NOW, buf_slice(&n.wire), true, &n.plain, &fail),
                     ERR_DECRYPT);
    assert_false(broken.burned);
    n.wire.ptr[HEADER + 5] ^= 1;
    ohttp_gateway_fini(&broken);

    ohttp_gateway_init(&first, OHTTP_CHUNKED, n.keys);
    assert_int_equal(ohttp_gateway_open(&first, NOW, slice_make(n.wire.ptr, HEADER + 60), false,
                                        &n.plain, &fail),
                     OK);
    assert_true(first.burned);
    refuse(&n, OHTTP_CHUNKED, buf_slice(&n.wire), ERR_REPLAY);
    assert_int_equal(ohttp_gateway_open(&first, NOW, slice_skip(buf_slice(&n.wire), HEADER + 60),
                                        true, &n.plain, &fail),
                     OK);
    assert_true(first.request.ended);
    ohttp_gateway_fini(&first);
    ohttp_client_fini(&c);
    net_fini(&n);
}

/* When its key is over, a request cannot be opened at all; nor when the key goes between header and
 * first chunk. */
static void test_replay_after_the_key(void **state)
{
    enum { HEADER = 39 };
    struct net n;
    struct ohttp_client c;
    struct ohttp_gateway g;

    (void)state;
    net_init(&n, KEM_X25519);
    client_ask(&n, OHTTP_CHUNKED, &c);
    ohttp_client_fini(&c);
    ohttp_gateway_init(&g, OHTTP_CHUNKED, n.keys);
    assert_int_equal(
        ohttp_gateway_open(&g, NOW, slice_make(n.wire.ptr, HEADER), false, &n.plain, &fail), OK);
    assert_true(g.keyed);
    assert_int_equal(ohttp_keys_tick(n.keys, NOW + 3600, NULL), OK);
    assert_int_equal(ohttp_gateway_open(&g, NOW + 3600, slice_skip(buf_slice(&n.wire), HEADER),
                                        true, &n.plain, &fail),
                     ERR_ABSENT);
    assert_int_equal(n.plain.len, 0);
    ohttp_gateway_fini(&g);
    ohttp_gateway_init(&g, OHTTP_CHUNKED, n.keys);
    assert_int_equal(ohttp_gateway_open(&g, NOW + 3600, buf_slice(&n.wire), true, &n.plain, &fail),
                     ERR_ABSENT);
    ohttp_gateway_fini(&g);
    net_fini(&n);
}

/* A gateway that can remember no more ids takes no more requests, and gives out nothing of them. */
static void test_burn_set_full(void **state)
{
    struct net n;
    struct ohttp_client c;
    struct burn_set *burned;
    struct burn_id id = {{0xff}};

    (void)state;
    net_init(&n, KEM_X25519);
    burned = ohttp_key_burned(ohttp_keys_find(n.keys, n.config.config.key_id, KEM_X25519, NOW));
    for (uint64_t i = 0; i < BURN_IDS_MAX; i++) {
        uint64_t spread = i * 0x9e3779b97f4a7c15;

        memcpy(id.bytes, &spread, sizeof spread);
        assert_int_equal(burn(burned, &id), OK);
    }
    for (size_t f = 0; f < COUNT_OF(formats); f++) {
        client_ask(&n, formats[f], &c);
        ohttp_client_fini(&c);
        refuse(&n, formats[f], buf_slice(&n.wire), ERR_BUSY);
    }
    net_fini(&n);
}

/* --- responses --- */

/* Two answers to one request differ in their keys; ids of two requests differ. */
static void test_freshness(void **state)
{
    struct net n;

    (void)state;
    net_init(&n, KEM_X25519);
    for (size_t f = 0; f < COUNT_OF(formats); f++) {
        struct ohttp_client a, b;
        struct ohttp_gateway g, again;
        struct buf one, two;

        buf_init(&one, WIRE_MAX);
        buf_init(&two, WIRE_MAX);
        client_ask(&n, formats[f], &a);
        assert_int_equal(receive(&n, formats[f], buf_slice(&n.wire), &g), OK);
        again = g; /* as if the worker answered twice */
        again.response = (struct ohttp_lane){.counter = 0};
        assert_int_equal(ohttp_gateway_seal(&g, &rand_system, answer, true, &one), OK);
        assert_int_equal(ohttp_gateway_seal(&again, &rand_system, answer, true, &two), OK);
        assert_int_equal(one.len, two.len);
        assert_memory_not_equal(one.ptr, two.ptr, 32);
        assert_memory_not_equal(one.ptr + 33, two.ptr + 33, answer.len);
        ohttp_lane_fini(&again.response);
        client_ask(&n, formats[f], &b);
        assert_memory_not_equal(a.secrets.request_id.bytes, b.secrets.request_id.bytes,
                                BURN_ID_LEN);
        ohttp_client_fini(&a);
        ohttp_client_fini(&b);
        ohttp_gateway_fini(&g);
        buf_fini(&one);
        buf_fini(&two);
    }
    net_fini(&n);
}

/* The answer to one request is no answer to another, not even of the same session. */
static void test_mixed_up_answers(void **state)
{
    struct net n;

    (void)state;
    net_init(&n, KEM_X25519);
    for (size_t f = 0; f < COUNT_OF(formats); f++) {
        struct ohttp_client asked, other;
        struct ohttp_gateway g;
        struct buf back, got;

        buf_init(&back, WIRE_MAX);
        buf_init(&got, WIRE_MAX);
        client_ask(&n, formats[f], &other);
        client_ask(&n, formats[f], &asked);
        assert_int_equal(receive(&n, formats[f], buf_slice(&n.wire), &g), OK);
        assert_int_equal(ohttp_gateway_seal(&g, &rand_system, answer, true, &back), OK);
        assert_int_equal(ohttp_client_open(&other, buf_slice(&back), true, &got, &fail),
                         ERR_DECRYPT);
        assert_int_equal(got.len, 0);
        assert_int_equal(ohttp_client_open(&asked, buf_slice(&back), true, &got, &fail), OK);
        ohttp_client_fini(&asked);
        ohttp_client_fini(&other);
        ohttp_gateway_fini(&g);
        buf_fini(&back);
        buf_fini(&got);
    }
    net_fini(&n);
}

/* A request of one format is none of another, although header and keys are the same. */
static void test_mixed_up_formats(void **state)
{
    struct net n;

    (void)state;
    net_init(&n, KEM_X25519);
    for (size_t f = 0; f < COUNT_OF(formats); f++)
        for (size_t other = 0; other < COUNT_OF(formats); other++) {
            struct ohttp_client c;
            struct ohttp_gateway g;

            client_ask(&n, formats[f], &c);
            ohttp_client_fini(&c);
            assert_true((receive(&n, formats[other], buf_slice(&n.wire), &g) == OK) ==
                        (f == other));
            ohttp_gateway_fini(&g);
        }
    net_fini(&n);
}

static void test_header_rules(void **state)
{
    struct net n, stranger;
    struct ohttp_client c;
    struct hpke_suite suite;
    uint8_t id;

    (void)state;
    net_init(&n, KEM_X25519);
    net_init(&stranger, KEM_X25519);
    client_ask(&n, OHTTP_CHUNKED, &c);
    ohttp_client_fini(&c);
    id = n.wire.ptr[0];
    n.wire.ptr[0] = (uint8_t)(id + 1);
    refuse(&n, OHTTP_CHUNKED, buf_slice(&n.wire), ERR_ABSENT);
    n.wire.ptr[0] = id;
    n.wire.ptr[2] = 0x10; /* P-256 */
    refuse(&n, OHTTP_CHUNKED, buf_slice(&n.wire), ERR_ABSENT);
    n.wire.ptr[2] = 0x20;
    n.wire.ptr[4] = 0x03; /* HKDF-SHA512: we could, and do not offer it */
    refuse(&n, OHTTP_CHUNKED, buf_slice(&n.wire), ERR_ALGORITHM);
    n.wire.ptr[4] = 0x01;
    n.wire.ptr[5] = 0xff; /* export-only AEAD */
    refuse(&n, OHTTP_CHUNKED, buf_slice(&n.wire), ERR_ALGORITHM);
    n.wire.ptr[5] = 0x00;
    n.wire.ptr[6] = 0x01; /* another AEAD that we offer: another info, another key */
    refuse(&n, OHTTP_CHUNKED, buf_slice(&n.wire), ERR_DECRYPT);
    memset(n.wire.ptr + 7, 0, 32); /* a point of small order */
    refuse(&n, OHTTP_CHUNKED, buf_slice(&n.wire), ERR_MALFORMED);
    suite = ohttp_config_suite(&n.config.config);
    suite.kdf = HPKE_HKDF_SHA512;
    assert_int_equal(
        ohttp_client_init(&c, OHTTP_CHUNKED, &n.config.config, suite, &rand_system, &n.wire),
        ERR_ALGORITHM);
    ohttp_client_fini(&c);
    /* Sealed to another worker's key of the same identifier. */
    stranger.config.config.key_id = id;
    client_ask(&stranger, OHTTP_CHUNKED, &c);
    ohttp_client_fini(&c);
    refuse(&n, OHTTP_CHUNKED, buf_slice(&stranger.wire), ERR_DECRYPT);
    net_fini(&n);
    net_fini(&stranger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_replay_in_flight),
        cmocka_unit_test(test_replay_after_the_key),
        cmocka_unit_test(test_burn_set_full),
        cmocka_unit_test(test_freshness),
        cmocka_unit_test(test_mixed_up_answers),
        cmocka_unit_test(test_mixed_up_formats),
        cmocka_unit_test(test_header_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
