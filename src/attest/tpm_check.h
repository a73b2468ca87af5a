/*
 * TPM quotes as checks: signature, nonce, and the registers that were quoted. Who vouches for the
 * key is the caller's: Azure's hardware report (azure.h), or nobody (kind tpm-quote).
 */
#ifndef ATTEST_TPM_CHECK_H
#define ATTEST_TPM_CHECK_H

#include "attest/appraise.h"
#include "attest/tpm.h"

/* What was checked, for those who replay logs against it. */
struct tpm_checked {
    struct tpm_quote quote;
    uint16_t bank;     /* TPM_ALG_ID of the one bank quoted */
    struct slice pcrs; /* values of all registers of the bank, in order */
    bool pcrs_good;    /* they are those that the quote signs */
};

/*
 * Check the parts tpm_msg, tpm_sig (TPMT_SIGNATURE, or the bare bytes of an RSASSA signature with
 * SHA-256) and pcrs of a->evidence under `key`; claims go to `in`. False if a part is missing or
 * malformed: that is recorded.
 */
bool tpm_check(struct appraisal *a, const struct sig_key *key, struct claim *in,
               struct tpm_checked *out);

/* Return the value of register `index`, all of whose bank are in `c->pcrs`. */
struct slice tpm_checked_pcr(const struct tpm_checked *c, unsigned index);

#endif
