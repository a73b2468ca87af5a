/*
 * Signature obligations: the signatures that must hold for an appraisal to pass.
 *
 * Rules add them while they read; they are settled together, natively by crypto/verify or elsewhere
 * by WebCrypto, and each becomes one line of the transcript. An obligation that nobody settled is a
 * failure.
 */
#ifndef ATTEST_OBLIGATION_H
#define ATTEST_OBLIGATION_H

#include "attest/result.h"
#include "crypto/verify.h"

enum { OBLIGATIONS_MAX = 96 }; /* a Hopper GPU with two RIMs and all OCSP answers has about 30 */

struct obligation {
    struct sig_claim claim; /* borrows from the evidence and the arena */
    const struct rule *rule;
    bool settled, good;
};

struct obligations {
    struct obligation items[OBLIGATIONS_MAX];
    size_t count;
    bool over; /* one did not fit: never a pass */
};

/* Require that `claim` holds; `rule` names it in the transcript. claim.what may be NULL. */
void obligation_add(struct obligations *o, const struct rule *rule, const struct sig_claim *claim);

/*
 * Signatures known to hold, by sig_claim_digest: certificate chains and collateral come again with
 * every quote. Holds the newest entries; not thread-safe.
 */
struct obligation_cache;

/* Make a cache for `capacity` (a power of two) settled obligations, 32 bytes each. */
struct obligation_cache *obligation_cache_new(size_t capacity);
void obligation_cache_free(struct obligation_cache *cache);

/* Settle all open ones by crypto/verify; `cache` may be NULL. Equal obligations are checked once.
 */
void obligations_settle(struct obligations *o, struct obligation_cache *cache);

/* Record every obligation in `r`: PASS, or FAIL with ERR_SIGNATURE (open ones too). Return whether
 * all hold. */
bool obligations_record(const struct obligations *o, struct result *r);

#endif
