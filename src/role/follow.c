#include "role/follow.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/file.h"

enum {
    FOLLOW_WAIT_MS = 10 * 1000,
    FOLLOW_ANSWER_MAX = 64 * 1024,
    FOLLOW_ARENA_MAX = 16 * 1024 * 1024,
    FOLLOW_VIEW_MAX = 4096,
};

/* A question that waits, or is being asked when it is the first. */
struct question {
    struct question *next;
    struct buf path;
    uint64_t old_size;
    follow_fn *fn;
    void *owner;
};

/* A plain GET or POST. */
struct plain {
    struct plain *next, **link;
    struct http_fetch *fetch;
    bool post;
    follow_text_fn *fn;
    void *owner;
};

struct follow {
    struct loop *loop;
    struct http_peer *peer;
    struct light_policy policy;
    char *state_path;
    struct light_view view;
    struct question *first, **last;
    struct http_fetch *fetch; /* of the first question */
    struct plain *plains;
};

/* --- the kept view --- */

static cocoon_err view_load(struct follow *f, struct fail *fail)
{
    struct buf text;
    cocoon_err err;

    buf_init(&text, FOLLOW_VIEW_MAX);
    err = file_read(f->state_path, &text);
    if (err == ERR_NOT_FOUND)
        err = OK;
    else if (err == OK && light_view_read(buf_slice(&text), &f->view, fail) != OK)
        err = fail_set(fail, ERR_CORRUPT, 0, "the file of the view last seen cannot be read");
    buf_fini(&text);
    return err;
}

static void view_keep(struct follow *f, const struct light_view *next)
{
    struct buf text;
    bool grown = next->size != f->view.size;

    f->view = *next;
    if (!grown)
        return;
    buf_init(&text, FOLLOW_VIEW_MAX);
    if (light_view_put(&text, next) != OK ||
        file_write(f->state_path, buf_slice(&text), FILE_PUBLIC, false) != OK)
        log_event(LOG_ERROR, "view_not_kept");
    buf_fini(&text);
}

/* --- proofs --- */

static void ask_first(struct follow *f);

/* Take the first question off the queue, answer it, and ask the next. */
static void answer_first(struct follow *f, cocoon_err err, const struct fail *fail,
                         const struct light_proof *proof, struct slice text)
{
    struct question *q = f->first;

    f->fetch = NULL;
    f->first = q->next;
    if (f->first == NULL)
        f->last = &f->first;
    q->fn(q->owner, err, fail, &f->view, proof, text);
    buf_fini(&q->path);
    mem_free(q);
    ask_first(f);
}

static void proof_came(void *owner, cocoon_err err, const struct http_response *head,
                       struct slice body)
{
    struct follow *f = owner;
    struct light_proof *proof;
    struct light_view next;
    struct arena arena;
    struct fail fail = {err, 0, "the ledger does not answer"};

    arena_init(&arena, FOLLOW_ARENA_MAX);
    proof = ARENA_NEW(&arena, struct light_proof);
    if (err == OK && head->status != 200)
        err = fail_set(&fail, ERR_NOT_FOUND, 0, "the ledger has no such proof");
    if (err == OK && (err = light_proof_read(body, &arena, proof, &fail)) == OK &&
        (err = light_advance(&f->policy, f->view.size == 0 ? NULL : &f->view, proof,
                             loop_unix_now(), &next, &fail)) == OK)
        view_keep(f, &next);
    answer_first(f, err, &fail, proof, body);
    arena_fini(&arena);
}

static void ask_first(struct follow *f)
{
    struct question *q = f->first;
    char old[32];

    if (q == NULL || f->fetch != NULL)
        return;
    snprintf(old, sizeof old, "&old=%llu", (unsigned long long)f->view.size);
    buf_put_text(&q->path, old);
    f->fetch = http_fetch(f->peer,
                          &(struct http_call_params){.method = SLICE_LIT("GET"),
                                                     .target = buf_slice(&q->path),
                                                     .no_body = true,
                                                     .whole_ms = FOLLOW_WAIT_MS},
                          SLICE_LIT(""), LIGHT_PROOF_MAX, proof_came, f);
}

void follow_prove(struct follow *f, const struct follow_key *keys, size_t count, follow_fn *fn,
                  void *owner)
{
    struct question *q = MEM_NEW(struct question);

    buf_init(&q->path, 16 * 1024);
    buf_put_text(&q->path, "/v1/ledger/proof");
    for (size_t i = 0; i < count; i++) {
        buf_put_text(&q->path, i == 0 ? "?record=" : "&record=");
        buf_put_text(&q->path, record_type_name(keys[i].type));
        buf_put_u8(&q->path, ':');
        hex_put(&q->path, slice_make(keys[i].id, keys[i].id_len));
    }
    if (count == 0)
        buf_put_text(&q->path, "?record=network:");
    q->fn = fn;
    q->owner = owner;
    *f->last = q;
    f->last = &q->next;
    ask_first(f);
}

/* --- plain calls --- */

static void plain_came(void *owner, cocoon_err err, const struct http_response *head,
                       struct slice body)
{
    struct plain *p = owner;

    *p->link = p->next;
    if (p->next != NULL)
        p->next->link = p->link;
    if (err == OK && head->status != 200)
        err = p->post ? ERR_RULE : ERR_NOT_FOUND;
    p->fn(p->owner, err, body);
    mem_free(p);
}

static void plain_start(struct follow *f, bool post, struct slice path, struct slice body,
                        size_t max, follow_text_fn *fn, void *owner)
{
    const struct http_field type =
        HTTP_FIELD("content-type", SLICE_LIT("application/octet-stream"));
    struct plain *p = MEM_NEW(struct plain);

    *p = (struct plain){
        .next = f->plains, .link = &f->plains, .post = post, .fn = fn, .owner = owner};
    if (p->next != NULL)
        p->next->link = &p->next;
    f->plains = p;
    p->fetch =
        http_fetch(f->peer,
                   &(struct http_call_params){.method = post ? SLICE_LIT("POST") : SLICE_LIT("GET"),
                                              .target = path,
                                              .fields = {&type, post ? 1 : 0},
                                              .no_body = !post,
                                              .whole_ms = FOLLOW_WAIT_MS},
                   body, max, plain_came, p);
}

void follow_get(struct follow *f, struct slice path, size_t max, follow_text_fn *fn, void *owner)
{
    plain_start(f, false, path, SLICE_LIT(""), max, fn, owner);
}

void follow_submit(struct follow *f, struct slice tx, follow_text_fn *fn, void *owner)
{
    plain_start(f, true, SLICE_LIT("/v1/ledger/tx"), tx, FOLLOW_ANSWER_MAX, fn, owner);
}

/* --- life --- */

cocoon_err follow_new(const struct follow_params *params, struct follow **out, struct fail *fail)
{
    struct follow *f = MEM_NEW(struct follow);
    cocoon_err err;

    f->loop = params->loop;
    f->policy = params->policy;
    f->last = &f->first;
    f->state_path = mem_text(params->state_path);
    f->peer = http_peer_new(params->loop, &(struct http_peer_params){.at = params->ledger});
    if ((err = view_load(f, fail)) != OK) {
        follow_free(f);
        return err;
    }
    *out = f;
    return OK;
}

void follow_free(struct follow *f)
{
    if (f == NULL)
        return;
    if (f->fetch != NULL)
        http_fetch_cancel(f->fetch);
    while (f->first != NULL) {
        struct question *q = f->first;

        f->first = q->next;
        buf_fini(&q->path);
        mem_free(q);
    }
    while (f->plains != NULL) {
        struct plain *p = f->plains;

        f->plains = p->next;
        http_fetch_cancel(p->fetch);
        mem_free(p);
    }
    http_peer_free(f->peer);
    mem_free(f->state_path);
    mem_free(f);
}

const struct light_view *follow_view(const struct follow *f)
{
    return &f->view;
}
