/* Receipts on the client's side: checked against what was sent and received, kept as bundles. */
#ifndef ROLE_CLIENT_RECEIPTS_H
#define ROLE_CLIENT_RECEIPTS_H

#include "role/client.h"

/* What the client knows of one exchange, to hold the receipt against. */
struct receipt_expect {
    struct pool_identity *identity;
    struct slice method, path;
    struct digest request;   /* SHA-256 of the request body */
    struct digest response;  /* SHA-256 of the answer's body */
    struct slice receipt_id; /* from the answer's head; empty: none was told */
};

/*
 * Check the receipt in `trailer` (base64) against `expect`: the signature under the attested key,
 * both hashes, and its id. ERR_SIGNATURE, ERR_MISMATCH, ERR_MALFORMED and the like.
 */
cocoon_err client_receipt_check(const struct receipt_expect *expect, struct slice trailer,
                                struct fail *fail) MUST_CHECK;

/* Keep a checked receipt: its bundle is written off the loop. */
void client_receipt_keep(struct client *client, const struct receipt_expect *expect,
                         struct slice trailer);

#endif
