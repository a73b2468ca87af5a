/* The client's end, and its sessions. */
#include <assert.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/wr.h"
#include "channel/ohttp_impl.h"

static size_t chunk_max(enum ohttp_format format)
{
    return format == OHTTP_WHOLE ? LIMIT_RESPONSE_BODY : OHTTP_CHUNK_MAX;
}

static void client_start(struct ohttp_client *c, enum ohttp_format format, struct hpke_suite suite)
{
    *c = (struct ohttp_client){.format = format, .secrets.suite = suite};
    ohttp_pending_init(&c->pending, chunk_max(format));
}

cocoon_err ohttp_client_init(struct ohttp_client *c, enum ohttp_format format,
                             const struct ohttp_config *config, struct hpke_suite suite,
                             const struct rng *rng, struct buf *out)
{
    struct ohttp_header header = ohttp_header_make(config->key_id, suite);
    uint8_t info[OHTTP_INFO_MAX];
    struct hpke h = {.sequence = 0};
    cocoon_err err;

    assert(format != OHTTP_SESSION);
    client_start(c, format, suite);
    if (!ohttp_config_offers(config, suite))
        return ERR_ALGORITHM;
    if ((err = hpke_sender(&h, suite, kem_public_slice(&config->public),
                           ohttp_info(format, &header, info), rng, &c->secrets.enc)) != OK ||
        (err = ohttp_derive_single(&h, format, &c->secrets, &c->request)) != OK)
        goto done;
    buf_put(out, SLICE_OF(header.bytes));
    buf_put(out, kem_public_slice(&c->secrets.enc));
    err = buf_ok(out);
done:
    hpke_fini(&h);
    return err;
}

void ohttp_client_fini(struct ohttp_client *c)
{
    ohttp_lane_fini(&c->request);
    ohttp_lane_fini(&c->response);
    ohttp_pending_fini(&c->pending);
    mem_wipe(c, sizeof *c);
}

cocoon_err ohttp_client_seal(struct ohttp_client *c, struct slice plain, bool final,
                             struct buf *out)
{
    return ohttp_lane_seal(&c->request, plain, final, out);
}

/* Gather the response nonce off the front of `*in` and key the response with it. */
static cocoon_err read_nonce(struct ohttp_client *c, struct slice *in, bool last, struct fail *fail)
{
    struct buf *held = &c->pending.bytes;
    size_t len = ohttp_nonce_len(c->secrets.suite);
    size_t take = num_min(in->len, len - held->len);
    cocoon_err err;

    buf_put(held, slice_sub(*in, 0, take));
    *in = slice_skip(*in, take);
    if (held->len < len)
        return last ? fail_set(fail, ERR_TRUNCATED, 0, "response ends within its nonce") : OK;
    err = ohttp_derive_response(&c->secrets, c->format, buf_slice(held), &c->response);
    if (err != OK)
        return fail_set(fail, err, 0, "response key could not be derived");
    buf_clear(held);
    c->response_keyed = true;
    return OK;
}

cocoon_err ohttp_client_open(struct ohttp_client *c, struct slice in, bool last, struct buf *out,
                             struct fail *fail)
{
    cocoon_err err;

    if (!c->response_keyed && c->pending.failed == OK)
        if ((err = read_nonce(c, &in, last, fail)) != OK || !c->response_keyed) {
            c->pending.failed = err;
            return err;
        }
    return ohttp_lane_open(&c->response, &c->pending, in, last, out, fail);
}

/* --- sessions --- */

cocoon_err ohttp_session_init(struct ohttp_session *session, const struct ohttp_signed *s,
                              struct hpke_suite suite, const struct rng *rng, unix_time now)
{
    struct ohttp_header header = ohttp_header_make(s->config.key_id, suite);
    uint8_t info[OHTTP_INFO_MAX];
    unix_time over = now + OHTTP_SESSION_SECONDS;
    cocoon_err err;

    *session = (struct ohttp_session){.key_id = s->config.key_id, .born = now};
    session->over = s->not_after < over ? s->not_after : over;
    if (!ohttp_config_offers(&s->config, suite))
        return ERR_ALGORITHM;
    err = hpke_sender(&session->hpke, suite, kem_public_slice(&s->config.public),
                      ohttp_info(OHTTP_SESSION, &header, info), rng, &session->enc);
    aead_fini(&session->hpke.aead); /* only the exporter is used */
    return err;
}

void ohttp_session_fini(struct ohttp_session *session)
{
    hpke_fini(&session->hpke);
    mem_wipe(session, sizeof *session);
}

bool ohttp_session_usable(const struct ohttp_session *session, unix_time now)
{
    return session->next < OHTTP_SESSION_REQUESTS && now >= session->born && now < session->over;
}

cocoon_err ohttp_session_next(struct ohttp_session *session, unix_time now, struct ohttp_client *c,
                              struct buf *out)
{
    struct hpke_suite suite = session->hpke.suite;
    struct ohttp_header header = ohttp_header_make(session->key_id, suite);
    uint8_t counter[OHTTP_COUNTER_LEN];
    struct wr w = wr_init(counter, sizeof counter);
    cocoon_err err;

    client_start(c, OHTTP_SESSION, suite);
    if (!ohttp_session_usable(session, now))
        return ERR_EXPIRED;
    c->secrets.enc = session->enc;
    wr_u64be(&w, session->next);
    if ((err = ohttp_derive_session(&session->hpke, session->next++, &c->secrets, &c->request)) !=
        OK)
        return err;
    buf_put(out, SLICE_OF(header.bytes));
    buf_put(out, kem_public_slice(&session->enc));
    buf_put(out, SLICE_OF(counter));
    return buf_ok(out);
}
