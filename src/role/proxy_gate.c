/*
 * Steps: choose (a keyset appraised before is bound, a new one must quote) → prove our account →
 * judge: look the worker up on the ledger, hold its keyset against the record, and, for a quote,
 * appraise it on another thread with the measurements of the registered release.
 */
#include "role/proxy_gate.h"

#include <string.h>

#include "attest/attestation.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/rand.h"
#include "ledger/appraise.h"
#include "role/follow_worker.h"

enum { GATE_ARENA_MAX = 16 * 1024 * 1024 };

struct entrant {
    struct gate *gate;
    struct handshake *handshake; /* NULL once it is over */
    unsigned pending;            /* answers on their way, or being dealt with, that need this */
    struct channel_peer peer;
    struct arena arena;
    struct policy policy; /* ours with the release's measurements */
    struct slice attestation;
    uint8_t report_data[REPORT_DATA_LEN];
    struct record_worker record;
    struct keyset keyset;
    struct attestation_answer answer;
    cocoon_err verdict;
    uint32_t capacity;
};

static void entrant_settle(struct entrant *e)
{
    if (e->handshake != NULL || e->pending > 0)
        return;
    e->gate->waiting--;
    arena_fini(&e->arena);
    mem_free(e);
}

static void judged(struct entrant *e, cocoon_err verdict)
{
    if (e->handshake != NULL)
        handshake_judged(e->handshake, verdict);
}

/* --- appraisal of a quote, on a pool thread --- */

static void appraise_quote(void *owner)
{
    struct entrant *e = owner;
    struct attestation attestation;
    struct fail fail = {0};

    if ((e->verdict = attestation_read(e->attestation, &e->arena, &attestation, &fail)) != OK ||
        (e->verdict = keyset_read(attestation.keyset, &e->arena, &e->keyset, &fail)) != OK ||
        (e->verdict = keyset_valid_at(&e->keyset, loop_unix_now(), &fail)) != OK)
        return;
    if (!digest_eq(&e->keyset.digest, &e->record.keyset)) {
        e->verdict = ERR_MISMATCH;
        return;
    }
    e->verdict = attestation_appraise(&attestation,
                                      &(struct attestation_question){
                                          .policy = &e->policy,
                                          .now = loop_unix_now(),
                                          .report_data = SLICE_OF(e->report_data),
                                          .arena = &e->arena,
                                      },
                                      &e->answer);
}

static void quote_appraised(void *owner, cocoon_err err)
{
    struct entrant *e = owner;
    struct gate *gate = e->gate;

    if (err == OK)
        err = e->verdict;
    /* A keyset without a channel key is not remembered: it will quote again. */
    if (err == OK && known_add(gate->known, &e->keyset, ROLE_WORKER, e->peer.id,
                               e->answer.simulated, e->answer.valid_until) != OK)
        log_event(LOG_DEBUG, "keyset_not_remembered");
    judged(e, err); /* may end the handshake from inside */
    e->pending--;
    entrant_settle(e);
}

/* --- what the ledger says --- */

static cocoon_err read_records(struct entrant *e, const struct light_view *view,
                               const struct light_proof *proof, struct fail *fail)
{
    struct record_release *release = ARENA_NEW(&e->arena, struct record_release);
    struct digest id;
    cocoon_err err;

    if (release == NULL)
        return ERR_NOMEM;
    memcpy(id.bytes, e->peer.id, sizeof id.bytes);
    if ((err = light_worker(view, proof, &id, loop_unix_now(), &e->record, fail)) != OK ||
        (err = light_release(view, proof, &e->record.release, loop_unix_now(), release, fail)) !=
            OK)
        return err;
    if (!digest_eq(&e->record.keyset, &e->peer.keyset))
        return fail_set(fail, ERR_MISMATCH, 0, "the keyset is not the registered one");
    e->capacity = e->record.capacity;
    e->policy = e->gate->trust->policy;
    if (!e->policy.release_from_log)
        return OK;
    return ledger_release_accept(release, &e->policy, &e->arena);
}

static void records_came(void *owner, cocoon_err err, const struct fail *fail,
                         const struct light_view *view, const struct light_proof *proof,
                         struct slice text)
{
    struct entrant *e = owner;
    struct light_proof *kept = NULL;
    struct fail why = *fail;
    struct slice copy;

    /* The release's measurements borrow from the proof: keep it. */
    if (err == OK && (kept = ARENA_NEW(&e->arena, struct light_proof)) == NULL)
        err = ERR_NOMEM;
    if (err == OK && (err = arena_copy(&e->arena, text, &copy)) == OK &&
        (err = light_proof_read(copy, &e->arena, kept, &why)) == OK)
        err = read_records(e, view, kept, &why);
    (void)proof;
    if (err != OK) {
        struct log_line line = log_begin(LOG_WARN, "worker_not_on_ledger");

        log_id(&line, "worker", SLICE_OF(e->peer.id));
        log_err(&line, err);
        log_word(&line, "what", why.what == NULL ? "" : why.what);
        log_end(&line);
        judged(e, err);
    } else if (e->peer.proof == CHANNEL_QUOTE) {
        e->pending++;
        loop_work(e->gate->loop, appraise_quote, quote_appraised, e);
    } else {
        judged(e, OK);
    }
    e->pending--;
    entrant_settle(e);
}

/* --- the handshake's questions --- */

static void gate_choose(void *owner, struct handshake *h, const struct channel_peer *peer)
{
    struct entrant *e = owner;
    const struct known_peer *known = NULL;
    struct digest spki;

    if (peer->has_keyset && stream_peer_spki(handshake_stream(h), &spki) == OK)
        known =
            known_find(e->gate->known, &peer->keyset, peer->role, peer->id, &spki, loop_unix_now());
    if (known != NULL)
        handshake_want(h, CHANNEL_BOUND, &known->channel_key);
    else
        handshake_want(h, CHANNEL_QUOTE, NULL);
}

static void gate_prove(void *owner, struct handshake *h, enum channel_proof wanted,
                       const uint8_t report_data[REPORT_DATA_LEN])
{
    struct entrant *e = owner;

    (void)report_data;
    if (wanted == CHANNEL_ACCOUNT)
        handshake_prove_account(h, &e->gate->account);
    else
        handshake_fail(h, ERR_UNSUPPORTED); /* a proxy has no TEE */
}

static void gate_judge(void *owner, struct handshake *h, const struct channel_peer *peer,
                       struct slice attestation, const uint8_t report_data[REPORT_DATA_LEN])
{
    struct entrant *e = owner;

    (void)h;
    e->peer = *peer;
    if (peer->proof == CHANNEL_QUOTE) {
        memcpy(e->report_data, report_data, sizeof e->report_data);
        if (arena_copy(&e->arena, attestation, &e->attestation) != OK) {
            judged(e, ERR_NOMEM);
            return;
        }
    }
    e->pending++;
    follow_worker(e->gate->follow, peer->id, records_came, e);
}

static void gate_done(void *owner, cocoon_err err, struct stream *stream,
                      const struct channel_peer *peer)
{
    struct entrant *e = owner;

    e->handshake = NULL;
    if (err == OK && tunnels_add(e->gate->tunnels, peer->id, e->capacity, stream) != OK) {
        stream_close(stream);
        err = ERR_LIMIT;
    }
    if (err != OK) {
        struct log_line line = log_begin(LOG_WARN, "tunnel_refused");

        log_err(&line, err);
        log_end(&line);
    }
    entrant_settle(e);
}

static const struct handshake_events gate_events = {
    .choose = gate_choose, .prove = gate_prove, .judge = gate_judge, .on_done = gate_done};

void gate_enter(struct gate *gate, struct stream *stream)
{
    struct channel_params params = {
        .role = ROLE_PROXY, .peer_roles = 1U << ROLE_WORKER, .rng = &rand_system};
    struct handshake *handshake;
    struct entrant *e;

    if (gate->waiting == GATE_WAITING_MAX) {
        stream_close(stream);
        return;
    }
    e = MEM_NEW(struct entrant);
    gate->waiting++;
    e->gate = gate;
    arena_init(&e->arena, GATE_ARENA_MAX);
    memcpy(params.id, gate->account.public.bytes, sizeof params.id);
    memcpy(params.network_id, gate->trust->policy.network_id, sizeof params.network_id);
    handshake = handshake_start(stream, &params, GATE_MS, &gate_events, e);
    if (handshake != NULL)
        e->handshake = handshake; /* else gate_done has freed `e` */
}
