#include "channel/ohttp_chunk.h"

#include <assert.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rd.h"
#include "base/wr.h"
#include "crypto/labels.h"

enum { VARINT_MAX = 8 };

#define AAD_FINAL SLICE_LIT(LABEL_OHTTP_FINAL)
#define AAD_NONE  SLICE_LIT("")

void ohttp_lane_fini(struct ohttp_lane *lane)
{
    aead_fini(&lane->aead);
    mem_wipe(lane, sizeof *lane);
}

/* --- sealing --- */

/* Append the length that goes before a chunk: 0 announces the final one. */
static void put_length(struct buf *out, uint64_t len)
{
    uint8_t bytes[VARINT_MAX];
    struct wr w = wr_init(bytes, sizeof bytes);

    wr_varint(&w, len);
    buf_put(out, slice_make(bytes, w.len));
}

/* Seal `plain` as the next chunk, without its length. */
static cocoon_err seal_next(struct ohttp_lane *lane, struct slice aad, struct slice plain,
                            struct buf *out)
{
    struct aead_nonce nonce = aead_nonce(&lane->base_nonce, lane->counter);
    uint8_t *at = buf_extend(out, plain.len + AEAD_TAG_LEN);

    if (at == NULL)
        return ERR_LIMIT;
    lane->counter++;
    return aead_seal(&lane->aead, &nonce, aad, plain, at);
}

static cocoon_err seal_chunk(struct ohttp_lane *lane, struct slice plain, bool final,
                             struct buf *out)
{
    lane->ended = final;
    if (lane->whole)
        return seal_next(lane, AAD_NONE, plain, out);
    put_length(out, final ? 0 : plain.len + AEAD_TAG_LEN);
    return seal_next(lane, final ? AAD_FINAL : AAD_NONE, plain, out);
}

cocoon_err ohttp_lane_seal(struct ohttp_lane *lane, struct slice plain, bool final, struct buf *out)
{
    size_t most = lane->whole ? plain.len : OHTTP_CHUNK;
    cocoon_err err;

    assert(final || !lane->whole);
    if (lane->ended)
        return ERR_CLOSED;
    while (plain.len > most) {
        if ((err = seal_chunk(lane, slice_sub(plain, 0, most), false, out)) != OK)
            return err;
        plain = slice_skip(plain, most);
    }
    return final || plain.len > 0 ? seal_chunk(lane, plain, final, out) : OK;
}

/* --- opening --- */

void ohttp_pending_init(struct ohttp_pending *p, size_t max)
{
    p->failed = OK;
    buf_init(&p->bytes, max + AEAD_TAG_LEN + VARINT_MAX);
}

void ohttp_pending_fini(struct ohttp_pending *p)
{
    buf_wipe(&p->bytes);
}

/* The longest sealed chunk that `p` takes. */
static size_t sealed_max(const struct ohttp_pending *p)
{
    return p->bytes.max - VARINT_MAX;
}

/* Open `sealed` as the next chunk and append it to `out`; on failure `out` is as it was. */
static cocoon_err open_next(struct ohttp_lane *lane, struct slice aad, struct slice sealed,
                            struct buf *out, struct fail *fail)
{
    struct aead_nonce nonce = aead_nonce(&lane->base_nonce, lane->counter);
    size_t before = out->len;
    uint8_t *at;

    if (sealed.len < AEAD_TAG_LEN)
        return fail_set(fail, ERR_DECRYPT, 0, "chunk is shorter than its tag");
    at = buf_extend(out, sealed.len - AEAD_TAG_LEN);
    if (at == NULL)
        return fail_set(fail, ERR_LIMIT, 0, "message is longer than it may be");
    if (aead_open(&lane->aead, &nonce, aad, sealed, at) != OK) {
        out->len = before;
        return fail_set(fail, ERR_DECRYPT, 0, "chunk is not authentic at its place");
    }
    lane->counter++;
    return OK;
}

/* Open all that a `whole` lane got. */
static cocoon_err open_whole(struct ohttp_lane *lane, const struct ohttp_pending *p,
                             struct slice in, bool last, size_t *used, struct buf *out,
                             struct fail *fail)
{
    cocoon_err err;

    *used = 0;
    if (in.len > sealed_max(p))
        return fail_set(fail, ERR_LIMIT, 0, "message is longer than it may be");
    if (!last)
        return OK;
    if ((err = open_next(lane, AAD_NONE, in, out, fail)) != OK)
        return err;
    lane->ended = true;
    *used = in.len;
    return OK;
}

/*
 * Open the first chunk of `in` if all of it is there, and set `*used` to its length with framing;
 * else set it to 0. `last`: nothing will follow `in`.
 */
static cocoon_err open_chunk(struct ohttp_lane *lane, const struct ohttp_pending *p,
                             struct slice in, bool last, size_t *used, struct buf *out,
                             struct fail *fail)
{
    struct rd r = rd_init(in);
    uint64_t len = rd_varint(&r);
    cocoon_err err;

    *used = 0;
    if (r.bad)
        return OK;
    if ((len == 0 ? rd_left(&r) : len) > sealed_max(p))
        return fail_set(fail, ERR_LIMIT, 0, "chunk is longer than it may be");
    if (len > 0 && len <= AEAD_TAG_LEN)
        return fail_set(fail, ERR_MALFORMED, 0, "empty chunk that is not the final one");
    if (len == 0 ? !last : rd_left(&r) < len)
        return OK;
    if (len == 0)
        err = open_next(lane, AAD_FINAL, rd_rest(&r), out, fail);
    else
        err = open_next(lane, AAD_NONE, rd_slice(&r, (size_t)len), out, fail);
    if (err != OK)
        return err;
    lane->ended = len == 0;
    *used = r.at;
    return OK;
}

/* Open every chunk that is complete in `in`; set `*used` to how many bytes that were. */
static cocoon_err open_all(struct ohttp_lane *lane, const struct ohttp_pending *p, struct slice in,
                           bool last, size_t *used, struct buf *out, struct fail *fail)
{
    size_t one = 0;

    if (lane->whole)
        return open_whole(lane, p, in, last, used, out, fail);
    *used = 0;
    do {
        cocoon_err err = open_chunk(lane, p, slice_skip(in, *used), last, &one, out, fail);

        if (err != OK)
            return err;
        *used += one;
    } while (one > 0 && !lane->ended);
    return OK;
}

/* Open what `p` holds together with as much of `*in` as fits, and take that off `*in`. */
static cocoon_err open_step(struct ohttp_lane *lane, struct ohttp_pending *p, struct slice *in,
                            bool last, struct buf *out, struct fail *fail)
{
    size_t take = num_min(in->len, p->bytes.max - p->bytes.len), used;
    cocoon_err err;

    buf_put(&p->bytes, slice_sub(*in, 0, take));
    *in = slice_skip(*in, take);
    err = open_all(lane, p, buf_slice(&p->bytes), last && in->len == 0, &used, out, fail);
    if (err != OK)
        return err;
    buf_drop(&p->bytes, used);
    if (in->len > 0 && p->bytes.len == p->bytes.max)
        return fail_set(fail, ERR_LIMIT, 0, "chunk is longer than it may be");
    return OK;
}

static cocoon_err lane_open(struct ohttp_lane *lane, struct ohttp_pending *p, struct slice in,
                            bool last, struct buf *out, struct fail *fail)
{
    cocoon_err err;

    if (lane->ended)
        return in.len == 0 ? OK : fail_set(fail, ERR_TRAILING, 0, "bytes after the final chunk");
    if (p->bytes.len == 0) { /* the common case: whole chunks, opened where they lie */
        size_t used;

        if ((err = open_all(lane, p, in, last, &used, out, fail)) != OK)
            return err;
        in = slice_skip(in, used);
    }
    while (!lane->ended) { /* at least once: chunks may be pending already */
        if ((err = open_step(lane, p, &in, last, out, fail)) != OK)
            return err;
        if (in.len == 0)
            break;
    }
    if (last && !lane->ended)
        return fail_set(fail, ERR_TRUNCATED, 0, "message ends before its final chunk");
    return OK;
}

cocoon_err ohttp_lane_open(struct ohttp_lane *lane, struct ohttp_pending *p, struct slice in,
                           bool last, struct buf *out, struct fail *fail)
{
    if (p->failed != OK)
        return fail_set(fail, p->failed, 0, "message has failed before");
    p->failed = lane_open(lane, p, in, last, out, fail);
    return p->failed;
}
