#include "channel/sealed_call.h"

#include "base/mem.h"

enum {
    /* Body, head, padding to a size class (at most as much again), tags of its chunks. */
    WIRE_MAX = 2 * LIMIT_REQUEST_BODY + LIMIT_REQUEST_BODY / 64,
    PLAIN_MAX =
        1024 * 1024, /* opened and not yet read: a field section, or what one read brought */
};

struct sealed_call {
    const struct sealed_call_events *events;
    void *owner;
    struct http_call *call; /* NULL once it ended */
    struct ohttp_client ohttp;
    struct bhttp_rd reader;
    struct buf plain;
    struct buf refusal;
    unsigned outer_status;
    bool sealed;   /* the outer answer is a sealed one */
    bool done;     /* BHTTP_DONE was read */
    bool busy;     /* the owner is being called: it may cancel */
    bool canceled; /* it did */
};

static void sealed_free(struct sealed_call *c)
{
    ohttp_client_fini(&c->ohttp);
    buf_wipe(&c->plain);
    buf_fini(&c->refusal);
    mem_free(c);
}

/* Break off and report `why`; `c` is gone after. */
static void sealed_fail(struct sealed_call *c, cocoon_err why)
{
    if (c->call != NULL)
        http_call_cancel(c->call);
    c->events->on_error(c->owner, why);
    sealed_free(c);
}

static void sealed_show(struct sealed_call *c, enum bhttp_event event)
{
    c->busy = true;
    if (event == BHTTP_HEAD)
        c->events->on_head(c->owner, c->reader.control.status, &c->reader.fields);
    else if (event == BHTTP_CONTENT)
        c->events->on_body(c->owner, c->reader.content);
    else if (event == BHTTP_TRAILERS)
        c->events->on_trailers(c->owner, &c->reader.fields);
    else if (event == BHTTP_DONE)
        c->done = true;
    c->busy = false;
}

/* Show what stands in c->plain, as far as it can be read. */
static cocoon_err sealed_read(struct sealed_call *c, bool last)
{
    enum bhttp_event event = BHTTP_HEAD;
    cocoon_err err = OK;
    struct fail fail;
    size_t at = 0, used;

    while (event != BHTTP_MORE && !c->canceled && (at < c->plain.len || (last && !c->done))) {
        err = bhttp_next(&c->reader, slice_skip(buf_slice(&c->plain), at), last, &used, &event,
                         &fail);
        if (err != OK)
            return err;
        sealed_show(c, event);
        at += used;
        if (event == BHTTP_DONE && used == 0)
            break;
    }
    buf_drop(&c->plain, at);
    return OK;
}

/* Open `bytes` of the outer body and show what became readable. False when `c` is gone. */
static bool sealed_take(struct sealed_call *c, struct slice bytes, bool last)
{
    struct fail fail;
    cocoon_err err = ohttp_client_open(&c->ohttp, bytes, last, &c->plain, &fail);

    if (err == OK)
        err = sealed_read(c, c->ohttp.response.ended);
    if (c->canceled) {
        if (c->call != NULL)
            http_call_cancel(c->call);
        sealed_free(c);
        return false;
    }
    if (err != OK) {
        sealed_fail(c, err);
        return false;
    }
    return true;
}

/* --- the outer call --- */

static void outer_head(void *owner, const struct http_response *head)
{
    struct sealed_call *c = owner;
    struct slice type;

    c->outer_status = head->status;
    c->sealed = head->status == 200 && http_field_get(head->fields, "content-type", &type) &&
                slice_eq_text(type, ohttp_media_response(OHTTP_SESSION));
}

static void outer_body(void *owner, struct slice bytes)
{
    struct sealed_call *c = owner;

    if (c->sealed)
        (void)sealed_take(c, bytes, false);
    else if (c->refusal.len + bytes.len <= SEALED_REFUSAL_MAX)
        buf_put(&c->refusal, bytes);
}

static void outer_end(void *owner, struct http_fields trailers)
{
    struct sealed_call *c = owner;

    (void)trailers;
    c->call = NULL;
    if (!c->sealed)
        c->events->on_refused(c->owner, c->outer_status, buf_slice(&c->refusal));
    else if (!sealed_take(c, SLICE_LIT(""), true))
        return;
    else if (!c->done)
        c->events->on_error(c->owner, ERR_TRUNCATED);
    else
        c->events->on_end(c->owner);
    sealed_free(c);
}

static void outer_error(void *owner, cocoon_err why)
{
    struct sealed_call *c = owner;

    c->call = NULL;
    sealed_fail(c, why);
}

static const struct http_call_events outer_events = {
    .on_head = outer_head, .on_body = outer_body, .on_end = outer_end, .on_error = outer_error};

/* --- starting --- */

/* Append the whole binary HTTP request, padded if asked. */
static cocoon_err request_put(const struct sealed_call_params *p, struct buf *out)
{
    size_t padding = 0;
    cocoon_err err;

    if ((err = bhttp_put_request(out, BHTTP_KNOWN, &p->control, p->fields)) != OK ||
        (err = bhttp_put_content(out, BHTTP_KNOWN, p->body)) != OK)
        return err;
    if (p->pad)
        padding = ohttp_size_class(out->len + 1) - (out->len + 1); /* one byte of empty trailers */
    return bhttp_put_end(out, BHTTP_KNOWN, NULL, padding);
}

static struct http_call *outer_start(struct sealed_call *c, const struct sealed_call_params *p)
{
    struct http_field fields[LIMIT_HTTP_FIELDS];
    size_t count = 0;

    fields[count++] = HTTP_FIELD("content-type", slice_text(ohttp_media_request(OHTTP_SESSION)));
    fields[count++] = HTTP_FIELD("incremental", SLICE_LIT("?1"));
    for (size_t i = 0; i < p->outer.count && count < COUNT_OF(fields); i++)
        fields[count++] = p->outer.list[i];
    return http_call_start(p->peer,
                           &(struct http_call_params){.method = SLICE_LIT("POST"),
                                                      .target = SLICE_LIT("/v1/ohttp"),
                                                      .fields = {fields, count},
                                                      .first_ms = p->first_ms,
                                                      .whole_ms = p->whole_ms},
                           &outer_events, c);
}

cocoon_err sealed_call_start(struct ohttp_session *session, const struct sealed_call_params *params,
                             unix_time now, const struct sealed_call_events *events, void *owner,
                             struct sealed_call **out)
{
    struct sealed_call *c = MEM_NEW(struct sealed_call);
    struct buf plain, wire;
    cocoon_err err;

    c->events = events;
    c->owner = owner;
    buf_init(&c->plain, PLAIN_MAX);
    buf_init(&c->refusal, SEALED_REFUSAL_MAX);
    bhttp_rd_init(&c->reader, true);
    buf_init(&plain, WIRE_MAX);
    buf_init(&wire, WIRE_MAX);
    if ((err = request_put(params, &plain)) != OK ||
        (err = ohttp_session_next(session, now, &c->ohttp, &wire)) != OK ||
        (err = ohttp_client_seal(&c->ohttp, buf_slice(&plain), true, &wire)) != OK)
        goto done;
    c->call = outer_start(c, params);
    http_call_write(c->call, buf_slice(&wire));
    http_call_end(c->call, HTTP_NO_FIELDS);
    *out = c;
done:
    buf_wipe(&plain);
    buf_fini(&wire);
    if (err != OK)
        sealed_free(c);
    return err;
}

const struct burn_id *sealed_call_id(const struct sealed_call *call)
{
    return &call->ohttp.secrets.request_id;
}

void sealed_call_pause(struct sealed_call *call)
{
    if (call->call != NULL)
        http_call_pause(call->call);
}

void sealed_call_resume(struct sealed_call *call)
{
    if (call->call != NULL)
        http_call_resume(call->call);
}

void sealed_call_cancel(struct sealed_call *call)
{
    if (call == NULL)
        return;
    if (call->busy) {
        call->canceled = true;
        return;
    }
    if (call->call != NULL)
        http_call_cancel(call->call);
    sealed_free(call);
}
