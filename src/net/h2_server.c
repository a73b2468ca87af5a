/* The server's end of HTTP/2: each stream is an exchange. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"
#include "net/h2.h"
#include "net/http_exchange.h"

struct h2_conn {
    struct http_conn conn;
    struct h2 h2;
};

struct h2_request {
    struct h2_stream s;
    struct http_exchange x;
    struct slice path;           /* with its query */
    struct http_fields trailers; /* the client's */
    bool begun;
};

static struct h2_conn *conn_of(struct h2 *h2)
{
    return (struct h2_conn *)((uintptr_t)h2 - offsetof(struct h2_conn, h2));
}

static struct h2_request *request_of(const struct http_exchange *x)
{
    return (struct h2_request *)((uintptr_t)x - offsetof(struct h2_request, x));
}

static bool is_date(struct slice name)
{
    return slice_eq(name, SLICE_LIT("date"));
}

static void request_head(struct http_exchange *x, unsigned status, struct http_fields fields,
                         uint64_t length, bool bodyless)
{
    struct h2_request *r = request_of(x);
    nghttp2_data_provider body = h2_stream_body(&r->s);
    nghttp2_nv nv[LIMIT_HTTP_FIELDS + 2];
    char digits[4];
    size_t count = 0;
    bool dated = false;

    (void)length;
    if (r->s.closed)
        return;
    snprintf(digits, sizeof digits, "%03u", status % 1000);
    nv[count++] = h2_nv(SLICE_LIT(":status"), slice_make(digits, 3));
    for (size_t i = 0; i < fields.count; i++) {
        if (http_field_is_hop(fields.list[i].name))
            continue;
        dated = dated || is_date(fields.list[i].name);
        nv[count++] = h2_nv(fields.list[i].name, fields.list[i].value);
    }
    if (!dated)
        nv[count++] = h2_nv(SLICE_LIT("date"), http_date());
    if (bodyless)
        r->s.ended = true;
    if (nghttp2_submit_response(r->s.h2->session, r->s.id, nv, count, bodyless ? NULL : &body) != 0)
        h2_stream_reset(&r->s, NGHTTP2_INTERNAL_ERROR);
    h2_wake(r->s.h2);
}

static bool request_write(struct http_exchange *x, struct slice bytes)
{
    return h2_stream_write(&request_of(x)->s, bytes);
}

static void request_end(struct http_exchange *x, struct http_fields trailers)
{
    struct h2_request *r = request_of(x);
    struct http_field_list list = {.count = 0};
    struct http_fields kept = HTTP_NO_FIELDS;
    cocoon_err err = OK;

    for (size_t i = 0; i < trailers.count && err == OK; i++)
        err = http_field_list_add(&list, &x->arena, trailers.list[i].name, trailers.list[i].value);
    if (err == OK)
        err = http_field_list_keep(&list, &x->arena, &kept);
    if (err != OK)
        h2_stream_reset(&r->s, NGHTTP2_INTERNAL_ERROR);
    else if (!x->bodyless)
        h2_stream_end(&r->s, kept);
}

static size_t request_queued(const struct http_exchange *x)
{
    return queue_len(&request_of(x)->s.out);
}

static void request_flow(struct http_exchange *x)
{
    h2_stream_set_paused(&request_of(x)->s, x->paused);
}

static void request_cut(struct http_exchange *x)
{
    h2_stream_reset(&request_of(x)->s, NGHTTP2_INTERNAL_ERROR);
}

/* What waits in the stream still goes out; request_closed frees it then. */
static void request_over(struct http_exchange *x)
{
    (void)x;
}

static struct stream *request_stream(const struct http_exchange *x)
{
    return request_of(x)->s.h2->stream;
}

static const struct exchange_ops request_ops = {
    .head = request_head,
    .write = request_write,
    .end = request_end,
    .queued = request_queued,
    .flow = request_flow,
    .cut = request_cut,
    .over = request_over,
    .stream = request_stream,
};

static struct h2_stream *request_begin(struct h2 *h2, int32_t id)
{
    struct h2_request *r = MEM_NEW(struct h2_request);

    (void)id;
    exchange_init(&r->x, conn_of(h2)->conn.service, &request_ops);
    h2_stream_init(&r->s, h2, &r->x.arena);
    return &r->s;
}

static void request_pseudo(struct h2_stream *s, struct slice name, struct slice value)
{
    struct h2_request *r = (struct h2_request *)s;
    struct slice *at = NULL;

    if (slice_eq_text(name, ":method"))
        at = &r->x.request.method;
    else if (slice_eq_text(name, ":path"))
        at = &r->path;
    else if (slice_eq_text(name, ":authority"))
        at = &r->x.request.authority;
    if (at != NULL && arena_copy(&r->x.arena, value, at) != OK)
        s->too_long = true;
}

/* Build the request from what was collected. */
static cocoon_err request_build(struct h2_request *r)
{
    struct http_request *request = &r->x.request;
    struct slice authority = request->authority;
    cocoon_err err = http_target_split(r->path, request);

    if (err != OK || request->authority.ptr != authority.ptr) /* absolute form is HTTP/1.1's */
        return ERR_MALFORMED;
    if ((err = http_field_list_keep(&r->s.h2->fields, &r->x.arena, &request->fields)) != OK)
        return err;
    return http_fields_length(request->fields, &r->x.request_length);
}

static void request_read_head(struct h2_stream *s)
{
    struct h2_request *r = (struct h2_request *)s;
    cocoon_err err;

    if (r->begun) {
        if (http_field_list_keep(&s->h2->fields, &r->x.arena, &r->trailers) != OK || s->too_long)
            h2_stream_reset(s, NGHTTP2_ENHANCE_YOUR_CALM);
        return;
    }
    r->begun = true;
    err = s->too_long ? ERR_LIMIT : request_build(r);
    if (err == ERR_LIMIT)
        exchange_reject(&r->x, 431, "head_too_large", "the head's fields are too many or too long");
    else if (err != OK)
        exchange_reject(&r->x, 400, "bad_request", "the request target is not well formed");
    else
        exchange_begin(&r->x);
}

static void request_body(struct h2_stream *s, struct slice bytes)
{
    struct h2_request *r = (struct h2_request *)s;

    if (!r->x.over)
        exchange_body(&r->x, bytes);
}

static void request_complete(struct h2_stream *s)
{
    struct h2_request *r = (struct h2_request *)s;

    if (!r->x.over)
        exchange_complete(&r->x, r->trailers);
}

static void request_drained(struct h2_stream *s)
{
    struct h2_request *r = (struct h2_request *)s;

    if (!r->x.over)
        exchange_drained(&r->x);
}

static void request_closed(struct h2_stream *s, cocoon_err why, bool untouched)
{
    struct h2_request *r = (struct h2_request *)s;

    (void)untouched;
    if (r->begun && !r->x.over)
        exchange_lost(&r->x, why);
    h2_stream_free(s);
}

static void request_free(struct h2_stream *s)
{
    struct h2_request *r = (struct h2_request *)s;

    exchange_fini(&r->x);
    mem_free(r);
}

static void conn_goaway(struct h2 *h2)
{
    (void)h2; /* a client that goes away starts nothing more by itself */
}

static void conn_gone(struct h2 *h2, cocoon_err why)
{
    struct h2_conn *c = conn_of(h2);

    c->conn.service->on_gone(c->conn.service, &c->conn, why);
}

static void conn_free(struct h2 *h2)
{
    mem_free(conn_of(h2));
}

static const struct h2_role server_role = {
    .server = true,
    .begin = request_begin,
    .pseudo = request_pseudo,
    .head = request_read_head,
    .body = request_body,
    .end = request_complete,
    .drained = request_drained,
    .closed = request_closed,
    .goaway = conn_goaway,
    .gone = conn_gone,
    .free_stream = request_free,
    .free = conn_free,
};

static void conn_drain(struct http_conn *conn)
{
    h2_drain(&((struct h2_conn *)conn)->h2);
}

static void conn_close(struct http_conn *conn)
{
    h2_close(&((struct h2_conn *)conn)->h2);
}

struct http_conn *h2_serve(struct http_service *service, struct stream *s, bool patient)
{
    struct h2_conn *c = MEM_NEW(struct h2_conn);

    c->conn = (struct http_conn){.service = service, .drain = conn_drain, .close = conn_close};
    h2_init(&c->h2, &server_role, s, &service->limits, patient);
    return &c->conn;
}
