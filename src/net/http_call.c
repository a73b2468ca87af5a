#include "net/http_call.h"

#include <assert.h>

#include "base/mem.h"
#include "codec/http1.h"

static void call_free(struct http_call *call)
{
    loop_task_drop(&call->last);
    buf_wipe(&call->body);
    arena_wipe(&call->arena);
    mem_free(call);
}

/* The call is over: nothing is told after this; its memory goes later in the turn. */
static void call_retire(struct http_call *call)
{
    struct http_metrics *metrics = peer_metrics(call->peer);

    assert(call->events != NULL);
    metrics->active--;
    call->events = NULL;
    call->ops = NULL;
    loop_timer_stop(&call->wait);
    loop_timer_stop(&call->whole);
    peer_remove(call->peer, call);
    loop_task_queue(&call->last);
}

static void call_error(struct http_call *call, cocoon_err why)
{
    const struct http_call_events *events = call->events;
    struct http_metrics *metrics = peer_metrics(call->peer);

    metrics->aborted++;
    if (why == ERR_TIMEOUT)
        metrics->timeouts++;
    call_retire(call);
    events->on_error(call->owner, why);
}

void call_break(struct http_call *call, cocoon_err why)
{
    if (call->ops != NULL)
        call->ops->cancel(call);
    call_error(call, why);
}

static void call_last(void *owner)
{
    struct http_call *call = owner;

    if (call->events != NULL)
        call_break(call, call->why);
    else
        call_free(call);
}

static void call_late(void *owner)
{
    call_break(owner, ERR_TIMEOUT);
}

void call_fail_later(struct http_call *call, cocoon_err why)
{
    if (call->why == OK)
        call->why = why;
    loop_task_queue(&call->last);
}

static void call_await(struct http_call *call, uint32_t ms)
{
    if (ms > 0 && !call->paused)
        loop_timer_set(&call->wait, ms);
    else
        loop_timer_stop(&call->wait);
}

/* Copy what the caller's params point at. */
static cocoon_err call_copy(struct http_call *call, const struct http_call_params *params)
{
    struct http_field_list list = {.count = 0};
    struct arena *arena = &call->arena;
    cocoon_err err;

    call->head = *params;
    for (size_t i = 0; i < params->fields.count; i++) {
        err = http_field_list_add(&list, arena, params->fields.list[i].name,
                                  params->fields.list[i].value);
        if (err != OK)
            return err;
    }
    if ((err = http_field_list_keep(&list, arena, &call->head.fields)) != OK ||
        (err = arena_copy(arena, params->method, &call->head.method)) != OK ||
        (err = arena_copy(arena, params->target, &call->head.target)) != OK ||
        (err = arena_copy(arena, params->authority, &call->head.authority)) != OK)
        return err;
    if (!http_fields_ok(call->head.fields) || !http1_is_token(call->head.method) ||
        !http1_is_value(call->head.target) || !http1_is_value(call->head.authority))
        return ERR_MALFORMED;
    return http_fields_length(call->head.fields, &call->body_left);
}

struct http_call *http_call_start(struct http_peer *peer, const struct http_call_params *params,
                                  const struct http_call_events *events, void *owner)
{
    struct http_call *call = MEM_NEW(struct http_call);
    const struct http_limits *limits = peer_limits(peer);
    uint32_t whole_ms = params->whole_ms != 0 ? params->whole_ms : limits->whole_ms;
    cocoon_err err;

    call->peer = peer;
    call->events = events;
    call->owner = owner;
    call->ended = params->no_body;
    call->body_left = HTTP_LENGTH_UNKNOWN;
    arena_init(&call->arena, HTTP_ARENA_MAX);
    buf_init(&call->body, CALL_QUEUE_MAX);
    loop_timer_init(&call->wait, http_peer_loop(peer), call_late, call);
    loop_timer_init(&call->whole, http_peer_loop(peer), call_late, call);
    loop_task_init(&call->last, http_peer_loop(peer), call_last, call);
    peer_metrics(peer)->exchanges++;
    peer_metrics(peer)->active++;
    peer_add(peer, call);
    call_await(call, params->first_ms != 0 ? params->first_ms : limits->head_ms);
    if (whole_ms > 0)
        loop_timer_set(&call->whole, whole_ms);
    if ((err = call_copy(call, params)) != OK)
        call_fail_later(call, err);
    else
        peer_schedule(peer, call);
    return call;
}

/* Forget the sent part of the body. */
static void call_forget_sent(struct http_call *call)
{
    buf_drop(&call->body, call->body_sent);
    call->body_sent = 0;
    if (call->body.len == 0)
        buf_wipe(&call->body);
}

/* Give the transport what it has not got yet. */
static void call_push(struct http_call *call)
{
    struct slice rest = slice_skip(buf_slice(&call->body), call->body_sent);
    bool go_on = true;

    if (rest.len > 0) {
        go_on = call->ops->write(call, rest);
        call->body_sent = call->body.len;
    }
    if (!call->keep)
        call_forget_sent(call);
    if (call->ended)
        call->ops->end(call, call->trailers);
    if (go_on)
        call_drained(call);
}

void call_attach(struct http_call *call, const struct call_ops *ops, void *transport, bool keep)
{
    assert(call->ops == NULL && call->link_waiting == NULL);
    call->ops = ops;
    call->transport = transport;
    call->keep = keep && !call->retried && call->body.len <= CALL_KEEP_MAX;
    call_push(call);
}

void call_touched(struct http_call *call)
{
    if (!call->keep)
        return;
    call->keep = false;
    call_forget_sent(call);
}

void call_head(struct http_call *call, const struct http_response *head)
{
    call_touched(call);
    call->responded = true;
    call_await(call, peer_limits(call->peer)->body_ms);
    http_metrics_status(peer_metrics(call->peer), head->status);
    call->events->on_head(call->owner, head);
}

void call_body(struct http_call *call, struct slice bytes)
{
    const struct http_limits *limits = peer_limits(call->peer);

    call->body_in += bytes.len;
    peer_metrics(call->peer)->body_in += bytes.len;
    if (call->body_in > limits->body_max) {
        call_break(call, ERR_LIMIT);
        return;
    }
    call_await(call, limits->body_ms);
    call->events->on_body(call->owner, bytes);
}

void call_drained(struct http_call *call)
{
    if (!call->full)
        return;
    call->full = false;
    if (call->events != NULL && call->events->on_drained != NULL && !call->ended)
        call->events->on_drained(call->owner);
}

void call_complete(struct http_call *call, struct http_fields trailers)
{
    const struct http_call_events *events = call->events;

    call_retire(call);
    events->on_end(call->owner, trailers);
}

void call_failed(struct http_call *call, cocoon_err why, bool untouched)
{
    call->ops = NULL;
    call->transport = NULL;
    if (!untouched || !call->keep) {
        call_error(call, why);
        return;
    }
    call->keep = false;
    call->retried = true;
    call->body_sent = 0;
    peer_metrics(call->peer)->retried++;
    peer_schedule(call->peer, call);
}

/* Count `len` bytes against the declared length; a breach fails the call. */
static bool call_count(struct http_call *call, size_t len)
{
    if (call->body_left == HTTP_LENGTH_UNKNOWN)
        return true;
    if (len > call->body_left) {
        call_fail_later(call, ERR_RANGE);
        return false;
    }
    call->body_left -= len;
    return true;
}

bool http_call_write(struct http_call *call, struct slice bytes)
{
    bool go_on;

    assert(call->events != NULL && !call->ended);
    if (bytes.len == 0 || !call_count(call, bytes.len))
        return !call->full;
    peer_metrics(call->peer)->body_out += bytes.len;
    if (call->keep && call->body.len + bytes.len > CALL_KEEP_MAX)
        call_touched(call); /* too long to keep */
    if (call->keep || call->ops == NULL)
        buf_put(&call->body, bytes);
    if (buf_ok(&call->body) != OK)
        call_fail_later(call, ERR_LIMIT);
    if (call->ops != NULL) {
        go_on = call->ops->write(call, bytes);
        call->body_sent = call->body.len;
    } else {
        go_on = call->body.len < STREAM_HIGH_WATER;
    }
    call->full = !go_on;
    return go_on;
}

void http_call_end(struct http_call *call, struct http_fields trailers)
{
    struct http_field_list list = {.count = 0};
    cocoon_err err = OK;

    assert(call->events != NULL && !call->ended);
    call->ended = true;
    for (size_t i = 0; i < trailers.count && err == OK; i++)
        err =
            http_field_list_add(&list, &call->arena, trailers.list[i].name, trailers.list[i].value);
    if (err == OK)
        err = http_field_list_keep(&list, &call->arena, &call->trailers);
    if (err == OK && !http_fields_ok(call->trailers))
        err = ERR_MALFORMED;
    if (err == OK && call->body_left != HTTP_LENGTH_UNKNOWN && call->body_left > 0)
        err = ERR_RANGE;
    if (err != OK)
        call_fail_later(call, err);
    else if (call->ops != NULL)
        call->ops->end(call, call->trailers);
}

size_t http_call_queued(const struct http_call *call)
{
    if (call->ops != NULL)
        return call->ops->queued(call);
    return call->body.len;
}

static void call_set_paused(struct http_call *call, bool paused)
{
    if (call->paused == paused || call->events == NULL)
        return;
    call->paused = paused;
    if (call->responded)
        call_await(call, peer_limits(call->peer)->body_ms);
    if (call->ops != NULL)
        call->ops->flow(call);
}

void http_call_pause(struct http_call *call)
{
    call_set_paused(call, true);
}

void http_call_resume(struct http_call *call)
{
    call_set_paused(call, false);
}

void http_call_cancel(struct http_call *call)
{
    if (call == NULL || call->events == NULL)
        return;
    if (call->ops != NULL)
        call->ops->cancel(call);
    peer_metrics(call->peer)->aborted++;
    call_retire(call);
}
