/*
 * appraise(evidence, policy, now) -> result: one pure function over every format.
 *
 * No network, no clock, no globals. Each format is one file that exports one `struct verifier`; the
 * table in appraise.c maps kinds to them. A verifier parses strictly, applies its rules, adds the
 * claims, and lists the signatures that must hold as obligations. Then the obligations are settled,
 * then the policy is applied over the claims. Three calls, so that a browser can settle by
 * WebCrypto in between; appraise() makes all three.
 */
#ifndef ATTEST_APPRAISE_H
#define ATTEST_APPRAISE_H

#include "attest/evidence.h"
#include "attest/obligation.h"
#include "attest/policy.h"
#include "attest/result.h"

struct appraisal {
    /* in: set by the caller */
    const struct evidence *evidence;
    const struct policy *policy; /* NULL: cryptographic validity and currency only */
    unix_time now;
    struct slice nonce;       /* what the evidence's own nonce field must be; empty: not asked */
    struct slice report_data; /* what the evidence must bind: 32 bytes (then zeros), or 64;
                                 empty: not asked */
    bool defer_claims;        /* the caller adds typed claims, then calls policy_claims itself */
    struct arena *arena;      /* everything is taken from here */
    struct obligation_cache *cache; /* signatures known to hold; may be NULL */

    void *format_state; /* the verifier's own, from run to conclude */

    /* out */
    struct obligations obligations;
    struct result result;
};

/*
 * What a format exports. `run` adds checks, claims, report_data and obligations to `a`, and returns
 * OK when it could say all it has to say: a failed check is not an error of `run`. An error (of the
 * malformed or unsupported kinds, or ERR_NOMEM) means that it had to stop; it has then recorded a
 * FAIL with that code.
 */
struct verifier {
    const char *const *kinds; /* ended by NULL */
    cocoon_err (*run)(struct appraisal *a);

    /* Add claims that depend on which signatures held; obligations are settled. NULL: none. */
    void (*conclude)(struct appraisal *a);
};

/* Return the verifier for `kind`, or NULL. */
const struct verifier *verifier_find(struct slice kind);

/* Run the format's rules; nothing is decided yet: obligations are open. */
void appraise_collect(struct appraisal *a);

/* Apply nonce, report data and policy once the obligations are settled. An open one is a FAIL. */
void appraise_finish(struct appraisal *a);

/* Collect, settle natively, finish. The verdict is in a->result; nothing else is returned. */
void appraise(struct appraisal *a);

/*
 * As appraise, for named files: make `*evidence` of `kind` and `count` `parts` and use it. A
 * repeated name or too many is ERR_DUPLICATE or ERR_LIMIT, and then nothing was appraised.
 *
 *     struct appraisal a = {.policy = policy, .now = now, .nonce = nonce, .arena = &arena};
 *     err = appraise_parts(&a, &evidence, kind, parts, count);
 *     if (err == OK) { result_put_text(&a.result, &out); return result_exit(&a.result); }
 */
cocoon_err appraise_parts(struct appraisal *a, struct evidence *evidence, struct slice kind,
                          const struct evidence_part *parts, size_t count) MUST_CHECK;

#endif
