#include "base/mem.h"
#include "codec/json_wr.h"
#include "receipt/aci.h"
#include "receipt/bundle.h"
#include "role/client.h"
#include "role/client_receipts.h"
#include "role/relay.h"
#include "role/router.h"

enum {
    ANSWER_MAX = 1024 * 1024,
    METRICS_MAX = 4096,
    BUNDLE_ARENA_MAX = 64 * 1024 * 1024,
    RELAY_MS = 30 * 1000
};

static void answer_json(struct http_exchange *x, struct json_wr *w, struct buf *out)
{
    if (json_wr_end(w) == OK)
        http_answer(x, 200, "application/json", buf_slice(out));
    else
        http_answer_error(x, 500, "internal", "the answer could not be written");
}

/* --- models --- */

/* Is `w` the first of its model in the pool? */
static bool first_of_model(const struct pool *pool, const struct pool_worker *w)
{
    for (const struct pool_worker *other = pool->first; other != w; other = other->next)
        if (other->identity != NULL && slice_eq_text(slice_text(other->model), w->model))
            return false;
    return w->identity != NULL && w->model[0] != '\0';
}

static void put_model(struct json_wr *w, const struct pool_worker *worker)
{
    json_wr_object(w, NULL);
    json_wr_cstr(w, "id", worker->model);
    json_wr_cstr(w, "object", "model");
    json_wr_u64(w, "created", 0);
    json_wr_cstr(w, "owned_by", "cocoon");
    json_wr_sha256(w, "model_digest", digest_slice(&worker->identity->model_digest));
    json_wr_bool(w, "simulated", worker->identity->simulated);
    json_wr_close(w);
}

static void handle_models(void *owner, struct http_exchange *x)
{
    struct client *c = owner;
    struct json_wr w;
    struct buf out;

    buf_init(&out, ANSWER_MAX);
    json_wr_init(&w, &out);
    json_wr_object(&w, NULL);
    json_wr_cstr(&w, "object", "list");
    json_wr_array(&w, "data");
    for (const struct pool_worker *worker = c->pool.first; worker != NULL; worker = worker->next)
        if (first_of_model(&c->pool, worker))
            put_model(&w, worker);
    json_wr_close(&w);
    json_wr_close(&w);
    answer_json(x, &w, &out);
    buf_fini(&out);
}

static void handle_model(void *owner, struct http_exchange *x)
{
    struct client *c = owner;
    struct slice name = router_rest(x, "/v1/models/*");
    struct json_wr w;
    struct buf out;

    for (const struct pool_worker *worker = c->pool.first; worker != NULL; worker = worker->next) {
        if (worker->identity == NULL || !slice_eq_text(name, worker->model))
            continue;
        buf_init(&out, ANSWER_MAX);
        json_wr_init(&w, &out);
        put_model(&w, worker);
        answer_json(x, &w, &out);
        buf_fini(&out);
        return;
    }
    http_answer_error(x, 404, "model_not_found", "no verified worker serves this model");
}

/* --- receipts --- */

/* Read the bundle of the receipt that the path names; false when that was answered already. */
static bool read_bundle(struct client *c, struct http_exchange *x, struct slice id, struct buf *out)
{
    if (client_receipts_read(c->receipts, id, out) == OK)
        return true;
    http_answer_error(x, 404, "not_found", "no such receipt is kept here");
    return false;
}

/* GET /v1/aci/receipts/{id}: the receipt alone, as the worker signed it. */
static void handle_receipt(void *owner, struct http_exchange *x)
{
    struct bundle bundle;
    struct arena arena;
    struct fail fail;
    struct buf text;

    buf_init(&text, BUNDLE_MAX);
    arena_init(&arena, BUNDLE_ARENA_MAX);
    if (read_bundle(owner, x, router_rest(x, "/v1/aci/receipts/*"), &text)) {
        if (bundle_read(buf_slice(&text), &arena, &bundle, &fail) == OK)
            http_answer(x, 200, "application/json", bundle.receipt);
        else
            http_answer_error(x, 500, "internal", "the kept bundle cannot be read");
    }
    arena_fini(&arena);
    buf_fini(&text);
}

/* What one line about an answer says: verified or not, by whom, and why not. */
static void put_verdict(struct json_wr *w, const struct bundle_answer *answer)
{
    static const char *const verdicts[] = {"NOT VERIFIED", "PARTIAL", "VERIFIED"};
    const struct result *r = answer->result;

    json_wr_object(w, NULL);
    json_wr_cstr(w, "verdict", verdicts[result_verdict(r)]);
    json_wr_bool(w, "simulated", r->simulated);
    json_wr_hex(w, "worker", digest_slice(&answer->bundle.worker_id));
    for (const struct check *c = r->first; c != NULL; c = c->next)
        if (c->status == CHECK_FAIL) {
            json_wr_cstr(w, "why", c->rule->text);
            break;
        }
    json_wr_u64(w, "passed", r->passed);
    json_wr_u64(w, "failed", r->failed);
    json_wr_u64(w, "skipped", r->skipped);
    json_wr_close(w);
}

/* GET /v1/cocoon/receipts/{id}: the verdict over the whole bundle, by this client's policy, now. */
static void handle_verdict(void *owner, struct http_exchange *x)
{
    struct client *c = owner;
    struct bundle_answer *answer;
    struct arena arena;
    struct json_wr w;
    struct buf text, out;

    buf_init(&text, BUNDLE_MAX);
    buf_init(&out, ANSWER_MAX);
    arena_init(&arena, BUNDLE_ARENA_MAX);
    answer = ARENA_NEW(&arena, struct bundle_answer);
    if (answer != NULL && read_bundle(c, x, router_rest(x, "/v1/cocoon/receipts/*"), &text)) {
        bundle_verify(&(struct bundle_question){.text = buf_slice(&text),
                                                .policy = &c->trust.policy,
                                                .arena = &arena},
                      answer);
        json_wr_init(&w, &out);
        put_verdict(&w, answer);
        answer_json(x, &w, &out);
    }
    arena_fini(&arena);
    buf_fini(&text);
    buf_fini(&out);
}

static void handle_sessions(void *owner, struct http_exchange *x)
{
    struct buf out;

    (void)owner;
    buf_init(&out, ANSWER_MAX);
    aci_sessions_put(&out);
    http_answer(x, 200, "application/json", buf_slice(&out));
    buf_fini(&out);
}

/* --- what this client thinks of the workers it knows --- */

static void put_worker(struct json_wr *w, const struct pool_worker *worker)
{
    const struct pool_identity *id = worker->identity;

    json_wr_object(w, NULL);
    json_wr_cstr(w, "worker_id", worker->id_hex);
    json_wr_cstr(w, "model", worker->model);
    json_wr_bool(w, "verified", id != NULL);
    if (id != NULL) {
        json_wr_sha256(w, "keyset_digest", digest_slice(&id->keyset_digest));
        json_wr_bool(w, "simulated", id->simulated);
        json_wr_i64(w, "valid_until", id->valid_until);
    }
    json_wr_text(w, "why_not", buf_slice(&worker->why_not));
    json_wr_u64(w, "active", worker->active);
    json_wr_close(w);
}

static void handle_workers(void *owner, struct http_exchange *x)
{
    const struct client *c = owner;
    struct json_wr w;
    struct buf out;

    buf_init(&out, ANSWER_MAX);
    json_wr_init(&w, &out);
    json_wr_array(&w, NULL);
    for (const struct pool_worker *worker = c->pool.first; worker != NULL; worker = worker->next)
        put_worker(&w, worker);
    json_wr_close(&w);
    answer_json(x, &w, &out);
    buf_fini(&out);
}

/* --- documents of the worker, relayed --- */

static void relayed(void *owner, cocoon_err why)
{
    (void)owner;
    (void)why;
}

static void handle_relay(void *owner, struct http_exchange *x)
{
    struct client *c = owner;

    relay_start(
        x, &(struct relay_params){
               .peer = c->proxy, .first_ms = RELAY_MS, .whole_ms = RELAY_MS, .on_done = relayed});
}

/* --- operation --- */

static void handle_health(void *owner, struct http_exchange *x)
{
    (void)owner;
    http_answer(x, 200, "text/plain", SLICE_LIT("ok\n"));
}

static void handle_ready(void *owner, struct http_exchange *x)
{
    struct client *c = owner;

    for (const struct pool_worker *w = c->pool.first; w != NULL; w = w->next)
        if (w->identity != NULL && w->has_config) {
            http_answer(x, 200, "text/plain", SLICE_LIT("ok\n"));
            return;
        }
    http_answer_error(x, 503, "not_ready", "no worker is verified yet");
}

static void handle_metrics(void *owner, struct http_exchange *x)
{
    const struct client *c = owner;
    struct buf out;

    buf_init(&out, METRICS_MAX);
    buf_printf(&out,
               "# TYPE cocoon_client_requests_total counter\ncocoon_client_requests_total %llu\n"
               "# TYPE cocoon_client_retries_total counter\ncocoon_client_retries_total %llu\n"
               "# TYPE cocoon_client_failures_total counter\ncocoon_client_failures_total %llu\n",
               (unsigned long long)c->requests, (unsigned long long)c->retries,
               (unsigned long long)c->failures);
    http_answer(x, 200, "text/plain; version=0.0.4", buf_slice(&out));
    buf_fini(&out);
}

static const struct route client_routes[] = {
    {"POST", "/v1/chat/completions", client_request_handle},
    {"POST", "/v1/completions", client_request_handle},
    {"POST", "/v1/embeddings", client_request_handle},
    {"POST", "/v1/responses", client_request_handle},
    {"POST", "/v1/messages", client_request_handle},
    {"POST", "/v1/rerank", client_request_handle},
    {"GET", "/v1/models", handle_models},
    {"GET", "/v1/models/*", handle_model},
    {"GET", "/v1/aci/receipts/*", handle_receipt},
    {"GET", "/v1/aci/sessions", handle_sessions},
    {"GET", "/v1/aci/attestation", handle_relay},
    {"GET", "/v1/attestation/report", handle_relay},
    {"GET", "/v1/cocoon/receipts/*", handle_verdict},
    {"GET", "/v1/cocoon/workers", handle_workers},
    {"GET", "/healthz", handle_health},
    {"GET", "/readyz", handle_ready},
    {"GET", "/metrics", handle_metrics},
};

void client_http_handle(void *owner, struct http_exchange *x)
{
    router_dispatch(client_routes, COUNT_OF(client_routes), owner, x);
}
