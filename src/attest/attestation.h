/*
 * An attestation: a keyset and the evidence that binds it, as one message (docs/spec/channel.md 3).
 *
 *   CBOR array [ 1, keyset (bytes, JSON), [ item, ... ] ]
 *   item       [ kind (text), { part name (text): bytes, ... } ]      deterministic encoding:
 *                                                                     shorter names first
 *
 * The first item is the CPU's; GPUs and switches follow. It travels in RA-TLS certificates, in the
 * attested channel, and in registrations.
 */
#ifndef ATTEST_ATTESTATION_H
#define ATTEST_ATTESTATION_H

#include "attest/appraise.h"
#include "attest/keyset.h"

enum {
    ATTESTATION_VERSION = 1,
    ATTESTATION_ITEMS_MAX = 16, /* a CPU, eight GPUs, four switches */
    ATTESTATION_MAX = 1024 * 1024,
};

struct attestation {
    struct slice keyset; /* JSON; JCS when we wrote it */
    struct evidence *items;
    size_t count;
};

/* Append `a`, whose items were made with evidence_add in any order and then evidence_sort.
 * ERR_LIMIT. */
cocoon_err attestation_put(struct buf *out, const struct attestation *a) MUST_CHECK;

/*
 * Read all of `bytes`; the result borrows from it and from `arena`. At least one item. ERR_VERSION,
 * ERR_LIMIT, ERR_MALFORMED, ERR_NOMEM, and cbor_check's.
 */
cocoon_err attestation_read(struct slice bytes, struct arena *arena, struct attestation *out,
                            struct fail *fail) MUST_CHECK;

/* What an attestation must show, and the means to check it. */
struct attestation_question {
    const struct policy *policy;
    unix_time now;
    struct slice report_data;   /* of the CPU's evidence: 32 or 64 bytes */
    const struct digest *nonce; /* of GPU evidence: statement_gpu_nonce; NULL: no GPU is expected */
    struct arena *arena;
    struct obligation_cache *cache; /* may be NULL */
};

struct attestation_answer {
    struct result *results[ATTESTATION_ITEMS_MAX]; /* one an item, in order; for the transcript */
    size_t count;
    cocoon_err err;        /* OK: every item verified under the policy, and they belong together */
    bool simulated;        /* any of them */
    unix_time valid_until; /* the earliest */
};

/*
 * Appraise every item: the CPU's evidence against `report_data`, each GPU's against `nonce`; a GPU
 * may stand in the list once. Required claims count over all items together. Keyset rules are the
 * caller's. Returns answer->err.
 */
cocoon_err attestation_appraise(const struct attestation *a, const struct attestation_question *q,
                                struct attestation_answer *answer) MUST_CHECK;

/* The digest of GPU evidence for the worker's statement: SHA-256 of the CBOR of the items after the
 * first. False when there are none. */
bool attestation_gpu_digest(const struct attestation *a, struct digest *out);

#endif
