/*
 * Intel's collateral for one quote, as its provisioning service gives it:
 *
 *   root_crl                      revoked CAs and TCB signers, signed by the root
 *   pck_crl, pck_crl_chain        revoked PCK certificates, signed by the CA that issued the PCK
 *   tcb_info, tcb_chain           versions of the platform; signed by "Intel SGX TCB Signing"
 *   qe_identity, qe_chain         the quoting enclave; signed likewise
 *
 * A part that is absent skips its rules. Dates are inclusive at both ends; a policy may allow for
 * clock skew at the start and for grace at the end. Intel's own library does not look at the start.
 *
 * Two TCB signing certificates with one key and one serial number exist, with different dates: the
 * one that is given must be valid, whichever it is.
 */
#include "attest/dcap.h"

enum { SIGNER_CHAIN = 2 };

static const struct rule rule_root_crl = {"dcap.root-crl", "the root's revocation list is usable",
                                          "Intel QVL 4.1.2.5.2"};
static const struct rule rule_ca_revoked = {"dcap.root-crl.ca", "the PCK CA is not revoked",
                                            "Intel QVL 4.1.2.4"};
static const struct rule rule_signer_revoked = {
    "dcap.root-crl.signer", "the TCB signing certificate is not revoked", "Intel QVL 4.1.2.6"};
static const struct rule rule_pck_crl = {"dcap.pck-crl", "the PCK revocation list is usable",
                                         "Intel QVL 4.1.2.5.7"};
static const struct rule rule_pck_revoked = {
    "dcap.pck-crl.pck", "the PCK certificate is not revoked", "Intel QVL 4.1.2.5.8"};
static const struct rule rule_tcb_info = {"dcap.tcb-info", "TCB info is well formed",
                                          "Intel PCS v4, Get TCB Info"};
static const struct rule rule_tcb_signature = {"dcap.tcb-info.signature", "TCB info signature",
                                               "Intel QVL 4.1.2.6"};
static const struct rule rule_tcb_window = {"dcap.tcb-info.current", "TCB info is current",
                                            "Intel QVL 4.1.2.6"};
static const struct rule rule_tcb_platform = {
    "dcap.tcb-info.platform", "TCB info is for this TEE, FMSPC and PCE", "Intel QVL 4.1.2.5.10-11"};
static const struct rule rule_qe_identity = {"dcap.qe-identity", "QE identity is well formed",
                                             "Intel PCS v4, Get QE Identity"};
static const struct rule rule_qe_id_signature = {"dcap.qe-identity.signature",
                                                 "QE identity signature", "Intel QVL 4.1.2.9"};
static const struct rule rule_qe_window = {"dcap.qe-identity.current", "QE identity is current",
                                           "Intel QVL 4.1.2.9"};
static const struct rule rule_qe_kind = {"dcap.qe-identity.kind", "QE identity is for this TEE",
                                         "Intel QVL 4.1.2.5.15"};

static const struct rule rule_signer_name = {
    "dcap.signer.name", "the signer is named \"Intel SGX TCB Signing\"", "Intel QVL 4.1.2.6"};

static const struct chain_rules crl_chain_rules = {
    .path = {"dcap.pck-crl.path", "the PCK list's chain leads from issuer to root", "RFC 5280 6.3"},
    .root = {"dcap.pck-crl.root", "the PCK list's chain ends in Intel's root", "RFC 5280 6.3"},
    .validity = {"dcap.pck-crl.validity", "the PCK list's chain is valid at the time",
                 "RFC 5280 6.1.3"},
    .signature = {"dcap.pck-crl.signature", "PCK list chain signature", "RFC 5280 6.1.3"},
};
static const struct chain_rules tcb_chain_rules = {
    .path = {"dcap.tcb-chain.path", "the TCB signing chain leads from leaf to root",
             "RFC 5280 6.1"},
    .root = {"dcap.tcb-chain.root", "the TCB signing chain ends in Intel's root",
             "Intel QVL 4.1.2.6"},
    .validity = {"dcap.tcb-chain.validity", "the TCB signing chain is valid at the time",
                 "RFC 5280 6.1.3"},
    .signature = {"dcap.tcb-chain.signature", "TCB signing chain signature", "RFC 5280 6.1.3"},
};
static const struct chain_rules qe_chain_rules = {
    .path = {"dcap.qe-chain.path", "the QE identity chain leads from leaf to root", "RFC 5280 6.1"},
    .root = {"dcap.qe-chain.root", "the QE identity chain ends in Intel's root",
             "Intel QVL 4.1.2.9"},
    .validity = {"dcap.qe-chain.validity", "the QE identity chain is valid at the time",
                 "RFC 5280 6.1.3"},
    .signature = {"dcap.qe-chain.signature", "QE identity chain signature", "RFC 5280 6.1.3"},
};

/* One signed JSON document: its parts, its rules, and what it is signed over. */
struct document {
    const char *chain_part;
    const struct rule *signature, *window;
    const struct chain_rules *chain;
    struct slice signed_bytes, raw_signature;
    unix_time from, until;
};

static struct result *result_of(struct dcap *d)
{
    return &d->a->result;
}

/* Narrow the window in which all collateral is current. */
static void narrow(struct dcap *d, unix_time from, unix_time until)
{
    if (from > d->from)
        d->from = from;
    if (until < d->until)
        d->until = until;
}

static void narrow_to_certs(struct dcap *d, const struct x509_cert *certs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        narrow(d, certs[i].not_before, certs[i].not_after);
}

/* Is `from` <= now <= `until`, with what the policy allows at either end? */
static void check_window(struct dcap *d, const struct rule *rule, unix_time from, unix_time until)
{
    const struct policy *p = d->a->policy;
    unix_time earliest = from - (p == NULL ? 0 : p->clock_skew);
    unix_time latest = until + (p == NULL ? 0 : p->collateral_grace);
    unix_time now = d->a->now;

    narrow(d, from, until);
    result_until(result_of(d), latest);
    (void)result_check(result_of(d), rule, now >= earliest && now <= latest,
                       now < earliest ? ERR_NOT_YET_VALID : ERR_EXPIRED);
}

/* Read the revocation list `part`; false, and a line in the transcript, if it cannot be used. */
static bool read_crl(struct dcap *d, const char *part, const struct rule *rule,
                     struct x509_crl *out)
{
    struct slice bytes;
    struct fail fail;

    if (!evidence_find(d->a->evidence, part, &bytes)) {
        result_skip(result_of(d), rule, "no such collateral was given");
        return false;
    }
    if (x509_crl_parse(bytes, out, &fail) != OK) {
        (void)result_fail(result_of(d), rule, &fail);
        return false;
    }
    if (out->has_next)
        narrow(d, out->this_update, out->next_update);
    return true;
}

/* Return who must have signed the PCK list: the first of its own chain, or else the PCK's CA. */
static const struct x509_cert *crl_issuer(struct dcap *d, struct x509_cert own[SIGNER_CHAIN])
{
    struct slice pem;
    struct fail fail;
    size_t count;

    if (!evidence_find(d->a->evidence, "pck_crl_chain", &pem))
        return &d->pck_chain[1];
    if (x509_read_chain(pem, d->a->arena, own, SIGNER_CHAIN, &count, &fail) != OK ||
        count != SIGNER_CHAIN) {
        (void)result_check(result_of(d), &crl_chain_rules.path, false, ERR_MALFORMED);
        return NULL;
    }
    (void)chain_check(d->a, own, SIGNER_CHAIN, d->vendor, &crl_chain_rules);
    narrow_to_certs(d, own, SIGNER_CHAIN);
    return &own[0];
}

static void check_pck_crl(struct dcap *d)
{
    struct x509_cert own[SIGNER_CHAIN];
    const struct x509_cert *issuer;
    struct x509_crl crl;

    if (!read_crl(d, "pck_crl", &rule_pck_crl, &crl) || (issuer = crl_issuer(d, own)) == NULL)
        return;
    if (!slice_eq(issuer->subject, d->pck_chain[0].issuer)) {
        (void)result_check(result_of(d), &rule_pck_crl, false, ERR_MISMATCH);
        return;
    }
    (void)chain_check_crl(d->a, &crl, issuer, &d->pck_chain[0], &rule_pck_crl, &rule_pck_revoked);
}

/* Read and check the chain that signed `doc`; NULL if it cannot be used. */
static const struct x509_cert *check_signer(struct dcap *d, const struct document *doc,
                                            const struct x509_crl *root_crl)
{
    struct x509_cert *chain = ARENA_ARRAY(d->a->arena, SIGNER_CHAIN, struct x509_cert);
    struct x509_revoked revoked;
    struct slice pem, name;
    struct fail fail = {ERR_MISSING, 0, "signing chain is not of two certificates"};
    size_t count = 0;

    if (chain == NULL || !evidence_find(d->a->evidence, doc->chain_part, &pem) ||
        x509_read_chain(pem, d->a->arena, chain, SIGNER_CHAIN, &count, &fail) != OK ||
        count != SIGNER_CHAIN) {
        (void)result_fail(result_of(d), &doc->chain->path, &fail);
        return NULL;
    }
    (void)chain_check(d->a, chain, SIGNER_CHAIN, d->vendor, doc->chain);
    narrow_to_certs(d, chain, SIGNER_CHAIN);
    (void)result_check(result_of(d), &rule_signer_name,
                       x509_name_find(chain[0].subject, OID_COMMON_NAME, &name) &&
                           slice_eq_text(name, "Intel SGX TCB Signing"),
                       ERR_RULE);
    if (root_crl != NULL)
        (void)result_check(result_of(d), &rule_signer_revoked,
                           !x509_crl_find(root_crl, chain[0].serial, &revoked), ERR_REVOKED);
    return &chain[0];
}

static void check_document(struct dcap *d, const struct document *doc,
                           const struct x509_crl *root_crl)
{
    const struct x509_cert *signer = check_signer(d, doc, root_crl);
    struct sig_claim claim = {.scheme = SIG_ECDSA_RAW,
                              .hash = HASH_SHA256,
                              .message = doc->signed_bytes,
                              .signature = doc->raw_signature};

    check_window(d, doc->window, doc->from, doc->until);
    if (signer == NULL)
        return;
    claim.key = chain_key(&signer->key);
    obligation_add(&d->a->obligations, doc->signature, &claim);
}

/* Does TCB info speak about this platform? Version 2 knows SGX only. */
static bool tcb_info_fits(const struct dcap *d)
{
    return d->tcb->is_tdx == (d->quote.tee == QUOTE_TDX) &&
           slice_eq(SLICE_OF(d->tcb->fmspc), d->pck.fmspc) &&
           slice_eq(SLICE_OF(d->tcb->pce_id), d->pck.pce_id);
}

static void check_tcb_info(struct dcap *d, const struct x509_crl *root_crl)
{
    struct document doc = {.chain_part = "tcb_chain",
                           .signature = &rule_tcb_signature,
                           .window = &rule_tcb_window,
                           .chain = &tcb_chain_rules};
    struct slice json;
    struct fail fail;

    if (!evidence_find(d->a->evidence, "tcb_info", &json)) {
        result_skip(result_of(d), &rule_tcb_info, "no such collateral was given");
        return;
    }
    if (tcb_info_parse(json, d->a->arena, &d->tcb, &fail) != OK) {
        (void)result_fail(result_of(d), &rule_tcb_info, &fail);
        return;
    }
    (void)result_check(result_of(d), &rule_tcb_info, true, OK);
    doc.signed_bytes = d->tcb->signed_bytes;
    doc.raw_signature = SLICE_OF(d->tcb->signature);
    doc.from = d->tcb->issue_date;
    doc.until = d->tcb->next_update;
    check_document(d, &doc, root_crl);
    if (d->has_pck &&
        !result_check(result_of(d), &rule_tcb_platform, tcb_info_fits(d), ERR_MISMATCH))
        d->tcb = NULL;
}

static void check_qe_identity(struct dcap *d, const struct x509_crl *root_crl)
{
    struct document doc = {.chain_part = "qe_chain",
                           .signature = &rule_qe_id_signature,
                           .window = &rule_qe_window,
                           .chain = &qe_chain_rules};
    struct slice json;
    struct fail fail;

    if (!evidence_find(d->a->evidence, "qe_identity", &json)) {
        result_skip(result_of(d), &rule_qe_identity, "no such collateral was given");
        return;
    }
    if (qe_identity_parse(json, d->a->arena, &d->qe, &fail) != OK) {
        (void)result_fail(result_of(d), &rule_qe_identity, &fail);
        return;
    }
    (void)result_check(result_of(d), &rule_qe_identity, true, OK);
    doc.signed_bytes = d->qe->signed_bytes;
    doc.raw_signature = SLICE_OF(d->qe->signature);
    doc.from = d->qe->issue_date;
    doc.until = d->qe->next_update;
    check_document(d, &doc, root_crl);
    if (!result_check(result_of(d), &rule_qe_kind, d->qe->is_td == (d->quote.tee == QUOTE_TDX),
                      ERR_MISMATCH))
        d->qe = NULL;
}

void dcap_check_collateral(struct dcap *d)
{
    struct x509_crl root_crl;
    bool has_root_crl = read_crl(d, "root_crl", &rule_root_crl, &root_crl);

    if (has_root_crl)
        (void)chain_check_crl(d->a, &root_crl, &d->pck_chain[2], &d->pck_chain[1], &rule_root_crl,
                              &rule_ca_revoked);
    check_pck_crl(d);
    check_tcb_info(d, has_root_crl ? &root_crl : NULL);
    check_qe_identity(d, has_root_crl ? &root_crl : NULL);
}
