/*
 * Object identifiers as byte constants: the content of their DER encoding.
 *
 * OID(name) is a slice; compare with slice_eq.
 */
#ifndef CODEC_OID_H
#define CODEC_OID_H

#include "base/slice.h"

/* X(name, content bytes, dotted form) */
#define OID_TABLE(X)                                                                               \
    /* public key and curve (RFC 3279, RFC 5480, RFC 8410) */                                      \
    X(OID_RSA, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", "1.2.840.113549.1.1.1")                     \
    X(OID_EC, "\x2a\x86\x48\xce\x3d\x02\x01", "1.2.840.10045.2.1")                                 \
    X(OID_P256, "\x2a\x86\x48\xce\x3d\x03\x01\x07", "1.2.840.10045.3.1.7")                         \
    X(OID_P384, "\x2b\x81\x04\x00\x22", "1.3.132.0.34")                                            \
    X(OID_ED25519, "\x2b\x65\x70", "1.3.101.112")                                                  \
    /* signature (RFC 5758, RFC 4055) */                                                           \
    X(OID_ECDSA_SHA256, "\x2a\x86\x48\xce\x3d\x04\x03\x02", "1.2.840.10045.4.3.2")                 \
    X(OID_ECDSA_SHA384, "\x2a\x86\x48\xce\x3d\x04\x03\x03", "1.2.840.10045.4.3.3")                 \
    X(OID_RSA_SHA256, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", "1.2.840.113549.1.1.11")             \
    X(OID_RSA_SHA384, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", "1.2.840.113549.1.1.12")             \
    X(OID_RSA_PSS, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "1.2.840.113549.1.1.10")                \
    X(OID_MGF1, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08", "1.2.840.113549.1.1.8")                    \
    X(OID_SHA1, "\x2b\x0e\x03\x02\x1a", "1.3.14.3.2.26")                                           \
    X(OID_SHA256, "\x60\x86\x48\x01\x65\x03\x04\x02\x01", "2.16.840.1.101.3.4.2.1")                \
    X(OID_SHA384, "\x60\x86\x48\x01\x65\x03\x04\x02\x02", "2.16.840.1.101.3.4.2.2")                \
    /* names (RFC 4519) */                                                                         \
    X(OID_COMMON_NAME, "\x55\x04\x03", "2.5.4.3")                                                  \
    X(OID_SERIAL_NUMBER, "\x55\x04\x05", "2.5.4.5")                                                \
    X(OID_ORGANIZATION, "\x55\x04\x0a", "2.5.4.10")                                                \
    /* certificate and CRL extensions (RFC 5280 4.2, 5.2, 5.3) */                                  \
    X(OID_SUBJECT_KEY_ID, "\x55\x1d\x0e", "2.5.29.14")                                             \
    X(OID_KEY_USAGE, "\x55\x1d\x0f", "2.5.29.15")                                                  \
    X(OID_SUBJECT_ALT_NAME, "\x55\x1d\x11", "2.5.29.17")                                           \
    X(OID_BASIC_CONSTRAINTS, "\x55\x1d\x13", "2.5.29.19")                                          \
    X(OID_CRL_NUMBER, "\x55\x1d\x14", "2.5.29.20")                                                 \
    X(OID_CRL_REASON, "\x55\x1d\x15", "2.5.29.21")                                                 \
    X(OID_NAME_CONSTRAINTS, "\x55\x1d\x1e", "2.5.29.30")                                           \
    X(OID_POLICY_CONSTRAINTS, "\x55\x1d\x24", "2.5.29.36")                                         \
    X(OID_INHIBIT_ANY_POLICY, "\x55\x1d\x36", "2.5.29.54")                                         \
    X(OID_PROXY_CERT_INFO, "\x2b\x06\x01\x05\x05\x07\x01\x0e", "1.3.6.1.5.5.7.1.14")               \
    X(OID_CRL_POINTS, "\x55\x1d\x1f", "2.5.29.31")                                                 \
    X(OID_AUTHORITY_KEY_ID, "\x55\x1d\x23", "2.5.29.35")                                           \
    X(OID_EXT_KEY_USAGE, "\x55\x1d\x25", "2.5.29.37")                                              \
    X(OID_OCSP_SIGNING, "\x2b\x06\x01\x05\x05\x07\x03\x09", "1.3.6.1.5.5.7.3.9")                   \
    /* evidence in certificates (TCG DICE attestation architecture; draft-ietf-rats-msg-wrap) */   \
    X(OID_DICE_TCB_INFO, "\x67\x81\x05\x05\x04\x01", "2.23.133.5.4.1")                             \
    X(OID_DICE_EVIDENCE, "\x67\x81\x05\x05\x04\x09", "2.23.133.5.4.9")                             \
    X(OID_CMW, "\x2b\x06\x01\x05\x05\x07\x01\x23", "1.3.6.1.5.5.7.1.35")

#define OID_DECLARE(name, bytes, dotted) extern const struct slice name;
OID_TABLE(OID_DECLARE)
#undef OID_DECLARE

/* Return the dotted form of `oid` if it is in the table, "" otherwise: for messages. */
const char *oid_dotted(struct slice oid);

#endif
