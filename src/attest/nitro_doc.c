/*
 * COSE_Sign1 (RFC 9052 4.2), tag 18 or none: [protected, unprotected, payload, signature]
 *
 *   protected     bytes of {1: -35}: ES384 and nothing else
 *   unprotected   {}
 *   payload       bytes of the document
 *   signature     r || s, 96 bytes, over ["Signature1", protected, h'', payload]
 *
 * Document, a map with text keys, each once, in any order:
 *
 *   module_id     text, not empty              digest      "SHA384" (or "SHA256", "SHA512")
 *   timestamp     milliseconds since 1970      pcrs        {0..31: bytes as long as the digest}
 *   certificate   DER, 1..1024                 cabundle    [DER 1..1024, ..], root first
 *   public_key    bytes 1..1024 or null        user_data   bytes 0..512 or null
 *   nonce         bytes 0..512 or null
 *
 * The last three may be absent. The map may be of indefinite length: documents of 2025 are.
 * Documents of NitroTPM have nitrotpm_pcrs instead of pcrs. Keys that are not listed are refused:
 * nothing says what they would mean. Since 2025-11 the PCR map may hold more than the sixteen that
 * an enclave has.
 *
 * Source: AWS Nitro Enclaves, "Verifying the root of trust" (attestation_process.md), section 2.
 */
#include "attest/nitro.h"

#include "codec/cbor.h"

enum {
    TAG_COSE_SIGN1 = 18,
    COSE_ALG = 1,
    COSE_ES384 = -35,
    SIGNATURE_SIZE = 96,
    CERTIFICATE_MAX = 1024,
    PUBLIC_KEY_MAX = 1024,
    USER_DATA_MAX = 512,
    NONCE_MAX = 512,
};

/* The map is {1: -35}. */
static bool header_ok(struct slice header)
{
    struct cbor_rd c = cbor_rd_init(header, CBOR_INDEFINITE);

    return cbor_rd_map(&c) == 1 && cbor_rd_uint(&c) == COSE_ALG && cbor_rd_int(&c) == COSE_ES384 &&
           cbor_rd_end(&c) == OK;
}

static cocoon_err read_cose(struct slice in, struct nitro_doc *out, struct fail *fail)
{
    struct cbor_rd c;
    cocoon_err err;

    if ((err = cbor_check(in, CBOR_INDEFINITE, fail)) != OK)
        return err;
    c = cbor_rd_init(in, CBOR_INDEFINITE);
    if (cbor_rd_kind(&c) == CBOR_TAG && cbor_rd_tag(&c) != TAG_COSE_SIGN1)
        return fail_set(fail, ERR_MALFORMED, 0, "Nitro document is not a COSE_Sign1");
    if (cbor_rd_array(&c) != 4)
        return fail_set(fail, ERR_MALFORMED, 0, "Nitro document is not a COSE_Sign1");
    out->protected_header = cbor_rd_bytes(&c);
    if (cbor_rd_map(&c) != 0)
        return fail_set(fail, ERR_MALFORMED, 0, "Nitro document: unprotected header not empty");
    out->payload = cbor_rd_bytes(&c);
    out->signature = cbor_rd_bytes(&c);
    if (cbor_rd_end(&c) != OK)
        return fail_set(fail, ERR_MALFORMED, 0, "Nitro document is not a COSE_Sign1");
    if (!header_ok(out->protected_header))
        return fail_set(fail, ERR_ALGORITHM, 0, "Nitro document: protected header is not ES384");
    if (out->signature.len != SIGNATURE_SIZE)
        return fail_set(fail, ERR_MALFORMED, 0, "Nitro document: signature is not 96 bytes");
    return OK;
}

static cocoon_err read_pcrs(struct cbor_rd *c, struct nitro_doc *out)
{
    size_t count = cbor_rd_map(c);

    if (out->pcr_count != 0 || count == 0 || count > NITRO_PCRS)
        return ERR_MALFORMED;
    for (size_t i = 0; i < count; i++) {
        uint64_t index = cbor_rd_uint(c);
        struct slice value = cbor_rd_bytes(c);

        if (c->err != OK || index >= NITRO_PCRS)
            return ERR_MALFORMED;
        out->pcrs[index] = value; /* a key stands once: checked by the reader */
    }
    out->pcr_count = count;
    return OK;
}

static cocoon_err read_bundle(struct cbor_rd *c, struct nitro_doc *out)
{
    size_t count = cbor_rd_array(c);

    if (count == 0 || count > NITRO_BUNDLE_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < count; i++) {
        out->bundle[i] = cbor_rd_bytes(c);
        if (out->bundle[i].len == 0 || out->bundle[i].len > CERTIFICATE_MAX)
            return ERR_RANGE;
    }
    out->bundle_count = count;
    return OK;
}

/* Read bytes of `min`..`max`, or null. */
static cocoon_err read_optional(struct cbor_rd *c, size_t min, size_t max, bool *has,
                                struct slice *out)
{
    *has = cbor_rd_kind(c) != CBOR_NULL;
    if (!*has) {
        cbor_rd_null(c);
        return OK;
    }
    *out = cbor_rd_bytes(c);
    return out->len < min || out->len > max ? ERR_RANGE : OK;
}

static cocoon_err read_member(struct cbor_rd *c, struct slice key, struct nitro_doc *out)
{
    if (slice_eq_text(key, "module_id")) {
        out->module_id = cbor_rd_text(c);
    } else if (slice_eq_text(key, "timestamp")) {
        out->timestamp_ms = cbor_rd_uint(c);
    } else if (slice_eq_text(key, "digest")) {
        out->digest = cbor_rd_text(c);
    } else if (slice_eq_text(key, "certificate")) {
        out->certificate = cbor_rd_bytes(c);
    } else if (slice_eq_text(key, "pcrs")) {
        return read_pcrs(c, out);
    } else if (slice_eq_text(key, "nitrotpm_pcrs")) {
        out->is_tpm = true;
        return read_pcrs(c, out);
    } else if (slice_eq_text(key, "cabundle")) {
        return read_bundle(c, out);
    } else if (slice_eq_text(key, "public_key")) {
        return read_optional(c, 1, PUBLIC_KEY_MAX, &out->has_public_key, &out->public_key);
    } else if (slice_eq_text(key, "user_data")) {
        return read_optional(c, 0, USER_DATA_MAX, &out->has_user_data, &out->user_data);
    } else if (slice_eq_text(key, "nonce")) {
        return read_optional(c, 0, NONCE_MAX, &out->has_nonce, &out->nonce);
    } else {
        return ERR_UNKNOWN_NAME;
    }
    return OK;
}

/* Every PCR has the length of the digest that the document names. */
static bool pcr_sizes_ok(const struct nitro_doc *doc)
{
    size_t len = slice_eq_text(doc->digest, "SHA384")   ? 48
                 : slice_eq_text(doc->digest, "SHA256") ? 32
                 : slice_eq_text(doc->digest, "SHA512") ? 64
                                                        : 0;

    for (size_t i = 0; i < NITRO_PCRS; i++)
        if (doc->pcrs[i].ptr != NULL && doc->pcrs[i].len != len)
            return false;
    return true;
}

static cocoon_err read_document(struct nitro_doc *out, struct fail *fail)
{
    struct cbor_rd c;
    cocoon_err err;

    if ((err = cbor_check(out->payload, CBOR_INDEFINITE, fail)) != OK)
        return err;
    c = cbor_rd_init(out->payload, CBOR_INDEFINITE);
    for (size_t left = cbor_rd_map(&c); left > 0; left--)
        if ((err = read_member(&c, cbor_rd_text(&c), out)) != OK)
            return fail_set(fail, err, c.in.at, "Nitro document: a member is not as specified");
    if (cbor_rd_end(&c) != OK)
        return fail_set(fail, ERR_MALFORMED, c.in.at, "Nitro document: a member has another type");
    if (out->module_id.len == 0 || out->timestamp_ms == 0 || out->pcr_count == 0 ||
        out->certificate.len == 0 || out->bundle_count == 0)
        return fail_set(fail, ERR_MISSING, 0, "Nitro document lacks a member");
    if (out->certificate.len > CERTIFICATE_MAX)
        return fail_set(fail, ERR_RANGE, 0, "Nitro document: certificate too long");
    if (!pcr_sizes_ok(out))
        return fail_set(fail, ERR_MALFORMED, 0, "Nitro document: PCRs do not fit the digest");
    return OK;
}

cocoon_err nitro_doc_parse(struct slice in, struct nitro_doc *out, struct fail *fail)
{
    cocoon_err err;

    *out = (struct nitro_doc){0};
    if ((err = read_cose(in, out, fail)) != OK)
        return err;
    return read_document(out, fail);
}
