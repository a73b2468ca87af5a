/*
 * Revocation by OCSP (RFC 6960): answers that were fetched before and are handed in as evidence
 * parts whose names begin with "ocsp_", in any order.
 */
#ifndef ATTEST_OCSP_H
#define ATTEST_OCSP_H

#include "attest/chain.h"
#include "codec/x509_ocsp.h"

enum { OCSP_ANSWERS_MAX = 24 };

struct ocsp_answers {
    struct x509_ocsp items[OCSP_ANSWERS_MAX];
    size_t count;
};

/* Parse every part of a->evidence that is an answer. One that is not well formed fails `rule`. */
void ocsp_load(struct appraisal *a, const struct rule *rule, struct ocsp_answers *out);

/* The rules of one status. */
struct ocsp_rules {
    struct rule responder; /* "the answer is by who may give it" */
    struct rule current;   /* "the answer is current" */
    struct rule status;    /* "the certificate is not revoked" */
    struct rule signature; /* "OCSP answer signature" */
};

/*
 * Look for an answer about `cert`, issued by `issuer`, and check it: signed by the issuer or by a
 * responder that the issuer certified for it, current, and good; certificateHold is tolerated where
 * the policy says so. Adds checks and obligations. False if there is no answer: nothing is
 * recorded.
 */
bool ocsp_check(struct appraisal *a, const struct ocsp_answers *answers,
                const struct x509_cert *cert, const struct x509_cert *issuer,
                const struct ocsp_rules *rules);

#endif
