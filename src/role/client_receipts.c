#include "role/client_receipts.h"

#include <stdio.h>
#include <string.h>

#include "base/b64.h"
#include "base/log.h"
#include "base/mem.h"
#include "receipt/bundle.h"

enum { RECEIPT_ARENA_MAX = 1024 * 1024 };

struct client_receipts {
    struct loop *loop;
    char dir[FILE_PATH_MAX];
    size_t queued;
    struct writing *waiting; /* newest first: kept, not on the disk yet */
};

/* A bundle on its way to the disk. */
struct writing {
    struct client_receipts *receipts;
    struct writing *next, **link;
    char path[FILE_PATH_MAX];
    struct buf content;
    cocoon_err err;
};

struct client_receipts *client_receipts_new(struct loop *loop, const char *dir)
{
    struct client_receipts *r = MEM_NEW(struct client_receipts);

    r->loop = loop;
    snprintf(r->dir, sizeof r->dir, "%s", dir);
    return r;
}

void client_receipts_free(struct client_receipts *r)
{
    mem_free(r);
}

/* An id is a file name here: hex digits only. */
static bool id_is_good(struct slice id)
{
    if (id.len == 0 || id.len > RECEIPT_ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f')))
            return false;
    return true;
}

static cocoon_err bundle_path(const struct client_receipts *r, struct slice id,
                              char out[FILE_PATH_MAX])
{
    char name[RECEIPT_ID_MAX + 32];

    if (!id_is_good(id))
        return ERR_MALFORMED;
    snprintf(name, sizeof name, "%.*s.receipt.json", (int)id.len, (const char *)id.ptr);
    return file_join(out, r->dir, name);
}

/* --- writing --- */

static void write_work(void *owner)
{
    struct writing *w = owner;

    w->err = file_write(w->path, buf_slice(&w->content), FILE_SECRET, false);
}

static void write_done(void *owner, cocoon_err err)
{
    struct writing *w = owner;

    if (err == ERR_CANCELED)
        write_work(w); /* the loop is ending: write it here and now */
    if (w->err != OK)
        log_event(LOG_ERROR, "bundle_not_written");
    w->receipts->queued--;
    *w->link = w->next;
    if (w->next != NULL)
        w->next->link = w->link;
    buf_fini(&w->content);
    mem_free(w);
}

static void write_later(struct client_receipts *r, struct writing *take_w)
{
    take_w->receipts = r;
    take_w->next = r->waiting;
    take_w->link = &r->waiting;
    if (take_w->next != NULL)
        take_w->next->link = &take_w->next;
    r->waiting = take_w;
    r->queued++;
    if (r->queued > RECEIPTS_QUEUE_MAX) {
        write_work(take_w);
        write_done(take_w, OK);
    } else {
        (void)loop_work(r->loop, write_work, write_done, take_w);
    }
}

static cocoon_err keep(struct client_receipts *r, const struct receipt_expect *expect,
                       struct slice document)
{
    struct writing *w = MEM_NEW(struct writing);
    struct bundle bundle = {.receipt = document,
                            .evidence = buf_slice(&expect->identity->evidence_json),
                            .ledger = buf_slice(&expect->identity->ledger_json)};
    cocoon_err err;

    memcpy(bundle.worker_id.bytes, expect->identity->worker_id, sizeof bundle.worker_id.bytes);
    buf_init(&w->content, BUNDLE_MAX);
    if ((err = bundle_path(r, expect->receipt_id, w->path)) == OK &&
        (err = bundle_put(&w->content, &bundle)) == OK) {
        write_later(r, w);
        return OK;
    }
    buf_fini(&w->content);
    mem_free(w);
    return err;
}

/* --- checking --- */

static cocoon_err check(const struct receipt_expect *expect, struct slice document,
                        struct arena *arena, struct fail *fail)
{
    const struct receipt_exchange exchange = {.receipt_id = expect->receipt_id,
                                              .method = expect->method,
                                              .endpoint = expect->path,
                                              .request = &expect->request,
                                              .response = &expect->response};
    struct receipt receipt;
    cocoon_err err;

    if ((err = receipt_read(document, arena, &receipt, fail)) != OK ||
        (err = receipt_matches(&receipt, &exchange, fail)) != OK)
        return err;
    return receipt_verify_with(&receipt, &expect->identity->keyset_digest,
                               &expect->identity->receipt_key, fail);
}

cocoon_err client_receipts_take(struct client_receipts *r, const struct receipt_expect *expect,
                                struct slice trailer, struct fail *fail)
{
    struct arena arena;
    struct buf document;
    cocoon_err err;

    if (trailer.len == 0 || !id_is_good(expect->receipt_id))
        return fail_set(fail, ERR_MISSING, 0, "no receipt came with the answer");
    arena_init(&arena, RECEIPT_ARENA_MAX);
    buf_init(&document, RECEIPT_MAX);
    if ((err = b64_read(trailer, &document)) == OK &&
        (err = check(expect, buf_slice(&document), &arena, fail)) == OK)
        err = keep(r, expect, buf_slice(&document));
    buf_fini(&document);
    arena_fini(&arena);
    return err;
}

cocoon_err client_receipts_read(const struct client_receipts *r, struct slice receipt_id,
                                struct buf *out)
{
    char path[FILE_PATH_MAX];
    cocoon_err err = bundle_path(r, receipt_id, path);

    if (err != OK)
        return err;
    for (const struct writing *w = r->waiting; w != NULL; w = w->next)
        if (strcmp(w->path, path) == 0) {
            buf_put(out, buf_slice(&w->content));
            return buf_ok(out);
        }
    return file_read(path, out);
}
