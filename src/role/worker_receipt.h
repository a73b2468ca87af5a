/* The receipt of one request while it grows: hashes what goes by, signs at the end. */
#ifndef ROLE_WORKER_RECEIPT_H
#define ROLE_WORKER_RECEIPT_H

#include "backend/usage.h"
#include "channel/sealed_exchange.h"
#include "receipt/receipt.h"
#include "role/worker.h"

enum { WORKER_CHAT_ID_MAX = 128, WORKER_PEEK_MAX = 1024 * 1024 };

struct worker_receipt {
    struct worker *worker;
    struct worker_identity *identity; /* NULL once released */
    char id[2 * BURN_ID_LEN + 1];
    char chat_id[WORKER_CHAT_ID_MAX]; /* from the engine's answer; "" until seen */
    const struct sealed_request *request;
    struct digest request_digest;
    struct hash_ctx response;
    bool forwarded, streamed;
    struct receipt_chain chain;
    struct sse sse;
    struct buf peek, joined; /* answer bytes looked at for its id, and to split events */
};

/* Start the receipt of `request`, which outlives it, under `identity` (referenced). */
void worker_receipt_begin(struct worker_receipt *r, struct worker *worker,
                          struct worker_identity *identity, const struct sealed_request *request);

/* Note that the engine got the request, unchanged. */
void worker_receipt_forwarded(struct worker_receipt *r);

/* The answer begins, as a stream of events or whole; then its pieces, in order. */
void worker_receipt_head(struct worker_receipt *r, bool streamed);
void worker_receipt_piece(struct worker_receipt *r, struct slice bytes);

/*
 * Sign the receipt and append it, in base64, to `out`: the value of the trailer. Releases `r`.
 * ERR_LIMIT, ERR_ENCODING.
 */
cocoon_err worker_receipt_finish(struct worker_receipt *r, const struct usage *usage,
                                 struct buf *out) MUST_CHECK;

/* Release `r` without signing: the answer was cut off. Fine for a released one. */
void worker_receipt_drop(struct worker_receipt *r);

#endif
