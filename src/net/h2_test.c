/* What is HTTP/2's own: many streams, their windows, resets, GOAWAY, PING, and the tunnel. */
#include <unistd.h>

#include "base/limits.h"
#include "net/frame.h"
#include "net/test_http.h"

enum { CROWD = 1000 };

struct crowd {
    struct http_exchange *held[CROWD];
    size_t count, most;
};

static void crowd_handle(void *owner, struct http_exchange *x)
{
    struct crowd *crowd = owner;

    crowd->held[crowd->count++] = x;
    if (crowd->count > crowd->most)
        crowd->most = crowd->count;
}

static void crowd_serve(struct world *w, struct crowd *crowd)
{
    struct http_server_params params = {
        .limits = &w->limits, .handler = crowd_handle, .owner = crowd};

    assert_int_equal(addr_parse(SLICE_LIT("127.0.0.1:0"), &w->at), OK);
    w->server = http_server_new(w->loop, &params);
    assert_int_equal(http_server_listen(w->server, &w->at, NULL, false, &w->at), OK);
    world_peer(w);
}

static void answer_all(struct crowd *crowd)
{
    while (crowd->count > 0)
        http_answer(crowd->held[--crowd->count], 200, "text/plain", SLICE_LIT("x"));
}

/* A thousand calls at once over one connection; with a lower limit of the server's, in turns. */
static void many_streams(uint32_t limit)
{
    struct world *w = world_new(WAY_H2);
    struct crowd *crowd = MEM_NEW(struct crowd);
    struct record *records = MEM_ARRAY(CROWD, struct record);
    struct http_call_params get = test_get("/");
    size_t answered = 0;

    w->limits.streams = limit;
    crowd_serve(w, crowd);
    for (size_t i = 0; i < CROWD; i++) {
        record_init(&records[i]);
        record_start(&records[i], w->peer, &get);
    }
    while (answered < CROWD) {
        test_turn(w->loop);
        if (crowd->count == (limit < CROWD ? limit : CROWD)) {
            answered += crowd->count;
            answer_all(crowd);
        }
    }
    for (size_t i = 0; i < CROWD; i++) {
        test_until(w->loop, &records[i].over);
        assert_int_equal(records[i].why, OK);
        assert_int_equal(records[i].body.len, 1);
        record_fini(&records[i]);
    }
    assert_int_equal(crowd->most, limit);
    assert_int_equal(http_peer_metrics(w->peer)->connections, 1);
    mem_free(records);
    mem_free(crowd);
    world_free(w);
}

static void thousand_streams_at_once(void **state)
{
    (void)state;
    many_streams(CROWD);
}

static void streams_beyond_the_limit_wait(void **state)
{
    (void)state;
    many_streams(50);
}

/* Uploads that nobody reads hold up neither memory nor the other streams. */
static void paused_streams_hold_up_nobody(void **state)
{
    struct world *w = world_up(WAY_H2);
    struct http_call_params post = test_post("/hold");
    static uint8_t block[64 * 1024];
    struct record stuck[8], r;

    (void)state;
    for (int i = 0; i < 8; i++) {
        record_init(&stuck[i]);
        w->got_exchange = false;
        record_start(&stuck[i], w->peer, &post);
        test_until(w->loop, &w->got_exchange);
        http_exchange_pause(w->held);
        while (http_call_write(stuck[i].call, SLICE_OF(block)))
            test_turn(w->loop);
    }
    for (int i = 0; i < 50; i++)
        test_turn(w->loop);
    for (int i = 0; i < 8; i++)
        assert_true(http_call_queued(stuck[i].call) > STREAM_LOW_WATER);
    test_call(w, &r, test_get("/hello"), SLICE_LIT(""));
    assert_int_equal(r.why, OK);
    record_fini(&r);
    http_exchange_resume(w->held); /* the last one is thrown away piece by piece now */
    test_until(w->loop, &stuck[7].drained);
    for (int i = 0; i < 8; i++)
        record_fini(&stuck[i]);
    world_free(w);
}

static void trailers_go_both_ways(void **state)
{
    struct world *w = world_up(WAY_H2_TLS);
    struct http_call_params post = test_post("/echo");
    struct http_field sum[] = {HTTP_FIELD("x-sum", SLICE_LIT("12345"))};
    struct record r;

    (void)state;
    record_init(&r);
    record_start(&r, w->peer, &post);
    http_call_write(r.call, SLICE_LIT("body"));
    http_call_end(r.call, HTTP_FIELDS(sum));
    test_until(w->loop, &r.over);
    assert_true(slice_eq_text(buf_slice(&r.body), "body"));
    assert_true(slice_eq_text(buf_slice(&r.trailer), "12345"));
    record_fini(&r);
    world_free(w);
}

static void long_heads_are_431(void **state)
{
    struct world *w = world_up(WAY_H2);
    struct http_field many[LIMIT_HTTP_FIELDS];
    static char value[400];
    struct http_call_params get = test_get("/hello");
    struct record r;

    (void)state;
    memset(value, 'v', sizeof value - 1);
    for (size_t i = 0; i < LIMIT_HTTP_FIELDS; i++)
        many[i] = HTTP_FIELD("x", slice_text(i < 40 ? value : ""));
    get.fields = HTTP_FIELDS(many);
    test_call(w, &r, get, SLICE_LIT("")); /* 16 040 bytes of them: under the limit */
    assert_int_equal(r.status, 200);
    record_fini(&r);
    for (size_t i = 40; i < LIMIT_HTTP_FIELDS; i++)
        many[i] = HTTP_FIELD("x", slice_text(value));
    test_call(w, &r, get, SLICE_LIT(""));
    assert_int_equal(r.why, ERR_LIMIT); /* our client refuses to send them */
    record_fini(&r);
    world_free(w);
}

/* A peer that speaks bytes of the test's making. */
struct wire {
    struct world *w;
    struct stream *s;
    struct buf got;
    bool over;
};

static size_t wire_data(void *owner, struct slice bytes)
{
    struct wire *wire = owner;

    buf_put(&wire->got, bytes);
    return bytes.len;
}

static void wire_eof(void *owner)
{
    ((struct wire *)owner)->over = true;
}

static void wire_close(void *owner, cocoon_err why)
{
    struct wire *wire = owner;

    (void)why;
    wire->over = true;
    wire->s = NULL;
}

static const struct stream_events wire_events = {
    .on_data = wire_data, .on_eof = wire_eof, .on_close = wire_close};

static void wire_open(struct wire *wire, struct world *w)
{
    *wire = (struct wire){.w = w};
    buf_init(&wire->got, TEST_BODY_MAX);
    wire->s = stream_connect(w->loop, &w->at, NULL, 10000, &wire_events, wire);
}

static void wire_fini(struct wire *wire)
{
    stream_close(wire->s);
    buf_fini(&wire->got);
}

#define PREFACE  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SETTINGS "\0\0\0\4\0\0\0\0\0"

static void peer_that_answers_no_ping_is_cut(void **state)
{
    struct world *w = world_new(WAY_H2);
    struct wire wire;
    size_t at;

    (void)state;
    w->limits.ping_ms = 20;
    w->limits.idle_ms = 0;
    world_serve(w);
    wire_open(&wire, w);
    stream_write(wire.s, SLICE_LIT(PREFACE SETTINGS));
    test_until(w->loop, &wire.over);
    assert_true(slice_find_slice(buf_slice(&wire.got), SLICE_LIT("\0\0\10\6\0"), &at));
    assert_int_equal(http_server_metrics(w->server)->failed, 1);
    wire_fini(&wire);
    world_free(w);
}

/* Bytes after the preface that a server must not put up with. */
static const struct {
    const char *name;
    struct slice bytes;
} outrages[] = {
    {"no settings", SLICE_INIT("\0\0\0\1\5\0\0\0\1")},
    {"frame too long", SLICE_INIT(SETTINGS "\0\x50\0\0\0\0\0\0\1")},
    {"data on stream 0", SLICE_INIT(SETTINGS "\0\0\1\0\0\0\0\0\0x")},
    {"data on an idle stream", SLICE_INIT(SETTINGS "\0\0\1\0\0\0\0\0\1x")},
    {"even stream", SLICE_INIT(SETTINGS "\0\0\1\1\5\0\0\0\2\x82")},
    {"bad compression", SLICE_INIT(SETTINGS "\0\0\4\1\5\0\0\0\1\xff\xff\xff\xff")},
    {"window of zero", SLICE_INIT(SETTINGS "\0\0\4\x8\0\0\0\0\0\0\0\0\0")},
    {"continuation alone", SLICE_INIT(SETTINGS "\0\0\1\x9\4\0\0\0\1\x82")},
    {"push from a client", SLICE_INIT(SETTINGS "\0\0\4\5\4\0\0\0\1\0\0\0\2")},
    {"ping of wrong size", SLICE_INIT(SETTINGS "\0\0\1\6\0\0\0\0\0x")},
};

static void rule_breakers_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(outrages); i++) {
        struct world *w = world_up(WAY_H2);
        struct wire wire;

        wire_open(&wire, w);
        stream_write(wire.s, SLICE_LIT(PREFACE));
        stream_write(wire.s, outrages[i].bytes);
        test_until(w->loop, &wire.over);
        assert_int_equal(w->handled, 0);
        wire_fini(&wire);
        world_free(w);
    }
}

/* Requests that are wrong in themselves cost only their stream. */
static void bad_target_is_400(void **state)
{
    struct world *w = world_up(WAY_H2);
    struct record r;
    struct wire wire;
    size_t at;

    (void)state;
    test_call(w, &r, test_get("http://x/hello"), SLICE_LIT(""));
    assert_true(r.status == 400 || r.why == ERR_PROTOCOL);
    assert_int_equal(w->handled, 0);
    record_fini(&r);
    test_call(w, &r, test_get("/hello"), SLICE_LIT(""));
    assert_int_equal(r.why, OK);
    record_fini(&r);

    wire_open(&wire, w); /* nghttp2 lets an absolute :path pass for schemes it does not know */
    stream_write(wire.s, SLICE_LIT(PREFACE SETTINGS "\0\0\x14\1\5\0\0\0\1\x82\x44\x9http://x/"
                                                    "\x46\3"
                                                    "foo\x41\1y"));
    while (!slice_find_slice(buf_slice(&wire.got), SLICE_LIT("\1\4\0\0\0\1\x8c"), &at))
        test_turn(w->loop); /* HEADERS, :status 400 */
    assert_int_equal(w->handled, 1);
    wire_fini(&wire);
    world_free(w);
}

/* Starting and resetting streams without end ("rapid reset") ends the connection. */
static void rapid_resets_are_cut(void **state)
{
    struct world *w = world_up(WAY_H2);
    struct http_call_params get = test_get("/hold");
    size_t calls = 0;

    (void)state;
    while (http_peer_metrics(w->peer)->connections < 2 && calls < 5000) {
        struct record r;

        record_init(&r);
        record_start(&r, w->peer, &get);
        for (int i = 0; i < 3; i++)
            test_turn(w->loop);
        record_fini(&r); /* cancels */
        calls++;
    }
    assert_in_range(calls, 500, 2000);
    world_free(w);
}

static void settings_floods_are_cut(void **state)
{
    struct world *w = world_up(WAY_H2);
    struct wire wire;

    (void)state;
    wire_open(&wire, w);
    stream_write(wire.s, SLICE_LIT(PREFACE));
    for (int i = 0; i < 200 * 1000 && !wire.over; i++) {
        stream_write(wire.s, SLICE_LIT(SETTINGS));
        if (i % 5000 == 0)
            test_turn(w->loop);
    }
    test_until(w->loop, &wire.over);
    wire_fini(&wire);
    world_free(w);
}

/* A server that refuses a stream, then one that says GOAWAY: neither began the call. */
static const struct slice refusals[] = {
    SLICE_INIT(SETTINGS "\0\0\4\3\0\0\0\0\1\0\0\0\7"),
    SLICE_INIT(SETTINGS "\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\0"),
};

struct refuser {
    struct world *w;
    struct slice bytes;
    struct stream *s;
    struct listener *listener;
    size_t accepted;
};

static size_t refuser_data(void *owner, struct slice bytes)
{
    struct refuser *f = owner;
    size_t at;

    if (f->bytes.len > 0 && slice_find_slice(bytes, SLICE_LIT("\1\5\0\0\0\1"), &at)) {
        stream_write(f->s, f->bytes); /* a HEADERS frame that ends stream 1 is there */
        f->bytes.len = 0;
    } else if (slice_find_slice(bytes, SLICE_LIT("\1\5\0\0\0\3"), &at)) {
        stream_close(f->s); /* it was asked again */
        f->s = NULL;
    }
    return bytes.len;
}

static void refuser_close(void *owner, cocoon_err why)
{
    (void)why;
    ((struct refuser *)owner)->s = NULL;
}

static const struct stream_events refuser_events = {.on_data = refuser_data,
                                                    .on_close = refuser_close};

static void refuser_accept(void *owner, struct stream *s)
{
    struct refuser *f = owner;

    if (f->accepted++ == 0) {
        f->s = s;
        stream_bind(s, &refuser_events, f);
    } else {
        http_server_adopt(f->w->server, s);
    }
}

/* A server that refuses every stream is asked twice, not for ever. */
static size_t refuse_data(void *owner, struct slice bytes)
{
    struct refuser *f = owner;
    static const uint8_t first[] = "\0\0\4\3\0\0\0\0\1\0\0\0\7",
                         third[] = "\0\0\4\3\0\0\0\0\3\0\0\0\7";
    size_t at;

    if (slice_find_slice(bytes, SLICE_LIT("\1\5\0\0\0\1"), &at))
        stream_write(f->s, slice_make(first, sizeof first - 1));
    if (slice_find_slice(bytes, SLICE_LIT("\1\5\0\0\0\3"), &at))
        stream_write(f->s, slice_make(third, sizeof third - 1));
    return bytes.len;
}

static const struct stream_events refuse_events = {.on_data = refuse_data,
                                                   .on_close = refuser_close};

static void refuse_accept(void *owner, struct stream *s)
{
    struct refuser *f = owner;

    f->s = s;
    stream_bind(s, &refuse_events, f);
    stream_write(s, SLICE_LIT(SETTINGS));
}

static void refused_call_is_sent_twice_at_most(void **state)
{
    struct refuser f = {.w = world_new(WAY_H2)};
    struct listener_params params = {.on_stream = refuse_accept, .owner = &f};
    struct record r;

    (void)state;
    assert_int_equal(addr_parse(SLICE_LIT("127.0.0.1:0"), &params.at), OK);
    assert_int_equal(listener_open(f.w->loop, &params, &f.listener), OK);
    listener_addr(f.listener, &f.w->at);
    world_peer(f.w);
    test_call(f.w, &r, test_get("/hello"), SLICE_LIT(""));
    assert_int_equal(r.why, ERR_CANCELED);
    assert_int_equal(http_peer_metrics(f.w->peer)->retried, 1);
    record_fini(&r);
    stream_close(f.s);
    listener_close(f.listener);
    world_free(f.w);
}

static void call_that_never_began_is_sent_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        struct refuser f = {.w = world_new(WAY_H2), .bytes = refusals[i]};
        struct listener_params params = {.on_stream = refuser_accept, .owner = &f};
        struct record r;

        world_serve(f.w);
        assert_int_equal(addr_parse(SLICE_LIT("127.0.0.1:0"), &params.at), OK);
        assert_int_equal(listener_open(f.w->loop, &params, &f.listener), OK);
        listener_addr(f.listener, &f.w->at);
        world_peer(f.w);
        test_call(f.w, &r, test_get("/hello"), SLICE_LIT(""));
        if (i == 0) { /* the same connection was asked again, and closed then */
            assert_int_equal(r.why, ERR_CLOSED);
        } else {
            assert_int_equal(r.why, OK);
            assert_int_equal(f.accepted, 2);
        }
        assert_int_equal(http_peer_metrics(f.w->peer)->retried, 1);
        record_fini(&r);
        stream_close(f.s);
        listener_close(f.listener);
        world_free(f.w);
    }
}

/*
 * The tunnel: the worker dials the proxy's port, both exchange a message over the bare stream, then
 * the worker serves and the proxy calls.
 */
struct tunnel {
    struct world *w; /* the proxy's server is w->server; the worker's handler is world_handle */
    struct frame_reader *worker_frames, *proxy_frames;
    struct http_tunnel *worker;
    struct http_peer *proxy;
    struct tls_ctx *worker_tls;
    struct stream *dialling;
    bool up, worker_down, proxy_down;
    cocoon_err worker_why, proxy_why;
};

static void worker_down(void *owner, cocoon_err why)
{
    struct world *w = owner;
    struct tunnel *t = w->aside;

    t->worker_down = true;
    t->worker_why = why;
}

static void proxy_down(void *owner, cocoon_err why)
{
    struct tunnel *t = owner;

    t->proxy_down = true;
    t->proxy_why = why;
}

static void frames_lost(void *owner, cocoon_err why)
{
    (void)owner;
    (void)why;
    fail();
}

static void worker_frame(void *owner, struct slice message)
{
    struct tunnel *t = owner;
    struct http_limits limits = http_server_limits;

    assert_true(slice_eq_text(message, "welcome"));
    limits.idle_ms = 1; /* which a tunnel ignores */
    t->worker = http_tunnel_serve(frame_reader_take(t->worker_frames), &limits, world_handle,
                                  worker_down, t->w);
    t->worker_frames = NULL;
}

static const struct frame_events worker_frame_events = {worker_frame, frames_lost};

static void proxy_frame(void *owner, struct slice message)
{
    struct tunnel *t = owner;

    assert_true(slice_eq_text(message, "hello, I am a worker"));
    frame_send(t->proxy_frames, SLICE_LIT("welcome"));
    t->proxy = http_peer_on_stream(frame_reader_take(t->proxy_frames), NULL, proxy_down, t);
    t->proxy_frames = NULL;
    t->up = true;
}

static const struct frame_events proxy_frame_events = {proxy_frame, frames_lost};

static void proxy_raw(void *owner, struct stream *s)
{
    struct world *w = owner;
    struct tunnel *t = w->aside;

    t->proxy_frames = frame_reader_new(s, 1000, &proxy_frame_events, t);
}

static void dial_open(void *owner)
{
    struct tunnel *t = owner;

    t->worker_frames = frame_reader_new(t->dialling, 1000, &worker_frame_events, t);
    frame_send(t->worker_frames, SLICE_LIT("hello, I am a worker"));
}

static size_t dial_data(void *owner, struct slice bytes)
{
    (void)owner;
    (void)bytes;
    return 0;
}

static const struct stream_events dial_events = {
    .on_open = dial_open, .on_data = dial_data, .on_close = frames_lost};

static void tunnel_contexts(struct tunnel *t)
{
    static const char *const three[] = {"h2", "http/1.1", "cocoon-tunnel/1"};
    struct tls_params server = {.acceptor = true, .alpn = three, .alpn_count = 3};
    struct tls_params client = {.accept = TLS_ACCEPT_PIN, .pin_count = 1, .alpn_count = 1};
    struct world *w = t->w;

    test_identity_make(&w->identity, TLS_KEY_ED25519, 0);
    server.cert_der = buf_slice(&w->identity.cert);
    server.key = w->identity.key;
    client.pins = &w->identity.spki;
    client.alpn = three;
    assert_int_equal(tls_ctx_new(&server, &w->server_tls), OK);
    assert_int_equal(tls_ctx_new(&client, &w->client_tls), OK);
    client.alpn = three + 2;
    assert_int_equal(tls_ctx_new(&client, &t->worker_tls), OK);
}

static int tunnel_setup(void **state)
{
    struct tunnel *t = MEM_NEW(struct tunnel);
    struct http_server_params params = {
        .handler = world_handle, .raw_alpn = "cocoon-tunnel/1", .on_raw = proxy_raw};
    struct world *w = world_new(WAY_H2);

    w->way = WAY_H2_TLS;
    w->aside = t;
    t->w = w;
    params.owner = w;
    tunnel_contexts(t);
    assert_int_equal(addr_parse(SLICE_LIT("127.0.0.1:0"), &w->at), OK);
    w->server = http_server_new(w->loop, &params);
    assert_int_equal(http_server_listen(w->server, &w->at, w->server_tls, false, &w->at), OK);
    t->dialling = stream_connect(w->loop, &w->at, t->worker_tls, 10000, &dial_events, t);
    test_until(w->loop, &t->up);
    world_peer(w);
    *state = t;
    return 0;
}

static int tunnel_teardown(void **state)
{
    struct tunnel *t = *state;

    http_tunnel_free(t->worker);
    http_peer_free(t->proxy);
    tls_ctx_unref(t->worker_tls);
    world_free(t->w);
    mem_free(t);
    return 0;
}

static void tunnel_call(struct tunnel *t, struct record *r, const char *target)
{
    struct http_call_params get = test_get(target);

    record_init(r);
    record_start(r, t->proxy, &get);
}

static void acceptor_calls_dialler(void **state)
{
    struct tunnel *t = *state;
    struct record r;

    for (int i = 0; i < 10; i++) {
        tunnel_call(t, &r, "/hello");
        test_until(t->w->loop, &r.over);
        assert_int_equal(r.status, 200);
        record_fini(&r);
    }
    tunnel_call(t, &r, "/mirror?x");
    test_until(t->w->loop, &r.over);
    assert_true(slice_starts(buf_slice(&r.body), SLICE_LIT("GET|/mirror|x|")));
    record_fini(&r);
    test_call(t->w, &r, test_get("/hello"), SLICE_LIT("")); /* others use the port as usual */
    assert_int_equal(r.status, 200);
    record_fini(&r);
    assert_int_equal(http_tunnel_metrics(t->worker)->exchanges, 11);
    assert_true(http_peer_ready(t->proxy));
}

static void draining_tunnel_ends_its_calls(void **state)
{
    struct tunnel *t = *state;
    struct record r, late;

    tunnel_call(t, &r, "/hold");
    test_until(t->w->loop, &t->w->got_exchange);
    http_tunnel_drain(t->worker);
    while (http_peer_ready(t->proxy))
        test_turn(t->w->loop);
    tunnel_call(t, &late, "/hello");
    test_until(t->w->loop, &late.over);
    assert_int_equal(late.why, ERR_CLOSED);
    assert_false(t->worker_down || t->proxy_down);
    http_answer(t->w->held, 200, "text/plain", SLICE_LIT("bye"));
    test_until(t->w->loop, &r.over);
    assert_int_equal(r.why, OK);
    test_until(t->w->loop, &t->worker_down);
    test_until(t->w->loop, &t->proxy_down);
    assert_int_equal(t->worker_why, OK);
    assert_int_equal(t->proxy_why, OK);
    record_fini(&r);
    record_fini(&late);
}

static void leave(void *aside)
{
    struct tunnel *t = aside;

    http_tunnel_drain(t->worker);
}

/* What arrives with the request that makes the worker go is refused, not begun and then denied. */
static void draining_tunnel_begins_nothing(void **state)
{
    struct tunnel *t = *state;
    struct record r, late;

    t->w->on_leave = leave;
    tunnel_call(t, &r, "/leave");
    tunnel_call(t, &late, "/hello");
    test_until(t->w->loop, &r.over);
    test_until(t->w->loop, &late.over);
    assert_int_equal(r.why, OK);
    assert_int_equal(late.why, ERR_CLOSED);
    assert_int_equal(t->w->handled, 1);
    record_fini(&r);
    record_fini(&late);
}

static void dead_worker_is_noticed(void **state)
{
    struct tunnel *t = *state;
    struct record r;

    tunnel_call(t, &r, "/part");
    test_until(t->w->loop, &r.some);
    http_tunnel_free(t->worker);
    t->worker = NULL;
    assert_int_equal(t->w->done_why, ERR_CANCELED);
    test_until(t->w->loop, &r.over);
    assert_int_equal(r.why, ERR_CLOSED);
    assert_false(t->worker_down);
    test_until(t->w->loop, &t->proxy_down);
    assert_int_equal(t->proxy_why, ERR_CLOSED);
    assert_false(http_peer_ready(t->proxy));
    record_fini(&r);
}

static void dead_proxy_is_noticed(void **state)
{
    struct tunnel *t = *state;
    struct record r;

    tunnel_call(t, &r, "/hold");
    test_until(t->w->loop, &t->w->got_exchange);
    http_peer_free(t->proxy);
    t->proxy = NULL;
    assert_int_equal(r.why, ERR_CANCELED);
    test_until(t->w->loop, &t->worker_down);
    assert_int_equal(t->w->done_why, ERR_CANCELED);
    assert_false(t->proxy_down);
    record_fini(&r);
}

/* Cancelled calls are common in a tunnel: a thousand strangers share it. */
static void tunnel_bears_many_resets(void **state)
{
    struct tunnel *t = *state;
    struct record r;

    for (int i = 0; i < 2000; i++) {
        tunnel_call(t, &r, "/hold");
        for (int turns = 0; turns < 3; turns++)
            test_turn(t->w->loop);
        record_fini(&r);
    }
    tunnel_call(t, &r, "/hello");
    test_until(t->w->loop, &r.over);
    assert_int_equal(r.why, OK);
    record_fini(&r);
}

/* An answer that is complete is delivered, even if its connection dies while the caller pauses. */
static void held_answer_outlives_its_connection(void **state)
{
    struct tunnel *t = *state;
    struct record r;

    tunnel_call(t, &r, "/hold");
    test_until(t->w->loop, &t->w->got_exchange);
    http_call_pause(r.call);
    http_answer(t->w->held, 200, "text/plain", SLICE_LIT("kept"));
    test_until(t->w->loop, &t->w->was_done);
    test_until(t->w->loop, &r.head);
    for (int i = 0; i < 5; i++)
        test_turn(t->w->loop);
    http_tunnel_free(t->worker);
    t->worker = NULL;
    test_until(t->w->loop, &t->proxy_down);
    assert_false(r.over);
    http_call_resume(r.call);
    test_until(t->w->loop, &r.over);
    assert_int_equal(r.why, OK);
    assert_true(slice_eq_text(buf_slice(&r.body), "kept"));
    record_fini(&r);
}

int main(void)
{
#define TUNNEL_TEST(name) cmocka_unit_test_setup_teardown(name, tunnel_setup, tunnel_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousand_streams_at_once),
        cmocka_unit_test(streams_beyond_the_limit_wait),
        cmocka_unit_test(paused_streams_hold_up_nobody),
        cmocka_unit_test(trailers_go_both_ways),
        cmocka_unit_test(long_heads_are_431),
        cmocka_unit_test(peer_that_answers_no_ping_is_cut),
        cmocka_unit_test(rule_breakers_are_cut),
        cmocka_unit_test(bad_target_is_400),
        cmocka_unit_test(rapid_resets_are_cut),
        cmocka_unit_test(settings_floods_are_cut),
        cmocka_unit_test(call_that_never_began_is_sent_again),
        cmocka_unit_test(refused_call_is_sent_twice_at_most),
        TUNNEL_TEST(acceptor_calls_dialler),
        TUNNEL_TEST(draining_tunnel_ends_its_calls),
        TUNNEL_TEST(draining_tunnel_begins_nothing),
        TUNNEL_TEST(dead_worker_is_noticed),
        TUNNEL_TEST(dead_proxy_is_noticed),
        TUNNEL_TEST(tunnel_bears_many_resets),
        TUNNEL_TEST(held_answer_outlives_its_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
