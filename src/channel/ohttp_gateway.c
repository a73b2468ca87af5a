/*
 * The gateway's end. A request passes three gates before its first byte is handed out: its header
 * names a live key and a suite that this key offers; its first chunk is authentic; its id was never
 * seen before. The id is burned only then, so that bytes anyone could write burn nothing.
 */
#include <assert.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rd.h"
#include "base/wr.h"
#include "channel/ohttp_impl.h"

void ohttp_gateway_init(struct ohttp_gateway *g, enum ohttp_format format, struct ohttp_keys *keys)
{
    *g = (struct ohttp_gateway){.format = format, .keys = keys};
    ohttp_pending_init(&g->pending, format == OHTTP_WHOLE ? LIMIT_REQUEST_BODY : OHTTP_CHUNK_MAX);
}

void ohttp_gateway_fini(struct ohttp_gateway *g)
{
    ohttp_lane_fini(&g->request);
    ohttp_lane_fini(&g->response);
    ohttp_pending_fini(&g->pending);
    mem_wipe(g, sizeof *g);
}

/* A header being read: what it says, and how long it is with what belongs to it. */
struct head {
    struct ohttp_header header;
    struct ohttp_key *key;
    struct slice enc;
    uint64_t counter;
};

/* Read the first seven bytes: which key, which suite. */
static cocoon_err read_ids(struct ohttp_gateway *g, struct rd *r, unix_time now, struct head *head,
                           struct fail *fail)
{
    uint8_t key_id = rd_u8(r);
    unsigned kem = rd_u16be(r), kdf = rd_u16be(r), aead = rd_u16be(r);
    struct hpke_suite *suite = &g->secrets.suite;

    head->key = ohttp_keys_find(g->keys, key_id, kem, now);
    if (head->key == NULL)
        return fail_set(fail, ERR_ABSENT, 0, "no live OHTTP key has this identifier and KEM");
    if (!hpke_suite_known(kem, kdf, aead, suite) ||
        !ohttp_config_offers(ohttp_key_config(head->key), *suite))
        return fail_set(fail, ERR_ALGORITHM, 3, "OHTTP key does not offer these algorithms");
    head->header = ohttp_header_make(key_id, *suite);
    return OK;
}

/* Derive the exchange from `head`. */
static cocoon_err derive(struct ohttp_gateway *g, const struct head *head)
{
    struct ohttp_secrets *s = &g->secrets;
    uint8_t info_bytes[OHTTP_INFO_MAX];
    struct slice info = ohttp_info(g->format, &head->header, info_bytes);
    const struct hpke *session;
    struct hpke h = {.sequence = 0};
    struct wr w = wr_init(s->enc.bytes, sizeof s->enc.bytes);
    cocoon_err err;

    wr_slice(&w, head->enc);
    s->enc.len = w.len;
    if (g->format == OHTTP_SESSION) {
        err = ohttp_key_session(head->key, s->suite, head->enc, info, &session);
        return err == OK ? ohttp_derive_session(session, head->counter, s, &g->request) : err;
    }
    err = ohttp_key_receiver(head->key, s->suite, head->enc, info, &h);
    if (err == OK)
        err = ohttp_derive_single(&h, g->format, s, &g->request);
    hpke_fini(&h);
    return err;
}

/* Read the header if all of it is pending; g->keyed says so afterwards. */
static cocoon_err read_header(struct ohttp_gateway *g, unix_time now, bool last, struct fail *fail)
{
    struct rd r = rd_init(buf_slice(&g->pending.bytes));
    struct head head = {.key = NULL};
    cocoon_err err;

    if (rd_left(&r) >= OHTTP_HEADER_LEN) {
        if ((err = read_ids(g, &r, now, &head, fail)) != OK)
            return err;
        head.enc = rd_slice(&r, kem_enc_len(g->secrets.suite.kem));
        head.counter = g->format == OHTTP_SESSION ? rd_u64be(&r) : 0;
    }
    if (head.key == NULL || r.bad)
        return last ? fail_set(fail, ERR_TRUNCATED, 0, "request ends within its header") : OK;
    if (head.counter >= OHTTP_SESSION_REQUESTS)
        return fail_set(fail, ERR_RANGE, 0, "session counter is over its limit");
    if ((err = derive(g, &head)) != OK)
        return fail_set(fail, err, OHTTP_HEADER_LEN, "encapsulated key is not valid");
    g->key_serial = ohttp_key_serial(head.key);
    g->keyed = true;
    buf_drop(&g->pending.bytes, r.at);
    return OK;
}

/* Take bytes off `*in` until the header has been read or they are used up. */
static cocoon_err gather_header(struct ohttp_gateway *g, unix_time now, struct slice *in, bool last,
                                struct fail *fail)
{
    struct buf *held = &g->pending.bytes;
    size_t take = num_min(in->len, held->max - held->len);

    buf_put(held, slice_sub(*in, 0, take));
    *in = slice_skip(*in, take);
    return read_header(g, now, last && in->len == 0, fail);
}

/* The first chunk was authentic: refuse the request if its id was used before. */
static cocoon_err burn_id(struct ohttp_gateway *g, struct fail *fail)
{
    struct ohttp_key *key = ohttp_keys_by_serial(g->keys, g->key_serial);
    cocoon_err err;

    if (key == NULL)
        return fail_set(fail, ERR_ABSENT, 0, "OHTTP key was erased before the first chunk came");
    err = burn(ohttp_key_burned(key), &g->secrets.request_id);
    if (err == ERR_REPLAY)
        return fail_set(fail, err, 0, "request was received before");
    if (err != OK)
        return fail_set(fail, err, 0, "too many requests for one OHTTP key");
    g->burned = true;
    g->keys = NULL;
    return OK;
}

static cocoon_err gateway_open(struct ohttp_gateway *g, unix_time now, struct slice in, bool last,
                               struct buf *out, struct fail *fail)
{
    size_t before = out->len;
    cocoon_err err;

    if (!g->keyed && (err = gather_header(g, now, &in, last, fail)) != OK)
        return err;
    if (!g->keyed)
        return OK;
    err = ohttp_lane_open(&g->request, &g->pending, in, last, out, fail);
    if (!g->burned && g->request.counter > 0) {
        cocoon_err refused = burn_id(g, fail);

        if (refused != OK) {
            mem_wipe(out->ptr + before, out->len - before);
            out->len = before;
            return refused;
        }
    }
    return err;
}

cocoon_err ohttp_gateway_open(struct ohttp_gateway *g, unix_time now, struct slice in, bool last,
                              struct buf *out, struct fail *fail)
{
    if (g->pending.failed != OK)
        return fail_set(fail, g->pending.failed, 0, "request has failed before");
    g->pending.failed = gateway_open(g, now, in, last, out, fail);
    return g->pending.failed;
}

cocoon_err ohttp_gateway_seal(struct ohttp_gateway *g, const struct rng *rng, struct slice plain,
                              bool final, struct buf *out)
{
    uint8_t nonce_bytes[OHTTP_RESPONSE_NONCE_MAX];
    struct slice nonce = slice_make(nonce_bytes, ohttp_nonce_len(g->secrets.suite));
    cocoon_err err;

    assert(g->burned);
    if (!g->response_keyed) {
        rng_fill(rng, nonce_bytes, nonce.len);
        if ((err = ohttp_derive_response(&g->secrets, g->format, nonce, &g->response)) != OK)
            return err;
        buf_put(out, nonce);
        g->response_keyed = true;
    }
    return ohttp_lane_seal(&g->response, plain, final, out);
}
