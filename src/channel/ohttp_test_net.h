/* A gateway with a client of it, for the tests of OHTTP. */
#ifndef CHANNEL_OHTTP_TEST_NET_H
#define CHANNEL_OHTTP_TEST_NET_H

#include "base/test.h"
#include "channel/ohttp.h"
#include "crypto/rand.h"

enum { NOW = 1800000000, WIRE_MAX = 1 << 20 };

static struct fail fail;
static const struct digest keyset;

/* Randomness that is what an example says. */
static inline void fixed_fill(void *state, void *out, size_t len)
{
    struct slice *left = state;

    assert_true(len <= left->len);
    memcpy(out, left->ptr, len);
    *left = slice_skip(*left, len);
}

static inline void join(const struct slice *pieces, size_t count, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i < count; i++)
        buf_put(out, pieces[i]);
}

struct net {
    struct ohttp_keys *keys;
    struct ohttp_signed config;
    struct ohttp_session session;
    struct buf wire, plain; /* of the request at hand */
};

static inline void net_init(struct net *n, enum kem_id kem)
{
    struct ohttp_signed list[OHTTP_KEYS_LIVE_MAX];

    n->keys = ohttp_keys_new(kem, 3600, &rand_system);
    assert_int_equal(ohttp_keys_tick(n->keys, NOW, NULL), OK);
    assert_int_equal(ohttp_keys_list(n->keys, &keyset, list), 1);
    n->config = list[0];
    assert_int_equal(ohttp_session_init(&n->session, &n->config,
                                        ohttp_config_suite(&n->config.config), &rand_system, NOW),
                     OK);
    buf_init(&n->wire, WIRE_MAX);
    buf_init(&n->plain, WIRE_MAX);
}

static inline void net_fini(struct net *n)
{
    ohttp_keys_free(n->keys);
    ohttp_session_fini(&n->session);
    buf_fini(&n->wire);
    buf_fini(&n->plain);
}

/* Start an exchange in `format`: its header goes to n->wire. */
static inline void client_start(struct net *n, enum ohttp_format format, struct hpke_suite suite,
                                struct ohttp_client *c)
{
    buf_clear(&n->wire);
    if (format == OHTTP_SESSION)
        assert_int_equal(ohttp_session_next(&n->session, NOW, c, &n->wire), OK);
    else
        assert_int_equal(
            ohttp_client_init(c, format, &n->config.config, suite, &rand_system, &n->wire), OK);
}

static const struct slice question = SLICE_INIT("what is asked, in confidence");
static const struct slice answer = SLICE_INIT("what is answered");

/* Put a whole request into n->wire. */
static inline void client_ask(struct net *n, enum ohttp_format format, struct ohttp_client *c)
{
    client_start(n, format, ohttp_config_suite(&n->config.config), c);
    assert_int_equal(ohttp_client_seal(c, question, true, &n->wire), OK);
}

/* Receive `wire` as a request of `format`; plaintext goes to n->plain. */
static inline cocoon_err receive(struct net *n, enum ohttp_format format, struct slice wire,
                                 struct ohttp_gateway *g)
{
    buf_clear(&n->plain);
    ohttp_gateway_init(g, format, n->keys);
    return ohttp_gateway_open(g, NOW, wire, true, &n->plain, &fail);
}

/* As receive, for a request that must be refused without a byte of plaintext. */
static inline void refuse(struct net *n, enum ohttp_format format, struct slice wire,
                          cocoon_err expected)
{
    struct ohttp_gateway g;

    assert_int_equal(receive(n, format, wire, &g), expected);
    assert_int_equal(n->plain.len, 0);
    assert_int_equal(ohttp_gateway_open(&g, NOW, SLICE_LIT(""), true, &n->plain, &fail), expected);
    ohttp_gateway_fini(&g);
}

static const enum ohttp_format formats[] = {OHTTP_WHOLE, OHTTP_CHUNKED, OHTTP_SESSION};

/* Both directions streamed in pieces, received in steps, with the response begun before the request
 * has ended. */
static inline void exchange(struct net *n, enum ohttp_format format, struct hpke_suite suite,
                            size_t step)
{
    struct slice pieces[] = {question, SLICE_LIT(" ... "), question};
    struct buf request, back, got;
    struct ohttp_client c;
    struct ohttp_gateway g;

    buf_init(&request, WIRE_MAX);
    buf_init(&back, WIRE_MAX);
    buf_init(&got, WIRE_MAX);
    join(pieces, 3, &request);
    client_start(n, format, suite, &c);
    if (format == OHTTP_WHOLE)
        assert_int_equal(ohttp_client_seal(&c, buf_slice(&request), true, &n->wire), OK);
    for (size_t i = 0; i < 3 && format != OHTTP_WHOLE; i++)
        assert_int_equal(ohttp_client_seal(&c, pieces[i], i == 2, &n->wire), OK);

    ohttp_gateway_init(&g, format, n->keys);
    buf_clear(&n->plain);
    for (struct slice left = buf_slice(&n->wire); left.len > 0;) {
        size_t len = step < left.len ? step : left.len;

        assert_int_equal(
            ohttp_gateway_open(&g, NOW, slice_sub(left, 0, len), len == left.len, &n->plain, &fail),
            OK);
        if (g.burned && !g.response_keyed && format != OHTTP_WHOLE)
            assert_int_equal(ohttp_gateway_seal(&g, &rand_system, answer, false, &back), OK);
        left = slice_skip(left, len);
    }
    assert_true(g.request.ended && slice_eq(buf_slice(&n->plain), buf_slice(&request)));
    assert_int_equal(ohttp_gateway_seal(&g, &rand_system, answer, true, &back), OK);

    for (struct slice left = buf_slice(&back); left.len > 0;) {
        size_t len = step < left.len ? step : left.len;

        assert_int_equal(
            ohttp_client_open(&c, slice_sub(left, 0, len), len == left.len, &got, &fail), OK);
        assert_int_equal(c.response.ended, len == left.len);
        left = slice_skip(left, len);
    }
    join(&answer, 1, &request);
    if (format != OHTTP_WHOLE)
        buf_put(&request, answer);
    assert_true(slice_eq(buf_slice(&got), buf_slice(&request)));
    ohttp_client_fini(&c);
    ohttp_gateway_fini(&g);
    buf_fini(&request);
    buf_fini(&back);
    buf_fini(&got);
}

#endif
