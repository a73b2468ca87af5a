/* Session mode: one encapsulation, many requests. */
#include "channel/ohttp.h"

#include "channel/ohttp_test_net.h"

/* docs/spec/ohttp.md section 10, which tests/interop/ohttp_check.mjs checks too. */
static void test_documented(void **state)
{
    uint8_t gateway_bytes[33], client_bytes[32], nonce_bytes[32];
    struct slice gateway_left = test_unhex(
        "010102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", gateway_bytes);
    struct slice client_left = test_unhex(
        "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f", client_bytes);
    struct slice nonce_left =
        test_unhex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", nonce_bytes);
    const struct rng gateway_rng = {fixed_fill, &gateway_left};
    const struct rng client_rng = {fixed_fill, &client_left};
    const struct rng nonce_rng = {fixed_fill, &nonce_left};
    struct ohttp_signed list[OHTTP_KEYS_LIVE_MAX];
    struct net n = {.keys = ohttp_keys_new(KEM_X25519, 3600, &gateway_rng)};
    struct ohttp_gateway g;
    struct ohttp_client c;

    (void)state;
    buf_init(&n.wire, WIRE_MAX);
    buf_init(&n.plain, WIRE_MAX);
    assert_int_equal(ohttp_keys_tick(n.keys, NOW, NULL), OK);
    assert_int_equal(ohttp_keys_list(n.keys, &keyset, list), 1);
    assert_int_equal(ohttp_config_put(&list[0].config, &n.wire), OK);
    test_assert_hex(buf_slice(&n.wire),
                    "01002007a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c000c0001"
                    "00020001000100010003");
    assert_int_equal(ohttp_session_init(&n.session, &list[0], ohttp_config_suite(&list[0].config),
                                        &client_rng, NOW),
                     OK);
    client_start(&n, OHTTP_SESSION, ohttp_config_suite(&list[0].config), &c);
    assert_int_equal(ohttp_client_seal(&c, SLICE_LIT("ask"), false, &n.wire), OK);
    assert_int_equal(ohttp_client_seal(&c, SLICE_LIT(""), true, &n.wire), OK);
    test_assert_hex(buf_slice(&n.wire),
                    "0100200001000279a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a"
                    "0000000000000000134bdc328c0a0f074bbbfcb092a561a3fd45da5b00ba4e5ef46e9c583d1434"
                    "788cb756a378");
    assert_int_equal(receive(&n, OHTTP_SESSION, buf_slice(&n.wire), &g), OK);
    test_assert_hex(SLICE_OF(g.secrets.request_id.bytes), "cee51a7a2a5960614d1cd044bdc32008");
    buf_clear(&n.wire);
    assert_int_equal(ohttp_gateway_seal(&g, &nonce_rng, SLICE_LIT("answer"), true, &n.wire), OK);
    test_assert_hex(buf_slice(&n.wire),
                    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f00ca7d903105af"
                    "541fc8091e4c2099308ed02b6998a2de");
    ohttp_gateway_fini(&g);
    ohttp_client_fini(&c);
    net_fini(&n);
}

enum { SESSION_COUNTER_AT = 39 };

/* Requests of one session open in any order, each once; the gateway opens the session once and
 * again after it was pushed out of its table. */
static void test_session_order(void **state)
{
    enum { REQUESTS = 20 };
    struct buf wires[REQUESTS];
    struct ohttp_gateway g;
    struct net n;

    (void)state;
    net_init(&n, KEM_X25519);
    for (size_t i = 0; i < REQUESTS; i++) {
        struct ohttp_client c;

        client_ask(&n, OHTTP_SESSION, &c);
        ohttp_client_fini(&c);
        buf_init(&wires[i], WIRE_MAX);
        buf_put(&wires[i], buf_slice(&n.wire));
        assert_memory_equal(wires[i].ptr, wires[0].ptr, SESSION_COUNTER_AT); /* one encapsulation */
        assert_int_equal(wires[i].ptr[SESSION_COUNTER_AT + 7], i);
    }
    for (size_t i = 0; i < REQUESTS; i++) {
        assert_int_equal(receive(&n, OHTTP_SESSION, buf_slice(&wires[(i * 7 + 3) % REQUESTS]), &g),
                         OK);
        assert_true(slice_eq(buf_slice(&n.plain), question));
        ohttp_gateway_fini(&g);
    }
    for (size_t i = 0; i < REQUESTS; i++) {
        refuse(&n, OHTTP_SESSION, buf_slice(&wires[i]), ERR_REPLAY);
        buf_fini(&wires[i]);
    }
    net_fini(&n);
}

/* A request moved to another counter or another session does not open. */
static void test_session_mixups(void **state)
{
    struct net n, other;
    struct ohttp_client c, d;

    (void)state;
    net_init(&n, KEM_X25519);
    other = n; /* a second session with the same gateway */
    assert_int_equal(ohttp_session_init(&other.session, &n.config,
                                        ohttp_config_suite(&n.config.config), &rand_system, NOW),
                     OK);
    buf_init(&other.wire, WIRE_MAX);
    buf_init(&other.plain, WIRE_MAX);
    client_ask(&n, OHTTP_SESSION, &c);
    client_ask(&other, OHTTP_SESSION, &d);
    assert_memory_not_equal(n.wire.ptr, other.wire.ptr, SESSION_COUNTER_AT);
    n.wire.ptr[SESSION_COUNTER_AT + 7] ^= 1;
    refuse(&n, OHTTP_SESSION, buf_slice(&n.wire), ERR_DECRYPT);
    n.wire.ptr[SESSION_COUNTER_AT + 7] ^= 1;
    memcpy(n.wire.ptr, other.wire.ptr, SESSION_COUNTER_AT + 8); /* its header, our chunks */
    refuse(&n, OHTTP_SESSION, buf_slice(&n.wire), ERR_DECRYPT);
    ohttp_client_fini(&c);
    ohttp_client_fini(&d);
    ohttp_session_fini(&other.session);
    buf_fini(&other.wire);
    buf_fini(&other.plain);
    net_fini(&n);
}

static void test_session_limits(void **state)
{
    struct ohttp_client c;
    struct net n;

    (void)state;
    net_init(&n, KEM_X25519);
    assert_true(ohttp_session_usable(&n.session, NOW));
    assert_true(ohttp_session_usable(&n.session, NOW + OHTTP_SESSION_SECONDS - 1));
    assert_false(ohttp_session_usable(&n.session, NOW + OHTTP_SESSION_SECONDS));
    assert_false(ohttp_session_usable(&n.session, NOW - 1)); /* a clock set back */
    assert_int_equal(ohttp_session_next(&n.session, NOW + OHTTP_SESSION_SECONDS, &c, &n.wire),
                     ERR_EXPIRED);
    ohttp_client_fini(&c);
    n.session.next = OHTTP_SESSION_REQUESTS - 1;
    client_ask(&n, OHTTP_SESSION, &c);
    ohttp_client_fini(&c);
    assert_false(ohttp_session_usable(&n.session, NOW));
    assert_int_equal(ohttp_session_next(&n.session, NOW, &c, &n.wire), ERR_EXPIRED);
    ohttp_client_fini(&c);
    n.wire.ptr[SESSION_COUNTER_AT + 6]++; /* the counter one page on: OHTTP_SESSION_REQUESTS */
    n.wire.ptr[SESSION_COUNTER_AT + 7] = 0;
    refuse(&n, OHTTP_SESSION, buf_slice(&n.wire), ERR_RANGE);
    memset(n.wire.ptr + SESSION_COUNTER_AT, 0xff, 8);
    refuse(&n, OHTTP_SESSION, buf_slice(&n.wire), ERR_RANGE);
    ohttp_session_fini(&n.session);
    n.config.not_after = NOW + 5; /* a session ends with its key */
    assert_int_equal(ohttp_session_init(&n.session, &n.config, ohttp_config_suite(&n.config.config),
                                        &rand_system, NOW),
                     OK);
    assert_true(ohttp_session_usable(&n.session, NOW + 4));
    assert_false(ohttp_session_usable(&n.session, NOW + 5));
    net_fini(&n);
}

static void test_session_refusals(void **state)
{
    struct hpke_suite suite;
    struct ohttp_client c;
    struct net n;

    (void)state;
    net_init(&n, KEM_X25519);
    client_ask(&n, OHTTP_SESSION, &c);
    ohttp_client_fini(&c);
    memset(n.wire.ptr + 7, 0, 32); /* an encapsulation of small order, twice: it is not kept */
    refuse(&n, OHTTP_SESSION, buf_slice(&n.wire), ERR_MALFORMED);
    refuse(&n, OHTTP_SESSION, buf_slice(&n.wire), ERR_MALFORMED);
    suite = ohttp_config_suite(&n.config.config);
    suite.kdf = HPKE_HKDF_SHA512;
    ohttp_session_fini(&n.session);
    assert_int_equal(ohttp_session_init(&n.session, &n.config, suite, &rand_system, NOW),
                     ERR_ALGORITHM);
    net_fini(&n);
}

/* Every request carries what opens its session: a gateway that has forgotten it opens it again, and
 * still knows its burned ids. */
static void test_session_table(void **state)
{
    enum { SESSIONS = 3000 }; /* three times the table */
    struct ohttp_gateway g;
    struct ohttp_client c;
    struct buf first;
    struct net n;

    (void)state;
    net_init(&n, KEM_X25519);
    client_ask(&n, OHTTP_SESSION, &c);
    ohttp_client_fini(&c);
    buf_init(&first, WIRE_MAX);
    buf_put(&first, buf_slice(&n.wire));
    assert_int_equal(receive(&n, OHTTP_SESSION, buf_slice(&first), &g), OK);
    ohttp_gateway_fini(&g);
    for (int i = 0; i < SESSIONS; i++) {
        struct ohttp_session kept = n.session;

        assert_int_equal(ohttp_session_init(&n.session, &n.config,
                                            ohttp_config_suite(&n.config.config), &rand_system,
                                            NOW),
                         OK);
        client_ask(&n, OHTTP_SESSION, &c);
        ohttp_client_fini(&c);
        assert_int_equal(receive(&n, OHTTP_SESSION, buf_slice(&n.wire), &g), OK);
        ohttp_gateway_fini(&g);
        ohttp_session_fini(&n.session);
        n.session = kept;
    }
    refuse(&n, OHTTP_SESSION, buf_slice(&first), ERR_REPLAY);
    client_ask(&n, OHTTP_SESSION, &c);
    ohttp_client_fini(&c);
    assert_int_equal(receive(&n, OHTTP_SESSION, buf_slice(&n.wire), &g), OK);
    ohttp_gateway_fini(&g);
    buf_fini(&first);
    net_fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented),       cmocka_unit_test(test_session_order),
        cmocka_unit_test(test_session_mixups),   cmocka_unit_test(test_session_limits),
        cmocka_unit_test(test_session_refusals), cmocka_unit_test(test_session_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
