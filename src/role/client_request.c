/*
 * One request of an application: sealed to a verified worker, sent through the proxy, answered as
 * it streams, its receipt checked.
 *
 * States: collecting the body → trying (one sealed call at a time) → streaming (after the first
 * answer byte) → over. While trying, a lost worker costs the caller nothing: the request is sealed
 * again, to another, under a new id, within the deadline. After the first byte an error is passed
 * on as a broken answer.
 *
 * Only event streams are passed on as they come. Any other answer is held until its receipt was
 * checked, so a caller never sees a whole answer that the worker did not sign for.
 */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/sealed_call.h"
#include "codec/json.h"
#include "role/client.h"
#include "role/client_receipts.h"
#include "role/outer.h"

enum {
    REQUEST_JSON_MAX = 256 * 1024 * 1024,
    TRAILER_MAX = 128 * 1024,
    REASON_MAX = 2048,
    TIMEOUT_DEFAULT_MS = OUTER_DEADLINE_MS,
};

struct request {
    struct client *client;
    struct http_exchange *x; /* NULL once it is over */
    struct sealed_call *call;
    struct buf body;
    struct slice model; /* in the arena of x */
    struct digest request_digest;
    uint64_t deadline; /* loop time */
    uint64_t deadline_unix_ms;

    struct pool_worker *worker; /* of the call under way */
    struct pool_identity *identity;
    uint8_t tried[POOL_TRIED_MAX][32];
    size_t tried_count;

    /* the answer */
    unsigned status;
    bool streaming; /* passed on as it comes */
    bool passed;    /* the caller got its head */
    struct hash_ctx hash;
    struct buf held; /* of an answer that is not streamed */
    struct buf receipt;
    char receipt_id[128];
    char content_type[128];
};

static void try_next(struct request *r);

/* --- ending --- */

static void worker_release(struct request *r)
{
    if (r->worker != NULL)
        r->worker->active--;
    r->worker = NULL;
}

static void request_free(struct request *r)
{
    sealed_call_cancel(r->call);
    worker_release(r);
    pool_identity_unref(r->identity);
    buf_wipe(&r->body);
    buf_wipe(&r->held);
    buf_fini(&r->receipt);
    mem_free(r);
}

/* The caller went away, or has its whole answer. */
static void caller_done(void *owner, cocoon_err why)
{
    (void)why;
    request_free(owner);
}

/* Break the answer off, visibly. */
static void break_off(struct request *r)
{
    r->client->failures++;
    http_exchange_abort(r->x);
    request_free(r);
}

static void refuse(struct request *r, unsigned status, const char *code, const char *message)
{
    r->client->failures++;
    http_answer_error(r->x, status, code, message);
}

/* --- the answer --- */

static void copy_text(char *out, size_t size, const struct bhttp_fields *fields, const char *name)
{
    struct slice value;

    out[0] = '\0';
    if (bhttp_fields_find(fields, name, &value) && slice_cstr(value, out, size) != OK)
        out[0] = '\0';
}

/* Send the head of the answer to the application. `length` is -1 for a stream. */
static void pass_head(struct request *r, long long length)
{
    struct http_field fields[4];
    char length_text[24];
    size_t count = 0;

    if (r->content_type[0] != '\0')
        fields[count++] = HTTP_FIELD("content-type", slice_text(r->content_type));
    if (r->receipt_id[0] != '\0')
        fields[count++] = HTTP_FIELD("x-receipt-id", slice_text(r->receipt_id));
    if (length >= 0) {
        snprintf(length_text, sizeof length_text, "%lld", length);
        fields[count++] = HTTP_FIELD("content-length", slice_text(length_text));
    } else {
        fields[count++] = HTTP_FIELD("cache-control", SLICE_LIT("no-cache"));
    }
    r->passed = true;
    http_exchange_head(r->x, r->status, (struct http_fields){fields, count});
}

static void answer_head(void *owner, unsigned status, const struct bhttp_fields *fields)
{
    struct request *r = owner;

    r->status = status;
    copy_text(r->receipt_id, sizeof r->receipt_id, fields, "x-receipt-id");
    copy_text(r->content_type, sizeof r->content_type, fields, "content-type");
    r->streaming = slice_starts(slice_text(r->content_type), SLICE_LIT("text/event-stream"));
    hash_init(&r->hash, HASH_SHA256);
    if (r->streaming)
        pass_head(r, -1);
}

static void answer_body(void *owner, struct slice bytes)
{
    struct request *r = owner;

    hash_update(&r->hash, bytes);
    if (!r->streaming)
        buf_put(&r->held, bytes);
    else if (!http_exchange_write(r->x, bytes))
        sealed_call_pause(r->call);
}

static void answer_trailers(void *owner, const struct bhttp_fields *fields)
{
    struct request *r = owner;
    struct slice receipt;

    if (bhttp_fields_find(fields, "cocoon-receipt", &receipt))
        buf_put(&r->receipt, receipt);
}

/* Hold the receipt against what went by. */
static cocoon_err check_receipt(struct request *r)
{
    const struct http_request *request = http_exchange_request(r->x);
    struct receipt_expect expect = {
        .identity = r->identity,
        .method = request->method,
        .path = request->path,
        .request = r->request_digest,
        .receipt_id = slice_text(r->receipt_id),
    };
    struct fail fail = {0};
    cocoon_err err;

    sha256_final(&r->hash, &expect.response);
    if ((err = buf_ok(&r->receipt)) == OK)
        err = client_receipts_take(r->client->receipts, &expect, buf_slice(&r->receipt), &fail);
    if (err != OK) {
        struct log_line line = log_begin(LOG_ERROR, "receipt_refused");

        log_id(&line, "worker", SLICE_OF(r->identity->worker_id));
        log_err(&line, err);
        log_word(&line, "what", fail.what == NULL ? "" : fail.what);
        log_end(&line);
    }
    return err;
}

static void answer_end(void *owner)
{
    struct request *r = owner;

    r->call = NULL;
    worker_release(r);
    if (check_receipt(r) != OK) {
        if (r->passed)
            break_off(r);
        else
            refuse(r, 502, "receipt_invalid", "the worker's receipt does not match this exchange");
        return;
    }
    if (!r->streaming && buf_ok(&r->held) != OK) {
        refuse(r, 502, "answer_too_large",
               "the answer is too large to be checked before it is passed on");
        return;
    }
    if (!r->streaming) {
        pass_head(r, (long long)r->held.len);
        http_exchange_write(r->x, buf_slice(&r->held));
    }
    http_exchange_end(r->x, HTTP_NO_FIELDS);
}

/* The answer does not come: try another worker, or tell the caller. */
static void call_failed(struct request *r, bool worker_at_fault)
{
    uint64_t now = loop_now(r->client->process.loop);

    r->call = NULL;
    if (worker_at_fault && r->worker != NULL)
        pool_cool(r->worker, now);
    worker_release(r);
    if (r->passed) {
        break_off(r);
        return;
    }
    buf_clear(&r->held);
    buf_clear(&r->receipt);
    r->client->retries++;
    try_next(r);
}

static void answer_refused(void *owner, unsigned status, struct slice body)
{
    struct request *r = owner;

    (void)body;
    /* 400 from the worker means its keys changed: fetch its configuration anew. */
    if (status == 400 && r->worker != NULL) {
        r->worker->has_config = false;
        client_follow_hurry(r->client->follow);
    }
    if (status == 504) {
        r->call = NULL;
        worker_release(r);
        refuse(r, 504, "timeout", "no answer within the deadline");
        return;
    }
    call_failed(r, true);
}

static void answer_error(void *owner, cocoon_err why)
{
    struct request *r = owner;

    if (why == ERR_TIMEOUT && !r->passed) {
        r->call = NULL;
        worker_release(r);
        refuse(r, 504, "timeout", "no answer within the deadline");
        return;
    }
    call_failed(r, why != ERR_REFUSED && why != ERR_TLS);
}

static const struct sealed_call_events answer_events = {
    .on_head = answer_head,
    .on_body = answer_body,
    .on_trailers = answer_trailers,
    .on_end = answer_end,
    .on_refused = answer_refused,
    .on_error = answer_error,
};

/* --- trying --- */

/* Tell the caller that no worker is left to try. */
static void refuse_unserved(struct request *r, enum pool_answer answer)
{
    struct buf why;

    if (r->tried_count > 0) {
        refuse(r, 502, "worker_lost", "every worker that was tried went away before it answered");
        return;
    }
    if (answer == POOL_NO_MODEL) {
        refuse(r, 404, "model_not_found", "no worker on the ledger serves this model");
        return;
    }
    buf_init(&why, REASON_MAX);
    buf_put_text(&why, "no verified worker serves this model: ");
    pool_why(&r->client->pool, r->model, loop_unix_now(), &why);
    refuse(r, 503, "upstream_verification_failed", buf_cstr(&why));
    buf_fini(&why);
}

/* Start a sealed call to `w`. */
static cocoon_err seal_to(struct request *r, struct pool_worker *w, uint32_t left_ms)
{
    const struct http_request *request = http_exchange_request(r->x);
    struct bhttp_fields fields = {0};
    struct slice type = SLICE_LIT("application/json"), values[OUTER_FIELDS];
    struct http_field outer[OUTER_FIELDS + 1];
    char deadline[24], size_class[24], keyset[72];
    cocoon_err err;

    (void)http_field_get(request->fields, "content-type", &type);
    snprintf(deadline, sizeof deadline, "%llu", (unsigned long long)r->deadline_unix_ms);
    snprintf(size_class, sizeof size_class, "%zu", ohttp_size_class(r->body.len));
    values[OUTER_MODEL] = r->model;
    values[OUTER_SIZE_CLASS] = slice_text(size_class);
    values[OUTER_DEADLINE] = slice_text(deadline);
    values[OUTER_PRICE_CAP] = SLICE_LIT("0");
    if (!bhttp_fields_add(&fields, SLICE_LIT("content-type"), type))
        return ERR_LIMIT;
    snprintf(keyset, sizeof keyset, "sha256:");
    hex_write(digest_slice(&w->identity->keyset_digest), keyset + strlen("sha256:"));
    if (!bhttp_fields_add(&fields, SLICE_LIT("cocoon-keyset"), slice_text(keyset)))
        return ERR_LIMIT;
    for (size_t i = 0; i < OUTER_FIELDS; i++) {
        outer[i] = (struct http_field){slice_text(outer_names[i]), values[i]};
        if (!bhttp_fields_add(&fields, outer[i].name, outer[i].value))
            return ERR_LIMIT;
    }
    outer[OUTER_FIELDS] = HTTP_FIELD("cocoon-worker", slice_text(w->id_hex));
    if ((err = pool_session(&r->client->pool, w, loop_unix_now())) != OK)
        return err;
    return sealed_call_start(&w->session,
                             &(struct sealed_call_params){
                                 .peer = r->client->proxy,
                                 .outer = HTTP_FIELDS(outer),
                                 .control = {.method = request->method,
                                             .scheme = SLICE_LIT("https"),
                                             .authority = SLICE_LIT("worker"),
                                             .path = request->path},
                                 .fields = &fields,
                                 .body = buf_slice(&r->body),
                                 .pad = r->client->pad,
                                 .first_ms = left_ms,
                                 .whole_ms = left_ms,
                             },
                             loop_unix_now(), &answer_events, r, &r->call);
}

/* Draw a worker that was not tried and seal the request to it; refuse when there is none. */
static void try_next(struct request *r)
{
    uint64_t now = loop_now(r->client->process.loop);
    struct pool_worker *w;
    enum pool_answer answer;

    while (r->tried_count < POOL_TRIED_MAX && now < r->deadline) {
        answer = pool_pick(&r->client->pool, r->model, (const uint8_t(*)[32])r->tried,
                           r->tried_count, now, loop_unix_now(), &w);
        if (answer != POOL_OK) {
            refuse_unserved(r, answer);
            return;
        }
        memcpy(r->tried[r->tried_count++], w->id, sizeof w->id);
        if (seal_to(r, w, (uint32_t)(r->deadline - now)) == OK) {
            r->worker = w;
            w->active++;
            pool_identity_unref(r->identity);
            r->identity = pool_identity_ref(w->identity);
            return;
        }
        w->has_config = false; /* what it has cannot be used: fetch anew */
    }
    if (now >= r->deadline)
        refuse(r, 504, "timeout", "no answer within the deadline");
    else
        refuse_unserved(r, POOL_EXHAUSTED);
}

/* --- the request --- */

/* Keep the model's name beyond the parsed body. */
static cocoon_err read_model(struct request *r)
{
    const struct json *root;
    struct arena arena;
    struct slice model;
    struct fail fail;
    cocoon_err err;

    arena_init(&arena, REQUEST_JSON_MAX);
    err = json_parse(buf_slice(&r->body), &arena, &root, &fail);
    if (err == OK)
        err = json_get_text(root, "model", &model);
    if (err == OK)
        err = arena_copy(http_exchange_arena(r->x), model, &r->model);
    arena_wipe(&arena);
    return err;
}

/* Seconds the caller is willing to wait: "cocoon-timeout", else the default. */
static uint64_t caller_patience_ms(const struct http_request *request)
{
    struct slice text;
    uint64_t seconds;

    if (!http_field_get(request->fields, "cocoon-timeout", &text) ||
        slice_u64(text, &seconds) != OK || seconds == 0 || seconds > TIMEOUT_DEFAULT_MS / 1000)
        return TIMEOUT_DEFAULT_MS;
    return seconds * 1000;
}

static void body_piece(void *owner, struct slice bytes)
{
    struct request *r = owner;

    buf_put(&r->body, bytes);
}

static void body_end(void *owner, struct http_fields trailers)
{
    struct request *r = owner;
    uint64_t patience = caller_patience_ms(http_exchange_request(r->x));
    cocoon_err err;

    (void)trailers;
    if (buf_ok(&r->body) != OK) {
        refuse(r, 413, "too_large", "the request is too large");
        return;
    }
    err = read_model(r);
    if (err == ERR_MISSING || err == ERR_TYPE) {
        refuse(r, 400, "model_missing",
               "the body must be a JSON object whose \"model\" names a model");
    } else if (err != OK) {
        refuse(r, 400, "invalid_json", cocoon_err_text(err));
    } else {
        sha256(buf_slice(&r->body), &r->request_digest);
        r->deadline = loop_now(r->client->process.loop) + patience;
        r->deadline_unix_ms = (uint64_t)loop_unix_now() * 1000 + patience;
        try_next(r);
    }
}

static void caller_drained(void *owner)
{
    struct request *r = owner;

    if (r->call != NULL)
        sealed_call_resume(r->call);
}

static const struct http_exchange_events caller_events = {.on_body = body_piece,
                                                          .on_end = body_end,
                                                          .on_drained = caller_drained,
                                                          .on_done = caller_done};

void client_request_handle(void *owner, struct http_exchange *x)
{
    struct client *client = owner;
    struct request *r = MEM_NEW(struct request);

    client->requests++;
    r->client = client;
    r->x = x;
    buf_init(&r->body, LIMIT_REQUEST_BODY);
    buf_init(&r->held, LIMIT_RESPONSE_BODY);
    buf_init(&r->receipt, TRAILER_MAX);
    http_exchange_bind(x, &caller_events, r);
}
