#include "base/mem.h"
#include "role/router.h"
#include "role/worker.h"

enum { CONFIGS_MAX = 64 * 1024, METRICS_MAX = 4096 };

static bool not_ready(const struct worker *w, struct http_exchange *x)
{
    if (w->identity != NULL)
        return false;
    http_answer_error(x, 503, "not_ready", "this worker is not registered yet");
    return true;
}

/* GET /v1/ohttp/config: the signed key configurations, newest first, as one JSON array. */
static void handle_config(void *owner, struct http_exchange *x)
{
    struct worker *w = owner;
    struct ohttp_signed live[OHTTP_KEYS_LIVE_MAX];
    cocoon_err err = OK;
    struct buf out;
    size_t count;

    if (not_ready(w, x))
        return;
    buf_init(&out, CONFIGS_MAX);
    buf_put_u8(&out, '[');
    count = ohttp_keys_list(w->ohttp_keys, &w->identity->keyset_digest, live);
    for (size_t i = 0; i < count && err == OK; i++) {
        if (i > 0)
            buf_put_u8(&out, ',');
        err = ohttp_signed_put(&live[i], &w->identity->ohttp_signer, &out);
    }
    buf_put_u8(&out, ']');
    if (err == OK && buf_ok(&out) == OK)
        http_answer(x, 200, "application/json", buf_slice(&out));
    else
        http_answer_error(x, 500, "internal", "the key configurations could not be signed");
    buf_fini(&out);
}

/* GET /.well-known/ohttp-gateway (RFC 9540): the same keys for stock OHTTP clients, unsigned. */
static void handle_gateway(void *owner, struct http_exchange *x)
{
    struct worker *w = owner;
    struct ohttp_signed live[OHTTP_KEYS_LIVE_MAX];
    struct ohttp_config configs[OHTTP_KEYS_LIVE_MAX];
    struct buf out;
    size_t count;

    if (not_ready(w, x))
        return;
    count = ohttp_keys_list(w->ohttp_keys, &w->identity->keyset_digest, live);
    for (size_t i = 0; i < count; i++)
        configs[i] = live[i].config;
    buf_init(&out, CONFIGS_MAX);
    if (ohttp_configs_put(configs, count, &out) == OK)
        http_answer(x, 200, OHTTP_MEDIA_KEYS, buf_slice(&out));
    else
        http_answer_error(x, 500, "internal", "the key configurations could not be written");
    buf_fini(&out);
}

static void handle_health(void *owner, struct http_exchange *x)
{
    (void)owner;
    http_answer(x, 200, "text/plain", SLICE_LIT("ok\n"));
}

static void handle_ready(void *owner, struct http_exchange *x)
{
    if (!not_ready(owner, x))
        http_answer(x, 200, "text/plain", SLICE_LIT("ok\n"));
}

static void handle_metrics(void *owner, struct http_exchange *x)
{
    const struct worker *w = owner;
    struct buf out;

    buf_init(&out, METRICS_MAX);
    buf_printf(&out,
               "# TYPE cocoon_worker_requests_total counter\ncocoon_worker_requests_total %llu\n"
               "# TYPE cocoon_worker_refused_total counter\ncocoon_worker_refused_total %llu\n"
               "# TYPE cocoon_worker_active gauge\ncocoon_worker_active %u\n"
               "# TYPE cocoon_worker_capacity gauge\ncocoon_worker_capacity %u\n",
               (unsigned long long)w->served, (unsigned long long)w->refused, w->active,
               w->capacity);
    http_answer(x, 200, "text/plain; version=0.0.4", buf_slice(&out));
    buf_fini(&out);
}

static const struct route worker_routes[] = {
    {"POST", "/v1/ohttp", worker_request_handle},
    {"POST", "/.well-known/ohttp-gateway", worker_request_handle},
    {"GET", "/.well-known/ohttp-gateway", handle_gateway},
    {"GET", "/v1/ohttp/config", handle_config},
    {"GET", "/v1/aci/attestation", worker_aci_handle},
    {"GET", "/v1/attestation/report", worker_aci_legacy_handle},
    {"GET", "/healthz", handle_health},
    {"GET", "/readyz", handle_ready},
    {"GET", "/metrics", handle_metrics},
};

void worker_http_handle(void *owner, struct http_exchange *x)
{
    router_dispatch(worker_routes, COUNT_OF(worker_routes), owner, x);
}
