#include "attest/kit_test.h"

#include <assert.h>
#include <string.h>

#include "base/test.h"

struct slice kit_fill(struct arena *arena, uint8_t value, size_t len)
{
    uint8_t *bytes = arena_new(arena, len + 1);

    assert_non_null(bytes);
    memset(bytes, value, len);
    return slice_make(bytes, len);
}

uint8_t *kit_copy(struct arena *arena, struct slice s)
{
    uint8_t *bytes = arena_new(arena, s.len + 1);

    assert_non_null(bytes);
    if (s.len > 0)
        memcpy(bytes, s.ptr, s.len);
    return bytes;
}

struct slice kit_or(struct arena *arena, struct slice s, uint8_t value, size_t len)
{
    if (s.ptr == NULL)
        return kit_fill(arena, value, len);
    assert_int_equal(s.len, len);
    return s;
}

/* Start a writer over `room` fresh bytes of `arena`. */
static struct wr kit_writer(struct arena *arena, size_t room)
{
    uint8_t *bytes = arena_new(arena, room);

    assert_non_null(bytes);
    return wr_init(bytes, room);
}

static struct slice kit_done(const struct wr *w)
{
    struct slice out;

    assert_int_equal(wr_end(w, &out), OK);
    return out;
}

struct slice kit_sgx_report(struct arena *arena, const struct kit_sgx_report *r)
{
    struct wr w = kit_writer(arena, 384);

    wr_slice(&w, kit_or(arena, r->cpu_svn, 0x01, 16));
    wr_slice(&w, kit_or(arena, r->misc_select, 0, 4));
    wr_zero(&w, 28);
    wr_slice(&w, kit_or(arena, r->attributes, 0, 16));
    wr_slice(&w, kit_or(arena, r->mr_enclave, 0x03, 32));
    wr_zero(&w, 32);
    wr_slice(&w, kit_or(arena, r->mr_signer, 0x04, 32));
    wr_zero(&w, 96);
    wr_u16le(&w, r->isv_prod_id);
    wr_u16le(&w, r->isv_svn);
    wr_zero(&w, 60);
    wr_slice(&w, kit_or(arena, r->report_data, 0x05, 64));
    return kit_done(&w);
}

struct slice kit_td_report(struct arena *arena, const struct kit_td_report *r, uint16_t type)
{
    struct wr w = kit_writer(arena, 1024);

    wr_slice(&w, kit_or(arena, r->tee_tcb_svn, 0x01, 16));
    wr_slice(&w, kit_or(arena, r->mr_seam, 0x02, 48));
    wr_slice(&w, kit_or(arena, r->mrsigner_seam, 0, 48));
    wr_slice(&w, kit_or(arena, r->seam_attributes, 0, 8));
    wr_slice(&w, kit_or(arena, r->td_attributes, 0, 8));
    wr_slice(&w, kit_or(arena, r->xfam, 0x03, 8));
    wr_slice(&w, kit_or(arena, r->mr_td, 0x07, 48));
    wr_slice(&w, kit_fill(arena, 0x08, 48));
    wr_slice(&w, kit_fill(arena, 0x09, 48));
    wr_slice(&w, kit_fill(arena, 0x0a, 48));
    for (size_t i = 0; i < 4; i++)
        wr_slice(&w, kit_or(arena, r->rtmr[i], (uint8_t)(0x10 + i), 48));
    wr_slice(&w, kit_or(arena, r->report_data, 0x0b, 64));
    if (type >= 3) {
        wr_slice(&w, kit_or(arena, r->tee_tcb_svn2, 0x01, 16));
        wr_slice(&w, kit_or(arena, r->mr_service_td, 0, 48));
    }
    if (type == 4)
        wr_slice(&w, kit_fill(arena, 0x0c, 237));
    return kit_done(&w);
}

struct slice kit_quote_signed(struct arena *arena, const struct kit_quote *q)
{
    static const uint8_t vendor[] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                     0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
    struct wr w = kit_writer(arena, 1024);

    wr_u16le(&w, q->version);
    wr_u16le(&w, 2);
    wr_u32le(&w, q->tee);
    wr_zero(&w, 4);
    wr_slice(&w, SLICE_OF(vendor));
    wr_slice(&w, kit_fill(arena, 0x20, 20));
    if (q->version >= 5) {
        wr_u16le(&w, q->body_type);
        wr_u32le(&w, (uint32_t)q->body.len);
    }
    wr_slice(&w, q->body);
    return kit_done(&w);
}

static void put_qe_part(struct arena *arena, struct wr *w, const struct kit_quote *q)
{
    wr_slice(w, kit_or(arena, q->qe_report, 0x23, 384));
    wr_slice(w, kit_or(arena, q->qe_signature, 0x24, 64));
    wr_u16le(w, (uint16_t)q->qe_auth.len);
    wr_slice(w, q->qe_auth);
    wr_u16le(w, q->cert_type);
    wr_u32le(w, (uint32_t)q->cert_data.len);
    wr_slice(w, q->cert_data);
}

struct slice kit_quote(struct arena *arena, const struct kit_quote *q)
{
    struct wr qe = kit_writer(arena, 64 * 1024);
    struct wr w = kit_writer(arena, 64 * 1024);
    struct slice part;

    put_qe_part(arena, &qe, q);
    part = kit_done(&qe);
    wr_slice(&w, kit_quote_signed(arena, q));
    wr_u32le(&w, (uint32_t)((q->version >= 4 ? 134U : 128U) + part.len));
    wr_slice(&w, kit_or(arena, q->signature, 0x21, 64));
    wr_slice(&w, kit_or(arena, q->attestation_key, 0x22, 64));
    if (q->version >= 4) {
        wr_u16le(&w, 6);
        wr_u32le(&w, (uint32_t)part.len);
    }
    wr_slice(&w, part);
    wr_slice(&w, q->trailing);
    return kit_done(&w);
}

struct slice kit_snp_report(struct arena *arena, const struct kit_snp_report *r)
{
    struct wr w = kit_writer(arena, 1184);

    wr_u32le(&w, r->version);
    wr_u32le(&w, 7);
    wr_u64le(&w, r->policy);
    wr_slice(&w, kit_fill(arena, 0x31, 16));
    wr_slice(&w, kit_fill(arena, 0x32, 16));
    wr_u32le(&w, r->vmpl);
    wr_u32le(&w, r->sig_algo);
    wr_slice(&w, kit_or(arena, r->current_tcb, 0x33, 8));
    wr_u64le(&w, 0x25);
    wr_u32le(&w, r->signer_info);
    wr_zero(&w, 4);
    wr_slice(&w, kit_or(arena, r->report_data, 0x34, 64));
    wr_slice(&w, kit_or(arena, r->measurement, 0x35, 48));
    wr_slice(&w, kit_fill(arena, 0x36, 32));
    wr_slice(&w, kit_fill(arena, 0x37, 48));
    wr_slice(&w, kit_fill(arena, 0x38, 48));
    wr_slice(&w, kit_fill(arena, 0x39, 32));
    wr_slice(&w, kit_fill(arena, 0x3a, 32));
    wr_slice(&w, kit_or(arena, r->reported_tcb, 0x33, 8));
    wr_u8(&w, r->family);
    wr_u8(&w, r->model);
    wr_u8(&w, r->stepping);
    wr_zero(&w, 21);
    wr_slice(&w, kit_or(arena, r->chip_id, 0x3b, 64));
    wr_slice(&w, kit_or(arena, r->committed_tcb, 0x33, 8));
    wr_u32le(&w, 0x013701);
    wr_u32le(&w, 0x013701);
    wr_slice(&w, kit_or(arena, r->launch_tcb, 0x33, 8));
    wr_zero(&w, 16 + 152);
    wr_slice(&w, kit_or(arena, r->r, 0x3c, 72));
    wr_slice(&w, kit_or(arena, r->s, 0x3d, 72));
    wr_zero(&w, 368);
    return kit_done(&w);
}

void kit_spdm_field(struct wr *opaque, uint16_t type, struct slice value)
{
    wr_u16le(opaque, type);
    wr_u16le(opaque, (uint16_t)value.len);
    wr_slice(opaque, value);
}

static struct slice spdm_record(struct arena *arena, const struct kit_spdm_report *r)
{
    struct wr w = kit_writer(arena, 8192);

    for (size_t i = 0; i < r->measurements; i++) {
        struct slice value = kit_or(arena, r->measurement[i], (uint8_t)i, 48);

        wr_u8(&w, (uint8_t)(i + 1));
        wr_u8(&w, 1);
        wr_u16le(&w, (uint16_t)(value.len + 3));
        wr_u8(&w, 1);
        wr_u16le(&w, (uint16_t)value.len);
        wr_slice(&w, value);
    }
    return kit_done(&w);
}

struct slice kit_spdm_report(struct arena *arena, const struct kit_spdm_report *r)
{
    struct wr w = kit_writer(arena, 16 * 1024);
    struct slice record = spdm_record(arena, r);

    wr_u32be(&w, 0x11e001ff);
    wr_slice(&w, kit_or(arena, r->nonce, 0x41, 32));
    wr_u8(&w, 0);
    wr_u32be(&w, 0x11600000);
    wr_u8(&w, (uint8_t)r->measurements);
    wr_u16le(&w, (uint16_t)record.len);
    wr_u8(&w, 0);
    wr_slice(&w, record);
    wr_slice(&w, kit_or(arena, r->response_nonce, 0x42, 32));
    wr_u16le(&w, (uint16_t)r->opaque.len);
    wr_slice(&w, r->opaque);
    wr_slice(&w, kit_or(arena, r->signature, 0x43, 96));
    return kit_done(&w);
}

/* Parse a copy of exactly the bytes of `in`, so that a sanitizer sees any overread. */
static cocoon_err parse_copy(struct slice in, kit_parser parse, void *ctx, struct fail *fail)
{
    uint8_t *copy = malloc(in.len + (in.len == 0));
    cocoon_err err;

    assert_non_null(copy);
    if (in.len > 0)
        memcpy(copy, in.ptr, in.len);
    err = parse(slice_make(copy, in.len), ctx, fail);
    free(copy);
    return err;
}

void kit_truncate(struct slice good, size_t shortest_ok, kit_parser parse, void *ctx)
{
    struct fail fail = {0};

    assert_int_equal(parse_copy(good, parse, ctx, &fail), OK);
    for (size_t len = 0; len < good.len; len++) {
        cocoon_err err;

        fail = (struct fail){0};
        err = parse_copy(slice_sub(good, 0, len), parse, ctx, &fail);
        if (len >= shortest_ok)
            continue;
        if (cocoon_err_exit(err) != 30 || fail.code != err || fail.offset > len)
            fail_msg("cut to %zu bytes: %s at %zu", len, cocoon_err_name(err), fail.offset);
    }
}

void kit_flip(struct slice good, kit_parser parse, void *ctx)
{
    uint8_t *copy = malloc(good.len);

    assert_non_null(copy);
    memcpy(copy, good.ptr, good.len);
    for (size_t bit = 0; bit < good.len * 8; bit++) {
        struct fail fail = {0};
        cocoon_err err;

        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        err = parse_copy(slice_make(copy, good.len), parse, ctx, &fail);
        if (err != OK && (fail.code != err || fail.what == NULL))
            fail_msg("bit %zu: %s without a reason", bit, cocoon_err_name(err));
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    free(copy);
}
