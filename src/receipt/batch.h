/*
 * Batches of receipts: an RFC 6962 tree over receipt digests, whose root a worker puts on the
 * ledger (transaction TX_RECEIPTS), so that every receipt can be shown to have existed by then.
 *
 *   leaf data   the receipt's digest, 32 bytes (receipt.h)
 *
 * In a bundle, "receipt_log" (docs/spec/receipt.md):
 *
 *   {"index": n, "path": [base64 of 32 bytes ..], "proof": text of a c2sp.org/tlog-proof@v1 of the
 *    leaf in the ledger's log, "size": n, "transaction": base64}
 */
#ifndef RECEIPT_BATCH_H
#define RECEIPT_BATCH_H

#include "base/arena.h"
#include "codec/json.h"
#include "crypto/merkle.h"

struct tlog_policy;

enum { BATCH_MAX = 1 << 20 /* receipts in one batch */ };

/* Set `*root` to the root over `count` receipts' digests (1..BATCH_MAX). O(count). */
void batch_root(const struct digest *receipts, size_t count, struct digest *root);

/* Prove that receipt `index` is in the batch. ERR_RANGE. O(count). */
cocoon_err batch_prove(const struct digest *receipts, size_t count, size_t index,
                       struct merkle_proof *out) MUST_CHECK;

/* ERR_PROOF unless `path` shows `receipt` at `index` in the batch of `count` with `root`. */
cocoon_err batch_verify(const struct digest *receipt, uint64_t index, uint64_t count,
                        const struct digest *root, const struct merkle_proof *path) MUST_CHECK;

/* A receipt's place in a batch, and the batch's in the log. */
struct batch_entry {
    uint64_t index, size;
    struct merkle_proof path;
    struct slice transaction; /* as submitted */
    struct slice proof;       /* of the transaction's leaf: text */
};

/* Append the JSON object. ERR_LIMIT, ERR_ENCODING. */
cocoon_err batch_entry_put(struct buf *out, const struct batch_entry *e) MUST_CHECK;

/* Read it back; slices live as long as `arena` and the text. Nothing is verified. */
cocoon_err batch_entry_from_json(const struct json *object, struct arena *arena,
                                 struct batch_entry *out, struct fail *fail) MUST_CHECK;

/* Who a batch must be of; a worker's id is made from its account. */
struct batch_owner {
    uint8_t network_id[32];
    uint8_t worker_id[32];
};

/*
 * Verify that `entry` shows `receipt` in a batch of `owner` that stands in a log of `policy`,
 * cosigned by its quorum at or before `latest`. Set `*time` to when the quorum was complete.
 * ERR_PROOF, ERR_MISMATCH (network, worker, count), ERR_TYPE (another transaction),
 * ERR_SIGNATURE, ERR_QUORUM, ERR_UNTRUSTED, and errors of form.
 */
cocoon_err batch_entry_verify(const struct batch_entry *entry, const struct digest *receipt,
                              const struct batch_owner *owner, const struct tlog_policy *policy,
                              uint64_t latest, struct arena *arena, uint64_t *time,
                              struct fail *fail) MUST_CHECK;

#endif
