/*
 * Rules:
 *
 *   1  the report's structure                                                  snp_report.c
 *   2  leaf, ASK (or ASVK for a VLEK) and ARK form a chain by name, key and date, and the ARK is
 * AMD's for the product it names 3  the revocation list, if given, is the ARK's and current, and
 * lists neither ASK nor leaf. An empty list is a list. (Leaf serial numbers are 0 in practice, so a
 * leaf entry would mean all.) 4  the leaf's extensions name the same product as the chain 5  report
 * signature by the leaf's key, r and s turned from little-endian 6  the signing key field says VCEK
 * or VLEK as the leaf is 7  reported TCB = the versions that the leaf was derived for 8  chip id =
 * the VCEK's hwID; with the chip key masked, or under a VLEK, zero 9  from version 3 on, the CPU
 * family and model are the product's
 *
 * Source: AMD 56860 (SNP firmware ABI) 7.3; AMD 57230 (VCEK, VLEK and KDS).
 */
#include "attest/snp.h"

#include <string.h>

static const struct rule rule_structure = {"snp.structure", "the report is well formed",
                                           "AMD 56860 7.3"};
static const struct rule rule_kind = {"snp.kind", "the report is of the kind that was named",
                                      "AMD 56860 7.3"};
static const struct rule rule_chain_present = {"snp.chain.present", "leaf, ASK and ARK are there",
                                               "AMD 57230 3"};
static const struct rule rule_names = {
    "snp.chain.names", "the chain is leaf, ASK or ASVK, and ARK by their names", "AMD 57230 3.1"};
static const struct rule rule_crl = {"snp.crl", "AMD's revocation list is usable", "AMD 57230 4.3"};
static const struct rule rule_ask_revoked = {"snp.crl.ask", "the ASK is not revoked",
                                             "AMD 57230 4.3"};
static const struct rule rule_leaf_revoked = {"snp.crl.leaf", "the leaf is not revoked",
                                              "AMD 57230 4.3"};
static const struct rule rule_extensions = {
    "snp.leaf.extensions", "the leaf names product, versions and owner", "AMD 57230 3.1"};
static const struct rule rule_leaf_product = {
    "snp.leaf.product", "the leaf is for the chain's product", "AMD 57230 3.1"};
static const struct rule rule_signature = {"snp.signature", "report signature", "AMD 56860 7.3"};
static const struct rule rule_signature_form = {"snp.signature.form", "r and s fit P-384",
                                                "AMD 56860 10.1"};
static const struct rule rule_signing_key = {
    "snp.signing-key", "the report says which kind of key signed it", "AMD 56860 7.3 SIGNING_KEY"};
static const struct rule rule_tcb = {"snp.tcb.reported",
                                     "the reported TCB is the one that the leaf is for",
                                     "AMD 56860 7.3 REPORTED_TCB"};
static const struct rule rule_chip = {"snp.chip-id", "the chip is the one that the leaf is for",
                                      "AMD 56860 7.3 CHIP_ID"};
static const struct rule rule_cpuid = {"snp.cpuid", "the CPU is of the chain's product",
                                       "AMD 56860 7.3 CPUID_FAM_ID"};

static const struct chain_rules chain_rules = {
    .path = {"snp.chain.path", "the chain leads from leaf to root", "RFC 5280 6.1"},
    .root = {"snp.chain.root", "the chain ends in AMD's root for the product", "AMD 57230 3"},
    .validity = {"snp.chain.validity", "the chain is valid at the time", "RFC 5280 6.1.3"},
    .signature = {"snp.chain.signature", "AMD chain signature", "RFC 5280 6.1.3"},
};

enum { RAW_SIZE = 48, COMPONENT_SIZE = 72 };

/* --- claims --- */

static void claim_tcb(struct claims *c, struct claim *in, const char *name, struct snp_tcb tcb,
                      enum snp_product product)
{
    struct claim *map = claim_map(c, in, name);

    if (product == SNP_TURIN)
        claim_int(c, map, "fmc", tcb.fmc);
    claim_int(c, map, "bl", tcb.boot_loader);
    claim_int(c, map, "tee", tcb.tee);
    claim_int(c, map, "snp", tcb.snp);
    claim_int(c, map, "ucode", tcb.microcode);
}

static void claim_triple(struct claims *c, struct claim *in, const char *name, int64_t x, int64_t y,
                         int64_t z)
{
    struct claim *list = claim_list(c, in, name);

    claim_int(c, list, NULL, x);
    claim_int(c, list, NULL, y);
    claim_int(c, list, NULL, z);
}

static void claim_report(struct snp *s)
{
    const struct snp_report *r = &s->report;
    struct claims *c = &s->a->result.claims;
    struct claim *in = s->claims;

    claim_word(c, in, "tee", "snp");
    claim_int(c, in, "version", r->version);
    claim_int(c, in, "guest_svn", r->guest_svn);
    claim_text(c, in, "policy_hex",
               result_text(&s->a->result, "0x%llx", (unsigned long long)r->policy));
    claim_bool(c, in, "debug_allowed", (r->policy & SNP_POLICY_DEBUG) != 0);
    claim_int(c, in, "vmpl", r->vmpl);
    claim_hex(c, in, "report_data", r->report_data);
    claim_hex(c, in, "measurement", r->measurement);
    claim_hex(c, in, "host_data", r->host_data);
    claim_hex(c, in, "chip_id", r->chip_id);
    claim_int(c, in, "platform_info", (int64_t)r->platform_info);
    claim_hex(c, in, "id_key_digest", r->id_key_digest);
    claim_hex(c, in, "author_key_digest", r->author_key_digest);
    claim_hex(c, in, "report_id", r->report_id);
    claim_hex(c, in, "report_id_ma", r->report_id_ma);
    claim_hex(c, in, "committed_tcb", r->committed_tcb);
    claim_hex(c, in, "current_tcb", r->current_tcb);
    claim_hex(c, in, "launch_tcb", r->launch_tcb);
    claim_triple(c, in, "current_version", r->current.major, r->current.minor, r->current.build);
    claim_triple(c, in, "committed_version", r->committed.major, r->committed.minor,
                 r->committed.build);
    claim_triple(c, in, "cpuid", r->cpuid_family, r->cpuid_model, r->cpuid_stepping);
    claim_hex(c, in, "family_id", r->family_id);
    claim_hex(c, in, "image_id", r->image_id);
}

/* What only the certificates tell: product, kind of key, and with the product the TCB's meaning. */
static void claim_key(struct snp *s)
{
    struct claims *c = &s->a->result.claims;

    claim_word(c, s->claims, "product", snp_product_name(s->product));
    claim_word(c, s->claims, "leaf", s->key.is_vlek ? "VLEK" : "VCEK");
    if (s->key.is_vlek)
        claim_text(c, s->claims, "csp", s->key.csp_id);
    else
        claim_null(c, s->claims, "csp");
    claim_tcb(c, s->claims, "reported_tcb", snp_tcb(s->report.reported_tcb, s->product),
              s->product);
}

/* --- chain --- */

static cocoon_err read_certificate(struct snp *s, const char *part, struct x509_cert *out,
                                   struct fail *fail)
{
    struct slice bytes;
    size_t count;

    if (!evidence_find(s->a->evidence, part, &bytes))
        return fail_set(fail, ERR_MISSING, 0, "a certificate of the AMD chain is missing");
    return x509_read_chain(bytes, s->a->arena, out, 1, &count, fail);
}

static bool name_is(const struct x509_cert *cert, const char *prefix, const char *product)
{
    struct slice name;

    return x509_name_find(cert->subject, OID_COMMON_NAME, &name) &&
           slice_starts(name, slice_text(prefix)) &&
           slice_eq_text(slice_skip(name, strlen(prefix)), product);
}

/* The product is what the root is named for: "ARK-Milan". */
static enum snp_product product_of_root(const struct x509_cert *root)
{
    for (enum snp_product p = SNP_MILAN; p <= SNP_TURIN; p++)
        if (name_is(root, "ARK-", snp_product_name(p)))
            return p;
    return SNP_UNKNOWN;
}

static const char *vendor_of(enum snp_product product)
{
    switch (product) {
    case SNP_MILAN:
        return "amd-milan";
    case SNP_GENOA:
        return "amd-genoa";
    case SNP_TURIN:
        return "amd-turin";
    case SNP_UNKNOWN:
        break;
    }
    return "amd";
}

static void check_names(struct snp *s)
{
    const char *product = snp_product_name(s->product);
    bool vcek = name_is(&s->chain[0], "SEV-VCEK", "") && name_is(&s->chain[1], "SEV-", product);
    bool vlek =
        name_is(&s->chain[0], "SEV-VLEK", "") && name_is(&s->chain[1], "SEV-VLEK-", product);

    (void)result_check(&s->a->result, &rule_names,
                       s->product != SNP_UNKNOWN && (vcek || vlek) && !s->chain[0].is_ca, ERR_RULE);
}

static void check_crl(struct snp *s)
{
    struct x509_revoked revoked;
    struct x509_crl crl;
    struct slice bytes;
    struct fail fail;

    if (!evidence_find(s->a->evidence, "crl", &bytes)) {
        result_skip(&s->a->result, &rule_crl, "no such collateral was given");
        return;
    }
    if (x509_crl_parse(bytes, &crl, &fail) != OK) {
        (void)result_fail(&s->a->result, &rule_crl, &fail);
        return;
    }
    (void)chain_check_crl(s->a, &crl, &s->chain[2], &s->chain[1], &rule_crl, &rule_ask_revoked);
    (void)result_check(&s->a->result, &rule_leaf_revoked,
                       !x509_crl_find(&crl, s->chain[0].serial, &revoked), ERR_REVOKED);
}

/* --- report against leaf --- */

/* Write a little-endian component of 72 bytes big-endian into 48; false if it does not fit. */
static bool turn(struct slice component, uint8_t *out)
{
    for (size_t i = 0; i < RAW_SIZE; i++)
        out[RAW_SIZE - 1 - i] = component.ptr[i];
    return slice_is_zero(slice_skip(component, RAW_SIZE));
}

static void require_signature(struct snp *s)
{
    uint8_t *raw = arena_new(s->a->arena, 2 * RAW_SIZE);
    struct sig_claim claim = {.scheme = SIG_ECDSA_RAW,
                              .hash = HASH_SHA384,
                              .key = chain_key(&s->chain[0].key),
                              .message = s->report.signed_part};

    if (raw == NULL) {
        (void)result_check(&s->a->result, &rule_signature, false, ERR_NOMEM);
        return;
    }
    if (!turn(s->report.r, raw) || !turn(s->report.s, raw + RAW_SIZE)) {
        (void)result_check(&s->a->result, &rule_signature_form, false, ERR_SIGNATURE);
        return;
    }
    claim.signature = slice_make(raw, 2 * RAW_SIZE);
    obligation_add(&s->a->obligations, &rule_signature, &claim);
}

static bool tcb_eq(const struct snp_tcb *a, const struct snp_tcb *b)
{
    return snp_tcb_at_least(a, b) && snp_tcb_at_least(b, a);
}

/* The chip id of the report against the hwID of a VCEK; a shorter hwID is followed by zeros. */
static bool chip_ok(const struct snp *s)
{
    struct slice chip = s->report.chip_id, hw = s->key.hw_id;

    if (s->key.is_vlek || s->report.chip_key_masked)
        return slice_is_zero(chip);
    return slice_eq(slice_sub(chip, 0, hw.len), hw) && slice_is_zero(slice_skip(chip, hw.len));
}

static void check_leaf(struct snp *s)
{
    struct result *r = &s->a->result;
    struct snp_tcb reported;
    uint8_t expected;
    struct fail fail;

    if (amd_key_read(&s->chain[0], &s->key, &fail) != OK) {
        (void)result_fail(r, &rule_extensions, &fail);
        return;
    }
    s->has_key = result_check(r, &rule_extensions, true, OK);
    (void)result_check(r, &rule_leaf_product, s->key.product == s->product, ERR_MISMATCH);
    expected = s->key.is_vlek ? SNP_KEY_VLEK : SNP_KEY_VCEK;
    (void)result_check(r, &rule_signing_key, s->report.signing_key == expected, ERR_MISMATCH);
    reported = snp_tcb(s->report.reported_tcb, s->product);
    (void)result_check(r, &rule_tcb, tcb_eq(&reported, &s->key.tcb), ERR_MISMATCH);
    (void)result_check(r, &rule_chip, chip_ok(s), ERR_MISMATCH);
    claim_key(s);
}

static void check_cpuid(struct snp *s)
{
    const struct snp_report *r = &s->report;

    if (r->version < 3)
        result_info(&s->a->result, &rule_cpuid, slice_text("reports before version 3 do not say"));
    else
        (void)result_check(&s->a->result, &rule_cpuid,
                           snp_product_of_cpuid(r->cpuid_family, r->cpuid_model) == s->product,
                           ERR_MISMATCH);
}

static void check_report(struct snp *s)
{
    struct result *r = &s->a->result;
    struct fail fail;

    if (read_certificate(s, "leaf", &s->chain[0], &fail) != OK ||
        read_certificate(s, "ask", &s->chain[1], &fail) != OK ||
        read_certificate(s, "ark", &s->chain[2], &fail) != OK) {
        (void)result_fail(r, &rule_chain_present, &fail);
        return;
    }
    (void)result_check(r, &rule_chain_present, true, OK);
    s->product = product_of_root(&s->chain[2]);
    (void)chain_check(s->a, s->chain, SNP_CHAIN_MAX, vendor_of(s->product), &chain_rules);
    check_names(s);
    check_crl(s);
    require_signature(s);
    check_leaf(s);
    check_cpuid(s);
}

cocoon_err snp_run(struct appraisal *a, struct slice bytes, struct claim *claims,
                   struct snp_report *out, enum snp_product *product)
{
    struct snp *s = ARENA_NEW(a->arena, struct snp);
    struct fail fail;

    if (s == NULL) {
        fail_set(&fail, ERR_NOMEM, 0, "out of memory");
        return result_fail(&a->result, &rule_structure, &fail);
    }
    *s = (struct snp){.a = a, .claims = claims};
    if (snp_report_parse(bytes, &s->report, &fail) != OK)
        return result_fail(&a->result, &rule_structure, &fail);
    (void)result_check(&a->result, &rule_structure, true, OK);
    claim_report(s);
    check_report(s);
    snp_check_rules(s);
    if (out != NULL)
        *out = s->report;
    if (product != NULL)
        *product = s->product;
    return OK;
}

static bool kind_fits(struct slice kind, enum snp_product product)
{
    return (slice_eq_text(kind, "snp-milan") && product == SNP_MILAN) ||
           (slice_eq_text(kind, "snp-genoa") && product == SNP_GENOA) ||
           (slice_eq_text(kind, "snp-turin") && product == SNP_TURIN);
}

static cocoon_err run(struct appraisal *a)
{
    struct snp_report report;
    enum snp_product product;
    struct slice bytes;
    struct fail fail;
    cocoon_err err;

    if (!evidence_find(a->evidence, "report", &bytes)) {
        fail_set(&fail, ERR_MISSING, 0, "evidence has no part \"report\"");
        return result_fail(&a->result, &rule_structure, &fail);
    }
    if ((err = snp_run(a, bytes, claims_root(&a->result.claims), &report, &product)) != OK)
        return err;
    if (product != SNP_UNKNOWN)
        (void)result_check(&a->result, &rule_kind, kind_fits(a->evidence->kind, product),
                           ERR_MISMATCH);
    a->result.report_data = report.report_data;
    return OK;
}

static const char *const kinds[] = {"snp-milan", "snp-genoa", "snp-turin", NULL};
const struct verifier verifier_snp = {.kinds = kinds, .run = run};
