/*
 * Certificate revocation lists, RFC 5280 section 5.
 *
 *   CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, BIT STRING }
 *   TBSCertList ::= SEQUENCE {
 *       INTEGER 1                         version 2; absent: version 1
 *       AlgorithmIdentifier               the same bytes as outside
 *       Name                              issuer, not empty
 *       Time                              thisUpdate
 *       Time                              nextUpdate, optional
 *       SEQUENCE OF SEQUENCE {            optional; may be empty (AMD's is)
 *           INTEGER, Time, SEQUENCE OF Extension OPTIONAL }
 *       [0] { SEQUENCE OF Extension }     optional, version 2 only }
 *
 * No critical extension is understood: an issuing distribution point or a delta indicator would
 * make the list speak for less than it seems to, so such a list is refused.
 */
#include "codec/x509_part.h"

enum { REASON_MAX = 10 };

static cocoon_err take_list_extension(void *owner, const struct x509_ext *ext)
{
    struct x509_crl *crl = owner;
    struct rd r = rd_init(ext->value);

    if (ext->critical)
        return ERR_UNSUPPORTED;
    if (slice_eq(ext->oid, OID_AUTHORITY_KEY_ID))
        return x509_read_authority(ext->value, &crl->authority_key_id);
    if (!slice_eq(ext->oid, OID_CRL_NUMBER))
        return OK;
    crl->number = der_uint(&r);
    return rd_end(&r) == OK && crl->number.len <= X509_SERIAL_MAX ? OK : ERR_MALFORMED;
}

static cocoon_err take_entry_extension(void *owner, const struct x509_ext *ext)
{
    struct x509_revoked *entry = owner;
    struct rd r = rd_init(ext->value);
    uint32_t reason;

    if (ext->critical)
        return ERR_UNSUPPORTED;
    if (!slice_eq(ext->oid, OID_CRL_REASON))
        return OK;
    reason = der_enumerated(&r);
    if (rd_end(&r) != OK || reason > REASON_MAX)
        return ERR_MALFORMED;
    entry->reason = (int)reason;
    return OK;
}

/* Read the next entry of the list. */
static cocoon_err read_entry(struct rd *list, struct slice *serial, struct x509_revoked *out)
{
    struct rd seq = der_enter(list, DER_SEQUENCE);
    cocoon_err err = OK;

    *serial = der_uint(&seq);
    *out = (struct x509_revoked){.at = der_time(&seq), .reason = -1};
    if (der_more(&seq))
        err = x509_each_extension(der_take(&seq, DER_SEQUENCE), take_entry_extension, out);
    der_leave(list, &seq);
    if (list->bad || serial->len > X509_SERIAL_MAX)
        return ERR_MALFORMED;
    return err;
}

static cocoon_err check_entries(struct x509_crl *crl)
{
    struct rd list = rd_init(crl->revoked);
    struct x509_revoked entry;
    struct slice serial;
    cocoon_err err = OK;

    for (; err == OK && der_more(&list); crl->revoked_count++)
        err = read_entry(&list, &serial, &entry);
    return err;
}

static void read_times(struct rd *tbs, struct x509_crl *out)
{
    out->this_update = der_time(tbs);
    out->has_next = der_is(tbs, DER_UTC_TIME) || der_is(tbs, DER_GENERALIZED_TIME);
    if (out->has_next)
        out->next_update = der_time(tbs);
    if (out->has_next && out->next_update < out->this_update)
        rd_fail(tbs);
}

static cocoon_err read_extensions(struct rd *tbs, struct x509_crl *out)
{
    bool present;
    struct rd inner = der_enter_if(tbs, DER_CONTEXT_CONSTRUCTED | 0, &present);
    struct slice list;

    if (!present)
        return OK;
    list = der_take(&inner, DER_SEQUENCE);
    der_leave(tbs, &inner);
    if (tbs->bad || out->version != 2)
        return ERR_MALFORMED;
    return x509_each_extension(list, take_list_extension, out);
}

static cocoon_err read_tbs(struct rd *tbs, struct x509_crl *out, struct slice algorithm,
                           struct fail *fail)
{
    cocoon_err err;

    out->version = 1;
    if (der_is(tbs, DER_INTEGER)) {
        if (der_u64(tbs) != 1)
            return fail_set(fail, ERR_VERSION, 0, "CRL version is not 1 or 2");
        out->version = 2;
    }
    if (!slice_eq(der_whole(tbs, DER_SEQUENCE), algorithm))
        return fail_set(fail, ERR_MALFORMED, tbs->at, "inner and outer algorithm differ");
    out->issuer = der_whole(tbs, DER_SEQUENCE);
    read_times(tbs, out);
    if (der_is(tbs, DER_SEQUENCE))
        out->revoked = der_take(tbs, DER_SEQUENCE);
    if (tbs->bad || !x509_name_ok(out->issuer, false))
        return fail_set(fail, ERR_MALFORMED, tbs->at, "issuer or times");
    err = check_entries(out);
    if (err != OK)
        return fail_set(fail, err, tbs->at, "revoked certificates");
    err = read_extensions(tbs, out);
    if (err == OK && rd_end(tbs) != OK)
        err = ERR_MALFORMED;
    return err == OK ? OK : fail_set(fail, err, tbs->at, "extensions of the list");
}

cocoon_err x509_crl_parse(struct slice der, struct x509_crl *out, struct fail *fail)
{
    struct x509_signed parts;
    struct rd r, tbs;
    cocoon_err err = x509_read_signed(der, &parts, fail);

    if (err != OK)
        return err;
    *out = (struct x509_crl){
        .der = der, .tbs = parts.tbs, .sig = parts.sig, .signature = parts.signature};
    r = rd_init(parts.tbs);
    tbs = der_enter(&r, DER_SEQUENCE);
    return read_tbs(&tbs, out, parts.algorithm, fail);
}

bool x509_crl_find(const struct x509_crl *crl, struct slice serial, struct x509_revoked *out)
{
    struct rd list = rd_init(crl->revoked);
    struct slice listed;

    while (der_more(&list))
        if (read_entry(&list, &listed, out) == OK && slice_eq(listed, serial))
            return true;
    return false;
}

cocoon_err x509_crl_issued_by(const struct x509_crl *crl, const struct x509_cert *issuer,
                              unix_time now, struct fail *fail)
{
    if (!slice_eq(crl->issuer, issuer->subject))
        return fail_set(fail, ERR_MISMATCH, 0, "the list's issuer is another");
    if (crl->authority_key_id.len > 0 && issuer->subject_key_id.len > 0 &&
        !slice_eq(crl->authority_key_id, issuer->subject_key_id))
        return fail_set(fail, ERR_MISMATCH, 0, "authority key identifier is another key's");
    if (issuer->has_usage && (issuer->usage & X509_CRL_SIGN) == 0)
        return fail_set(fail, ERR_RULE, 0, "issuer's key may not sign revocation lists");
    if (!x509_sig_fits(crl->sig, issuer->key.kind))
        return fail_set(fail, ERR_ALGORITHM, 0, "issuer's key does not fit the algorithm");
    if (!crl->has_next)
        return fail_set(fail, ERR_MISSING, 0, "the list has no nextUpdate");
    if (now < crl->this_update)
        return fail_set(fail, ERR_NOT_YET_VALID, 0, "the list is from the future");
    if (now > crl->next_update)
        return fail_set(fail, ERR_EXPIRED, 0, "the list is past its nextUpdate");
    return OK;
}
