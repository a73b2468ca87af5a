/*
 * TPM 2.0 structures, big-endian; TPM2B is u16 length and bytes.
 *
 * TPMS_ATTEST (quote)
 *   u32 magic          ff544347: data made inside a TPM, never chosen by a caller
 *   u16 type           8018: quote
 *   TPM2B signer       qualified name of the signing key
 *   TPM2B extraData    the verifier's nonce
 *   u64 clock, u32 resets, u32 restarts, u8 safe
 *   u64 firmware version
 *   u32 count, each: u16 hash algorithm, u8 size, bitmap (PCR i is bit i % 8 of byte i / 8)
 *   TPM2B digest       H(selected PCRs, ascending, in the order of the selections)
 *
 * TPMT_SIGNATURE   u16 scheme, u16 hash, then RSA: TPM2B | ECDSA: TPM2B r, TPM2B s
 * TPMT_PUBLIC      u16 type, u16 name algorithm, u32 attributes, TPM2B policy, then
 *   RSA: u16 symmetric (null), u16 scheme [u16 hash], u16 bits, u32 exponent (0: 65537), TPM2B
 *   ECC: u16 symmetric (null), u16 scheme [u16 hash], u16 curve, u16 kdf (null), TPM2B x, TPM2B y
 *
 * Source: TCG TPM 2.0 Library, Part 2, sections 10.12, 11.3, 12.2.
 */
#include "attest/tpm.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"

#define TPM_GENERATED 0xff544347U

enum {
    ST_ATTEST_QUOTE = 0x8018,
    ECC_NIST_P256 = 0x0003,
    ECC_NIST_P384 = 0x0004,
    BITMAP_MAX = 4,
};

static const uint8_t exponent_65537[] = {0x01, 0x00, 0x01};

static struct slice read_tpm2b(struct rd *r)
{
    return rd_slice(r, rd_u16be(r));
}

bool tpm_hash(uint16_t alg, enum hash_alg *out)
{
    switch (alg) {
    case TPM_ALG_SHA1:
        *out = HASH_SHA1_PCR;
        return true;
    case TPM_ALG_SHA256:
        *out = HASH_SHA256;
        return true;
    case TPM_ALG_SHA384:
        *out = HASH_SHA384;
        return true;
    case TPM_ALG_SHA512:
        *out = HASH_SHA512;
        return true;
    default:
        return false;
    }
}

const char *tpm_alg_name(uint16_t alg)
{
    switch (alg) {
    case TPM_ALG_SHA1:
        return "sha1";
    case TPM_ALG_SHA256:
        return "sha256";
    case TPM_ALG_SHA384:
        return "sha384";
    case TPM_ALG_SHA512:
        return "sha512";
    default:
        return "unknown";
    }
}

static cocoon_err read_selection(struct rd *r, struct tpm_quote *out, struct fail *fail)
{
    size_t at = r->at;
    struct tpm_selection s = {.alg = rd_u16be(r)};
    uint8_t size = rd_u8(r);
    struct slice bitmap = rd_slice(r, size);

    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, r->at, "TPM quote ends inside a PCR selection");
    if (size > BITMAP_MAX)
        return fail_set(fail, ERR_LIMIT, at, "TPM quote: PCR bitmap longer than 4 bytes");
    for (size_t i = 0; i < bitmap.len; i++)
        s.pcrs |= (uint32_t)bitmap.ptr[i] << (8 * i);
    if (s.pcrs >> TPM_PCR_COUNT != 0)
        return fail_set(fail, ERR_RANGE, at, "TPM quote selects a PCR beyond 23");
    for (size_t i = 0; i < out->selection_count; i++)
        if (out->selections[i].alg == s.alg)
            return fail_set(fail, ERR_DUPLICATE, at, "TPM quote selects one PCR bank twice");
    out->selections[out->selection_count++] = s;
    return OK;
}

static cocoon_err read_selections(struct rd *r, struct tpm_quote *out, struct fail *fail)
{
    uint32_t count = rd_u32be(r);
    cocoon_err err;

    if (count > TPM_SELECTIONS_MAX)
        return fail_set(fail, ERR_LIMIT, r->at - 4, "TPM quote: too many PCR selections");
    for (uint32_t i = 0; i < count; i++)
        if ((err = read_selection(r, out, fail)) != OK)
            return err;
    return OK;
}

cocoon_err tpm_quote_parse(struct slice in, struct tpm_quote *out, struct fail *fail)
{
    struct rd r = rd_init(in);
    uint32_t magic = rd_u32be(&r);
    uint16_t type = rd_u16be(&r);
    cocoon_err err;

    *out = (struct tpm_quote){.all = in};
    if (r.bad)
        return fail_set(fail, ERR_TRUNCATED, in.len, "TPM quote ends inside its head");
    if (magic != TPM_GENERATED)
        return fail_set(fail, ERR_MALFORMED, 0, "TPM quote: not made by a TPM (magic)");
    if (type != ST_ATTEST_QUOTE)
        return fail_set(fail, ERR_MALFORMED, 4, "TPM attestation is not a quote");
    out->signer = read_tpm2b(&r);
    out->nonce = read_tpm2b(&r);
    out->clock = rd_u64be(&r);
    out->reset_count = rd_u32be(&r);
    out->restart_count = rd_u32be(&r);
    out->safe = rd_u8(&r) != 0;
    out->firmware_version = rd_u64be(&r);
    if ((err = read_selections(&r, out, fail)) != OK)
        return err;
    out->pcr_digest = read_tpm2b(&r);
    if ((err = rd_end(&r)) != OK)
        return fail_set(fail, err, r.at, "TPM quote: length");
    return OK;
}

static cocoon_err read_scheme(struct rd *r, struct tpm_signature *out, struct fail *fail)
{
    out->sig_alg = rd_u16be(r);
    out->hash_alg = rd_u16be(r);
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, r->at, "TPM signature ends inside its head");
    if (out->sig_alg == TPM_ALG_RSASSA)
        out->scheme = SIG_RSA_PKCS1;
    else if (out->sig_alg == TPM_ALG_RSAPSS)
        out->scheme = SIG_RSA_PSS;
    else if (out->sig_alg == TPM_ALG_ECDSA)
        out->scheme = SIG_ECDSA_RAW;
    else
        return fail_set(fail, ERR_ALGORITHM, 0, "TPM signature scheme not allowed");
    if (!tpm_hash(out->hash_alg, &out->hash))
        return fail_set(fail, ERR_ALGORITHM, 2, "TPM signature hash not allowed");
    if (out->hash_alg == TPM_ALG_SHA1 && out->sig_alg == TPM_ALG_RSASSA)
        out->scheme = SIG_RSA_PKCS1_SHA1;
    else if (out->hash_alg == TPM_ALG_SHA1)
        return fail_set(fail, ERR_ALGORITHM, 2, "TPM signature hash not allowed");
    return OK;
}

/* Copy big-endian `number`, at most `width` bytes, to the end of `out`; the rest stays zero. */
static void put_number(struct slice number, size_t width, uint8_t *out)
{
    assert(number.len <= width);
    if (number.len > 0)
        memcpy(out + (width - number.len), number.ptr, number.len);
}

/* Lay two numbers out side by side at the width of the curve they fit: 32 or 48 bytes. */
static bool put_pair(struct slice a, struct slice b, uint8_t *room, struct slice *out)
{
    size_t width = num_max(a.len, b.len) <= 32 ? 32 : 48;

    if (a.len > width || b.len > width)
        return false;
    memset(room, 0, 2 * width);
    put_number(a, width, room);
    put_number(b, width, room + width);
    *out = slice_make(room, 2 * width);
    return true;
}

cocoon_err tpm_signature_parse(struct slice in, uint8_t room[96], struct tpm_signature *out,
                               struct fail *fail)
{
    struct rd r = rd_init(in);
    struct slice a, b;
    cocoon_err err;

    *out = (struct tpm_signature){0};
    if ((err = read_scheme(&r, out, fail)) != OK)
        return err;
    a = read_tpm2b(&r);
    b = out->scheme == SIG_ECDSA_RAW ? read_tpm2b(&r) : (struct slice){NULL, 0};
    if ((err = rd_end(&r)) != OK)
        return fail_set(fail, err, r.at, "TPM signature: length");
    out->bytes = a;
    if (out->scheme == SIG_ECDSA_RAW && !put_pair(a, b, room, &out->bytes))
        return fail_set(fail, ERR_ALGORITHM, 4, "TPM signature wider than P-384");
    return OK;
}

/* Read the symmetric algorithm, which must be null, and the signing scheme with its hash. */
static bool read_key_schemes(struct rd *r)
{
    uint16_t symmetric = rd_u16be(r);
    uint16_t scheme = rd_u16be(r);

    if (scheme != TPM_ALG_NULL)
        rd_skip(r, 2);
    return symmetric == TPM_ALG_NULL;
}

static cocoon_err read_rsa(struct rd *r, struct sig_key *out, struct fail *fail)
{
    uint16_t bits = rd_u16be(r);
    uint32_t exponent = rd_u32be(r);

    out->kind = SIG_KEY_RSA;
    out->a = read_tpm2b(r);
    out->b = SLICE_OF(exponent_65537);
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, r->at, "TPM key ends inside its modulus");
    if (exponent != 0 && exponent != 0x10001)
        return fail_set(fail, ERR_ALGORITHM, r->at, "TPM key: RSA exponent is not 65537");
    if (out->a.len * 8 != bits)
        return fail_set(fail, ERR_MALFORMED, r->at, "TPM key: modulus does not have its size");
    return OK;
}

static cocoon_err read_ecc(struct rd *r, uint8_t room[96], struct sig_key *out, struct fail *fail)
{
    uint16_t curve = rd_u16be(r);
    uint16_t kdf = rd_u16be(r);
    struct slice x = read_tpm2b(r);
    struct slice y = read_tpm2b(r);
    size_t width = curve == ECC_NIST_P256 ? 32 : 48;

    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, r->at, "TPM key ends inside its point");
    if (curve != ECC_NIST_P256 && curve != ECC_NIST_P384)
        return fail_set(fail, ERR_ALGORITHM, r->at, "TPM key: curve is not P-256 or P-384");
    if (kdf != TPM_ALG_NULL || x.len > width || y.len > width)
        return fail_set(fail, ERR_MALFORMED, r->at, "TPM key: not a point of its curve");
    memset(room, 0, 96);
    put_number(x, width, room);
    put_number(y, width, room + width);
    out->kind = curve == ECC_NIST_P256 ? SIG_KEY_P256 : SIG_KEY_P384;
    out->a = slice_make(room, 2 * width);
    out->b = (struct slice){NULL, 0};
    return OK;
}

cocoon_err tpm_public_parse(struct slice in, uint8_t room[96], struct tpm_public *out,
                            struct fail *fail)
{
    struct rd r = rd_init(in);
    uint16_t type = rd_u16be(&r);
    bool signing;
    cocoon_err err;

    *out = (struct tpm_public){0};
    rd_skip(&r, 2);
    out->attributes = rd_u32be(&r);
    (void)read_tpm2b(&r);
    signing = read_key_schemes(&r);
    if (r.bad)
        return fail_set(fail, ERR_TRUNCATED, r.at, "TPM key ends inside its head");
    if (!signing)
        return fail_set(fail, ERR_MALFORMED, r.at, "TPM key is not a signing key");
    if (type == TPM_ALG_RSA)
        err = read_rsa(&r, &out->key, fail);
    else if (type == TPM_ALG_ECC)
        err = read_ecc(&r, room, &out->key, fail);
    else
        err = fail_set(fail, ERR_ALGORITHM, 0, "TPM key is neither RSA nor ECC");
    if (err == OK && (err = rd_end(&r)) != OK)
        return fail_set(fail, err, r.at, "TPM key: length");
    return err;
}
