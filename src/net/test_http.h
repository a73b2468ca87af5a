/*
 * What the HTTP tests share: a server whose paths behave in various ways, a peer to call it, and a
 * record of what happened to one call.
 */
#ifndef NET_TEST_HTTP_H
#define NET_TEST_HTTP_H

#include "net/http_client.h"
#include "net/http_server.h"
#include "net/test.h"

enum { TEST_BODY_MAX = 64 * 1024 * 1024 };

/* How the server is reached. */
enum way { WAY_H1, WAY_H1_UNIX, WAY_H1_TLS, WAY_H2, WAY_H2_TLS, WAY_COUNT };

struct world {
    struct loop *loop;
    struct http_server *server;
    struct addr at;
    struct http_peer *peer;
    struct test_identity identity;
    struct tls_ctx *server_tls, *client_tls;
    struct http_limits limits, client_limits;
    enum way way;

    /* Of the exchanges served. */
    size_t handled, done;
    cocoon_err done_why;
    bool was_done, got_exchange;
    struct http_exchange *held;    /* /hold and /hang keep theirs here */
    size_t peak;                   /* most bytes queued by /echo and /flood */
    void *aside;                   /* the test's own */
    void (*on_leave)(void *aside); /* what /leave does before it answers */
};

/* One call and what came of it. */
struct record {
    struct http_call *call;
    unsigned status;
    struct buf body;
    struct buf trailer; /* value of the field "x-sum" */
    struct buf fields;  /* "name: value\n" each */
    bool head, over, drained, some;
    size_t want; /* `some` when the body reached it */
    cocoon_err why;
};

static inline void record_head(void *owner, const struct http_response *head)
{
    struct record *r = owner;

    assert_false(r->head);
    r->head = true;
    r->status = head->status;
    for (size_t i = 0; i < head->fields.count; i++) {
        buf_put(&r->fields, head->fields.list[i].name);
        buf_put_text(&r->fields, ": ");
        buf_put(&r->fields, head->fields.list[i].value);
        buf_put_text(&r->fields, "\n");
    }
}

static inline void record_body(void *owner, struct slice bytes)
{
    struct record *r = owner;

    assert_true(r->head && !r->over);
    buf_put(&r->body, bytes);
    r->some = r->body.len >= r->want;
}

static inline void record_drained(void *owner)
{
    ((struct record *)owner)->drained = true;
}

static inline void record_end(void *owner, struct http_fields trailers)
{
    struct record *r = owner;
    struct slice sum;

    assert_false(r->over);
    if (http_field_get(trailers, "x-sum", &sum))
        buf_put(&r->trailer, sum);
    r->over = true;
    r->call = NULL;
}

static inline void record_error(void *owner, cocoon_err why)
{
    struct record *r = owner;

    assert_false(r->over);
    r->over = true;
    r->why = why;
    r->call = NULL;
}

static const struct http_call_events record_events = {record_head, record_body, record_drained,
                                                      record_end, record_error};

static inline void record_init(struct record *r)
{
    *r = (struct record){.want = 1};
    buf_init(&r->body, TEST_BODY_MAX);
    buf_init(&r->trailer, TEST_BODY_MAX);
    buf_init(&r->fields, TEST_BODY_MAX);
}

static inline void record_fini(struct record *r)
{
    http_call_cancel(r->call);
    buf_fini(&r->body);
    buf_fini(&r->trailer);
    buf_fini(&r->fields);
}

static inline void record_start(struct record *r, struct http_peer *peer,
                                const struct http_call_params *params)
{
    r->call = http_call_start(peer, params, &record_events, r);
}

static inline struct http_call_params test_get(const char *target)
{
    return (struct http_call_params){
        .method = SLICE_LIT("GET"), .target = slice_text(target), .no_body = true};
}

static inline struct http_call_params test_post(const char *target)
{
    return (struct http_call_params){.method = SLICE_LIT("POST"), .target = slice_text(target)};
}

/* Run one whole call, with `body` unless it is empty. */
static inline void test_call(struct world *w, struct record *r, struct http_call_params params,
                             struct slice body)
{
    record_init(r);
    record_start(r, w->peer, &params);
    if (!params.no_body) {
        http_call_write(r->call, body);
        http_call_end(r->call, HTTP_NO_FIELDS);
    }
    test_until(w->loop, &r->over);
}

/* The server's side: */

static inline void world_done(void *owner, cocoon_err why)
{
    struct world *w = owner;

    w->done++;
    w->done_why = why;
    w->was_done = true;
    w->held = NULL;
}

/* /echo streams the request's body back, pausing it while the answer does not leave. */
struct echo {
    struct world *w;
    struct http_exchange *x;
};

static inline void echo_body(void *owner, struct slice bytes)
{
    struct echo *e = owner;

    if (!http_exchange_write(e->x, bytes))
        http_exchange_pause(e->x);
    if (http_exchange_queued(e->x) > e->w->peak)
        e->w->peak = http_exchange_queued(e->x);
}

static inline void echo_drained(void *owner)
{
    struct echo *e = owner;

    http_exchange_resume(e->x);
}

static inline void echo_end(void *owner, struct http_fields trailers)
{
    struct echo *e = owner;

    http_exchange_end(e->x, trailers);
}

static inline void echo_done(void *owner, cocoon_err why)
{
    struct echo *e = owner;

    world_done(e->w, why);
}

static const struct http_exchange_events echo_events = {echo_body, echo_end, echo_drained,
                                                        echo_done};

static inline struct echo *echo_start(struct world *w, struct http_exchange *x)
{
    struct echo *e = ARENA_NEW(http_exchange_arena(x), struct echo);

    *e = (struct echo){w, x};
    return e;
}

static inline void count_body(void *owner, struct slice body)
{
    struct echo *e = owner;
    struct buf text;

    buf_init(&text, 64);
    buf_put_u64(&text, body.len);
    http_answer(e->x, 200, "text/plain", buf_slice(&text));
    buf_fini(&text);
}

/* /flood writes as fast as it may, for ever. */
static inline void flood_more(void *owner)
{
    static const uint8_t block[20 * 1000];
    struct echo *e = owner;

    while (http_exchange_write(e->x, SLICE_OF(block)))
        ;
    if (http_exchange_queued(e->x) > e->w->peak)
        e->w->peak = http_exchange_queued(e->x);
}

static const struct http_exchange_events flood_events = {.on_drained = flood_more,
                                                         .on_done = echo_done};
static const struct http_exchange_events hold_events = {.on_done = world_done};

/* /mirror answers what the request looked like. */
static inline void mirror(struct http_exchange *x)
{
    const struct http_request *r = http_exchange_request(x);
    struct buf text;

    buf_init(&text, TEST_BODY_MAX);
    buf_put(&text, r->method);
    buf_put_u8(&text, '|');
    buf_put(&text, r->path);
    buf_put_u8(&text, '|');
    buf_put(&text, r->query);
    buf_put_u8(&text, '|');
    buf_put(&text, r->authority);
    for (size_t i = 0; i < r->fields.count; i++) {
        buf_put_u8(&text, '|');
        buf_put(&text, r->fields.list[i].name);
        buf_put_u8(&text, '=');
        buf_put(&text, r->fields.list[i].value);
    }
    http_answer(x, 200, "text/plain", buf_slice(&text));
    buf_fini(&text);
}

static inline void world_handle(void *owner, struct http_exchange *x)
{
    struct world *w = owner;
    struct slice path = http_exchange_request(x)->path;

    w->handled++;
    w->got_exchange = true;
    if (slice_eq_text(path, "/hello")) {
        http_answer(x, 200, "text/plain", SLICE_LIT("hello"));
    } else if (slice_eq_text(path, "/mirror")) {
        mirror(x);
    } else if (slice_eq_text(path, "/echo")) {
        http_exchange_bind(x, &echo_events, echo_start(w, x));
        http_exchange_head(x, 200, HTTP_NO_FIELDS);
    } else if (slice_eq_text(path, "/count")) {
        http_exchange_collect(x, 1000, count_body, echo_done, echo_start(w, x));
    } else if (slice_eq_text(path, "/flood")) {
        http_exchange_bind(x, &flood_events, echo_start(w, x));
        http_exchange_head(x, 200, HTTP_NO_FIELDS);
        flood_more(echo_start(w, x));
    } else if (slice_eq_text(path, "/hold")) {
        w->held = x;
        http_exchange_bind(x, &hold_events, w);
    } else if (slice_eq_text(path, "/part")) {
        w->held = x;
        http_exchange_bind(x, &hold_events, w);
        http_exchange_head(x, 200, HTTP_NO_FIELDS);
        http_exchange_write(x, SLICE_LIT("part"));
    } else if (slice_eq_text(path, "/short") || slice_eq_text(path, "/long")) {
        struct http_field length[] = {HTTP_FIELD("content-length", SLICE_LIT("5"))};

        w->done_why = OK;
        http_exchange_bind(x, &hold_events, w);
        http_exchange_head(x, 200, HTTP_FIELDS(length));
        http_exchange_write(x, path.len == 6 ? SLICE_LIT("less") : SLICE_LIT("more than 5"));
        if (path.len == 6)
            http_exchange_end(x, HTTP_NO_FIELDS);
    } else if (slice_eq_text(path, "/split")) {
        struct http_field evil[] = {HTTP_FIELD("x-evil", SLICE_LIT("a\r\nset-cookie: b"))};

        http_exchange_bind(x, &hold_events, w);
        http_exchange_head(x, 200, HTTP_FIELDS(evil));
        http_exchange_end(x, HTTP_NO_FIELDS);
    } else if (slice_eq_text(path, "/leave")) {
        w->on_leave(w->aside);
        http_answer(x, 200, "text/plain", SLICE_LIT("bye"));
    } else if (slice_eq_text(path, "/empty")) {
        http_exchange_head(x, 204, HTTP_NO_FIELDS);
        http_exchange_end(x, HTTP_NO_FIELDS);
    } else {
        http_answer_error(x, 404, "not_found", "no such path");
    }
}

static inline void world_tls(struct world *w)
{
    static const char *const h1[] = {"http/1.1"}, *const both[] = {"h2", "http/1.1"};
    struct tls_params server = {.acceptor = true, .alpn = both, .alpn_count = 2};
    struct tls_params client = {.accept = TLS_ACCEPT_PIN, .pin_count = 1, .alpn_count = 1};

    test_identity_make(&w->identity, TLS_KEY_P256, 0);
    server.cert_der = buf_slice(&w->identity.cert);
    server.key = w->identity.key;
    client.pins = &w->identity.spki;
    client.alpn = w->way == WAY_H2_TLS ? both : h1;
    assert_int_equal(tls_ctx_new(&server, &w->server_tls), OK);
    assert_int_equal(tls_ctx_new(&client, &w->client_tls), OK);
}

static inline struct world *world_new(enum way way)
{
    struct world *w = MEM_NEW(struct world);

    w->way = way;
    w->limits = http_server_limits;
    w->client_limits = http_client_limits;
    assert_int_equal(loop_new(&w->loop), OK);
    if (way == WAY_H1_TLS || way == WAY_H2_TLS)
        world_tls(w);
    return w;
}

static inline void world_serve(struct world *w)
{
    struct http_server_params params = {.limits = &w->limits, .handler = world_handle, .owner = w};
    char name[64];
    struct addr at;

    snprintf(name, sizeof name, "unix:@http_test.%d", (int)getpid());
    assert_int_equal(
        addr_parse(w->way == WAY_H1_UNIX ? slice_text(name) : SLICE_LIT("127.0.0.1:0"), &at), OK);
    w->server = http_server_new(w->loop, &params);
    assert_int_equal(http_server_listen(w->server, &at, w->server_tls, false, &w->at), OK);
}

static inline void world_peer(struct world *w)
{
    struct http_peer_params params = {
        .at = w->at, .tls = w->client_tls, .http2 = w->way >= WAY_H2, .limits = &w->client_limits};

    w->peer = http_peer_new(w->loop, &params);
}

static inline struct world *world_up(enum way way)
{
    struct world *w = world_new(way);

    world_serve(w);
    world_peer(w);
    return w;
}

static inline void world_free(struct world *w)
{
    http_peer_free(w->peer);
    http_server_free(w->server);
    loop_free(w->loop);
    tls_ctx_unref(w->server_tls);
    tls_ctx_unref(w->client_tls);
    test_identity_free(&w->identity);
    mem_free(w);
}

/* Run `body` for every way, each in a world of its own. */
static inline void every_way(void (*body)(struct world *w))
{
    for (int way = 0; way < WAY_COUNT; way++) {
        struct world *w = world_up((enum way)way);

        body(w);
        world_free(w);
    }
}

static inline bool test_has(const struct buf *text, const char *part)
{
    size_t at;

    return slice_find_slice(buf_slice(text), slice_text(part), &at);
}

static inline void test_fill(uint8_t *out, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        out[i] = (uint8_t)(seed >> 24);
    }
}

#endif
