/*
 * Inside one call of a client: what HTTP/1.1 and HTTP/2 have in common.
 *
 * http_peer.c finds a transport (an h1_link, an h2 stream), which attaches itself, sends the head
 * and then gets the body; it reports with call_head, call_body, call_complete and call_failed, of
 * which the last two end the call. What the user wrote is kept as long as the call may have to be
 * sent again.
 */
#ifndef NET_HTTP_CALL_H
#define NET_HTTP_CALL_H

#include "net/http_client.h"
#include "net/http_impl.h"

enum {
    CALL_KEEP_MAX = 256 * 1024, /* longest body kept to be sent again */
    CALL_QUEUE_MAX = 128 * 1024 * 1024
};

struct call_ops {
    /* False when too much is queued: call_drained will follow. */
    bool (*write)(struct http_call *call, struct slice bytes);
    void (*end)(struct http_call *call, struct http_fields trailers);
    size_t (*queued)(const struct http_call *call);

    /* `paused` changed. */
    void (*flow)(struct http_call *call);

    /* The call is over before its time: break it off, and forget it. */
    void (*cancel)(struct http_call *call);
};

struct http_call {
    struct http_peer *peer;
    const struct call_ops *ops; /* NULL while it waits for a transport */
    void *transport;

    const struct http_call_events *events; /* NULL once over */
    void *owner;
    struct arena arena;
    struct http_call_params head; /* copied */
    uint64_t body_left;           /* what the declared length still promises, or unknown */
    struct http_fields trailers;

    struct buf body; /* written by the user: kept or not yet sent */
    size_t body_sent;
    uint64_t body_in;

    struct loop_timer wait, whole;
    struct loop_task last;                          /* reports `why`, or frees the call */
    struct http_call *next, **link;                 /* among all of the peer */
    struct http_call *next_waiting, **link_waiting; /* among those that wait; NULL: it does not */
    cocoon_err why;

    bool keep;      /* the body is kept: the call may be sent again */
    bool retried;   /* it was */
    bool ended;     /* the request is complete */
    bool responded; /* the head of the answer came */
    bool paused;
    bool full; /* the user was told to wait */
};

/*
 * A transport takes the call over, having queued its head; `keep` says that the call may come back
 * by call_failed(…, true). The body so far is written to it.
 */
void call_attach(struct http_call *call, const struct call_ops *ops, void *transport, bool keep);

/* The first byte of an answer: from now on it is too late to send again. */
void call_touched(struct http_call *call);

/* These run the user's callbacks: afterwards the transport looks whether the call is still its. */
void call_head(struct http_call *call, const struct http_response *head);
void call_body(struct http_call *call, struct slice bytes);
void call_drained(struct http_call *call);

/* The call is over, and no longer the transport's. `untouched`: the server has not begun it. */
void call_complete(struct http_call *call, struct http_fields trailers);
void call_failed(struct http_call *call, cocoon_err why, bool untouched);

/* Break the call off and report `why`: now, or from a task. */
void call_break(struct http_call *call, cocoon_err why);
void call_fail_later(struct http_call *call, cocoon_err why);

/* What http_peer.c does for calls: know of one, find a transport for it, forget it. */
void peer_add(struct http_peer *peer, struct http_call *call);
void peer_schedule(struct http_peer *peer, struct http_call *call);
void peer_remove(struct http_peer *peer, struct http_call *call);
const struct http_limits *peer_limits(const struct http_peer *peer);
struct http_metrics *peer_metrics(struct http_peer *peer);

/* The authority to send when the call names none. */
struct slice peer_authority(const struct http_peer *peer);

#endif
