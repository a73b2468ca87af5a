/*
 * The server's end of one HTTP/1.1 connection.
 *
 *   HEAD ──▶ BODY ──▶ ANSWER ──▶ HEAD (keep-alive) or gone
 *              └──▶ DRAIN ──▶ HEAD: the answer was over before the body, whose rest is thrown away
 *   any ──▶ BROKEN: the request cannot be read on; what comes is thrown away, then gone
 *
 * One request is worked on at a time; what a client sends ahead (pipelining) stays in the stream. A
 * client that ends its side while it waits for an answer has gone away.
 */
#include <assert.h>

#include "base/mem.h"
#include "codec/http1.h"
#include "codec/http1_body.h"
#include "codec/http1_wr.h"
#include "net/http_exchange.h"

enum {
    H1_DRAIN_MAX = 64 * 1024, /* longest rest of a body read only to use the connection again */
    H1_AHEAD_MAX = 16 * 1024  /* bytes of further requests taken while one is answered */
};

enum h1_phase { H1_HEAD, H1_BODY, H1_ANSWER, H1_DRAIN, H1_BROKEN };

struct h1_conn {
    struct http_conn conn;
    struct stream *stream;  /* NULL when it is gone */
    struct http_exchange x; /* in use from a head to its `over` */
    bool busy;
    enum h1_phase phase;

    enum http1_body framing;
    struct http1_chunked chunked;
    uint64_t left; /* of a body with known length */
    uint64_t drained;

    unsigned minor;
    bool keep_alive;         /* the client wants it, and nothing stands against it */
    bool expects;            /* it waits for "100 Continue" */
    bool chunk_out;          /* the answer's body is chunked */
    bool head_begun;         /* a part of a head is there */
    bool held;               /* the stream is paused because the client sent ahead */
    struct loop_timer timer; /* idle, or a head that does not end */
    struct loop_task bury;
};

static struct h1_conn *h1_of(const struct http_exchange *x)
{
    return (struct h1_conn *)((uintptr_t)x - offsetof(struct h1_conn, x));
}

static void h1_free(void *owner)
{
    struct h1_conn *c = owner;

    if (c->busy)
        exchange_fini(&c->x);
    mem_free(c);
}

/* Let go of everything; the memory goes later in the turn, since our code may be on the stack. */
static void h1_bury(struct h1_conn *c)
{
    c->stream = NULL;
    loop_timer_stop(&c->timer);
    loop_task_queue(&c->bury);
}

static void h1_gone(struct h1_conn *c, cocoon_err why)
{
    h1_bury(c);
    c->conn.service->on_gone(c->conn.service, &c->conn, why);
}

/* End the connection politely. */
static void h1_leave(struct h1_conn *c)
{
    stream_leave(c->stream);
    h1_gone(c, OK);
}

/* Ready for the next request. */
static void h1_next(struct h1_conn *c)
{
    c->phase = H1_HEAD;
    c->head_begun = false;
    if (c->conn.service->limits.idle_ms > 0)
        loop_timer_set(&c->timer, c->conn.service->limits.idle_ms);
    if (c->held) {
        c->held = false;
        stream_resume(c->stream);
    }
}

static void h1_over(struct http_exchange *x)
{
    struct h1_conn *c = h1_of(x);

    exchange_fini(x);
    c->busy = false;
    if (c->stream == NULL) {
        h1_gone(c, ERR_CANCELED);
    } else if (!c->keep_alive) {
        h1_leave(c);
    } else if (c->phase == H1_BODY) {
        c->phase = H1_DRAIN;
        loop_timer_set(&c->timer, c->conn.service->limits.body_ms);
        stream_resume(c->stream);
    } else {
        h1_next(c);
    }
}

/* The rest of the body is short enough, as far as known, to be read for the connection's sake. */
static bool h1_may_drain(const struct h1_conn *c)
{
    return !c->expects && (c->framing == HTTP1_CHUNKED || c->left <= H1_DRAIN_MAX);
}

static void h1_put_fields(struct http1_wr *w, struct http_fields fields)
{
    struct slice ignored;

    for (size_t i = 0; i < fields.count; i++)
        if (!http_field_is_hop(fields.list[i].name))
            http1_wr_field_slice(w, fields.list[i].name, fields.list[i].value);
    if (!http_field_get(fields, "date", &ignored))
        http1_wr_field(w, "date", http_date());
}

static void h1_head(struct http_exchange *x, unsigned status, struct http_fields fields,
                    uint64_t length, bool bodyless)
{
    struct h1_conn *c = h1_of(x);
    struct http1_wr w = http1_wr_response(stream_out(c->stream), status);
    bool unframed = !bodyless && length == HTTP_LENGTH_UNKNOWN;
    cocoon_err err;

    c->chunk_out = unframed && c->minor == 1;
    if ((unframed && c->minor == 0) || (c->phase == H1_BODY && !h1_may_drain(c)))
        c->keep_alive = false;
    h1_put_fields(&w, fields);
    if (c->chunk_out)
        http1_wr_field_text(&w, "transfer-encoding", "chunked");
    if (!c->keep_alive)
        http1_wr_field_text(&w, "connection", "close");
    else if (c->minor == 0)
        http1_wr_field_text(&w, "connection", "keep-alive");
    err = http1_wr_end(&w);
    assert(err != ERR_MALFORMED); /* http_exchange_head has checked the fields */
    stream_wrote(c->stream);      /* a full queue kills the stream */
}

static bool h1_write(struct http_exchange *x, struct slice bytes)
{
    struct h1_conn *c = h1_of(x);
    struct buf *out = stream_out(c->stream);

    if (c->chunk_out)
        http1_chunk_put(out, bytes);
    else
        buf_put(out, bytes);
    return stream_wrote(c->stream);
}

static void h1_end(struct http_exchange *x, struct http_fields trailers)
{
    struct h1_conn *c = h1_of(x);

    (void)trailers;
    if (c->chunk_out)
        http1_chunk_end(stream_out(c->stream));
    stream_wrote(c->stream);
}

static size_t h1_queued(const struct http_exchange *x)
{
    const struct h1_conn *c = h1_of(x);

    return c->stream == NULL ? 0 : stream_queued(c->stream);
}

static void h1_flow(struct http_exchange *x)
{
    struct h1_conn *c = h1_of(x);

    if (c->stream == NULL || c->phase != H1_BODY)
        return;
    if (x->paused)
        stream_pause(c->stream);
    else
        stream_resume(c->stream);
}

static void h1_cut(struct http_exchange *x)
{
    struct h1_conn *c = h1_of(x);

    stream_close(c->stream);
    c->stream = NULL;
}

static struct stream *h1_stream(const struct http_exchange *x)
{
    return h1_of(x)->stream;
}

static const struct exchange_ops h1_ops = {
    .head = h1_head,
    .write = h1_write,
    .end = h1_end,
    .queued = h1_queued,
    .flow = h1_flow,
    .cut = h1_cut,
    .over = h1_over,
    .stream = h1_stream,
};

/* Start an exchange for a head, or for what should have been one. */
static void h1_open(struct h1_conn *c)
{
    exchange_init(&c->x, c->conn.service, &h1_ops);
    c->busy = true;
    c->held = false;
    c->drained = 0;
    loop_timer_stop(&c->timer);
}

/* Answer an error to what is no request, or no acceptable one, and end the connection. */
static void h1_reject(struct h1_conn *c, unsigned status, const char *code, const char *message)
{
    h1_open(c);
    c->phase = H1_BROKEN;
    c->minor = 1;
    c->keep_alive = false;
    c->x.complete = true;
    exchange_reject(&c->x, status, code, message);
}

static void h1_reject_head(struct h1_conn *c, const struct fail *fail)
{
    if (fail->code == ERR_LIMIT)
        h1_reject(c, 431, "head_too_large", fail->what);
    else if (fail->code == ERR_VERSION)
        h1_reject(c, 505, "http_version", fail->what);
    else if (fail->code == ERR_UNSUPPORTED)
        h1_reject(c, 501, "not_implemented", fail->what);
    else
        h1_reject(c, 400, "bad_request", fail->what);
}

/* Turn a parsed head into the exchange's request. */
static cocoon_err h1_request(struct h1_conn *c, const struct http1_head *head)
{
    struct http_exchange *x = &c->x;
    struct http_field_list list = {.count = 0};
    struct slice host = {NULL, 0};
    cocoon_err err;

    x->request.method = head->method;
    if (http1_field_find(head, "host", &host))
        x->request.authority = host;
    if ((err = http_target_split(head->target, &x->request)) != OK)
        return err;
    for (size_t i = 0; i < head->field_count; i++) {
        err = http_field_list_add(&list, &x->arena, head->fields[i].name, head->fields[i].value);
        if (err != OK)
            return err;
    }
    if (head->body == HTTP1_LENGTH)
        x->request_length = head->content_length;
    return http_field_list_keep(&list, &x->arena, &x->request.fields);
}

static void h1_framing(struct h1_conn *c, const struct http1_head *head)
{
    c->framing = head->body;
    c->left = head->body == HTTP1_LENGTH ? head->content_length : 0;
    http1_chunked_init(&c->chunked);
    c->minor = head->minor;
    c->keep_alive = head->keep_alive;
    c->expects = head->expect_continue;
    c->phase = H1_BODY;
}

/* The request is complete. */
static void h1_complete(struct h1_conn *c)
{
    if (c->phase == H1_DRAIN) {
        h1_next(c);
        return;
    }
    c->phase = H1_ANSWER;
    stream_resume(c->stream); /* a pause holds back the body, which is over */
    exchange_complete(&c->x, HTTP_NO_FIELDS);
}

static bool h1_body_is_over(const struct h1_conn *c)
{
    return c->framing == HTTP1_CHUNKED ? c->chunked.done : c->left == 0;
}

/* The head is there, its bytes in the exchange's arena: hand the request over. */
static void h1_begin(struct h1_conn *c, const struct http1_head *head)
{
    h1_framing(c, head);
    if (h1_request(c, head) != OK) {
        c->keep_alive = false;
        c->phase = H1_BROKEN;
        exchange_reject(&c->x, 431, "head_too_large", "the head's fields are too many or too long");
        return;
    }
    exchange_begin(&c->x);
    if (c->stream == NULL)
        return;
    if (h1_body_is_over(c)) {
        h1_complete(c);
    } else if (c->expects && exchange_wants_body(&c->x)) {
        c->expects = false;
        stream_write(c->stream, SLICE_LIT("HTTP/1.1 100 Continue\r\n\r\n"));
    }
}

/* Read a head; 0 when it is not all there. */
static size_t h1_read_head(struct h1_conn *c, struct slice in)
{
    struct http1_head head;
    struct fail fail;
    struct slice kept;
    size_t used = 0;
    cocoon_err err = http1_request_parse(in, &head, &used, &fail);

    if (err == ERR_TRUNCATED) {
        if (!c->head_begun && c->conn.service->limits.head_ms > 0)
            loop_timer_set(&c->timer, c->conn.service->limits.head_ms);
        c->head_begun = true;
        return 0;
    }
    if (err != OK) {
        h1_reject_head(c, &fail);
        return in.len;
    }
    h1_open(c);
    err = arena_copy(&c->x.arena, slice_sub(in, 0, used), &kept);
    if (err == OK)
        err = http1_request_parse(kept, &head, &used, &fail);
    assert(err == OK); /* the arena is empty, and the same bytes were read before */
    h1_begin(c, &head);
    return used;
}

/* Take the next piece of body off `in`; false when it breaks the framing. */
static bool h1_next_piece(struct h1_conn *c, struct slice *in, struct slice *piece)
{
    struct fail fail;

    if (c->framing == HTTP1_CHUNKED)
        return http1_chunked_next(&c->chunked, in, piece, &fail) == OK;
    *piece = slice_sub(*in, 0, (size_t)(c->left < in->len ? c->left : in->len));
    *in = slice_skip(*in, piece->len);
    c->left -= piece->len;
    return true;
}

static void h1_take_piece(struct h1_conn *c, struct slice piece)
{
    if (c->phase == H1_BODY) {
        exchange_body(&c->x, piece);
        return;
    }
    c->drained += piece.len;
    if (c->drained > H1_DRAIN_MAX)
        h1_leave(c);
}

static size_t h1_read_body(struct h1_conn *c, struct slice in)
{
    struct slice rest = in, piece;

    if (c->phase == H1_BODY && c->x.paused)
        return 0;
    if (!h1_next_piece(c, &rest, &piece)) {
        bool drain = c->phase == H1_DRAIN;

        c->phase = H1_BROKEN;
        c->keep_alive = false;
        if (drain)
            h1_leave(c);
        else
            exchange_refuse(&c->x, 400, "bad_request", "the body's framing is broken",
                            ERR_PROTOCOL);
        return in.len;
    }
    if (piece.len > 0)
        h1_take_piece(c, piece);
    if (c->stream != NULL && c->phase != H1_BROKEN && h1_body_is_over(c))
        h1_complete(c);
    return in.len - rest.len;
}

/* Deal with the start of `in`; return what was taken, 0 when nothing can be for now. */
static size_t h1_step(struct h1_conn *c, struct slice in)
{
    switch (c->phase) {
    case H1_HEAD:
        return h1_read_head(c, in);
    case H1_BODY:
    case H1_DRAIN:
        return h1_read_body(c, in);
    case H1_ANSWER: /* the next request must wait */
        c->held = true;
        if (in.len >= H1_AHEAD_MAX)
            stream_pause(c->stream);
        return 0;
    case H1_BROKEN:
        break;
    }
    return in.len;
}

static size_t h1_data(void *owner, struct slice bytes)
{
    struct h1_conn *c = owner;
    size_t taken = 0, n = 1;

    while (c->stream != NULL && n > 0 && taken < bytes.len) {
        n = h1_step(c, slice_skip(bytes, taken));
        taken += n;
    }
    return taken;
}

static void h1_eof(void *owner)
{
    struct h1_conn *c = owner;

    if (c->busy && c->x.ended) {
        c->keep_alive = false; /* what was answered still goes out */
        return;
    }
    if (c->busy)
        exchange_lost(&c->x, ERR_CANCELED);
    h1_leave(c);
}

static void h1_drained(void *owner)
{
    struct h1_conn *c = owner;

    if (c->busy)
        exchange_drained(&c->x);
}

static void h1_closed(void *owner, cocoon_err why)
{
    struct h1_conn *c = owner;

    c->stream = NULL;
    if (c->busy)
        exchange_lost(&c->x, why);
    h1_gone(c, why);
}

static const struct stream_events h1_events = {
    .on_data = h1_data,
    .on_eof = h1_eof,
    .on_drained = h1_drained,
    .on_close = h1_closed,
};

static void h1_late(void *owner)
{
    struct h1_conn *c = owner;

    if (c->phase == H1_HEAD && c->head_begun)
        h1_reject(c, 408, "timeout", "the request's head took too long to arrive");
    else
        h1_leave(c);
}

static void h1_drain(struct http_conn *conn)
{
    struct h1_conn *c = (struct h1_conn *)conn;

    c->keep_alive = false;
    if (!c->busy)
        h1_leave(c);
}

static void h1_close(struct http_conn *conn)
{
    struct h1_conn *c = (struct h1_conn *)conn;

    if (c->busy)
        exchange_lost(&c->x, ERR_CANCELED);
    stream_close(c->stream);
    h1_bury(c);
}

struct http_conn *h1_serve(struct http_service *service, struct stream *s)
{
    struct h1_conn *c = MEM_NEW(struct h1_conn);

    c->conn = (struct http_conn){.service = service, .drain = h1_drain, .close = h1_close};
    c->stream = s;
    c->phase = H1_HEAD;
    loop_timer_init(&c->timer, service->loop, h1_late, c);
    loop_task_init(&c->bury, service->loop, h1_free, c);
    if (service->limits.idle_ms > 0)
        loop_timer_set(&c->timer, service->limits.idle_ms);
    stream_bind(s, &h1_events, c);
    return &c->conn;
}
