/* The receipt of one request while it grows: hashes what goes by, signs at the end. */
#ifndef ROLE_WORKER_RECEIPT_H
#define ROLE_WORKER_RECEIPT_H

#include "backend/usage.h"
#include "channel/sealed_exchange.h"
#include "role/worker.h"

struct worker_receipt {
    struct worker *worker;
    struct worker_identity *identity;
    char id[40];
    struct slice method, path;
    char chat_id[128];
    struct digest request;
    struct hash_ctx response;
    struct hash_ctx chain; /* over the pieces of a stream */
    uint64_t pieces;
    bool forwarded;
};

/* Start the receipt of `request`, whose slices outlive it. */
void worker_receipt_begin(struct worker_receipt *r, struct worker *worker,
                          const struct sealed_request *request);

/* Note that the engine got the request, unchanged; then each piece of the answer, in order. */
void worker_receipt_forwarded(struct worker_receipt *r);
void worker_receipt_piece(struct worker_receipt *r, struct slice bytes);

/*
 * Sign the receipt and append it, in base64, to `out`: the value of the trailer. Releases `r`.
 * ERR_LIMIT.
 */
cocoon_err worker_receipt_finish(struct worker_receipt *r, const struct usage *usage,
                                 struct buf *out) MUST_CHECK;

/* Release `r` without signing: the answer was cut off. */
void worker_receipt_drop(struct worker_receipt *r);

#endif
