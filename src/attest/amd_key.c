/*
 * One X.509 extension an item, each value in DER but for the last but one:
 *
 *   .1    structVersion   INTEGER
 *   .2    productName     IA5String: "Milan-B0", "Genoa", "Turin"; in a VLEK without stepping
 *   .3.1  boot loader     INTEGER 0..255
 *   .3.2  TEE             INTEGER
 *   .3.3  SNP             INTEGER
 *   .3.8  microcode       INTEGER
 *   .3.9  FMC             INTEGER, Turin
 *   .4    hwID            raw bytes, no DER: 64, on Turin 8      VCEK only
 *   .5    csp_id          IA5String                              VLEK only
 *
 * .3.4 to .3.7 are spare. Integers above 127 take a leading zero byte (0xdb is 02 02 00 db). hwID
 * may begin with any byte, so reading it as DER would go wrong on some chips and not on others.
 *
 * Source: AMD 57230, Versioned Chip Endorsement Key Certificate and KDS Interface, tables 8 to 10.
 */
#include "attest/amd_key.h"

#include "base/mem.h"
#include "codec/der.h"

/* 1.3.6.1.4.1.3704.1.x and .3.x */
#define AMD_ARC "\x2b\x06\x01\x04\x01\x9c\x78\x01"
static const struct slice oid_product = SLICE_INIT(AMD_ARC "\x02");
static const struct slice oid_boot_loader = SLICE_INIT(AMD_ARC "\x03\x01");
static const struct slice oid_tee = SLICE_INIT(AMD_ARC "\x03\x02");
static const struct slice oid_snp = SLICE_INIT(AMD_ARC "\x03\x03");
static const struct slice oid_microcode = SLICE_INIT(AMD_ARC "\x03\x08");
static const struct slice oid_fmc = SLICE_INIT(AMD_ARC "\x03\x09");
static const struct slice oid_hw_id = SLICE_INIT(AMD_ARC "\x04");
static const struct slice oid_csp_id = SLICE_INIT(AMD_ARC "\x05");

enum { HW_ID_SIZE_TURIN = 8 };

static cocoon_err read_version(const struct x509_cert *cert, struct slice oid, uint8_t *out)
{
    struct slice value;
    struct rd r;
    uint64_t number;

    if (!x509_extension(cert, oid, &value))
        return ERR_MISSING;
    r = rd_init(value);
    number = der_u64(&r);
    if (rd_end(&r) != OK)
        return ERR_MALFORMED;
    if (number > UINT8_MAX)
        return ERR_RANGE;
    *out = (uint8_t)number;
    return OK;
}

static cocoon_err read_text(const struct x509_cert *cert, struct slice oid, struct slice *out)
{
    struct slice value;
    struct rd r;

    if (!x509_extension(cert, oid, &value))
        return ERR_MISSING;
    r = rd_init(value);
    *out = der_take(&r, DER_IA5_STRING);
    return rd_end(&r) != OK ? ERR_MALFORMED : OK;
}

enum snp_product amd_product_read(struct slice name)
{
    struct slice family = slice_cut(&name, '-');

    for (enum snp_product p = SNP_MILAN; p <= SNP_TURIN; p++)
        if (slice_eq_text(family, snp_product_name(p)))
            return p;
    return SNP_UNKNOWN;
}

static cocoon_err read_tcb(const struct x509_cert *cert, struct amd_key *out)
{
    cocoon_err err;

    if ((err = read_version(cert, oid_boot_loader, &out->tcb.boot_loader)) != OK ||
        (err = read_version(cert, oid_tee, &out->tcb.tee)) != OK ||
        (err = read_version(cert, oid_snp, &out->tcb.snp)) != OK ||
        (err = read_version(cert, oid_microcode, &out->tcb.microcode)) != OK)
        return err;
    return out->product == SNP_TURIN ? read_version(cert, oid_fmc, &out->tcb.fmc) : OK;
}

/* A VCEK names a chip and no provider, a VLEK the reverse. */
static cocoon_err read_owner(const struct x509_cert *cert, struct amd_key *out)
{
    size_t size = out->product == SNP_TURIN ? HW_ID_SIZE_TURIN : SNP_CHIP_ID_SIZE;
    cocoon_err err = read_text(cert, oid_csp_id, &out->csp_id);

    if (err != OK && err != ERR_MISSING)
        return err;
    out->is_vlek = err == OK;
    if (!x509_extension(cert, oid_hw_id, &out->hw_id))
        return out->is_vlek ? OK : ERR_MISSING;
    return out->is_vlek || out->hw_id.len != size ? ERR_MALFORMED : OK;
}

cocoon_err amd_key_read(const struct x509_cert *cert, struct amd_key *out, struct fail *fail)
{
    struct slice product;
    cocoon_err err;

    *out = (struct amd_key){0};
    if ((err = read_text(cert, oid_product, &product)) != OK)
        return fail_set(fail, err, 0, "AMD certificate: productName");
    if ((out->product = amd_product_read(product)) == SNP_UNKNOWN)
        return fail_set(fail, ERR_UNKNOWN_NAME, 0, "AMD certificate: unknown product");
    if ((err = read_tcb(cert, out)) != OK)
        return fail_set(fail, err, 0, "AMD certificate: firmware versions");
    if ((err = read_owner(cert, out)) != OK)
        return fail_set(fail, err, 0, "AMD certificate: hwID or csp_id");
    return OK;
}
