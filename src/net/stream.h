/*
 * struct stream: a two-way flow of bytes over TCP, a unix socket, or TLS over either.
 *
 * Life: made by stream_connect or handed out by a listener; `on_open` once it is connected and TLS
 * is established; then data; then either the owner calls stream_close or stream_leave, after which
 * it gets no callback more, or `on_close` says why the stream died. The pointer is dead after any
 * of the three. Whoever holds the stream may hand it on with stream_bind.
 *
 * Writes never block and never fail: they are queued, and leave together at the end of the turn.
 * A writer stops when stream_write returns false and goes on at `on_drained`. A peer that takes no
 * byte for STREAM_STALL_MS closes the stream with ERR_TIMEOUT.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "net/addr.h"
#include "net/loop.h"
#include "net/tls.h"

enum {
    STREAM_HIGH_WATER = 128 * 1024, /* queued bytes above which a writer should pause */
    STREAM_LOW_WATER = 32 * 1024,   /* and below which it hears on_drained */
    STREAM_IN_MAX = 64 * 1024,      /* bytes kept for a reader that took only a part */
    STREAM_STALL_MS = 30 * 1000,    /* longest time without progress of queued bytes */
    STREAM_LINGER_MS = 2 * 1000     /* how long stream_leave waits for the peer's end */
};

struct stream;

struct stream_events {
    void (*on_open)(void *owner); /* may be NULL */

    /*
     * Return how many of `bytes` were taken; the rest is shown again, with more behind it, when
     * more has come (at once after stream_bind or stream_resume). The bytes live until the return.
     * A reader that takes none of STREAM_IN_MAX bytes kills the stream with ERR_LIMIT.
     */
    size_t (*on_data)(void *owner, struct slice bytes);

    /* The peer will send no more, and ended cleanly. NULL: close with ERR_CLOSED. */
    void (*on_eof)(void *owner);

    void (*on_drained)(void *owner); /* may be NULL */

    /*
     * The stream is gone. ERR_REFUSED, ERR_NOT_FOUND (no such name), ERR_TIMEOUT, ERR_TLS,
     * ERR_CLOSED (the peer went away), ERR_IO, ERR_LIMIT.
     */
    void (*on_close)(void *owner, cocoon_err why);
};

/*
 * Connect to `addr`, with TLS when `tls` is not NULL, all within `deadline_ms`. Never fails here:
 * on_close comes later. `tls` is referenced; its server name is the host of `addr`.
 */
struct stream *stream_connect(struct loop *loop, const struct addr *addr, struct tls_ctx *tls,
                              uint32_t deadline_ms, const struct stream_events *events,
                              void *owner);

/* Give the stream new events and a new owner. Bytes not yet taken are shown to them. */
void stream_bind(struct stream *s, const struct stream_events *events, void *owner);

/* Queue `bytes` (copied). False when more than STREAM_HIGH_WATER now wait: pause until on_drained.
 */
bool stream_write(struct stream *s, struct slice bytes);

/*
 * For a writer that builds in place: the end of the queue, to append to before anything else
 * happens, then stream_wrote, which returns what stream_write would.
 */
struct buf *stream_out(struct stream *s);
bool stream_wrote(struct stream *s);

/* Bytes queued and not yet taken by the system. */
size_t stream_queued(const struct stream *s);

/*
 * Show no data, nor the peer's end, until stream_resume: the system's buffers then hold the peer
 * back. stream_resume also shows again what was not taken.
 */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);

/* Send what is queued and then our end (FIN, close_notify); reading goes on. */
void stream_shut(struct stream *s);

/* Close now; what is queued is lost. NULL is fine. */
void stream_close(struct stream *s);

/* Give the stream up politely: what is queued and our end are still sent, input is thrown away. */
void stream_leave(struct stream *s);

/* Close with ERR_TIMEOUT in `ms` unless called again before; 0 takes the deadline away. */
void stream_deadline(struct stream *s, uint32_t ms);

struct loop *stream_loop(const struct stream *s);
void stream_peer(const struct stream *s, struct addr *out);

/* The protocol ALPN chose, empty without. */
struct slice stream_alpn(const struct stream *s);

/* The peer's leaf certificate, borrowed from the stream; empty when it showed none. */
struct slice stream_peer_cert(const struct stream *s);

/* SHA-256 of the peer's SubjectPublicKeyInfo. ERR_MISSING when it showed no certificate. */
cocoon_err stream_peer_spki(const struct stream *s, struct digest *out) MUST_CHECK;

/* SHA-256 of our own. ERR_MISSING when we showed none. */
cocoon_err stream_own_spki(const struct stream *s, struct digest *out) MUST_CHECK;

/* RFC 8446 7.5 exporter: 32 bytes for `label` and `context`. ERR_TLS when there is no TLS here. */
cocoon_err stream_export(const struct stream *s, const char *label, struct slice context,
                         struct digest *out) MUST_CHECK;

/*
 * A listener hands out streams that were accepted and, with TLS, still have to shake hands within
 * LISTENER_OPEN_MS. `on_stream` must bind the stream, or close it.
 */
enum { LISTENER_OPEN_MS = 10 * 1000 };

struct listener;

struct listener_params {
    struct addr at;      /* TCP port 0: the system chooses */
    struct tls_ctx *tls; /* NULL: plain */
    bool share;          /* SO_REUSEPORT: one listener a loop on the same port */
    void (*on_stream)(void *owner, struct stream *s);
    void *owner;
};

/* ERR_IO when the address cannot be had (a stale unix path is replaced), ERR_NOT_FOUND. */
cocoon_err listener_open(struct loop *loop, const struct listener_params *params,
                         struct listener **out) MUST_CHECK;
void listener_close(struct listener *l); /* NULL is fine; streams live on */

/* The address listened on, the chosen port included. */
void listener_addr(const struct listener *l, struct addr *out);

/* Use `tls` for the streams accepted from now on (certificate renewal). */
void listener_set_tls(struct listener *l, struct tls_ctx *tls);

/* Accept nothing while `paused`: the system's backlog holds newcomers. */
void listener_pause(struct listener *l, bool paused);

#endif
