/*
 * Manifests of a device: one of its driver, one of its VBIOS (of a switch: its BIOS).
 *
 *   1  well-formed, and the digest in its signature is that of its content
 *   2  its certificates lead to NVIDIA's manifest root; the signature is the leaf's
 *   3  its product is the device's chip, its version the one that the report names
 *   4  no index is active in both
 *   5  every active index was measured, and the value is one of the golden ones. Index 35 covers
 * the video decoder, which driver and confidential mode switch off (NVDEC0 status 55): it then is
 *      left out; a status other than 55 and aa is an error
 *
 * Source: NVIDIA nvtrust, "RIM" and "measurement comparison".
 */
#include "attest/nvgpu.h"

enum { INDEX_NVDEC0 = 35, NVDEC0_OFF = 0x55, NVDEC0_ON = 0xaa };

/* The rules of one manifest; each has its own, so that the transcript names it. */
struct rim_rules {
    struct rule structure, digest, version, product, signature, root;
    struct chain_rules chain;
};

static const struct rim_rules all_rules[NVGPU_RIMS] = {
    {
        .structure = {"nvgpu.driver-rim", "the driver's manifest is well formed", "NVIDIA RIM"},
        .digest = {"nvgpu.driver-rim.digest", "the driver's manifest is as it was signed",
                   "XML Signature 3.2.1"},
        .version = {"nvgpu.driver-rim.version", "the manifest is for the driver that runs",
                    "NVIDIA RIM"},
        .product = {"nvgpu.driver-rim.product", "the driver's manifest is for this chip",
                    "NVIDIA RIM"},
        .signature = {"nvgpu.driver-rim.signature", "driver manifest signature",
                      "XML Signature 3.2.2"},
        .root = {"nvgpu.driver-rim.given-root", "the root that was given is the manifest's",
                 "NVIDIA RIM"},
        .chain = {.path = {"nvgpu.driver-rim.path", "its chain leads from leaf to root",
                           "RFC 5280 6.1"},
                  .root = {"nvgpu.driver-rim.root", "its chain ends in NVIDIA's manifest root",
                           "NVIDIA RIM"},
                  .validity = {"nvgpu.driver-rim.validity", "its chain is valid at the time",
                               "RFC 5280 6.1.3"},
                  .signature = {"nvgpu.driver-rim.chain-signature",
                                "driver manifest chain signature", "RFC 5280 6.1.3"}},
    },
    {
        .structure = {"nvgpu.vbios-rim", "the VBIOS's manifest is well formed", "NVIDIA RIM"},
        .digest = {"nvgpu.vbios-rim.digest", "the VBIOS's manifest is as it was signed",
                   "XML Signature 3.2.1"},
        .version = {"nvgpu.vbios-rim.version", "the manifest is for the VBIOS that runs",
                    "NVIDIA RIM"},
        .product = {"nvgpu.vbios-rim.product", "the VBIOS's manifest is for this chip",
                    "NVIDIA RIM"},
        .signature = {"nvgpu.vbios-rim.signature", "VBIOS manifest signature",
                      "XML Signature 3.2.2"},
        .root = {"nvgpu.vbios-rim.given-root", "the root that was given is the manifest's",
                 "NVIDIA RIM"},
        .chain = {.path = {"nvgpu.vbios-rim.path", "its chain leads from leaf to root",
                           "RFC 5280 6.1"},
                  .root = {"nvgpu.vbios-rim.root", "its chain ends in NVIDIA's manifest root",
                           "NVIDIA RIM"},
                  .validity = {"nvgpu.vbios-rim.validity", "its chain is valid at the time",
                               "RFC 5280 6.1.3"},
                  .signature = {"nvgpu.vbios-rim.chain-signature", "VBIOS manifest chain signature",
                                "RFC 5280 6.1.3"}},
    },
};

static const struct rule rule_conflict = {"nvgpu.rim.conflict",
                                          "no index is active in both manifests", "NVIDIA RIM"};
static const struct rule rule_nvdec = {"nvgpu.rim.nvdec0", "the video decoder's state is known",
                                       "NVIDIA RIM"};
static const struct rule rule_measured = {"nvgpu.measurements",
                                          "every active index has a golden value", "NVIDIA RIM"};

static const uint16_t version_fields[NVGPU_RIMS] = {SPDM_DRIVER_VERSION, SPDM_VBIOS_VERSION};

static bool digest_ok(const struct xmldsig *signature)
{
    uint8_t digest[XMLDSIG_DIGEST_SIZE];

    hash_once(HASH_SHA384, signature->content, digest);
    return slice_eq(SLICE_OF(digest), signature->digest);
}

static void check_rim_chain(struct nvgpu *g, struct nvgpu_rim *m, const struct rim_rules *rules)
{
    const struct xmldsig *signature = &m->rim.signature;
    struct sig_claim claim = {.scheme = SIG_ECDSA_RAW,
                              .hash = HASH_SHA384,
                              .message = signature->signed_info,
                              .signature = signature->signature};
    struct obligations *o = &g->a->obligations;
    struct fail fail = {0};

    for (size_t i = 0; i < signature->cert_count; i++)
        if (x509_parse(signature->certs[i], &m->chain[m->chain_count++], &fail) != OK) {
            (void)result_fail(&g->a->result, &rules->chain.path, &fail);
            return;
        }
    (void)chain_check(g->a, m->chain, m->chain_count, "nvidia-rim", &rules->chain);
    (void)chain_check_given(g->a, "rim_root", &m->chain[m->chain_count - 1], &rules->root);
    claim.key = chain_key(&m->chain[0].key);
    obligation_add(o, &rules->signature, &claim);
    if (o->count > 0)
        m->signature = &o->items[o->count - 1];
}

/* "GH100" of the leaf's name is the manifest's product; "LS_10" there is "LS10" here. */
static bool product_ok(const struct nvgpu *g, const struct rim *rim)
{
    return slice_eq_nocase(rim->product, g->chip) ||
           (g->arch == NVGPU_LS10 && slice_eq_text(rim->product, "LS10"));
}

static void check_rim(struct nvgpu *g, size_t which)
{
    const struct rim_rules *rules = &all_rules[which];
    struct nvgpu_rim *m = &g->rims[which];
    struct result *r = &g->a->result;
    struct slice xml, running;
    struct fail fail;

    if (!evidence_find(g->a->evidence, m->part, &xml)) {
        if (which == 1 || g->arch != NVGPU_LS10) /* a switch has no driver of its own */
            result_skip(r, &rules->structure, "no such manifest was given");
        return;
    }
    if (rim_parse(xml, g->a->arena, &m->rim, &fail) != OK) {
        (void)result_fail(r, &rules->structure, &fail);
        return;
    }
    (void)result_check(r, &rules->structure, true, OK);
    m->usable = true;
    (void)result_check(r, &rules->digest, digest_ok(&m->rim.signature), ERR_SIGNATURE);
    nvgpu_version(g, version_fields[which], &running);
    (void)result_check_detail(r, &rules->version, slice_eq_nocase(m->rim.version, running),
                              ERR_MISMATCH, m->rim.version);
    (void)result_check(r, &rules->product, product_ok(g, &m->rim), ERR_MISMATCH);
    check_rim_chain(g, m, rules);
}

/* Tell whether index 35 counts; false, and a failed check, where the decoder's state is unknown. */
static bool nvdec_counts(struct nvgpu *g)
{
    struct slice status;

    if (!spdm_field(&g->report, SPDM_NVDEC0_STATUS, &status))
        return true;
    (void)result_check(
        &g->a->result, &rule_nvdec,
        status.len == 1 && (status.ptr[0] == NVDEC0_OFF || status.ptr[0] == NVDEC0_ON), ERR_RULE);
    return status.len != 1 || status.ptr[0] != NVDEC0_OFF;
}

/* Tell whether index `i` is active in manifest `m`. */
static bool active(const struct nvgpu_rim *m, size_t i)
{
    return m->usable && m->rim.measurements[i] != NULL;
}

static void compare(struct nvgpu *g)
{
    struct claims *c = &g->a->result.claims;
    struct claim *mismatches = claim_list(c, g->claims, "rim_mismatch_indices");
    bool nvdec = nvdec_counts(g), conflict = false;
    size_t total = 0, wrong = 0;

    for (size_t i = 0; i < RIM_MEASUREMENTS_MAX; i++) {
        bool in_driver = active(&g->rims[0], i), in_vbios = active(&g->rims[1], i);
        struct slice value =
            i < SPDM_MEASUREMENTS_MAX ? g->report.measurements[i] : (struct slice){NULL, 0};

        conflict |= in_driver && in_vbios;
        if (!in_driver && !in_vbios)
            continue;
        total++;
        if ((i == INDEX_NVDEC0 && !nvdec) || rim_has(&g->rims[in_driver ? 0 : 1].rim, i, value))
            continue;
        wrong++;
        claim_int(c, mismatches, NULL, (int64_t)i);
    }
    claim_int(c, g->claims, "rim_active_indices", (int64_t)total);
    (void)result_check(&g->a->result, &rule_conflict, !conflict, ERR_RULE);
    (void)result_check_detail(&g->a->result, &rule_measured, wrong == 0, ERR_MISMATCH,
                              result_text(&g->a->result, "%zu of %zu do not match", wrong, total));
}

void nvgpu_check_rims(struct nvgpu *g)
{
    g->rims[0].part = "driver_rim";
    g->rims[0].error_claim = "driver_rim_error";
    g->rims[1].part = "vbios_rim";
    g->rims[1].error_claim = "vbios_rim_error";
    for (size_t i = 0; i < NVGPU_RIMS; i++)
        check_rim(g, i);
    if (g->rims[0].usable || g->rims[1].usable)
        compare(g);
}

void nvgpu_claim_rims(struct nvgpu *g)
{
    struct claims *c = &g->a->result.claims;

    for (size_t i = 0; i < NVGPU_RIMS; i++) {
        const struct nvgpu_rim *m = &g->rims[i];
        struct claim *map;

        if (!m->usable)
            continue;
        if (m->signature == NULL || !m->signature->good || !digest_ok(&m->rim.signature)) {
            claim_word(c, g->claims, m->error_claim, "RIM XML signature invalid");
            continue;
        }
        map = claim_map(c, g->claims, m->part);
        claim_text(c, map, "version", m->rim.version);
        claim_word(c, map, "signature", "valid");
        claim_int(c, map, "active", (int64_t)m->rim.active);
    }
}
