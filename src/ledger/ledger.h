/*
 * The ledger: a deterministic state machine over blocks of transactions.
 *
 *   ledger_begin           the first block, from genesis
 *   ledger_finalize        execute a block in memory
 *   ledger_commit          make it the present; or ledger_abandon
 *
 * Whoever orders transactions (the embedded sequencer, CometBFT, a re-execution of the log) calls
 * the same functions and gets the same bytes. Between finalize and commit the caller stores the
 * block's leaves; a crash before that leaves nothing, one after it is repaired by executing the
 * leaves again. Accepted transactions become leaves in order, then one BLOCK leaf closes the block.
 * A block in which nothing is accepted comes to nothing: no leaf, no change.
 *
 * State is kept in two steps. What is committed stands in memory over the store. ledger_stage draws
 * a line: the state at that checkpoint stays provable while blocks go on. Once the caller has
 * moved it into the store, ledger_settle says so.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "attest/evidence.h"
#include "base/arena.h"
#include "base/clock.h"
#include "crypto/merkle.h"
#include "ledger/block.h"
#include "ledger/genesis.h"
#include "ledger/state.h"

enum {
    LEDGER_BLOCK_TXS = 10000,              /* transactions of one block */
    LEDGER_BLOCK_BYTES = 16 * 1024 * 1024, /* of one block: 256 of the longest */
    LEDGER_SCRATCH = 16 * 1024 * 1024,     /* memory for one transaction: an appraisal */
};

/* What an appraisal for the ledger is asked, and answers. */
struct ledger_question {
    const struct evidence *evidence;
    struct slice report_data;             /* what it must bind; empty: see nonce */
    struct slice nonce;                   /* what its own nonce must be; empty: not asked */
    const struct record_release *release; /* its measurements are the only ones accepted */
    const uint8_t *sim_root;              /* NULL: no software attester is admitted */
    unix_time now;
    struct arena *arena;
};

struct ledger_answer {
    bool simulated;
    unix_time valid_until;
    struct slice evaluated;     /* what the collateral is for; empty: it has no number */
    uint64_t evaluation_number; /* tcbEvaluationDataNumber and the like */
};

/* OK only if the evidence is good: VERIFIED, nothing skipped. */
typedef cocoon_err ledger_appraise_fn(void *ctx, const struct ledger_question *q,
                                      struct ledger_answer *a, struct fail *fail);

/* What the ledger needs from outside. All of it must answer the same on every machine. */
struct ledger_env {
    struct state_base base;
    /* Append leaf `index`, its type byte included. ERR_NOT_FOUND. */
    cocoon_err (*leaf)(void *ctx, uint64_t index, struct buf *out);
    void *ctx;

    /* Instead of the rules' own appraisal: for tests that need evidence of their own kind. */
    ledger_appraise_fn *appraise;
    void *appraise_ctx;
};

/* Where a ledger stands; what a store keeps beside the state. */
struct ledger_tip {
    uint64_t height;
    uint64_t time_ms;
    struct merkle_frontier log;
    struct digest block_leaf; /* RFC 6962 hash of the last BLOCK leaf */
    struct digest state_root;
    bool begun; /* false: not even the first block */
};

struct ledger_result {
    cocoon_err err;
    const char *what; /* static text, when refused */
    uint64_t index;   /* of its leaf, when accepted */
    struct digest id;
};

/* A block that was executed. */
struct ledger_block {
    uint64_t height;
    uint64_t first_index;
    uint32_t accepted; /* 0: the block came to nothing */
    uint8_t leaf[BLOCK_LEAF_LEN];
    uint64_t size; /* of the log after it */
    struct digest root;
    struct digest app_hash; /* SHA-256("CNAH" | size u64 | root) */
};

struct ledger;

/*
 * Make a ledger that stands at `tip` over the state in env->base. A tip that has not begun needs an
 * empty store. `genesis` and `env` outlive it. ERR_CORRUPT if the state is not that of the tip,
 * ERR_MISMATCH if it is of another network.
 */
cocoon_err ledger_new(const struct genesis *genesis, const struct ledger_env *env,
                      const struct ledger_tip *tip, struct ledger **out) MUST_CHECK;
void ledger_free(struct ledger *l);

const struct ledger_tip *ledger_tip(const struct ledger *l);

/* Execute the first block. ERR_EXISTS once begun. */
cocoon_err ledger_begin(struct ledger *l, uint64_t time_ms, struct ledger_block *out) MUST_CHECK;

/*
 * Execute `txs` in order at `time_ms`, which is later than the block before (ERR_RULE). `known`,
 * if not NULL, says for each whether its signature was checked before. A transaction that is
 * refused has its reason in `results`; the block goes on without it. ERR_LIMIT (too large a block),
 * ERR_VERSION (rules not compiled in: stop), ERR_CORRUPT and the errors of the store: the block
 * cannot be executed here.
 */
cocoon_err ledger_finalize(struct ledger *l, const struct slice *txs, size_t count,
                           const bool *known, uint64_t time_ms, struct ledger_result *results,
                           struct ledger_block *out) MUST_CHECK;

/* Make the finalized block the present, or forget it. */
void ledger_commit(struct ledger *l);
void ledger_abandon(struct ledger *l);

/* Return the first byte of the leaf that `tx` becomes: LEAF_BLOB or LEAF_TX. */
enum leaf_type ledger_leaf_type(struct slice tx);

/*
 * Execute again a block that stands in the log: its transactions must all be accepted and its
 * BLOCK leaf come out the same, else ERR_MISMATCH or the reason of the refusal. Commits it.
 * `leaves` are with their type bytes, the BLOCK leaf last.
 */
cocoon_err ledger_replay(struct ledger *l, const struct slice *leaves, size_t count,
                         struct fail *fail) MUST_CHECK;

/* Would `tx` be accepted now, as far as can be told cheaply: format, network, signature, nonce,
 * fee. For admission; nothing changes. */
cocoon_err ledger_check(struct ledger *l, struct slice tx, struct fail *fail) MUST_CHECK;

enum ledger_view {
    LEDGER_SETTLED, /* as of the last ledger_settle, or what the store held at the start */
    LEDGER_STAGED,  /* as of the last ledger_stage */
    LEDGER_HEAD,    /* as of the last commit */
};

/* Draw the line at the present. A line drawn before and not settled is forgotten: its state goes
 * on in the present one. */
void ledger_stage(struct ledger *l);

/* Call `fn` for every cell that changed from the settled to the staged state, for storing. */
cocoon_err ledger_staged_each(const struct ledger *l, state_fn *fn, void *ctx) MUST_CHECK;

/* From now on env->base answers with the staged state, which so becomes the settled one. */
void ledger_settle(struct ledger *l);

/* Read a record in a view; append its value. ERR_ABSENT. */
cocoon_err ledger_get(struct ledger *l, enum ledger_view view, enum record_type type,
                      struct slice id, struct buf *value) MUST_CHECK;

/* As ledger_get, and append the proof of presence or absence; ERR_ABSENT comes with a proof. */
cocoon_err ledger_prove(struct ledger *l, enum ledger_view view, enum record_type type,
                        struct slice id, struct buf *value, struct buf *proof) MUST_CHECK;

/* Return the origin of its checkpoints. */
struct slice ledger_origin(const struct ledger *l);

#endif
