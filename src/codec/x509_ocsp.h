/*
 * OCSP answers (RFC 6960) as bytes: one issuer's word on the status of certificates.
 *
 * Parsing settles structure only. Whoever relies on an answer checks who signed it, that it speaks
 * about the certificate at hand (x509_ocsp_find), and its dates.
 */
#ifndef CODEC_X509_OCSP_H
#define CODEC_X509_OCSP_H

#include "base/rd.h"
#include "codec/x509.h"

enum {
    X509_OCSP_MAX = 16 * 1024, /* one answer with its responder's certificate: about 2 KB */
    X509_OCSP_CERTS_MAX = 4,
};

enum x509_ocsp_hash { X509_OCSP_SHA256, X509_OCSP_SHA384 };

enum x509_ocsp_status { X509_OCSP_GOOD, X509_OCSP_REVOKED, X509_OCSP_UNKNOWN };

/* The status of one certificate. */
struct x509_ocsp_single {
    enum x509_ocsp_hash hash;
    struct slice issuer_name_hash; /* of the issuer's Name, DER */
    struct slice issuer_key_hash;  /* of the issuer's public key, the bits alone */
    struct slice serial;
    enum x509_ocsp_status status;
    unix_time revoked_at;
    int reason; /* CRLReason, -1 when absent */
    unix_time this_update, next_update;
    bool has_next;
};

struct x509_ocsp {
    struct slice tbs; /* ResponseData, what is signed */
    enum x509_sig sig;
    struct slice signature;
    struct slice responder_name; /* Name, or empty: by key */
    struct slice responder_key;  /* SHA-1 of the responder's public key, or empty: by name */
    unix_time produced_at;
    struct slice singles; /* SEQUENCE OF SingleResponse, content; checked by the parse */
    struct slice nonce;   /* of the nonce extension, content; empty when absent */
    struct slice certs[X509_OCSP_CERTS_MAX];
    size_t cert_count;
};

/*
 * Parse all of `der` as one OCSPResponse with status successful and a basic response.
 * ERR_MALFORMED, ERR_UNSUPPORTED (another status or type, critical extensions), ERR_ALGORITHM,
 * ERR_LIMIT.
 */
cocoon_err x509_ocsp_parse(struct slice der, struct x509_ocsp *out, struct fail *fail) MUST_CHECK;

/* Step through the answers: `*at` starts as rd_init(ocsp->singles). False at the end. */
bool x509_ocsp_next(struct rd *at, struct x509_ocsp_single *out);

#endif
