/*
 * Where connections come in: listeners, TLS's ALPN, and telling HTTP/2 from HTTP/1.1 by its first
 * bytes (RFC 9113 3.4) on plain ones.
 */
#include "net/http_server.h"

#include <assert.h>

#include "base/mem.h"
#include "base/num.h"
#include "net/http_exchange.h"

enum { SERVER_CONNECTIONS = 4096, SERVER_LISTENERS_MAX = 8 };

/* A connection of which it is not known yet what it speaks. */
struct newcomer {
    struct http_server *server;
    struct newcomer *next, **link;
    struct stream *stream;
};

struct http_server {
    struct http_service service; /* first: on_gone finds the server by it */
    uint32_t connections_max;
    const char *raw_alpn;
    void (*on_raw)(void *owner, struct stream *s);
    struct listener *listeners[SERVER_LISTENERS_MAX];
    bool listens_tls[SERVER_LISTENERS_MAX];
    size_t listener_count;
    struct newcomer *newcomers;
    struct http_conn *conns;
    struct loop_timer drain_end;
    loop_fn *drained; /* NULL once called */
    void *drained_owner;
    struct loop_task drain_check;
    bool draining;
};

/* The first bytes of every HTTP/2 client; no HTTP/1.1 request begins so. */
static const struct slice h2_preface = SLICE_INIT("PRI * HTTP/2.0\r\n");

static void server_admit(struct http_server *server)
{
    bool full = server->service.metrics.open >= server->connections_max;

    for (size_t i = 0; i < server->listener_count; i++)
        listener_pause(server->listeners[i], full);
}

static void server_opened(struct http_server *server)
{
    server->service.metrics.connections++;
    server->service.metrics.open++;
    server_admit(server);
}

static void server_gone(struct http_server *server, cocoon_err why)
{
    server->service.metrics.open--;
    if (why != OK && why != ERR_CLOSED)
        server->service.metrics.failed++;
    server_admit(server);
    if (server->draining)
        loop_task_queue(&server->drain_check);
}

static void conn_unlink(struct http_conn *conn)
{
    *conn->link = conn->next;
    if (conn->next != NULL)
        conn->next->link = conn->link;
}

static void server_conn_gone(struct http_service *service, struct http_conn *conn, cocoon_err why)
{
    conn_unlink(conn);
    server_gone((struct http_server *)service, why);
}

static void server_keep(struct http_server *server, struct http_conn *conn)
{
    conn->next = server->conns;
    conn->link = &server->conns;
    if (conn->next != NULL)
        conn->next->link = &conn->next;
    server->conns = conn;
}

static void newcomer_free(struct newcomer *n)
{
    *n->link = n->next;
    if (n->next != NULL)
        n->next->link = n->link;
    mem_free(n);
}

/* It is known what `n` speaks: hand its stream on. */
static void newcomer_serve(struct newcomer *n, bool http2)
{
    struct http_server *server = n->server;
    struct stream *s = n->stream;

    newcomer_free(n);
    stream_deadline(s, 0);
    server_keep(server,
                http2 ? h2_serve(&server->service, s, false) : h1_serve(&server->service, s));
}

static void newcomer_hand_over(struct newcomer *n)
{
    struct http_server *server = n->server;
    struct stream *s = n->stream;

    newcomer_free(n);
    server_gone(server, OK);
    server->on_raw(server->service.owner, s);
}

static void newcomer_open(void *owner)
{
    struct newcomer *n = owner;
    struct http_server *server = n->server;
    struct slice alpn = stream_alpn(n->stream);

    if (server->raw_alpn != NULL && slice_eq_text(alpn, server->raw_alpn))
        newcomer_hand_over(n);
    else if (alpn.len > 0)
        newcomer_serve(n, slice_eq_text(alpn, "h2"));
    else
        stream_deadline(n->stream, server->service.limits.idle_ms);
}

static size_t newcomer_data(void *owner, struct slice bytes)
{
    struct newcomer *n = owner;
    size_t len = num_min(bytes.len, h2_preface.len);

    if (!slice_eq(slice_sub(bytes, 0, len), slice_sub(h2_preface, 0, len)))
        newcomer_serve(n, false);
    else if (len == h2_preface.len)
        newcomer_serve(n, true);
    return 0;
}

static void newcomer_closed(void *owner, cocoon_err why)
{
    struct newcomer *n = owner;
    struct http_server *server = n->server;

    newcomer_free(n);
    server_gone(server, why == ERR_TIMEOUT ? OK : why);
}

static const struct stream_events newcomer_events = {
    .on_open = newcomer_open,
    .on_data = newcomer_data,
    .on_close = newcomer_closed,
};

static struct newcomer *newcomer_new(struct http_server *server, struct stream *s)
{
    struct newcomer *n = MEM_NEW(struct newcomer);

    n->server = server;
    n->stream = s;
    n->next = server->newcomers;
    n->link = &server->newcomers;
    if (n->next != NULL)
        n->next->link = &n->next;
    server->newcomers = n;
    stream_bind(s, &newcomer_events, n);
    server_opened(server);
    return n;
}

static void server_accept(void *owner, struct stream *s)
{
    newcomer_new(owner, s);
}

void http_server_adopt(struct http_server *server, struct stream *s)
{
    if (server->draining)
        stream_close(s);
    else
        newcomer_open(newcomer_new(server, s));
}

static void server_drain_check(void *owner)
{
    struct http_server *server = owner;
    loop_fn *drained = server->drained;

    if (server->service.metrics.open > 0 || drained == NULL)
        return;
    loop_timer_stop(&server->drain_end);
    server->drained = NULL;
    drained(server->drained_owner);
}

static void server_close_all(struct http_server *server)
{
    while (server->newcomers != NULL) {
        stream_close(server->newcomers->stream);
        newcomer_free(server->newcomers);
        server_gone(server, OK);
    }
    while (server->conns != NULL) {
        struct http_conn *conn = server->conns;

        conn_unlink(conn);
        conn->close(conn);
        server_gone(server, OK);
    }
}

static void server_drain_end(void *owner)
{
    server_close_all(owner);
}

struct http_server *http_server_new(struct loop *loop, const struct http_server_params *params)
{
    struct http_server *server = MEM_NEW(struct http_server);

    assert((params->raw_alpn != NULL) == (params->on_raw != NULL));
    server->service = (struct http_service){
        .loop = loop,
        .handler = params->handler,
        .owner = params->owner,
        .limits = params->limits != NULL ? *params->limits : http_server_limits,
        .on_gone = server_conn_gone,
    };
    server->connections_max = params->connections != 0 ? params->connections : SERVER_CONNECTIONS;
    server->raw_alpn = params->raw_alpn;
    server->on_raw = params->on_raw;
    loop_timer_init(&server->drain_end, loop, server_drain_end, server);
    loop_task_init(&server->drain_check, loop, server_drain_check, server);
    return server;
}

cocoon_err http_server_listen(struct http_server *server, const struct addr *at,
                              struct tls_ctx *tls, bool share, struct addr *bound)
{
    struct listener_params params = {
        .at = *at, .tls = tls, .share = share, .on_stream = server_accept, .owner = server};
    struct listener *listener;
    cocoon_err err;

    if (server->listener_count == SERVER_LISTENERS_MAX)
        return ERR_LIMIT;
    if ((err = listener_open(server->service.loop, &params, &listener)) != OK)
        return err;
    if (bound != NULL)
        listener_addr(listener, bound);
    server->listens_tls[server->listener_count] = tls != NULL;
    server->listeners[server->listener_count++] = listener;
    return OK;
}

void http_server_set_tls(struct http_server *server, struct tls_ctx *tls)
{
    for (size_t i = 0; i < server->listener_count; i++)
        if (server->listens_tls[i])
            listener_set_tls(server->listeners[i], tls);
}

static void server_unlisten(struct http_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++)
        listener_close(server->listeners[i]);
    server->listener_count = 0;
}

void http_server_drain(struct http_server *server, uint32_t ms, loop_fn *done, void *owner)
{
    server->draining = true;
    server->drained = done;
    server->drained_owner = owner;
    server_unlisten(server);
    while (server->newcomers != NULL) {
        stream_close(server->newcomers->stream);
        newcomer_free(server->newcomers);
        server_gone(server, OK);
    }
    for (struct http_conn *conn = server->conns, *next; conn != NULL; conn = next) {
        next = conn->next;
        conn->drain(conn);
    }
    loop_timer_set(&server->drain_end, ms);
    loop_task_queue(&server->drain_check);
}

void http_server_free(struct http_server *server)
{
    if (server == NULL)
        return;
    server_unlisten(server);
    server_close_all(server);
    loop_timer_stop(&server->drain_end);
    loop_task_drop(&server->drain_check);
    mem_free(server);
}

const struct http_metrics *http_server_metrics(const struct http_server *server)
{
    return &server->service.metrics;
}
