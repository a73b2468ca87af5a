/*
 * Bodies of the transactions of workers (docs/spec/tx.md).
 *
 *   register, renew   index u32 | epoch u32 | release 32 | model 32 | engine 32 | height u64 |
 *                     capacity u32 | prices 3 x u128 | bond u128 | keyset (u16 length) |
 *                     evidence | GPU evidence
 *   update            index u32 | epoch u32 | status u8 | capacity u32 | prices 3 x u128
 *   retire            index u32
 *   receipts          index u32 | epoch u32 | count u32 | root 32
 *
 *   evidence          kind (u8 length) | parts u8 | each: name (u8 length) | pieces u8 | each: 32
 *
 * Kind and names are those of attest/evidence.h, collateral among the parts; a part's bytes are the
 * contents of its pieces, blobs of this log, one after the other. Without a GPU its evidence is the
 * empty kind and no part. The digest of evidence is the SHA-256 of its bytes here; the nonce of the
 * worker's statement is the checkpoint after block `height`; `epoch` is 0 to register and the
 * epoch in force for all else.
 */
#ifndef LEDGER_TX_WORKER_H
#define LEDGER_TX_WORKER_H

#include "attest/evidence.h"
#include "ledger/record.h"

enum { TX_PIECES_MAX = 32 }; /* of one part: 1.9 MB */

struct tx_part {
    struct slice name;
    struct slice pieces; /* digests, 32 bytes each */
};

struct tx_evidence {
    struct slice bytes; /* as encoded */
    struct slice kind;  /* empty: none */
    uint8_t count;
    struct tx_part parts[EVIDENCE_PARTS_MAX];
};

struct tx_worker {
    uint32_t index;
    uint32_t epoch;
    struct digest release;
    struct digest model;
    struct digest engine; /* zero: none named */
    uint64_t height;
    uint32_t capacity;
    struct record_prices prices;
    amount bond; /* added to the bond that stands */
    struct slice keyset;
    struct tx_evidence evidence;
    struct tx_evidence gpu;
};

struct tx_worker_update {
    uint32_t index;
    uint32_t epoch;
    uint8_t status; /* WORKER_ACTIVE or WORKER_DRAINING */
    uint32_t capacity;
    struct record_prices prices;
};

struct tx_receipts {
    uint32_t index;
    uint32_t epoch;
    uint32_t count; /* receipts in the batch */
    struct digest root;
};

/* Write one piece of evidence; `e->bytes` is not read. */
void tx_evidence_put(struct wr *w, const struct tx_evidence *e);

/* Write and decode bodies. Decoding takes all of `body`, slices borrow from it: ERR_TRUNCATED (also
 * for parts without pieces, empty names, unknown status), ERR_TRAILING. */
void tx_worker_put(struct wr *w, const struct tx_worker *v);
cocoon_err tx_worker_read(struct slice body, struct tx_worker *out) MUST_CHECK;
void tx_worker_update_put(struct wr *w, const struct tx_worker_update *v);
cocoon_err tx_worker_update_read(struct slice body, struct tx_worker_update *out) MUST_CHECK;
void tx_receipts_put(struct wr *w, const struct tx_receipts *v);
cocoon_err tx_receipts_read(struct slice body, struct tx_receipts *out) MUST_CHECK;

#endif
