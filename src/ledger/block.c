#include "ledger/block.h"

#include "crypto/labels.h"

static const struct slice tag = SLICE_INIT(LABEL_BLOCK);

void block_put(struct wr *w, const struct block *b)
{
    wr_u8(w, LEAF_BLOCK);
    wr_slice(w, tag);
    wr_u64be(w, b->height);
    wr_u64be(w, b->time_ms);
    wr_u64be(w, b->first_index);
    wr_u32be(w, b->tx_count);
    wr_slice(w, digest_slice(&b->state_root));
    wr_slice(w, digest_slice(&b->payout_root));
    wr_slice(w, digest_slice(&b->prev_block_leaf));
    wr_slice(w, digest_slice(&b->params_hash));
    wr_slice(w, digest_slice(&b->engine_evidence));
}

cocoon_err block_read(struct slice leaf, struct block *out)
{
    struct rd r = rd_init(leaf);

    if (leaf.len > 0 && rd_peek(&r) != LEAF_BLOCK)
        return ERR_TYPE;
    rd_skip(&r, 1);
    if (!slice_eq(rd_slice(&r, tag.len), tag))
        return r.bad ? ERR_TRUNCATED : ERR_MALFORMED;
    out->height = rd_u64be(&r);
    out->time_ms = rd_u64be(&r);
    out->first_index = rd_u64be(&r);
    out->tx_count = rd_u32be(&r);
    rd_copy(&r, out->state_root.bytes, 32);
    rd_copy(&r, out->payout_root.bytes, 32);
    rd_copy(&r, out->prev_block_leaf.bytes, 32);
    rd_copy(&r, out->params_hash.bytes, 32);
    rd_copy(&r, out->engine_evidence.bytes, 32);
    return rd_end(&r);
}
