/*
 * The embedded sequencer: one process orders transactions, stores them and serves proofs.
 *
 * Transactions queue up; embedded_block makes a block of them, waits for the disk, and only then
 * tells who submitted them. Under load the queue fills while the disk works, so that one sync
 * carries many. A checkpoint is proposed over the present state, signed by the log and by us as an
 * executing cosigner; when its cosignatures are there it is published, and proofs are served under
 * it until the next one. Whatever returns ERR_DB, ERR_IO or ERR_CORRUPT has ended this sequencer:
 * the process must stop, and finds its place again when it starts.
 *
 * Not thread-safe: one owner.
 */
#ifndef SEQUENCER_EMBEDDED_H
#define SEQUENCER_EMBEDDED_H

#include "ledger/checkpoint.h"
#include "ledger/light.h"
#include "sequencer/journal.h"

enum {
    EMBEDDED_QUEUE_MAX = 100000, /* transactions that may wait */
    EMBEDDED_QUEUE_BYTES = 64 * 1024 * 1024,
};

struct embedded;

struct embedded_params {
    const char *dir;
    const struct genesis *genesis;      /* outlives the sequencer */
    const struct note_signer *log;      /* its vkey is the genesis's; outlives the sequencer */
    const struct note_signer *cosigner; /* NULL: we do not cosign */
    uint64_t now_ms;

    uint64_t keeps;               /* of journal_open; 0: JOURNAL_KEEPS */
    ledger_appraise_fn *appraise; /* NULL but in tests */
    void *appraise_ctx;
};

/*
 * Open the folder: a new one gets the first block, entries behind the settled state are executed
 * again. `fail` says what does not fit. ERR_MISMATCH (another network or log key), ERR_BUSY,
 * ERR_CORRUPT, ERR_DB, ERR_IO, or what replay_run returns.
 */
cocoon_err embedded_open(struct embedded **out, const struct embedded_params *params,
                         struct fail *fail) MUST_CHECK;
void embedded_close(struct embedded *e);

/*
 * Hand in a transaction, which is copied. A refusal that can be told at once is returned (the
 * errors of ledger_check; ERR_BUSY when the queue is full) and `done` is not called; else `done`
 * comes once, from embedded_block or embedded_close (ERR_CANCELED).
 */
typedef void embedded_done_fn(void *owner, const struct ledger_result *result);
cocoon_err embedded_submit(struct embedded *e, struct slice tx, embedded_done_fn *done, void *owner,
                           struct fail *fail) MUST_CHECK;

/* How many transactions wait. */
size_t embedded_waiting(const struct embedded *e);

/* Make one block of what waits, durable, and answer. Nothing waits: nothing happens. */
cocoon_err embedded_block(struct embedded *e, uint64_t now_ms) MUST_CHECK;

/* Tell whether the present is not published yet. */
bool embedded_has_news(const struct embedded *e);

/*
 * Propose the present for publication: set `*size` to its size and append the note: checkpoint, the
 * log's signature, our cosignature at `now`. A proposal before it is given up.
 */
cocoon_err embedded_propose(struct embedded *e, unix_time now, uint64_t *size,
                            struct buf *note) MUST_CHECK;

/* Publish the last proposal as `note`: with more cosignatures. */
cocoon_err embedded_publish(struct embedded *e, struct slice note) MUST_CHECK;

/* The published note (empty: none yet) and the size of its log. */
struct slice embedded_note(const struct embedded *e);
uint64_t embedded_published(const struct embedded *e);

/* Append the proof that the log of `size` entries extends that of `old_size`. ERR_RANGE. */
cocoon_err embedded_consistency(struct embedded *e, uint64_t old_size, uint64_t size,
                                struct merkle_proof *out) MUST_CHECK;

/* What is asked of the state: each record proven present or absent. */
struct embedded_ask {
    enum record_type type;
    struct slice id;
};

/*
 * Append the JSON of a proof (ledger/light.h) of `count` records under the published checkpoint,
 * with consistency from `old_size` (0, or not beyond: none). ERR_NOT_FOUND before the first
 * publication, ERR_LIMIT.
 */
cocoon_err embedded_prove(struct embedded *e, uint64_t old_size, const struct embedded_ask *asks,
                          size_t count, struct buf *out) MUST_CHECK;

/* The rest of what serving needs. */
struct ledger *embedded_ledger(struct embedded *e);
struct journal *embedded_journal(struct embedded *e);

#endif
