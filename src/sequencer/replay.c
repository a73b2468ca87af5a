#include "sequencer/replay.h"

#include "base/mem.h"

/* The leaves of a block while they are gathered. */
struct gather {
    struct ledger *ledger;
    replay_fn *on_block;
    void *ctx;
    struct buf bytes;
    size_t *ends;
    size_t count;
};

static cocoon_err gather_add(struct gather *g, struct slice entry)
{
    if (g->count > LEDGER_BLOCK_TXS)
        return ERR_LIMIT;
    buf_put(&g->bytes, entry);
    g->ends[g->count++] = g->bytes.len;
    return buf_ok(&g->bytes);
}

static cocoon_err gather_run(struct gather *g, struct fail *fail)
{
    struct slice *leaves = MEM_ARRAY(g->count, struct slice);
    size_t from = 0;
    cocoon_err err;

    for (size_t i = 0; i < g->count; i++) {
        leaves[i] = slice_sub(buf_slice(&g->bytes), from, g->ends[i] - from);
        from = g->ends[i];
    }
    err = ledger_replay(g->ledger, leaves, g->count, fail);
    if (err == OK && g->on_block != NULL && (err = g->on_block(g->ctx, leaves, g->count)) != OK)
        err = fail_set(fail, err, 0, "an executed block could not be kept");
    mem_free(leaves);
    g->count = 0;
    buf_clear(&g->bytes);
    return err;
}

/* Take one entry; execute the block that it closes. `index` is its place in the log. */
static cocoon_err take(struct gather *g, struct slice entry, uint64_t index,
                       struct replay_stats *stats, struct fail *fail)
{
    uint64_t first = index - g->count;
    cocoon_err err = gather_add(g, entry);

    if (err != OK)
        return fail_set(fail, err, index, "a block that is too large");
    stats->entries++;
    if (entry.len == 0 || entry.ptr[0] != LEAF_BLOCK)
        return OK;
    stats->blocks++;
    if ((err = gather_run(g, fail)) != OK)
        fail->offset += first;
    return err;
}

/* Execute the entries of one bundle from `*index` on. */
static cocoon_err run_bundle(struct gather *g, const struct tile_source *source, uint64_t *index,
                             struct replay_stats *stats, struct fail *fail)
{
    struct tile which = {.entries = true, .index = *index / TILE_WIDTH};
    uint64_t first = which.index * TILE_WIDTH;
    struct buf bytes;
    struct rd r;
    cocoon_err err;

    which.width = tile_width(source->size, 0, which.index);
    buf_init(&bytes, TILE_BUNDLE_MAX);
    if ((err = source->read(source->ctx, &which, &bytes)) != OK)
        err = fail_set(fail, err, *index, "a bundle of entries cannot be read");
    r = rd_init(buf_slice(&bytes));
    for (unsigned i = 0; err == OK && i < which.width; i++) {
        struct slice entry = tile_entry_next(&r);

        if (r.bad)
            err = fail_set(fail, ERR_TRUNCATED, first + i, "a bundle of entries is cut short");
        else if (first + i == *index)
            err = take(g, entry, (*index)++, stats, fail);
    }
    if (err == OK && rd_end(&r) != OK)
        err = fail_set(fail, ERR_TRAILING, *index, "bytes after the entries of a bundle");
    buf_fini(&bytes);
    return err;
}

cocoon_err replay_run(struct ledger *ledger, const struct tile_source *source, replay_fn *on_block,
                      void *ctx, struct replay_stats *stats, struct fail *fail)
{
    uint64_t index = ledger_tip(ledger)->log.size;
    struct gather g = {.ledger = ledger,
                       .on_block = on_block,
                       .ctx = ctx,
                       .ends = MEM_ARRAY(LEDGER_BLOCK_TXS + 2, size_t)};
    cocoon_err err = OK;

    buf_init(&g.bytes, LEDGER_BLOCK_BYTES + LEDGER_BLOCK_TXS + BLOCK_LEAF_LEN);
    while (err == OK && index < source->size)
        err = run_bundle(&g, source, &index, stats, fail);
    if (err == OK && g.count > 0)
        err = fail_set(fail, ERR_TRUNCATED, index, "the log does not end with a BLOCK leaf");
    buf_fini(&g.bytes);
    mem_free(g.ends);
    return err;
}
