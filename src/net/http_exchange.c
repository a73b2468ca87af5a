#include "net/http_exchange.h"

#include <assert.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/mem.h"
#include "codec/http1.h"
#include "codec/json_wr.h"
#include "crypto/rand.h"

enum { ERROR_BODY_MAX = 1024, REQUEST_ID_LEN = 8, REQUEST_ID_MAX = 64 };

static const char too_large[] = "the request's body is too large";

/* Tell the user that it is over; nothing is told after that. */
static void exchange_tell(struct http_exchange *x, cocoon_err why)
{
    const struct http_exchange_events *events = x->events;

    if (x->told)
        return;
    x->told = true;
    x->events = NULL;
    if (why != OK)
        x->service->metrics.aborted++;
    if (why == ERR_TIMEOUT)
        x->service->metrics.timeouts++;
    if (events != NULL && events->on_done != NULL)
        events->on_done(x->owner, why);
}

static void exchange_over(struct http_exchange *x)
{
    assert(!x->over);
    x->over = true;
    x->service->metrics.active--;
}

static void exchange_last(void *owner)
{
    struct http_exchange *x = owner;

    exchange_tell(x, x->why);
    if (x->over) /* the user closed the whole connection */
        return;
    exchange_over(x);
    x->ops->over(x);
}

/* Nothing more will be sent, for `why` if that is an error: the end is told in a task. */
static void exchange_finish(struct http_exchange *x, cocoon_err why)
{
    loop_timer_stop(&x->whole);
    loop_timer_stop(&x->body);
    x->why = why;
    loop_task_queue(&x->last);
}

/* The user broke a rule, or gave up. */
static void exchange_break(struct http_exchange *x, cocoon_err why)
{
    x->cut = true;
    x->ops->cut(x);
    exchange_finish(x, why);
}

void exchange_refuse(struct http_exchange *x, unsigned status, const char *code,
                     const char *message, cocoon_err why)
{
    if (x->ended || x->cut)
        return;
    exchange_tell(x, why);
    if (x->over)
        return;
    if (x->answered)
        exchange_break(x, why);
    else
        http_answer_error(x, status, code, message);
}

static void exchange_late(void *owner)
{
    struct http_exchange *x = owner;

    if (x->complete)
        exchange_refuse(x, 504, "timeout", "the answer took too long", ERR_TIMEOUT);
    else
        exchange_refuse(x, 408, "timeout", "the request took too long to arrive", ERR_TIMEOUT);
}

/* The body's deadline runs while its next piece is waited for. */
static void exchange_await_body(struct http_exchange *x)
{
    bool waiting = !x->complete && !x->paused && !x->ended && !x->cut;

    if (waiting && x->service->limits.body_ms > 0)
        loop_timer_set(&x->body, x->service->limits.body_ms);
    else
        loop_timer_stop(&x->body);
}

void exchange_init(struct http_exchange *x, struct http_service *service,
                   const struct exchange_ops *ops)
{
    *x = (struct http_exchange){.service = service,
                                .ops = ops,
                                .request_length = HTTP_LENGTH_UNKNOWN,
                                .answer_left = HTTP_LENGTH_UNKNOWN};
    arena_init(&x->arena, HTTP_ARENA_MAX);
    loop_timer_init(&x->whole, service->loop, exchange_late, x);
    loop_timer_init(&x->body, service->loop, exchange_late, x);
    loop_task_init(&x->last, service->loop, exchange_last, x);
}

void exchange_fini(struct http_exchange *x)
{
    loop_timer_stop(&x->whole);
    loop_timer_stop(&x->body);
    loop_task_drop(&x->last);
    if (x->collect != NULL)
        buf_wipe(&x->collect->body);
    arena_wipe(&x->arena);
}

/* Call the handler; do not wait for a body that it collects and that is too long by its own word.
 */
static void exchange_handle(struct http_exchange *x)
{
    x->service->handler(x->service->owner, x);
    if (!x->over && x->collect != NULL && x->request_length != HTTP_LENGTH_UNKNOWN &&
        x->request_length > x->collect->body.max)
        exchange_refuse(x, 413, "request_too_large", too_large, ERR_LIMIT);
}

void exchange_begin(struct http_exchange *x)
{
    struct http_service *service = x->service;
    const struct http_limits *limits = &service->limits;

    service->metrics.exchanges++;
    service->metrics.active++;
    if (limits->whole_ms > 0)
        loop_timer_set(&x->whole, limits->whole_ms);
    exchange_await_body(x);
    if (x->request_length != HTTP_LENGTH_UNKNOWN && x->request_length > limits->body_max)
        exchange_refuse(x, 413, "request_too_large", too_large, ERR_LIMIT);
    else
        exchange_handle(x);
}

void exchange_reject(struct http_exchange *x, unsigned status, const char *code,
                     const char *message)
{
    x->service->metrics.exchanges++;
    x->service->metrics.active++;
    http_answer_error(x, status, code, message);
}

void exchange_body(struct http_exchange *x, struct slice bytes)
{
    x->body_in += bytes.len;
    x->service->metrics.body_in += bytes.len;
    if (x->body_in > x->service->limits.body_max) {
        exchange_refuse(x, 413, "request_too_large", too_large, ERR_LIMIT);
        return;
    }
    exchange_await_body(x);
    if (!x->ended && !x->cut && x->events != NULL && x->events->on_body != NULL)
        x->events->on_body(x->owner, bytes);
}

void exchange_complete(struct http_exchange *x, struct http_fields trailers)
{
    x->complete = true;
    loop_timer_stop(&x->body);
    if (!x->ended && !x->cut && x->events != NULL && x->events->on_end != NULL)
        x->events->on_end(x->owner, trailers);
}

void exchange_drained(struct http_exchange *x)
{
    if (!x->ended && !x->cut && x->events != NULL && x->events->on_drained != NULL)
        x->events->on_drained(x->owner);
}

void exchange_lost(struct http_exchange *x, cocoon_err why)
{
    if (x->ended || x->cut) /* decided before */
        why = x->why;
    else if (why == OK || why == ERR_CLOSED)
        why = ERR_CANCELED;
    loop_timer_stop(&x->whole);
    loop_timer_stop(&x->body);
    loop_task_drop(&x->last);
    x->cut = true;
    exchange_tell(x, why);
    exchange_over(x);
}

bool exchange_wants_body(const struct http_exchange *x)
{
    return !x->ended && !x->cut && !x->complete;
}

const struct http_request *http_exchange_request(const struct http_exchange *x)
{
    return &x->request;
}

struct arena *http_exchange_arena(struct http_exchange *x)
{
    return &x->arena;
}

struct loop *http_exchange_loop(const struct http_exchange *x)
{
    return x->service->loop;
}

struct stream *http_exchange_stream(const struct http_exchange *x)
{
    return x->ops->stream(x);
}

void http_exchange_bind(struct http_exchange *x, const struct http_exchange_events *events,
                        void *owner)
{
    assert(!x->over);
    x->events = events;
    x->owner = owner;
}

static void collect_body(void *owner, struct slice bytes)
{
    struct http_exchange *x = owner;

    buf_put(&x->collect->body, bytes);
    if (buf_ok(&x->collect->body) != OK)
        exchange_refuse(x, 413, "request_too_large", too_large, ERR_LIMIT);
}

static void collect_end(void *owner, struct http_fields trailers)
{
    struct http_exchange *x = owner;

    (void)trailers;
    x->collect->on_body(x->collect->owner, buf_slice(&x->collect->body));
}

static void collect_done(void *owner, cocoon_err why)
{
    struct http_exchange *x = owner;

    if (x->collect->on_done != NULL)
        x->collect->on_done(x->collect->owner, why);
}

static const struct http_exchange_events collect_events = {
    .on_body = collect_body,
    .on_end = collect_end,
    .on_done = collect_done,
};

void http_exchange_collect(struct http_exchange *x, size_t max,
                           void (*on_body)(void *owner, struct slice body),
                           void (*on_done)(void *owner, cocoon_err why), void *owner)
{
    struct exchange_collect *collect = ARENA_NEW(&x->arena, struct exchange_collect);

    assert(collect != NULL && x->collect == NULL);
    buf_init(&collect->body, max);
    collect->on_body = on_body;
    collect->on_done = on_done;
    collect->owner = owner;
    x->collect = collect;
    http_exchange_bind(x, &collect_events, x);
}

static void exchange_set_paused(struct http_exchange *x, bool paused)
{
    if (x->paused == paused)
        return;
    x->paused = paused;
    exchange_await_body(x);
    x->ops->flow(x);
}

void http_exchange_pause(struct http_exchange *x)
{
    exchange_set_paused(x, true);
}

void http_exchange_resume(struct http_exchange *x)
{
    exchange_set_paused(x, false);
}

bool http_exchange_answered(const struct http_exchange *x)
{
    return x->answered;
}

size_t http_exchange_queued(const struct http_exchange *x)
{
    return x->cut ? 0 : x->ops->queued(x);
}

void http_exchange_head(struct http_exchange *x, unsigned status, struct http_fields fields)
{
    assert(!x->answered && !x->over && status >= 200 && status <= 599);
    if (x->cut)
        return;
    x->answered = true;
    x->bodyless = status == 204 || status == 304 || slice_eq_text(x->request.method, "HEAD");
    if (http_fields_length(fields, &x->answer_left) != OK || !http_fields_ok(fields)) {
        exchange_break(x, ERR_MALFORMED);
        return;
    }
    http_metrics_status(&x->service->metrics, status);
    x->ops->head(x, status, fields, x->answer_left, x->bodyless);
    if (x->bodyless)
        x->answer_left = HTTP_LENGTH_UNKNOWN;
}

bool http_exchange_write(struct http_exchange *x, struct slice bytes)
{
    assert(x->answered && !x->ended && !x->over);
    if (x->cut || x->bodyless || bytes.len == 0)
        return true;
    if (x->answer_left != HTTP_LENGTH_UNKNOWN) {
        if (bytes.len > x->answer_left) {
            exchange_break(x, ERR_RANGE);
            return true;
        }
        x->answer_left -= bytes.len;
    }
    x->service->metrics.body_out += bytes.len;
    return x->ops->write(x, bytes);
}

void http_exchange_end(struct http_exchange *x, struct http_fields trailers)
{
    assert(x->answered && !x->ended && !x->over);
    if (x->cut)
        return;
    if ((x->answer_left != HTTP_LENGTH_UNKNOWN && x->answer_left > 0) ||
        !http_fields_ok(trailers)) {
        exchange_break(x, ERR_RANGE);
        return;
    }
    x->ended = true;
    x->ops->end(x, trailers);
    exchange_finish(x, OK);
}

void http_exchange_abort(struct http_exchange *x)
{
    assert(!x->over);
    x->events = NULL;
    if (!x->cut && !x->ended)
        exchange_break(x, ERR_CANCELED);
}

void http_answer(struct http_exchange *x, unsigned status, const char *content_type,
                 struct slice body)
{
    char digits[24];
    struct http_field fields[] = {
        HTTP_FIELD("content-type", slice_text(content_type)),
        HTTP_FIELD("content-length", slice_make(NULL, 0)),
    };

    snprintf(digits, sizeof digits, "%zu", body.len);
    fields[1].value = slice_text(digits);
    http_exchange_head(x, status, HTTP_FIELDS(fields));
    http_exchange_write(x, body);
    http_exchange_end(x, HTTP_NO_FIELDS);
}

/* OpenAI's error types, by status. */
static const char *error_type(unsigned status)
{
    switch (status) {
    case 401:
        return "authentication_error";
    case 403:
        return "permission_error";
    case 404:
        return "not_found_error";
    case 408:
    case 504:
        return "timeout_error";
    case 429:
        return "rate_limit_error";
    default:
        return status < 500 ? "invalid_request_error" : "server_error";
    }
}

/* The caller's own request id if it sent a short token, else one drawn into `drawn`. */
static struct slice request_id(const struct http_exchange *x, char drawn[2 * REQUEST_ID_LEN + 1])
{
    uint8_t bytes[REQUEST_ID_LEN];
    struct slice id;

    if (http_field_get(http_exchange_request(x)->fields, "x-request-id", &id) &&
        id.len <= REQUEST_ID_MAX && http1_is_token(id))
        return id;
    rand_fill(bytes, sizeof bytes);
    hex_write(SLICE_OF(bytes), drawn);
    return slice_text(drawn);
}

/* The whole answer, with the request's id: who refuses so holds no attested key to sign a receipt.
 */
static void answer_refusal(struct http_exchange *x, unsigned status, struct slice body)
{
    char digits[24], drawn[2 * REQUEST_ID_LEN + 1];
    struct http_field fields[] = {
        HTTP_FIELD("content-type", SLICE_LIT("application/json")),
        HTTP_FIELD("content-length", slice_make(NULL, 0)),
        HTTP_FIELD("x-request-id", slice_make(NULL, 0)),
    };

    snprintf(digits, sizeof digits, "%zu", body.len);
    fields[1].value = slice_text(digits);
    fields[2].value = request_id(x, drawn);
    http_exchange_head(x, status, HTTP_FIELDS(fields));
    http_exchange_write(x, body);
    http_exchange_end(x, HTTP_NO_FIELDS);
}

void http_answer_error(struct http_exchange *x, unsigned status, const char *code,
                       const char *message)
{
    struct buf body;
    struct json_wr w;

    buf_init(&body, ERROR_BODY_MAX);
    json_wr_init(&w, &body);
    json_wr_object(&w, NULL);
    json_wr_object(&w, "error");
    json_wr_cstr(&w, "message", message);
    json_wr_cstr(&w, "type", error_type(status));
    json_wr_cstr(&w, "code", code);
    json_wr_null(&w, "param");
    json_wr_close(&w);
    json_wr_close(&w);
    if (json_wr_end(&w) != OK)
        buf_clear(&body); /* the status must do */
    answer_refusal(x, status, buf_slice(&body));
    buf_fini(&body);
}
