#include "backend/openai.h"

#include <assert.h>
#include <stdio.h>

#include "backend/backend_impl.h"
#include "backend/member.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_wr.h"

enum {
    /* The largest whole answer whose usage is looked for: some 500 embeddings. */
    COUNTED_MAX = 16 * 1024 * 1024,
    ERROR_MAX = 1024,
};

struct openai_call {
    struct backend *backend;
    struct http_call *call; /* NULL: none yet, or over */
    const struct openai_events *events;
    void *owner;
    struct usage_counter *counter; /* from the head on */
    bool over;                     /* nothing may be called any more */
    struct loop_task refuse;       /* answers 503 when there is no engine */
    struct loop_task bury;
};

/* An error of ours, by what went wrong before the engine's answer began. */
struct own_error {
    unsigned status;
    const char *code, *type, *message;
};

static struct own_error own_error(cocoon_err why)
{
    static const struct own_error unavailable = {503, "engine_unavailable", "server_error",
                                                 "The inference engine is not running."};
    static const struct own_error timeout = {504, "engine_timeout", "server_error",
                                             "The inference engine did not answer in time."};
    static const struct own_error overloaded = {429, "engine_overloaded", "requests",
                                                "Too many requests are waiting for the engine."};
    static const struct own_error broken = {502, "engine_error", "server_error",
                                            "The inference engine's answer could not be read."};

    if (why == ERR_TIMEOUT)
        return timeout;
    if (why == ERR_BUSY)
        return overloaded;
    if (why == ERR_REFUSED || why == ERR_NOT_FOUND || why == ERR_CLOSED || why == ERR_CANCELED ||
        why == ERR_TLS || why == ERR_IO)
        return unavailable;
    return broken;
}

void openai_error_put(struct buf *out, const char *message, const char *type, const char *code)
{
    struct json_wr w;

    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    json_wr_object(&w, "error");
    json_wr_cstr(&w, "message", message);
    json_wr_cstr(&w, "type", type);
    json_wr_cstr(&w, "code", code);
    json_wr_null(&w, "param");
    json_wr_close(&w);
    json_wr_close(&w);
}

static void bury(void *owner)
{
    struct openai_call *c = owner;

    usage_free(c->counter);
    mem_free(c);
}

/* The call is over; its memory goes when the present callbacks have returned. */
static void end(struct openai_call *c)
{
    c->over = true;
    c->call = NULL;
    loop_task_drop(&c->refuse);
    loop_task_queue(&c->bury);
}

/* Answer in the engine's place. The owner may cancel at any step. */
static void answer_ourselves(struct openai_call *c, cocoon_err why)
{
    const struct own_error error = own_error(why);
    const struct openai_head head = {
        .status = error.status, .content_type = SLICE_LIT("application/json"), .ours = true};
    const struct usage nothing = {.source = USAGE_NONE};
    struct buf body;

    buf_init(&body, ERROR_MAX);
    openai_error_put(&body, error.message, error.type, error.code);
    c->events->on_head(c->owner, &head);
    if (!c->over)
        c->events->on_body(c->owner, buf_slice(&body));
    if (!c->over) {
        end(c);
        c->events->on_end(c->owner, &nothing);
    }
    buf_fini(&body);
}

static void refuse(void *owner)
{
    answer_ourselves(owner, ERR_REFUSED);
}

static void on_head(void *owner, const struct http_response *response)
{
    struct openai_call *c = owner;
    struct openai_head head = {.status = response->status};

    if (!http_field_get(response->fields, "content-type", &head.content_type))
        head.content_type = (struct slice){NULL, 0};
    head.streamed = slice_starts(head.content_type, SLICE_LIT("text/event-stream"));
    c->counter = usage_new(head.streamed, COUNTED_MAX);
    c->events->on_head(c->owner, &head);
}

static void on_body(void *owner, struct slice bytes)
{
    struct openai_call *c = owner;

    usage_feed(c->counter, bytes);
    c->events->on_body(c->owner, bytes);
}

static void on_end(void *owner, struct http_fields trailers)
{
    struct openai_call *c = owner;
    struct usage usage;

    (void)trailers;
    usage_end(c->counter, &usage);
    end(c);
    c->events->on_end(c->owner, &usage);
}

static void on_error(void *owner, cocoon_err why)
{
    struct openai_call *c = owner;
    struct usage usage;

    c->call = NULL;
    if (c->counter == NULL) {
        answer_ourselves(c, why);
        return;
    }
    usage_end(c->counter, &usage);
    end(c);
    c->events->on_abort(c->owner, why, &usage);
}

static const struct http_call_events call_events = {
    .on_head = on_head,
    .on_body = on_body,
    .on_end = on_end,
    .on_error = on_error,
};

static void send_request(struct openai_call *c, const struct openai_request *request,
                         struct slice target)
{
    struct backend *b = c->backend;
    struct http_field fields[4];
    size_t count = 0;
    char length[24];

    snprintf(length, sizeof length, "%zu", request->body.len);
    if (request->content_type.len > 0)
        fields[count++] = HTTP_FIELD("content-type", request->content_type);
    if (request->accept.len > 0)
        fields[count++] = HTTP_FIELD("accept", request->accept);
    if (b->bearer.len > 0)
        fields[count++] = HTTP_FIELD("authorization", buf_slice(&b->bearer));
    if (request->body.len > 0)
        fields[count++] = HTTP_FIELD("content-length", slice_text(length));
    c->call = http_call_start(
        b->peer,
        &(struct http_call_params){
            .method = request->method,
            .target = target,
            .authority = buf_slice(&b->authority),
            .fields = {fields, count},
            .fresh = slice_eq_text(member_find(request->body, "stream"), "true"),
            .no_body = request->body.len == 0,
            .first_ms = request->first_ms != 0 ? request->first_ms : OPENAI_FIRST_MS,
            .whole_ms = request->whole_ms != 0 ? request->whole_ms : OPENAI_WHOLE_MS,
        },
        &call_events, c);
    if (request->body.len == 0)
        return;
    http_call_write(c->call, request->body);
    http_call_end(c->call, HTTP_NO_FIELDS);
}

struct openai_call *openai_start(struct backend *b, const struct openai_request *request,
                                 const struct openai_events *events, void *owner)
{
    struct openai_call *c = MEM_NEW(struct openai_call);
    struct buf target;

    assert(request->target.len > 0 && request->target.ptr[0] == '/');
    assert(request->target.len <= LIMIT_HTTP_HEAD && request->body.len <= LIMIT_REQUEST_BODY);
    c->backend = b;
    c->events = events;
    c->owner = owner;
    loop_task_init(&c->bury, b->loop, bury, c);
    loop_task_init(&c->refuse, b->loop, refuse, c);
    if (backend_state(b) != BACKEND_READY) {
        loop_task_queue(&c->refuse);
        return c;
    }
    buf_init(&target, BACKEND_TEXT_MAX + LIMIT_HTTP_HEAD);
    buf_put(&target, buf_slice(&b->prefix));
    buf_put(&target, request->target);
    send_request(c, request, buf_slice(&target));
    buf_fini(&target);
    return c;
}

void openai_pause(struct openai_call *call)
{
    if (call->call != NULL)
        http_call_pause(call->call);
}

void openai_resume(struct openai_call *call)
{
    if (call->call != NULL)
        http_call_resume(call->call);
}

void openai_cancel(struct openai_call *call)
{
    if (call == NULL || call->over)
        return;
    http_call_cancel(call->call);
    end(call);
}
