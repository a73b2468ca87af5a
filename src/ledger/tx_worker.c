#include "ledger/tx_worker.h"

#include <assert.h>
#include <string.h>

static void put_text(struct wr *w, struct slice text)
{
    struct wr_block block = wr_open(w, 1);

    wr_slice(w, text);
    wr_close(w, block);
}

void tx_evidence_put(struct wr *w, const struct tx_evidence *e)
{
    put_text(w, e->kind);
    wr_u8(w, e->count);
    for (uint8_t i = 0; i < e->count; i++) {
        assert(e->parts[i].pieces.len % 32 == 0 && e->parts[i].pieces.len / 32 <= TX_PIECES_MAX);
        put_text(w, e->parts[i].name);
        wr_u8(w, (uint8_t)(e->parts[i].pieces.len / 32));
        wr_slice(w, e->parts[i].pieces);
    }
}

/* A kind and parts, or neither. */
static void read_evidence(struct rd *r, struct tx_evidence *e)
{
    size_t from = r->at;

    e->kind = rd_slice(r, rd_u8(r));
    e->count = rd_u8(r);
    if (e->count > EVIDENCE_PARTS_MAX || (e->count == 0) != (e->kind.len == 0))
        rd_fail(r);
    for (uint8_t i = 0; !r->bad && i < e->count; i++) {
        struct tx_part *part = &e->parts[i];
        uint8_t pieces;

        part->name = rd_slice(r, rd_u8(r));
        pieces = rd_u8(r);
        part->pieces = rd_slice(r, 32 * (size_t)pieces);
        if (part->name.len == 0 || pieces == 0 || pieces > TX_PIECES_MAX)
            rd_fail(r);
    }
    e->bytes = r->bad ? slice_make(NULL, 0) : slice_sub(r->all, from, r->at - from);
}

void tx_worker_put(struct wr *w, const struct tx_worker *v)
{
    struct wr_block keyset;

    wr_u32be(w, v->index);
    wr_u32be(w, v->epoch);
    wr_slice(w, digest_slice(&v->release));
    wr_slice(w, digest_slice(&v->model));
    wr_slice(w, digest_slice(&v->engine));
    wr_u64be(w, v->height);
    wr_u32be(w, v->capacity);
    record_put_prices(w, &v->prices);
    wr_amount(w, v->bond);
    keyset = wr_open(w, 2);
    wr_slice(w, v->keyset);
    wr_close(w, keyset);
    tx_evidence_put(w, &v->evidence);
    tx_evidence_put(w, &v->gpu);
}

cocoon_err tx_worker_read(struct slice body, struct tx_worker *out)
{
    struct rd r = rd_init(body);

    out->index = rd_u32be(&r);
    out->epoch = rd_u32be(&r);
    rd_copy(&r, out->release.bytes, 32);
    rd_copy(&r, out->model.bytes, 32);
    rd_copy(&r, out->engine.bytes, 32);
    out->height = rd_u64be(&r);
    out->capacity = rd_u32be(&r);
    record_get_prices(&r, &out->prices);
    out->bond = rd_amount(&r);
    out->keyset = rd_slice(&r, rd_u16be(&r));
    read_evidence(&r, &out->evidence);
    if (out->evidence.count == 0)
        rd_fail(&r);
    read_evidence(&r, &out->gpu);
    return rd_end(&r);
}

void tx_worker_update_put(struct wr *w, const struct tx_worker_update *v)
{
    wr_u32be(w, v->index);
    wr_u32be(w, v->epoch);
    wr_u8(w, v->status);
    wr_u32be(w, v->capacity);
    record_put_prices(w, &v->prices);
}

cocoon_err tx_worker_update_read(struct slice body, struct tx_worker_update *out)
{
    struct rd r = rd_init(body);

    out->index = rd_u32be(&r);
    out->epoch = rd_u32be(&r);
    out->status = rd_u8(&r);
    if (out->status != WORKER_ACTIVE && out->status != WORKER_DRAINING)
        rd_fail(&r);
    out->capacity = rd_u32be(&r);
    record_get_prices(&r, &out->prices);
    return rd_end(&r);
}

void tx_receipts_put(struct wr *w, const struct tx_receipts *v)
{
    wr_u32be(w, v->index);
    wr_u32be(w, v->epoch);
    wr_u32be(w, v->count);
    wr_slice(w, digest_slice(&v->root));
}

cocoon_err tx_receipts_read(struct slice body, struct tx_receipts *out)
{
    struct rd r = rd_init(body);

    out->index = rd_u32be(&r);
    out->epoch = rd_u32be(&r);
    out->count = rd_u32be(&r);
    rd_copy(&r, out->root.bytes, 32);
    return rd_end(&r);
}
