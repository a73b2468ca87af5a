/*
 * Intel QE identity: which quoting enclave is Intel's, and which of its versions are good.
 */
#ifndef ATTEST_QE_IDENTITY_H
#define ATTEST_QE_IDENTITY_H

#include "attest/quote.h"
#include "attest/tcb_info.h"

struct qe_identity {
    struct slice signed_bytes;
    uint8_t signature[64]; /* r || s */
    bool is_td;            /* the TD quoting enclave, "TD_QE"; else "QE" */
    unix_time issue_date, next_update;
    uint64_t evaluation; /* tcbEvaluationDataNumber */
    uint8_t misc_select[4], misc_select_mask[4];
    uint8_t attributes[16], attributes_mask[16];
    uint8_t mr_signer[32];
    uint64_t isv_prod_id;
    struct tcb_svn_level *levels; /* highest first */
    size_t level_count;
};

/*
 * Parse `json` ({"enclaveIdentity": {..}, "signature": "<hex>"}, version 2) into a qe_identity in
 * `arena`, which borrows from `json`. Errors as tcb_info_parse.
 */
cocoon_err qe_identity_parse(struct slice json, struct arena *arena, struct qe_identity **out,
                             struct fail *fail) MUST_CHECK;

/* Tell whether `qe` is the enclave that `id` describes: under the masks, signer and product. */
bool qe_identity_attributes_ok(const struct qe_identity *id, const struct sgx_report *qe);
bool qe_identity_signer_ok(const struct qe_identity *id, const struct sgx_report *qe);

#endif
