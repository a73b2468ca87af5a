/*
 * Documents that tools of this field ask for (DESIGN section 6, aci/1 section 4): pure JSON
 * builders.
 *
 *   /v1/aci/attestation        the attestation report
 *   /v1/attestation/report     the older shape, with Ed25519 keys; says so in "format"
 *   /v1/signature/{chat_id}    the older signature over "<request sha256>:<response sha256>"
 *   /v1/aci/sessions           empty: a direct service has none
 */
#ifndef RECEIPT_ACI_H
#define RECEIPT_ACI_H

#include "attest/evidence.h"
#include "attest/keyset.h"

/* Where the attested code came from; empty slices are null. */
struct aci_provenance {
    struct slice repo_url, repo_commit, image_digest;
};

struct aci_report {
    struct slice tee_type; /* "tdx", "sev_snp", "sim" */
    struct slice keyset;   /* the keyset's JSON */
    struct digest keyset_digest;
    const uint8_t *nonce; /* 32 bytes, NULL: none was given */
    const struct evidence *evidence;
    const struct evidence *gpus; /* may be NULL */
    size_t gpu_count;
    const uint8_t *gpu_nonce; /* 32 bytes that their evidence carries; NULL without GPUs */
    struct aci_provenance provenance;
};

/* Append the report of aci/1 section 4.1; report_data follows from digest and nonce. ERR_LIMIT. */
cocoon_err aci_report_put(struct buf *out, const struct aci_report *r) MUST_CHECK;

/* Append the older shape: signing_address, signing_algo, intel_quote, nvidia_payload,
 * request_nonce and what else tools look for, with the receipt key `signer`. ERR_LIMIT. */
cocoon_err aci_legacy_report_put(struct buf *out, const struct aci_report *r,
                                 const struct ed25519_public *signer) MUST_CHECK;

/*
 * Append {signature, signing_address, signing_algo, text} for a response. The text is two hashes
 * and a colon, never JSON, so a receipt cannot be mistaken for it. ERR_LIMIT.
 */
cocoon_err aci_legacy_signature_put(struct buf *out, const struct digest *request,
                                    const struct digest *response,
                                    const struct ed25519_key *key) MUST_CHECK;

/* Append the list of sessions of a direct service. */
void aci_sessions_put(struct buf *out);

/* Parse the `nonce` parameter: exactly 64 lower-case hex digits. ERR_MALFORMED. */
cocoon_err aci_nonce_read(struct slice text, uint8_t out[32]) MUST_CHECK;

#endif
