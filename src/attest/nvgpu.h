/*
 * NVIDIA GPUs and NVSwitches: SPDM reports, the device's certificate chain, reference manifests and
 * OCSP answers.
 *
 * The report's signature says which device measured what under the verifier's nonce. Only the
 * manifests say that what it measured is NVIDIA's firmware and driver: without them the verdict
 * skips that, loudly. OCSP says that no certificate on the way was revoked.
 */
#ifndef ATTEST_NVGPU_H
#define ATTEST_NVGPU_H

#include "attest/chain.h"
#include "attest/rim.h"
#include "attest/spdm.h"

enum nvgpu_arch { NVGPU_UNKNOWN, NVGPU_HOPPER, NVGPU_BLACKWELL, NVGPU_LS10 };

enum { NVGPU_RIMS = 2 };

/* One manifest of a device. */
struct nvgpu_rim {
    const char *part; /* "driver_rim", "vbios_rim" */
    const char *error_claim;
    bool usable; /* well formed, and its digest is that of its content */
    struct rim rim;
    struct x509_cert chain[X509_CHAIN_MAX];
    size_t chain_count;
    const struct obligation *signature; /* NULL until required */
};

/* One verification under way. */
struct nvgpu {
    struct appraisal *a;
    struct claim *claims;
    struct spdm_report report;
    struct x509_cert chain[X509_CHAIN_MAX]; /* leaf first */
    size_t chain_count;
    enum nvgpu_arch arch;
    struct slice chip; /* "GH100", from the leaf's name */
    struct nvgpu_rim rims[NVGPU_RIMS];
};

/* Kinds nvidia-hopper, nvidia-blackwell, nvidia-ls10. */
extern const struct verifier verifier_nvgpu;

/* nvgpu_claims.c: what the report says. */
void nvgpu_claim_report(struct nvgpu *g);

/* nvgpu_rim.c: read, check and compare the manifests; say what came of them once signatures are
 * settled. */
void nvgpu_check_rims(struct nvgpu *g);
void nvgpu_claim_rims(struct nvgpu *g);

/* nvgpu_ocsp.c: check the status of every certificate that has an issuer among its chain. */
void nvgpu_check_ocsp(struct nvgpu *g);

/* Set `*out` to the version that field `type` names, in the form of manifests: "550.90.07",
 * "96.00.9F.00.01". Empty if the report has none. */
void nvgpu_version(const struct nvgpu *g, uint16_t type, struct slice *out);

#endif
