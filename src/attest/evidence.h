/*
 * Evidence: a kind and named inputs, evidence proper and collateral alike, all borrowed.
 *
 * Kinds and names are those of the command line (`attest verify --kind KIND --file NAME=PATH`):
 *
 *   sgx-v3 tdx-v4 tdx-v5            quote tcb_info tcb_chain qe_identity qe_chain pck_crl root_crl
 *                                   pck_crl_chain pck_chain
 *   snp-milan snp-genoa snp-turin   report leaf ask ark crl
 *   nvidia-hopper nvidia-blackwell  report chain device_root driver_rim vbios_rim rim_root ocsp_*
 *   nvidia-ls10
 *   aws-nitro                       doc root
 *   azure-snp-vtpm azure-tdx-vtpm   hcl tpm_msg tpm_sig pcrs ak_chain, and those of SNP or TDX
 *   azure-hcl-only                  hcl
 *   ccel                            ccel quote
 *   dstack                          quote event_log app_compose
 *   tpm-quote                       ak_pub tpmt_public tpm_msg tpm_sig pcrs event_log
 *   tpm-eventlog                    event_log
 *   sim                             evidence
 */
#ifndef ATTEST_EVIDENCE_H
#define ATTEST_EVIDENCE_H

#include "base/slice.h"

enum {
    EVIDENCE_PARTS_MAX = 64
}; /* a Hopper GPU with both RIMs and all OCSP answers has about 20 */

struct evidence_part {
    struct slice name;
    struct slice bytes;
};

struct evidence {
    struct slice kind;
    struct evidence_part parts[EVIDENCE_PARTS_MAX];
    size_t count;
};

void evidence_init(struct evidence *e, struct slice kind);

/* Add `bytes` under `name`. ERR_DUPLICATE, ERR_LIMIT. */
cocoon_err evidence_add(struct evidence *e, struct slice name, struct slice bytes) MUST_CHECK;

/* Put the parts in the order of deterministic CBOR: shorter names first, equal lengths bytewise. */
void evidence_sort(struct evidence *e);

/* Set `*out` to the part `name` and return true, or return false. */
bool evidence_find(const struct evidence *e, const char *name, struct slice *out);

#endif
