/*
 * nghttp2 is entered from two places only: h2_data (bytes came) and h2_send (a task). Its callbacks
 * run our users' code, which may submit more, and may even end the connection; memory therefore is
 * freed by tasks, never in between, and a callback that finds the connection gone stops nghttp2.
 */
#include "net/h2.h"

#include <assert.h>

enum {
    H2_RESETS_BURST = 1000, /* streams that a peer may reset at once, and then each second */
    H2_RESETS_RATE = 33,
    H2_PATIENCE = 100, /* a tunnel carries many strangers' resets: that many times more */
    H2_FRAME_HEAD = 9
};

/* What callbacks return: go on, or stop because the connection is gone. */
static int h2_go_on(const struct h2 *h2)
{
    return h2->stream != NULL ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

void h2_wake(struct h2 *h2)
{
    if (h2->stream != NULL)
        loop_task_queue(&h2->send);
}

static cocoon_err h2_why(uint32_t error)
{
    switch (error) {
    case NGHTTP2_NO_ERROR:
        return OK;
    case NGHTTP2_CANCEL:
    case NGHTTP2_REFUSED_STREAM:
        return ERR_CANCELED;
    case NGHTTP2_ENHANCE_YOUR_CALM:
        return ERR_BUSY;
    default:
        return ERR_PROTOCOL;
    }
}

void h2_empty(struct h2 *h2)
{
    if (h2->stream == NULL) {
        loop_task_queue(&h2->bury);
        return;
    }
    if (h2->limits.idle_ms > 0)
        loop_timer_set(&h2->idle, h2->limits.idle_ms);
    h2_wake(h2); /* which ends a connection that drains */
}

/* The connection's own queue is long: the rest stays in nghttp2 and in the streams' queues. */
static bool h2_congested(const struct h2 *h2)
{
    return stream_queued(h2->stream) > STREAM_HIGH_WATER;
}

static ssize_t on_send(nghttp2_session *session, const uint8_t *bytes, size_t len, int flags,
                       void *user)
{
    struct h2 *h2 = user;

    (void)session;
    (void)flags;
    if (h2_congested(h2))
        return NGHTTP2_ERR_WOULDBLOCK;
    stream_write(h2->stream, slice_make(bytes, len));
    return (ssize_t)len;
}

static int on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head,
                        size_t len, nghttp2_data_source *source, void *user)
{
    struct h2 *h2 = user;
    struct h2_stream *s = source->ptr;
    struct buf *out;

    (void)session;
    assert(frame->data.padlen == 0);
    if (h2_congested(h2))
        return NGHTTP2_ERR_WOULDBLOCK;
    out = stream_out(h2->stream);
    buf_put(out, slice_make(head, H2_FRAME_HEAD));
    buf_put(out, slice_sub(queue_slice(&s->out), 0, len));
    stream_wrote(h2->stream);
    queue_gone(&s->out, len);
    if (s->full && queue_len(&s->out) <= STREAM_LOW_WATER)
        loop_task_queue(&s->turn);
    return 0;
}

static struct h2_stream *h2_find(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2 *h2 = user;
    struct h2_stream *s = h2_find(session, frame->hd.stream_id);

    if (s == NULL && h2->role->server) {
        if (h2->draining) /* GOAWAY has told, or will, that it never began */
            return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                             NGHTTP2_REFUSED_STREAM);
        s = h2->role->begin(h2, frame->hd.stream_id);
        s->id = frame->hd.stream_id;
        nghttp2_session_set_stream_user_data(session, s->id, s);
    }
    h2->fields.count = h2->fields.bytes = 0;
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
    struct h2 *h2 = user;
    struct h2_stream *s = h2_find(session, frame->hd.stream_id);

    (void)flags;
    if (s == NULL || s->arena == NULL || s->too_long)
        return 0;
    if (name_len > 0 && name[0] == ':')
        h2->role->pseudo(s, slice_make(name, name_len), slice_make(value, value_len));
    else if (http_field_list_add(&h2->fields, s->arena, slice_make(name, name_len),
                                 slice_make(value, value_len)) != OK)
        s->too_long = true;
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t len, void *user)
{
    struct h2 *h2 = user;
    struct h2_stream *s = h2_find(session, id);

    (void)flags;
    nghttp2_session_consume_connection(session, len);
    if (s == NULL)
        return 0;
    if (s->paused || s->in.len > 0) {
        buf_put(&s->in, slice_make(bytes, len));
        assert(buf_ok(&s->in) == OK); /* nghttp2 keeps the peer within its window */
        return 0;
    }
    h2_stream_took(s, len);
    h2->role->body(s, slice_make(bytes, len));
    return h2_go_on(h2);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2 *h2 = user;
    struct h2_stream *s = h2_find(session, frame->hd.stream_id);

    if (frame->hd.type == NGHTTP2_GOAWAY) {
        h2->draining = true;
        h2->role->goaway(h2);
        h2_wake(h2);
    } else if (s != NULL && frame->hd.type == NGHTTP2_HEADERS) {
        h2->role->head(s);
    }
    if (h2->stream != NULL && s != NULL && s->link != NULL &&
        (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        s->peer_ended = true;
        h2_stream_tell_end(s);
    }
    return h2_go_on(h2);
}

/* A server that has answered wants no more of the request (RFC 9113 8.1). */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2 *h2 = user;
    struct h2_stream *s = h2_find(session, frame->hd.stream_id);

    if (s == NULL || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) ||
        (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
        return 0;
    s->end_sent = true;
    if (h2->role->server && !s->peer_ended)
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
    struct h2 *h2 = user;
    struct h2_stream *s = h2_find(session, id);

    if (s == NULL)
        return 0;
    s->closed = true;
    h2->role->closed(s, h2_why(error), error == NGHTTP2_REFUSED_STREAM);
    return h2_go_on(h2);
}

/* Let go of the stream and of every h2_stream that nghttp2 still knew. */
static void h2_end(struct h2 *h2, cocoon_err why)
{
    struct h2_stream *s = h2->streams;

    h2->stream = NULL;
    loop_timer_stop(&h2->ping);
    loop_timer_stop(&h2->idle);
    loop_task_drop(&h2->send);
    while (s != NULL) {
        struct h2_stream *next = s->next;

        if (!s->closed) {
            s->closed = true;
            h2->role->closed(s, why == OK ? ERR_CLOSED : why, false);
        }
        s = next;
    }
    if (h2->streams == NULL)
        h2_empty(h2);
}

void h2_die(struct h2 *h2, cocoon_err why)
{
    if (h2->stream == NULL)
        return;
    stream_leave(h2->stream);
    h2_end(h2, why);
    h2->role->gone(h2, why);
}

void h2_close(struct h2 *h2)
{
    if (h2->stream == NULL)
        return;
    stream_close(h2->stream);
    h2_end(h2, ERR_CANCELED);
}

void h2_drain(struct h2 *h2)
{
    if (h2->stream == NULL || h2->draining)
        return;
    h2->draining = true;
    nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(h2->session), NGHTTP2_NO_ERROR,
                          NULL, 0);
    h2_wake(h2);
}

static void h2_send(void *owner)
{
    struct h2 *h2 = owner;

    if (nghttp2_session_send(h2->session) != 0)
        h2_die(h2, ERR_PROTOCOL);
    else if (!nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session))
        h2_die(h2, h2->draining ? OK : ERR_PROTOCOL); /* it has said GOAWAY to a rule breaker */
    else if (h2->draining && h2->streams == NULL && !h2_congested(h2))
        h2_die(h2, OK);
}

static size_t h2_data(void *owner, struct slice bytes)
{
    struct h2 *h2 = owner;
    ssize_t n = nghttp2_session_mem_recv(h2->session, bytes.ptr, bytes.len);

    if (h2->stream == NULL)
        return bytes.len;
    if (n < 0) {
        h2_die(h2, ERR_PROTOCOL);
        return bytes.len;
    }
    h2->pinged = false;
    if (h2->limits.ping_ms > 0)
        loop_timer_set(&h2->ping, h2->limits.ping_ms);
    h2_wake(h2);
    return bytes.len;
}

/* The other side's end, which is all right when it was announced and nothing was cut short. */
static cocoon_err h2_end_why(const struct h2 *h2, cocoon_err why)
{
    if (why != OK && why != ERR_CLOSED)
        return why;
    return h2->draining && h2->streams == NULL ? OK : ERR_CLOSED;
}

static void h2_eof(void *owner)
{
    struct h2 *h2 = owner;

    h2_die(h2, h2_end_why(h2, OK));
}

static void h2_drained(void *owner)
{
    h2_wake(owner);
}

static void h2_closed(void *owner, cocoon_err why)
{
    struct h2 *h2 = owner;

    why = h2_end_why(h2, why);
    h2_end(h2, why);
    h2->role->gone(h2, why);
}

static const struct stream_events h2_events = {
    .on_data = h2_data,
    .on_eof = h2_eof,
    .on_drained = h2_drained,
    .on_close = h2_closed,
};

/* Nothing came for ping_ms: ask whether anybody is there. */
static void h2_quiet(void *owner)
{
    struct h2 *h2 = owner;

    if (h2->pinged) {
        h2_die(h2, ERR_TIMEOUT);
        return;
    }
    h2->pinged = true;
    nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, NULL);
    loop_timer_set(&h2->ping, h2->limits.ping_ms);
    h2_wake(h2);
}

static void h2_idle(void *owner)
{
    struct h2 *h2 = owner;

    h2->role->goaway(h2);
    h2_drain(h2);
}

static void h2_bury(void *owner)
{
    struct h2 *h2 = owner;

    nghttp2_session_del(h2->session);
    h2->role->free(h2);
}

static int session_new(struct h2 *h2, const nghttp2_session_callbacks *callbacks,
                       const nghttp2_option *option)
{
    return h2->role->server ? nghttp2_session_server_new2(&h2->session, callbacks, h2, option)
                            : nghttp2_session_client_new2(&h2->session, callbacks, h2, option);
}

/* nghttp2 fails here only for want of memory, which ends the program as everywhere. */
static void h2_session(struct h2 *h2, bool patient)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    uint64_t patience = patient ? H2_PATIENCE : 1;
    int rc;

    rc = nghttp2_session_callbacks_new(&callbacks) | nghttp2_option_new(&option);
    assert(rc == 0);
    nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_stream_reset_rate_limit(option, H2_RESETS_BURST * patience,
                                               H2_RESETS_RATE * patience);
    rc = session_new(h2, callbacks, option);
    assert(rc == 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
}

static void h2_settings(struct h2 *h2)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, LIMIT_HTTP_HEAD + 32 * LIMIT_HTTP_FIELDS},
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, h2->limits.streams},
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, /* left out by servers, which may not send it */
    };
    size_t count = sizeof settings / sizeof settings[0] - (h2->role->server ? 1 : 0);
    int rc = nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings, count);

    assert(rc == 0);
    rc = nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0, H2_CONN_WINDOW);
    assert(rc == 0);
}

void h2_init(struct h2 *h2, const struct h2_role *role, struct stream *s,
             const struct http_limits *limits, bool patient)
{
    *h2 = (struct h2){.role = role, .loop = stream_loop(s), .stream = s, .limits = *limits};
    if (patient)
        h2->limits.idle_ms = 0;
    loop_task_init(&h2->send, h2->loop, h2_send, h2);
    loop_task_init(&h2->bury, h2->loop, h2_bury, h2);
    loop_timer_init(&h2->ping, h2->loop, h2_quiet, h2);
    loop_timer_init(&h2->idle, h2->loop, h2_idle, h2);
    h2_session(h2, patient);
    h2_settings(h2);
    stream_bind(s, &h2_events, h2);
    if (h2->limits.ping_ms > 0)
        loop_timer_set(&h2->ping, h2->limits.ping_ms);
    h2_empty(h2);
}
