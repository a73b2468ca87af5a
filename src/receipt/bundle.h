/*
 * Receipt bundles: one file, NAME.receipt.json, with all that it takes to verify an answer without
 * a network (docs/spec/receipt.md, "bundle").
 *
 *   {"api_version": "cocoon.bundle.v1",
 *    "evidence":    what the worker registered: {evidence, gpu_evidence, keyset, nonce},
 *    "ledger":      light proof of the worker, its release and its model (ledger/light.h),
 *    "model_manifest":   or null: its JCS form hashes to the model digest,
 *    "ohttp_key":        or null: the signed key configuration the request was sealed to,
 *    "receipt":     the receipt,
 *    "receipt_log":      or null: its place in a batch on the ledger (receipt/batch.h),
 *    "release_manifest": or null: its JCS form hashes to the release digest,
 *    "worker_id":   hex}
 *
 * Trust anchors come from the verifier's policy alone: nothing in a bundle adds one. Without a
 * policy everything is checked that needs none, and the best verdict is PARTIAL.
 */
#ifndef RECEIPT_BUNDLE_H
#define RECEIPT_BUNDLE_H

#include "attest/policy.h"
#include "attest/result.h"
#include "receipt/receipt.h"

struct obligation_cache;

enum { BUNDLE_MAX = 16 * 1024 * 1024 /* evidence of eight GPUs with collateral, in base64 */ };

/* The members of a bundle as JSON texts; an empty one is null. */
struct bundle {
    struct digest worker_id;
    struct slice receipt, evidence, ledger;        /* needed */
    struct slice ohttp_key, receipt_log;           /* may be empty */
    struct slice release_manifest, model_manifest; /* may be empty */
};

/* Append the bundle's file to `out`. The texts are complete JSON values (not checked). ERR_LIMIT.
 */
cocoon_err bundle_put(struct buf *out, const struct bundle *b) MUST_CHECK;

/* Split a bundle; slices borrow from `text`. ERR_MALFORMED, ERR_MISSING, ERR_TYPE, ERR_VERSION,
 * ERR_UNKNOWN_NAME, ERR_LIMIT, ERR_NOMEM, and json_parse's. */
cocoon_err bundle_read(struct slice text, struct arena *arena, struct bundle *out,
                       struct fail *fail) MUST_CHECK;

/* What is asked about a bundle. */
struct bundle_question {
    struct slice text;
    const struct policy *policy; /* NULL: none, PARTIAL at best */
    bool has_at;
    unix_time at; /* the time for which the verdict is asked; without it, the time at which the
                     policy's quorum cosigned the bundle's checkpoint */
    bool has_request, has_response;
    struct slice request, response; /* the bodies, to be compared with the receipt */
    struct arena *arena;
    struct obligation_cache *cache; /* may be NULL */
};

struct bundle_answer {
    struct result *result;  /* the transcript; the verdict is result_verdict(result) */
    struct result own;      /* what `result` points to when no evidence was appraised */
    struct bundle bundle;   /* zero if it could not be read */
    struct receipt receipt; /* zero if it could not be read */
    bool logged;            /* the receipt stands in the log: */
    unix_time logged_at;    /* no later than this */
};

/* Verify offline. Everything found is in the answer, which lives as long as the arena. */
void bundle_verify(const struct bundle_question *q, struct bundle_answer *answer);

#endif
