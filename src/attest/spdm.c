/*
 * NVIDIA attestation report (SPDM 1.1, DMTF DSP0274). Integers little-endian.
 *
 * GET_MEASUREMENTS request, 37 bytes
 *    0  11            SPDM version 1.1
 *    1  e0            request code
 *    2  01            attributes: signature requested
 *    3  ff            operation: all measurements
 *    4  32            nonce of the verifier
 *   36  u8            slot
 * MEASUREMENTS response
 *    0  11 60 p1 p2
 *    4  u8            number of blocks
 *    5  u24           length of the record
 *       record        blocks, filling it exactly:
 *                     u8 index (from 1) | u8 specification = 1 (DMTF) | u16 size
 *                     | u8 value type | u16 value size | value, filling the block exactly
 *       32            nonce of the device
 *       u16           length of the opaque part
 *       opaque        fields, filling it exactly: u16 type | u16 length | value
 *       96            signature r || s, ECDSA P-384 with SHA-384, big-endian
 * Signed: request and response up to the signature. Nothing may follow the signature.
 *
 * Unknown opaque types occur on real devices (26 on LS10) and are kept; each type stands once.
 */
#include "attest/spdm.h"

#include "base/mem.h"

enum {
    VERSION_1_1 = 0x11,
    GET_MEASUREMENTS = 0xe0,
    MEASUREMENTS = 0x60,
    ATTR_SIGNATURE = 0x01,
    OPERATION_ALL = 0xff,
    SPEC_DMTF = 0x01,
};

static const char *const field_names[] = {
    [SPDM_CERT_ISSUER_NAME] = "CERT_ISSUER_NAME",
    [SPDM_CERT_AUTHORITY_KEY_ID] = "CERT_AUTHORITY_KEY_IDENTIFIER",
    [SPDM_DRIVER_VERSION] = "DRIVER_VERSION",
    [SPDM_GPU_INFO] = "GPU_INFO",
    [SPDM_SKU] = "SKU",
    [SPDM_VBIOS_VERSION] = "VBIOS_VERSION",
    [SPDM_MANUFACTURER_ID] = "MANUFACTURER_ID",
    [SPDM_TAMPER_DETECTION] = "TAMPER_DETECTION",
    [SPDM_SMC] = "SMC",
    [SPDM_VPR] = "VPR",
    [SPDM_NVDEC0_STATUS] = "NVDEC0_STATUS",
    [SPDM_MSRSCNT] = "MSRSCNT",
    [SPDM_CPRINFO] = "CPRINFO",
    [SPDM_BOARD_ID] = "BOARD_ID",
    [SPDM_CHIP_SKU] = "CHIP_SKU",
    [SPDM_CHIP_SKU_MOD] = "CHIP_SKU_MOD",
    [SPDM_PROJECT] = "PROJECT",
    [SPDM_PROJECT_SKU] = "PROJECT_SKU",
    [SPDM_PROJECT_SKU_MOD] = "PROJECT_SKU_MOD",
    [SPDM_FWID] = "FWID",
    [SPDM_PROTECTED_PCIE_STATUS] = "PROTECTED_PCIE_STATUS",
    [SPDM_SWITCH_PDI] = "SWITCH_PDI",
    [SPDM_FLOORSWEPT_PORTS] = "FLOORSWEPT_PORTS",
    [SPDM_POSITION_ID] = "POSITION_ID",
    [SPDM_LOCK_SWITCH_STATUS] = "LOCK_SWITCH_STATUS",
    [SPDM_GPU_LINK_CONN] = "GPU_LINK_CONN",
    [SPDM_SYS_ENABLE_STATUS] = "SYS_ENABLE_STATUS",
    [SPDM_OPAQUE_DATA_VERSION] = "OPAQUE_DATA_VERSION",
    [SPDM_CHIP_INFO] = "CHIP_INFO",
    [SPDM_FEATURE_FLAG] = "FEATURE_FLAG",
    [SPDM_INVALID] = "INVALID",
};

const char *spdm_field_name(uint16_t type)
{
    return type < COUNT_OF(field_names) ? field_names[type] : NULL;
}

bool spdm_field(const struct spdm_report *report, uint16_t type, struct slice *value)
{
    for (size_t i = 0; i < report->field_count; i++)
        if (report->fields[i].type == type) {
            *value = report->fields[i].value;
            return true;
        }
    return false;
}

static cocoon_err read_request(struct rd *r, struct spdm_report *out, struct fail *fail)
{
    uint8_t version = rd_u8(r);
    uint8_t code = rd_u8(r);
    uint8_t attributes = rd_u8(r);
    uint8_t operation = rd_u8(r);

    out->request_nonce = rd_slice(r, SPDM_NONCE_SIZE);
    out->slot = rd_u8(r);
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, r->all.len, "GPU report ends inside the request");
    if (version != VERSION_1_1)
        return fail_set(fail, ERR_VERSION, 0, "GPU report: SPDM version is not 1.1");
    if (code != GET_MEASUREMENTS || attributes != ATTR_SIGNATURE || operation != OPERATION_ALL)
        return fail_set(fail, ERR_MALFORMED, 1,
                        "GPU report: request is not for all measurements, signed");
    return OK;
}

/* Read one measurement block. `base` is where `r` starts in the report. */
static cocoon_err read_block(struct rd *r, size_t base, struct spdm_report *out, struct fail *fail)
{
    size_t at = base + r->at;
    uint8_t index = rd_u8(r);
    uint8_t spec = rd_u8(r);
    struct rd block = rd_sub(r, rd_u16le(r));
    struct slice value;

    rd_skip(&block, 1);
    value = rd_slice(&block, rd_u16le(&block));
    if (r->bad || rd_end(&block) != OK)
        return fail_set(fail, ERR_MALFORMED, at, "GPU report: measurement block sizes disagree");
    if (spec != SPEC_DMTF || index == 0 || index > SPDM_MEASUREMENTS_MAX || value.len == 0)
        return fail_set(fail, ERR_MALFORMED, at, "GPU report: bad measurement block");
    if (out->measurements[index - 1].ptr != NULL)
        return fail_set(fail, ERR_DUPLICATE, at, "GPU report: a measurement index twice");
    out->measurements[index - 1] = value;
    out->measurement_count++;
    return OK;
}

static cocoon_err read_record(struct rd *r, struct spdm_report *out, struct fail *fail)
{
    uint8_t blocks = rd_u8(r);
    struct slice size = rd_slice(r, 3);
    size_t base = r->at;
    struct rd record;
    cocoon_err err;

    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, r->all.len, "GPU report ends inside the response");
    out->record =
        rd_slice(r, (size_t)size.ptr[0] | (size_t)size.ptr[1] << 8 | (size_t)size.ptr[2] << 16);
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, base, "GPU report ends inside the measurements");
    record = rd_init(out->record);
    while (rd_left(&record) > 0)
        if ((err = read_block(&record, base, out, fail)) != OK)
            return err;
    if (out->measurement_count != blocks)
        return fail_set(fail, ERR_MALFORMED, base - 4, "GPU report: number of blocks is wrong");
    return OK;
}

static cocoon_err read_opaque(struct rd *r, struct spdm_report *out, struct fail *fail)
{
    uint16_t size = rd_u16le(r);
    size_t base = r->at;
    struct rd opaque = rd_sub(r, size);

    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, base, "GPU report ends inside the opaque part");
    while (rd_left(&opaque) > 0) {
        size_t at = base + opaque.at;
        struct spdm_opaque field = {.type = rd_u16le(&opaque)};
        struct slice before;

        field.value = rd_slice(&opaque, rd_u16le(&opaque));
        if (opaque.bad)
            return fail_set(fail, ERR_MALFORMED, at, "GPU report: opaque field too long");
        if (spdm_field(out, field.type, &before))
            return fail_set(fail, ERR_DUPLICATE, at, "GPU report: an opaque field twice");
        if (out->field_count == SPDM_FIELDS_MAX)
            return fail_set(fail, ERR_LIMIT, at, "GPU report: too many opaque fields");
        out->fields[out->field_count++] = field;
    }
    return OK;
}

cocoon_err spdm_report_parse(struct slice in, struct spdm_report *out, struct fail *fail)
{
    struct rd r = rd_init(in);
    uint8_t version, code;
    cocoon_err err;

    *out = (struct spdm_report){0};
    if ((err = read_request(&r, out, fail)) != OK)
        return err;
    version = rd_u8(&r);
    code = rd_u8(&r);
    rd_skip(&r, 2);
    if (!r.bad && (version != VERSION_1_1 || code != MEASUREMENTS))
        return fail_set(fail, ERR_MALFORMED, r.at - 4, "GPU report: not a MEASUREMENTS response");
    if ((err = read_record(&r, out, fail)) != OK)
        return err;
    out->response_nonce = rd_slice(&r, SPDM_NONCE_SIZE);
    if ((err = read_opaque(&r, out, fail)) != OK)
        return err;
    out->signed_part = slice_sub(in, 0, r.at);
    out->signature = rd_slice(&r, SPDM_SIGNATURE_SIZE);
    if ((err = rd_end(&r)) != OK)
        return fail_set(fail, err, r.at, "GPU report: signature is not 96 bytes");
    return OK;
}
