/*
 * Inside one exchange of a server: what HTTP/1.1 and HTTP/2 have in common.
 *
 * The transport (h1_server.c, h2_server.c) embeds a struct http_exchange, fills in the request and
 * calls exchange_begin, then exchange_body and exchange_complete as the body comes,
 * exchange_drained as the answer leaves, exchange_lost when it can go no further. It hears through
 * its ops. The user is told of the end from a task, never from within a call of its own; then
 * ops->over lets the transport go on.
 */
#ifndef NET_HTTP_EXCHANGE_H
#define NET_HTTP_EXCHANGE_H

#include "net/http_impl.h"
#include "net/http_server.h"

struct http_conn;

/* What all exchanges of one server share. */
struct http_service {
    struct loop *loop;
    http_handler *handler;
    void *owner;
    struct http_limits limits;
    struct http_metrics metrics;

    /* A connection is gone (its memory goes after the return), for `why` if that was an error. */
    void (*on_gone)(struct http_service *service, struct http_conn *conn, cocoon_err why);
};

/* One connection that serves exchanges: the head of struct h1_conn and of struct h2_conn. */
struct http_conn {
    struct http_service *service;
    struct http_conn *next, **link;        /* of whoever keeps a list */
    void (*drain)(struct http_conn *conn); /* let what is under way end, then be gone */
    void (*close)(struct http_conn *conn); /* be gone; exchanges hear ERR_CANCELED; no on_gone */
};

/* Serve on `s`, which is open. `patient`: see h2_init. */
struct http_conn *h1_serve(struct http_service *service, struct stream *s);
struct http_conn *h2_serve(struct http_service *service, struct stream *s, bool patient);

struct exchange_ops {
    /* Send the head; `length` is that of the body, or HTTP_LENGTH_UNKNOWN; no body at all when
     * `bodyless`. */
    void (*head)(struct http_exchange *x, unsigned status, struct http_fields fields,
                 uint64_t length, bool bodyless);
    /* False when too much is queued: exchange_drained will follow. */
    bool (*write)(struct http_exchange *x, struct slice bytes);
    void (*end)(struct http_exchange *x, struct http_fields trailers);
    size_t (*queued)(const struct http_exchange *x);

    /* `paused` changed. */
    void (*flow)(struct http_exchange *x);

    /* Break the answer off: the caller must see that it is not whole. */
    void (*cut)(struct http_exchange *x);

    /* The exchange is over and its memory the transport's again. */
    void (*over)(struct http_exchange *x);

    struct stream *(*stream)(const struct http_exchange *x);
};

struct exchange_collect {
    struct buf body;
    void (*on_body)(void *owner, struct slice body);
    void (*on_done)(void *owner, cocoon_err why);
    void *owner;
};

struct http_exchange {
    struct http_service *service;
    const struct exchange_ops *ops;
    struct http_request request;
    uint64_t request_length; /* as declared, or HTTP_LENGTH_UNKNOWN */
    struct arena arena;

    const struct http_exchange_events *events; /* NULL: nobody listens */
    void *owner;
    struct exchange_collect *collect;

    uint64_t body_in;
    uint64_t answer_left; /* bytes the declared length still promises, or HTTP_LENGTH_UNKNOWN */
    struct loop_timer whole, body;
    struct loop_task last; /* tells the user that it is over */

    bool paused;
    bool complete; /* the request is */
    bool answered;
    bool bodyless; /* the answer has no body: HEAD, 204, 304 */
    bool ended;    /* the answer is */
    bool cut;      /* broken off: nothing more is sent */
    bool told;     /* the user knows that it is over */
    bool over;
    cocoon_err why; /* for on_done */
};

/* Ready `x` for a new request: its arena may then be filled. Pairs with exchange_fini. */
void exchange_init(struct http_exchange *x, struct http_service *service,
                   const struct exchange_ops *ops);
void exchange_fini(struct http_exchange *x);

/* The head is there (request and request_length are set): call the handler. */
void exchange_begin(struct http_exchange *x);

/* Instead of exchange_begin, for a request that the handler shall not see: answer an error. */
void exchange_reject(struct http_exchange *x, unsigned status, const char *code,
                     const char *message);

void exchange_body(struct http_exchange *x, struct slice bytes);
void exchange_complete(struct http_exchange *x, struct http_fields trailers);
void exchange_drained(struct http_exchange *x);

/* The transport is gone, or the caller broke HTTP: tell the user now. ops->over does not follow. */
void exchange_lost(struct http_exchange *x, cocoon_err why);

/* Answer in the user's stead, who hears `why` at once. Cuts the answer off if it has begun. */
void exchange_refuse(struct http_exchange *x, unsigned status, const char *code,
                     const char *message, cocoon_err why);

/* True when the body is still wanted by somebody. */
bool exchange_wants_body(const struct http_exchange *x);

#endif
