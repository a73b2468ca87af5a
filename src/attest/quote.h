/*
 * Intel DCAP quotes: SGX version 3, TDX versions 4 and 5, as bytes.
 *
 * Parsing settles structure only: every length, every reserved field that the format fixes, nothing
 * that needs a key or a clock. What the fields mean is judged in dcap.h, sgx.h and tdx.h.
 */
#ifndef ATTEST_QUOTE_H
#define ATTEST_QUOTE_H

#include "base/err.h"
#include "base/rd.h"

enum quote_tee { QUOTE_SGX = 0, QUOTE_TDX = 0x81 };

enum quote_body_type {
    QUOTE_BODY_SGX = 1,     /* SGX report body */
    QUOTE_BODY_TD10 = 2,    /* TD report 1.0 */
    QUOTE_BODY_TD15 = 3,    /* TD report 1.5: adds tee_tcb_svn2 and mr_service_td */
    QUOTE_BODY_TD15_EX = 4, /* TD report 1.5 extended: adds the migration history */
};

/* Sizes of fixed parts, in bytes. */
enum { QUOTE_HEADER_SIZE = 48, SGX_REPORT_SIZE = 384, TD10_SIZE = 584 };

/* An SGX report body: of the attested enclave, or of the quoting enclave itself. */
struct sgx_report {
    struct slice all; /* the 384 bytes */
    struct slice cpu_svn;
    struct slice misc_select; /* 4 bytes */
    struct slice attributes;  /* 8 bytes of flags, 8 of XFRM */
    struct slice mr_enclave;
    struct slice mr_signer;
    uint16_t isv_prod_id;
    uint16_t isv_svn;
    struct slice report_data;
};

/* A TD report body. */
struct td_report {
    struct slice tee_tcb_svn;
    struct slice mr_seam;
    struct slice mrsigner_seam;
    struct slice seam_attributes;
    uint64_t td_attributes;
    uint64_t xfam;
    struct slice td_attributes_raw, xfam_raw;
    struct slice mr_td;
    struct slice mr_config_id;
    struct slice mr_owner;
    struct slice mr_owner_config;
    struct slice rtmr[4];
    struct slice report_data;
    struct slice tee_tcb_svn2;  /* empty before TD report 1.5 */
    struct slice mr_service_td; /* empty before TD report 1.5 */
    struct slice extension;     /* the 237 bytes that TD report 1.5 extended adds, else empty */
};

struct quote {
    uint16_t version; /* 3, 4 or 5 */
    enum quote_tee tee;
    uint16_t qe_svn;  /* version 3 only */
    uint16_t pce_svn; /* version 3 only */
    struct slice qe_vendor_id;
    struct slice user_data;

    enum quote_body_type body_type;
    struct sgx_report sgx; /* set when tee is QUOTE_SGX */
    struct td_report td;   /* set when tee is QUOTE_TDX */

    struct slice signed_part;     /* what the attestation key signs: header and body */
    struct slice signature;       /* r || s, 64 bytes */
    struct slice attestation_key; /* x || y, 64 bytes */
    struct sgx_report qe;
    struct slice qe_signature; /* r || s over qe.all by the PCK key */
    struct slice qe_auth;
    uint16_t cert_type;     /* 1..3 encrypted or plain PPID, 4 leaf, 5 chain in PEM */
    struct slice cert_data; /* borrowed, as it stands in the quote */
    size_t trailing;        /* bytes after the quote: buffers of some platforms are padded */
};

/*
 * Parse `in` as a quote into `*out`, whose slices borrow from `in`. ERR_TRUNCATED, ERR_MALFORMED,
 * ERR_VERSION (a version other than 3, 4, 5) or ERR_ALGORITHM (an attestation key other than
 * ECDSA P-256), with the offset in `fail`.
 */
cocoon_err quote_parse(struct slice in, struct quote *out, struct fail *fail) MUST_CHECK;

#endif
