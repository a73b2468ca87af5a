/*
 * Receipts on the client's side: checked against what was sent and received, kept as bundles.
 *
 * A bundle is DIR/<receipt_id>.receipt.json (receipt/bundle.h). Files are written on a pool thread;
 * at most RECEIPTS_QUEUE_MAX wait, beyond that the loop writes itself, so that none is lost and
 * memory stays bounded.
 */
#ifndef ROLE_CLIENT_RECEIPTS_H
#define ROLE_CLIENT_RECEIPTS_H

#include "receipt/receipt.h"
#include "role/client.h"

enum { RECEIPTS_QUEUE_MAX = 256, RECEIPT_ID_MAX = 64 };

/* What the client knows of one exchange, to hold the receipt against. */
struct receipt_expect {
    struct pool_identity *identity;
    struct slice method, path;
    struct digest request, response; /* SHA-256 of the two bodies */
    struct slice receipt_id;         /* from the answer's head */
};

struct client_receipts *client_receipts_new(struct loop *loop, const char *dir);

/* Wait for what is still being written, and free. */
void client_receipts_free(struct client_receipts *r);

/*
 * Check the receipt in `trailer` (base64): signed under the attested key, of this exchange. Then
 * keep its bundle. ERR_SIGNATURE, ERR_MISMATCH, ERR_MISSING (no receipt), ERR_MALFORMED and the
 * like.
 */
cocoon_err client_receipts_take(struct client_receipts *r, const struct receipt_expect *expect,
                                struct slice trailer, struct fail *fail) MUST_CHECK;

/* Append the bundle of `receipt_id` to `out`. ERR_NOT_FOUND, ERR_MALFORMED (no such id can be),
 * ERR_IO. */
cocoon_err client_receipts_read(const struct client_receipts *r, struct slice receipt_id,
                                struct buf *out) MUST_CHECK;

#endif
