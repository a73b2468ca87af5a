/*
 * For tests: evidence made from scratch, field by field, so that a test can break one thing and
 * leave the rest whole. Parts left empty are filled with bytes that differ from field to field.
 */
#ifndef ATTEST_KIT_TEST_H
#define ATTEST_KIT_TEST_H

#include "base/arena.h"
#include "base/wr.h"

/* `len` bytes of `value` in `arena`; aborts the test when it is full. */
struct slice kit_fill(struct arena *arena, uint8_t value, size_t len);

/* A private copy of `s`, for a test that changes it. */
uint8_t *kit_copy(struct arena *arena, struct slice s);

/* `s` or, if it is empty, kit_fill(value, len); its length is checked. */
struct slice kit_or(struct arena *arena, struct slice s, uint8_t value, size_t len);

/* --- DCAP quotes --- */

struct kit_sgx_report {
    struct slice cpu_svn, misc_select, attributes, mr_enclave, mr_signer, report_data;
    uint16_t isv_prod_id, isv_svn;
};

struct kit_td_report {
    struct slice tee_tcb_svn, mr_seam, mrsigner_seam, seam_attributes, td_attributes, xfam, mr_td;
    struct slice rtmr[4], report_data, tee_tcb_svn2, mr_service_td;
};

struct kit_quote {
    uint16_t version;
    uint32_t tee;
    uint16_t body_type;
    struct slice body; /* from kit_sgx_report or kit_td_report */
    struct slice signature, attestation_key, qe_report, qe_signature, qe_auth;
    uint16_t cert_type;
    struct slice cert_data, trailing;
};

struct slice kit_sgx_report(struct arena *arena, const struct kit_sgx_report *r);

/* `type`: 2, 3 or 4, as in quotes of version 5. */
struct slice kit_td_report(struct arena *arena, const struct kit_td_report *r, uint16_t type);

/* Header and body alone (what is signed), and the whole quote. */
struct slice kit_quote_signed(struct arena *arena, const struct kit_quote *q);
struct slice kit_quote(struct arena *arena, const struct kit_quote *q);

/* --- SEV-SNP reports --- */

struct kit_snp_report {
    uint32_t version;
    uint64_t policy;
    uint32_t vmpl, sig_algo, signer_info;
    struct slice report_data, measurement, reported_tcb, current_tcb, committed_tcb, launch_tcb;
    struct slice chip_id;
    uint8_t family, model, stepping;
    struct slice r, s; /* 72 bytes, little-endian */
};

struct slice kit_snp_report(struct arena *arena, const struct kit_snp_report *r);

/* --- SPDM reports --- */

struct kit_spdm_report {
    struct slice nonce, response_nonce;
    size_t measurements;          /* how many, indices from 1 */
    struct slice measurement[64]; /* empty: 48 bytes of the index */
    struct slice opaque;          /* from kit_spdm_field */
    struct slice signature;
};

void kit_spdm_field(struct wr *opaque, uint16_t type, struct slice value);
struct slice kit_spdm_report(struct arena *arena, const struct kit_spdm_report *r);

/* --- checks every parser must stand --- */

/* Parse `in` and say whether it was accepted; `ctx` is the test's. */
typedef cocoon_err (*kit_parser)(struct slice in, void *ctx, struct fail *fail);

/*
 * Assert that `good` parses, and that each proper prefix of it fails with an error of the malformed
 * or unsupported kind and an offset within it; prefixes of `shortest_ok` bytes and more may pass.
 */
void kit_truncate(struct slice good, size_t shortest_ok, kit_parser parse, void *ctx);

/* Flip every bit of `good` in turn: the parser must return, whatever it says. */
void kit_flip(struct slice good, kit_parser parse, void *ctx);

#endif
