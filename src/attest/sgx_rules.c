/*
 * SGX enclave attributes (Intel SDM volume 3D, 35.7.1): bit 1 DEBUG lets the host read and write
 * the enclave. A fact without a policy, a rule under one.
 */
#include "attest/dcap.h"

enum { SGX_DEBUG = 1 << 1 };

static const struct rule rule_debug = {"sgx.attributes.debug", "the enclave is not debuggable",
                                       "Intel SDM 3D 35.7.1"};

void sgx_check_rules(struct dcap *d)
{
    const struct policy *p = d->a->policy;
    bool good = (d->quote.sgx.attributes.ptr[0] & SGX_DEBUG) == 0;

    if (p != NULL)
        (void)result_check(&d->a->result, &rule_debug, good || p->allow_debug, ERR_POLICY);
    else
        result_info(&d->a->result, &rule_debug, slice_text(good ? "yes" : "no"));
}
