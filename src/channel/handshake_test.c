/* The attested channel over real TLS on loopback: a worker dials a proxy. */
#include "channel/handshake.h"

#include "channel/party_test.h"
#include "net/test.h"

struct side {
    struct bench *bench;
    struct party party;
    enum channel_proof wants; /* of the peer */
    cocoon_err verdict;       /* of an account; a quote is appraised */
    bool later;               /* answer from a timer, not from inside the question */
    bool mute;                /* never answer what to want */
    struct tls_ctx *tls;
    struct stream *stream; /* while it opens, and again when the channel is open */
    struct handshake *handshake;
    struct loop_timer timer;
    unsigned questions; /* that wait for the timer */
    enum channel_proof wanted;
    uint8_t report_data[REPORT_DATA_LEN]; /* to be quoted by us */
    uint8_t quoted[REPORT_DATA_LEN];      /* that the peer must have quoted */
    struct slice attestation;
    bool done;
    cocoon_err err;
    struct channel_peer peer;
    struct buf got;
    bool got_some;
    uint32_t deadline_ms;
};

struct bench {
    struct loop *loop;
    struct listener *listener;
    struct addr at;
    struct side worker, proxy;
    struct policy policy;
    struct arena arena;
    unix_time now;
};

static const uint8_t network[32] = {0x4e};

/* --- bytes once the channel is open --- */

static size_t side_data(void *owner, struct slice bytes)
{
    struct side *s = owner;

    buf_put(&s->got, bytes);
    s->got_some = true;
    return bytes.len;
}

static void side_closed(void *owner, cocoon_err why)
{
    struct side *s = owner;

    (void)why;
    s->stream = NULL;
    s->done = true;
    s->err = why;
}

static const struct stream_events open_events = {.on_data = side_data, .on_close = side_closed};

/* --- answers --- */

/* Judge the quote or the account that lies there. */
static void judge(struct side *s)
{
    struct bench *b = s->bench;
    struct attestation_question q = {.policy = &b->policy,
                                     .now = b->now,
                                     .report_data = SLICE_OF(s->quoted),
                                     .arena = &b->arena};
    struct attestation_answer answer;
    struct attestation a;
    struct fail fail;

    if (s->attestation.len == 0) {
        handshake_judged(s->handshake, s->verdict);
        return;
    }
    assert_int_equal(attestation_read(s->attestation, &b->arena, &a, &fail), OK);
    handshake_judged(s->handshake, attestation_appraise(&a, &q, &answer));
}

/* Answer the questions that wait, oldest kind first. */
static void answer(void *owner)
{
    struct side *s = owner;
    unsigned questions = s->questions;

    s->questions = 0;
    if ((questions & CHANNEL_MUST_CHOOSE) != 0)
        handshake_want(s->handshake, s->wants, NULL);
    if ((questions & CHANNEL_MUST_PROVE) != 0 && s->wanted == CHANNEL_QUOTE)
        handshake_prove_quote(s->handshake, party_attest(&s->party, s->bench->now, s->report_data));
    else if ((questions & CHANNEL_MUST_PROVE) != 0)
        handshake_prove_account(s->handshake, &s->party.account);
    if ((questions & CHANNEL_MUST_JUDGE) != 0)
        judge(s);
}

/* Answer `question` at once, or a little later. */
static void ponder(struct side *s, struct handshake *h, unsigned question)
{
    s->handshake = h;
    s->questions |= question;
    if (s->mute)
        return;
    if (s->later)
        loop_timer_set(&s->timer, 5);
    else
        answer(s);
}

static void side_choose(void *owner, struct handshake *h, const struct channel_peer *peer)
{
    (void)peer;
    ponder(owner, h, CHANNEL_MUST_CHOOSE);
}

static void side_prove(void *owner, struct handshake *h, enum channel_proof wanted,
                       const uint8_t report_data[REPORT_DATA_LEN])
{
    struct side *s = owner;

    s->wanted = wanted;
    memcpy(s->report_data, report_data, REPORT_DATA_LEN);
    ponder(s, h, CHANNEL_MUST_PROVE);
}

static void side_judge(void *owner, struct handshake *h, const struct channel_peer *peer,
                       struct slice attestation, const uint8_t report_data[REPORT_DATA_LEN])
{
    struct side *s = owner;

    (void)peer;
    s->attestation = attestation;
    memcpy(s->quoted, report_data, REPORT_DATA_LEN);
    ponder(s, h, CHANNEL_MUST_JUDGE);
}

static void side_done(void *owner, cocoon_err err, struct stream *stream,
                      const struct channel_peer *peer)
{
    struct side *s = owner;

    assert_false(s->done);
    s->done = true;
    s->err = err;
    s->stream = stream;
    s->handshake = NULL;
    loop_timer_stop(&s->timer);
    if (err != OK)
        return;
    s->peer = *peer;
    stream_bind(stream, &open_events, s);
}

static const struct handshake_events side_events = {side_choose, side_prove, side_judge, side_done};

/* --- two sides --- */

static void begin(void *owner)
{
    struct side *s = owner;
    bool is_worker = s == &s->bench->worker;
    struct channel_params params = {.role = is_worker ? ROLE_WORKER : ROLE_PROXY,
                                    .keyset = &s->party.keyset.digest,
                                    .peer_roles = 1U << (is_worker ? ROLE_PROXY : ROLE_WORKER)};

    memcpy(params.id, s->party.id, 32);
    memcpy(params.network_id, network, 32);
    handshake_start(s->stream, &params, s->deadline_ms, &side_events, s);
    s->stream = NULL;
}

static size_t no_data(void *owner, struct slice bytes)
{
    (void)owner;
    (void)bytes;
    return 0;
}

static const struct stream_events opening = {
    .on_open = begin, .on_data = no_data, .on_close = side_closed};

static void accepted(void *owner, struct stream *stream)
{
    struct bench *b = owner;

    b->proxy.stream = stream;
    stream_bind(stream, &opening, &b->proxy);
}

static cocoon_err check_leaf(void *owner, struct slice leaf)
{
    const struct bench *b = owner;
    struct ratls_peer peer;
    struct fail fail;

    return ratls_check(leaf, b->now, &peer, &fail);
}

static void side_init(struct bench *b, struct side *s, uint8_t n, enum channel_proof wants)
{
    struct tls_params params = {.acceptor = s == &b->proxy,
                                .accept = TLS_ACCEPT_CHECK,
                                .check = check_leaf,
                                .check_owner = b};

    *s = (struct side){.bench = b, .wants = wants, .deadline_ms = 10000};
    party_make(&s->party, n, b->now + PARTY_LIFE);
    assert_int_equal(ratls_leaf_certify(&s->party.leaf, SLICE_LIT("test"), (struct slice){0},
                                        b->now, PARTY_LIFE, &rand_system),
                     OK);
    params.cert_der = buf_slice(&s->party.leaf.cert);
    params.key = s->party.leaf.key;
    assert_int_equal(tls_ctx_new(&params, &s->tls), OK);
    loop_timer_init(&s->timer, b->loop, answer, s);
    buf_init(&s->got, 1 << 16);
}

static void listen_and_dial(struct bench *b)
{
    struct listener_params params = {.tls = b->proxy.tls, .on_stream = accepted, .owner = b};

    assert_int_equal(addr_parse(SLICE_LIT("127.0.0.1:0"), &params.at), OK);
    assert_int_equal(listener_open(b->loop, &params, &b->listener), OK);
    listener_addr(b->listener, &b->at);
    b->worker.stream = stream_connect(b->loop, &b->at, b->worker.tls, 10000, &opening, &b->worker);
}

static int set_up(void **state)
{
    struct bench *b = MEM_NEW(struct bench);

    b->now = loop_unix_now();
    assert_int_equal(loop_new(&b->loop), OK);
    arena_init(&b->arena, 1 << 24);
    party_policy(&b->policy, &b->arena);
    side_init(b, &b->worker, 1, CHANNEL_ACCOUNT);
    side_init(b, &b->proxy, 2, CHANNEL_QUOTE);
    *state = b;
    return 0;
}

static void side_fini(struct side *s)
{
    loop_timer_stop(&s->timer);
    if (s->handshake != NULL)
        handshake_fail(s->handshake, ERR_CANCELED);
    stream_close(s->stream);
    tls_ctx_unref(s->tls);
    party_free(&s->party);
    buf_fini(&s->got);
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    listener_close(b->listener);
    side_fini(&b->worker);
    side_fini(&b->proxy);
    loop_free(b->loop);
    arena_fini(&b->arena);
    mem_free(b);
    return 0;
}

static void until_both_are_done(struct bench *b)
{
    test_until(b->loop, &b->worker.done);
    test_until(b->loop, &b->proxy.done);
}

static void test_opens(void **state)
{
    struct bench *b = *state;

    listen_and_dial(b);
    until_both_are_done(b);
    assert_int_equal(b->worker.err, OK);
    assert_int_equal(b->proxy.err, OK);
    assert_memory_equal(b->proxy.peer.id, b->worker.party.id, 32);
    assert_int_equal(b->proxy.peer.proof, CHANNEL_QUOTE);
    assert_int_equal(b->worker.peer.role, ROLE_PROXY);
    (void)stream_write(b->worker.stream, SLICE_LIT("up"));
    (void)stream_write(b->proxy.stream, SLICE_LIT("down"));
    test_until(b->loop, &b->proxy.got_some);
    test_until(b->loop, &b->worker.got_some);
    assert_string_equal(buf_cstr(&b->proxy.got), "up");
    assert_string_equal(buf_cstr(&b->worker.got), "down");
}

/* Bytes that follow the last message at once are the next reader's, whole. */
static void test_bytes_behind_the_handshake(void **state)
{
    struct bench *b = *state;

    b->worker.wants = CHANNEL_NO_PROOF;
    b->proxy.later = true;
    listen_and_dial(b);
    test_until(b->loop, &b->worker.done);
    (void)stream_write(b->worker.stream, SLICE_LIT("early"));
    test_until(b->loop, &b->proxy.got_some);
    assert_string_equal(buf_cstr(&b->proxy.got), "early");
}

static void test_answers_that_come_later(void **state)
{
    struct bench *b = *state;

    b->worker.later = b->proxy.later = true;
    listen_and_dial(b);
    until_both_are_done(b);
    assert_int_equal(b->worker.err, OK);
    assert_int_equal(b->proxy.err, OK);
}

static void test_refusal_reaches_the_peer(void **state)
{
    struct bench *b = *state;

    b->worker.verdict = ERR_UNAUTHORIZED;
    listen_and_dial(b);
    until_both_are_done(b);
    assert_int_equal(b->worker.err, ERR_UNAUTHORIZED);
    assert_int_equal(b->proxy.err, ERR_REFUSED);
}

static void test_measurement_refused(void **state)
{
    struct bench *b = *state;

    b->policy.measure_count = 0;
    listen_and_dial(b);
    until_both_are_done(b);
    assert_int_equal(b->proxy.err, ERR_POLICY);
    assert_int_equal(b->worker.err, ERR_REFUSED);
}

/* A peer that never says what it wants: the deadline ends it, on both sides. */
static void test_silent_handshake(void **state)
{
    struct bench *b = *state;

    b->proxy.mute = true;
    b->proxy.deadline_ms = 100;
    listen_and_dial(b);
    until_both_are_done(b);
    assert_int_equal(b->proxy.err, ERR_TIMEOUT);
    assert_int_not_equal(b->worker.err, OK);
}

static void test_owner_gives_up(void **state)
{
    struct bench *b = *state;

    b->proxy.mute = true;
    listen_and_dial(b);
    while (b->proxy.handshake == NULL)
        test_turn(b->loop);
    handshake_fail(b->proxy.handshake, ERR_CANCELED);
    assert_true(b->proxy.done);
    assert_int_equal(b->proxy.err, ERR_CANCELED);
    test_until(b->loop, &b->worker.done);
    assert_int_not_equal(b->worker.err, OK);
}

/* --- a relay that ends TLS on both sides and passes every byte on --- */

struct relay {
    struct bench *bench;
    struct party party;
    struct tls_ctx *in, *out;
    struct listener *listener;
    struct stream *ends[2];
};

static size_t relay_to_first(void *owner, struct slice bytes)
{
    struct relay *r = owner;

    if (r->ends[0] == NULL)
        return 0;
    (void)stream_write(r->ends[0], bytes);
    return bytes.len;
}

static size_t relay_to_second(void *owner, struct slice bytes)
{
    struct relay *r = owner;

    if (r->ends[1] == NULL)
        return 0;
    (void)stream_write(r->ends[1], bytes);
    return bytes.len;
}

static void relay_lost_first(void *owner, cocoon_err why)
{
    struct relay *r = owner;

    (void)why;
    r->ends[0] = NULL;
    if (r->ends[1] != NULL)
        stream_leave(r->ends[1]);
    r->ends[1] = NULL;
}

static void relay_lost_second(void *owner, cocoon_err why)
{
    struct relay *r = owner;

    (void)why;
    r->ends[1] = NULL;
    if (r->ends[0] != NULL)
        stream_leave(r->ends[0]);
    r->ends[0] = NULL;
}

static const struct stream_events first_events = {.on_data = relay_to_second,
                                                  .on_close = relay_lost_first};
static const struct stream_events second_events = {.on_data = relay_to_first,
                                                   .on_close = relay_lost_second};

static void relay_accepted(void *owner, struct stream *stream)
{
    struct relay *r = owner;

    r->ends[0] = stream;
    stream_bind(stream, &first_events, r);
    r->ends[1] = stream_connect(r->bench->loop, &r->bench->at, r->out, 10000, &second_events, r);
}

static void relay_init(struct relay *r, struct bench *b)
{
    struct tls_params params = {.accept = TLS_ACCEPT_CHECK, .check = check_leaf, .check_owner = b};
    struct listener_params at = {.on_stream = relay_accepted, .owner = r};

    *r = (struct relay){.bench = b};
    party_make(&r->party, 66, b->now + PARTY_LIFE);
    assert_int_equal(ratls_leaf_certify(&r->party.leaf, SLICE_LIT("relay"), (struct slice){0},
                                        b->now, PARTY_LIFE, &rand_system),
                     OK);
    params.cert_der = buf_slice(&r->party.leaf.cert);
    params.key = r->party.leaf.key;
    assert_int_equal(tls_ctx_new(&params, &r->out), OK);
    params.acceptor = true;
    assert_int_equal(tls_ctx_new(&params, &r->in), OK);
    at.tls = r->in;
    assert_int_equal(addr_parse(SLICE_LIT("127.0.0.1:0"), &at.at), OK);
    assert_int_equal(listener_open(b->loop, &at, &r->listener), OK);
}

static void relay_fini(struct relay *r)
{
    stream_close(r->ends[0]);
    stream_close(r->ends[1]);
    listener_close(r->listener);
    tls_ctx_unref(r->in);
    tls_ctx_unref(r->out);
    party_free(&r->party);
}

static void test_relay(void **state)
{
    struct bench *b = *state;
    struct listener_params params = {.tls = b->proxy.tls, .on_stream = accepted, .owner = b};
    struct addr at;
    struct relay r;

    assert_int_equal(addr_parse(SLICE_LIT("127.0.0.1:0"), &params.at), OK);
    assert_int_equal(listener_open(b->loop, &params, &b->listener), OK);
    listener_addr(b->listener, &b->at);
    relay_init(&r, b);
    listener_addr(r.listener, &at);
    b->worker.stream = stream_connect(b->loop, &at, b->worker.tls, 10000, &opening, &b->worker);
    until_both_are_done(b);
    assert_int_not_equal(b->proxy.err, OK);
    assert_int_not_equal(b->worker.err, OK);
    /* Whoever saw the other's proof first said why. */
    assert_true(b->proxy.err == ERR_MISMATCH || b->worker.err == ERR_SIGNATURE);
    relay_fini(&r);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_opens),
        UNIT(test_bytes_behind_the_handshake),
        UNIT(test_answers_that_come_later),
        UNIT(test_refusal_reaches_the_peer),
        UNIT(test_measurement_refused),
        UNIT(test_silent_handshake),
        UNIT(test_owner_gives_up),
        UNIT(test_relay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
