/*
 * The order follows Intel's Quote Verification Library (sections 4.1.2.5.1 to .19), but every rule
 * that can be judged is judged, so that the transcript names all that is wrong:
 *
 *   1  the quote's structure                                        quote.c
 *   2  PCK chain: exactly three certificates, names, dates, Intel's root
 *   3  QE report signed by the PCK key
 *   4  QE report data = SHA-256(attestation key || QE authentication data) || 32 zero bytes
 *   5  quote signed by the attestation key
 *   6  collateral                                                   dcap_collateral.c
 *   7  TCB levels and status                                        dcap_tcb.c
 *   8  attributes                                                   td_rules.c
 */
#include "attest/dcap.h"

#include <assert.h>

static const struct rule rule_kind = {"dcap.kind", "the quote is of the kind that was named",
                                      "Intel TDX DCAP Quoting Library API, Quote Format"};
static const struct rule rule_structure = {"dcap.structure", "the quote is well formed",
                                           "Intel TDX DCAP Quoting Library API, Quote Format"};
static const struct rule rule_pck_present = {"dcap.pck.present", "a PCK certificate chain is there",
                                             "Intel QVL 4.1.2.4"};
static const struct rule rule_pck_names = {
    "dcap.pck.names", "the PCK chain is leaf, PCK CA and root by their names", "Intel QVL 4.1.2.4"};
static const struct rule rule_pck_extension = {"dcap.pck.extension",
                                               "the PCK certificate names its platform",
                                               "Intel PCK Certificate Profile 1.5"};
static const struct rule rule_qe_signature = {"dcap.qe.signature", "QE report signature",
                                              "Intel QVL 4.1.2.5.13"};
static const struct rule rule_qe_binding = {
    "dcap.qe.binding", "the QE vouches for the attestation key", "Intel QVL 4.1.2.5.14"};
static const struct rule rule_signature = {"dcap.signature", "quote signature",
                                           "Intel QVL 4.1.2.5.17"};

static const struct chain_rules pck_rules = {
    .path = {"dcap.pck.path", "the PCK chain leads from leaf to root", "RFC 5280 6.1"},
    .root = {"dcap.pck.root", "the PCK chain ends in Intel's root", "Intel QVL 4.1.2.4"},
    .validity = {"dcap.pck.validity", "the PCK chain is valid at the time", "RFC 5280 6.1.3"},
    .signature = {"dcap.pck.signature", "PCK chain signature", "RFC 5280 6.1.3"},
};

/* Read the PCK chain: from the quote, or beside it where the quote holds only an encrypted id. */
static cocoon_err read_pck_chain(struct dcap *d, struct fail *fail)
{
    struct slice pem;
    size_t count;
    cocoon_err err;

    if (d->quote.cert_type == 5)
        pem = d->quote.cert_data;
    else if (!evidence_find(d->a->evidence, "pck_chain", &pem))
        return fail_set(fail, ERR_MISSING, 0, "no PCK certificate chain in quote");
    err = x509_read_chain(pem, d->a->arena, d->pck_chain, DCAP_CHAIN_MAX, &count, fail);
    if (err != OK)
        return err;
    if (count != DCAP_CHAIN_MAX)
        return fail_set(fail, ERR_MISSING, 0, "PCK chain is not of three certificates");
    return OK;
}

static bool common_name_has(const struct x509_cert *cert, const char *words)
{
    struct slice name;
    size_t at;

    return x509_name_find(cert->subject, OID_COMMON_NAME, &name) &&
           slice_find_slice(name, slice_text(words), &at);
}

/* Decide whose root the chain must end in: Intel's, or without a policy its sandbox's. */
static void choose_vendor(struct dcap *d)
{
    struct digest spki;
    bool sandbox;

    chain_spki_digest(&d->pck_chain[DCAP_CHAIN_MAX - 1], &spki);
    sandbox = d->a->policy == NULL && policy_trusts(NULL, "intel-sandbox", spki.bytes);
    d->vendor = sandbox ? "intel-sandbox" : "intel";
    if (sandbox)
        claim_bool(&d->a->result.claims, d->claims, "pre_production", true);
}

/* Check leaf, CA and root by name, and read what the leaf says about its platform. */
static void check_pck(struct dcap *d)
{
    struct result *r = &d->a->result;
    struct fail fail;

    choose_vendor(d);
    (void)chain_check(d->a, d->pck_chain, DCAP_CHAIN_MAX, d->vendor, &pck_rules);
    (void)result_check(r, &rule_pck_names,
                       common_name_has(&d->pck_chain[0], "SGX PCK Certificate") &&
                           common_name_has(&d->pck_chain[1], "CA") &&
                           common_name_has(&d->pck_chain[2], "SGX Root CA") &&
                           !d->pck_chain[0].is_ca,
                       ERR_RULE);
    for (size_t i = 0; i < DCAP_CHAIN_MAX; i++) {
        if (d->pck_chain[i].not_before > d->from)
            d->from = d->pck_chain[i].not_before;
        if (d->pck_chain[i].not_after < d->until)
            d->until = d->pck_chain[i].not_after;
    }
    if (pck_extension_read(&d->pck_chain[0], &d->pck, &fail) != OK)
        (void)result_fail(r, &rule_pck_extension, &fail);
    else
        d->has_pck = result_check(r, &rule_pck_extension, true, OK);
}

/* The attestation key is the QE's: its report data is the key's hash. All 64 bytes count. */
static void check_qe_binding(struct dcap *d)
{
    static const uint8_t zeros[32] = {0};
    const struct slice parts[] = {d->quote.attestation_key, d->quote.qe_auth};
    struct slice data = d->quote.qe.report_data;
    struct digest digest;

    sha256_parts(parts, 2, &digest);
    (void)result_check(&d->a->result, &rule_qe_binding,
                       slice_eq(slice_sub(data, 0, 32), digest_slice(&digest)) &&
                           slice_eq(slice_skip(data, 32), SLICE_OF(zeros)),
                       ERR_MISMATCH);
}

static void require_signatures(struct dcap *d)
{
    const struct quote *q = &d->quote;
    struct sig_claim by_pck = {.scheme = SIG_ECDSA_RAW,
                               .hash = HASH_SHA256,
                               .key = chain_key(&d->pck_chain[0].key),
                               .message = q->qe.all,
                               .signature = q->qe_signature};
    struct sig_claim by_ak = {.scheme = SIG_ECDSA_RAW,
                              .hash = HASH_SHA256,
                              .key = {.kind = SIG_KEY_P256, .a = q->attestation_key},
                              .message = q->signed_part,
                              .signature = q->signature};

    obligation_add(&d->a->obligations, &rule_qe_signature, &by_pck);
    obligation_add(&d->a->obligations, &rule_signature, &by_ak);
}

static void check_quote(struct dcap *d)
{
    struct fail fail;

    check_qe_binding(d);
    if (read_pck_chain(d, &fail) != OK) {
        (void)result_fail(&d->a->result, &rule_pck_present, &fail);
        claim_word(&d->a->result.claims, d->claims, "error", fail.what);
        return;
    }
    (void)result_check(&d->a->result, &rule_pck_present, true, OK);
    check_pck(d);
    require_signatures(d);
    dcap_check_collateral(d);
    if (d->has_pck && d->tcb != NULL && d->qe != NULL)
        dcap_check_tcb(d);
}

cocoon_err dcap_run(struct appraisal *a, struct slice bytes, struct claim *claims,
                    struct quote *out)
{
    struct dcap *d = ARENA_NEW(a->arena, struct dcap);
    struct fail fail;
    cocoon_err err;

    if (d == NULL) {
        fail_set(&fail, ERR_NOMEM, 0, "out of memory");
        return result_fail(&a->result, &rule_structure, &fail);
    }
    *d = (struct dcap){.a = a, .claims = claims, .from = INT64_MIN, .until = INT64_MAX};
    if ((err = quote_parse(bytes, &d->quote, &fail)) != OK)
        return result_fail(&a->result, &rule_structure, &fail);
    (void)result_check(&a->result, &rule_structure, true, OK);
    dcap_claim_quote(d);
    check_quote(d);
    if (d->quote.tee == QUOTE_TDX)
        td_check_rules(d);
    if (out != NULL)
        *out = d->quote;
    return OK;
}

/* Tell whether `q` is of `kind`. */
static bool kind_fits(struct slice kind, const struct quote *q)
{
    static const struct {
        const char *kind;
        enum quote_tee tee;
        uint16_t version;
    } kinds[] = {
        {"sgx-v3", QUOTE_SGX, 3},
        {"tdx-v4", QUOTE_TDX, 4},
        {"tdx-v5", QUOTE_TDX, 5},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (slice_eq_text(kind, kinds[i].kind))
            return q->tee == kinds[i].tee && q->version == kinds[i].version;
    return false;
}

static cocoon_err run(struct appraisal *a)
{
    struct slice bytes;
    struct quote q;
    struct fail fail;
    cocoon_err err;

    if (!evidence_find(a->evidence, "quote", &bytes)) {
        fail_set(&fail, ERR_MISSING, 0, "evidence has no part \"quote\"");
        return result_fail(&a->result, &rule_structure, &fail);
    }
    if ((err = dcap_run(a, bytes, claims_root(&a->result.claims), &q)) != OK)
        return err;
    (void)result_check(&a->result, &rule_kind, kind_fits(a->evidence->kind, &q), ERR_MISMATCH);
    a->result.report_data = q.tee == QUOTE_TDX ? q.td.report_data : q.sgx.report_data;
    return OK;
}

static const char *const kinds[] = {"sgx-v3", "tdx-v4", "tdx-v5", NULL};
const struct verifier verifier_dcap = {.kinds = kinds, .run = run};
