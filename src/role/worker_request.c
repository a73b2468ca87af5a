/*
 * One sealed request: opened, checked, forwarded unchanged, answered as the engine answers,
 * receipted.
 *
 *   sealed_exchange ── request ──▶ checks ──▶ http_call to the engine
 *                  ◀── sealed pieces ── hash, meter ◀── pieces ──┘
 *
 * A refusal after opening is sealed and receipted like an answer. The engine stops when the caller
 * goes away.
 */
#include "backend/openai.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/sealed_exchange.h"
#include "codec/json.h"
#include "crypto/rand.h"
#include "role/outer.h"
#include "role/worker.h"
#include "role/worker_receipt.h"

enum {
    ERROR_BODY_MAX = 2048,
    RECEIPT_TRAILER_MAX = 64 * 1024,
    DEADLINE_SLACK_MS = 1000, /* clocks differ */
};

struct job {
    struct worker *worker;
    struct sealed_exchange *sealed;
    struct openai_call *call; /* to the engine; NULL when none runs */
    const struct sealed_request *request;
    struct outer open; /* outer fields: they live as long as the exchange */
    struct worker_receipt receipt;
};

static uint64_t now_ms(void)
{
    return (uint64_t)loop_unix_now() * 1000;
}

static void job_free(struct job *j)
{
    worker_receipt_drop(&j->receipt);
    j->worker->active--;
    mem_free(j);
}

/* Break the answer off, visibly: a broken answer must not look like a short one. */
static void job_abort(struct job *j)
{
    sealed_exchange_abort(j->sealed);
    job_free(j);
}

/* --- answering --- */

/* Sign the receipt and end the sealed answer with it. */
static void finish(struct job *j, const struct usage *usage)
{
    struct bhttp_fields trailers = {0};
    struct buf receipt;

    buf_init(&receipt, RECEIPT_TRAILER_MAX);
    if (worker_receipt_finish(&j->receipt, usage, &receipt) == OK &&
        bhttp_fields_add(&trailers, SLICE_LIT("cocoon-receipt"), buf_slice(&receipt)))
        sealed_exchange_end(j->sealed, &trailers);
    else
        job_abort(j);
    buf_fini(&receipt);
}

static void send_head(struct job *j, unsigned status, struct slice content_type)
{
    struct bhttp_fields fields = {0};

    if (!bhttp_fields_add(&fields, SLICE_LIT("content-type"), content_type) ||
        !bhttp_fields_add(&fields, SLICE_LIT("x-receipt-id"), slice_text(j->receipt.id)))
        return;
    sealed_exchange_head(j->sealed, status, &fields);
}

/* Refuse, sealed and receipted, in OpenAI's error form. */
static void refuse(struct job *j, unsigned status, const char *type, const char *code,
                   const char *message)
{
    static const struct usage nothing;
    struct buf body;

    j->worker->refused++;
    buf_init(&body, ERROR_BODY_MAX);
    openai_error_put(&body, message, type, code);
    send_head(j, status, SLICE_LIT("application/json"));
    worker_receipt_piece(&j->receipt, buf_slice(&body));
    sealed_exchange_write(j->sealed, buf_slice(&body));
    buf_fini(&body);
    finish(j, &nothing);
}

/* --- from the engine --- */

static void engine_head(void *owner, const struct openai_head *head)
{
    struct job *j = owner;

    worker_receipt_head(&j->receipt, head->streamed);
    send_head(j, head->status, head->content_type);
}

static void engine_body(void *owner, struct slice bytes)
{
    struct job *j = owner;

    worker_receipt_piece(&j->receipt, bytes);
    if (!sealed_exchange_write(j->sealed, bytes))
        openai_pause(j->call);
}

static void engine_end(void *owner, const struct usage *usage)
{
    struct job *j = owner;

    j->call = NULL;
    finish(j, usage);
}

static void engine_abort(void *owner, cocoon_err why, const struct usage *usage)
{
    struct job *j = owner;

    (void)why;
    (void)usage;
    j->call = NULL;
    job_abort(j);
}

static const struct openai_events engine_events = {
    .on_head = engine_head, .on_body = engine_body, .on_end = engine_end, .on_abort = engine_abort};

/* --- checks, each answering the refusal itself --- */

struct endpoint {
    const char *method, *path;
};

/* What a worker passes to its engine. */
static const struct endpoint endpoints[] = {
    {"POST", "/v1/chat/completions"}, {"POST", "/v1/completions"}, {"POST", "/v1/embeddings"},
    {"POST", "/v1/responses"},        {"POST", "/v1/messages"},    {"POST", "/v1/rerank"},
};

static const struct endpoint *endpoint_find(const struct bhttp_control *control)
{
    for (size_t i = 0; i < COUNT_OF(endpoints); i++)
        if (slice_eq_text(control->method, endpoints[i].method) &&
            slice_eq_text(control->path, endpoints[i].path))
            return &endpoints[i];
    return NULL;
}

static void outer_read(const struct bhttp_fields *fields, struct outer *out)
{
    *out = (struct outer){0};
    for (size_t i = 0; i < OUTER_FIELDS; i++)
        if (!bhttp_fields_find(fields, outer_names[i], &out->value[i]))
            out->value[i] = (struct slice){NULL, 0};
}

/* Hold the model that the body names against ours. False when it was refused. */
static bool check_body(struct job *j)
{
    const struct json *root;
    struct slice model;
    struct arena arena;
    struct fail fail;
    bool good = false;

    arena_init(&arena, WORKER_JSON_MAX);
    if (json_parse(j->request->body, &arena, &root, &fail) != OK || root->kind != JSON_OBJECT)
        refuse(j, 400, "invalid_request_error", "invalid_json", "the body is not a JSON object");
    else if (json_get_text(root, "model", &model) != OK)
        refuse(j, 400, "invalid_request_error", "model_missing", "\"model\" must name a model");
    else if (!slice_eq_text(model, j->worker->model))
        refuse(j, 404, "invalid_request_error", "model_not_found",
               "this worker serves another model");
    else
        good = true;
    arena_wipe(&arena);
    return good;
}

/* Set `*left_ms` to what the deadline leaves. False when it was refused. */
static bool check_outer(struct job *j, uint32_t *left_ms)
{
    struct outer sealed;
    uint64_t deadline, now = now_ms();

    outer_read(&j->request->fields, &sealed);
    if (outer_check(&j->open, &sealed) != OK) {
        refuse(j, 400, "invalid_request_error", "outer_mismatch",
               "the open and the sealed fields differ");
        return false;
    }
    if (outer_deadline(&sealed, now, &deadline) != OK || deadline > now + OUTER_DEADLINE_MS * 2) {
        refuse(j, 400, "invalid_request_error", "bad_deadline", "the deadline makes no sense");
        return false;
    }
    if (deadline + DEADLINE_SLACK_MS <= now) {
        refuse(j, 504, "timeout_error", "deadline_passed", "the deadline had passed on arrival");
        return false;
    }
    *left_ms = (uint32_t)(deadline + DEADLINE_SLACK_MS - now);
    return true;
}

static void forward(struct job *j, const struct endpoint *endpoint, uint32_t left_ms)
{
    struct slice type = SLICE_LIT("application/json");

    (void)bhttp_fields_find(&j->request->fields, "content-type", &type);
    worker_receipt_forwarded(&j->receipt);
    j->call = openai_start(j->worker->backend,
                           &(struct openai_request){.method = slice_text(endpoint->method),
                                                    .target = slice_text(endpoint->path),
                                                    .content_type = type,
                                                    .body = j->request->body,
                                                    .first_ms = left_ms,
                                                    .whole_ms = left_ms},
                           &engine_events, j);
}

/* --- from the caller --- */

static void on_request(void *owner, const struct sealed_request *request)
{
    struct job *j = owner;
    const struct endpoint *endpoint = endpoint_find(&request->control);
    struct slice keyset = {NULL, 0};
    uint32_t left_ms;

    j->request = request;
    (void)bhttp_fields_find(&request->fields, "cocoon-keyset", &keyset);
    worker_receipt_begin(&j->receipt, j->worker, worker_identity_for(j->worker, keyset), request);
    j->worker->served++;
    if (endpoint == NULL)
        refuse(j, 404, "invalid_request_error", "not_found", "no such path");
    else if (!check_outer(j, &left_ms) || !check_body(j))
        return;
    else if (j->worker->active > j->worker->capacity)
        refuse(j, 503, "server_error", "overloaded", "the worker is at its capacity");
    else
        forward(j, endpoint, left_ms);
}

static void on_drained(void *owner)
{
    struct job *j = owner;

    if (j->call != NULL)
        openai_resume(j->call);
}

static void on_done(void *owner, cocoon_err why)
{
    struct job *j = owner;

    (void)why;
    openai_cancel(j->call);
    job_free(j);
}

static const struct sealed_exchange_events sealed_events = {
    .on_request = on_request, .on_drained = on_drained, .on_done = on_done};

void worker_request_handle(void *owner, struct http_exchange *x)
{
    struct worker *worker = owner;
    struct http_fields fields = http_exchange_request(x)->fields;
    struct job *j;

    if (worker->identity == NULL) {
        http_answer_error(x, 503, "not_ready", "this worker is not registered yet");
        return;
    }
    j = MEM_NEW(struct job);
    j->worker = worker;
    for (size_t i = 0; i < OUTER_FIELDS; i++)
        (void)http_field_get(fields, outer_names[i], &j->open.value[i]);
    worker->active++;
    j->sealed = sealed_exchange_start(
        x,
        &(struct sealed_exchange_params){
            .keys = worker->ohttp_keys, .rng = &rand_system, .body_max = LIMIT_REQUEST_BODY},
        &sealed_events, j);
    if (j->sealed == NULL) {
        worker->active--;
        mem_free(j);
    }
}
