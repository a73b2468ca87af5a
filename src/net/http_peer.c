#include "net/http_peer.h"

#include <assert.h>

#include "base/mem.h"

enum { PEER_CONNECT_MS = 10 * 1000, PEER_CONNECTIONS = 64, PEER_WAITING = 1024 };

struct http_peer {
    struct loop *loop;
    struct addr at;
    char authority[ADDR_TEXT_MAX];
    struct tls_ctx *tls;
    unsigned epoch; /* raised when `tls` is replaced: older links are not used again */
    bool http2;
    bool secure; /* what its connections are, for :scheme */
    struct http_limits limits;
    struct http_metrics metrics;
    uint32_t connect_ms, connections_max, waiting_max;

    struct peer_conn *idle, *busy; /* HTTP/1.1; the idle one used last comes first */
    uint32_t links;

    struct peer_conn *h2_list; /* all HTTP/2 connections, those that only finish included */
    struct h2_peer *h2;        /* the one that takes calls, or NULL */
    struct stream *dialling;   /* one to be */
    bool on_stream;            /* not dialled, and not to be again */
    void (*on_down)(void *owner, cocoon_err why);
    void *owner;

    struct http_call *calls; /* all */
    struct http_call *waiting, **waiting_end;
    uint32_t waiting_count;

    bool closed;
    struct loop_task bury;
};

struct loop *http_peer_loop(const struct http_peer *peer)
{
    return peer->loop;
}

const struct http_limits *peer_limits(const struct http_peer *peer)
{
    return &peer->limits;
}

unsigned peer_epoch(const struct http_peer *peer)
{
    return peer->epoch;
}

struct http_metrics *peer_metrics(struct http_peer *peer)
{
    return &peer->metrics;
}

const struct http_metrics *http_peer_metrics(const struct http_peer *peer)
{
    return &peer->metrics;
}

struct slice peer_authority(const struct http_peer *peer)
{
    return slice_text(peer->authority);
}

struct slice peer_scheme(const struct http_peer *peer)
{
    return peer->secure ? SLICE_LIT("https") : SLICE_LIT("http");
}

static void conn_link(struct peer_conn **list, struct peer_conn *conn)
{
    conn->next = *list;
    conn->link = list;
    if (conn->next != NULL)
        conn->next->link = &conn->next;
    *list = conn;
}

static void conn_unlink(struct peer_conn *conn)
{
    *conn->link = conn->next;
    if (conn->next != NULL)
        conn->next->link = conn->link;
}

void peer_add(struct http_peer *peer, struct http_call *call)
{
    call->next = peer->calls;
    call->link = &peer->calls;
    if (call->next != NULL)
        call->next->link = &call->next;
    peer->calls = call;
}

static void peer_wait(struct http_peer *peer, struct http_call *call)
{
    call->next_waiting = NULL;
    call->link_waiting = peer->waiting_end;
    *peer->waiting_end = call;
    peer->waiting_end = &call->next_waiting;
    peer->waiting_count++;
}

static void peer_unwait(struct http_peer *peer, struct http_call *call)
{
    *call->link_waiting = call->next_waiting;
    if (call->next_waiting != NULL)
        call->next_waiting->link_waiting = call->link_waiting;
    else
        peer->waiting_end = call->link_waiting;
    call->link_waiting = NULL;
    peer->waiting_count--;
}

void peer_remove(struct http_peer *peer, struct http_call *call)
{
    if (call->link_waiting != NULL)
        peer_unwait(peer, call);
    *call->link = call->next;
    if (call->next != NULL)
        call->next->link = call->link;
}

static void peer_opened(struct http_peer *peer)
{
    peer->metrics.connections++;
    peer->metrics.open++;
}

static void peer_lost(struct http_peer *peer, cocoon_err why)
{
    peer->metrics.open--;
    if (why != OK)
        peer->metrics.failed++;
}

struct stream *peer_dial(struct http_peer *peer, const struct stream_events *events, void *owner)
{
    peer_opened(peer);
    return stream_connect(peer->loop, &peer->at, peer->tls, peer->connect_ms, events, owner);
}

/* HTTP/1.1: send on a link that is idle, or on a new one, or wait for one. */
static void peer_schedule_h1(struct http_peer *peer, struct http_call *call)
{
    bool fresh = call->head.fresh || call->retried;
    struct h1_link *link = (struct h1_link *)peer->idle;

    if (fresh && link != NULL && peer->links == peer->connections_max) {
        conn_unlink(peer->idle); /* make room */
        h1_link_close(link);
        peer->links--;
        peer_lost(peer, OK);
    }
    if (link != NULL && !fresh) {
        conn_unlink(peer->idle);
    } else if (peer->links < peer->connections_max) {
        peer->links++;
        link = h1_link_dial(peer);
    } else {
        peer_wait(peer, call);
        return;
    }
    conn_link(&peer->busy, (struct peer_conn *)link);
    h1_link_send(link, call);
}

void peer_link_free(struct http_peer *peer, struct h1_link *link)
{
    struct peer_conn *conn = (struct peer_conn *)link;

    conn_unlink(conn);
    conn_link(&peer->idle, conn);
    if (peer->waiting != NULL) {
        struct http_call *call = peer->waiting;

        peer_unwait(peer, call);
        peer_schedule_h1(peer, call);
    }
}

void peer_link_gone(struct http_peer *peer, struct h1_link *link, cocoon_err why)
{
    conn_unlink((struct peer_conn *)link);
    peer->links--;
    peer_lost(peer, why);
    if (peer->waiting != NULL && !peer->closed) {
        struct http_call *call = peer->waiting;

        peer_unwait(peer, call);
        peer_schedule_h1(peer, call);
    }
}

/* The HTTP/2 connection is up, or failed: serve those that waited for it. */
static void peer_dialled(void *owner)
{
    struct http_peer *peer = owner;
    struct stream *s = peer->dialling;

    peer->dialling = NULL;
    peer->h2 = h2_peer_start(peer, s, peer->on_stream);
    conn_link(&peer->h2_list, (struct peer_conn *)peer->h2);
    while (peer->waiting != NULL && peer->h2 != NULL) {
        struct http_call *call = peer->waiting;

        peer_unwait(peer, call);
        h2_peer_send(peer->h2, call);
    }
}

static void peer_dial_failed(struct http_peer *peer, cocoon_err why)
{
    peer->dialling = NULL;
    peer_lost(peer, why);
    while (peer->waiting != NULL)
        call_break(peer->waiting, why);
}

static void dialling_open(void *owner)
{
    struct http_peer *peer = owner;

    if (peer->tls == NULL || slice_eq_text(stream_alpn(peer->dialling), "h2")) {
        peer_dialled(peer);
        return;
    }
    stream_close(peer->dialling);
    peer_dial_failed(peer, ERR_PROTOCOL);
}

static size_t dialling_data(void *owner, struct slice bytes)
{
    (void)owner;
    (void)bytes;
    return 0;
}

static void dialling_closed(void *owner, cocoon_err why)
{
    peer_dial_failed(owner, why);
}

static const struct stream_events dialling_events = {
    .on_open = dialling_open,
    .on_data = dialling_data,
    .on_close = dialling_closed,
};

static void peer_schedule_h2(struct http_peer *peer, struct http_call *call)
{
    if (peer->h2 != NULL) {
        h2_peer_send(peer->h2, call);
        return;
    }
    if (peer->on_stream) {
        call_fail_later(call, ERR_CLOSED);
        return;
    }
    peer_wait(peer, call);
    if (peer->dialling == NULL)
        peer->dialling = peer_dial(peer, &dialling_events, peer);
}

void peer_schedule(struct http_peer *peer, struct http_call *call)
{
    uint32_t carried = peer->http2 ? peer->limits.streams : peer->connections_max;

    if (peer->closed)
        call_fail_later(call, ERR_CANCELED);
    else if (peer->metrics.active > (uint64_t)carried + peer->waiting_max)
        call_fail_later(call, ERR_BUSY);
    else if (peer->http2)
        peer_schedule_h2(peer, call);
    else
        peer_schedule_h1(peer, call);
}

void peer_h2_full(struct http_peer *peer, struct h2_peer *h2)
{
    if (peer->h2 == h2)
        peer->h2 = NULL;
}

void peer_h2_gone(struct http_peer *peer, struct h2_peer *h2, cocoon_err why)
{
    conn_unlink((struct peer_conn *)h2);
    peer_h2_full(peer, h2);
    peer_lost(peer, why);
    if (peer->on_stream && peer->on_down != NULL)
        peer->on_down(peer->owner, why);
}

static void peer_free(void *owner)
{
    struct http_peer *peer = owner;

    tls_ctx_unref(peer->tls);
    mem_free(peer);
}

static struct http_peer *peer_make(struct loop *loop, const struct http_limits *limits)
{
    struct http_peer *peer = MEM_NEW(struct http_peer);

    peer->loop = loop;
    peer->limits = limits != NULL ? *limits : http_client_limits;
    peer->connections_max = PEER_CONNECTIONS;
    peer->waiting_max = PEER_WAITING;
    peer->waiting_end = &peer->waiting;
    loop_task_init(&peer->bury, loop, peer_free, peer);
    return peer;
}

/* What to call the peer in Host: a unix socket has no name of its own. */
static void peer_name(struct http_peer *peer)
{
    if (peer->at.kind == ADDR_UNIX)
        addr_text(&(struct addr){.kind = ADDR_TCP, .host = "localhost"}, peer->authority);
    else
        addr_text(&peer->at, peer->authority);
}

struct http_peer *http_peer_new(struct loop *loop, const struct http_peer_params *params)
{
    struct http_peer *peer = peer_make(loop, params->limits);

    peer->at = params->at;
    peer->tls = params->tls == NULL ? NULL : tls_ctx_ref(params->tls);
    peer->http2 = params->http2;
    peer->secure = params->tls != NULL;
    peer->connect_ms = params->connect_ms != 0 ? params->connect_ms : PEER_CONNECT_MS;
    if (params->connections != 0)
        peer->connections_max = params->connections;
    if (params->waiting != 0)
        peer->waiting_max = params->waiting;
    peer_name(peer);
    return peer;
}

struct http_peer *http_peer_on_stream(struct stream *s, const struct http_limits *limits,
                                      void (*on_down)(void *owner, cocoon_err why), void *owner)
{
    struct http_peer *peer = peer_make(stream_loop(s), limits);

    peer->http2 = true;
    peer->on_stream = true;
    peer->secure = stream_peer_cert(s).len > 0 || stream_alpn(s).len > 0;
    peer->on_down = on_down;
    peer->owner = owner;
    stream_peer(s, &peer->at);
    peer_name(peer);
    peer_opened(peer);
    peer->dialling = s;
    peer_dialled(peer);
    return peer;
}

bool http_peer_ready(const struct http_peer *peer)
{
    return !peer->on_stream || peer->h2 != NULL;
}

/* Close the idle links; those in use end with their calls. */
static void peer_close_idle(struct http_peer *peer)
{
    while (peer->idle != NULL) {
        struct peer_conn *conn = peer->idle;

        conn_unlink(conn);
        h1_link_close((struct h1_link *)conn);
        peer->links--;
        peer_lost(peer, OK);
    }
}

void http_peer_set_tls(struct http_peer *peer, struct tls_ctx *tls)
{
    struct tls_ctx *old = peer->tls;

    peer->tls = tls_ctx_ref(tls);
    peer->epoch++;
    tls_ctx_unref(old);
    peer_close_idle(peer);
    if (peer->h2 != NULL)
        h2_peer_drain(peer->h2);
}

void http_peer_free(struct http_peer *peer)
{
    if (peer == NULL)
        return;
    peer->closed = true;
    peer->on_down = NULL;
    while (peer->calls != NULL)
        call_break(peer->calls, ERR_CANCELED);
    peer_close_idle(peer);
    stream_close(peer->dialling);
    peer->dialling = NULL;
    peer->h2 = NULL;
    while (peer->h2_list != NULL) {
        struct peer_conn *conn = peer->h2_list;

        conn_unlink(conn);
        h2_peer_close((struct h2_peer *)conn);
        peer_lost(peer, OK);
    }
    loop_task_queue(&peer->bury);
}
