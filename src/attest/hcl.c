/*
 * Azure HCL report, little-endian.
 *
 *  000   4  "HCLA"
 *  004 u32  version (1, 2)
 *  008 u32  size of the whole, from 000 (not relied on: the sizes below are)
 *  00c u32  request type | 010 u32 status | 014 12 reserved
 *  020 1184 hardware report: an SNP report, or a TDREPORT (1024) padded with zeros
 *  4c0 u32  size of what follows from here, 20 bytes of head included
 *  4c4 u32  version = 1
 *  4c8 u32  report type: 2 SNP, 4 TDX
 *  4cc u32  hash: 1 SHA-256, 2 SHA-384, 3 SHA-512
 *  4d0 u32  size of the runtime claims
 *  4d4      runtime claims, JSON
 * then zeros to the end of the buffer.
 *
 * A TDREPORT is only MACed by the CPU that made it, so nothing in it can be believed elsewhere; its
 * report data, at 0x80 of the MAC structure, is read to see that both say the same as the quote.
 *
 * Source: Microsoft, "Confidential VM guest attestation", the layout as in az-cvm-vtpm.
 */
#include "attest/hcl.h"

enum {
    HARDWARE_SIZE = 1184,
    HEAD_SIZE = 20,
    AT_TD_REPORT_DATA = 0x80,
};

static bool hash_of_type(uint32_t type, enum hash_alg *out)
{
    static const enum hash_alg algs[] = {HASH_SHA256, HASH_SHA384, HASH_SHA512};

    if (type < 1 || type > 3)
        return false;
    *out = algs[type - 1];
    return true;
}

static cocoon_err read_head(struct rd *r, struct hcl_report *out, struct fail *fail)
{
    struct slice magic = rd_slice(r, 4);

    out->version = rd_u32le(r);
    rd_skip(r, 4 + 4 + 4 + 12);
    out->hardware = rd_slice(r, HARDWARE_SIZE);
    if (!slice_eq_text(magic, "HCLA"))
        return fail_set(fail, ERR_MALFORMED, 0, "HCL report does not begin with HCLA");
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, r->all.len, "HCL report ends inside its first part");
    return OK;
}

static cocoon_err read_claims(struct rd *r, struct hcl_report *out, struct fail *fail)
{
    size_t base = r->at;
    uint32_t size = rd_u32le(r);
    uint32_t version = rd_u32le(r);
    uint32_t type = rd_u32le(r);
    uint32_t claims_size;

    out->hash_type = rd_u32le(r);
    claims_size = rd_u32le(r);
    out->runtime_claims = rd_slice(r, claims_size);
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, r->all.len, "HCL report ends inside its claims");
    if (version != 1)
        return fail_set(fail, ERR_VERSION, base + 4, "HCL runtime data version is not 1");
    if (type != HCL_SNP && type != HCL_TDX)
        return fail_set(fail, ERR_UNSUPPORTED, base + 8, "HCL report is neither SNP nor TDX");
    if (!hash_of_type(out->hash_type, &out->hash))
        return fail_set(fail, ERR_ALGORITHM, base + 12, "HCL report: unknown hash");
    if (claims_size > UINT32_MAX - HEAD_SIZE || size != claims_size + HEAD_SIZE)
        return fail_set(fail, ERR_MALFORMED, base, "HCL report: sizes of the claims disagree");
    out->type = (enum hcl_type)type;
    return OK;
}

cocoon_err hcl_report_parse(struct slice in, struct hcl_report *out, struct fail *fail)
{
    struct rd r = rd_init(in);
    struct slice padding;
    cocoon_err err;

    *out = (struct hcl_report){0};
    if ((err = read_head(&r, out, fail)) != OK || (err = read_claims(&r, out, fail)) != OK)
        return err;
    if (out->type == HCL_TDX)
        out->td_report_data = slice_sub(out->hardware, AT_TD_REPORT_DATA, 64);
    padding = rd_rest(&r);
    for (size_t i = 0; i < padding.len; i++)
        if (padding.ptr[i] != 0)
            return fail_set(fail, ERR_TRAILING, in.len - padding.len + i,
                            "HCL report: bytes after the claims");
    return OK;
}
