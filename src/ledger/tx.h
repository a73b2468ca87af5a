/*
 * Transactions: the only way anything enters the ledger (docs/spec/tx.md).
 *
 *     0  "CNTX"           4
 *     4  version u8       1   1
 *     5  type u16         2   enum tx_type
 *     7  network_id      32
 *    39  account         32   Ed25519 public key of who signs and pays
 *    71  nonce u64        8   transactions of this account before this one
 *    79  length u32       4   of the body
 *    83  body
 *        signature       64   Ed25519 of the account over all before it
 *
 * A transaction's id is the SHA-256 of all its bytes. In the log it stands as one leaf: the byte 03
 * for a blob and 01 for all else, written by the ledger, then the transaction as submitted.
 */
#ifndef LEDGER_TX_H
#define LEDGER_TX_H

#include "crypto/sign.h"
#include "ledger/record.h"

enum tx_type {
    TX_BLOB = 0x0001,      /* body: content, 1..TX_BLOB_MAX bytes */
    TX_HEARTBEAT = 0x0002, /* body: empty */

    TX_PROPOSE = 0x0010, /* body: an action, ledger/action.h */
    TX_APPROVE = 0x0011, /* body: proposal 32 */
    TX_EXECUTE = 0x0012, /* body: proposal 32 */

    TX_WORKER_REGISTER = 0x0020, /* bodies: ledger/tx_worker.h */
    TX_WORKER_RENEW = 0x0021,
    TX_WORKER_UPDATE = 0x0022,
    TX_WORKER_RETIRE = 0x0023,

    TX_TRANSFER = 0x0030, /* body: to 32 | amount u128 */

    TX_RECEIPTS = 0x0040, /* body: index u32 | epoch u32 | count u32 | root 32 */

    /* Kept free for what comes later, so that no number is used twice. */
    TX_CHALLENGE = 0x0050,
    TX_VERDICT = 0x0051,
    TX_SLASH = 0x0052,
    TX_CHANNEL_OPEN = 0x0080,
    TX_CHANNEL_TOPUP = 0x0081,
    TX_CHANNEL_SETTLE = 0x0082,
    TX_CHANNEL_REFUND = 0x0083,
    TX_CHANNEL_CLOSE = 0x0084,
    TX_DEPOSIT = 0x0088,
    TX_WITHDRAW = 0x0089,
    TX_LEASE = 0x0090,
    TX_COMMIT = 0x0091,
    TX_CONTRACT_DEPLOY = 0x00a0,
    TX_CONTRACT_CALL = 0x00a1,
    TX_CONTRACT_RESULT = 0x00a2,
};

enum {
    TX_HEAD_LEN = 83,
    TX_BODY_MAX = 65535 - 1 - TX_HEAD_LEN - ED25519_SIG_LEN, /* a log entry has 65535 bytes */
    TX_MAX = TX_HEAD_LEN + TX_BODY_MAX + ED25519_SIG_LEN,
    TX_BLOB_MAX = 60 * 1024,
};

struct tx {
    enum tx_type type;
    struct digest network_id;
    struct ed25519_public account;
    uint64_t nonce;
    struct slice body;
    struct slice signature;
    struct slice covered; /* what the signature is over */
};

/* Parse all of `bytes`; slices borrow from it. The signature is not checked, nor the body.
 * ERR_TRUNCATED, ERR_TRAILING, ERR_MALFORMED (tag), ERR_VERSION, ERR_LIMIT (body), ERR_UNSUPPORTED
 * (type). */
cocoon_err tx_parse(struct slice bytes, struct tx *out, struct fail *fail) MUST_CHECK;

/* ERR_SIGNATURE unless the account signed. */
cocoon_err tx_check_signature(const struct tx *tx) MUST_CHECK;

void tx_id(struct slice bytes, struct digest *out);

/* Append a signed transaction of `key`'s account. `body` has at most TX_BODY_MAX bytes (asserted).
 */
cocoon_err tx_sign(struct buf *out, const struct ed25519_key *key, enum tx_type type,
                   const struct digest *network_id, uint64_t nonce, struct slice body) MUST_CHECK;

/* Tell whether `type` is one that rules exist for. */
bool tx_type_known(uint16_t type);

/* Return "transfer", "worker_register" .. for a type that rules exist for, else NULL. */
const char *tx_type_name(uint16_t type);

#endif
