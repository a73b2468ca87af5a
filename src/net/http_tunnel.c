/* A server of one HTTP/2 connection on a stream that somebody else opened. */
#include "base/mem.h"
#include "net/http_exchange.h"

struct http_tunnel {
    struct http_service service; /* first: on_gone finds the tunnel by it */
    struct http_conn *conn;      /* NULL once gone */
    void (*on_down)(void *owner, cocoon_err why);
    void *owner;
};

static void tunnel_gone(struct http_service *service, struct http_conn *conn, cocoon_err why)
{
    struct http_tunnel *t = (struct http_tunnel *)service;

    (void)conn;
    t->conn = NULL;
    t->service.metrics.open = 0;
    if (t->on_down != NULL)
        t->on_down(t->owner, why);
}

struct http_tunnel *http_tunnel_serve(struct stream *s, const struct http_limits *limits,
                                      http_handler *handler,
                                      void (*on_down)(void *owner, cocoon_err why), void *owner)
{
    struct http_tunnel *t = MEM_NEW(struct http_tunnel);

    t->service = (struct http_service){
        .loop = stream_loop(s),
        .handler = handler,
        .owner = owner,
        .limits = limits != NULL ? *limits : http_server_limits,
        .metrics = {.connections = 1, .open = 1},
        .on_gone = tunnel_gone,
    };
    t->on_down = on_down;
    t->owner = owner;
    t->conn = h2_serve(&t->service, s, true);
    return t;
}

void http_tunnel_drain(struct http_tunnel *t)
{
    if (t->conn != NULL)
        t->conn->drain(t->conn);
}

void http_tunnel_free(struct http_tunnel *t)
{
    if (t == NULL)
        return;
    if (t->conn != NULL)
        t->conn->close(t->conn);
    mem_free(t);
}

const struct http_metrics *http_tunnel_metrics(const struct http_tunnel *t)
{
    return &t->service.metrics;
}
