/* What a ledger node serves: docs/spec/ledger.md, "HTTP". */
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "codec/json_wr.h"
#include "ledger/tx.h"
#include "role/ledger_node.h"
#include "role/ledger_view.h"
#include "role/router.h"

enum { ANSWER_MAX = LIGHT_PROOF_MAX + 64 * 1024 };

static void answer_buf(struct http_exchange *x, const char *type, const struct buf *body,
                       cocoon_err err)
{
    if (err == OK)
        err = buf_ok(body);
    if (err == OK)
        http_answer(x, 200, type, buf_slice(body));
    else if (err == ERR_NOT_FOUND || err == ERR_ABSENT)
        http_answer_error(x, 404, cocoon_err_name(err), cocoon_err_text(err));
    else if (cocoon_err_exit(err) == 30)
        http_answer_error(x, 400, cocoon_err_name(err), cocoon_err_text(err));
    else
        http_answer_error(x, 500, cocoon_err_name(err), cocoon_err_text(err));
}

/* --- the log --- */

static void get_checkpoint(void *node, struct http_exchange *x)
{
    struct ledger_node *n = node;
    struct slice note = embedded_note(n->sequencer);

    if (note.len == 0)
        http_answer_error(x, 404, "ERR_NOT_FOUND", "no checkpoint was published yet");
    else
        http_answer(x, 200, "text/plain; charset=utf-8", note);
}

static void get_genesis(void *node, struct http_exchange *x)
{
    struct ledger_node *n = node;

    http_answer(x, 200, "application/json", n->genesis.canonical);
}

static void get_tile(void *node, struct http_exchange *x)
{
    struct ledger_node *n = node;
    struct slice path = slice_skip(http_exchange_request(x)->path, 1);
    struct tile which;
    struct buf body;
    cocoon_err err = tile_path_read(path, &which);

    buf_init(&body, TILE_BUNDLE_MAX);
    if (err == OK)
        err = tiles_read(journal_tiles(embedded_journal(n->sequencer)), &which, &body);
    answer_buf(x, "application/octet-stream", &body, err);
    buf_fini(&body);
}

/* --- transactions --- */

/* A transaction that waits for its block. Lives until answered and until the exchange is over. */
struct submission {
    struct ledger_node *node;
    struct http_exchange *x; /* NULL: the caller went away */
    bool waiting;
};

static unsigned refusal_status(cocoon_err err)
{
    if (err == ERR_REPLAY || err == ERR_EXISTS || err == ERR_RANGE)
        return 409;
    if (err == ERR_BUSY || err == ERR_CANCELED)
        return 503;
    if (cocoon_err_exit(err) == 30 || cocoon_err_exit(err) == 20)
        return 400;
    return cocoon_err_exit(err) == 10 ? 422 : 500;
}

static void refuse(struct http_exchange *x, cocoon_err err, const char *what)
{
    http_answer_error(x, refusal_status(err), cocoon_err_name(err),
                      what != NULL ? what : cocoon_err_text(err));
}

static void answer_accepted(struct http_exchange *x, const struct ledger_result *result)
{
    struct json_wr w;
    struct buf body;

    buf_init(&body, 256);
    json_wr_init(&w, &body);
    json_wr_object(&w, NULL);
    json_wr_hex(&w, "id", digest_slice(&result->id));
    json_wr_u64(&w, "index", result->index);
    json_wr_close(&w);
    answer_buf(x, "application/json", &body, json_wr_end(&w));
    buf_fini(&body);
}

static void on_result(void *owner, const struct ledger_result *result)
{
    struct submission *s = owner;
    struct http_exchange *x = s->x;

    s->waiting = false;
    if (x == NULL) {
        mem_free(s);
        return;
    }
    if (result->err == OK)
        answer_accepted(x, result);
    else
        refuse(x, result->err, result->what);
}

static void on_tx_body(void *owner, struct slice body)
{
    struct submission *s = owner;
    struct fail fail = {0};
    cocoon_err err;

    s->waiting = true;
    if ((err = ledger_node_submit(s->node, body, on_result, s, &fail)) != OK) {
        s->waiting = false;
        refuse(s->x, err, fail.what);
    }
}

static void on_tx_over(void *owner, cocoon_err why)
{
    struct submission *s = owner;

    (void)why;
    s->x = NULL;
    if (!s->waiting)
        mem_free(s);
}

static void post_tx(void *node, struct http_exchange *x)
{
    struct submission *s = MEM_NEW(struct submission);

    s->node = node;
    s->x = x;
    http_exchange_collect(x, TX_MAX, on_tx_body, on_tx_over, s);
}

/* --- proofs --- */

struct question {
    struct embedded_ask asks[LIGHT_RECORDS_MAX];
    uint8_t ids[LIGHT_RECORDS_MAX][RECORD_ID_MAX];
    size_t count;
    uint64_t old_size;
};

/* Read "worker:<hex id>". */
static cocoon_err read_record(struct question *q, struct slice text)
{
    struct slice type = slice_cut(&text, ':');
    struct embedded_ask *ask = &q->asks[q->count];
    size_t len = text.len / 2;
    cocoon_err err;

    if (q->count == LIGHT_RECORDS_MAX)
        return ERR_LIMIT;
    if ((err = record_type_read(type, &ask->type)) != OK)
        return err;
    if (text.len % 2 != 0 || len > RECORD_ID_MAX)
        return ERR_MALFORMED;
    if ((err = hex_read(text, q->ids[q->count], len)) != OK)
        return err;
    ask->id = slice_make(q->ids[q->count++], len);
    return OK;
}

static cocoon_err read_question(struct slice query, struct question *q)
{
    cocoon_err err = OK;

    while (err == OK && query.len > 0) {
        struct slice value = slice_cut(&query, '&');
        struct slice key = slice_cut(&value, '=');

        if (slice_eq_text(key, "old"))
            err = slice_u64(value, &q->old_size);
        else if (slice_eq_text(key, "record"))
            err = read_record(q, value);
        else
            err = ERR_UNKNOWN_NAME;
    }
    return err;
}

static void get_proof(void *node, struct http_exchange *x)
{
    struct ledger_node *n = node;
    struct question *q = MEM_NEW(struct question);
    struct buf body;
    cocoon_err err = read_question(http_exchange_request(x)->query, q);

    buf_init(&body, ANSWER_MAX);
    if (err == OK)
        err = embedded_prove(n->sequencer, q->old_size, q->asks, q->count, &body);
    answer_buf(x, "application/json", &body, err);
    buf_fini(&body);
    mem_free(q);
}

/* --- views --- */

typedef cocoon_err view_fn(struct ledger_node *n, struct slice query, struct json_wr *w);

static void answer_view(struct ledger_node *n, struct http_exchange *x, view_fn *view)
{
    struct json_wr w;
    struct buf body;
    cocoon_err err;

    buf_init(&body, LEDGER_VIEW_MAX);
    json_wr_init(&w, &body);
    err = view(n, http_exchange_request(x)->query, &w);
    if (err == OK)
        err = json_wr_end(&w);
    answer_buf(x, "application/json", &body, err);
    buf_fini(&body);
}

static void get_status(void *node, struct http_exchange *x)
{
    answer_view(node, x, ledger_view_status);
}

static void get_workers(void *node, struct http_exchange *x)
{
    answer_view(node, x, ledger_view_workers);
}

static void get_models(void *node, struct http_exchange *x)
{
    answer_view(node, x, ledger_view_models);
}

static void get_releases(void *node, struct http_exchange *x)
{
    answer_view(node, x, ledger_view_releases);
}

static void get_witnesses(void *node, struct http_exchange *x)
{
    answer_view(node, x, ledger_view_witnesses);
}

static void get_account(void *node, struct http_exchange *x)
{
    answer_view(node, x, ledger_view_account);
}

static void get_evidence(void *node, struct http_exchange *x)
{
    answer_view(node, x, ledger_view_evidence);
}

static void get_page(void *node, struct http_exchange *x)
{
    struct ledger_node *n = node;
    struct buf body;

    buf_init(&body, LEDGER_VIEW_MAX);
    ledger_view_page(n, &body);
    answer_buf(x, "text/html; charset=utf-8", &body, OK);
    buf_fini(&body);
}

static void get_health(void *node, struct http_exchange *x)
{
    (void)node;
    http_answer(x, 200, "text/plain", SLICE_LIT("ok\n"));
}

static const struct route routes[] = {
    {"GET", "/", get_page},
    {"GET", "/healthz", get_health},
    {"GET", "/checkpoint", get_checkpoint},
    {"GET", "/genesis.json", get_genesis},
    {"GET", "/tile/*", get_tile},
    {"POST", "/v1/ledger/tx", post_tx},
    {"GET", "/v1/ledger/proof", get_proof},
    {"GET", "/v1/ledger/status", get_status},
    {"GET", "/v1/ledger/workers", get_workers},
    {"GET", "/v1/ledger/models", get_models},
    {"GET", "/v1/ledger/releases", get_releases},
    {"GET", "/v1/ledger/witnesses", get_witnesses},
    {"GET", "/v1/ledger/account", get_account},
    {"GET", "/v1/ledger/evidence", get_evidence},
};

void ledger_http_handle(void *node, struct http_exchange *x)
{
    router_dispatch(routes, COUNT_OF(routes), node, x);
}
