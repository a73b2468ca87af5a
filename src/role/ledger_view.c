#include "role/ledger_view.h"

#include <string.h>

#include "base/hex.h"
#include "base/limits.h"
#include "base/mem.h"
#include "ledger/tx.h"
#include "ledger/tx_worker.h"
#include "role/router.h"

/* Read a parameter of 32 bytes in hex. */
static cocoon_err query_digest(struct slice query, const char *name, struct digest *out)
{
    struct slice text;

    return query_get(query, name, &text) ? hex_read(text, out->bytes, 32) : ERR_MISSING;
}

cocoon_err ledger_view_status(struct ledger_node *n, struct slice query, struct json_wr *w)
{
    const struct ledger_tip *tip = journal_tip(embedded_journal(n->sequencer));
    struct digest root;

    (void)query;
    merkle_root(&tip->log, &root);
    json_wr_object(w, NULL);
    json_wr_u64(w, "height", tip->height);
    json_wr_hex(w, "network_id", digest_slice(&n->genesis.network_id));
    json_wr_text(w, "origin", n->genesis.log.name);
    json_wr_u64(w, "pending", ledger_tip(embedded_ledger(n->sequencer))->log.size - tip->log.size);
    json_wr_hex(w, "root", digest_slice(&root));
    json_wr_u64(w, "size", tip->log.size);
    json_wr_hex(w, "state_root", digest_slice(&tip->state_root));
    json_wr_u64(w, "time_ms", tip->time_ms);
    json_wr_u64(w, "workers", ledger_node_workers(n));
    json_wr_close(w);
    return OK;
}

/* --- lists of ids --- */

struct listing {
    struct json_wr *w;
    bool by_model;
    struct digest model;
    uint64_t now;
};

static cocoon_err put_id(void *ctx, struct slice id, struct slice value)
{
    struct listing *l = ctx;

    (void)value;
    json_wr_hex(l->w, NULL, id);
    return OK;
}

static cocoon_err put_worker(void *ctx, struct slice id, struct slice value)
{
    struct listing *l = ctx;
    struct record_worker worker;

    if (record_get_worker(value, &worker) != OK)
        return ERR_CORRUPT;
    if (worker.status != WORKER_RETIRED && worker.expires_at > l->now &&
        (!l->by_model || digest_eq(&worker.model, &l->model)))
        json_wr_hex(l->w, NULL, id);
    return OK;
}

static cocoon_err list(struct ledger_node *n, const char *name, enum record_type type,
                       journal_fn *fn, struct listing *l)
{
    cocoon_err err;

    l->now = (uint64_t)loop_unix_now();
    json_wr_object(l->w, NULL);
    json_wr_array(l->w, name);
    err = journal_list(embedded_journal(n->sequencer), type, fn, l);
    json_wr_close(l->w);
    json_wr_close(l->w);
    return err;
}

cocoon_err ledger_view_workers(struct ledger_node *n, struct slice query, struct json_wr *w)
{
    struct listing l = {.w = w};
    struct slice model;

    if (query_get(query, "model", &model)) {
        l.by_model = true;
        if (hex_read(model, l.model.bytes, 32) != OK)
            return ERR_MALFORMED;
    }
    return list(n, "workers", RECORD_WORKER, put_worker, &l);
}

cocoon_err ledger_view_models(struct ledger_node *n, struct slice query, struct json_wr *w)
{
    struct listing l = {.w = w};

    (void)query;
    return list(n, "models", RECORD_MODEL, put_id, &l);
}

cocoon_err ledger_view_releases(struct ledger_node *n, struct slice query, struct json_wr *w)
{
    struct listing l = {.w = w};

    (void)query;
    return list(n, "releases", RECORD_RELEASE, put_id, &l);
}

cocoon_err ledger_view_witnesses(struct ledger_node *n, struct slice query, struct json_wr *w)
{
    struct listing l = {.w = w};

    (void)query;
    return list(n, "witnesses", RECORD_WITNESS, put_id, &l);
}

cocoon_err ledger_view_account(struct ledger_node *n, struct slice query, struct json_wr *w)
{
    struct record_account account = {0};
    struct digest id;
    struct buf value, text;
    cocoon_err err = query_digest(query, "id", &id);

    if (err != OK)
        return err;
    buf_init(&value, RECORD_MAX);
    buf_init(&text, 64);
    err = ledger_get(embedded_ledger(n->sequencer), LEDGER_HEAD, RECORD_ACCOUNT, digest_slice(&id),
                     &value);
    if (err == OK)
        err = record_get_account(buf_slice(&value), &account);
    if (err == OK || err == ERR_ABSENT) {
        err = OK;
        amount_put(&text, account.balance);
        json_wr_object(w, NULL);
        json_wr_text(w, "balance", buf_slice(&text));
        json_wr_u64(w, "nonce", account.nonce);
        json_wr_close(w);
    }
    buf_fini(&text);
    buf_fini(&value);
    return err;
}

/* --- evidence --- */

/* Append the transaction in leaf `index` to `out` and parse it. */
static cocoon_err read_tx(struct ledger_node *n, uint64_t index, struct buf *out, struct tx *tx)
{
    struct fail fail;
    cocoon_err err = journal_leaf(embedded_journal(n->sequencer), index, out);

    if (err != OK)
        return err;
    if (out->len < 1 || tx_parse(slice_skip(buf_slice(out), 1), tx, &fail) != OK)
        return ERR_CORRUPT;
    return OK;
}

/* Append the content of the blob `digest`. */
static cocoon_err add_blob(struct ledger_node *n, struct slice digest, struct buf *out)
{
    struct record_blob blob;
    struct buf value, leaf;
    struct tx tx;
    cocoon_err err;

    buf_init(&value, RECORD_MAX);
    buf_init(&leaf, TX_MAX + 1);
    err = ledger_get(embedded_ledger(n->sequencer), LEDGER_HEAD, RECORD_BLOB, digest, &value);
    if (err == OK)
        err = record_get_blob(buf_slice(&value), &blob);
    if (err == OK)
        err = read_tx(n, blob.index, &leaf, &tx);
    if (err == OK) {
        buf_put(out, tx.body);
        err = buf_ok(out);
    }
    buf_fini(&leaf);
    buf_fini(&value);
    return err;
}

static cocoon_err put_part(struct ledger_node *n, const struct tx_part *part, struct json_wr *w)
{
    struct buf content;
    cocoon_err err = OK;

    buf_init(&content, LIMIT_EVIDENCE);
    for (size_t at = 0; err == OK && at < part->pieces.len; at += 32)
        err = add_blob(n, slice_sub(part->pieces, at, 32), &content);
    if (err == OK) {
        json_wr_name(w, part->name);
        json_wr_b64(w, NULL, buf_slice(&content));
    }
    buf_fini(&content);
    return err;
}

static cocoon_err put_evidence(struct ledger_node *n, const char *name, const struct tx_evidence *e,
                               struct json_wr *w)
{
    cocoon_err err = OK;

    if (e->count == 0) {
        json_wr_null(w, name);
        return OK;
    }
    json_wr_object(w, name);
    json_wr_text(w, "kind", e->kind);
    json_wr_object(w, "parts");
    for (uint8_t i = 0; err == OK && i < e->count; i++)
        err = put_part(n, &e->parts[i], w);
    json_wr_close(w);
    json_wr_close(w);
    return err;
}

static cocoon_err put_registration(struct ledger_node *n, const struct record_worker *worker,
                                   struct json_wr *w)
{
    struct tx_worker *body = MEM_NEW(struct tx_worker);
    struct buf leaf;
    struct tx tx;
    cocoon_err err;

    buf_init(&leaf, TX_MAX + 1);
    err = read_tx(n, worker->evidence_index, &leaf, &tx);
    if (err == OK)
        err = tx_worker_read(tx.body, body);
    json_wr_object(w, NULL);
    if (err == OK)
        err = put_evidence(n, "evidence", &body->evidence, w);
    if (err == OK)
        err = put_evidence(n, "gpu_evidence", &body->gpu, w);
    if (err == OK)
        json_wr_raw(w, "keyset", body->keyset);
    json_wr_hex(w, "nonce", digest_slice(&worker->nonce));
    json_wr_close(w);
    buf_fini(&leaf);
    mem_free(body);
    return err;
}

cocoon_err ledger_view_evidence(struct ledger_node *n, struct slice query, struct json_wr *w)
{
    struct record_worker worker;
    struct digest id;
    struct buf value;
    cocoon_err err = query_digest(query, "worker", &id);

    if (err != OK)
        return err;
    buf_init(&value, RECORD_MAX);
    err = ledger_get(embedded_ledger(n->sequencer), LEDGER_SETTLED, RECORD_WORKER,
                     digest_slice(&id), &value);
    if (err == OK)
        err = record_get_worker(buf_slice(&value), &worker);
    if (err == OK)
        err = put_registration(n, &worker, w);
    buf_fini(&value);
    return err;
}

/* --- the page --- */

static void put_row(struct buf *out, const char *name, uint64_t value)
{
    buf_printf(out, "<tr><th>%s</th><td>", name);
    buf_put_u64(out, value);
    buf_put_text(out, "</td></tr>\n");
}

void ledger_view_page(struct ledger_node *n, struct buf *out)
{
    const struct ledger_tip *tip = journal_tip(embedded_journal(n->sequencer));

    buf_put_text(out, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                      "<title>Cocoon ledger</title><style>body{font:16px/1.5 sans-serif;"
                      "margin:3em auto;max-width:40em}th{text-align:left;padding-right:2em}"
                      "</style><h1>Cocoon ledger</h1>\n");
    if (n->genesis.has_sim_root)
        buf_put_text(out, "<p><strong>SIMULATED</strong>: this network admits software attesters. "
                          "It protects nothing.</p>\n");
    buf_put_text(out, "<table>\n<tr><th>network</th><td><code>");
    hex_put(out, digest_slice(&n->genesis.network_id));
    buf_put_text(out, "</code></td></tr>\n");
    put_row(out, "entries", tip->log.size);
    put_row(out, "blocks", tip->height);
    put_row(out, "active workers", ledger_node_workers(n));
    buf_put_text(out, "</table>\n<p><a href=\"/checkpoint\">checkpoint</a> · "
                      "<a href=\"/genesis.json\">genesis.json</a> · "
                      "<a href=\"/v1/ledger/status\">status</a> · "
                      "<a href=\"/v1/ledger/workers\">workers</a> · "
                      "<a href=\"/v1/ledger/releases\">releases</a> · "
                      "<a href=\"/v1/ledger/models\">models</a></p>\n");
}
