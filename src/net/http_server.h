/*
 * HTTP server: HTTP/1.1 and HTTP/2 on one port, TCP or unix, plain or TLS.
 *
 * The handler is called once the head of a request is there. It answers at once, or keeps `x`,
 * binds events to it and answers later. An exchange is dead after `on_done`, which comes exactly
 * once to an exchange with events; without events, it is dead when the handler's answer is
 * complete.
 *
 *   static void hello(void *owner, struct http_exchange *x)
 *   {
 *       http_answer(x, 200, "text/plain", SLICE_LIT("hello\n"));
 *   }
 */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "base/arena.h"
#include "net/http.h"
#include "net/stream.h"

struct http_exchange;
struct http_server;

typedef void http_handler(void *owner, struct http_exchange *x);

struct http_exchange_events {
    /* A piece of the request's body, in order; it lives until the return. NULL: body is thrown
     * away. */
    void (*on_body)(void *owner, struct slice bytes);

    /* The request is complete. May be NULL. */
    void (*on_end)(void *owner, struct http_fields trailers);

    /* The answer's queue fell below its low water. May be NULL. */
    void (*on_drained)(void *owner);

    /*
     * The exchange is over and `x` dead: OK when all of the answer was handed to the transport;
     * else the caller went away (ERR_CANCELED), broke HTTP (ERR_PROTOCOL), sent too much
     * (ERR_LIMIT; it got 413), a deadline passed (ERR_TIMEOUT), or the answer broke its own
     * content-length (ERR_RANGE) or had an invalid field (ERR_MALFORMED).
     */
    void (*on_done)(void *owner, cocoon_err why);
};

/* The request; lives as long as `x`. */
const struct http_request *http_exchange_request(const struct http_exchange *x);

/* Memory that lives as long as `x`, capped at HTTP_EXCHANGE_ARENA. */
enum { HTTP_EXCHANGE_ARENA = 64 * 1024 };
struct arena *http_exchange_arena(struct http_exchange *x);

struct loop *http_exchange_loop(const struct http_exchange *x);

/* The stream the exchange runs on: for its peer's address, certificate and exporter only. */
struct stream *http_exchange_stream(const struct http_exchange *x);

/* Set who hears of `x` from now on: in the handler, before it returns. */
void http_exchange_bind(struct http_exchange *x, const struct http_exchange_events *events,
                        void *owner);

/*
 * Read the whole body, at most `max` bytes of it, then call `on_body(owner, body)` once; a longer
 * one is answered 413. Instead of http_exchange_bind; `on_done` may be NULL. Both may come.
 */
void http_exchange_collect(struct http_exchange *x, size_t max,
                           void (*on_body)(void *owner, struct slice body),
                           void (*on_done)(void *owner, cocoon_err why), void *owner);

/*
 * Hold back, and let come again, the request's body (not its end, when all of it was shown). Over
 * HTTP/1.1 a caller that goes away meanwhile is noticed only when the answer is written, or then.
 */
void http_exchange_pause(struct http_exchange *x);
void http_exchange_resume(struct http_exchange *x);

/*
 * The answer: head, pieces of body, end. A body after 204, 304 or to HEAD is counted but not sent.
 * Without content-length the body is framed by the protocol. Invalid fields end the exchange with
 * ERR_MALFORMED. After http_exchange_end the request's remaining body is thrown away.
 */
void http_exchange_head(struct http_exchange *x, unsigned status, struct http_fields fields);
bool http_exchange_write(struct http_exchange *x, struct slice bytes);
void http_exchange_end(struct http_exchange *x, struct http_fields trailers);

/* Bytes of the answer that wait to be sent. */
size_t http_exchange_queued(const struct http_exchange *x);

/* True once http_exchange_head was called. */
bool http_exchange_answered(const struct http_exchange *x);

/* The whole answer in one call. */
void http_answer(struct http_exchange *x, unsigned status, const char *content_type,
                 struct slice body);

/*
 * The whole answer, in the error form of OpenAI's API:
 * {"error":{"message":…,"type":…,"code":…,"param":null}}; `type` follows from the status. Carries
 * x-request-id: the caller's own, or one drawn here.
 */
void http_answer_error(struct http_exchange *x, unsigned status, const char *code,
                       const char *message);

/* Break the exchange off, so that the caller sees that its answer is not complete. No callback
 * follows. */
void http_exchange_abort(struct http_exchange *x);

struct http_server_params {
    const struct http_limits *limits; /* NULL: http_server_limits */
    uint32_t connections;             /* most at once; newcomers wait in the backlog (0: 4096) */
    http_handler *handler;

    /*
     * A TLS peer chose `raw_alpn` (may be NULL): the open stream is handed over, to be bound or
     * closed. The worker tunnel comes in this way.
     */
    const char *raw_alpn;
    void (*on_raw)(void *owner, struct stream *s);

    void *owner;
};

struct http_server *http_server_new(struct loop *loop, const struct http_server_params *params);

/* Listen on one more address. The context's ALPN should name "h2", "http/1.1" and raw_alpn. */
cocoon_err http_server_listen(struct http_server *server, const struct addr *at,
                              struct tls_ctx *tls, bool share, struct addr *bound) MUST_CHECK;

/* Use `tls` on every TLS listener from now on. */
void http_server_set_tls(struct http_server *server, struct tls_ctx *tls);

/* Serve HTTP on a stream that is open already: HTTP/1.1 or HTTP/2 as it begins. */
void http_server_adopt(struct http_server *server, struct stream *s);

/*
 * Take no new connection or request, let those under way end, then call `done(owner)` once; after
 * `ms` what is left is cut. Idle connections are closed, HTTP/2 ones with GOAWAY.
 */
void http_server_drain(struct http_server *server, uint32_t ms, loop_fn *done, void *owner);

/* Cut everything; exchanges hear ERR_CANCELED before this returns. NULL is fine. */
void http_server_free(struct http_server *server);

const struct http_metrics *http_server_metrics(const struct http_server *server);

/*
 * One HTTP/2 server on one open stream: the worker's end of its tunnel, where the end that dialled
 * is the one that serves. `on_down` comes once, when the stream is gone, unless freed before.
 */
struct http_tunnel;
struct http_tunnel *http_tunnel_serve(struct stream *s, const struct http_limits *limits,
                                      http_handler *handler,
                                      void (*on_down)(void *owner, cocoon_err why), void *owner);

/* Send GOAWAY: exchanges under way go on, then the stream closes and on_down comes. */
void http_tunnel_drain(struct http_tunnel *t);
void http_tunnel_free(struct http_tunnel *t); /* NULL is fine */

const struct http_metrics *http_tunnel_metrics(const struct http_tunnel *t);

#endif
