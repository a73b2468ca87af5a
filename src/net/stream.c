#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/num.h"
#include "net/loop_impl.h"
#include "net/stream_impl.h"

enum {
    STREAM_QUEUE_MAX = 128 * 1024 * 1024, /* a whole answer at once, twice over */
    STREAM_WIRE_MAX = 2 * 1024 * 1024,    /* a handshake with the largest evidence */
    STREAM_WIRE_AHEAD = 64 * 1024,        /* encrypt no more than this ahead of the socket */
    STREAM_RECORD = 16 * 1024,            /* RFC 8446 5.1: longest plaintext of a record */
    STREAM_KEEP = 16 * 1024               /* largest empty buffer an idle stream keeps */
};

void stream_watch(struct stream *s)
{
    unsigned want = 0;

    if (s->watch == NULL)
        return;
    if (s->state == STREAM_CONNECTING || s->blocked)
        want |= LOOP_WRITE;
    if (s->state == STREAM_SHAKING || (s->state == STREAM_OPEN && !s->paused && !s->peer_end))
        want |= LOOP_READ;
    loop_fd_want(s->watch, want);
}

static void stream_free(struct stream *s)
{
    tls_conn_free(s->tls);
    tls_ctx_unref(s->tls_ctx);
    queue_fini(&s->plain);
    queue_fini(&s->wire);
    buf_wipe(&s->in);
    mem_free(s);
}

/* Let go of everything but the memory, which the next run of `turn` frees. */
static void stream_bury(struct stream *s)
{
    s->state = STREAM_DEAD;
    s->events = NULL;
    resolve_drop(s->resolve);
    s->resolve = NULL;
    loop_fd_free(s->watch);
    s->watch = NULL;
    loop_timer_stop(&s->deadline);
    loop_timer_stop(&s->stall);
    loop_task_drop(&s->flush);
    loop_task_queue(&s->turn);
}

void stream_die(struct stream *s, cocoon_err why)
{
    const struct stream_events *events = s->events;

    if (s->state == STREAM_DEAD)
        return;
    stream_bury(s);
    if (events != NULL)
        events->on_close(s->owner, why);
}

/* A peer that reset the connection is gone like one that closed it. */
static cocoon_err errno_why(int code)
{
    if (code == ECONNRESET || code == EPIPE || code == ETIMEDOUT)
        return ERR_CLOSED;
    return ERR_IO;
}

/* The peer's end, once everything before it was shown; and the end of both. */
static void stream_end_check(struct stream *s)
{
    if (s->state != STREAM_OPEN || !s->peer_end || s->paused)
        return;
    if (!s->end_told && !s->leaving) {
        s->end_told = true;
        if (s->events == NULL || s->events->on_eof == NULL) {
            stream_die(s, ERR_CLOSED);
            return;
        }
        s->events->on_eof(s->owner);
    }
    if (s->state == STREAM_OPEN && s->fin_sent)
        stream_die(s, OK);
}

/* Hand `bytes` to the owner, again as long as a new owner wants them; return what was taken. */
static size_t stream_offer(struct stream *s, struct slice bytes)
{
    size_t taken = 0;

    do {
        size_t n;

        s->rebound = false;
        n = s->events->on_data(s->owner, slice_skip(bytes, taken));
        assert(n <= bytes.len - taken);
        taken += n;
    } while (s->rebound && s->state == STREAM_OPEN && s->events != NULL && !s->paused &&
             taken < bytes.len);
    return taken;
}

static bool stream_may_show(const struct stream *s)
{
    return s->state == STREAM_OPEN && !s->paused && s->events != NULL;
}

/* A reader that took nothing of the most we keep never will. */
static void stream_in_check(struct stream *s)
{
    if (buf_ok(&s->in) != OK || (stream_may_show(s) && s->in.len >= STREAM_IN_MAX))
        stream_die(s, ERR_LIMIT);
}

/* Show what is kept in `in`. */
static void stream_show(struct stream *s)
{
    if (stream_may_show(s) && s->in.len > 0) {
        buf_drop(&s->in, stream_offer(s, buf_slice(&s->in)));
        stream_in_check(s);
    }
    if (s->in.len == 0 && s->in.room > STREAM_KEEP)
        buf_wipe(&s->in);
    stream_end_check(s);
}

/* Plain bytes came: show them where they lie if nothing stands before them, and keep the rest. */
static void stream_take(struct stream *s, struct slice bytes)
{
    if (s->leaving || bytes.len == 0)
        return;
    if (s->in.len == 0 && stream_may_show(s)) {
        bytes = slice_skip(bytes, stream_offer(s, bytes));
        if (s->state != STREAM_OPEN)
            return;
        buf_put(&s->in, bytes);
        stream_in_check(s);
    } else {
        buf_put(&s->in, bytes);
        stream_show(s);
    }
}

void stream_decrypt(struct stream *s)
{
    uint8_t *plain = s->loop->plain;
    cocoon_err err = OK;
    size_t n = LOOP_SCRATCH;

    while (err == OK && n == LOOP_SCRATCH && s->state == STREAM_OPEN && !s->peer_end) {
        err = tls_conn_read(s->tls, plain, LOOP_SCRATCH, &n, &s->peer_end);
        stream_take(s, slice_make(plain, n));
    }
    if (s->state != STREAM_OPEN)
        return;
    if (err != OK)
        stream_die(s, err);
    else if (s->wire.bytes.len > 0) /* TLS has something to say by itself: a key update */
        loop_task_queue(&s->flush);
}

/* The socket's end: with TLS it must have been announced, or somebody cut the line. */
static void stream_wire_end(struct stream *s)
{
    if (s->tls != NULL && !s->peer_end) {
        stream_die(s, ERR_CLOSED);
        return;
    }
    s->peer_end = true;
    stream_watch(s);
    stream_end_check(s);
}

static void stream_receive(struct stream *s)
{
    ssize_t n = recv(s->fd, s->loop->wire, LOOP_SCRATCH, 0);
    struct slice wire;

    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            stream_die(s, errno_why(errno));
        return;
    }
    if (n == 0) {
        stream_wire_end(s);
        return;
    }
    wire = slice_make(s->loop->wire, (size_t)n);
    if (s->tls == NULL) {
        stream_take(s, wire);
    } else {
        tls_conn_feed(s->tls, wire);
        stream_decrypt(s);
    }
    if (s->state == STREAM_OPEN) {
        stream_watch(s);
        stream_end_check(s);
    }
}

/* Encrypt what writers queued, a bounded way ahead of the socket. */
static cocoon_err stream_encrypt(struct stream *s)
{
    cocoon_err err = OK;

    while (err == OK && queue_len(&s->plain) > 0 && queue_len(&s->wire) < STREAM_WIRE_AHEAD) {
        struct slice plain = queue_slice(&s->plain);
        struct slice record = slice_sub(plain, 0, num_min(plain.len, STREAM_RECORD));

        err = tls_conn_write(s->tls, record);
        queue_gone(&s->plain, record.len);
    }
    if (err == OK && s->shut && !s->notified && queue_len(&s->plain) == 0) {
        s->notified = true;
        tls_conn_shut(s->tls);
    }
    return err;
}

/* Send as much of `q` as the socket takes. */
static cocoon_err stream_send(struct stream *s, struct queue *q)
{
    while (queue_len(q) > 0) {
        struct slice bytes = queue_slice(q);
        ssize_t n = send(s->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        s->blocked = n < 0 && errno == EAGAIN;
        if (n < 0)
            return s->blocked ? OK : errno_why(errno);
        loop_timer_stop(&s->stall);
        queue_gone(q, (size_t)n);
    }
    return OK;
}

/* After a flush: wait for the socket, or go on with what waited for the queue to be short. */
static void stream_flushed(struct stream *s)
{
    stream_watch(s);
    if (s->blocked && !loop_timer_is_set(&s->stall))
        loop_timer_set(&s->stall, STREAM_STALL_MS);
    if (s->state == STREAM_OPEN && s->shut && !s->fin_sent && stream_queued(s) == 0) {
        s->fin_sent = true;
        shutdown(s->fd, SHUT_WR);
        if (s->leaving)
            loop_timer_set(&s->deadline, STREAM_LINGER_MS);
        stream_end_check(s);
    }
    if (s->state == STREAM_OPEN && s->full && stream_queued(s) <= STREAM_LOW_WATER) {
        s->full = false;
        if (s->events != NULL && s->events->on_drained != NULL)
            s->events->on_drained(s->owner);
    }
}

static void stream_flush(void *owner)
{
    struct stream *s = owner;
    cocoon_err err = OK;

    if (s->blocked || (s->state != STREAM_OPEN && s->state != STREAM_SHAKING))
        return;
    do {
        if (s->tls != NULL && s->state == STREAM_OPEN)
            err = stream_encrypt(s);
        if (err == OK)
            err = stream_send(s, s->tls != NULL ? &s->wire : &s->plain);
    } while (err == OK && !s->blocked && s->state == STREAM_OPEN && queue_len(&s->plain) > 0);
    if (err == OK)
        err = buf_ok(&s->plain.bytes);
    if (err != OK)
        stream_die(s, err);
    else
        stream_flushed(s);
}

void stream_ready(void *owner, unsigned ready)
{
    struct stream *s = owner;

    if (s->state != STREAM_OPEN && s->state != STREAM_SHAKING) {
        stream_rise_ready(s);
        return;
    }
    if (ready & LOOP_WRITE) {
        s->blocked = false;
        stream_flush(s);
    }
    if ((ready & LOOP_READ) && s->state == STREAM_SHAKING)
        stream_rise_ready(s);
    else if ((ready & LOOP_READ) && s->state == STREAM_OPEN && !s->paused)
        stream_receive(s);
    else if (s->state == STREAM_OPEN)
        stream_watch(s);
}

void stream_up(struct stream *s)
{
    s->state = STREAM_OPEN;
    loop_timer_stop(&s->deadline);
    if (s->events != NULL && s->events->on_open != NULL)
        s->events->on_open(s->owner);
    if (s->state != STREAM_OPEN)
        return;
    if (queue_len(&s->plain) > 0 || s->shut || s->wire.bytes.len > 0)
        loop_task_queue(&s->flush);
    if (s->tls != NULL)
        stream_decrypt(s);
    else if (!s->paused)
        stream_receive(s); /* what the peer sent with its SYN is often there */
    if (s->state == STREAM_OPEN)
        stream_watch(s);
}

static void stream_turn(void *owner)
{
    struct stream *s = owner;

    if (s->state == STREAM_DEAD)
        stream_free(s);
    else if (s->state == STREAM_OPEN)
        stream_show(s);
    else
        stream_rise(s);
}

static void stream_late(void *owner)
{
    struct stream *s = owner;

    stream_die(s, ERR_TIMEOUT);
}

struct stream *stream_new(struct loop *loop, int fd, struct tls_ctx *tls)
{
    struct stream *s = MEM_NEW(struct stream);

    s->loop = loop;
    s->fd = fd;
    s->tls_ctx = tls == NULL ? NULL : tls_ctx_ref(tls);
    queue_init(&s->plain, STREAM_QUEUE_MAX);
    queue_init(&s->wire, STREAM_WIRE_MAX);
    buf_init(&s->in, 4 * LOOP_SCRATCH); /* a reader pauses after at most one more receipt */
    loop_task_init(&s->turn, loop, stream_turn, s);
    loop_task_init(&s->flush, loop, stream_flush, s);
    loop_timer_init(&s->deadline, loop, stream_late, s);
    loop_timer_init(&s->stall, loop, stream_late, s);
    loop_task_queue(&s->turn);
    return s;
}

void stream_bind(struct stream *s, const struct stream_events *events, void *owner)
{
    assert(s->state != STREAM_DEAD && !s->leaving);
    s->events = events;
    s->owner = owner;
    s->rebound = true;
    s->end_told = false;
    loop_task_queue(&s->turn);
}

struct buf *stream_out(struct stream *s)
{
    assert(!s->shut && s->state != STREAM_DEAD);
    return &s->plain.bytes;
}

bool stream_wrote(struct stream *s)
{
    loop_task_queue(&s->flush);
    if (queue_len(&s->plain) > STREAM_HIGH_WATER)
        s->full = true;
    return !s->full;
}

bool stream_write(struct stream *s, struct slice bytes)
{
    buf_put(stream_out(s), bytes);
    return stream_wrote(s);
}

size_t stream_queued(const struct stream *s)
{
    return queue_len(&s->plain) + queue_len(&s->wire);
}

void stream_pause(struct stream *s)
{
    s->paused = true;
    stream_watch(s);
}

void stream_resume(struct stream *s)
{
    if (s->paused) {
        s->paused = false;
        stream_watch(s);
        loop_task_queue(&s->turn);
    } else if (s->in.len > 0) {
        loop_task_queue(&s->turn);
    }
}

void stream_shut(struct stream *s)
{
    s->shut = true;
    loop_task_queue(&s->flush);
}

void stream_close(struct stream *s)
{
    if (s != NULL && s->state != STREAM_DEAD)
        stream_bury(s);
}

void stream_leave(struct stream *s)
{
    if (s->state != STREAM_OPEN) {
        stream_close(s);
        return;
    }
    s->events = NULL;
    s->leaving = true;
    s->paused = false;
    buf_clear(&s->in);
    stream_deadline(s, STREAM_STALL_MS);
    stream_watch(s);
    stream_shut(s);
}

void stream_deadline(struct stream *s, uint32_t ms)
{
    if (ms == 0)
        loop_timer_stop(&s->deadline);
    else
        loop_timer_set(&s->deadline, ms);
}

struct loop *stream_loop(const struct stream *s)
{
    return s->loop;
}

void stream_peer(const struct stream *s, struct addr *out)
{
    *out = s->addr;
}

struct slice stream_alpn(const struct stream *s)
{
    return s->tls == NULL ? slice_make(NULL, 0) : tls_conn_alpn(s->tls);
}

struct slice stream_peer_cert(const struct stream *s)
{
    return s->tls == NULL ? slice_make(NULL, 0) : tls_conn_peer_cert(s->tls);
}

cocoon_err stream_peer_spki(const struct stream *s, struct digest *out)
{
    struct slice cert = stream_peer_cert(s);

    return cert.len == 0 ? ERR_MISSING : tls_spki_digest(cert, out);
}

cocoon_err stream_own_spki(const struct stream *s, struct digest *out)
{
    if (s->tls == NULL || !tls_ctx_own_spki(tls_conn_ctx(s->tls), out))
        return ERR_MISSING;
    return OK;
}

cocoon_err stream_export(const struct stream *s, const char *label, struct slice context,
                         struct digest *out)
{
    return s->tls == NULL ? ERR_TLS : tls_conn_export(s->tls, label, context, out);
}
