#include "role/proxy_http.h"

#include <stdio.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/json.h"
#include "codec/json_wr.h"
#include "role/relay.h"
#include "role/router.h"

enum {
    ROUTE_BODY_MAX = 64 * 1024, /* /v1/route: 64 hex digits a worker, a thousand workers */
    ROUTE_ANSWER_MAX = 256 * 1024,
    FIRST_MS = 600 * 1000, /* a worker may think for as long as a deadline allows */
    QUERY_FIRST_MS = 30 * 1000,
};

/* One relayed request. */
struct forwarded {
    struct proxy_http *proxy;
    struct tunnel *tunnel;
    struct http_field load;
    char load_text[24];
};

static void forwarded_done(void *owner, cocoon_err why)
{
    struct forwarded *f = owner;

    if (why != OK && why != ERR_CANCELED)
        f->proxy->lost++;
    tunnel_release(f->tunnel);
    mem_free(f);
}

/* Hand `x` to `tunnel`. */
static void forward(struct proxy_http *proxy, struct http_exchange *x, struct tunnel *tunnel,
                    uint32_t first_ms)
{
    struct forwarded *f = MEM_NEW(struct forwarded);
    uint32_t active, capacity;
    int len;

    tunnel_take(tunnel);
    tunnels_load(&proxy->tunnels, tunnel->worker_id, &active, &capacity);
    len = snprintf(f->load_text, sizeof f->load_text, "%u/%u", active, capacity);
    f->proxy = proxy;
    f->tunnel = tunnel;
    f->load = HTTP_FIELD("cocoon-load", slice_make(f->load_text, (size_t)len));
    relay_start(x, &(struct relay_params){
                       .peer = tunnel->peer,
                       .response_add = {&f->load, 1},
                       .first_ms = first_ms,
                       .on_done = forwarded_done,
                       .owner = f,
                   });
}

/*
 * Find the tunnel of the worker that `id_text` names, or of the only worker when it is empty.
 * Answers `x` with the reason and returns NULL when there is none.
 */
static struct tunnel *tunnel_for(struct proxy_http *proxy, struct http_exchange *x,
                                 struct slice id_text)
{
    uint8_t id[WORKER_ID_LEN];
    struct tunnel *tunnel;

    if (id_text.len == 0) {
        tunnel = tunnels_only(&proxy->tunnels);
        if (tunnel == NULL)
            http_answer_error(x, 400, "worker_required", "name the worker: cocoon-worker");
        return tunnel;
    }
    if (hex_read(id_text, id, sizeof id) != OK) {
        http_answer_error(x, 400, "worker_malformed", "a worker id is 64 lower-case hex digits");
        return NULL;
    }
    tunnel = tunnels_find(&proxy->tunnels, id);
    if (tunnel == NULL)
        http_answer_error(x, 404, "worker_unknown", "that worker is not connected here");
    return tunnel;
}

/* POST /v1/ohttp: the sealed request. */
static void handle_ohttp(void *owner, struct http_exchange *x)
{
    struct proxy_http *proxy = owner;
    const struct http_request *request = http_exchange_request(x);
    struct slice id = {NULL, 0};
    struct tunnel *tunnel;

    proxy->requests++;
    if (!http_field_get(request->fields, "cocoon-worker", &id))
        (void)query_get(request->query, "worker", &id);
    tunnel = tunnel_for(proxy, x, id);
    if (tunnel == NULL) {
        proxy->refused++;
        return;
    }
    /* One queue's length over capacity: beyond that a caller is better off elsewhere. */
    if (tunnel->active >= 2 * tunnel->capacity) {
        proxy->refused++;
        http_answer_error(x, 503, "overloaded", "the worker's queue is full");
        return;
    }
    forward(proxy, x, tunnel, FIRST_MS);
}

/* GET of a worker's public documents: ?worker=ID chooses. */
static void handle_query(void *owner, struct http_exchange *x)
{
    struct proxy_http *proxy = owner;
    struct slice id = {NULL, 0};
    struct tunnel *tunnel;

    (void)query_get(http_exchange_request(x)->query, "worker", &id);
    tunnel = tunnel_for(proxy, x, id);
    if (tunnel != NULL)
        forward(proxy, x, tunnel, QUERY_FIRST_MS);
}

/* Write the load of each worker of `accepted` that is connected. */
static void put_route(const struct proxy_http *proxy, const struct json *accepted,
                      struct json_wr *w)
{
    json_wr_object(w, NULL);
    json_wr_array(w, "workers");
    for (const struct json *item = accepted->first; item != NULL; item = item->next) {
        uint8_t id[WORKER_ID_LEN];
        uint32_t active, capacity;

        if (item->kind != JSON_STRING || hex_read(item->text, id, sizeof id) != OK ||
            !tunnels_load(&proxy->tunnels, id, &active, &capacity))
            continue;
        json_wr_object(w, NULL);
        json_wr_text(w, "worker", item->text);
        json_wr_u64(w, "active", active);
        json_wr_u64(w, "capacity", capacity);
        json_wr_close(w);
    }
    json_wr_close(w);
    json_wr_close(w);
}

struct route_request {
    struct proxy_http *proxy;
    struct http_exchange *x;
};

static void route_body(void *owner, struct slice body)
{
    struct route_request *r = owner;
    const struct json *root, *accepted;
    struct arena *arena = http_exchange_arena(r->x);
    struct fail fail;
    struct json_wr w;
    struct buf out;

    if (json_parse(body, arena, &root, &fail) != OK ||
        json_get_array(root, "accepted", &accepted) != OK) {
        http_answer_error(r->x, 400, "malformed", "a JSON object with an array \"accepted\"");
        return;
    }
    buf_init(&out, ROUTE_ANSWER_MAX);
    json_wr_init(&w, &out);
    put_route(r->proxy, accepted, &w);
    if (json_wr_end(&w) == OK)
        http_answer(r->x, 200, "application/json", buf_slice(&out));
    else
        http_answer_error(r->x, 400, "malformed", "too many workers named");
    buf_fini(&out);
}

/* POST /v1/route */
static void handle_route(void *owner, struct http_exchange *x)
{
    struct route_request *r = ARENA_NEW(http_exchange_arena(x), struct route_request);

    if (r == NULL) {
        http_answer_error(x, 503, "overloaded", "out of memory");
        return;
    }
    *r = (struct route_request){owner, x};
    http_exchange_collect(x, ROUTE_BODY_MAX, route_body, NULL, r);
}

static void handle_health(void *owner, struct http_exchange *x)
{
    (void)owner;
    http_answer(x, 200, "text/plain", SLICE_LIT("ok\n"));
}

static void handle_ready(void *owner, struct http_exchange *x)
{
    const struct proxy_http *proxy = owner;

    if (proxy->tunnels.count > 0)
        http_answer(x, 200, "text/plain", SLICE_LIT("ok\n"));
    else
        http_answer_error(x, 503, "no_worker", "no worker is connected");
}

static void handle_metrics(void *owner, struct http_exchange *x)
{
    const struct proxy_http *proxy = owner;
    struct buf out;

    buf_init(&out, 4096);
    buf_printf(&out,
               "# TYPE cocoon_proxy_requests_total counter\ncocoon_proxy_requests_total %llu\n"
               "# TYPE cocoon_proxy_refused_total counter\ncocoon_proxy_refused_total %llu\n"
               "# TYPE cocoon_proxy_lost_total counter\ncocoon_proxy_lost_total %llu\n"
               "# TYPE cocoon_proxy_tunnels gauge\ncocoon_proxy_tunnels %zu\n",
               (unsigned long long)proxy->requests, (unsigned long long)proxy->refused,
               (unsigned long long)proxy->lost, proxy->tunnels.count);
    http_answer(x, 200, "text/plain; version=0.0.4", buf_slice(&out));
    buf_fini(&out);
}

static const struct route proxy_routes[] = {
    {"POST", "/v1/ohttp", handle_ohttp},
    {"POST", "/.well-known/ohttp-gateway", handle_ohttp},
    {"GET", "/.well-known/ohttp-gateway", handle_query},
    {"GET", "/v1/ohttp/config", handle_query},
    {"GET", "/v1/aci/attestation", handle_query},
    {"GET", "/v1/attestation/report", handle_query},
    {"POST", "/v1/route", handle_route},
    {"GET", "/healthz", handle_health},
    {"GET", "/readyz", handle_ready},
    {"GET", "/metrics", handle_metrics},
};

void proxy_http_handle(void *owner, struct http_exchange *x)
{
    router_dispatch(proxy_routes, COUNT_OF(proxy_routes), owner, x);
}
