/*
 * Tunnels: one to each proxy, dialled by the worker. After TLS and the attested handshake the
 * worker serves HTTP/2 on the stream. A tunnel that is down is dialled again, with growing pauses.
 * When the identity changes a new tunnel is opened first; then the old one is drained, so that no
 * stream is cut.
 */
#include <string.h>

#include "attest/attestation.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/handshake.h"
#include "channel/quota.h"
#include "crypto/rand.h"
#include "role/worker.h"

enum {
    TUNNEL_DIAL_MS = 10 * 1000,
    TUNNEL_HANDSHAKE_MS = 20 * 1000,
    TUNNEL_PAUSE_FIRST_MS = 200,
    TUNNEL_PAUSE_LAST_MS = 10 * 1000,
    QUOTES_BURST = 8,
    QUOTE_INTERVAL_MS = 2 * 1000,
};

/* One connection, from dialling to its end. */
struct tunnel_end {
    struct tunnel_end *next;
    struct dial *dial;
    struct worker_identity *identity;
    struct stream *stream;       /* until TLS is up */
    struct handshake *handshake; /* then until the proxy accepted us */
    struct http_tunnel *http;    /* then until it is down */
    struct loop_job *quoting;
    bool draining;
    bool dead; /* waits for its quote job to come back */

    /* of the quote under way */
    uint8_t report_data[REPORT_DATA_LEN];
    struct buf attestation;
    cocoon_err quote_err;
};

/* What is kept up to one proxy. */
struct dial {
    struct worker_tunnels *all;
    struct pinned proxy;
    struct tunnel_end *ends; /* newest first: the current one and those that drain */
    struct loop_timer again;
    uint32_t pause_ms;
};

struct worker_tunnels {
    struct worker *worker;
    struct dial dials[WORKER_PROXIES_MAX];
    size_t count;
    struct quota quotes;
};

static void dial_now(void *owner);

static void log_tunnel(enum log_level level, const char *event, const struct dial *d,
                       cocoon_err err)
{
    struct log_line line = log_begin(level, event);
    char text[ADDR_TEXT_MAX];

    addr_text(&d->proxy.at, text);
    log_text(&line, "proxy", slice_text(text));
    if (err != OK)
        log_err(&line, err);
    log_end(&line);
}

static void end_free(struct tunnel_end *e)
{
    struct tunnel_end **link = &e->dial->ends;

    while (*link != e)
        link = &(*link)->next;
    *link = e->next;
    worker_identity_unref(e->identity);
    buf_fini(&e->attestation);
    mem_free(e);
}

/* This end is over; dial again unless a newer one serves. */
static void end_over(struct tunnel_end *e, cocoon_err why)
{
    struct dial *d = e->dial;
    bool was_current = d->ends == e;

    if (!e->draining)
        log_tunnel(LOG_WARN, "tunnel_down", d, why);
    if (e->quoting != NULL) {
        e->dead = true;
        loop_work_cancel(e->quoting);
    } else {
        end_free(e);
    }
    if (!was_current)
        return;
    loop_timer_set(&d->again, d->pause_ms);
    d->pause_ms = d->pause_ms * 2 > TUNNEL_PAUSE_LAST_MS ? TUNNEL_PAUSE_LAST_MS : d->pause_ms * 2;
}

/* --- our quote over this connection, made on a pool thread --- */

static void quote_make(void *owner)
{
    struct tunnel_end *e = owner;
    struct worker *w = e->dial->all->worker;
    struct tee_evidence made;
    struct evidence *item;
    struct arena arena;

    arena_init(&arena, ATTESTATION_MAX * 2);
    item = ARENA_NEW(&arena, struct evidence);
    e->quote_err = item == NULL
                       ? ERR_NOMEM
                       : tee_evidence(w->tee, e->report_data, loop_unix_now(), &arena, &made);
    if (e->quote_err == OK)
        evidence_init(item, slice_text(made.kind));
    for (size_t i = 0; e->quote_err == OK && i < made.count; i++)
        e->quote_err = evidence_add(item, slice_text(made.parts[i].name), made.parts[i].bytes);
    if (e->quote_err == OK)
        e->quote_err = attestation_put(
            &e->attestation, &(struct attestation){.keyset = buf_slice(&e->identity->keyset_json),
                                                   .items = item,
                                                   .count = 1});
    arena_fini(&arena);
}

static void quote_made(void *owner, cocoon_err err)
{
    struct tunnel_end *e = owner;

    e->quoting = NULL;
    if (e->dead) {
        end_free(e);
        return;
    }
    if (err == OK)
        err = e->quote_err;
    if (err == OK)
        handshake_prove_quote(e->handshake, buf_slice(&e->attestation));
    else
        handshake_fail(e->handshake, err);
}

/* --- the handshake --- */

static void on_choose(void *owner, struct handshake *h, const struct channel_peer *peer)
{
    (void)owner;
    (void)peer;
    handshake_want(h, CHANNEL_ACCOUNT, NULL); /* a proxy has no TEE: its ledger key speaks for it */
}

static void on_prove(void *owner, struct handshake *h, enum channel_proof wanted,
                     const uint8_t report_data[REPORT_DATA_LEN])
{
    struct tunnel_end *e = owner;
    struct worker_tunnels *all = e->dial->all;
    struct loop *loop = all->worker->process.loop;

    if (wanted == CHANNEL_BOUND) {
        handshake_prove_bound(h, &e->identity->channel_signer);
    } else if (wanted != CHANNEL_QUOTE) {
        handshake_fail(h, ERR_UNSUPPORTED);
    } else if (!quota_take(&all->quotes, loop_now(loop))) {
        handshake_fail(h, ERR_BUSY);
    } else {
        memcpy(e->report_data, report_data, sizeof e->report_data);
        e->quoting = loop_work(loop, quote_make, quote_made, e);
    }
}

/* A proxy is told nothing secret: that it holds the key of its account, on this connection, is
 * enough. */
static void on_judge(void *owner, struct handshake *h, const struct channel_peer *peer,
                     struct slice attestation, const uint8_t report_data[REPORT_DATA_LEN])
{
    (void)owner;
    (void)attestation;
    (void)report_data;
    handshake_judged(h, peer->role == ROLE_PROXY ? OK : ERR_UNAUTHORIZED);
}

static void on_http_down(void *owner, cocoon_err why)
{
    struct tunnel_end *e = owner;

    http_tunnel_free(e->http);
    e->http = NULL;
    end_over(e, why);
}

static void on_tunnel_request(void *owner, struct http_exchange *x)
{
    struct tunnel_end *e = owner;

    worker_http_handle(e->dial->all->worker, x);
}

static void on_handshake_done(void *owner, cocoon_err err, struct stream *stream,
                              const struct channel_peer *peer)
{
    struct tunnel_end *e = owner;
    struct dial *d = e->dial;

    (void)peer;
    e->handshake = NULL;
    if (err != OK) {
        end_over(e, err);
        return;
    }
    e->http = http_tunnel_serve(stream, NULL, on_tunnel_request, on_http_down, e);
    d->pause_ms = TUNNEL_PAUSE_FIRST_MS;
    log_tunnel(LOG_INFO, "tunnel_up", d, OK);
    for (struct tunnel_end *old = e->next; old != NULL; old = old->next)
        if (old->http != NULL && !old->draining) {
            old->draining = true;
            http_tunnel_drain(old->http);
        }
}

static const struct handshake_events handshake_handlers = {
    .choose = on_choose, .prove = on_prove, .judge = on_judge, .on_done = on_handshake_done};

/* --- dialling --- */

static void on_stream_open(void *owner)
{
    struct tunnel_end *e = owner;
    struct worker *w = e->dial->all->worker;
    struct handshake *handshake;
    struct stream *stream;
    struct channel_params params = {.role = ROLE_WORKER,
                                    .keyset = &e->identity->keyset_digest,
                                    .peer_roles = 1U << ROLE_PROXY,
                                    .rng = &rand_system};

    memcpy(params.id, w->worker_id, sizeof params.id);
    memcpy(params.network_id, w->trust.policy.network_id, sizeof params.network_id);
    stream = e->stream;
    e->stream = NULL;
    handshake = handshake_start(stream, &params, TUNNEL_HANDSHAKE_MS, &handshake_handlers, e);
    if (handshake != NULL)
        e->handshake = handshake; /* else on_handshake_done has dealt with `e` */
}

static size_t on_stream_data(void *owner, struct slice bytes)
{
    (void)owner;
    (void)bytes;
    return 0; /* the handshake takes over at on_open */
}

static void on_stream_close(void *owner, cocoon_err why)
{
    struct tunnel_end *e = owner;

    e->stream = NULL;
    end_over(e, why);
}

static const struct stream_events stream_handlers = {
    .on_open = on_stream_open, .on_data = on_stream_data, .on_close = on_stream_close};

static cocoon_err dial_context(struct dial *d, struct worker_identity *id, struct tls_ctx **out)
{
    static const char *const alpn[] = {"cocoon-tunnel/1"};

    return tls_ctx_new(&(struct tls_params){.cert_der = buf_slice(&id->leaf.cert),
                                            .key = id->leaf.key,
                                            .alpn = alpn,
                                            .alpn_count = 1,
                                            .accept = TLS_ACCEPT_PIN,
                                            .pins = &d->proxy.spki,
                                            .pin_count = 1},
                       out);
}

static void dial_now(void *owner)
{
    struct dial *d = owner;
    struct worker *w = d->all->worker;
    struct tunnel_end *e;
    struct tls_ctx *tls;
    cocoon_err err;

    if (w->identity == NULL)
        return;
    if ((err = dial_context(d, w->identity, &tls)) != OK) {
        log_tunnel(LOG_ERROR, "tunnel_tls", d, err);
        return;
    }
    e = MEM_NEW(struct tunnel_end);
    e->dial = d;
    e->identity = worker_identity_ref(w->identity);
    buf_init(&e->attestation, ATTESTATION_MAX);
    e->next = d->ends;
    d->ends = e;
    e->stream =
        stream_connect(w->process.loop, &d->proxy.at, tls, TUNNEL_DIAL_MS, &stream_handlers, e);
    tls_ctx_unref(tls);
}

/* --- all of them --- */

struct worker_tunnels *worker_tunnels_start(struct worker *w)
{
    struct worker_tunnels *t = MEM_NEW(struct worker_tunnels);
    const struct ini_entry *entry = NULL;

    t->worker = w;
    quota_init(&t->quotes, QUOTES_BURST, QUOTE_INTERVAL_MS, loop_now(w->process.loop));
    while ((entry = ini_next(&w->config.ini, "proxy", "at", entry)) != NULL &&
           t->count < WORKER_PROXIES_MAX) {
        struct dial *d = &t->dials[t->count];

        d->all = t;
        d->pause_ms = TUNNEL_PAUSE_FIRST_MS;
        loop_timer_init(&d->again, w->process.loop, dial_now, d);
        if (pinned_parse(entry->value, &d->proxy) == OK)
            t->count++;
        else
            (void)config_complain(&w->config, "proxy", "at",
                                  "must be https://host:port#<spki sha256>");
    }
    return t;
}

void worker_tunnels_renew(struct worker_tunnels *t)
{
    for (size_t i = 0; i < t->count; i++) {
        loop_timer_stop(&t->dials[i].again);
        dial_now(&t->dials[i]);
    }
}

bool worker_tunnels_up(const struct worker_tunnels *t)
{
    for (size_t i = 0; i < t->count; i++)
        for (const struct tunnel_end *e = t->dials[i].ends; e != NULL; e = e->next)
            if (e->http != NULL)
                return true;
    return false;
}

/* Cut one end. One whose quote is being made on another thread stays until that came back. */
static void end_cut(struct tunnel_end *e)
{
    if (e->stream != NULL)
        stream_close(e->stream);
    http_tunnel_free(e->http);
    e->draining = true;
    if (e->handshake != NULL)
        handshake_fail(e->handshake, ERR_CANCELED); /* ends in end_over */
    else if (e->quoting == NULL)
        end_free(e);
}

void worker_tunnels_stop(struct worker_tunnels *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->count; i++) {
        struct dial *d = &t->dials[i];

        while (d->ends != NULL && !d->ends->dead)
            end_cut(d->ends);
        loop_timer_stop(&d->again);
    }
}

void worker_tunnels_free(struct worker_tunnels *t)
{
    mem_free(t);
}
