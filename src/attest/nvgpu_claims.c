/*
 * What the report says, under the names of NVIDIA's tools. Versions and part numbers are text that
 * ends in NUL, but for the VBIOS version of GPUs: eight bytes, of which five make the number, read
 * as two little-endian words (00 9f 00 96 01 00 00 00 is 96.00.9F.00.01).
 */
#include "attest/nvgpu.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { VBIOS_RAW_SIZE = 8 };

/* Fields that are text, and those that are told as hex. The rest is only named. */
static const uint16_t text_fields[] = {SPDM_DRIVER_VERSION, SPDM_PROJECT, SPDM_PROJECT_SKU,
                                       SPDM_CHIP_SKU};
static const uint16_t hex_fields[] = {SPDM_BOARD_ID,
                                      SPDM_CPRINFO,
                                      SPDM_GPU_INFO,
                                      SPDM_NVDEC0_STATUS,
                                      SPDM_PROTECTED_PCIE_STATUS,
                                      SPDM_FEATURE_FLAG,
                                      SPDM_OPAQUE_DATA_VERSION,
                                      SPDM_SYS_ENABLE_STATUS,
                                      SPDM_FLOORSWEPT_PORTS,
                                      SPDM_POSITION_ID,
                                      SPDM_LOCK_SWITCH_STATUS,
                                      SPDM_CHIP_INFO};

/* Cut `s` at its first NUL; empty if what is left is not visible ASCII. */
static struct slice text_of(struct slice s)
{
    size_t end;

    if (slice_find(s, 0, &end))
        s = slice_sub(s, 0, end);
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~')
            return (struct slice){NULL, 0};
    return s;
}

void nvgpu_version(const struct nvgpu *g, uint16_t type, struct slice *out)
{
    struct slice raw;

    *out = (struct slice){NULL, 0};
    if (!spdm_field(&g->report, type, &raw))
        return;
    if (type != SPDM_VBIOS_VERSION || raw.len != VBIOS_RAW_SIZE)
        *out = text_of(raw);
    else
        *out = result_text(&g->a->result, "%02X.%02X.%02X.%02X.%02X", raw.ptr[3], raw.ptr[2],
                           raw.ptr[1], raw.ptr[0], raw.ptr[4]);
}

static int compare_names(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;

    return slice_cmp(*x, *y);
}

/* List the names of all fields, sorted; unknown ones by number. */
static void claim_field_names(struct nvgpu *g)
{
    struct claims *c = &g->a->result.claims;
    struct claim *list = claim_list(c, g->claims, "opaque_fields");
    struct slice names[SPDM_FIELDS_MAX];

    for (size_t i = 0; i < g->report.field_count; i++) {
        uint16_t type = g->report.fields[i].type;
        const char *name = spdm_field_name(type);

        names[i] = name != NULL ? slice_text(name) : result_text(&g->a->result, "%u", type);
    }
    qsort(names, g->report.field_count, sizeof names[0], compare_names);
    for (size_t i = 0; i < g->report.field_count; i++)
        claim_text(c, list, NULL, names[i]);
}

static void claim_fields(struct nvgpu *g)
{
    struct claims *c = &g->a->result.claims;
    struct slice value;

    for (size_t i = 0; i < COUNT_OF(text_fields); i++)
        if (spdm_field(&g->report, text_fields[i], &value))
            claim_text(c, g->claims, spdm_field_name(text_fields[i]), text_of(value));
    for (size_t i = 0; i < COUNT_OF(hex_fields); i++)
        if (spdm_field(&g->report, hex_fields[i], &value))
            claim_hex(c, g->claims, spdm_field_name(hex_fields[i]), value);
    if (spdm_field(&g->report, SPDM_VBIOS_VERSION, &value)) {
        claim_hex(c, g->claims, "VBIOS_RAW", value);
        nvgpu_version(g, SPDM_VBIOS_VERSION, &value);
        claim_text(c, g->claims, "VBIOS_VERSION", value);
    }
    claim_field_names(g);
}

static void claim_measurements(struct nvgpu *g)
{
    struct claims *c = &g->a->result.claims;
    uint8_t *kept = arena_new(g->a->arena, sizeof(struct digest));
    struct hash_ctx h;
    struct digest digest;

    hash_init(&h, HASH_SHA256);
    for (size_t i = 0; i < SPDM_MEASUREMENTS_MAX; i++)
        hash_update(&h, g->report.measurements[i]);
    sha256_final(&h, &digest);
    claim_int(c, g->claims, "n_measurements", (int64_t)g->report.measurement_count);
    if (kept == NULL) {
        c->bad = true;
        return;
    }
    memcpy(kept, digest.bytes, sizeof digest.bytes);
    claim_hex(c, g->claims, "measurements_sha256", slice_make(kept, sizeof digest.bytes));
}

void nvgpu_claim_report(struct nvgpu *g)
{
    struct claims *c = &g->a->result.claims;

    claim_hex(c, g->claims, "request_nonce", g->report.request_nonce);
    claim_hex(c, g->claims, "resp_nonce", g->report.response_nonce);
    claim_fields(g);
    claim_measurements(g);
}
