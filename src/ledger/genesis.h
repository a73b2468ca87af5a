/*
 * genesis.json: what a network is before its first block, and what names it (docs/spec/ledger.md).
 *
 *   {"accounts":   [{"account": hex, "balance": decimal string} ..],
 *    "log":        vkey of the log; its name is the origin,
 *    "owners":     {"delay": seconds, "keys": [hex ..], "threshold": n},
 *    "parameters": {"appraisals", "evidence_age", "heartbeat_gap", "nonce_age", "unbond_delay":
 *                   numbers; "fee_appraisal", "fee_kib", "fee_tx", "worker_bond": decimal strings},
 *    "sim_root":   hex of the Ed25519 root of software attesters, or null: no simulation,
 *    "witnesses":  [{"group": "executing" or "plain", "vkey": vkey of a cosigner} ..]}
 *
 * All members, no others. network_id = SHA-256 of its JCS form.
 */
#ifndef LEDGER_GENESIS_H
#define LEDGER_GENESIS_H

#include "base/arena.h"
#include "codec/note.h"
#include "ledger/record.h"

enum { GENESIS_MAX = 256 * 1024, GENESIS_ACCOUNTS_MAX = 1024, GENESIS_WITNESSES_MAX = 64 };

struct genesis_account {
    uint8_t account[32];
    amount balance;
};

struct genesis_witness {
    enum witness_group group;
    struct note_vkey key;
};

struct genesis {
    struct digest network_id;
    struct slice canonical; /* the JCS form */
    struct slice log_vkey;  /* as text */
    struct note_vkey log;
    struct record_owners owners;
    struct record_params params;
    bool has_sim_root;
    uint8_t sim_root[32];
    const struct genesis_witness *witnesses;
    size_t witness_count;
    const struct genesis_account *accounts;
    size_t account_count;
};

/*
 * Read `text` into `out`, whose slices and arrays live as long as `arena`. ERR_MALFORMED,
 * ERR_MISSING, ERR_TYPE, ERR_RANGE, ERR_UNKNOWN_NAME, ERR_DUPLICATE (a key or account twice),
 * ERR_LIMIT, ERR_NOMEM, and json_parse's.
 */
cocoon_err genesis_read(struct slice text, struct arena *arena, struct genesis *out,
                        struct fail *fail) MUST_CHECK;

/* Append the JCS form of `g`, which needs no network_id; set its network_id. ERR_LIMIT. */
cocoon_err genesis_put(struct genesis *g, struct buf *out) MUST_CHECK;

#endif
