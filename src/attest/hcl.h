/*
 * The report that Azure's paravisor (HCL) leaves in vTPM NV index 0x01400001: a hardware report,
 * and the runtime claims it is bound to, with the public part of the vTPM's attestation key.
 */
#ifndef ATTEST_HCL_H
#define ATTEST_HCL_H

#include "base/err.h"
#include "base/rd.h"
#include "crypto/hash.h"

enum hcl_type { HCL_SNP = 2, HCL_TDX = 4 };

struct hcl_report {
    uint32_t version;
    enum hcl_type type;
    struct slice hardware;       /* HCL_SNP: an SNP report; HCL_TDX: TDREPORT */
    struct slice td_report_data; /* HCL_TDX: the 64 bytes of report data in the TDREPORT */
    uint32_t hash_type;          /* as written: 1, 2, 3 */
    enum hash_alg hash;          /* how the report data names the claims */
    struct slice runtime_claims; /* JSON */
};

/*
 * Parse `in` as one such report, whose fixed-size buffer may be padded with zeros. ERR_TRUNCATED,
 * ERR_TRAILING (bytes other than zero after it), ERR_MALFORMED, ERR_UNSUPPORTED.
 */
cocoon_err hcl_report_parse(struct slice in, struct hcl_report *out, struct fail *fail) MUST_CHECK;

#endif
