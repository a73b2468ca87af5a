/*
 * AMD SEV-SNP attestation report, 1184 bytes, little-endian.
 *
 *  000 u32 version                 2..5      0c0  32  host_data
 *  004 u32 guest_svn                         0e0  48  id_key_digest
 *  008 u64 policy                            110  48  author_key_digest
 *  010  16 family_id                         140  32  report_id
 *  020  16 image_id                          160  32  report_id_ma
 *  030 u32 vmpl                              180   8  reported_tcb
 *  034 u32 signature algorithm     1         188   3  cpuid family, model, stepping (version 3 on)
 *  038   8 current_tcb                       18b  21  reserved
 *  040 u64 platform_info                     1a0  64  chip_id
 *  048 u32 signer info                       1e0   8  committed_tcb
 *  04c   4 reserved                          1e8   3  current build, minor, major | 1 reserved
 *  050  64 report_data                       1ec   3  committed build, minor, major | 1 reserved
 *  090  48 measurement                       1f0   8  launch_tcb
 *                                            1f8 u64  launch mitigation vector (version 5)
 *                                            200 u64  current mitigation vector (version 5)
 *                                            208 152  reserved
 *                                            2a0  72  r, 72 s, 368 reserved
 * Signed: the first 0x2a0 bytes.
 *
 * Signer info: bit 0 author key enabled, bit 1 chip key masked, bits 4:2 signing key, rest zero.
 * Policy: 7:0 ABI minor, 15:8 major, 16 SMT, 17 one, 18 MIGRATE_MA, 19 DEBUG, 20 single socket,
 *   21 CXL, 22 AES-256-XTS, 23 RAPL off, 24 ciphertext hiding, 25 page swap off, 63:26 zero.
 * TCB word: Milan, Genoa  boot_loader, tee, 4 reserved, snp, microcode
 *           Turin         fmc, boot_loader, tee, snp, 3 reserved, microcode
 *
 * Reserved bytes must be zero: where a later version defines them, reading it as an older one would
 * miss what they say. Versions 3 and 4 have one layout.
 *
 * Source: AMD 56860, SEV Secure Nested Paging Firmware ABI, table "ATTESTATION_REPORT Structure".
 */
#include "attest/snp_report.h"

#include <assert.h>

enum {
    ALGO_ECDSA_P384_SHA384 = 1,
    COMPONENT_SIZE = 72,
    AT_SIGNER_INFO = 0x48,
    FAMILY_ZEN3_4 = 0x19,
    FAMILY_ZEN5 = 0x1a,
};

/* Step over `n` bytes that must be zero; remember in `*at` the first place where they are not. */
static void skip_zero(struct rd *r, size_t n, size_t *at)
{
    size_t from = r->at;
    struct slice s = rd_slice(r, n);

    for (size_t i = 0; i < s.len && *at == 0; i++)
        if (s.ptr[i] != 0)
            *at = from + i;
}

static struct snp_version read_version(struct rd *r, size_t *nonzero)
{
    struct snp_version v;

    v.build = rd_u8(r);
    v.minor = rd_u8(r);
    v.major = rd_u8(r);
    skip_zero(r, 1, nonzero);
    return v;
}

static void read_signer_info(struct rd *r, struct snp_report *out, size_t *nonzero)
{
    uint32_t bits = rd_u32le(r);

    out->author_key_enabled = (bits & 1) != 0;
    out->chip_key_masked = (bits & 2) != 0;
    out->signing_key = (uint8_t)(bits >> 2 & 7);
    if (bits >> 5 != 0 && *nonzero == 0)
        *nonzero = AT_SIGNER_INFO;
    skip_zero(r, 4, nonzero);
}

/* From report_data (0x50) to the end of launch_tcb (0x1f8). */
static void read_identity(struct rd *r, struct snp_report *out, size_t *nonzero)
{
    out->report_data = rd_slice(r, 64);
    out->measurement = rd_slice(r, 48);
    out->host_data = rd_slice(r, 32);
    out->id_key_digest = rd_slice(r, 48);
    out->author_key_digest = rd_slice(r, 48);
    out->report_id = rd_slice(r, 32);
    out->report_id_ma = rd_slice(r, 32);
    out->reported_tcb = rd_slice(r, 8);
    if (out->version >= 3) {
        out->cpuid_family = rd_u8(r);
        out->cpuid_model = rd_u8(r);
        out->cpuid_stepping = rd_u8(r);
        skip_zero(r, 21, nonzero);
    } else {
        skip_zero(r, 24, nonzero);
    }
    out->chip_id = rd_slice(r, SNP_CHIP_ID_SIZE);
    out->committed_tcb = rd_slice(r, 8);
    out->current = read_version(r, nonzero);
    out->committed = read_version(r, nonzero);
    out->launch_tcb = rd_slice(r, 8);
}

static void read_tail(struct rd *r, struct snp_report *out, size_t *nonzero)
{
    if (out->version >= 5) {
        out->launch_mit_vector = rd_u64le(r);
        out->current_mit_vector = rd_u64le(r);
    } else {
        skip_zero(r, 16, nonzero);
    }
    skip_zero(r, 152, nonzero);
    assert(r->bad || r->at == SNP_SIGNED_SIZE);
    out->r = rd_slice(r, COMPONENT_SIZE);
    out->s = rd_slice(r, COMPONENT_SIZE);
    skip_zero(r, 368, nonzero);
}

cocoon_err snp_report_parse(struct slice in, struct snp_report *out, struct fail *fail)
{
    struct rd r = rd_init(in);
    size_t nonzero = 0;
    uint32_t algorithm;

    *out = (struct snp_report){0};
    if (in.len < SNP_REPORT_SIZE)
        return fail_set(fail, ERR_TRUNCATED, in.len, "SNP report shorter than 1184 bytes");
    if (in.len > SNP_REPORT_SIZE)
        return fail_set(fail, ERR_TRAILING, SNP_REPORT_SIZE, "bytes after the SNP report");
    out->version = rd_u32le(&r);
    out->guest_svn = rd_u32le(&r);
    out->policy = rd_u64le(&r);
    out->family_id = rd_slice(&r, 16);
    out->image_id = rd_slice(&r, 16);
    out->vmpl = rd_u32le(&r);
    algorithm = rd_u32le(&r);
    out->current_tcb = rd_slice(&r, 8);
    out->platform_info = rd_u64le(&r);
    if (out->version < 2 || out->version > 5)
        return fail_set(fail, ERR_VERSION, 0, "SNP report version is not 2, 3, 4 or 5");
    if (algorithm != ALGO_ECDSA_P384_SHA384)
        return fail_set(fail, ERR_ALGORITHM, 0x34, "SNP report not signed by ECDSA P-384, SHA-384");
    read_signer_info(&r, out, &nonzero);
    read_identity(&r, out, &nonzero);
    read_tail(&r, out, &nonzero);
    assert(rd_end(&r) == OK);
    if (nonzero != 0)
        return fail_set(fail, ERR_MALFORMED, nonzero, "SNP report: reserved bytes not zero");
    out->signed_part = slice_sub(in, 0, SNP_SIGNED_SIZE);
    return OK;
}

struct snp_tcb snp_tcb(struct slice raw, enum snp_product product)
{
    assert(raw.len == 8);
    if (product == SNP_TURIN)
        return (struct snp_tcb){raw.ptr[0], raw.ptr[1], raw.ptr[2], raw.ptr[3], raw.ptr[7]};
    return (struct snp_tcb){0, raw.ptr[0], raw.ptr[1], raw.ptr[6], raw.ptr[7]};
}

bool snp_tcb_at_least(const struct snp_tcb *have, const struct snp_tcb *floor)
{
    return have->fmc >= floor->fmc && have->boot_loader >= floor->boot_loader &&
           have->tee >= floor->tee && have->snp >= floor->snp &&
           have->microcode >= floor->microcode;
}

enum snp_product snp_product_of_cpuid(uint8_t family, uint8_t model)
{
    /* Family 19h: models 00h-0fh are Milan; 10h-1fh Genoa and a0h-afh Bergamo and Siena, which
     * share Genoa's roots. Family 1ah, models 00h-1fh: Turin. */
    if (family == FAMILY_ZEN3_4 && model <= 0x0f)
        return SNP_MILAN;
    if (family == FAMILY_ZEN3_4 && (model >> 4 == 0x1 || model >> 4 == 0xa))
        return SNP_GENOA;
    if (family == FAMILY_ZEN5 && model <= 0x1f)
        return SNP_TURIN;
    return SNP_UNKNOWN;
}

const char *snp_product_name(enum snp_product product)
{
    switch (product) {
    case SNP_MILAN:
        return "Milan";
    case SNP_GENOA:
        return "Genoa";
    case SNP_TURIN:
        return "Turin";
    case SNP_UNKNOWN:
        break;
    }
    return "unknown";
}
