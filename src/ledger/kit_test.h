/*
 * For tests: a small network made from fixed seeds, transactions for it, and a ledger in memory.
 */
#ifndef LEDGER_KIT_TEST_H
#define LEDGER_KIT_TEST_H

#include "ledger/action.h"
#include "ledger/checkpoint.h"
#include "ledger/ledger.h"
#include "ledger/tx.h"
#include "ledger/tx_worker.h"

enum { KIT_OWNERS = 3, KIT_WITNESSES = 2, KIT_USERS = 8, KIT_TIME = 1700000000 };

struct kit_net {
    struct arena arena;
    struct genesis genesis;
    struct buf genesis_text;
    struct note_signer log, operator, witnesses[KIT_WITNESSES];
    struct ed25519_key owners[KIT_OWNERS], users[KIT_USERS], sim;
};

/* Parameters of the network: three owners, of whom `threshold` must approve, `delay` s apart. Each
 * user starts with 1000; fees are zero, bonds 10. */
void kit_net_init(struct kit_net *net, uint8_t threshold, uint32_t delay);
void kit_net_fini(struct kit_net *net);

/* The key of a small number. */
struct ed25519_key kit_key(uint8_t number);

/* A ledger in memory, with the leaves of its log. */
struct kit_ledger {
    const struct kit_net *net;
    struct ledger_env env;
    struct ledger *ledger;
    struct ledger_block block; /* the last one */
    struct buf leaves;         /* of the whole log */
    size_t *ends;
    size_t count, room;
    uint64_t time_ms;
};

/* Start it with the first block, at KIT_TIME. `appraise` may be NULL. */
void kit_ledger_init(struct kit_ledger *l, const struct kit_net *net, ledger_appraise_fn *appraise,
                     void *ctx);
void kit_ledger_fini(struct kit_ledger *l);

/* Leaf `index` of its log. */
struct slice kit_leaf(const struct kit_ledger *l, size_t index);

/* Execute and commit one block of `txs`, one second after the last. Returns how many were accepted.
 */
size_t kit_block(struct kit_ledger *l, const struct slice *txs, size_t count,
                 struct ledger_result *results);

/* One transaction in a block of its own, with the account's next nonce: its result. `id` (may be
 * NULL) is set to its id. */
cocoon_err kit_send(struct kit_ledger *l, const struct ed25519_key *key, enum tx_type type,
                    struct slice body, struct digest *id);

/* The same for an action of the root contract. */
cocoon_err kit_propose(struct kit_ledger *l, const struct ed25519_key *owner,
                       const struct action *action, struct digest *id);

/* Put a record by action; its value is written by the caller's writer. */
cocoon_err kit_put(struct kit_ledger *l, enum record_type type, struct slice id,
                   const struct wr *value);

/* Let time pass before the next block. */
void kit_wait(struct kit_ledger *l, uint64_t seconds);

/* Read a record of the present. ERR_ABSENT. */
cocoon_err kit_get(struct kit_ledger *l, enum record_type type, struct slice id, struct buf *value);
amount kit_balance(struct kit_ledger *l, const struct ed25519_key *key);

#endif
