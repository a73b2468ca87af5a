/*
 * Streams of HTTP/2: what waits to be framed, what is held during a pause, and the memory of both.
 */
#include <assert.h>

#include "net/h2.h"

enum { H2_QUEUE_MAX = 128 * 1024 * 1024 }; /* a whole answer at once, twice over */

nghttp2_nv h2_nv(struct slice name, struct slice value)
{
    static const struct slice secrets[] = {
        SLICE_INIT("authorization"), SLICE_INIT("proxy-authorization"), SLICE_INIT("cookie"),
        SLICE_INIT("set-cookie"),    SLICE_INIT("x-api-key"),
    };
    nghttp2_nv nv = {.namelen = name.len, .valuelen = value.len};

    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        if (slice_eq(name, secrets[i]))
            nv.flags = NGHTTP2_NV_FLAG_NO_INDEX; /* kept out of compression's tables */
    nv.name = (uint8_t *)(uintptr_t)name.ptr;    /* nghttp2 only reads them */
    nv.value = (uint8_t *)(uintptr_t)value.ptr;
    return nv;
}

static void h2_stream_show(struct h2_stream *s);

static void h2_stream_turn(void *owner)
{
    struct h2_stream *s = owner;

    if (s->full && queue_len(&s->out) <= STREAM_LOW_WATER) {
        s->full = false;
        s->h2->role->drained(s);
    }
    if (s->link != NULL)
        h2_stream_show(s);
}

static void h2_stream_bury(void *owner)
{
    struct h2_stream *s = owner;

    s->h2->role->free_stream(s);
}

void h2_stream_init(struct h2_stream *s, struct h2 *h2, struct arena *arena)
{
    s->h2 = h2;
    s->arena = arena;
    queue_init(&s->out, H2_QUEUE_MAX);
    buf_init(&s->in, H2_WINDOW);
    loop_task_init(&s->turn, h2->loop, h2_stream_turn, s);
    loop_task_init(&s->bury, h2->loop, h2_stream_bury, s);
    s->next = h2->streams;
    s->link = &h2->streams;
    if (s->next != NULL)
        s->next->link = &s->next;
    h2->streams = s;
    loop_timer_stop(&h2->idle);
}

void h2_stream_free(struct h2_stream *s)
{
    struct h2 *h2 = s->h2;

    assert(s->closed && s->link != NULL);
    *s->link = s->next;
    if (s->next != NULL)
        s->next->link = s->link;
    s->link = NULL;
    loop_task_drop(&s->turn);
    queue_fini(&s->out);
    buf_wipe(&s->in);
    loop_task_queue(&s->bury); /* before that of the connection: tasks run in order */
    if (h2->streams == NULL)
        h2_empty(h2);
}

static bool h2_stream_usable(const struct h2_stream *s)
{
    return !s->closed && s->h2->stream != NULL;
}

bool h2_stream_write(struct h2_stream *s, struct slice bytes)
{
    if (!h2_stream_usable(s))
        return true;
    buf_put(&s->out.bytes, bytes);
    if (buf_ok(&s->out.bytes) != OK)
        h2_stream_reset(s, NGHTTP2_INTERNAL_ERROR);
    if (s->waiting) {
        s->waiting = false;
        nghttp2_session_resume_data(s->h2->session, s->id);
    }
    h2_wake(s->h2);
    s->full = s->full || queue_len(&s->out) > STREAM_HIGH_WATER;
    return !s->full;
}

void h2_stream_end(struct h2_stream *s, struct http_fields trailers)
{
    s->ended = true;
    s->trailers = trailers;
    h2_stream_write(s, slice_make(NULL, 0));
}

void h2_stream_reset(struct h2_stream *s, uint32_t error)
{
    if (!h2_stream_usable(s))
        return;
    nghttp2_submit_rst_stream(s->h2->session, NGHTTP2_FLAG_NONE, s->id, error);
    h2_wake(s->h2);
}

void h2_stream_took(struct h2_stream *s, size_t n)
{
    if (!h2_stream_usable(s))
        return;
    nghttp2_session_consume_stream(s->h2->session, s->id, n);
    h2_wake(s->h2);
}

void h2_stream_tell_end(struct h2_stream *s)
{
    if (!s->peer_ended || s->end_told || s->in.len > 0 || s->link == NULL)
        return;
    s->end_told = true;
    s->h2->role->end(s);
}

/* Show what was held during a pause. */
static void h2_stream_show(struct h2_stream *s)
{
    if (s->in.len > 0 && !s->paused) {
        struct buf held = s->in;

        buf_init(&s->in, H2_WINDOW);
        h2_stream_took(s, held.len);
        s->h2->role->body(s, buf_slice(&held));
        buf_wipe(&held);
    }
    h2_stream_tell_end(s);
}

void h2_stream_set_paused(struct h2_stream *s, bool paused)
{
    s->paused = paused;
    if (!paused)
        loop_task_queue(&s->turn);
}

/* The body's end: in the last DATA frame, or in a frame of trailers after it. */
static int h2_read_end(nghttp2_session *session, struct h2_stream *s, uint32_t *flags)
{
    nghttp2_nv nv[LIMIT_HTTP_FIELDS];

    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (s->trailers.count == 0)
        return 0;
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    for (size_t i = 0; i < s->trailers.count; i++)
        nv[i] = h2_nv(s->trailers.list[i].name, s->trailers.list[i].value);
    return nghttp2_submit_trailer(session, s->id, nv, s->trailers.count);
}

/* nghttp2 asks for body: say how much there is; on_send_data hands it out. */
static ssize_t h2_read_body(nghttp2_session *session, int32_t id, uint8_t *room, size_t size,
                            uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct h2_stream *s = source->ptr;
    size_t len = queue_len(&s->out);

    (void)id;
    (void)room;
    (void)user;
    if (len == 0 && !s->ended) {
        s->waiting = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (len > size)
        return (ssize_t)size;
    if (s->ended && h2_read_end(session, s, flags) != 0)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return (ssize_t)len;
}

nghttp2_data_provider h2_stream_body(struct h2_stream *s)
{
    return (nghttp2_data_provider){.source.ptr = s, .read_callback = h2_read_body};
}
