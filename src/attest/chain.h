/*
 * Certificate chains and revocation lists as checks and obligations.
 *
 * A format says which certificates form its chain and which vendor's root must end it; this does
 * the rest: names, key identifiers, CA flags, path lengths, validity at the time of verification,
 * trust in the root by its key, and one signature obligation a certificate, the root's own
 * included.
 */
#ifndef ATTEST_CHAIN_H
#define ATTEST_CHAIN_H

#include "attest/appraise.h"
#include "codec/x509.h"

/* The rules of one chain, so that the transcript names it. */
struct chain_rules {
    struct rule path;      /* "the PCK chain leads from leaf to root" */
    struct rule root;      /* "its root is Intel's" */
    struct rule validity;  /* "every certificate is valid at the time" */
    struct rule signature; /* "each is signed by the next" */
};

/* Make the obligation that `key` signed `message` by `sig`. */
struct sig_claim chain_claim(const struct x509_key *key, enum x509_sig sig, struct slice message,
                             struct slice signature);

/* Set `out` to `key` in the form of crypto/verify. */
struct sig_key chain_key(const struct x509_key *key);

/*
 * Check `certs` (leaf first, root last, `count` >= 1): adds the checks of `rules` and the
 * obligations, lowers valid_until. Returns whether every check passed (signatures are still open).
 */
bool chain_check(struct appraisal *a, const struct x509_cert *certs, size_t count,
                 const char *vendor, const struct chain_rules *rules);

/*
 * Check that `crl` speaks for `issuer` now and does not list `cert`; adds the obligation. One rule
 * for the list, one for the certificate.
 */
bool chain_check_crl(struct appraisal *a, const struct x509_crl *crl,
                     const struct x509_cert *issuer, const struct x509_cert *cert,
                     const struct rule *list_rule, const struct rule *cert_rule);

/*
 * If the evidence has `part`, a root certificate, check that it is `root`, the one the chain ends
 * in. A root that is given beside evidence is never an anchor: it can only be wrong.
 */
bool chain_check_given(struct appraisal *a, const char *part, const struct x509_cert *root,
                       const struct rule *rule);

/* Fill `out` with the SHA-256 of the SubjectPublicKeyInfo of `cert`. */
void chain_spki_digest(const struct x509_cert *cert, struct digest *out);

#endif
