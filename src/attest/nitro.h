/*
 * AWS Nitro: attestation documents of enclaves and of NitroTPM, signed by the hypervisor's security
 * module under a certificate that lives three hours.
 */
#ifndef ATTEST_NITRO_H
#define ATTEST_NITRO_H

#include "attest/chain.h"

enum { NITRO_PCRS = 32, NITRO_BUNDLE_MAX = X509_CHAIN_MAX - 1 };

struct nitro_doc {
    struct slice protected_header, payload, signature; /* of the COSE_Sign1 */
    struct slice module_id;
    uint64_t timestamp_ms;
    struct slice digest;           /* "SHA384": of the PCRs */
    bool is_tpm;                   /* NitroTPM, not an enclave */
    struct slice pcrs[NITRO_PCRS]; /* empty where absent */
    size_t pcr_count;
    struct slice certificate;
    struct slice bundle[NITRO_BUNDLE_MAX]; /* root first */
    size_t bundle_count;
    bool has_public_key, has_user_data, has_nonce;
    struct slice public_key, user_data, nonce;
};

/*
 * Parse `in`, exactly one COSE_Sign1 with an attestation document, into `*out`, which borrows from
 * it. ERR_MALFORMED, ERR_MISSING, ERR_DUPLICATE, ERR_ALGORITHM, ERR_RANGE, ERR_LIMIT, and
 * cbor_check's.
 */
cocoon_err nitro_doc_parse(struct slice in, struct nitro_doc *out, struct fail *fail) MUST_CHECK;

/* Kind aws-nitro. */
extern const struct verifier verifier_nitro;

#endif
