/* Kind tpm-quote: a TPM's quote under a key that the caller knows. See tpm_verify.c. */
#ifndef ATTEST_TPM_VERIFY_H
#define ATTEST_TPM_VERIFY_H

#include "attest/appraise.h"

extern const struct verifier verifier_tpm_quote;

#endif
