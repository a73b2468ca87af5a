/*
 * Who may answer for an issuer (RFC 6960 4.2.2.2): the issuer itself, or the holder of a
 * certificate that the issuer signed and that lists id-kp-OCSPSigning. That certificate comes with
 * the answer. A responder certificate is not itself looked up: its life is short, and its dates are
 * checked.
 *
 * An answer names a certificate by hashes of the issuer's name and key, and its serial number. It
 * must say until when it holds: without nextUpdate an old one could be shown for ever.
 */
#include "attest/ocsp.h"

#include "codec/der.h"

enum { REASON_HOLD = 6 };

void ocsp_load(struct appraisal *a, const struct rule *rule, struct ocsp_answers *out)
{
    static const struct slice prefix = SLICE_INIT("ocsp_");
    struct fail fail;

    out->count = 0;
    for (size_t i = 0; i < a->evidence->count; i++) {
        const struct evidence_part *part = &a->evidence->parts[i];

        if (!slice_starts(part->name, prefix))
            continue;
        if (out->count == OCSP_ANSWERS_MAX)
            (void)result_check(&a->result, rule, false, ERR_LIMIT);
        else if (x509_ocsp_parse(part->bytes, &out->items[out->count], &fail) != OK)
            (void)result_fail(&a->result, rule, &fail);
        else
            out->count++;
    }
}

/* The bits of a public key, without SubjectPublicKeyInfo around them. */
static struct slice key_bits(const struct x509_cert *cert)
{
    struct rd r = rd_init(cert->key.spki);
    struct rd seq = der_enter(&r, DER_SEQUENCE);

    (void)der_whole(&seq, DER_SEQUENCE);
    return der_bits(&seq);
}

static bool hash_is(enum hash_alg alg, struct slice bytes, struct slice expected)
{
    uint8_t digest[HASH_LEN_MAX];

    hash_once(alg, bytes, digest);
    return slice_eq(slice_make(digest, hash_len(alg)), expected);
}

static bool names(const struct x509_ocsp_single *single, const struct x509_cert *cert,
                  const struct x509_cert *issuer)
{
    enum hash_alg alg = single->hash == X509_OCSP_SHA384 ? HASH_SHA384 : HASH_SHA256;

    return slice_eq(single->serial, cert->serial) &&
           hash_is(alg, issuer->subject, single->issuer_name_hash) &&
           hash_is(alg, key_bits(issuer), single->issuer_key_hash);
}

/* Find the answer about `cert`, the latest where there are several. */
static const struct x509_ocsp *find(const struct ocsp_answers *answers,
                                    const struct x509_cert *cert, const struct x509_cert *issuer,
                                    struct x509_ocsp_single *out)
{
    const struct x509_ocsp *found = NULL;

    for (size_t i = 0; i < answers->count; i++) {
        struct rd at = rd_init(answers->items[i].singles);
        struct x509_ocsp_single single;

        while (x509_ocsp_next(&at, &single))
            if (names(&single, cert, issuer) &&
                (found == NULL || single.this_update > out->this_update)) {
                found = &answers->items[i];
                *out = single;
            }
    }
    return found;
}

/* Is `cert` who the answer says it is by? */
static bool is_responder(const struct x509_ocsp *ocsp, const struct x509_cert *cert)
{
    if (ocsp->responder_name.len > 0)
        return slice_eq(ocsp->responder_name, cert->subject);
    return hash_is(HASH_SHA1_PCR, key_bits(cert), ocsp->responder_key);
}

/* Find whose key signed the answer: the issuer's, or that of a certificate it came with, for which
 * the issuer's signature is required too. */
static bool find_responder(struct appraisal *a, const struct x509_ocsp *ocsp,
                           const struct x509_cert *issuer, const struct ocsp_rules *rules,
                           struct x509_key *out)
{
    struct x509_cert cert;
    struct fail fail;

    if (is_responder(ocsp, issuer)) {
        *out = issuer->key;
        return true;
    }
    for (size_t i = 0; i < ocsp->cert_count; i++) {
        struct sig_claim claim;

        if (x509_parse(ocsp->certs[i], &cert, &fail) != OK || !is_responder(ocsp, &cert) ||
            !x509_has_purpose(&cert, OID_OCSP_SIGNING) ||
            x509_issued_by(&cert, issuer, 0, &fail) != OK ||
            x509_valid_at(&cert, a->now, &fail) != OK)
            continue;
        claim = chain_claim(&issuer->key, cert.sig, cert.tbs, cert.signature);
        obligation_add(&a->obligations, &rules->responder, &claim);
        *out = cert.key;
        return true;
    }
    return false;
}

static void check_dates(struct appraisal *a, const struct x509_ocsp_single *single,
                        const struct ocsp_rules *rules)
{
    unix_time skew = a->policy == NULL ? 0 : a->policy->clock_skew;
    unix_time grace = a->policy == NULL ? 0 : a->policy->collateral_grace;
    unix_time from = single->this_update - skew, until = single->next_update + grace;

    if (single->has_next)
        result_until(&a->result, until);
    (void)result_check(&a->result, &rules->current,
                       single->has_next && a->now >= from && a->now <= until,
                       a->now < from ? ERR_NOT_YET_VALID : ERR_EXPIRED);
}

static void check_status(struct appraisal *a, const struct x509_ocsp_single *single,
                         const struct ocsp_rules *rules)
{
    bool hold = single->status == X509_OCSP_REVOKED && single->reason == REASON_HOLD;
    bool tolerated = hold && a->policy != NULL && a->policy->allow_ocsp_hold;

    (void)result_check_detail(&a->result, &rules->status,
                              single->status == X509_OCSP_GOOD || tolerated, ERR_REVOKED,
                              slice_text(hold ? "certificateHold" : ""));
}

bool ocsp_check(struct appraisal *a, const struct ocsp_answers *answers,
                const struct x509_cert *cert, const struct x509_cert *issuer,
                const struct ocsp_rules *rules)
{
    struct x509_ocsp_single single;
    const struct x509_ocsp *ocsp = find(answers, cert, issuer, &single);
    struct sig_claim claim;
    struct x509_key key;

    if (ocsp == NULL)
        return false;
    if (!find_responder(a, ocsp, issuer, rules, &key)) {
        (void)result_check(&a->result, &rules->responder, false, ERR_UNTRUSTED);
        return true;
    }
    claim = chain_claim(&key, ocsp->sig, ocsp->tbs, ocsp->signature);
    obligation_add(&a->obligations, &rules->signature, &claim);
    check_dates(a, &single, rules);
    check_status(a, &single, rules);
    return true;
}
