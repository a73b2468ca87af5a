/*
 * Rules:
 *
 *   1  the HCL report's structure                                                         hcl.c
 *   2  its hardware report verifies: SNP inside it, or the TD quote beside it
 *   3  report data = hash of the runtime claims, then zeros. A TDREPORT is not evidence away from
 * its CPU, so for TDX the quote's report data must be that hash, and the TDREPORT's the same 4  the
 * runtime claims are JSON with exactly one key "HCLAkPub", RSA 5  the vTPM's quote verifies under
 * that key                                     tpm_check.c 6  the attestation key's certificate, if
 * given, is for that key and in order. Its root is trusted only where the policy names one for
 * azure-vtpm; rule 3 vouches for the key in any case
 *
 * Source: Microsoft, "Azure confidential VM guest attestation"; HCL report layout in hcl.c.
 */
#include "attest/azure.h"

#include "attest/dcap.h"
#include "attest/hcl.h"
#include "attest/snp.h"
#include "attest/tpm_check.h"
#include "base/b64.h"
#include "codec/der.h"
#include "codec/pem.h"

enum { RSA_NUMBER_MAX = 512 };

static const struct rule rule_structure = {"hcl.structure", "the HCL report is well formed",
                                           "Azure HCL report"};
static const struct rule rule_type = {
    "hcl.type", "the HCL report is of the hardware that was named", "Azure HCL report"};
static const struct rule rule_binding = {"hcl.binding",
                                         "the hardware report binds the runtime claims",
                                         "Azure HCL report, runtime data"};
static const struct rule rule_td_report = {"hcl.td-report", "TDREPORT and quote bind the same",
                                           "Azure HCL report, runtime data"};
static const struct rule rule_claims = {"hcl.runtime-claims",
                                        "the runtime claims hold the attestation key",
                                        "Azure HCL report, runtime data"};
static const struct rule rule_quote_present = {"azure.quote", "the TD quote is there",
                                               "Azure HCL report"};
static const struct rule rule_ak_cert = {
    "azure.ak.certificate", "the key's certificate is for the attestation key", "Azure vTPM"};
static const struct rule rule_ak_validity = {
    "azure.ak.validity", "the key's certificates are valid at the time", "RFC 5280 6.1.3"};
static const struct rule rule_ak_path = {"azure.ak.path", "the key's certificates form a path",
                                         "RFC 5280 6.1"};
static const struct rule rule_ak_root = {
    "azure.ak.root", "the key's certificates end in a root of the policy", "Azure vTPM"};
static const struct rule rule_ak_signature = {"azure.ak.signature", "AK certificate signature",
                                              "RFC 5280 6.1.3"};

/* One verification under way. */
struct azure {
    struct appraisal *a;
    struct hcl_report hcl;
    struct slice bound; /* report data of the hardware evidence; empty: none */
    struct sig_key ak;
    bool has_ak;
};

/* --- binding --- */

/* Does `data`, 64 bytes, hold the hash of the runtime claims and then zeros? */
static bool binds(const struct hcl_report *hcl, struct slice data)
{
    uint8_t digest[HASH_LEN_MAX];
    size_t len = hash_len(hcl->hash);

    hash_once(hcl->hash, hcl->runtime_claims, digest);
    return data.len == 64 && slice_eq(slice_sub(data, 0, len), slice_make(digest, len)) &&
           slice_is_zero(slice_skip(data, len));
}

static bool check_hardware_snp(struct azure *z)
{
    struct claims *c = &z->a->result.claims;
    struct snp_report report;

    if (snp_run(z->a, z->hcl.hardware, claim_map(c, claims_root(c), "snp"), &report, NULL) != OK)
        return false;
    z->bound = report.report_data;
    return true;
}

static bool check_hardware_tdx(struct azure *z)
{
    struct claims *c = &z->a->result.claims;
    struct slice bytes;
    struct quote quote;

    if (!evidence_find(z->a->evidence, "quote", &bytes))
        return result_check(&z->a->result, &rule_quote_present, false, ERR_MISSING);
    if (dcap_run(z->a, bytes, claim_map(c, claims_root(c), "tdx"), &quote) != OK)
        return false;
    if (!result_check(&z->a->result, &rule_quote_present, quote.tee == QUOTE_TDX, ERR_TYPE))
        return false;
    z->bound = quote.td.report_data;
    (void)result_check(&z->a->result, &rule_td_report, slice_eq(z->bound, z->hcl.td_report_data),
                       ERR_MISMATCH);
    return true;
}

/* --- runtime claims --- */

/* Decode base64url member `name` of `key` into `out` without leading zeros. */
static bool read_number(struct azure *z, const struct json *key, const char *name,
                        struct slice *out)
{
    struct slice text;
    struct buf bytes;
    bool good;

    buf_init(&bytes, RSA_NUMBER_MAX);
    good = json_get_text(key, name, &text) == OK && b64url_read(text, &bytes) == OK &&
           arena_copy(z->a->arena, buf_slice(&bytes), out) == OK;
    buf_fini(&bytes);
    while (good && out->len > 0 && out->ptr[0] == 0)
        *out = slice_skip(*out, 1);
    return good;
}

static bool read_ak(struct azure *z, const struct json *keys)
{
    const struct json *ak = NULL;
    struct slice text;

    for (const struct json *k = keys->first; k != NULL; k = k->next)
        if (json_get_text(k, "kid", &text) == OK && slice_eq_text(text, "HCLAkPub")) {
            if (ak != NULL)
                return false;
            ak = k;
        }
    if (ak == NULL || json_get_text(ak, "kty", &text) != OK || !slice_eq_text(text, "RSA"))
        return false;
    z->ak.kind = SIG_KEY_RSA;
    return read_number(z, ak, "n", &z->ak.a) && read_number(z, ak, "e", &z->ak.b);
}

static void claim_runtime(struct azure *z, struct claim *in, const struct json *root)
{
    struct claims *c = &z->a->result.claims;
    struct claim *kids = claim_list(c, in, "kids");
    struct slice text;

    for (const struct json *k = json_find(root, "keys")->first; k != NULL; k = k->next)
        if (json_get_text(k, "kid", &text) == OK)
            claim_text(c, kids, NULL, text);
    claim_members(c, in, "vm_configuration", json_find(root, "vm-configuration"));
    if (json_get_text(root, "user-data", &text) == OK)
        claim_text(c, in, "user_data", text);
}

static void check_runtime(struct azure *z, struct claim *in)
{
    const struct json *root, *keys;
    struct fail fail;

    if (json_parse(z->hcl.runtime_claims, z->a->arena, &root, &fail) != OK) {
        (void)result_fail(&z->a->result, &rule_claims, &fail);
        return;
    }
    z->has_ak = json_get_array(root, "keys", &keys) == OK && read_ak(z, keys);
    if (result_check(&z->a->result, &rule_claims, z->has_ak, ERR_MISSING))
        claim_runtime(z, in, root);
}

static void claim_hcl(struct azure *z, struct claim *in)
{
    struct claims *c = &z->a->result.claims;
    struct digest digest;
    struct slice kept = {NULL, 0};

    sha256(z->hcl.runtime_claims, &digest);
    if (arena_copy(z->a->arena, digest_slice(&digest), &kept) != OK)
        c->bad = true;
    claim_int(c, in, "version", z->hcl.version);
    claim_word(c, in, "report_type", z->hcl.type == HCL_SNP ? "snp" : "tdx");
    claim_int(c, in, "hash_type", z->hcl.hash_type);
    claim_hex(c, in, "runtime_claims_sha256", kept);
}

/* --- the key's certificate --- */

static bool ak_path_ok(struct azure *z, const struct x509_cert *certs, size_t count)
{
    struct fail fail;

    for (size_t i = 0; i + 1 < count; i++) {
        struct sig_claim claim =
            chain_claim(&certs[i + 1].key, certs[i].sig, certs[i].tbs, certs[i].signature);

        if (x509_issued_by(&certs[i], &certs[i + 1], (int)i, &fail) != OK)
            return false;
        obligation_add(&z->a->obligations, &rule_ak_signature, &claim);
    }
    return true;
}

/* Parse what pem_read gave. The vTPM keeps the leaf in an NV index of fixed size, which tools copy
 * into PEM with the zeros behind it; those are cut off. */
static cocoon_err parse_padded(struct slice der, struct x509_cert *out, struct fail *fail)
{
    struct rd r = rd_init(der);
    struct slice whole = der_whole(&r, DER_SEQUENCE);

    if (r.bad || !slice_is_zero(rd_rest(&r)))
        return fail_set(fail, ERR_TRAILING, r.at, "bytes after the attestation key's certificate");
    return x509_parse(whole, out, fail);
}

static cocoon_err read_ak_chain(struct azure *z, struct slice pem, struct x509_cert *certs,
                                size_t *count, struct fail *fail)
{
    struct slice blocks[X509_CHAIN_MAX];
    cocoon_err err = pem_read(pem, "CERTIFICATE", z->a->arena, blocks, X509_CHAIN_MAX, count, fail);

    for (size_t i = 0; err == OK && i < *count; i++)
        err = parse_padded(blocks[i], &certs[i], fail);
    return err;
}

static void check_ak_root(struct azure *z, const struct x509_cert *last)
{
    struct digest spki;
    bool trusted;

    chain_spki_digest(last, &spki);
    trusted = policy_trusts(z->a->policy, "azure-vtpm", spki.bytes);
    result_info(&z->a->result, &rule_ak_root, slice_text(trusted ? "yes" : "no"));
}

static void check_ak_certificate(struct azure *z)
{
    struct x509_cert certs[X509_CHAIN_MAX];
    struct result *r = &z->a->result;
    struct slice pem;
    struct fail fail;
    size_t count;
    bool valid = true;

    if (!evidence_find(z->a->evidence, "ak_chain", &pem))
        return;
    if (read_ak_chain(z, pem, certs, &count, &fail) != OK) {
        (void)result_fail(r, &rule_ak_cert, &fail);
        return;
    }
    (void)result_check(r, &rule_ak_cert,
                       certs[0].key.kind == X509_KEY_RSA &&
                           slice_eq(certs[0].key.modulus, z->ak.a) &&
                           slice_eq(certs[0].key.exponent, z->ak.b),
                       ERR_MISMATCH);
    for (size_t i = 0; i < count; i++)
        valid &= x509_valid_at(&certs[i], z->a->now, &fail) == OK;
    (void)result_check(r, &rule_ak_validity, valid, ERR_EXPIRED);
    (void)result_check(r, &rule_ak_path, ak_path_ok(z, certs, count), ERR_MISMATCH);
    check_ak_root(z, &certs[count - 1]);
}

/* --- together --- */

static bool kind_fits(struct slice kind, enum hcl_type type)
{
    return slice_eq_text(kind, "azure-hcl-only") ||
           slice_eq_text(kind, type == HCL_SNP ? "azure-snp-vtpm" : "azure-tdx-vtpm");
}

/* The report alone: its own report data, which nothing vouches for, against its claims. */
static void check_alone(struct azure *z)
{
    struct claims *c = &z->a->result.claims;
    struct snp_report snp;
    struct slice data = z->hcl.td_report_data;
    struct fail fail;
    bool good;

    if (z->hcl.type == HCL_SNP)
        data = snp_report_parse(z->hcl.hardware, &snp, &fail) == OK ? snp.report_data
                                                                    : (struct slice){NULL, 0};
    good = binds(&z->hcl, data);
    claim_hcl(z, claims_root(c));
    (void)result_check(&z->a->result, &rule_binding, good, ERR_MISMATCH);
    claim_bool(c, claims_root(c), "binds_report_data", good);
    check_runtime(z, claims_root(c));
}

static void check_vm(struct azure *z)
{
    struct claims *c = &z->a->result.claims;
    struct claim *in;
    struct tpm_checked tpm;
    bool snp = z->hcl.type == HCL_SNP, good;

    if (!(snp ? check_hardware_snp(z) : check_hardware_tdx(z)))
        return;
    in = claim_map(c, claims_root(c), "hcl");
    claim_hcl(z, in);
    good = result_check(&z->a->result, &rule_binding, binds(&z->hcl, z->bound), ERR_MISMATCH);
    claim_bool(c, in, snp ? "binds_report_data" : "quote_report_data_binds_runtime", good);
    check_runtime(z, in);
    if (!z->has_ak)
        return;
    (void)tpm_check(z->a, &z->ak, claim_map(c, claims_root(c), "tpm"), &tpm);
    check_ak_certificate(z);
}

static cocoon_err run(struct appraisal *a)
{
    struct azure *z = ARENA_NEW(a->arena, struct azure);
    struct fail fail = {ERR_MISSING, 0, "evidence has no part \"hcl\""};
    struct slice bytes;

    if (z == NULL)
        fail = (struct fail){ERR_NOMEM, 0, "out of memory"};
    if (z == NULL || !evidence_find(a->evidence, "hcl", &bytes) ||
        hcl_report_parse(bytes, &z->hcl, &fail) != OK)
        return result_fail(&a->result, &rule_structure, &fail);
    z->a = a;
    (void)result_check(&a->result, &rule_structure, true, OK);
    if (!result_check(&a->result, &rule_type, kind_fits(a->evidence->kind, z->hcl.type),
                      ERR_MISMATCH))
        return OK;
    if (slice_eq_text(a->evidence->kind, "azure-hcl-only"))
        check_alone(z);
    else
        check_vm(z);
    return OK;
}

static const char *const kinds[] = {"azure-snp-vtpm", "azure-tdx-vtpm", "azure-hcl-only", NULL};
const struct verifier verifier_azure = {.kinds = kinds, .run = run};
