/* HTTP/1.1 on the wire: what a server does with strange requests, a client with strange answers. */
#include <unistd.h>

#include "net/test_http.h"

/* A bare stream that speaks to the server. */
struct raw {
    struct world *w;
    struct stream *s;
    struct buf got;
    bool over; /* the server ended its side, or all of it */
    const char *await;
    bool came; /* `await` stands in `got` */
};

static size_t raw_data(void *owner, struct slice bytes)
{
    struct raw *r = owner;

    buf_put(&r->got, bytes);
    r->came = r->await != NULL && test_has(&r->got, r->await);
    return bytes.len;
}

static void raw_eof(void *owner)
{
    ((struct raw *)owner)->over = true;
}

static void raw_close(void *owner, cocoon_err why)
{
    struct raw *r = owner;

    (void)why;
    r->over = true;
    r->s = NULL;
}

static const struct stream_events raw_events = {
    .on_data = raw_data, .on_eof = raw_eof, .on_close = raw_close};

static void raw_open(struct raw *r, struct world *w)
{
    *r = (struct raw){.w = w};
    buf_init(&r->got, TEST_BODY_MAX);
    r->s = stream_connect(w->loop, &w->at, NULL, 10000, &raw_events, r);
}

static void raw_fini(struct raw *r)
{
    stream_close(r->s);
    buf_fini(&r->got);
}

static void raw_await(struct raw *r, const char *text)
{
    r->await = text;
    r->came = test_has(&r->got, text);
    test_until(r->w->loop, &r->came);
}

static void raw_send(struct raw *r, const char *text)
{
    stream_write(r->s, slice_text(text));
}

/* How many answers stand in what came: each has a date. */
static size_t raw_answers(const struct raw *r)
{
    struct slice rest = buf_slice(&r->got);
    size_t count = 0, at;

    while (slice_find_slice(rest, SLICE_LIT("\r\ndate: "), &at)) {
        rest = slice_skip(rest, at + 1);
        count++;
    }
    return count;
}

#define TAIL "\r\nHost: x\r\n"

/* Requests that are refused, each followed by a second one that must never be looked at. */
struct refusal {
    const char *name, *request, *status;
};

static const struct refusal refusals[] = {
    {"length and chunked",
     "POST /echo HTTP/1.1" TAIL "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "400"},
    {"two lengths",
     "POST /echo HTTP/1.1" TAIL "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", "400"},
    {"list of lengths", "POST /echo HTTP/1.1" TAIL "Content-Length: 5, 5\r\n\r\nabcde", "400"},
    {"signed length", "POST /echo HTTP/1.1" TAIL "Content-Length: +5\r\n\r\nabcde", "400"},
    {"huge length", "POST /echo HTTP/1.1" TAIL "Content-Length: 99999999999999999999\r\n\r\n",
     "400"},
    {"space before colon", "POST /echo HTTP/1.1" TAIL "Content-Length : 5\r\n\r\nabcde", "400"},
    {"folded field", "GET /hello HTTP/1.1" TAIL "X: a\r\n b\r\n\r\n", "400"},
    {"bare line feed", "GET /hello HTTP/1.1\nHost: x\n\n", "400"},
    {"bare carriage return", "GET /hello HTTP/1.1" TAIL "X: a\rb\r\n\r\n", "400"},
    {"unknown coding",
     "POST /echo HTTP/1.1" TAIL "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
    {"no host", "GET /hello HTTP/1.1\r\n\r\n", "400"},
    {"two hosts", "GET /hello HTTP/1.1" TAIL "Host: y\r\n\r\n", "400"},
    {"unknown method", "BREW /hello HTTP/1.1" TAIL "\r\n", "501"},
    {"unknown version", "GET /hello HTTP/1.2" TAIL "\r\n", "505"},
    {"fragment", "GET /hello#x HTTP/1.1" TAIL "\r\n", "400"},
    {"no target", "GET  HTTP/1.1" TAIL "\r\n", "400"},
    {"garbage", "\x16\x03\x01 hello\r\n\r\n", "400"},
    {"bad chunk size", "POST /hold HTTP/1.1" TAIL "Transfer-Encoding: chunked\r\n\r\nx\r\n", "400"},
    {"chunk longer than it says",
     "POST /hold HTTP/1.1" TAIL "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "400"},
    {"chunk ended by line feed",
     "POST /hold HTTP/1.1" TAIL "Transfer-Encoding: chunked\r\n\r\n1\na\r\n", "400"},
};

static void refuse(const struct refusal *row)
{
    struct world *w = world_up(WAY_H1);
    bool body_is_bad = strstr(row->request, "/hold") != NULL;
    struct raw r;

    raw_open(&r, w);
    raw_send(&r, row->request);
    raw_send(&r, "GET /hello HTTP/1.1" TAIL "\r\n"); /* the smuggled one */
    test_until(w->loop, &r.over);
    if (r.got.len < 12 || memcmp(r.got.ptr + 9, row->status, 3) != 0)
        fail_msg("%s: %.40s", row->name, buf_cstr(&r.got));
    assert_true(test_has(&r.got, "connection: close\r\n"));
    assert_true(test_has(&r.got, "{\"error\":{"));
    assert_int_equal(raw_answers(&r), 1);
    assert_int_equal(w->handled, body_is_bad ? 1 : 0);
    assert_int_equal(w->done_why, body_is_bad ? ERR_PROTOCOL : OK);
    raw_fini(&r);
    world_free(w);
}

static void bad_requests_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++)
        refuse(&refusals[i]);
}

static void long_heads_are_431(void **state)
{
    static char line[] =
        "x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n";

    (void)state;
    for (int lines = 65; lines <= 1000; lines += 935) { /* too many, and too long */
        struct world *w = world_up(WAY_H1);
        struct raw r;

        raw_open(&r, w);
        raw_send(&r, "GET /hello HTTP/1.1" TAIL);
        for (int i = 0; i < lines && r.s != NULL; i++)
            raw_send(&r, line);
        raw_send(&r, "\r\n");
        test_until(w->loop, &r.over);
        assert_true(test_has(&r.got, "HTTP/1.1 431 "));
        assert_int_equal(w->handled, 0);
        raw_fini(&r);
        world_free(w);
    }
}

static void byte_by_byte(void **state)
{
    static const char request[] =
        "POST /count?q HTTP/1.1" TAIL "Transfer-Encoding: chunked\r\n\r\n"
        "3;ext=\"a\"\r\nabc\r\n0a\r\n0123456789\r\n0\r\nx-trailer: y\r\n\r\n";
    struct world *w = world_up(WAY_H1);
    struct raw r;

    (void)state;
    raw_open(&r, w);
    for (size_t i = 0; i + 1 < sizeof request; i++) {
        assert_int_equal(r.got.len, 0);
        stream_write(r.s, slice_make(request + i, 1));
        test_turn(w->loop);
    }
    raw_await(&r, "\r\n\r\n13");
    raw_fini(&r);
    world_free(w);
}

/* A request that ends early, anywhere, reaches no handler and leaves nothing behind. */
static void truncated_anywhere(void **state)
{
    static const char request[] = "POST /count HTTP/1.1" TAIL "Content-Length: 3\r\n\r\nabc";
    struct world *w = world_up(WAY_H1);

    (void)state;
    for (size_t len = 0; len + 1 < sizeof request; len++) {
        struct raw r;

        w->was_done = false;
        raw_open(&r, w);
        stream_write(r.s, slice_make(request, len));
        stream_shut(r.s);
        test_until(w->loop, &r.over);
        assert_int_equal(r.got.len, 0);
        assert_true(!w->was_done || w->done_why == ERR_CANCELED);
        raw_fini(&r);
    }
    assert_int_equal(http_server_metrics(w->server)->active, 0);
    world_free(w);
}

static void flipped_anywhere(void **state)
{
    static const char request[] = "POST /count HTTP/1.1" TAIL "Content-Length: 3\r\n\r\nabc";
    struct world *w = world_up(WAY_H1);

    (void)state;
    for (size_t bit = 0; bit < 8 * (sizeof request - 1); bit++) {
        char flipped[sizeof request];
        struct raw r;

        memcpy(flipped, request, sizeof request);
        flipped[bit / 8] = (char)(flipped[bit / 8] ^ 1 << bit % 8);
        raw_open(&r, w);
        stream_write(r.s, slice_make(flipped, sizeof request - 1));
        stream_shut(r.s);
        test_until(w->loop, &r.over);
        raw_fini(&r);
    }
    assert_int_equal(http_server_metrics(w->server)->active, 0);
    world_free(w);
}

static void pipelined_requests_wait_their_turn(void **state)
{
    struct world *w = world_up(WAY_H1);
    struct raw r;

    (void)state;
    raw_open(&r, w);
    raw_send(&r, "GET /hold HTTP/1.1" TAIL "\r\n"
                 "POST /count HTTP/1.1" TAIL "Content-Length: 2\r\n\r\nab"
                 "GET /hello HTTP/1.1" TAIL "Connection: close\r\n\r\n"
                 "GET /hello HTTP/1.1" TAIL "\r\n");
    test_until(w->loop, &w->got_exchange);
    for (int i = 0; i < 10; i++)
        test_turn(w->loop);
    assert_int_equal(w->handled, 1);
    http_answer(w->held, 200, "text/plain", SLICE_LIT("first"));
    test_until(w->loop, &r.over);
    assert_int_equal(w->handled, 3); /* what follows "close" is not looked at */
    assert_int_equal(raw_answers(&r), 3);
    assert_true(test_has(&r.got, "\r\n\r\nfirstHTTP/1.1 200 OK\r\n"));
    assert_true(test_has(&r.got, "\r\n\r\n2HTTP/1.1 200 OK\r\n"));
    assert_true(test_has(&r.got, "connection: close\r\n\r\nhello"));
    raw_fini(&r);
    world_free(w);
}

static void continue_is_sent_when_the_body_is_wanted(void **state)
{
    struct world *w = world_up(WAY_H1);
    struct raw r;

    (void)state;
    raw_open(&r, w);
    raw_send(&r, "POST /count HTTP/1.1" TAIL "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    raw_await(&r, "HTTP/1.1 100 Continue\r\n\r\n");
    raw_send(&r, "ab");
    raw_await(&r, "\r\n\r\n2");
    buf_clear(&r.got);
    raw_send(&r, "POST /hello HTTP/1.1" TAIL "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    test_until(w->loop, &r.over); /* not wanted: whether it comes is unknown, so the end */
    assert_true(test_has(&r.got, "HTTP/1.1 200 OK\r\n"));
    assert_true(test_has(&r.got, "connection: close\r\n"));
    raw_fini(&r);
    world_free(w);
}

static void http10_is_answered_in_its_way(void **state)
{
    struct world *w = world_up(WAY_H1);
    struct raw r;

    (void)state;
    raw_open(&r, w);
    raw_send(&r, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    raw_await(&r, "connection: keep-alive\r\n\r\nhello");
    raw_send(&r, "GET /part HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"); /* of unknown length */
    raw_await(&r, "connection: close\r\n\r\npart");
    assert_false(test_has(&r.got, "chunked"));
    http_exchange_end(w->held, HTTP_NO_FIELDS);
    test_until(w->loop, &r.over);
    raw_fini(&r);
    raw_open(&r, w);
    raw_send(&r, "GET /hello HTTP/1.0\r\n\r\n");
    test_until(w->loop, &r.over);
    raw_fini(&r);
    world_free(w);
}

static void absolute_target_is_understood(void **state)
{
    struct world *w = world_up(WAY_H1);
    struct raw r;

    (void)state;
    raw_open(&r, w);
    raw_send(&r, "GET http://other:8/mirror?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_await(&r, "GET|/mirror|x=1|other:8");
    raw_fini(&r);
    world_free(w);
}

/* A head that trickles in is cut at its deadline, however much keeps coming. */
static void slow_head_is_408(void **state)
{
    struct world *w = world_new(WAY_H1);
    struct raw r;

    (void)state;
    w->limits.head_ms = 50;
    world_serve(w);
    raw_open(&r, w);
    raw_send(&r, "GET /hello HTTP/1.1\r\n");
    while (!r.over) {
        if (r.s != NULL)
            raw_send(&r, "x");
        test_turn(w->loop);
    }
    assert_true(test_has(&r.got, "HTTP/1.1 408 "));
    assert_int_equal(w->handled, 0);
    raw_fini(&r);
    world_free(w);
}

static void silent_connection_is_closed(void **state)
{
    struct world *w = world_new(WAY_H1);
    struct raw r;

    (void)state;
    w->limits.idle_ms = 20;
    world_serve(w);
    raw_open(&r, w);
    test_until(w->loop, &r.over);
    assert_int_equal(r.got.len, 0);
    raw_fini(&r);
    raw_open(&r, w);
    raw_send(&r, "PRI * HT"); /* nor may it think for ever about its version */
    test_until(w->loop, &r.over);
    raw_fini(&r);
    world_free(w);
}

static void caller_that_ends_its_side_is_gone(void **state)
{
    struct world *w = world_up(WAY_H1);
    struct raw r;

    (void)state;
    raw_open(&r, w);
    raw_send(&r, "GET /hold HTTP/1.1" TAIL "\r\n");
    test_until(w->loop, &w->got_exchange);
    stream_shut(r.s);
    test_until(w->loop, &w->was_done);
    assert_int_equal(w->done_why, ERR_CANCELED);
    test_until(w->loop, &r.over);
    raw_fini(&r);
    w->got_exchange = w->was_done = false; /* so has one that sent more ahead */
    raw_open(&r, w);
    raw_send(&r, "GET /hold HTTP/1.1" TAIL "\r\nGET /hello HTTP/1.1" TAIL "\r\n");
    test_until(w->loop, &w->got_exchange);
    stream_shut(r.s);
    test_until(w->loop, &w->was_done);
    assert_int_equal(w->done_why, ERR_CANCELED);
    raw_fini(&r);
    world_free(w);
}

/* A client that sends ahead without end is held back. */
static void endless_pipeline_is_held_back(void **state)
{
    struct world *w = world_up(WAY_H1);
    struct raw r;
    bool go_on = true;

    (void)state;
    raw_open(&r, w);
    raw_send(&r, "GET /hold HTTP/1.1" TAIL "\r\n");
    while (go_on) {
        for (int i = 0; i < 1000 && go_on; i++)
            go_on = stream_write(r.s, SLICE_LIT("GET /hello HTTP/1.1" TAIL "\r\n"));
        test_turn(w->loop);
    }
    assert_false(r.over);
    assert_int_equal(w->handled, 1);
    http_answer(w->held, 200, "text/plain", SLICE_LIT("first"));
    raw_await(&r, "\r\n\r\nhello");
    raw_fini(&r);
    world_free(w);
}

/* An early answer to a long upload: told to close, and not read to the bitter end. */
static void long_rest_is_not_read(void **state)
{
    struct world *w = world_up(WAY_H1);
    struct raw r;
    size_t sent;

    (void)state;
    raw_open(&r, w);
    raw_send(&r, "POST /hello HTTP/1.1" TAIL "Content-Length: 1000000\r\n\r\nabc");
    test_until(w->loop, &r.over);
    assert_true(test_has(&r.got, "connection: close\r\n"));
    raw_fini(&r);
    raw_open(&r, w);
    raw_send(&r, "POST /hello HTTP/1.1" TAIL "Transfer-Encoding: chunked\r\n\r\nfffff\r\n");
    raw_await(&r, "hello");
    for (sent = 0; !r.over; sent += 64) {
        if (r.s != NULL)
            raw_send(&r, "123456789 123456789 123456789 123456789 123456789 123456789 1234");
        test_turn(w->loop);
    }
    assert_true(sent < 200 * 1000);
    raw_fini(&r);
    world_free(w);
}

static void newcomers_wait_when_the_server_is_full(void **state)
{
    struct world *w = world_new(WAY_H1);
    struct http_server_params params = {
        .limits = &w->limits, .connections = 2, .handler = world_handle, .owner = w};
    struct raw r[3];

    (void)state;
    assert_int_equal(addr_parse(SLICE_LIT("127.0.0.1:0"), &w->at), OK);
    w->server = http_server_new(w->loop, &params);
    assert_int_equal(http_server_listen(w->server, &w->at, NULL, false, &w->at), OK);
    for (int i = 0; i < 3; i++) {
        raw_open(&r[i], w);
        raw_send(&r[i], "GET /hello HTTP/1.1" TAIL "\r\n");
    }
    raw_await(&r[0], "hello");
    raw_await(&r[1], "hello");
    for (int i = 0; i < 10; i++)
        test_turn(w->loop);
    assert_int_equal(http_server_metrics(w->server)->connections, 2);
    assert_int_equal(r[2].got.len, 0);
    stream_close(r[0].s);
    r[0].s = NULL;
    raw_await(&r[2], "hello");
    for (int i = 0; i < 3; i++)
        raw_fini(&r[i]);
    world_free(w);
}

/* A fake server: what it does is a row of strings, one an accepted connection. */
enum { FAKE_MAX = 4 };

struct fake {
    struct world *w;
    struct listener *listener;
    const char *scripts[FAKE_MAX]; /* sent when a request came; "" closes without a byte; '$' at
                                      the end closes after it; '\f' parts answers to requests */
    size_t accepted;
    struct fake_conn {
        struct fake *fake;
        struct stream *s;
        const char *script;
        struct buf got;
    } conns[FAKE_MAX];
};

/* Answer the next request by the next part of the script. */
static void fake_answer(struct fake_conn *c)
{
    const char *end = strchr(c->script, '\f');
    struct slice part =
        end == NULL ? slice_text(c->script) : slice_make(c->script, (size_t)(end - c->script));
    bool close = part.len == 0 || part.ptr[part.len - 1] == '$';

    if (part.len > 0)
        stream_write(c->s, slice_sub(part, 0, part.len - (close ? 1 : 0)));
    c->script = end == NULL ? "" : end + 1;
    if (close) {
        stream_leave(c->s);
        c->s = NULL;
    }
}

/* Requests of these tests end in an empty line, or in "END" when they have a body. */
static size_t fake_data(void *owner, struct slice bytes)
{
    struct fake_conn *c = owner;

    buf_put(&c->got, bytes);
    if (slice_ends(buf_slice(&c->got), SLICE_LIT("\r\n\r\n")) ||
        slice_ends(buf_slice(&c->got), SLICE_LIT("END")))
        fake_answer(c);
    return bytes.len;
}

static void fake_close(void *owner, cocoon_err why)
{
    (void)why;
    ((struct fake_conn *)owner)->s = NULL;
}

static const struct stream_events fake_events = {.on_data = fake_data, .on_close = fake_close};

static void fake_accept(void *owner, struct stream *s)
{
    struct fake *f = owner;
    struct fake_conn *c = &f->conns[f->accepted];

    assert_true(f->accepted < FAKE_MAX);
    *c = (struct fake_conn){.fake = f, .s = s, .script = f->scripts[f->accepted]};
    assert_non_null(c->script);
    f->accepted++;
    buf_init(&c->got, TEST_BODY_MAX);
    stream_bind(s, &fake_events, c);
}

static void fake_up(struct fake *f)
{
    struct listener_params params = {.on_stream = fake_accept, .owner = f};

    f->w = world_new(WAY_H1);
    assert_int_equal(addr_parse(SLICE_LIT("127.0.0.1:0"), &params.at), OK);
    assert_int_equal(listener_open(f->w->loop, &params, &f->listener), OK);
    listener_addr(f->listener, &f->w->at);
    world_peer(f->w);
}

static void fake_down(struct fake *f)
{
    for (size_t i = 0; i < f->accepted; i++) {
        stream_close(f->conns[i].s);
        buf_fini(&f->conns[i].got);
    }
    listener_close(f->listener);
    world_free(f->w);
}

#define OK_LENGTH "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

static void expect(struct fake *f, struct http_call_params params, const char *body, cocoon_err why,
                   const char *answer)
{
    struct record r;

    test_call(f->w, &r, params, slice_text(body));
    assert_int_equal(r.why, why);
    if (why == OK)
        assert_true(slice_eq_text(buf_slice(&r.body), answer));
    record_fini(&r);
}

/* The engine's quirk: keep-alive announced, then the connection dies under the next request. */
static void dead_reused_connection_costs_no_call(void **state)
{
    struct fake f = {.scripts = {OK_LENGTH "\f", OK_LENGTH}};
    struct http_field length[] = {HTTP_FIELD("content-length", SLICE_LIT("7"))};
    struct http_call_params post = test_post("/v1");

    (void)state;
    fake_up(&f);
    post.fields = HTTP_FIELDS(length);
    expect(&f, test_get("/first"), "", OK, "ok");
    expect(&f, post,
           "body"
           "END",
           OK, "ok");
    assert_int_equal(f.accepted, 2);
    assert_int_equal(http_peer_metrics(f.w->peer)->retried, 1);
    assert_true(slice_ends(buf_slice(&f.conns[0].got), SLICE_LIT("\r\n\r\nbodyEND")));
    assert_true(slice_starts(buf_slice(&f.conns[1].got), SLICE_LIT("POST /v1 HTTP/1.1\r\n")));
    assert_true(slice_ends(buf_slice(&f.conns[1].got), SLICE_LIT("\r\n\r\nbodyEND")));
    fake_down(&f);
}

static void nothing_else_is_sent_twice(void **state)
{
    struct fake fresh = {.scripts = {""}};
    struct fake begun = {.scripts = {OK_LENGTH "\f"
                                               "H$"}};
    struct fake twice = {.scripts = {OK_LENGTH "\f", ""}};

    (void)state;
    fake_up(&fresh); /* a new connection that dies is no relic */
    expect(&fresh, test_get("/"), "", ERR_CLOSED, NULL);
    assert_int_equal(fresh.accepted, 1);
    fake_down(&fresh);

    fake_up(&begun); /* the first byte of an answer came */
    expect(&begun, test_get("/"), "", OK, "ok");
    expect(&begun, test_get("/"), "", ERR_CLOSED, NULL);
    assert_int_equal(begun.accepted, 1);
    fake_down(&begun);

    fake_up(&twice);
    expect(&twice, test_get("/"), "", OK, "ok");
    expect(&twice, test_get("/"), "", ERR_CLOSED, NULL);
    assert_int_equal(twice.accepted, 2);
    fake_down(&twice);
}

static void long_body_is_not_kept_to_be_sent_again(void **state)
{
    struct fake f = {.scripts = {OK_LENGTH "\f"}};
    uint8_t *body = mem_new(300 * 1000);

    (void)state;
    memcpy(body + 300 * 1000 - 4, "END", 4);
    memset(body, 'x', 300 * 1000 - 4);
    fake_up(&f);
    expect(&f, test_get("/"), "", OK, "ok");
    expect(&f, test_post("/"), (const char *)body, ERR_CLOSED, NULL);
    assert_int_equal(f.accepted, 1);
    mem_free(body);
    fake_down(&f);
}

static void fresh_call_has_a_connection_of_its_own(void **state)
{
    struct fake f = {.scripts = {OK_LENGTH "\f" OK_LENGTH, OK_LENGTH}};
    struct http_call_params fresh = test_get("/stream");

    (void)state;
    fresh.fresh = true;
    fake_up(&f);
    expect(&f, test_get("/"), "", OK, "ok");
    expect(&f, fresh, "", OK, "ok");
    assert_int_equal(f.accepted, 2);
    assert_true(test_has(&f.conns[1].got, "connection: close\r\n"));
    assert_int_equal(http_peer_metrics(f.w->peer)->open, 1);
    expect(&f, test_get("/"), "", OK, "ok"); /* the kept one is still good */
    assert_int_equal(f.accepted, 2);
    fake_down(&f);
}

/* What servers may answer. */
struct reply {
    const char *name, *script;
    cocoon_err why;
    const char *body;
    bool kept; /* the connection carries the next call */
};

static const struct reply replies[] = {
    {"length", OK_LENGTH, OK, "ok", true},
    {"chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", OK, "ok",
     true},
    {"until the end", "HTTP/1.1 200 OK\r\n\r\nok$", OK, "ok", false},
    {"says close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", OK, "ok",
     false},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", OK, "ok", false},
    {"interim",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK_LENGTH, OK, "ok",
     true},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", OK, "", true},
    {"more than asked for", OK_LENGTH "HTTP/1.1 200 OK\r\n", OK, "ok", false},
    {"other protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", ERR_PROTOCOL, NULL,
     false},
    {"length and chunked",
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     ERR_PROTOCOL, NULL, false},
    {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ERR_PROTOCOL, NULL,
     false},
    {"cut in the head", "HTTP/1.1 200 OK\r\nConte$", ERR_CLOSED, NULL, false},
    {"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no$", ERR_CLOSED, NULL, false},
    {"cut in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok$", ERR_CLOSED,
     NULL, false},
    {"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n$",
     ERR_CLOSED, NULL, false},
    {"not HTTP", "SSH-2.0-x\r\n", ERR_PROTOCOL, NULL, false},
    {"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", ERR_PROTOCOL, NULL, false},
};

static void replies_are_understood_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(replies); i++) {
        struct fake f = {.scripts = {replies[i].script, OK_LENGTH}};
        struct record r;

        fake_up(&f);
        test_call(f.w, &r, test_get("/"), SLICE_LIT(""));
        if (r.why != replies[i].why)
            fail_msg("%s: %s", replies[i].name, cocoon_err_name(r.why));
        if (r.why == OK)
            assert_true(slice_eq_text(buf_slice(&r.body), replies[i].body));
        if (http_peer_metrics(f.w->peer)->open != (replies[i].kept ? 1 : 0))
            fail_msg("%s: kept", replies[i].name);
        record_fini(&r);
        fake_down(&f);
    }
}

static void endless_interim_answers_are_cut(void **state)
{
    struct fake f = {
        .scripts = {"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
                    "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
                    "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
                    "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
                    "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
                    "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n" OK_LENGTH}};

    (void)state;
    fake_up(&f);
    expect(&f, test_get("/"), "", ERR_PROTOCOL, NULL);
    fake_down(&f);
}

/* Two connections and room for one more call to wait: the fourth is refused at once. */
static void calls_wait_for_a_connection(void **state)
{
    struct world *w = world_new(WAY_H1);
    struct http_peer_params params = {.connections = 2, .waiting = 1};
    struct http_call_params hold = test_get("/hold"), hello = test_get("/hello");
    struct record r[4];

    (void)state;
    world_serve(w);
    params.at = w->at;
    w->peer = http_peer_new(w->loop, &params);
    for (int i = 0; i < 4; i++) {
        record_init(&r[i]);
        record_start(&r[i], w->peer, i < 2 ? &hold : &hello);
    }
    assert_false(r[3].over); /* it hears so from a task */
    test_until(w->loop, &r[3].over);
    assert_int_equal(r[3].why, ERR_BUSY);
    while (w->handled < 2)
        test_turn(w->loop);
    assert_false(r[2].over);
    http_answer(w->held, 200, "text/plain", SLICE_LIT(""));
    test_until(w->loop, &r[2].over);
    assert_int_equal(r[2].why, OK);
    assert_int_equal(http_peer_metrics(w->peer)->connections, 2);
    for (int i = 0; i < 4; i++)
        record_fini(&r[i]);
    world_free(w);
}

/* A call paused before it got a connection is held back all the same. */
static void waiting_call_may_be_paused(void **state)
{
    struct world *w = world_new(WAY_H1);
    struct http_peer_params params = {.connections = 1};
    struct http_call_params hold = test_get("/hold"), flood = test_get("/flood");
    struct record first, second;

    (void)state;
    world_serve(w);
    params.at = w->at;
    w->peer = http_peer_new(w->loop, &params);
    record_init(&first);
    record_init(&second);
    record_start(&first, w->peer, &hold);
    record_start(&second, w->peer, &flood);
    http_call_pause(second.call);
    test_until(w->loop, &w->got_exchange);
    http_answer(w->held, 200, "text/plain", SLICE_LIT(""));
    test_until(w->loop, &second.head);
    for (int i = 0; i < 50; i++)
        test_turn(w->loop);
    assert_false(second.over);
    assert_int_equal(second.body.len, 0);
    http_call_resume(second.call);
    test_until(w->loop, &second.some);
    record_fini(&first);
    record_fini(&second);
    world_free(w);
}

static void renewed_context_is_used_for_what_follows(void **state)
{
    struct world *w = world_up(WAY_H1_TLS);
    struct http_call_params hold = test_get("/hold");
    struct record r;

    (void)state;
    test_call(w, &r, test_get("/hello"), SLICE_LIT(""));
    record_fini(&r);
    http_peer_set_tls(w->peer, w->client_tls);
    w->got_exchange = false;
    record_init(&r);
    record_start(&r, w->peer, &hold);
    test_until(w->loop, &w->got_exchange);
    assert_int_equal(http_peer_metrics(w->peer)->connections, 2); /* not the idle one */
    http_peer_set_tls(w->peer, w->client_tls);
    http_answer(w->held, 200, "text/plain", SLICE_LIT(""));
    test_until(w->loop, &r.over);
    assert_int_equal(r.why, OK);
    record_fini(&r);
    test_call(w, &r, test_get("/hello"), SLICE_LIT(""));
    assert_int_equal(r.why, OK);
    record_fini(&r);
    assert_int_equal(http_peer_metrics(w->peer)->connections, 3); /* nor the one that was in use */
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(long_heads_are_431),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(truncated_anywhere),
        cmocka_unit_test(flipped_anywhere),
        cmocka_unit_test(pipelined_requests_wait_their_turn),
        cmocka_unit_test(continue_is_sent_when_the_body_is_wanted),
        cmocka_unit_test(http10_is_answered_in_its_way),
        cmocka_unit_test(absolute_target_is_understood),
        cmocka_unit_test(slow_head_is_408),
        cmocka_unit_test(silent_connection_is_closed),
        cmocka_unit_test(caller_that_ends_its_side_is_gone),
        cmocka_unit_test(endless_pipeline_is_held_back),
        cmocka_unit_test(long_rest_is_not_read),
        cmocka_unit_test(newcomers_wait_when_the_server_is_full),
        cmocka_unit_test(dead_reused_connection_costs_no_call),
        cmocka_unit_test(nothing_else_is_sent_twice),
        cmocka_unit_test(long_body_is_not_kept_to_be_sent_again),
        cmocka_unit_test(fresh_call_has_a_connection_of_its_own),
        cmocka_unit_test(replies_are_understood_or_refused),
        cmocka_unit_test(endless_interim_answers_are_cut),
        cmocka_unit_test(calls_wait_for_a_connection),
        cmocka_unit_test(waiting_call_may_be_paused),
        cmocka_unit_test(renewed_context_is_used_for_what_follows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
