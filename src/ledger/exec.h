/*
 * Executing one transaction: what every rule sees, and the rules (docs/spec/ledger.md, "rules").
 *
 * A rule checks all it needs and writes what changes into the state. It may fail at any point: the
 * caller marked the state before and undoes what was written. Nothing but the state, the
 * transaction and the block's own numbers may decide.
 */
#ifndef LEDGER_EXEC_H
#define LEDGER_EXEC_H

#include "base/arena.h"
#include "base/clock.h"
#include "ledger/ledger.h"
#include "ledger/state.h"
#include "ledger/tx.h"

struct exec {
    struct state_layer *state;
    const struct ledger_env *env;
    struct arena *scratch; /* empty at the start of each transaction */

    /* of the block */
    struct record_network network;
    struct record_params params;
    uint64_t height;
    uint64_t time_ms;
    uint64_t now;               /* time_ms in seconds */
    uint64_t last_ms;           /* time of the block before */
    uint64_t first_index;       /* log index of the block's first leaf */
    const struct slice *leaves; /* transactions accepted so far, as submitted */
    size_t leaf_count;
    uint32_t appraisals; /* made so far */

    /* of the transaction */
    struct digest id;
    uint8_t room[RECORD_MAX]; /* for encoding one record */
};

typedef cocoon_err rule_fn(struct exec *x, const struct tx *tx, struct fail *fail);

/* Execute `bytes` as the next transaction of the block; on failure nothing has changed. */
cocoon_err exec_tx(struct exec *x, struct slice bytes, bool signature_known,
                   struct fail *fail) MUST_CHECK;

/* Log index of the transaction's leaf if it is accepted. */
static inline uint64_t exec_index(const struct exec *x)
{
    return x->first_index + x->leaf_count;
}

/* Read the bytes of leaf `index`, of this block or an earlier one, as submitted. */
cocoon_err exec_leaf(struct exec *x, uint64_t index, struct buf *out) MUST_CHECK;

/* Read an account; one that never was has nothing. */
cocoon_err exec_account(struct exec *x, const uint8_t account[32],
                        struct record_account *out) MUST_CHECK;
void exec_account_set(struct exec *x, const uint8_t account[32], const struct record_account *a);

/* Take `sum` from the free balance of `account` and give it to the pool of fees. ERR_FUNDS. */
cocoon_err exec_fee(struct exec *x, const uint8_t account[32], amount sum,
                    struct fail *fail) MUST_CHECK;

/* Encode a record with the writer of exec_wr, then write it: one at a time. */
struct wr exec_wr(struct exec *x);
void exec_put(struct exec *x, enum record_type type, struct slice id, const struct wr *value);

/* The rules, one a type of transaction. */
rule_fn rule_blob, rule_heartbeat, rule_transfer;
rule_fn rule_propose, rule_approve, rule_execute;
rule_fn rule_worker_register, rule_worker_renew, rule_worker_update, rule_worker_retire;
rule_fn rule_receipts;

/* What a rules version changes: appraisal, for one. Return NULL for a version not compiled in. */
struct rules {
    uint32_t version;
    ledger_appraise_fn *appraise;
};
const struct rules *rules_find(uint32_t version);

#endif
