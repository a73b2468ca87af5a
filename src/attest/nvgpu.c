/*
 * Rules:
 *
 *   1  the report's structure                                                      spdm.c
 *   2  the request's nonce is the verifier's
 *   3  chain of the device: leaf to NVIDIA's device root; valid at the time
 *   4  the leaf's name says which chip this is, and the kind that was named fits
 *   5  FWID: where the report has it, it equals the leaf's; reports of early Hopper firmware have
 * none 6  report signature by the leaf's key 7  manifests nvgpu_rim.c 8  revocation nvgpu_ocsp.c
 *
 * Source: NVIDIA nvtrust, "Attestation of GPU: SPDM report and RIM"; DMTF DSP0274 1.1.
 */
#include "attest/nvgpu.h"

#include <assert.h>

#include "attest/dice.h"
#include "base/mem.h"

enum { CHAIN_MIN = 3 };

static const struct rule rule_structure = {"nvgpu.structure", "the report is well formed",
                                           "DSP0274 1.1 10.11"};
static const struct rule rule_kind = {"nvgpu.kind", "the device is of the kind that was named",
                                      "NVIDIA nvtrust"};
static const struct rule rule_nonce = {"nvgpu.nonce", "the nonce is the verifier's",
                                       "DSP0274 1.1 10.11.1"};
static const struct rule rule_chain_present = {
    "nvgpu.chain.present", "the device's certificate chain is there", "NVIDIA nvtrust"};
static const struct rule rule_root = {"nvgpu.root", "the root that was given is the chain's",
                                      "NVIDIA nvtrust"};
static const struct rule rule_fwid = {"nvgpu.fwid",
                                      "the leaf was derived for the firmware that reports",
                                      "TCG DICE Attestation Architecture 6.1"};
static const struct rule rule_signature = {"nvgpu.signature", "report signature",
                                           "DSP0274 1.1 10.11.2"};

static const struct chain_rules chain_rules = {
    .path = {"nvgpu.chain.path", "the chain leads from leaf to root", "RFC 5280 6.1"},
    .root = {"nvgpu.chain.root", "the chain ends in NVIDIA's device root", "NVIDIA nvtrust"},
    .validity = {"nvgpu.chain.validity", "the chain is valid at the time", "RFC 5280 6.1.3"},
    .signature = {"nvgpu.chain.signature", "device chain signature", "RFC 5280 6.1.3"},
};

static const struct {
    const char *chip; /* how the leaf's name begins */
    enum nvgpu_arch arch;
    const char *kind, *claim;
} chips[] = {
    {"GH100", NVGPU_HOPPER, "nvidia-hopper", "HOPPER"},
    {"GB100", NVGPU_BLACKWELL, "nvidia-blackwell", "BLACKWELL"},
    {"GB102", NVGPU_BLACKWELL, "nvidia-blackwell", "BLACKWELL"},
    {"GB202", NVGPU_BLACKWELL, "nvidia-blackwell", "BLACKWELL"},
    {"LS_10", NVGPU_LS10, "nvidia-ls10", "LS10"},
};

/* Find out from the leaf's name which chip this is. */
static void check_chip(struct nvgpu *g)
{
    struct slice name, rest;
    const char *kind = NULL;

    if (!x509_name_find(g->chain[0].subject, OID_COMMON_NAME, &name))
        name = (struct slice){NULL, 0};
    rest = name;
    g->chip = slice_cut(&rest, ' ');
    for (size_t i = 0; i < COUNT_OF(chips) && kind == NULL; i++)
        if (slice_eq_text(g->chip, chips[i].chip)) {
            g->arch = chips[i].arch;
            kind = chips[i].kind;
            claim_word(&g->a->result.claims, g->claims, "arch", chips[i].claim);
        }
    (void)result_check_detail(&g->a->result, &rule_kind,
                              kind != NULL && slice_eq_text(g->a->evidence->kind, kind),
                              ERR_MISMATCH, g->chip);
}

/* Write big-endian `number` in decimal, kept in the arena. */
static struct slice decimal(struct nvgpu *g, struct slice number)
{
    uint8_t rest[X509_SERIAL_MAX];
    char digits[3 * X509_SERIAL_MAX];
    size_t at = sizeof digits;
    struct slice out = {NULL, 0};

    assert(number.len <= sizeof rest);
    for (size_t i = 0; i < number.len; i++)
        rest[i] = number.ptr[i];
    do {
        unsigned carry = 0;

        for (size_t i = 0; i < number.len; i++) {
            unsigned value = carry << 8 | rest[i];

            rest[i] = (uint8_t)(value / 10);
            carry = value % 10;
        }
        digits[--at] = (char)('0' + carry);
    } while (!slice_is_zero(slice_make(rest, number.len)));
    if (arena_copy(g->a->arena, slice_make(digits + at, sizeof digits - at), &out) != OK)
        g->a->result.claims.bad = true;
    return out;
}

/* Who the device is, as NVIDIA's tools say it: by its boot ROM's certificate. */
static void claim_identity(struct nvgpu *g)
{
    struct claims *c = &g->a->result.claims;
    struct slice name;

    if (x509_name_find(g->chain[1].subject, OID_COMMON_NAME, &name))
        claim_text(c, g->claims, "hwmodel", name);
    claim_text(c, g->claims, "ueid", decimal(g, g->chain[1].serial));
}

static void claim_chain(struct nvgpu *g)
{
    struct claims *c = &g->a->result.claims;
    struct claim *issuers = claim_list(c, g->claims, "issuer_cns");
    unix_time until = INT64_MAX;
    struct slice name;
    struct civil t;

    claim_int(c, g->claims, "chain_len", (int64_t)g->chain_count);
    for (size_t i = 0; i < g->chain_count; i++) {
        until = g->chain[i].not_after < until ? g->chain[i].not_after : until;
        if (!x509_name_find(g->chain[i].subject, OID_COMMON_NAME, &name))
            continue;
        if (i == 0)
            claim_text(c, g->claims, "leaf_cn", name);
        else
            claim_text(c, issuers, NULL, name);
    }
    t = civil_from_unix(until);
    claim_text(c, g->claims, "not_after_min",
               result_text(&g->a->result, "%04d-%02u-%02uT%02u:%02u:%02u+00:00", t.year, t.month,
                           t.day, t.hour, t.minute, t.second));
}

static void check_fwid(struct nvgpu *g)
{
    struct claims *c = &g->a->result.claims;
    struct slice in_leaf, in_report;
    struct fail fail;
    bool present;

    if (dice_fwid(&g->chain[0], &present, &in_leaf, &fail) != OK) {
        (void)result_fail(&g->a->result, &rule_fwid, &fail);
        return;
    }
    claim_bool(c, g->claims, "fwid_in_cert", present);
    if (!spdm_field(&g->report, SPDM_FWID, &in_report)) {
        claim_null(c, g->claims, "fwid");
        result_info(&g->a->result, &rule_fwid, slice_text("the report has no FWID"));
        return;
    }
    claim_hex(c, g->claims, "fwid", in_report);
    (void)result_check(&g->a->result, &rule_fwid, present && slice_eq(in_leaf, in_report),
                       ERR_MISMATCH);
}

static void require_signature(struct nvgpu *g)
{
    struct sig_claim claim = {.scheme = SIG_ECDSA_RAW,
                              .hash = HASH_SHA384,
                              .key = chain_key(&g->chain[0].key),
                              .message = g->report.signed_part,
                              .signature = g->report.signature};

    obligation_add(&g->a->obligations, &rule_signature, &claim);
}

static void check_device(struct nvgpu *g)
{
    struct result *r = &g->a->result;
    struct fail fail = {ERR_MISSING, 0, "no chain of at least leaf, boot ROM and root"};
    struct slice pem;

    if (!evidence_find(g->a->evidence, "chain", &pem) ||
        x509_read_chain(pem, g->a->arena, g->chain, X509_CHAIN_MAX, &g->chain_count, &fail) != OK ||
        g->chain_count < CHAIN_MIN) {
        (void)result_fail(r, &rule_chain_present, &fail);
        return;
    }
    (void)result_check(r, &rule_chain_present, true, OK);
    (void)chain_check(g->a, g->chain, g->chain_count, "nvidia-device", &chain_rules);
    (void)chain_check_given(g->a, "device_root", &g->chain[g->chain_count - 1], &rule_root);
    check_chip(g);
    claim_chain(g);
    claim_identity(g);
    check_fwid(g);
    require_signature(g);
    nvgpu_check_rims(g);
    nvgpu_check_ocsp(g);
}

static cocoon_err run(struct appraisal *a)
{
    struct nvgpu *g = ARENA_NEW(a->arena, struct nvgpu);
    struct fail fail = {ERR_MISSING, 0, "evidence has no part \"report\""};
    struct slice bytes;

    if (g == NULL)
        fail = (struct fail){ERR_NOMEM, 0, "out of memory"};
    if (g == NULL || !evidence_find(a->evidence, "report", &bytes))
        return result_fail(&a->result, &rule_structure, &fail);
    g->a = a;
    g->claims = claims_root(&a->result.claims);
    if (spdm_report_parse(bytes, &g->report, &fail) != OK)
        return result_fail(&a->result, &rule_structure, &fail);
    (void)result_check(&a->result, &rule_structure, true, OK);
    nvgpu_claim_report(g);
    if (a->nonce.len > 0)
        (void)result_check(&a->result, &rule_nonce, slice_eq(g->report.request_nonce, a->nonce),
                           ERR_MISMATCH);
    a->format_state = g;
    check_device(g);
    return OK;
}

static void conclude(struct appraisal *a)
{
    struct nvgpu *g = a->format_state;

    if (g != NULL)
        nvgpu_claim_rims(g);
}

static const char *const kinds[] = {"nvidia-hopper", "nvidia-blackwell", "nvidia-ls10", NULL};
const struct verifier verifier_nvgpu = {.kinds = kinds, .run = run, .conclude = conclude};
