/*
 * OCSPResponse       SEQUENCE { responseStatus ENUMERATED = 0, [0] { SEQUENCE { type, OCTET STRING
 * } } } type               1.3.6.1.5.5.7.48.1.1, the octets a BasicOCSPResponse  SEQUENCE {
 * ResponseData, AlgorithmIdentifier, BIT STRING, [0] { SEQUENCE OF Certificate } OPTIONAL }
 * ResponseData       SEQUENCE { [0] version DEFAULT v1, responderID, producedAt,
 *                               SEQUENCE OF SingleResponse, [1] Extensions OPTIONAL }
 * responderID        [1] { Name } | [2] { OCTET STRING }
 * SingleResponse     SEQUENCE { CertID, certStatus, thisUpdate, [0] { nextUpdate } OPTIONAL,
 *                               [1] Extensions OPTIONAL }
 * CertID             SEQUENCE { AlgorithmIdentifier, OCTET STRING, OCTET STRING, INTEGER }
 * certStatus         [0] NULL good | [1] { revocationTime, [0] { reason } OPTIONAL } | [2] NULL
 * unknown
 *
 * RFC 6960 section 4.2.1. CertID hashes are SHA-256 or SHA-384; SHA-1 is refused.
 */
#include "codec/x509_ocsp.h"

#include "codec/x509_part.h"

enum {
    CONTEXT_0 = DER_CONTEXT_CONSTRUCTED | 0,
    CONTEXT_1 = DER_CONTEXT_CONSTRUCTED | 1,
    CONTEXT_2 = DER_CONTEXT_CONSTRUCTED | 2,
    STATUS_GOOD = DER_CONTEXT | 0,
    STATUS_UNKNOWN = DER_CONTEXT | 2,
};

/* 1.3.6.1.5.5.7.48.1.1 and .1.2 */
static const struct slice oid_basic = SLICE_INIT("\x2b\x06\x01\x05\x05\x07\x30\x01\x01");
static const struct slice oid_nonce = SLICE_INIT("\x2b\x06\x01\x05\x05\x07\x30\x01\x02");

/* Read hash AlgorithmIdentifier: the OID and, at most, NULL. */
static enum x509_ocsp_hash read_hash(struct rd *r)
{
    struct rd alg = der_enter(r, DER_SEQUENCE);
    struct slice oid = der_oid(&alg);

    if (der_is(&alg, DER_NULL))
        (void)der_take(&alg, DER_NULL);
    if (!slice_eq(oid, OID_SHA256) && !slice_eq(oid, OID_SHA384))
        rd_fail(r);
    der_leave(r, &alg);
    return slice_eq(oid, OID_SHA384) ? X509_OCSP_SHA384 : X509_OCSP_SHA256;
}

static void read_cert_id(struct rd *r, struct x509_ocsp_single *out)
{
    struct rd id = der_enter(r, DER_SEQUENCE);
    size_t len;

    out->hash = read_hash(&id);
    len = out->hash == X509_OCSP_SHA384 ? 48 : 32;
    out->issuer_name_hash = der_take(&id, DER_OCTET_STRING);
    out->issuer_key_hash = der_take(&id, DER_OCTET_STRING);
    out->serial = der_uint(&id);
    if (out->issuer_name_hash.len != len || out->issuer_key_hash.len != len)
        rd_fail(&id);
    der_leave(r, &id);
}

static void read_revoked(struct rd *r, struct x509_ocsp_single *out)
{
    struct rd info = der_enter(r, CONTEXT_1);
    bool has_reason;
    struct rd reason;

    out->status = X509_OCSP_REVOKED;
    out->revoked_at = der_time(&info);
    reason = der_enter_if(&info, CONTEXT_0, &has_reason);
    if (has_reason) {
        out->reason = (int)der_enumerated(&reason);
        der_leave(&info, &reason);
    }
    der_leave(r, &info);
}

static void read_status(struct rd *r, struct x509_ocsp_single *out)
{
    out->reason = -1;
    if (der_is(r, CONTEXT_1)) {
        read_revoked(r, out);
        return;
    }
    out->status = der_is(r, STATUS_GOOD) ? X509_OCSP_GOOD : X509_OCSP_UNKNOWN;
    if (der_take(r, der_is(r, STATUS_GOOD) ? STATUS_GOOD : STATUS_UNKNOWN).len != 0)
        rd_fail(r);
}

/* Read [1] Extensions if they are next: none may be critical; keep the nonce if `nonce` is wanted.
 */
static void read_extensions(struct rd *r, struct slice *nonce)
{
    bool present;
    struct rd outer = der_enter_if(r, CONTEXT_1, &present);
    struct rd list;
    struct x509_ext ext;

    if (!present)
        return;
    list = der_enter(&outer, DER_SEQUENCE);
    while (x509_next_extension(&list, &ext)) {
        if (ext.critical)
            rd_fail(&list);
        if (nonce != NULL && slice_eq(ext.oid, oid_nonce))
            *nonce = ext.value;
    }
    der_leave(&outer, &list);
    der_leave(r, &outer);
}

static void read_single(struct rd *r, struct x509_ocsp_single *out)
{
    struct rd single = der_enter(r, DER_SEQUENCE);
    struct rd next;

    *out = (struct x509_ocsp_single){0};
    read_cert_id(&single, out);
    read_status(&single, out);
    out->this_update = der_time(&single);
    next = der_enter_if(&single, CONTEXT_0, &out->has_next);
    if (out->has_next) {
        out->next_update = der_time(&next);
        der_leave(&single, &next);
    }
    read_extensions(&single, NULL);
    der_leave(r, &single);
}

bool x509_ocsp_next(struct rd *at, struct x509_ocsp_single *out)
{
    if (!der_more(at))
        return false;
    read_single(at, out);
    return !at->bad;
}

static void read_responder(struct rd *r, struct x509_ocsp *out)
{
    bool by_name;
    struct rd id = der_enter_if(r, CONTEXT_1, &by_name);

    if (by_name) {
        out->responder_name = der_whole(&id, DER_SEQUENCE);
        if (!x509_name_ok(out->responder_name, false))
            rd_fail(&id);
    } else {
        id = der_enter(r, CONTEXT_2);
        out->responder_key = der_take(&id, DER_OCTET_STRING);
    }
    der_leave(r, &id);
}

static cocoon_err read_data(struct slice tbs, struct x509_ocsp *out, struct fail *fail)
{
    struct rd all = rd_init(tbs);
    struct rd data = der_enter(&all, DER_SEQUENCE);
    struct x509_ocsp_single single;
    struct rd list;

    if (der_is(&data, CONTEXT_0)) /* the one version is the default, which DER leaves out */
        return fail_set(fail, ERR_VERSION, data.at, "OCSP answer of another version");
    read_responder(&data, out);
    out->produced_at = der_time(&data);
    out->singles = der_take(&data, DER_SEQUENCE);
    read_extensions(&data, &out->nonce);
    der_leave(&all, &data);
    list = rd_init(out->singles);
    while (x509_ocsp_next(&list, &single))
        ;
    if (rd_end(&all) != OK || rd_end(&list) != OK || out->singles.len == 0)
        return fail_set(fail, ERR_MALFORMED, data.at, "OCSP answer is not well formed");
    return OK;
}

static cocoon_err read_certs(struct rd *seq, struct x509_ocsp *out, struct fail *fail)
{
    bool present;
    struct rd outer = der_enter_if(seq, CONTEXT_0, &present);
    struct rd list;

    if (!present)
        return OK;
    list = der_enter(&outer, DER_SEQUENCE);
    while (der_more(&list)) {
        if (out->cert_count == X509_OCSP_CERTS_MAX)
            return fail_set(fail, ERR_LIMIT, seq->at, "OCSP answer with too many certificates");
        out->certs[out->cert_count++] = der_whole(&list, DER_SEQUENCE);
    }
    der_leave(&outer, &list);
    der_leave(seq, &outer);
    return OK;
}

static cocoon_err read_basic(struct slice basic, struct x509_ocsp *out, struct fail *fail)
{
    struct rd all = rd_init(basic);
    struct rd seq = der_enter(&all, DER_SEQUENCE);
    struct x509_signed parts;
    cocoon_err err;

    if ((err = x509_take_signed(&seq, &parts, fail)) != OK ||
        (err = read_certs(&seq, out, fail)) != OK)
        return err;
    der_leave(&all, &seq);
    if (rd_end(&all) != OK)
        return fail_set(fail, ERR_MALFORMED, all.at, "OCSP answer is not well formed");
    out->tbs = parts.tbs;
    out->sig = parts.sig;
    out->signature = parts.signature;
    return read_data(parts.tbs, out, fail);
}

cocoon_err x509_ocsp_parse(struct slice der, struct x509_ocsp *out, struct fail *fail)
{
    struct rd all = rd_init(der);
    struct rd seq = der_enter(&all, DER_SEQUENCE);
    uint32_t status = der_enumerated(&seq);
    struct rd outer, bytes;
    struct slice type, basic;

    *out = (struct x509_ocsp){0};
    if (der.len > X509_OCSP_MAX)
        return fail_set(fail, ERR_LIMIT, X509_OCSP_MAX, "OCSP answer too long");
    if (!seq.bad && status != 0)
        return fail_set(fail, ERR_UNSUPPORTED, seq.at, "OCSP responder had no answer");
    outer = der_enter(&seq, CONTEXT_0);
    bytes = der_enter(&outer, DER_SEQUENCE);
    type = der_oid(&bytes);
    basic = der_take(&bytes, DER_OCTET_STRING);
    der_leave(&outer, &bytes);
    der_leave(&seq, &outer);
    der_leave(&all, &seq);
    if (rd_end(&all) != OK)
        return fail_set(fail, ERR_MALFORMED, all.at, "OCSP answer is not well formed");
    if (!slice_eq(type, oid_basic))
        return fail_set(fail, ERR_UNSUPPORTED, 0, "OCSP answer of another type");
    return read_basic(basic, out, fail);
}
