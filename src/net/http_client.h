/*
 * HTTP client: calls to a peer.
 *
 * A peer is one address and how to speak there; it keeps connections and reuses them (HTTP/1.1: a
 * pool; HTTP/2: one connection that all calls share). A call ends in exactly one of on_end and
 * on_error, or by http_call_cancel, after which nothing comes; it is dead then.
 *
 * Retries: a call sent on a kept HTTP/1.1 connection that dies before the first byte of the answer
 * is sent again once, on a fresh one (some engines close after a stream although they announced
 * keep-alive); HTTP/2 calls that the server says it never began (REFUSED_STREAM, GOAWAY) likewise.
 * Nothing else is ever sent twice.
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "base/arena.h"
#include "net/http.h"
#include "net/stream.h"

struct http_call;
struct http_peer;

struct http_peer_params {
    struct addr at;
    struct tls_ctx *tls;              /* NULL: plain. Referenced */
    bool http2;                       /* TLS: offer h2 in ALPN and check; plain: prior knowledge */
    const struct http_limits *limits; /* NULL: http_client_limits */
    uint32_t connect_ms;              /* name, TCP and TLS together (0: 10 s) */
    uint32_t connections;             /* HTTP/1.1: most at once; further calls wait (0: 64) */
    uint32_t waiting;                 /* calls that may wait; more get ERR_BUSY (0: 1024) */
};

struct http_peer *http_peer_new(struct loop *loop, const struct http_peer_params *params);

/*
 * The peer at the other end of an open stream, over HTTP/2: the proxy's end of a worker's tunnel.
 * `on_down` comes once, after every call got its on_error, when the stream is gone or the other end
 * said it goes away and the last call ended; the peer takes no calls then but still is to be freed.
 */
struct http_peer *http_peer_on_stream(struct stream *s, const struct http_limits *limits,
                                      void (*on_down)(void *owner, cocoon_err why), void *owner);

/* Close its connections; calls under way hear ERR_CANCELED before this returns. NULL is fine. */
void http_peer_free(struct http_peer *peer);

/* Use `tls` for connections made from now on; those in use end with their calls. */
void http_peer_set_tls(struct http_peer *peer, struct tls_ctx *tls);

struct loop *http_peer_loop(const struct http_peer *peer);

/* False when calls would fail at once: on a stream that is gone or going away. */
bool http_peer_ready(const struct http_peer *peer);

const struct http_metrics *http_peer_metrics(const struct http_peer *peer);

struct http_call_events {
    void (*on_head)(void *owner, const struct http_response *head); /* lives until the return */
    void (*on_body)(void *owner, struct slice bytes);               /* lives until the return */
    void (*on_drained)(void *owner);                                /* may be NULL */
    void (*on_end)(void *owner, struct http_fields trailers);

    /*
     * ERR_REFUSED, ERR_NOT_FOUND, ERR_TLS: no connection. ERR_TIMEOUT: a deadline. ERR_CLOSED: the
     * peer went away. ERR_CANCELED: it reset the call. ERR_PROTOCOL: it broke HTTP. ERR_LIMIT: the
     * answer is too large. ERR_BUSY: too many calls wait.
     */
    void (*on_error)(void *owner, cocoon_err why);
};

struct http_call_params {
    struct slice method;
    struct slice target;    /* path and query, as sent */
    struct slice authority; /* empty: from the peer's address */
    struct http_fields fields;
    bool fresh;        /* on a connection of its own, closed after (HTTP/1.1) */
    bool no_body;      /* the request ends with its head: http_call_end is not called */
    uint32_t first_ms; /* to the head of the answer (0: limits.head_ms) */
    uint32_t whole_ms; /* to its end (0: limits.whole_ms) */
};

/*
 * Start a call; everything in `params` is copied. Callbacks come later, never from here. Without
 * content-length the body is framed by the protocol.
 */
struct http_call *http_call_start(struct http_peer *peer, const struct http_call_params *params,
                                  const struct http_call_events *events, void *owner);

/* Send a piece of body (copied); false: pause until on_drained. Then the end. */
bool http_call_write(struct http_call *call, struct slice bytes);
void http_call_end(struct http_call *call, struct http_fields trailers);
size_t http_call_queued(const struct http_call *call);

/* Hold back, and let come again, the answer's body (not its end, when all of it was shown). */
void http_call_pause(struct http_call *call);
void http_call_resume(struct http_call *call);

/* Break the call off: HTTP/2 resets the stream, HTTP/1.1 closes the connection. NULL is fine. */
void http_call_cancel(struct http_call *call);

/*
 * One whole call with one whole answer of at most `max` bytes: `on_answer` comes exactly once; on
 * success `err` is OK and `head` and `body` live until the return. Cancel with http_fetch_cancel
 * before that.
 */
struct http_fetch;
typedef void http_answer_fn(void *owner, cocoon_err err, const struct http_response *head,
                            struct slice body);
struct http_fetch *http_fetch(struct http_peer *peer, const struct http_call_params *params,
                              struct slice body, size_t max, http_answer_fn *on_answer,
                              void *owner);
void http_fetch_cancel(struct http_fetch *fetch);

#endif
