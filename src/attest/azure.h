/*
 * Azure confidential VMs: a paravisor (HCL) holds the hardware report, made at boot, and runs a
 * virtual TPM. The hardware report vouches for the vTPM's attestation key, that key signs a quote
 * of the registers under the verifier's nonce. What runs in the guest is in the registers only: the
 * measurement in the hardware report is the paravisor's.
 *
 * Kinds azure-snp-vtpm, azure-tdx-vtpm, and azure-hcl-only: an HCL report by itself, which shows
 * what binds to what but is vouched for by nothing.
 */
#ifndef ATTEST_AZURE_H
#define ATTEST_AZURE_H

#include "attest/appraise.h"

extern const struct verifier verifier_azure;

#endif
