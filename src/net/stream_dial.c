/* How a stream comes up: name, connection, handshake; see the states in stream_impl.h. */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop_impl.h"
#include "net/stream_impl.h"

enum { DIAL_KEEPALIVE_S = 60 };

/* Small writes leave at once (they are collected by us), and dead peers are noticed in time. */
static void socket_tune(int fd, sa_family_t family)
{
    const int on = 1, idle = DIAL_KEEPALIVE_S, probe = DIAL_KEEPALIVE_S / 6;

    if (family == AF_UNIX)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe, sizeof probe);
}

/* Try the addresses left, one by one, until one does not fail at once. */
static void dial_next(struct stream *s)
{
    cocoon_err why = ERR_REFUSED;

    loop_fd_free(s->watch);
    s->watch = NULL;
    while (s->target < s->targets.count) {
        const struct sockaddr *sa = (const struct sockaddr *)&s->targets.list[s->target];
        socklen_t len = s->targets.lens[s->target++];
        int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        if (fd < 0 || (connect(fd, sa, len) != 0 && errno != EINPROGRESS) ||
            loop_fd_new(s->loop, fd, stream_ready, s, &s->watch) != OK) {
            why = fd < 0 ? ERR_IO : ERR_REFUSED;
            if (fd >= 0)
                close(fd);
            continue;
        }
        s->fd = fd;
        s->state = STREAM_CONNECTING;
        socket_tune(fd, sa->sa_family);
        stream_watch(s);
        return;
    }
    stream_die(s, why);
}

static void dial_resolved(void *owner, const struct resolved *found)
{
    struct stream *s = owner;

    s->resolve = NULL;
    if (found == NULL) {
        stream_die(s, ERR_NOT_FOUND);
        return;
    }
    s->targets = *found;
    dial_next(s);
}

static void dial_start(struct stream *s)
{
    if (addr_sockaddr(&s->addr, &s->targets.list[0], &s->targets.lens[0]) == OK) {
        s->targets.count = 1;
        dial_next(s);
        return;
    }
    s->state = STREAM_RESOLVING;
    s->resolve = resolve_start(s->loop, &s->addr, dial_resolved, s);
    if (s->resolve == NULL)
        stream_die(s, ERR_NOT_FOUND);
}

/* The socket is connected: shake hands, or be up. */
static void stream_connected(struct stream *s)
{
    if (s->tls_ctx == NULL) {
        stream_up(s);
        return;
    }
    s->state = STREAM_SHAKING;
    if (tls_conn_new(s->tls_ctx, s->addr.kind == ADDR_TCP ? s->addr.host : "", &s->wire.bytes,
                     &s->tls) != OK) {
        stream_die(s, ERR_TLS);
        return;
    }
    stream_shake(s, slice_make(NULL, 0));
}

void stream_shake(struct stream *s, struct slice wire)
{
    bool done;
    cocoon_err err;

    tls_conn_feed(s->tls, wire);
    err = tls_conn_handshake(s->tls, &done);
    if (err != OK) { /* an alert tells the peer why, if the socket takes it */
        struct slice alert = buf_slice(&s->wire.bytes);

        if (send(s->fd, alert.ptr, alert.len, MSG_NOSIGNAL) < 0)
            err = err == OK ? ERR_IO : err;
        stream_die(s, err);
        return;
    }
    loop_task_queue(&s->flush);
    if (done)
        stream_up(s);
    else
        stream_watch(s);
}

static void stream_shake_ready(struct stream *s)
{
    ssize_t n = recv(s->fd, s->loop->wire, LOOP_SCRATCH, 0);

    if (n > 0)
        stream_shake(s, slice_make(s->loop->wire, (size_t)n));
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        stream_die(s, ERR_CLOSED);
}

void stream_rise_ready(struct stream *s)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (s->state == STREAM_SHAKING) {
        stream_shake_ready(s);
        return;
    }
    assert(s->state == STREAM_CONNECTING);
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0)
        stream_connected(s);
    else
        dial_next(s);
}

void stream_rise(struct stream *s)
{
    if (s->state != STREAM_NEW)
        return;
    if (s->fd < 0) {
        dial_start(s);
        return;
    }
    if (loop_fd_new(s->loop, s->fd, stream_ready, s, &s->watch) != OK) {
        close(s->fd);
        stream_die(s, ERR_IO);
        return;
    }
    socket_tune(s->fd, s->addr.kind == ADDR_TCP ? AF_INET : AF_UNIX);
    stream_connected(s);
}

struct stream *stream_connect(struct loop *loop, const struct addr *addr, struct tls_ctx *tls,
                              uint32_t deadline_ms, const struct stream_events *events, void *owner)
{
    struct stream *s = stream_new(loop, -1, tls);

    assert(deadline_ms > 0);
    s->addr = *addr;
    s->events = events;
    s->owner = owner;
    loop_timer_set(&s->deadline, deadline_ms);
    return s;
}
