/*
 * Intel DCAP: SGX and TDX quotes with Intel's collateral.
 *
 * A quote is signed by an attestation key; the quoting enclave (QE) vouches for that key in a
 * report of its own, which the platform's PCK key signs; Intel certifies the PCK key and says by
 * TCB info and QE identity which versions of platform, TDX module and QE are good, and by
 * revocation lists which certificates are not.
 *
 * Without collateral the signatures up to Intel's root are checked and the rest is skipped, loudly:
 * such a verdict says who made the quote, not whether that machine is still to be trusted.
 *
 * Intel signs pre-production parts under a root of its own, the sandbox. Without a policy such a
 * quote is genuine, and the claim `pre_production` says what it is; no policy accepts it, unless
 * [roots] names that very key for `intel`.
 */
#ifndef ATTEST_DCAP_H
#define ATTEST_DCAP_H

#include "attest/chain.h"
#include "attest/pck.h"
#include "attest/qe_identity.h"
#include "attest/quote.h"
#include "attest/tcb_info.h"

enum { DCAP_CHAIN_MAX = 3 };

/* One verification under way. */
struct dcap {
    struct appraisal *a;
    struct claim *claims; /* the map that claims go to */
    struct quote quote;
    struct x509_cert pck_chain[DCAP_CHAIN_MAX]; /* leaf, intermediate, root */
    bool has_pck;
    struct pck_extension pck;
    struct tcb_info *tcb;   /* NULL: absent or not usable */
    struct qe_identity *qe; /* likewise */
    const char *vendor;     /* whose root must end every chain */
    unix_time from, until;  /* when all collateral is current */
};

/* Kinds sgx-v3, tdx-v4, tdx-v5. */
extern const struct verifier verifier_dcap;

/*
 * Verify the quote `bytes` with the collateral among the parts of a->evidence; claims go to
 * `claims`. `*out` (may be NULL) is the parsed quote. Returns OK if it could say all it has to say
 * (see struct verifier).
 */
cocoon_err dcap_run(struct appraisal *a, struct slice bytes, struct claim *claims,
                    struct quote *out) MUST_CHECK;

/* --- parts, each in its own file --- */

/* dcap_claims.c: what header and body say. */
void dcap_claim_quote(struct dcap *d);

/* dcap_collateral.c: read and check lists, TCB info and QE identity; fills d->tcb and d->qe. */
void dcap_check_collateral(struct dcap *d);

/* dcap_tcb.c: status of platform, TDX module and QE, and what they come to. */
void dcap_check_tcb(struct dcap *d);

/* td_rules.c: attributes of a TD that a policy cares about. */
void td_check_rules(struct dcap *d);

#endif
