/* What HTTP/1.1 and HTTP/2 must do alike, over every way to reach a server. */
#include <unistd.h>

#include "net/test_http.h"

static void one_answer(struct world *w)
{
    struct record r;

    test_call(w, &r, test_get("/hello"), SLICE_LIT(""));
    assert_int_equal(r.why, OK);
    assert_int_equal(r.status, 200);
    assert_true(slice_eq_text(buf_slice(&r.body), "hello"));
    assert_true(test_has(&r.fields, "content-length: 5\n"));
    assert_true(test_has(&r.fields, "content-type: text/plain\n"));
    assert_true(test_has(&r.fields, " GMT\n"));
    record_fini(&r);
}

static void answers(void **state)
{
    (void)state;
    every_way(one_answer);
}

static void many_in_a_row(struct world *w)
{
    for (int i = 0; i < 50; i++)
        one_answer(w);
    assert_int_equal(w->handled, 50);
    assert_int_equal(http_peer_metrics(w->peer)->connections, 1);
    assert_int_equal(http_server_metrics(w->server)->exchanges, 50);
    assert_int_equal(http_server_metrics(w->server)->status[2], 50);
}

static void connections_are_reused(void **state)
{
    (void)state;
    every_way(many_in_a_row);
}

static void seen_by_handler(struct world *w)
{
    struct http_field fields[] = {
        HTTP_FIELD("X-Upper", SLICE_LIT("Value")),
        HTTP_FIELD("connection", SLICE_LIT("x-upper")),
        HTTP_FIELD("te", SLICE_LIT("trailers")),
    };
    struct http_call_params params = test_get("/mirror?a=b?c&d");
    struct record r;

    params.authority = SLICE_LIT("example:1");
    params.fields = HTTP_FIELDS(fields);
    test_call(w, &r, params, SLICE_LIT(""));
    assert_true(slice_eq_text(buf_slice(&r.body), "GET|/mirror|a=b?c&d|example:1|x-upper=Value"));
    record_fini(&r);
}

static void request_is_passed_on_without_the_connections_fields(void **state)
{
    (void)state;
    every_way(seen_by_handler);
}

/* A body of unknown length, sent in pieces while the answer streams back. */
static void echo_pieces(struct world *w)
{
    struct http_call_params params = test_post("/echo");
    struct buf sent;
    uint8_t block[5000];
    struct record r;

    record_init(&r);
    buf_init(&sent, TEST_BODY_MAX);
    record_start(&r, w->peer, &params);
    for (uint32_t i = 0; i < 20; i++) {
        test_fill(block, sizeof block, i);
        buf_put(&sent, SLICE_OF(block));
        r.want = sent.len;
        r.some = false;
        http_call_write(r.call, SLICE_OF(block));
        test_until(w->loop, &r.some); /* each piece comes back before the next goes out */
    }
    http_call_end(r.call, HTTP_NO_FIELDS);
    test_until(w->loop, &r.over);
    assert_int_equal(r.why, OK);
    assert_true(slice_eq(buf_slice(&r.body), buf_slice(&sent)));
    test_until(w->loop, &w->was_done);
    assert_int_equal(w->done_why, OK);
    buf_fini(&sent);
    record_fini(&r);
}

static void both_directions_stream(void **state)
{
    (void)state;
    every_way(echo_pieces);
}

/* 8 MB through an echo whose caller pauses: what waits in the server stays bounded; nothing is
 * lost. */
static void echo_held(struct world *w)
{
    struct http_call_params params = test_post("/echo");
    static uint8_t block[64 * 1024];
    const size_t total = 128 * sizeof block;
    size_t sent = 0;
    bool go_on = true;
    struct record r;

    record_init(&r);
    record_start(&r, w->peer, &params);
    http_call_pause(r.call);
    for (int turns = 0; sent < total && turns < 300; turns++) {
        if (go_on) {
            test_fill(block, sizeof block, (uint32_t)(sent / sizeof block));
            go_on = http_call_write(r.call, SLICE_OF(block));
            sent += sizeof block;
        }
        test_turn(w->loop);
        go_on = go_on || r.drained;
        r.drained = false;
        assert_true(http_call_queued(r.call) <= STREAM_HIGH_WATER + 2 * sizeof block);
    }
    if (w->way >= WAY_H2) /* with windows of our own, not all of it can have been taken */
        assert_true(sent < total);
    assert_int_equal(r.body.len, 0);
    http_call_resume(r.call);
    while (sent < total) {
        if (go_on) {
            test_fill(block, sizeof block, (uint32_t)(sent / sizeof block));
            go_on = http_call_write(r.call, SLICE_OF(block));
            sent += sizeof block;
        } else {
            test_until(w->loop, &r.drained);
            r.drained = false;
            go_on = true;
        }
    }
    http_call_end(r.call, HTTP_NO_FIELDS);
    test_until(w->loop, &r.over);
    assert_int_equal(r.why, OK);
    assert_int_equal(r.body.len, total);
    for (size_t i = 0; i < 128; i++) {
        test_fill(block, sizeof block, (uint32_t)i);
        assert_memory_equal(r.body.ptr + i * sizeof block, block, sizeof block);
    }
    assert_true(w->peak <= STREAM_HIGH_WATER + 2 * LOOP_SCRATCH);
    record_fini(&r);
}

static void slow_reader_holds_everybody_back(void **state)
{
    (void)state;
    every_way(echo_held);
}

/* A server that writes without end, and a caller that pauses, then goes. */
static void flood_held(struct world *w)
{
    struct http_call_params params = test_get("/flood");
    struct record r;

    record_init(&r);
    record_start(&r, w->peer, &params);
    test_until(w->loop, &r.some);
    http_call_pause(r.call);
    r.some = false;
    for (int i = 0; i < 100; i++)
        test_turn(w->loop);
    assert_true(w->peak > 0 && w->peak <= STREAM_HIGH_WATER + 20 * 1000 + 16);
    http_call_resume(r.call);
    r.want = r.body.len + 1024 * 1024;
    test_until(w->loop, &r.some);
    http_call_cancel(r.call);
    r.call = NULL;
    test_until(w->loop, &w->was_done);
    assert_int_equal(w->done_why, ERR_CANCELED);
    record_fini(&r);
}

static void endless_answer_is_bounded_and_stops_with_its_caller(void **state)
{
    (void)state;
    every_way(flood_held);
}

/* The caller goes away while the handler still thinks: the handler hears it. */
static void cancel_waiting(struct world *w)
{
    struct http_call_params params = test_get("/hold");
    struct record r;

    record_init(&r);
    record_start(&r, w->peer, &params);
    test_until(w->loop, &w->got_exchange);
    http_call_cancel(r.call);
    r.call = NULL;
    test_until(w->loop, &w->was_done);
    assert_int_equal(w->done_why, ERR_CANCELED);
    test_turn(w->loop);
    assert_false(r.over); /* no callback after a cancel */
    one_answer(w);
    record_fini(&r);
}

static void cancel_reaches_the_handler(void **state)
{
    (void)state;
    every_way(cancel_waiting);
}

static void pause_at_once(void *owner, struct slice bytes)
{
    struct record *r = owner;

    record_body(r, bytes);
    http_call_pause(r->call);
}

/* Pausing at the last piece of a body keeps neither its end nor the next call from coming. */
static void paused_to_the_end(struct world *w)
{
    struct http_call_events events = record_events;
    struct http_call_params get = test_get("/hello"), hold = test_post("/hold");
    struct record r;

    events.on_body = pause_at_once;
    record_init(&r);
    r.call = http_call_start(w->peer, &get, &events, &r);
    test_until(w->loop, &r.over);
    assert_int_equal(r.why, OK);
    record_fini(&r);

    w->got_exchange = false;
    record_init(&r);
    record_start(&r, w->peer, &hold);
    test_until(w->loop, &w->got_exchange);
    http_exchange_pause(w->held);
    http_call_write(r.call, SLICE_LIT("x"));
    http_call_end(r.call, HTTP_NO_FIELDS);
    http_answer(w->held, 200, "text/plain", SLICE_LIT("y"));
    test_until(w->loop, &r.over);
    assert_int_equal(r.why, OK);
    record_fini(&r);
    one_answer(w);
    assert_int_equal(http_peer_metrics(w->peer)->connections, 1);
}

static void pause_does_not_outlive_its_message(void **state)
{
    (void)state;
    every_way(paused_to_the_end);
}

static void cut_answer(struct world *w)
{
    struct http_call_params params = test_get("/part");
    struct record r;

    record_init(&r);
    r.want = 4;
    record_start(&r, w->peer, &params);
    test_until(w->loop, &r.some);
    http_exchange_abort(w->held);
    test_until(w->loop, &r.over);
    assert_true(r.why == ERR_CLOSED || r.why == ERR_PROTOCOL);
    assert_false(w->was_done); /* no callback after an abort */
    one_answer(w);
    record_fini(&r);
}

static void broken_off_answer_is_an_error(void **state)
{
    (void)state;
    every_way(cut_answer);
}

static void breaches(struct world *w)
{
    struct record r;

    test_call(w, &r, test_get("/short"), SLICE_LIT("")); /* less than its content-length */
    assert_int_not_equal(r.why, OK);
    assert_int_equal(w->done_why, ERR_RANGE);
    record_fini(&r);
    test_call(w, &r, test_get("/long"), SLICE_LIT("")); /* more */
    assert_int_not_equal(r.why, OK);
    assert_int_equal(w->done_why, ERR_RANGE);
    record_fini(&r);
    test_call(w, &r, test_get("/split"), SLICE_LIT("")); /* a field with a line break in it */
    assert_int_not_equal(r.why, OK);
    assert_int_equal(w->done_why, ERR_MALFORMED);
    record_fini(&r);
    one_answer(w);
}

static void handler_cannot_break_framing(void **state)
{
    (void)state;
    every_way(breaches);
}

static void caller_breaches(struct world *w)
{
    struct http_field length[] = {HTTP_FIELD("content-length", SLICE_LIT("3"))};
    struct http_field evil[] = {HTTP_FIELD("x", SLICE_LIT("a\nb"))};
    struct http_call_params params = test_post("/count");
    struct record r;

    params.fields = HTTP_FIELDS(length);
    test_call(w, &r, params, SLICE_LIT("four"));
    assert_int_equal(r.why, ERR_RANGE);
    record_fini(&r);
    test_call(w, &r, params, SLICE_LIT("2b"));
    assert_int_equal(r.why, ERR_RANGE);
    record_fini(&r);
    params.fields = HTTP_FIELDS(evil);
    test_call(w, &r, params, SLICE_LIT("x"));
    assert_int_equal(r.why, ERR_MALFORMED);
    record_fini(&r);
    params = test_get("/hello HTTP/1.1\r\nx: y");
    test_call(w, &r, params, SLICE_LIT(""));
    assert_int_equal(r.why, ERR_MALFORMED);
    record_fini(&r);
    one_answer(w);
}

static void caller_cannot_break_framing(void **state)
{
    (void)state;
    every_way(caller_breaches);
}

static void bodies_counted(struct world *w)
{
    struct http_field length[] = {HTTP_FIELD("content-length", SLICE_LIT("999999"))};
    static uint8_t zeros[1001];
    struct http_call_params params = test_post("/count");
    struct record r;

    test_call(w, &r, params, slice_make(zeros, 1000));
    assert_true(slice_eq_text(buf_slice(&r.body), "1000"));
    record_fini(&r);
    w->was_done = false;
    test_call(w, &r, params, slice_make(zeros, 1001)); /* of unknown length until it is too long */
    assert_int_equal(r.status, 413);
    assert_true(test_has(&r.body, "\"code\":\"request_too_large\""));
    assert_int_equal(w->done_why, ERR_LIMIT);
    record_fini(&r);

    w->was_done = false;
    params.fields = HTTP_FIELDS(length); /* known beforehand: answered before it is sent */
    record_init(&r);
    record_start(&r, w->peer, &params);
    test_until(w->loop, &r.over);
    assert_int_equal(r.status, 413);
    assert_int_equal(w->done_why, ERR_LIMIT);
    record_fini(&r);
    one_answer(w);
}

static void collected_body_is_capped(void **state)
{
    (void)state;
    every_way(bodies_counted);
}

static void server_cap(struct world *w)
{
    static uint8_t zeros[3000];
    struct record r;

    test_call(w, &r, test_post("/hold"), SLICE_OF(zeros));
    assert_int_equal(r.status, 413);
    assert_int_equal(w->done_why, ERR_LIMIT);
    record_fini(&r);
    test_call(w, &r, test_post("/echo"), SLICE_OF(zeros)); /* answered already: cut off */
    assert_int_not_equal(r.why, OK);
    record_fini(&r);
    one_answer(w);
}

static void body_over_the_servers_limit(void **state)
{
    (void)state;
    for (int way = 0; way < WAY_COUNT; way++) {
        struct world *w = world_new((enum way)way);

        w->limits.body_max = 2000;
        world_serve(w);
        world_peer(w);
        server_cap(w);
        world_free(w);
    }
}

static void answer_over_the_callers_limit(void **state)
{
    (void)state;
    for (int way = 0; way < WAY_COUNT; way++) {
        struct world *w = world_new((enum way)way);
        struct record r;

        w->client_limits.body_max = 100 * 1000;
        world_serve(w);
        world_peer(w);
        test_call(w, &r, test_get("/flood"), SLICE_LIT(""));
        assert_int_equal(r.why, ERR_LIMIT);
        test_until(w->loop, &w->was_done);
        record_fini(&r);
        world_free(w);
    }
}

static void no_bodies(struct world *w)
{
    struct http_call_params head = test_get("/hello");
    struct record r;

    head.method = SLICE_LIT("HEAD");
    test_call(w, &r, head, SLICE_LIT(""));
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body.len, 0);
    assert_true(test_has(&r.fields, "content-length: 5\n"));
    record_fini(&r);
    test_call(w, &r, test_get("/empty"), SLICE_LIT(""));
    assert_int_equal(r.status, 204);
    assert_int_equal(r.body.len, 0);
    record_fini(&r);
    test_call(w, &r, test_post("/count"), SLICE_LIT("")); /* an empty body is a body too */
    assert_true(slice_eq_text(buf_slice(&r.body), "0"));
    record_fini(&r);
    one_answer(w);
    assert_int_equal(http_peer_metrics(w->peer)->connections, 1);
}

static void answers_without_body(void **state)
{
    (void)state;
    every_way(no_bodies);
}

/* The handler answers before the body is there: the connection survives a short rest. */
static void early(struct world *w)
{
    struct http_call_params params = test_post("/hello");
    static uint8_t block[30000];
    struct record r;

    record_init(&r);
    record_start(&r, w->peer, &params);
    test_until(w->loop, &r.head);
    if (!r.over) {
        http_call_write(r.call, SLICE_OF(block));
        http_call_end(r.call, HTTP_NO_FIELDS);
        test_until(w->loop, &r.over);
    }
    assert_int_equal(r.why, OK);
    assert_int_equal(r.status, 200);
    record_fini(&r);
    one_answer(w);
}

static void answer_may_come_before_the_request_ended(void **state)
{
    (void)state;
    every_way(early);
}

static void timeouts_of_server(void **state)
{
    (void)state;
    for (int way = 0; way < WAY_COUNT; way++) {
        struct world *w = world_new((enum way)way);
        struct http_call_params params = test_post("/count");
        struct record r;

        w->limits.body_ms = 30;
        w->limits.whole_ms = 90;
        world_serve(w);
        world_peer(w);
        record_init(&r);
        record_start(&r, w->peer, &params);
        http_call_write(r.call, SLICE_LIT("x")); /* and never more */
        test_until(w->loop, &r.over);
        assert_int_equal(r.status, 408);
        assert_int_equal(w->done_why, ERR_TIMEOUT);
        record_fini(&r);
        test_call(w, &r, test_get("/hold"), SLICE_LIT("")); /* a handler that never answers */
        assert_int_equal(r.status, 504);
        assert_int_equal(w->done_why, ERR_TIMEOUT);
        record_fini(&r);
        test_call(w, &r, test_get("/part"), SLICE_LIT("")); /* or stops in the middle */
        assert_int_not_equal(r.why, OK);
        record_fini(&r);
        one_answer(w);
        assert_int_equal(http_server_metrics(w->server)->timeouts, 3);
        assert_int_equal(http_server_metrics(w->server)->active, 0);
        world_free(w);
    }
}

static void timeouts_of_caller(void **state)
{
    (void)state;
    for (int way = 0; way < WAY_COUNT; way++) {
        struct world *w = world_new((enum way)way);
        struct http_call_params params = test_get("/hold");
        struct record r;

        w->client_limits.head_ms = 30;
        w->client_limits.body_ms = 30;
        world_serve(w);
        world_peer(w);
        test_call(w, &r, params, SLICE_LIT(""));
        assert_int_equal(r.why, ERR_TIMEOUT);
        assert_false(r.head);
        test_until(w->loop, &w->was_done);
        record_fini(&r);
        w->was_done = false;
        test_call(w, &r, test_get("/part"), SLICE_LIT(""));
        assert_int_equal(r.why, ERR_TIMEOUT);
        assert_true(r.head);
        test_until(w->loop, &w->was_done);
        record_fini(&r);
        params.first_ms = 10 * 1000;
        params.whole_ms = 20;
        test_call(w, &r, params, SLICE_LIT(""));
        assert_int_equal(r.why, ERR_TIMEOUT);
        record_fini(&r);
        world_free(w);
    }
}

/* The server vanishes under a waiting call. */
static void server_gone(struct world *w)
{
    struct http_call_params params = test_get("/hold");
    struct record r;

    record_init(&r);
    record_start(&r, w->peer, &params);
    test_until(w->loop, &w->got_exchange);
    http_server_free(w->server);
    w->server = NULL;
    assert_true(w->was_done);
    assert_int_equal(w->done_why, ERR_CANCELED);
    test_until(w->loop, &r.over);
    assert_int_equal(r.why, ERR_CLOSED);
    record_fini(&r);
    test_call(w, &r, test_get("/hello"), SLICE_LIT(""));
    assert_int_equal(r.why, ERR_REFUSED);
    record_fini(&r);
}

static void dead_server_is_reported(void **state)
{
    (void)state;
    every_way(server_gone);
}

static void drained(void *owner)
{
    *(bool *)owner = true;
}

/* Draining lets the call under way end, and takes no other. */
static void drain(struct world *w)
{
    struct http_call_params params = test_get("/hold");
    struct record r, late;
    bool empty = false;

    record_init(&r);
    record_start(&r, w->peer, &params);
    test_until(w->loop, &w->got_exchange);
    http_server_drain(w->server, 10000, drained, &empty);
    for (int i = 0; i < 20; i++)
        test_turn(w->loop);
    assert_false(empty);
    test_call(w, &late, test_get("/hello"), SLICE_LIT(""));
    assert_int_equal(late.why, ERR_REFUSED);
    http_answer(w->held, 200, "text/plain", SLICE_LIT("at last"));
    test_until(w->loop, &r.over);
    assert_int_equal(r.why, OK);
    assert_true(slice_eq_text(buf_slice(&r.body), "at last"));
    test_until(w->loop, &empty);
    assert_int_equal(http_server_metrics(w->server)->open, 0);
    record_fini(&r);
    record_fini(&late);
}

static void drain_lets_calls_end(void **state)
{
    (void)state;
    every_way(drain);
}

static void drain_cut(struct world *w)
{
    struct http_call_params params = test_get("/hold");
    struct record r;
    bool empty = false;

    record_init(&r);
    record_start(&r, w->peer, &params);
    test_until(w->loop, &w->got_exchange);
    http_server_drain(w->server, 20, drained, &empty);
    test_until(w->loop, &empty);
    assert_int_equal(w->done_why, ERR_CANCELED);
    test_until(w->loop, &r.over);
    assert_int_equal(r.why, ERR_CLOSED);
    record_fini(&r);
}

static void drain_ends_at_its_deadline(void **state)
{
    (void)state;
    every_way(drain_cut);
}

static void idle(void **state)
{
    (void)state;
    for (int way = 0; way < WAY_COUNT; way++) {
        struct world *w = world_new((enum way)way);
        bool closed = false;

        w->limits.idle_ms = 20;
        world_serve(w);
        world_peer(w);
        one_answer(w);
        while (!closed) {
            test_turn(w->loop);
            closed =
                http_server_metrics(w->server)->open == 0 && http_peer_metrics(w->peer)->open == 0;
        }
        one_answer(w); /* and a new one is opened when needed */
        assert_int_equal(http_peer_metrics(w->peer)->connections, 2);
        world_free(w);
    }
}

static void peer_freed(struct world *w)
{
    struct http_call_params params = test_get("/hold");
    struct record r;

    record_init(&r);
    record_start(&r, w->peer, &params);
    test_until(w->loop, &w->got_exchange);
    http_peer_free(w->peer);
    w->peer = NULL;
    assert_true(r.over);
    assert_int_equal(r.why, ERR_CANCELED);
    test_until(w->loop, &w->was_done);
    record_fini(&r);
}

static void freeing_a_peer_ends_its_calls(void **state)
{
    (void)state;
    every_way(peer_freed);
}

struct fetched {
    bool over;
    cocoon_err err;
    unsigned status;
    struct buf body;
};

static void fetched_answer(void *owner, cocoon_err err, const struct http_response *head,
                           struct slice body)
{
    struct fetched *f = owner;

    f->over = true;
    f->err = err;
    f->status = head == NULL ? 0 : head->status;
    buf_put(&f->body, body);
}

static void fetch(struct world *w)
{
    struct http_call_params get = test_get("/hello"), post = test_post("/count"),
                            flood = test_get("/flood");
    struct fetched f = {.over = false};
    struct http_fetch *fetching;

    buf_init(&f.body, TEST_BODY_MAX);
    http_fetch(w->peer, &get, SLICE_LIT(""), 100, fetched_answer, &f);
    test_until(w->loop, &f.over);
    assert_int_equal(f.status, 200);
    assert_true(slice_eq_text(buf_slice(&f.body), "hello"));
    buf_clear(&f.body);
    f.over = false;
    http_fetch(w->peer, &post, SLICE_LIT("1234567"), 100, fetched_answer, &f);
    test_until(w->loop, &f.over);
    assert_true(slice_eq_text(buf_slice(&f.body), "7"));
    f.over = false;
    http_fetch(w->peer, &flood, SLICE_LIT(""), 5000, fetched_answer, &f);
    test_until(w->loop, &f.over);
    assert_int_equal(f.err, ERR_LIMIT);
    f.over = false;
    fetching = http_fetch(w->peer, &get, SLICE_LIT(""), 100, fetched_answer, &f);
    http_fetch_cancel(fetching);
    test_turn(w->loop);
    assert_false(f.over);
    buf_fini(&f.body);
}

static void fetches(void **state)
{
    (void)state;
    every_way(fetch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(connections_are_reused),
        cmocka_unit_test(request_is_passed_on_without_the_connections_fields),
        cmocka_unit_test(both_directions_stream),
        cmocka_unit_test(slow_reader_holds_everybody_back),
        cmocka_unit_test(endless_answer_is_bounded_and_stops_with_its_caller),
        cmocka_unit_test(cancel_reaches_the_handler),
        cmocka_unit_test(pause_does_not_outlive_its_message),
        cmocka_unit_test(broken_off_answer_is_an_error),
        cmocka_unit_test(handler_cannot_break_framing),
        cmocka_unit_test(caller_cannot_break_framing),
        cmocka_unit_test(collected_body_is_capped),
        cmocka_unit_test(body_over_the_servers_limit),
        cmocka_unit_test(answer_over_the_callers_limit),
        cmocka_unit_test(answers_without_body),
        cmocka_unit_test(answer_may_come_before_the_request_ended),
        cmocka_unit_test(timeouts_of_server),
        cmocka_unit_test(timeouts_of_caller),
        cmocka_unit_test(dead_server_is_reported),
        cmocka_unit_test(drain_lets_calls_end),
        cmocka_unit_test(drain_ends_at_its_deadline),
        cmocka_unit_test(idle),
        cmocka_unit_test(freeing_a_peer_ends_its_calls),
        cmocka_unit_test(fetches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
