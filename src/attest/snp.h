/*
 * AMD SEV-SNP: an attestation report with the certificate of the key that signed it (VCEK, one a
 * chip and firmware version; VLEK, one a cloud provider), its chain to AMD's root, and AMD's
 * revocation list.
 */
#ifndef ATTEST_SNP_H
#define ATTEST_SNP_H

#include "attest/amd_key.h"
#include "attest/chain.h"

enum { SNP_CHAIN_MAX = 3 };

/* One verification under way. */
struct snp {
    struct appraisal *a;
    struct claim *claims;
    struct snp_report report;
    struct x509_cert chain[SNP_CHAIN_MAX]; /* VCEK or VLEK, ASK or ASVK, ARK */
    enum snp_product product;              /* by the chain's root */
    struct amd_key key;
    bool has_key;
};

/* Kinds snp-milan, snp-genoa, snp-turin. */
extern const struct verifier verifier_snp;

/*
 * Verify the report `bytes` with the parts leaf, ask, ark and crl of a->evidence; claims go to
 * `claims`. `*out` and `*product` (may be NULL) are what was read. See struct verifier.
 */
cocoon_err snp_run(struct appraisal *a, struct slice bytes, struct claim *claims,
                   struct snp_report *out, enum snp_product *product) MUST_CHECK;

/* snp_rules.c: what a policy cares about: guest policy, VMPL, firmware floors. */
void snp_check_rules(struct snp *s);

/* Read a firmware floor, "milan:4.0.24.219" (boot loader, tee, snp, microcode) or
 * "turin:1.1.1.4.70" (fmc first). ERR_MALFORMED. */
cocoon_err snp_floor_read(struct slice word, enum snp_product *product,
                          struct snp_tcb *floor) MUST_CHECK;

#endif
