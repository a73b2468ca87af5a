/*
 * The client's end of one HTTP/1.1 connection: one call at a time, kept for the next one when the
 * answer allows it.
 *
 *   HEAD ──▶ BODY ──▶ IDLE ──▶ HEAD …      or gone, when either side wants no more
 */
#include <assert.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/num.h"
#include "codec/http1.h"
#include "codec/http1_body.h"
#include "codec/http1_wr.h"
#include "net/http_peer.h"

enum { H1_INTERIM_MAX = 16 }; /* answers 1xx before the real one */

enum link_phase { LINK_IDLE, LINK_HEAD, LINK_BODY };

struct h1_link {
    struct peer_conn conn;
    struct http_peer *peer;
    struct stream *stream; /* NULL when it is gone */
    struct http_call *call;
    enum link_phase phase;

    enum http1_body framing;
    struct http1_chunked chunked;
    uint64_t left;
    unsigned interim;
    unsigned epoch; /* of the peer when it was dialled */

    bool chunk_out;  /* the request's body is chunked */
    bool reused;     /* it has carried a call before */
    bool keep_alive; /* the server will take another call */
    struct loop_task bury;
};

static void link_free(void *owner)
{
    mem_free(owner);
}

void h1_link_close(struct h1_link *link)
{
    stream_close(link->stream);
    link->stream = NULL;
    link->call = NULL;
    loop_task_queue(&link->bury);
}

/* The link is of no more use: the peer forgets it, then its call is told. */
static void link_gone(struct h1_link *link, cocoon_err why, bool untouched)
{
    struct http_call *call = link->call;

    h1_link_close(link);
    peer_link_gone(link->peer, link, why);
    if (call != NULL)
        call_failed(call, why, untouched);
}

static bool link_write(struct http_call *call, struct slice bytes)
{
    struct h1_link *link = call->transport;
    struct buf *out = stream_out(link->stream);

    if (link->chunk_out)
        http1_chunk_put(out, bytes);
    else
        buf_put(out, bytes);
    return stream_wrote(link->stream);
}

static void link_end(struct http_call *call, struct http_fields trailers)
{
    struct h1_link *link = call->transport;

    (void)trailers;
    if (link->chunk_out)
        http1_chunk_end(stream_out(link->stream));
    stream_wrote(link->stream);
}

static size_t link_queued(const struct http_call *call)
{
    const struct h1_link *link = call->transport;

    return stream_queued(link->stream);
}

static void link_flow(struct http_call *call)
{
    struct h1_link *link = call->transport;

    if (call->paused)
        stream_pause(link->stream);
    else
        stream_resume(link->stream);
}

static void link_cancel(struct http_call *call)
{
    struct h1_link *link = call->transport;

    h1_link_close(link);
    peer_link_gone(link->peer, link, OK);
}

static const struct call_ops link_ops = {
    .write = link_write,
    .end = link_end,
    .queued = link_queued,
    .flow = link_flow,
    .cancel = link_cancel,
};

static bool method_has_body(struct slice method)
{
    return slice_eq_text(method, "POST") || slice_eq_text(method, "PUT") ||
           slice_eq_text(method, "PATCH");
}

/* Queue the head of the call's request. */
static void link_put_head(struct h1_link *link, const struct http_call *call)
{
    const struct http_call_params *head = &call->head;
    struct http1_wr w = http1_wr_request(stream_out(link->stream), head->method, head->target);
    struct slice authority = head->authority.len > 0 ? head->authority : peer_authority(link->peer);
    bool unframed = call->body_left == HTTP_LENGTH_UNKNOWN;
    cocoon_err err;

    link->chunk_out = unframed && !head->no_body;
    http1_wr_field(&w, "host", authority);
    for (size_t i = 0; i < head->fields.count; i++)
        http1_wr_field_slice(&w, head->fields.list[i].name, head->fields.list[i].value);
    if (link->chunk_out)
        http1_wr_field_text(&w, "transfer-encoding", "chunked");
    else if (unframed && method_has_body(head->method))
        http1_wr_field_text(&w, "content-length", "0");
    if (head->fresh)
        http1_wr_field_text(&w, "connection", "close");
    err = http1_wr_end(&w);
    assert(err != ERR_MALFORMED); /* http_call_start has checked the parts */
    stream_wrote(link->stream);
}

void h1_link_send(struct h1_link *link, struct http_call *call)
{
    assert(link->call == NULL && link->phase == LINK_IDLE);
    link->call = call;
    link->phase = LINK_HEAD;
    link->interim = 0;
    if (link->reused)
        stream_deadline(link->stream, 0); /* not idle any more */
    link_put_head(link, call);
    call_attach(call, &link_ops, link, link->reused);
    link->reused = true;
}

/* The answer is complete: the link is free, or closed; then the call is told. */
static void link_complete(struct h1_link *link)
{
    struct http_call *call = link->call;

    link->call = NULL;
    if (link->keep_alive && call->ended && !call->head.fresh &&
        link->epoch == peer_epoch(link->peer)) {
        link->phase = LINK_IDLE;
        stream_resume(link->stream);
        stream_deadline(link->stream, peer_limits(link->peer)->idle_ms);
        peer_link_free(link->peer, link);
    } else {
        h1_link_close(link);
        peer_link_gone(link->peer, link, OK);
    }
    call_complete(call, HTTP_NO_FIELDS);
}

static bool link_body_is_over(const struct h1_link *link)
{
    if (link->framing == HTTP1_TO_EOF)
        return false;
    return link->framing == HTTP1_CHUNKED ? link->chunked.done : link->left == 0;
}

/* Tell the call of its answer's head, and of its end when there is no body. */
static void link_respond(struct h1_link *link, const struct http1_head *head)
{
    struct http_call *call = link->call;
    struct http_response response = {.status = head->status};
    struct http_field_list list = {.count = 0};
    cocoon_err err = OK;

    for (size_t i = 0; i < head->field_count && err == OK; i++)
        err = http_field_list_add(&list, &call->arena, head->fields[i].name, head->fields[i].value);
    if (err != OK) {
        link_gone(link, ERR_LIMIT, false);
        return;
    }
    response.fields = (struct http_fields){list.list, list.count};
    link->phase = LINK_BODY;
    link->framing = head->body;
    link->left = head->body == HTTP1_LENGTH ? head->content_length : 0;
    link->keep_alive = head->keep_alive && head->body != HTTP1_TO_EOF;
    http1_chunked_init(&link->chunked);
    call_head(call, &response);
    if (link->call == call && link_body_is_over(link))
        link_complete(link);
}

/* Read a head; 0 when it is not all there, or the link is gone. */
static size_t link_read_head(struct h1_link *link, struct slice in)
{
    struct http1_head head;
    struct fail fail;
    size_t used = 0;
    cocoon_err err;

    call_touched(link->call);
    err = http1_response_parse(in, slice_eq_text(link->call->head.method, "HEAD"), &head, &used,
                               &fail);
    if (err == ERR_TRUNCATED)
        return 0;
    if (err == OK && head.status < 200 && (head.status == 101 || ++link->interim > H1_INTERIM_MAX))
        err = ERR_PROTOCOL; /* nobody asked for another protocol */
    if (err != OK) {
        link_gone(link, err == ERR_LIMIT ? ERR_LIMIT : ERR_PROTOCOL, false);
        return 0;
    }
    if (head.status >= 200)
        link_respond(link, &head);
    return used;
}

static size_t link_read_body(struct h1_link *link, struct slice in)
{
    struct http_call *call = link->call;
    struct slice rest = in, piece = in;
    struct fail fail;

    if (call->paused) { /* since before it was sent, perhaps */
        stream_pause(link->stream);
        return 0;
    }
    if (link->framing == HTTP1_CHUNKED) {
        if (http1_chunked_next(&link->chunked, &rest, &piece, &fail) != OK) {
            link_gone(link, ERR_PROTOCOL, false);
            return 0;
        }
    } else {
        if (link->framing == HTTP1_LENGTH)
            piece = slice_sub(in, 0, (size_t)(link->left < in.len ? link->left : in.len));
        rest = slice_skip(in, piece.len);
        link->left -= link->framing == HTTP1_LENGTH ? piece.len : 0;
    }
    if (piece.len > 0)
        call_body(call, piece);
    if (link->call == call && link_body_is_over(link))
        link_complete(link);
    return in.len - rest.len;
}

static size_t link_data(void *owner, struct slice bytes)
{
    struct h1_link *link = owner;
    size_t taken = 0, n = 1;

    while (link->stream != NULL && n > 0 && taken < bytes.len) {
        struct slice rest = slice_skip(bytes, taken);

        if (link->phase == LINK_IDLE) { /* an answer that nobody asked for */
            link_gone(link, ERR_PROTOCOL, false);
            break;
        }
        n = link->phase == LINK_HEAD ? link_read_head(link, rest) : link_read_body(link, rest);
        taken += n;
    }
    return taken;
}

/* A link that dies before any answer came may have been dead before the call was sent. */
static bool link_untouched(const struct h1_link *link)
{
    return link->phase == LINK_HEAD;
}

static void link_eof(void *owner)
{
    struct h1_link *link = owner;

    if (link->phase == LINK_BODY && link->framing == HTTP1_TO_EOF) {
        link->keep_alive = false;
        link_complete(link);
    } else {
        link_gone(link, link->call == NULL ? OK : ERR_CLOSED, link_untouched(link));
    }
}

static void link_drained(void *owner)
{
    struct h1_link *link = owner;

    if (link->call != NULL)
        call_drained(link->call);
}

static void link_closed(void *owner, cocoon_err why)
{
    struct h1_link *link = owner;
    bool idle_end = link->call == NULL && why == ERR_TIMEOUT;

    link->stream = NULL;
    link_gone(link, idle_end ? OK : why, link_untouched(link) && why == ERR_CLOSED);
}

static void link_open(void *owner)
{
    struct h1_link *link = owner;

    if (slice_eq_text(stream_alpn(link->stream), "h2"))
        link_gone(link, ERR_PROTOCOL, false);
}

static const struct stream_events link_events = {
    .on_open = link_open,
    .on_data = link_data,
    .on_eof = link_eof,
    .on_drained = link_drained,
    .on_close = link_closed,
};

struct h1_link *h1_link_dial(struct http_peer *peer)
{
    struct h1_link *link = MEM_NEW(struct h1_link);

    link->peer = peer;
    link->epoch = peer_epoch(peer);
    loop_task_init(&link->bury, http_peer_loop(peer), link_free, link);
    link->stream = peer_dial(peer, &link_events, link);
    return link;
}
