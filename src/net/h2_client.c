/* The client's end of HTTP/2: each stream is a call. */
#include <assert.h>
#include <stddef.h>

#include "base/mem.h"
#include "net/h2.h"
#include "net/http_peer.h"

struct h2_peer {
    struct peer_conn conn;
    struct http_peer *peer;
    struct h2 h2;
};

struct h2_call {
    struct h2_stream s;
    struct http_call *call; /* NULL once over */
    unsigned status;
    bool responded;
    struct http_fields trailers; /* the server's */
};

static struct h2_peer *peer_of(struct h2 *h2)
{
    return (struct h2_peer *)((uintptr_t)h2 - offsetof(struct h2_peer, h2));
}

/* The call is no longer ours; the stream follows when nghttp2 has forgotten it. */
static struct http_call *call_detach(struct h2_call *c)
{
    struct http_call *call = c->call;

    c->call = NULL;
    c->s.arena = NULL;
    c->s.paused = false;
    return call;
}

/* Free the stream if nghttp2 has forgotten it already. */
static void call_let_go(struct h2_call *c)
{
    if (c->s.closed && c->s.link != NULL)
        h2_stream_free(&c->s);
}

static bool call_op_write(struct http_call *call, struct slice bytes)
{
    struct h2_call *c = call->transport;

    return h2_stream_write(&c->s, bytes);
}

static void call_op_end(struct http_call *call, struct http_fields trailers)
{
    struct h2_call *c = call->transport;

    if (!call->head.no_body)
        h2_stream_end(&c->s, trailers);
}

static size_t call_op_queued(const struct http_call *call)
{
    const struct h2_call *c = call->transport;

    return queue_len(&c->s.out);
}

static void call_op_flow(struct http_call *call)
{
    struct h2_call *c = call->transport;

    h2_stream_set_paused(&c->s, call->paused);
}

static void call_op_cancel(struct http_call *call)
{
    struct h2_call *c = call->transport;

    call_detach(c);
    h2_stream_reset(&c->s, NGHTTP2_CANCEL);
    call_let_go(c);
}

static const struct call_ops call_ops = {
    .write = call_op_write,
    .end = call_op_end,
    .queued = call_op_queued,
    .flow = call_op_flow,
    .cancel = call_op_cancel,
};

/* Hand the request to nghttp2, which sends it when the server's limit allows. */
static int32_t call_submit(struct h2_peer *p, struct h2_call *c)
{
    const struct http_call_params *head = &c->call->head;
    struct slice authority = head->authority.len > 0 ? head->authority : peer_authority(p->peer);
    nghttp2_data_provider body = h2_stream_body(&c->s);
    nghttp2_nv nv[LIMIT_HTTP_FIELDS + 4];
    size_t count = 0;

    nv[count++] = h2_nv(SLICE_LIT(":method"), head->method);
    nv[count++] = h2_nv(SLICE_LIT(":scheme"), peer_scheme(p->peer));
    nv[count++] = h2_nv(SLICE_LIT(":authority"), authority);
    nv[count++] = h2_nv(SLICE_LIT(":path"), head->target);
    for (size_t i = 0; i < head->fields.count; i++)
        nv[count++] = h2_nv(head->fields.list[i].name, head->fields.list[i].value);
    return nghttp2_submit_request(p->h2.session, NULL, nv, count, head->no_body ? NULL : &body,
                                  &c->s);
}

void h2_peer_send(struct h2_peer *p, struct http_call *call)
{
    struct h2_call *c = MEM_NEW(struct h2_call);

    assert(p->h2.stream != NULL && !p->h2.draining);
    c->call = call;
    h2_stream_init(&c->s, &p->h2, &call->arena);
    c->s.paused = call->paused;
    c->s.ended = call->head.no_body;
    c->s.id = call_submit(p, c);
    if (c->s.id < 0) { /* the connection has used up its stream ids */
        c->s.closed = true;
        h2_stream_free(&c->s);
        call_fail_later(call, ERR_BUSY);
        h2_peer_drain(p);
        return;
    }
    h2_wake(&p->h2);
    call_attach(call, &call_ops, c, true);
}

static void stream_pseudo(struct h2_stream *s, struct slice name, struct slice value)
{
    struct h2_call *c = (struct h2_call *)s;
    uint64_t status = 0;

    if (slice_eq_text(name, ":status") && slice_u64(value, &status) == OK && status < 600)
        c->status = (unsigned)status;
}

static void stream_fail(struct h2_call *c, cocoon_err why, uint32_t error)
{
    struct http_call *call = call_detach(c);

    h2_stream_reset(&c->s, error);
    call_failed(call, why, false);
}

static void stream_head(struct h2_stream *s)
{
    struct h2_call *c = (struct h2_call *)s;
    struct http_response response = {.status = c->status};

    if (c->call == NULL)
        return;
    if (s->too_long) {
        stream_fail(c, ERR_LIMIT, NGHTTP2_ENHANCE_YOUR_CALM);
    } else if (c->responded) {
        if (http_field_list_keep(&s->h2->fields, s->arena, &c->trailers) != OK)
            stream_fail(c, ERR_LIMIT, NGHTTP2_ENHANCE_YOUR_CALM);
    } else if (c->status >= 200) {
        c->responded = true;
        response.fields = (struct http_fields){s->h2->fields.list, s->h2->fields.count};
        call_head(c->call, &response);
    } else if (c->status < 100 || c->status == 101) {
        stream_fail(c, ERR_PROTOCOL, NGHTTP2_PROTOCOL_ERROR);
    }
}

static void stream_body(struct h2_stream *s, struct slice bytes)
{
    struct h2_call *c = (struct h2_call *)s;

    if (c->call != NULL)
        call_body(c->call, bytes);
}

/* The answer is complete, be the request or not. */
static void stream_complete(struct h2_stream *s)
{
    struct h2_call *c = (struct h2_call *)s;
    struct http_call *call = call_detach(c);

    if (!s->end_sent)
        h2_stream_reset(s, NGHTTP2_NO_ERROR);
    call_let_go(c);
    if (call != NULL)
        call_complete(call, c->trailers);
}

static void stream_drained(struct h2_stream *s)
{
    struct h2_call *c = (struct h2_call *)s;

    if (c->call != NULL)
        call_drained(c->call);
}

static void stream_closed(struct h2_stream *s, cocoon_err why, bool untouched)
{
    struct h2_call *c = (struct h2_call *)s;
    struct http_call *call;

    if (c->call != NULL && s->peer_ended && !s->end_told)
        return; /* complete, but held by a pause: stream_complete will follow */
    call = call_detach(c);
    h2_stream_free(s);
    if (call != NULL)
        call_failed(call, why == OK ? ERR_PROTOCOL : why, untouched);
}

static void stream_free(struct h2_stream *s)
{
    mem_free(s);
}

static void link_goaway(struct h2 *h2)
{
    struct h2_peer *p = peer_of(h2);

    peer_h2_full(p->peer, p);
}

static void link_gone(struct h2 *h2, cocoon_err why)
{
    struct h2_peer *p = peer_of(h2);

    peer_h2_gone(p->peer, p, why);
}

static void link_free(struct h2 *h2)
{
    mem_free(peer_of(h2));
}

static const struct h2_role client_role = {
    .pseudo = stream_pseudo,
    .head = stream_head,
    .body = stream_body,
    .end = stream_complete,
    .drained = stream_drained,
    .closed = stream_closed,
    .goaway = link_goaway,
    .gone = link_gone,
    .free_stream = stream_free,
    .free = link_free,
};

struct h2_peer *h2_peer_start(struct http_peer *peer, struct stream *s, bool patient)
{
    struct h2_peer *p = MEM_NEW(struct h2_peer);

    p->peer = peer;
    h2_init(&p->h2, &client_role, s, peer_limits(peer), patient);
    return p;
}

void h2_peer_close(struct h2_peer *p)
{
    h2_close(&p->h2);
}

void h2_peer_drain(struct h2_peer *p)
{
    peer_h2_full(p->peer, p);
    h2_drain(&p->h2);
}
