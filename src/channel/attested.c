/*
 * The state machine of docs/spec/channel.md 5.
 *
 * Two sequences run side by side, one as verifier of the peer, one as attester to it:
 *
 *   verifier   HELLO in -> (choose) -> WANT out -> PROOF in -> (judge) -> DONE out
 *   attester   HELLO out ... WANT in -> (prove) -> PROOF out -> DONE in
 *
 * Each message comes once and in its order, else ERR_PROTOCOL. The channel is open when DONE went
 * both ways. Any error is final: REFUSE goes out, and nothing is taken any more.
 *
 * Rules on HELLO: 1 version; 2 network; 3 the peer's role is one we accept; 4 its id is the one we
 * expect, if we expect one; 5 nothing of ours comes back: id, nonce, leaf key.
 * Rules on PROOF: 6 of the kind we wanted; 7 a signature is by the id's key (account) or by the key
 * we know (bound) over our statement; 8 a quote's keyset has the digest of the HELLO, 9 is in
 * force, 10 lists the peer's leaf key; its evidence is the judge's.
 */
#include "channel/attested.h"

#include <assert.h>
#include <string.h>

#include "channel/attested_message.h"
#include "crypto/labels.h"

enum { KEYSET_ARENA = 2 * 1024 * 1024 }; /* one keyset as a tree, one attestation's table */

static bool has(unsigned set, enum message_type type)
{
    return (set & 1U << type) != 0;
}

/* Fail for good: remember why, and tell the peer. */
static cocoon_err refuse(struct channel *c, cocoon_err why, struct buf *out)
{
    struct message m = {.type = MESSAGE_REFUSE, .reason = slice_text(cocoon_err_name(why))};

    assert(why != OK);
    c->err = why;
    c->todo = 0;
    c->attestation = (struct slice){0};
    if (has(c->seen, MESSAGE_REFUSE))
        return why;
    /* When even this does not fit, the caller closes without it. */
    return message_put(out, &m) == OK ? why : c->err;
}

/* Send `m`; a message that cannot be written fails the channel. */
static cocoon_err send(struct channel *c, const struct message *m, struct buf *out)
{
    cocoon_err err = message_put(out, m);

    c->sent |= 1U << m->type;
    return err == OK ? OK : refuse(c, err, out);
}

static void open_if_done(struct channel *c)
{
    if (has(c->seen, MESSAGE_DONE) && has(c->sent, MESSAGE_DONE))
        c->todo |= CHANNEL_IS_OPEN;
}

static const char *purpose_of(enum channel_proof proof)
{
    switch (proof) {
    case CHANNEL_ACCOUNT:
        return LABEL_PURPOSE_CHANNEL_ACCOUNT;
    case CHANNEL_BOUND:
        return LABEL_PURPOSE_CHANNEL_BIND;
    case CHANNEL_QUOTE:
    case CHANNEL_NO_PROOF:
        break;
    }
    return LABEL_PURPOSE_CHANNEL;
}

/* Fill the statement that we make to the peer, by `proof`. */
static cocoon_err own_statement(const struct channel *c, enum channel_proof proof,
                                struct statement_channel *s)
{
    const struct channel_params *p = &c->params;

    *s = (struct statement_channel){.purpose = purpose_of(proof),
                                    .keyset = proof == CHANNEL_ACCOUNT ? NULL : p->keyset,
                                    .peer_spki = p->peer_spki,
                                    .role = p->role};
    memcpy(s->network_id, p->network_id, sizeof s->network_id);
    memcpy(s->nonce, c->peer.nonce, sizeof s->nonce);
    memcpy(s->worker_id, p->id, sizeof s->worker_id);
    return p->export(p->owner, s->nonce, s->exporter);
}

/* Fill the statement that the peer must make to us. */
static cocoon_err peer_statement(const struct channel *c, struct statement_channel *s)
{
    const struct channel_params *p = &c->params;

    *s = (struct statement_channel){.purpose = purpose_of(c->peer.proof),
                                    .keyset =
                                        c->peer.proof == CHANNEL_ACCOUNT ? NULL : &c->peer.keyset,
                                    .peer_spki = p->own_spki,
                                    .role = c->peer.role};
    memcpy(s->network_id, p->network_id, sizeof s->network_id);
    memcpy(s->nonce, c->nonce, sizeof s->nonce);
    memcpy(s->worker_id, c->peer.id, sizeof s->worker_id);
    return p->export(p->owner, s->nonce, s->exporter);
}

/* --- start --- */

cocoon_err channel_start(struct channel *c, const struct channel_params *params, struct buf *out)
{
    struct message m = {.type = MESSAGE_HELLO, .version = CHANNEL_VERSION};

    *c = (struct channel){.params = *params};
    rng_fill(params->rng, c->nonce, sizeof c->nonce);
    m.role = slice_text(role_name(params->role));
    m.id = SLICE_OF(params->id);
    m.network_id = SLICE_OF(params->network_id);
    if (params->keyset != NULL)
        m.keyset = digest_slice(params->keyset);
    m.nonce = SLICE_OF(c->nonce);
    return send(c, &m, out);
}

/* --- messages in --- */

/* Rule 5: what comes back to us is a mirror, or somebody who relays us to ourselves. */
static bool is_reflection(const struct channel *c, const struct message *m)
{
    const struct channel_params *p = &c->params;

    return slice_eq(m->nonce, SLICE_OF(c->nonce)) || slice_eq(m->id, SLICE_OF(p->id)) ||
           digest_eq(&p->own_spki, &p->peer_spki);
}

static cocoon_err take_hello(struct channel *c, const struct message *m, struct fail *fail)
{
    const struct channel_params *p = &c->params;
    struct channel_peer *peer = &c->peer;

    if (m->version != CHANNEL_VERSION)
        return fail_set(fail, ERR_VERSION, 0, "the peer speaks another version");
    if (!slice_eq(m->network_id, SLICE_OF(p->network_id)))
        return fail_set(fail, ERR_MISMATCH, 0, "the peer is of another network");
    if (role_read(m->role, &peer->role) != OK || (p->peer_roles & 1U << peer->role) == 0)
        return fail_set(fail, ERR_MISMATCH, 0, "the peer has the wrong role");
    if (p->peer_id != NULL && !slice_eq(m->id, slice_make(p->peer_id, 32)))
        return fail_set(fail, ERR_MISMATCH, 0, "the peer is not the one wanted");
    if (is_reflection(c, m))
        return fail_set(fail, ERR_REPLAY, 0, "the peer shows us ourselves");
    memcpy(peer->id, m->id.ptr, sizeof peer->id);
    memcpy(peer->nonce, m->nonce.ptr, sizeof peer->nonce);
    peer->has_keyset = m->keyset.len > 0;
    if (peer->has_keyset)
        memcpy(peer->keyset.bytes, m->keyset.ptr, sizeof peer->keyset.bytes);
    c->todo |= CHANNEL_MUST_CHOOSE;
    return OK;
}

static cocoon_err take_want(struct channel *c, const struct message *m, struct buf *out)
{
    struct message proof = {.type = MESSAGE_PROOF, .proof = CHANNEL_NO_PROOF};

    c->wanted = m->proof;
    if (m->proof == CHANNEL_NO_PROOF)
        return send(c, &proof, out);
    c->todo |= CHANNEL_MUST_PROVE;
    return OK;
}

/* Rule 7. */
static cocoon_err check_signature(const struct channel *c, struct slice signature,
                                  struct fail *fail)
{
    struct ed25519_public key = c->known_key;
    struct statement_channel s;
    struct buf text;
    cocoon_err err = peer_statement(c, &s);

    if (c->peer.proof == CHANNEL_ACCOUNT)
        memcpy(key.bytes, c->peer.id, sizeof key.bytes);
    buf_init(&text, STATEMENT_MAX);
    if (err == OK)
        err = statement_put_channel(&text, &s);
    if (err == OK)
        err = ed25519_verify(&key, buf_slice(&text), signature);
    buf_fini(&text);
    return err == OK ? OK : fail_set(fail, err, 0, "the peer's signature over the statement");
}

/* Rules 8 to 10. */
static cocoon_err check_quote_keyset(const struct channel *c, struct slice attestation,
                                     unix_time now, struct fail *fail)
{
    struct attestation a;
    struct keyset keyset;
    struct arena arena;
    cocoon_err err;

    arena_init(&arena, KEYSET_ARENA);
    err = attestation_read(attestation, &arena, &a, fail);
    if (err == OK)
        err = keyset_read(a.keyset, &arena, &keyset, fail);
    if (err == OK && !digest_eq(&keyset.digest, &c->peer.keyset))
        err = fail_set(fail, ERR_MISMATCH, 0, "the keyset is not the one announced");
    if (err == OK)
        err = keyset_valid_at(&keyset, now, fail);
    if (err == OK && !keyset_has_tls(&keyset, c->params.peer_spki.bytes, (struct slice){0}))
        err = fail_set(fail, ERR_MISMATCH, 0, "the keyset does not list the peer's leaf key");
    arena_fini(&arena);
    return err;
}

static cocoon_err check_quote(struct channel *c, struct slice attestation, unix_time now,
                              struct fail *fail)
{
    struct statement_channel s;
    cocoon_err err = check_quote_keyset(c, attestation, now, fail);

    if (err != OK)
        return err;
    err = peer_statement(c, &s);
    if (err != OK)
        return fail_set(fail, err, 0, "exporter of the connection");
    report_data_channel(&s, c->report_data);
    c->attestation = attestation;
    return OK;
}

static cocoon_err take_proof(struct channel *c, const struct message *m, unix_time now,
                             struct fail *fail)
{
    cocoon_err err = OK;

    if (m->proof != c->peer.proof)
        return fail_set(fail, ERR_PROTOCOL, 0, "not the proof that was wanted");
    if (m->proof == CHANNEL_ACCOUNT || m->proof == CHANNEL_BOUND)
        err = check_signature(c, m->payload, fail);
    if (m->proof == CHANNEL_QUOTE)
        err = check_quote(c, m->payload, now, fail);
    if (err == OK)
        c->todo |= CHANNEL_MUST_JUDGE;
    return err;
}

/* Tell whether a message of `type` may come now. */
static bool in_order(const struct channel *c, enum message_type type)
{
    if (has(c->seen, type))
        return false;
    switch (type) {
    case MESSAGE_HELLO:
    case MESSAGE_REFUSE:
        return true;
    case MESSAGE_WANT:
        return has(c->seen, MESSAGE_HELLO);
    case MESSAGE_PROOF:
        return has(c->sent, MESSAGE_WANT);
    case MESSAGE_DONE:
        return has(c->sent, MESSAGE_PROOF);
    }
    return false;
}

static cocoon_err take(struct channel *c, const struct message *m, unix_time now, struct buf *out,
                       struct fail *fail)
{
    if (!in_order(c, m->type))
        return fail_set(fail, ERR_PROTOCOL, 0, "a message out of order");
    c->seen |= 1U << m->type;
    switch (m->type) {
    case MESSAGE_HELLO:
        return take_hello(c, m, fail);
    case MESSAGE_WANT:
        return take_want(c, m, out);
    case MESSAGE_PROOF:
        return take_proof(c, m, now, fail);
    case MESSAGE_DONE:
        open_if_done(c);
        return OK;
    case MESSAGE_REFUSE:
        break;
    }
    return fail_set(fail, ERR_REFUSED, 0, "the peer refused us");
}

cocoon_err channel_receive(struct channel *c, struct slice message, unix_time now, struct buf *out,
                           struct fail *fail)
{
    struct message m;
    cocoon_err err;

    if (c->err != OK)
        return fail_set(fail, c->err, 0, "the channel has failed");
    err = message_read(message, &m, fail);
    if (err == OK)
        err = take(c, &m, now, out, fail);
    return err == OK || c->err != OK ? err : refuse(c, err, out);
}

/* --- decisions --- */

/* Start the decision `bit`: it must be due. */
static cocoon_err decide(struct channel *c, unsigned bit)
{
    if (c->err != OK)
        return c->err;
    if ((c->todo & bit) == 0)
        return ERR_PROTOCOL;
    c->todo &= ~bit;
    return OK;
}

cocoon_err channel_want(struct channel *c, enum channel_proof proof,
                        const struct ed25519_public *known_key, struct buf *out)
{
    struct message m = {.type = MESSAGE_WANT, .proof = proof};
    cocoon_err err = decide(c, CHANNEL_MUST_CHOOSE);

    if (err != OK)
        return err;
    if ((proof == CHANNEL_QUOTE || proof == CHANNEL_BOUND) && !c->peer.has_keyset)
        return refuse(c, ERR_MISSING, out);
    assert((proof == CHANNEL_BOUND) == (known_key != NULL));
    if (known_key != NULL)
        c->known_key = *known_key;
    c->peer.proof = proof;
    return send(c, &m, out);
}

cocoon_err channel_report_data(const struct channel *c, uint8_t out[REPORT_DATA_LEN])
{
    struct statement_channel s;
    cocoon_err err = own_statement(c, CHANNEL_QUOTE, &s);

    if (err == OK)
        report_data_channel(&s, out);
    return err;
}

/* Begin to prove by `proof`: it must be what the peer wants, and in our means. */
static cocoon_err begin_proof(struct channel *c, enum channel_proof proof, struct buf *out)
{
    cocoon_err err = decide(c, CHANNEL_MUST_PROVE);

    if (err != OK)
        return err;
    if (c->wanted != proof)
        return refuse(c, ERR_PROTOCOL, out);
    if (proof != CHANNEL_ACCOUNT && c->params.keyset == NULL)
        return refuse(c, ERR_UNSUPPORTED, out);
    return OK;
}

/* Sign our statement with `key` and send it as proof of kind `proof`. */
static cocoon_err prove_by_key(struct channel *c, enum channel_proof proof,
                               const struct ed25519_key *key, struct buf *out)
{
    struct message m = {.type = MESSAGE_PROOF, .proof = proof};
    struct statement_channel s;
    struct ed25519_sig sig;
    struct buf text;
    cocoon_err err = begin_proof(c, proof, out);

    if (err != OK)
        return err;
    buf_init(&text, STATEMENT_MAX);
    err = own_statement(c, proof, &s);
    if (err == OK)
        err = statement_put_channel(&text, &s);
    if (err == OK) {
        ed25519_sign(key, buf_slice(&text), &sig);
        m.payload = ed25519_sig_slice(&sig);
        err = send(c, &m, out);
    } else {
        err = refuse(c, err, out);
    }
    buf_fini(&text);
    return err;
}

cocoon_err channel_prove_account(struct channel *c, const struct ed25519_key *account,
                                 struct buf *out)
{
    return prove_by_key(c, CHANNEL_ACCOUNT, account, out);
}

cocoon_err channel_prove_bound(struct channel *c, const struct ed25519_key *channel_key,
                               struct buf *out)
{
    return prove_by_key(c, CHANNEL_BOUND, channel_key, out);
}

cocoon_err channel_prove_quote(struct channel *c, struct slice attestation, struct buf *out)
{
    struct message m = {.type = MESSAGE_PROOF, .proof = CHANNEL_QUOTE, .payload = attestation};
    cocoon_err err = begin_proof(c, CHANNEL_QUOTE, out);

    return err == OK ? send(c, &m, out) : err;
}

cocoon_err channel_judged(struct channel *c, cocoon_err verdict, struct buf *out)
{
    struct message m = {.type = MESSAGE_DONE};
    cocoon_err err = decide(c, CHANNEL_MUST_JUDGE);

    if (err != OK)
        return err;
    c->attestation = (struct slice){0};
    if (verdict != OK)
        return refuse(c, verdict, out);
    err = send(c, &m, out);
    if (err == OK)
        open_if_done(c);
    return err;
}
