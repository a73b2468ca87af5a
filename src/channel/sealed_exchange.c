#include "channel/sealed_exchange.h"

#include "base/mem.h"
#include "net/loop.h"

enum {
    PLAIN_MAX =
        1024 * 1024, /* opened and not yet read: a field section, or what one read brought */
    SEALED_PIECE_MAX = 1024 * 1024,
};

#define OHTTP_PROBLEM_KEY                                                                          \
    "{\"type\":\"https://iana.org/assignments/http-problem-types#ohttp-key\","                     \
    "\"title\":\"key identifier unknown\"}"

struct sealed_exchange {
    const struct sealed_exchange_events *events;
    void *owner;
    struct http_exchange *x; /* NULL once it is over */
    const struct rng *rng;
    struct ohttp_gateway gateway;
    struct bhttp_rd reader;
    struct buf plain, body;
    struct buf head; /* keeps what `request` borrows: the opened bytes up to the end of the head */
    struct sealed_request request;
    struct buf piece, wire;  /* of the answer, used again for each piece */
    struct loop_task broken; /* reports that the answer could not be sealed */
    bool whole;              /* the inner request is complete */
    bool refused;            /* answered in the clear */
    bool answered;
};

static void exchange_free(struct sealed_exchange *s)
{
    ohttp_gateway_fini(&s->gateway);
    buf_wipe(&s->plain);
    buf_wipe(&s->body);
    buf_wipe(&s->head);
    buf_wipe(&s->piece);
    buf_fini(&s->wire);
    mem_free(s);
}

static void report_broken(void *owner)
{
    struct sealed_exchange *s = owner;

    s->events->on_done(s->owner, ERR_CRYPTO);
    exchange_free(s);
}

/* --- reading the request --- */

/* Refuse what could not be opened (RFC 9458 section 5.3). The exchange ends on its own. */
static void refuse(struct sealed_exchange *s, cocoon_err err)
{
    s->refused = true;
    if (err == ERR_ABSENT || err == ERR_ALGORITHM)
        http_answer(s->x, 400, "application/problem+json", SLICE_LIT(OHTTP_PROBLEM_KEY));
    else if (err == ERR_REPLAY)
        http_answer_error(s->x, 409, "replayed", "this request was used before");
    else if (err == ERR_BUSY)
        http_answer_error(s->x, 503, "overloaded",
                          "this key has served all it may; fetch a new one");
    else if (err == ERR_LIMIT)
        http_answer_error(s->x, 413, "too_large", "the request is too large");
    else
        http_answer_error(s->x, 400, "not_openable", "the request cannot be opened");
}

/* Keep control data and fields beyond the buffer they were read from. */
static cocoon_err keep_head(struct sealed_exchange *s, struct slice bytes)
{
    struct bhttp_rd again;
    enum bhttp_event event;
    struct fail fail;
    size_t used;
    cocoon_err err;

    buf_put(&s->head, bytes);
    bhttp_rd_init(&again, false);
    err = bhttp_next(&again, buf_slice(&s->head), false, &used, &event, &fail);
    if (err == OK) {
        s->request.control = again.control;
        s->request.fields = again.fields;
    }
    return err;
}

static cocoon_err read_event(struct sealed_exchange *s, enum bhttp_event event, struct slice bytes)
{
    if (event == BHTTP_HEAD)
        return keep_head(s, bytes);
    if (event == BHTTP_CONTENT) {
        buf_put(&s->body, s->reader.content);
        return buf_ok(&s->body);
    }
    if (event == BHTTP_DONE)
        s->whole = true;
    return OK;
}

/* Read what stands in s->plain, as far as it goes. */
static cocoon_err read_plain(struct sealed_exchange *s, bool last)
{
    enum bhttp_event event = BHTTP_HEAD;
    struct fail fail;
    size_t at = 0, used;
    cocoon_err err = OK;

    while (err == OK && event != BHTTP_MORE && (at < s->plain.len || (last && !s->whole))) {
        struct slice rest = slice_skip(buf_slice(&s->plain), at);

        err = bhttp_next(&s->reader, rest, last, &used, &event, &fail);
        if (err == OK)
            err = read_event(s, event, slice_sub(rest, 0, used));
        at += used;
        if (event == BHTTP_DONE && used == 0)
            break;
    }
    if (err == OK)
        buf_drop(&s->plain, at);
    return err;
}

static void take(struct sealed_exchange *s, struct slice bytes, bool last)
{
    struct fail fail;
    cocoon_err err;

    if (s->refused)
        return;
    err = ohttp_gateway_open(&s->gateway, loop_unix_now(), bytes, last, &s->plain, &fail);
    if (err == OK)
        err = read_plain(s, s->gateway.request.ended);
    if (err == OK && last && !s->whole)
        err = ERR_TRUNCATED;
    if (err != OK) {
        refuse(s, err);
        return;
    }
    if (!last)
        return;
    s->request.body = buf_slice(&s->body);
    s->request.id = s->gateway.secrets.request_id;
    s->events->on_request(s->owner, &s->request);
}

static void outer_body(void *owner, struct slice bytes)
{
    take(owner, bytes, false);
}

static void outer_end(void *owner, struct http_fields trailers)
{
    (void)trailers;
    take(owner, SLICE_LIT(""), true);
}

static void outer_drained(void *owner)
{
    struct sealed_exchange *s = owner;

    if (s->answered && s->events->on_drained != NULL)
        s->events->on_drained(s->owner);
}

static void outer_done(void *owner, cocoon_err why)
{
    struct sealed_exchange *s = owner;

    s->x = NULL;
    s->events->on_done(s->owner, why);
    exchange_free(s);
}

static const struct http_exchange_events outer_events = {
    .on_body = outer_body, .on_end = outer_end, .on_drained = outer_drained, .on_done = outer_done};

struct sealed_exchange *sealed_exchange_start(struct http_exchange *x,
                                              const struct sealed_exchange_params *params,
                                              const struct sealed_exchange_events *events,
                                              void *owner)
{
    struct slice type = SLICE_LIT("");
    enum ohttp_format format;
    struct sealed_exchange *s;

    (void)http_field_get(http_exchange_request(x)->fields, "content-type", &type);
    if (!ohttp_format_find(type, &format)) {
        http_answer_error(x, 415, "unsupported_media_type", "not a sealed request");
        return NULL;
    }
    s = MEM_NEW(struct sealed_exchange);
    s->events = events;
    s->owner = owner;
    s->x = x;
    s->rng = params->rng;
    ohttp_gateway_init(&s->gateway, format, params->keys);
    bhttp_rd_init(&s->reader, false);
    buf_init(&s->plain, PLAIN_MAX);
    buf_init(&s->body, params->body_max);
    buf_init(&s->head, PLAIN_MAX);
    buf_init(&s->piece, format == OHTTP_WHOLE ? LIMIT_RESPONSE_BODY : SEALED_PIECE_MAX);
    buf_init(&s->wire, 2 * s->piece.max);
    loop_task_init(&s->broken, http_exchange_loop(x), report_broken, s);
    http_exchange_bind(x, &outer_events, s);
    return s;
}

/* --- sealing the answer --- */

/* Break off; on_done comes later in this turn, never from inside the owner's call. */
static void break_off(struct sealed_exchange *s)
{
    http_exchange_abort(s->x);
    s->x = NULL;
    loop_task_queue(&s->broken);
}

/* Seal s->piece and send it; a whole-message answer waits for its end. False: pause. */
static bool send_piece(struct sealed_exchange *s, bool final)
{
    bool go_on = true;

    if (s->gateway.format == OHTTP_WHOLE && !final)
        return true;
    if (ohttp_gateway_seal(&s->gateway, s->rng, buf_slice(&s->piece), final, &s->wire) == OK)
        go_on = http_exchange_write(s->x, buf_slice(&s->wire));
    else
        break_off(s);
    buf_clear(&s->piece);
    buf_clear(&s->wire);
    return go_on;
}

void sealed_exchange_head(struct sealed_exchange *s, unsigned status,
                          const struct bhttp_fields *fields)
{
    const struct http_field outer[] = {
        HTTP_FIELD("content-type", slice_text(ohttp_media_response(s->gateway.format))),
        HTTP_FIELD("incremental", SLICE_LIT("?1")),
    };

    if (s->x == NULL)
        return;
    s->answered = true;
    http_exchange_head(s->x, 200, HTTP_FIELDS(outer));
    if (bhttp_put_response(&s->piece, BHTTP_INDETERMINATE, true, status, fields) != OK)
        break_off(s);
    else
        (void)send_piece(s, false);
}

bool sealed_exchange_write(struct sealed_exchange *s, struct slice bytes)
{
    if (s->x == NULL || bytes.len == 0)
        return true;
    if (bhttp_put_content(&s->piece, BHTTP_INDETERMINATE, bytes) == OK)
        return send_piece(s, false);
    break_off(s);
    return true;
}

void sealed_exchange_end(struct sealed_exchange *s, const struct bhttp_fields *trailers)
{
    if (s->x == NULL)
        return;
    if (bhttp_put_end(&s->piece, BHTTP_INDETERMINATE, trailers, 0) != OK) {
        break_off(s);
        return;
    }
    (void)send_piece(s, true);
    if (s->x != NULL)
        http_exchange_end(s->x, HTTP_NO_FIELDS);
}

bool sealed_exchange_answered(const struct sealed_exchange *s)
{
    return s->answered;
}

void sealed_exchange_abort(struct sealed_exchange *s)
{
    loop_task_drop(&s->broken);
    if (s->x != NULL)
        http_exchange_abort(s->x);
    exchange_free(s);
}
