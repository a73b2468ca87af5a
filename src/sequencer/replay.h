/*
 * Executing a log again from its entries: what a restart does, and what whoever checks a ledger
 * does. Every transaction must be accepted and every BLOCK leaf come out the same.
 */
#ifndef SEQUENCER_REPLAY_H
#define SEQUENCER_REPLAY_H

#include "ledger/ledger.h"
#include "ledger/tile.h"

struct replay_stats {
    uint64_t entries;
    uint64_t blocks;
};

/* Called after each block was executed and committed, with its leaves. */
typedef cocoon_err replay_fn(void *ctx, const struct slice *leaves, size_t count);

/*
 * Execute the entries of `source`, which reads bundles, from where `ledger` stands to source->size,
 * which must be the end of a block; `on_block` may be NULL. `fail->offset` is the index of the
 * entry that failed. ERR_MISMATCH, ERR_MALFORMED, the reason of a refusal, and the errors of the
 * source.
 */
cocoon_err replay_run(struct ledger *ledger, const struct tile_source *source, replay_fn *on_block,
                      void *ctx, struct replay_stats *stats, struct fail *fail) MUST_CHECK;

#endif
