/*
 * Driving the state machine on a stream. Questions are put to the owner one at a time, each once;
 * an owner may answer from inside the question, so the handshake is freed only when the outermost
 * call into it returns.
 */
#include "channel/handshake.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "crypto/labels.h"
#include "crypto/rand.h"
#include "net/frame.h"

struct handshake {
    struct channel channel;
    struct stream *stream; /* for its exporter; the frames own it */
    struct frame_reader *frames;
    struct buf attestation; /* of the peer, from its proof until it is judged */
    unsigned asked;         /* questions that were put: bits of channel.todo */
    unsigned depth;         /* calls into this handshake under way */
    bool over;              /* on_done was called */
    const struct handshake_events *events;
    void *owner;
};

static void handshake_free(struct handshake *h)
{
    buf_fini(&h->attestation);
    mem_free(h);
}

static void enter(struct handshake *h)
{
    h->depth++;
}

/* Return `h`, or NULL if it is over and freed. */
static struct handshake *leave(struct handshake *h)
{
    if (--h->depth > 0 || !h->over)
        return h;
    handshake_free(h);
    return NULL;
}

static cocoon_err export_from_stream(void *owner, const uint8_t nonce[32], uint8_t out[32])
{
    struct handshake *h = owner;
    struct digest exported;
    cocoon_err err = stream_export(h->stream, LABEL_TLS_CHANNEL, slice_make(nonce, 32), &exported);

    if (err == OK)
        memcpy(out, exported.bytes, sizeof exported.bytes);
    return err;
}

/* End in an error. What was queued (a REFUSE) still goes out, if the stream lives. */
static void end_in_error(struct handshake *h, cocoon_err why)
{
    assert(why != OK && !h->over);
    h->over = true;
    if (h->frames != NULL)
        stream_leave(frame_reader_take(h->frames));
    h->frames = NULL;
    h->stream = NULL;
    h->events->on_done(h->owner, why, NULL, NULL);
}

static void end_open(struct handshake *h)
{
    struct stream *s = frame_reader_take(h->frames);

    h->over = true;
    h->frames = NULL;
    stream_deadline(s, 0);
    h->events->on_done(h->owner, OK, s, &h->channel.peer);
}

/* Put the question `bit` if it is due and was not put yet. */
static bool due(struct handshake *h, unsigned bit)
{
    if (h->over || (h->channel.todo & bit) == 0 || (h->asked & bit) != 0)
        return false;
    h->asked |= bit;
    return true;
}

static void ask_prove(struct handshake *h)
{
    uint8_t report_data[REPORT_DATA_LEN] = {0};
    cocoon_err err = OK;

    if (h->channel.wanted == CHANNEL_QUOTE)
        err = channel_report_data(&h->channel, report_data);
    if (err != OK)
        end_in_error(h, err);
    else
        h->events->prove(h->owner, h, h->channel.wanted, report_data);
}

static void ask(struct handshake *h)
{
    const struct channel *c = &h->channel;

    if (due(h, CHANNEL_MUST_CHOOSE))
        h->events->choose(h->owner, h, &c->peer);
    if (due(h, CHANNEL_MUST_PROVE))
        ask_prove(h);
    if (due(h, CHANNEL_MUST_JUDGE))
        h->events->judge(h->owner, h, &c->peer, c->attestation, c->report_data);
}

/* After any step: send what it wrote, then end, or ask what is to be asked next. */
static void proceed(struct handshake *h, cocoon_err err, const struct buf *out)
{
    if (h->over)
        return;
    if (out->len > 0)
        frame_send(h->frames, buf_slice(out));
    if (err != OK)
        end_in_error(h, err);
    else if (channel_is_open(&h->channel))
        end_open(h);
    else
        ask(h);
}

/* The peer's attestation lies in the message at hand; keep a copy until it is judged. */
static cocoon_err keep_attestation(struct handshake *h)
{
    cocoon_err err;

    if (h->channel.attestation.len == 0 || h->attestation.len > 0)
        return OK;
    buf_put(&h->attestation, h->channel.attestation);
    err = buf_ok(&h->attestation);
    h->channel.attestation = buf_slice(&h->attestation);
    return err;
}

static void log_failure(const struct fail *fail)
{
    struct log_line line = log_begin(LOG_INFO, "channel_refused");

    log_fail(&line, fail);
    log_end(&line);
}

static void take_frame(void *owner, struct slice message)
{
    struct handshake *h = owner;
    struct fail fail = {.code = OK};
    struct buf out;
    cocoon_err err;

    enter(h);
    buf_init(&out, CHANNEL_MESSAGE_MAX);
    err = channel_receive(&h->channel, message, loop_unix_now(), &out, &fail);
    if (err == OK)
        err = keep_attestation(h);
    if (fail.code != OK)
        log_failure(&fail);
    proceed(h, err, &out);
    buf_fini(&out);
    (void)leave(h);
}

static void stream_died(void *owner, cocoon_err why)
{
    struct handshake *h = owner;

    enter(h);
    h->frames = NULL; /* dead already */
    end_in_error(h, why);
    (void)leave(h);
}

static const struct frame_events frame_events = {take_frame, stream_died};

/* Fill in what the stream knows. */
static cocoon_err params_from_stream(struct handshake *h, struct channel_params *params)
{
    cocoon_err err = stream_own_spki(h->stream, &params->own_spki);

    if (err == OK)
        err = stream_peer_spki(h->stream, &params->peer_spki);
    params->export = export_from_stream;
    params->owner = h;
    if (params->rng == NULL)
        params->rng = &rand_system;
    return err;
}

struct handshake *handshake_start(struct stream *s, const struct channel_params *params,
                                  uint32_t deadline_ms, const struct handshake_events *events,
                                  void *owner)
{
    struct handshake *h = MEM_NEW(struct handshake);
    struct channel_params own = *params;
    struct buf out;
    cocoon_err err;

    assert(deadline_ms > 0 && deadline_ms <= 1000 * CHANNEL_SECONDS_MAX);
    h->stream = s;
    h->events = events;
    h->owner = owner;
    buf_init(&h->attestation, CHANNEL_MESSAGE_MAX);
    buf_init(&out, CHANNEL_MESSAGE_MAX);
    enter(h);
    err = params_from_stream(h, &own);
    h->frames = frame_reader_new(s, CHANNEL_MESSAGE_MAX, &frame_events, h);
    stream_deadline(s, deadline_ms);
    if (err == OK)
        err = channel_start(&h->channel, &own, &out);
    proceed(h, err, &out);
    buf_fini(&out);
    return leave(h);
}

const struct stream *handshake_stream(const struct handshake *h)
{
    return h->stream;
}

/* --- answers --- */

void handshake_want(struct handshake *h, enum channel_proof proof,
                    const struct ed25519_public *known_key)
{
    struct buf out;

    enter(h);
    buf_init(&out, CHANNEL_MESSAGE_MAX);
    proceed(h, channel_want(&h->channel, proof, known_key, &out), &out);
    buf_fini(&out);
    (void)leave(h);
}

void handshake_prove_account(struct handshake *h, const struct ed25519_key *account)
{
    struct buf out;

    enter(h);
    buf_init(&out, CHANNEL_MESSAGE_MAX);
    proceed(h, channel_prove_account(&h->channel, account, &out), &out);
    buf_fini(&out);
    (void)leave(h);
}

void handshake_prove_quote(struct handshake *h, struct slice attestation)
{
    struct buf out;

    enter(h);
    buf_init(&out, CHANNEL_MESSAGE_MAX);
    proceed(h, channel_prove_quote(&h->channel, attestation, &out), &out);
    buf_fini(&out);
    (void)leave(h);
}

void handshake_prove_bound(struct handshake *h, const struct ed25519_key *channel_key)
{
    struct buf out;

    enter(h);
    buf_init(&out, CHANNEL_MESSAGE_MAX);
    proceed(h, channel_prove_bound(&h->channel, channel_key, &out), &out);
    buf_fini(&out);
    (void)leave(h);
}

void handshake_judged(struct handshake *h, cocoon_err verdict)
{
    struct buf out;
    cocoon_err err;

    enter(h);
    buf_init(&out, CHANNEL_MESSAGE_MAX);
    err = channel_judged(&h->channel, verdict, &out);
    proceed(h, err, &out);
    buf_fini(&out);
    (void)leave(h);
}

void handshake_fail(struct handshake *h, cocoon_err why)
{
    enter(h);
    if (!h->over)
        end_in_error(h, why);
    (void)leave(h);
}
