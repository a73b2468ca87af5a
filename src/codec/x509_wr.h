/*
 * Writing certificates and revocation lists: the leaf of an attested channel, and the PKIs of
 * tests.
 *
 * Signing is the caller's: write the part to be signed, sign it, then wrap both.
 *
 *     x509_put_tbs(&w, &template);
 *     err = wr_end(&w, &tbs);
 *     ... sign tbs ...
 *     x509_put_signed(&out, tbs, template.sig, signature);
 */
#ifndef CODEC_X509_WR_H
#define CODEC_X509_WR_H

#include "base/wr.h"
#include "codec/x509.h"

/* One extension: `value` is the content of its OCTET STRING. */
struct x509_new_extension {
    struct slice oid;
    bool critical;
    struct slice value;
};

struct x509_template {
    enum x509_sig sig;
    struct slice serial;          /* big-endian, at most X509_SERIAL_MAX bytes */
    struct slice issuer, subject; /* Name, DER: see x509_put_name */
    unix_time not_before, not_after;
    struct slice spki;
    const struct x509_new_extension *extensions; /* distinct */
    size_t count;                                /* may be 0 */
};

/* Write TBSCertificate (version 3). */
void x509_put_tbs(struct wr *w, const struct x509_template *t);

/* Write SEQUENCE { tbs, algorithm, signature }. `signature` as in struct x509_cert. */
void x509_put_signed(struct wr *w, struct slice tbs, enum x509_sig sig, struct slice signature);

/* Write a Name that is one UTF-8 common name. */
void x509_put_name(struct wr *w, struct slice common_name);

/* Write extension values: basicConstraints (path < 0: no length), keyUsage, and key identifiers. */
void x509_put_basic(struct wr *w, bool is_ca, int path);
void x509_put_usage(struct wr *w, uint16_t usage);
void x509_put_subject_key(struct wr *w, struct slice key_id);
void x509_put_authority_key(struct wr *w, struct slice key_id);

struct x509_crl_template {
    enum x509_sig sig;
    struct slice issuer; /* Name, DER */
    unix_time this_update, next_update;
    uint64_t number;
    const struct slice *revoked; /* serials, all revoked at this_update */
    size_t count;
};

/* Write TBSCertList (version 2). */
void x509_put_crl_tbs(struct wr *w, const struct x509_crl_template *t);

#endif
