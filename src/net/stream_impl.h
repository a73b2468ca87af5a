/*
 * Inside struct stream: stream.c moves the bytes, stream_dial.c brings a stream up, listener.c
 * accepts.
 *
 *   NEW ──task──▶ RESOLVING ──▶ CONNECTING ──▶ SHAKING (TLS) ──▶ OPEN ──▶ DEAD ──task──▶ freed
 *   accepted: NEW ──task─────────────────────▶ SHAKING or OPEN
 *
 * A dead stream stays in memory until its task runs, so callbacks may close it while its own code
 * is on the stack; that code looks at `state` after every callback.
 */
#ifndef NET_STREAM_IMPL_H
#define NET_STREAM_IMPL_H

#include "net/queue.h"
#include "net/resolve.h"
#include "net/stream.h"
#include "net/tls_impl.h"

enum stream_state {
    STREAM_NEW,
    STREAM_RESOLVING,
    STREAM_CONNECTING,
    STREAM_SHAKING,
    STREAM_OPEN,
    STREAM_DEAD
};

struct stream {
    struct loop *loop;
    enum stream_state state;
    const struct stream_events *events; /* NULL: nobody is interested (any more) */
    void *owner;

    int fd; /* -1 before there is one; owned by `watch` once that exists */
    struct loop_fd *watch;
    struct addr addr; /* the peer */
    struct resolve *resolve;
    struct resolved targets; /* addresses still to be tried */
    size_t target;

    struct tls_ctx *tls_ctx; /* until the handshake starts */
    struct tls_conn *tls;

    struct queue plain; /* queued by writers; sent as it is without TLS */
    struct queue wire;  /* TLS records */
    struct buf in;      /* shown, but not taken */

    struct loop_task turn;      /* whatever is next: come up, show again, free */
    struct loop_task flush;     /* at the end of the turn */
    struct loop_timer deadline; /* the owner's, or ours while coming up */
    struct loop_timer stall;    /* queued bytes that make no progress */

    bool paused;   /* no on_data */
    bool rebound;  /* stream_bind was called: show again */
    bool full;     /* a writer was told to pause */
    bool blocked;  /* the socket takes no more: wait until it does */
    bool peer_end; /* the peer's end came */
    bool end_told; /* on_eof came */
    bool shut;     /* our end is wanted */
    bool notified; /* close_notify was queued */
    bool fin_sent;
    bool leaving;
};

/* Make a stream in state NEW, with its task queued. Takes `fd`, which may be -1. */
struct stream *stream_new(struct loop *loop, int fd, struct tls_ctx *tls);

/* Die: `why` goes to on_close. The caller returns at once. */
void stream_die(struct stream *s, cocoon_err why);

/* The next step of a stream that is not up (stream_dial.c). */
void stream_rise(struct stream *s);

/* The socket became ready while the stream was not up; and wire bytes for the handshake. */
void stream_rise_ready(struct stream *s);
void stream_shake(struct stream *s, struct slice wire);

/* The stream is up: tell, and show what came with the handshake. */
void stream_up(struct stream *s);

/* Ready for reading or writing (the watch's callback), and what to watch for. */
void stream_ready(void *owner, unsigned ready);
void stream_watch(struct stream *s);

/* Decrypt what was lent to TLS, and show it. */
void stream_decrypt(struct stream *s);

#endif
