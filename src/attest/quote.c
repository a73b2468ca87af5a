/*
 * Intel DCAP quote. All integers little-endian; keys and signatures are big-endian pairs.
 *
 * Header, 48 bytes
 *    0  u16  version                3 (SGX), 4 (TDX), 5 (either)
 *    2  u16  attestation key type   2 = ECDSA P-256
 *    4  u32  TEE type               0 SGX, 0x81 TDX; reserved and zero in version 3
 *    8  u16  QE SVN                 version 3; reserved and zero from version 4 on
 *   10  u16  PCE SVN                likewise
 *   12   16  QE vendor id           Intel's
 *   28   20  user data              the first 16 bytes identify the platform's QE
 * Version 5 goes on with u16 body type, u32 body size.
 *
 * SGX report, 384 bytes
 *    0 cpu_svn 16 | 16 misc_select 4 | 20 reserved 28 | 48 attributes 16 | 64 mr_enclave 32
 *   96 reserved 32 | 128 mr_signer 32 | 160 reserved 96 | 256 isv_prod_id u16 | 258 isv_svn u16
 *  260 reserved 60 | 320 report_data 64
 *
 * TD report 1.0, 584 bytes
 *    0 tee_tcb_svn 16 | 16 mr_seam 48 | 64 mrsigner_seam 48 | 112 seam_attributes 8
 *  120 td_attributes u64 | 128 xfam u64 | 136 mr_td 48 | 184 mr_config_id 48 | 232 mr_owner 48
 *  280 mr_owner_config 48 | 328 rtmr 4 x 48 | 520 report_data 64
 * TD report 1.5, 648 bytes: adds tee_tcb_svn2 16, mr_service_td 48
 * TD report 1.5 extended, 885 bytes: adds 237 bytes of migration history
 *
 * Then u32 length and that many bytes of authentication data:
 *   version 3:     signature 64 | attestation key 64 | QE part
 *   version 4, 5:  signature 64 | attestation key 64 | u16 type = 6 | u32 size | QE part of that
 * size QE part:       QE report 384 | signature 64 | u16 length, authentication data | u16 type,
 * u32 size, certification data Each length must consume its container exactly. What follows the
 * authentication data is not covered by anything: platforms hand out padded buffers, so it is
 * counted and ignored.
 *
 * Source: Intel TDX DCAP Quoting Library API, "Quote Format"; Intel SGX ECDSA Quote Library API.
 */
#include "attest/quote.h"

#include <assert.h>

enum {
    KEY_TYPE_ECDSA_P256 = 2,
    CERT_TYPE_QE_REPORT = 6,
    SVN_SIZE = 16,
    SHA256_SIZE = 32,
    SHA384_SIZE = 48,
    REPORT_DATA_SIZE = 64,
    SIGNATURE_SIZE = 64,
    TD15_SIZE = TD10_SIZE + SVN_SIZE + SHA384_SIZE,
    TD15_EX_MORE = 237,
    TD15_EX_SIZE = TD15_SIZE + TD15_EX_MORE,
};

static const uint8_t intel_vendor_id[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                            0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

static size_t body_size(enum quote_body_type type)
{
    switch (type) {
    case QUOTE_BODY_SGX:
        return SGX_REPORT_SIZE;
    case QUOTE_BODY_TD10:
        return TD10_SIZE;
    case QUOTE_BODY_TD15:
        return TD15_SIZE;
    case QUOTE_BODY_TD15_EX:
        return TD15_EX_SIZE;
    }
    return 0;
}

static void read_sgx_report(struct rd *r, struct sgx_report *out)
{
    struct rd sub;

    out->all = rd_slice(r, SGX_REPORT_SIZE);
    sub = rd_init(out->all);
    out->cpu_svn = rd_slice(&sub, SVN_SIZE);
    out->misc_select = rd_slice(&sub, 4);
    rd_skip(&sub, 28);
    out->attributes = rd_slice(&sub, 16);
    out->mr_enclave = rd_slice(&sub, SHA256_SIZE);
    rd_skip(&sub, 32);
    out->mr_signer = rd_slice(&sub, SHA256_SIZE);
    rd_skip(&sub, 96);
    out->isv_prod_id = rd_u16le(&sub);
    out->isv_svn = rd_u16le(&sub);
    rd_skip(&sub, 60);
    out->report_data = rd_slice(&sub, REPORT_DATA_SIZE);
    assert(r->bad || rd_end(&sub) == OK);
}

/* Read eight bytes both as they stand and as a number. */
static uint64_t read_bits(struct rd *r, struct slice *raw)
{
    struct rd sub;

    *raw = rd_slice(r, 8);
    sub = rd_init(*raw);
    return rd_u64le(&sub);
}

static void read_td_report(struct rd *r, enum quote_body_type type, struct td_report *out)
{
    out->tee_tcb_svn = rd_slice(r, SVN_SIZE);
    out->mr_seam = rd_slice(r, SHA384_SIZE);
    out->mrsigner_seam = rd_slice(r, SHA384_SIZE);
    out->seam_attributes = rd_slice(r, 8);
    out->td_attributes = read_bits(r, &out->td_attributes_raw);
    out->xfam = read_bits(r, &out->xfam_raw);
    out->mr_td = rd_slice(r, SHA384_SIZE);
    out->mr_config_id = rd_slice(r, SHA384_SIZE);
    out->mr_owner = rd_slice(r, SHA384_SIZE);
    out->mr_owner_config = rd_slice(r, SHA384_SIZE);
    for (size_t i = 0; i < 4; i++)
        out->rtmr[i] = rd_slice(r, SHA384_SIZE);
    out->report_data = rd_slice(r, REPORT_DATA_SIZE);
    if (type == QUOTE_BODY_TD10)
        return;
    out->tee_tcb_svn2 = rd_slice(r, SVN_SIZE);
    out->mr_service_td = rd_slice(r, SHA384_SIZE);
    if (type == QUOTE_BODY_TD15_EX)
        out->extension = rd_slice(r, TD15_EX_MORE);
}

/* Which TEE types and reserved fields a version allows. */
static cocoon_err check_header(const struct quote *q, uint32_t tee, struct fail *fail)
{
    if (q->version == 3 && tee != QUOTE_SGX)
        return fail_set(fail, ERR_MALFORMED, 4, "version 3 quote: reserved header bytes not zero");
    if (tee != QUOTE_SGX && tee != QUOTE_TDX)
        return fail_set(fail, ERR_UNSUPPORTED, 4, "quote of an unknown TEE type");
    if (q->version > 3 && (q->qe_svn != 0 || q->pce_svn != 0))
        return fail_set(fail, ERR_MALFORMED, 8, "quote: reserved header bytes not zero");
    if (!slice_eq(q->qe_vendor_id, SLICE_OF(intel_vendor_id)))
        return fail_set(fail, ERR_UNSUPPORTED, 12, "quote: QE vendor is not Intel");
    return OK;
}

static cocoon_err read_header(struct rd *r, struct quote *out, struct fail *fail)
{
    uint16_t key_type;
    uint32_t tee;
    cocoon_err err;

    out->version = rd_u16le(r);
    key_type = rd_u16le(r);
    tee = rd_u32le(r);
    out->qe_svn = rd_u16le(r);
    out->pce_svn = rd_u16le(r);
    out->qe_vendor_id = rd_slice(r, 16);
    out->user_data = rd_slice(r, 20);
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, r->all.len, "quote ends inside its header");
    if (out->version < 3 || out->version > 5)
        return fail_set(fail, ERR_VERSION, 0, "quote version is not 3, 4 or 5");
    if (key_type != KEY_TYPE_ECDSA_P256)
        return fail_set(fail, ERR_ALGORITHM, 2, "attestation key is not ECDSA P-256");
    if ((err = check_header(out, tee, fail)) != OK)
        return err;
    out->tee = (enum quote_tee)tee;
    return OK;
}

/* Decide the body type: written out in version 5, implied by the TEE before. */
static cocoon_err read_body_type(struct rd *r, struct quote *out, struct fail *fail)
{
    size_t at = r->at;
    uint16_t type;
    uint32_t size;

    if (out->version < 5) {
        out->body_type = out->tee == QUOTE_SGX ? QUOTE_BODY_SGX : QUOTE_BODY_TD10;
        return OK;
    }
    type = rd_u16le(r);
    size = rd_u32le(r);
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, r->all.len, "quote ends before its body type");
    if (type < QUOTE_BODY_SGX || type > QUOTE_BODY_TD15_EX)
        return fail_set(fail, ERR_UNSUPPORTED, at, "unknown quote body type");
    out->body_type = (enum quote_body_type)type;
    if ((out->body_type == QUOTE_BODY_SGX) != (out->tee == QUOTE_SGX))
        return fail_set(fail, ERR_MALFORMED, at, "quote body type does not fit the TEE type");
    if (size != body_size(out->body_type))
        return fail_set(fail, ERR_MALFORMED, at + 2, "quote body size does not fit its type");
    return OK;
}

static cocoon_err read_body(struct rd *r, struct quote *out, struct fail *fail)
{
    if (out->tee == QUOTE_SGX)
        read_sgx_report(r, &out->sgx);
    else
        read_td_report(r, out->body_type, &out->td);
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, r->all.len, "quote ends inside its body");
    out->signed_part = slice_sub(r->all, 0, r->at);
    return OK;
}

/* Read the QE part, which must fill `r`. `base` is where `r` starts in the quote. */
static cocoon_err read_qe_part(struct rd *r, size_t base, struct quote *out, struct fail *fail)
{
    uint32_t cert_size;

    read_sgx_report(r, &out->qe);
    out->qe_signature = rd_slice(r, SIGNATURE_SIZE);
    out->qe_auth = rd_slice(r, rd_u16le(r));
    out->cert_type = rd_u16le(r);
    cert_size = rd_u32le(r);
    out->cert_data = rd_slice(r, cert_size);
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, base + r->at, "quote: QE part ends too early");
    if (rd_left(r) != 0)
        return fail_set(fail, ERR_TRAILING, base + r->at, "quote: QE part longer than its content");
    if (out->cert_type < 1 || out->cert_type > 5)
        return fail_set(fail, ERR_UNSUPPORTED, base + r->at - cert_size - 6,
                        "quote: unknown certification data type");
    return OK;
}

/* Read the authentication data, which must fill `r`. `base` is where `r` starts in the quote. */
static cocoon_err read_auth(struct rd *r, size_t base, struct quote *out, struct fail *fail)
{
    uint16_t type;
    uint32_t size;

    out->signature = rd_slice(r, SIGNATURE_SIZE);
    out->attestation_key = rd_slice(r, 64);
    if (out->version == 3 && !r->bad) {
        struct rd whole = rd_init(rd_rest(r));

        return read_qe_part(&whole, base + r->at - whole.all.len, out, fail);
    }
    type = rd_u16le(r);
    size = rd_u32le(r);
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, base + r->at, "quote: signature part ends too early");
    if (type != CERT_TYPE_QE_REPORT)
        return fail_set(fail, ERR_MALFORMED, base + r->at - 6,
                        "quote: certification data is not a QE report");
    if (size != rd_left(r))
        return fail_set(fail, ERR_MALFORMED, base + r->at - 4,
                        "quote: size of the QE part does not fill the signature part");
    struct rd sub = rd_sub(r, size);

    return read_qe_part(&sub, base + r->at - size, out, fail);
}

cocoon_err quote_parse(struct slice in, struct quote *out, struct fail *fail)
{
    struct rd r = rd_init(in);
    struct rd auth;
    uint32_t auth_size;
    size_t base;
    cocoon_err err;

    *out = (struct quote){0};
    if ((err = read_header(&r, out, fail)) != OK || (err = read_body_type(&r, out, fail)) != OK ||
        (err = read_body(&r, out, fail)) != OK)
        return err;
    auth_size = rd_u32le(&r);
    base = r.at;
    auth = rd_sub(&r, auth_size);
    if (r.bad)
        return fail_set(fail, ERR_TRUNCATED, in.len, "quote ends inside its signature part");
    if ((err = read_auth(&auth, base, out, fail)) != OK)
        return err;
    out->trailing = rd_left(&r);
    return OK;
}
