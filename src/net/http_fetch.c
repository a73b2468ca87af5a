#include <assert.h>
#include <stdio.h>

#include "base/mem.h"
#include "net/http_client.h"
#include "net/http_impl.h"

struct http_fetch {
    struct http_call *call; /* NULL once over */
    struct arena arena;     /* of the answer's head */
    struct http_response head;
    struct buf body;
    http_answer_fn *on_answer;
    void *owner;
    struct loop_task bury;
};

static void fetch_free(void *owner)
{
    struct http_fetch *f = owner;

    arena_wipe(&f->arena);
    buf_wipe(&f->body);
    mem_free(f);
}

static void fetch_over(struct http_fetch *f, cocoon_err err)
{
    f->call = NULL;
    loop_task_queue(&f->bury);
    f->on_answer(f->owner, err, err == OK ? &f->head : NULL, buf_slice(&f->body));
}

static void fetch_head(void *owner, const struct http_response *head)
{
    struct http_fetch *f = owner;
    struct http_field_list list = {.count = 0};
    cocoon_err err = OK;

    f->head.status = head->status;
    for (size_t i = 0; i < head->fields.count && err == OK; i++)
        err = http_field_list_add(&list, &f->arena, head->fields.list[i].name,
                                  head->fields.list[i].value);
    if (err == OK)
        err = http_field_list_keep(&list, &f->arena, &f->head.fields);
    assert(err == OK); /* the same fields passed the same limits before */
}

static void fetch_body(void *owner, struct slice bytes)
{
    struct http_fetch *f = owner;

    buf_put(&f->body, bytes);
    if (buf_ok(&f->body) == OK)
        return;
    http_call_cancel(f->call);
    fetch_over(f, ERR_LIMIT);
}

static void fetch_end(void *owner, struct http_fields trailers)
{
    (void)trailers;
    fetch_over(owner, OK);
}

static void fetch_error(void *owner, cocoon_err why)
{
    fetch_over(owner, why);
}

static const struct http_call_events fetch_events = {
    .on_head = fetch_head,
    .on_body = fetch_body,
    .on_end = fetch_end,
    .on_error = fetch_error,
};

/* `params` with the body's length among its fields. */
static void fetch_start(struct http_fetch *f, struct http_peer *peer,
                        const struct http_call_params *params, struct slice body)
{
    struct http_call_params sized = *params;
    struct http_field fields[LIMIT_HTTP_FIELDS];
    size_t count = params->fields.count;
    char digits[24];

    assert(count < LIMIT_HTTP_FIELDS);
    for (size_t i = 0; i < count; i++)
        fields[i] = params->fields.list[i];
    snprintf(digits, sizeof digits, "%zu", body.len);
    if (body.len > 0)
        fields[count++] = HTTP_FIELD("content-length", slice_text(digits));
    sized.fields = (struct http_fields){fields, count};
    sized.no_body = body.len == 0;
    f->call = http_call_start(peer, &sized, &fetch_events, f);
    if (body.len > 0) {
        http_call_write(f->call, body);
        http_call_end(f->call, HTTP_NO_FIELDS);
    }
}

struct http_fetch *http_fetch(struct http_peer *peer, const struct http_call_params *params,
                              struct slice body, size_t max, http_answer_fn *on_answer, void *owner)
{
    struct http_fetch *f = MEM_NEW(struct http_fetch);

    f->on_answer = on_answer;
    f->owner = owner;
    arena_init(&f->arena, HTTP_ARENA_MAX);
    buf_init(&f->body, max);
    loop_task_init(&f->bury, http_peer_loop(peer), fetch_free, f);
    fetch_start(f, peer, params, body);
    return f;
}

void http_fetch_cancel(struct http_fetch *f)
{
    if (f == NULL || f->call == NULL)
        return;
    http_call_cancel(f->call);
    f->call = NULL;
    loop_task_queue(&f->bury);
}
