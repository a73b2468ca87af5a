/*
 * A strict profile of X.509 (RFC 5280): certificates, revocation lists and PEM, for the chains of
 * TEE vendors and our own. No cryptography: a parsed object carries the bytes that were signed, the
 * algorithm, the key and the signature, for attest/ to turn into obligations.
 *
 * The profile refuses what it does not know: other versions than v3 (CRL: v1, v2), other algorithms
 * than the enums below, signature algorithms that differ inside and outside, unknown critical
 * extensions, repeated extensions, negative serials, non-canonical DER anywhere, empty issuers, and
 * trailing bytes. Every slice borrows from the input.
 */
#ifndef CODEC_X509_H
#define CODEC_X509_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "codec/oid.h"
#include "codec/pem.h"

enum {
    X509_EXTENSIONS_MAX = 32, /* AMD's VCEK has 12 */
    X509_CHAIN_MAX = 8,       /* NVIDIA sends 5 */
    X509_SERIAL_MAX = 20,     /* RFC 5280 4.1.2.2 */
};

/* How a certificate or CRL is signed. RSA-PSS: MGF1 with the same hash, salt as long as the hash.
 */
enum x509_sig {
    X509_ECDSA_SHA256,
    X509_ECDSA_SHA384,
    X509_RSA_SHA256,
    X509_RSA_SHA384,
    X509_PSS_SHA256,
    X509_PSS_SHA384,
    X509_ED25519,
};

enum x509_key_kind { X509_KEY_P256, X509_KEY_P384, X509_KEY_RSA, X509_KEY_ED25519 };

struct x509_key {
    enum x509_key_kind kind;
    struct slice spki;     /* SubjectPublicKeyInfo, header included */
    struct slice raw;      /* EC: x, y; Ed25519: 32 bytes; RSA: empty */
    struct slice modulus;  /* RSA only: no leading zero */
    struct slice exponent; /* RSA only */
};

/* keyUsage bits (RFC 5280 4.2.1.3). */
enum {
    X509_DIGITAL_SIGNATURE = 1 << 0,
    X509_KEY_CERT_SIGN = 1 << 5,
    X509_CRL_SIGN = 1 << 6,
};

struct x509_cert {
    struct slice der;    /* all of it */
    struct slice tbs;    /* what is signed, header included */
    struct slice serial; /* big-endian, no leading zero */
    struct slice issuer; /* Name, DER, header included: compare bytewise */
    struct slice subject;
    unix_time not_before, not_after; /* both inclusive */
    struct x509_key key;
    enum x509_sig sig;
    struct slice signature;  /* ECDSA: DER { r, s }, checked for form; RSA and Ed25519: raw */
    struct slice extensions; /* SEQUENCE OF Extension, content */
    bool has_basic, is_ca;   /* basicConstraints */
    int path_max;            /* pathLenConstraint, -1 when absent */
    bool has_usage;          /* keyUsage */
    uint16_t usage;
    struct slice subject_key_id, authority_key_id; /* empty when absent */
    struct slice ext_key_usage;                    /* SEQUENCE OF OID, content; empty when absent */
};

/*
 * Parse all of `der` as one certificate. `fail` says what and where. ERR_TRUNCATED, ERR_TRAILING,
 * ERR_MALFORMED, ERR_LIMIT (over X509_EXTENSIONS_MAX extensions), ERR_DUPLICATE (an extension
 * twice), ERR_VERSION, ERR_ALGORITHM, ERR_UNSUPPORTED (unknown critical extension).
 */
cocoon_err x509_parse(struct slice der, struct x509_cert *out, struct fail *fail) MUST_CHECK;

/* Read one SubjectPublicKeyInfo, which must be all of `spki`. ERR_MALFORMED, ERR_ALGORITHM. */
cocoon_err x509_key_parse(struct slice spki, struct x509_key *out, struct fail *fail) MUST_CHECK;

/* Set `*value` to the extnValue content of extension `oid` and return true if there is one. */
bool x509_extension(const struct x509_cert *cert, struct slice oid, struct slice *value);

/* Set `*text` to the first attribute `oid` (OID_COMMON_NAME ..) of the DER Name `name`. */
bool x509_name_find(struct slice name, struct slice oid, struct slice *text);

/* Tell whether `cert` lists `purpose` in extKeyUsage. */
bool x509_has_purpose(const struct x509_cert *cert, struct slice purpose);

/*
 * Set `*url` to the first URI of cRLDistributionPoints and return true if there is one.
 */
bool x509_crl_url(const struct x509_cert *cert, struct slice *url);

/* Tell whether `cert` is self-issued (issuer and subject equal bytewise). */
bool x509_self_issued(const struct x509_cert *cert);

/* ERR_NOT_YET_VALID or ERR_EXPIRED unless not_before <= now <= not_after. */
cocoon_err x509_valid_at(const struct x509_cert *cert, unix_time now, struct fail *fail) MUST_CHECK;

/*
 * Check everything but the signature that makes `issuer` the issuer of `cert`: names bytewise, key
 * identifiers where both are present, CA flag, keyCertSign where keyUsage is present, path length
 * for `below` CA certificates under the issuer (leaf excluded), and that the issuer's key fits the
 * signature algorithm. ERR_MISMATCH, ERR_RULE, ERR_ALGORITHM.
 */
cocoon_err x509_issued_by(const struct x509_cert *cert, const struct x509_cert *issuer, int below,
                          struct fail *fail) MUST_CHECK;

/* --- revocation lists --- */

struct x509_crl {
    struct slice der;
    struct slice tbs;
    struct slice issuer;
    unix_time this_update;
    unix_time next_update;
    bool has_next;
    enum x509_sig sig;
    struct slice signature;
    int version;                   /* 1 or 2 */
    struct slice number;           /* cRLNumber, big-endian; empty when absent */
    struct slice authority_key_id; /* empty when absent */
    struct slice revoked;          /* SEQUENCE OF entries, content; checked by the parse */
    size_t revoked_count;
};

struct x509_revoked {
    unix_time at;
    int reason; /* CRLReason (RFC 5280 5.3.1), -1 when absent */
};

/* Parse all of `der` as one CRL. Errors as x509_parse; every entry is checked. */
cocoon_err x509_crl_parse(struct slice der, struct x509_crl *out, struct fail *fail) MUST_CHECK;

/* Tell whether `crl` lists `serial` (as in x509_cert), and since when. O(entries). */
bool x509_crl_find(const struct x509_crl *crl, struct slice serial, struct x509_revoked *out);

/*
 * Check everything but the signature that lets `crl` speak for `issuer` at `now`: names bytewise,
 * key identifiers where both are present, cRLSign where keyUsage is present, this_update <= now <=
 * next_update (which must be there), algorithm. ERR_MISMATCH, ERR_RULE, ERR_NOT_YET_VALID,
 * ERR_EXPIRED, ERR_ALGORITHM, ERR_MISSING.
 */
cocoon_err x509_crl_issued_by(const struct x509_crl *crl, const struct x509_cert *issuer,
                              unix_time now, struct fail *fail) MUST_CHECK;

/*
 * Read a chain in PEM or, when it does not begin with '-', one certificate in DER: parse each into
 * `out`, at most `max`. Errors as pem_read and x509_parse; `fail` says which.
 */
cocoon_err x509_read_chain(struct slice pem_or_der, struct arena *arena, struct x509_cert *out,
                           size_t max, size_t *count, struct fail *fail) MUST_CHECK;

#endif
