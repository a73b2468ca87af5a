#include "role/relay.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

struct relay {
    struct http_exchange *x; /* NULL once it is over */
    struct http_call *call;  /* NULL once it is over */
    bool body_ended;         /* the caller's request is complete */
    cocoon_err outcome;
    struct http_fields response_add;
    void (*on_done)(void *owner, cocoon_err why);
    void *owner;
};

/* Both sides end on their own; the last one out reports and frees. */
static void relay_settle(struct relay *r)
{
    if (r->x != NULL || r->call != NULL)
        return;
    r->on_done(r->owner, r->outcome);
    mem_free(r);
}

/* --- from the caller to the peer --- */

static void caller_body(void *owner, struct slice bytes)
{
    struct relay *r = owner;

    if (r->call != NULL && !http_call_write(r->call, bytes))
        http_exchange_pause(r->x);
}

static void caller_end(void *owner, struct http_fields trailers)
{
    struct relay *r = owner;

    r->body_ended = true;
    if (r->call != NULL)
        http_call_end(r->call, trailers);
}

static void caller_drained(void *owner)
{
    struct relay *r = owner;

    if (r->call != NULL)
        http_call_resume(r->call);
}

static void caller_done(void *owner, cocoon_err why)
{
    struct relay *r = owner;

    r->x = NULL;
    if (r->outcome == OK)
        r->outcome = why;
    if (r->call != NULL) {
        http_call_cancel(r->call);
        r->call = NULL;
    }
    relay_settle(r);
}

/* --- from the peer to the caller --- */

static void peer_head(void *owner, const struct http_response *head)
{
    struct relay *r = owner;
    struct http_field fields[LIMIT_HTTP_FIELDS];
    size_t count = 0;

    for (size_t i = 0; i < head->fields.count && count < COUNT_OF(fields); i++)
        fields[count++] = head->fields.list[i];
    for (size_t i = 0; i < r->response_add.count && count < COUNT_OF(fields); i++)
        fields[count++] = r->response_add.list[i];
    if (r->x != NULL)
        http_exchange_head(r->x, head->status, (struct http_fields){fields, count});
}

static void peer_body(void *owner, struct slice bytes)
{
    struct relay *r = owner;

    if (r->x != NULL && !http_exchange_write(r->x, bytes))
        http_call_pause(r->call);
}

static void peer_drained(void *owner)
{
    struct relay *r = owner;

    if (r->x != NULL && !r->body_ended)
        http_exchange_resume(r->x);
}

static void peer_end(void *owner, struct http_fields trailers)
{
    struct relay *r = owner;

    r->call = NULL;
    if (r->x != NULL)
        http_exchange_end(r->x, trailers);
    relay_settle(r);
}

static void peer_error(void *owner, cocoon_err why)
{
    struct relay *r = owner;

    r->call = NULL;
    r->outcome = why;
    if (r->x != NULL && http_exchange_answered(r->x)) {
        http_exchange_abort(r->x); /* a broken answer must not look like a short one */
        r->x = NULL;
    } else if (r->x != NULL && why == ERR_TIMEOUT) {
        http_answer_error(r->x, 504, "worker_timeout", "the worker did not answer in time");
    } else if (r->x != NULL) {
        http_answer_error(r->x, 502, "worker_lost", "the worker went away before it answered");
    }
    relay_settle(r);
}

static const struct http_exchange_events caller_events = {
    .on_body = caller_body,
    .on_end = caller_end,
    .on_drained = caller_drained,
    .on_done = caller_done,
};

static const struct http_call_events peer_events = {
    .on_head = peer_head,
    .on_body = peer_body,
    .on_drained = peer_drained,
    .on_end = peer_end,
    .on_error = peer_error,
};

/* Path and query as the caller wrote them, in the exchange's memory; the bare path if that is full.
 */
static struct slice relay_target(struct http_exchange *x, const struct http_request *request)
{
    uint8_t *text;

    if (request->query.len == 0)
        return request->path;
    text = arena_new(http_exchange_arena(x), request->path.len + 1 + request->query.len);
    if (text == NULL)
        return request->path;
    memcpy(text, request->path.ptr, request->path.len);
    text[request->path.len] = '?';
    memcpy(text + request->path.len + 1, request->query.ptr, request->query.len);
    return slice_make(text, request->path.len + 1 + request->query.len);
}

void relay_start(struct http_exchange *x, const struct relay_params *params)
{
    const struct http_request *request = http_exchange_request(x);
    struct relay *r = MEM_NEW(struct relay);
    struct http_field fields[LIMIT_HTTP_FIELDS];
    size_t count = 0;

    *r = (struct relay){.x = x,
                        .response_add = params->response_add,
                        .on_done = params->on_done,
                        .owner = params->owner};
    for (size_t i = 0; i < params->request_add.count && count < COUNT_OF(fields); i++)
        fields[count++] = params->request_add.list[i];
    for (size_t i = 0; i < request->fields.count && count < COUNT_OF(fields); i++)
        fields[count++] = request->fields.list[i];
    http_exchange_bind(x, &caller_events, r);
    r->call = http_call_start(
        params->peer,
        &(struct http_call_params){
            .method = request->method,
            .target = params->target.len > 0 ? params->target : relay_target(x, request),
            .fields = {fields, count},
            .first_ms = params->first_ms,
            .whole_ms = params->whole_ms,
        },
        &peer_events, r);
}
