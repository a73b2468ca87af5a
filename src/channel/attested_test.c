/*
 * The attested channel between two state machines, without sockets: a worker that dials and a proxy
 * that accepts, and an attacker in every place it could stand. A connection's exporter is a hash of
 * the connection's name and the context, as TLS would give both its ends.
 */
#include "channel/attested.h"

#include "channel/known.h"
#include "channel/party_test.h"

enum { BOX_MAX = 8 };

/* One end of one connection, and the messages it has written that nobody has delivered yet. */
struct end {
    struct party *party;
    const char *connection;
    struct channel c;
    struct slice box[BOX_MAX];
    size_t first, count;
};

static struct party worker, second, proxy;
static struct end w, p; /* a worker's end and a proxy's, of one connection unless said otherwise */
static struct policy policy;
static struct arena arena;
static struct fail fail;
static struct buf out;
static const uint8_t network[32] = {0x4e};

static cocoon_err export_named(void *owner, const uint8_t nonce[32], uint8_t exported[32])
{
    const struct end *e = owner;
    struct slice parts[] = {slice_text(e->connection), slice_make(nonce, 32)};
    struct digest d;

    sha256_parts(parts, 2, &d);
    memcpy(exported, d.bytes, 32);
    return OK;
}

static struct slice keep(struct slice s)
{
    struct slice copy;

    assert_int_equal(arena_copy(&arena, s, &copy), OK);
    return copy;
}

/* Put what the last step of `e` wrote into its box. */
static void post(struct end *e)
{
    if (out.len > 0) {
        assert_true(e->count < BOX_MAX);
        e->box[e->count++] = keep(buf_slice(&out));
    }
    buf_clear(&out);
}

/* Describe the end of `e->party` whose other end shows the leaf of `peer`. */
static struct channel_params params_of(struct end *e, enum role role, enum role peer_role,
                                       const struct party *peer)
{
    struct channel_params params = {.role = role,
                                    .keyset = &e->party->keyset.digest,
                                    .peer_roles = 1U << peer_role,
                                    .peer_id = peer->id,
                                    .own_spki = e->party->leaf.spki,
                                    .peer_spki = peer->leaf.spki,
                                    .rng = &rand_system,
                                    .export = export_named,
                                    .owner = e};

    memcpy(params.id, e->party->id, 32);
    memcpy(params.network_id, network, 32);
    return params;
}

static void start_end(struct end *e, struct party *party, const char *connection,
                      const struct channel_params *params)
{
    struct channel_params own = *params;

    *e = (struct end){.party = party, .connection = connection};
    own.owner = e;
    assert_int_equal(channel_start(&e->c, &own, &out), OK);
    post(e);
}

static void start_worker(struct end *e, struct party *party, const char *connection)
{
    struct end probe = {.party = party};
    struct channel_params params = params_of(&probe, ROLE_WORKER, ROLE_PROXY, &proxy);

    start_end(e, party, connection, &params);
}

static void start_proxy(struct end *e, const struct party *peer, const char *connection)
{
    struct end probe = {.party = &proxy};
    struct channel_params params = params_of(&probe, ROLE_PROXY, ROLE_WORKER, peer);

    start_end(e, &proxy, connection, &params);
}

static cocoon_err receive(struct end *e, struct slice message)
{
    cocoon_err err = channel_receive(&e->c, message, PARTY_NOW, &out, &fail);

    post(e);
    return err;
}

/* Deliver the oldest message in the box of `from` to `to`. */
static cocoon_err pass(struct end *from, struct end *to)
{
    assert_true(from->first < from->count);
    return receive(to, from->box[from->first++]);
}

static cocoon_err want(struct end *e, enum channel_proof proof, const struct ed25519_public *key)
{
    cocoon_err err = channel_want(&e->c, proof, key, &out);

    post(e);
    return err;
}

/* The quote that `e` owes now. */
static struct slice quote_of(struct end *e)
{
    uint8_t report_data[REPORT_DATA_LEN];

    assert_int_equal(channel_report_data(&e->c, report_data), OK);
    return party_attest(e->party, PARTY_NOW, report_data);
}

static cocoon_err prove_quote(struct end *e, struct slice attestation)
{
    cocoon_err err = channel_prove_quote(&e->c, attestation, &out);

    post(e);
    return err;
}

static cocoon_err prove_account(struct end *e, const struct ed25519_key *key)
{
    cocoon_err err = channel_prove_account(&e->c, key, &out);

    post(e);
    return err;
}

static cocoon_err prove_bound(struct end *e, const struct ed25519_key *key)
{
    cocoon_err err = channel_prove_bound(&e->c, key, &out);

    post(e);
    return err;
}

static cocoon_err judged(struct end *e, cocoon_err verdict)
{
    cocoon_err err = channel_judged(&e->c, verdict, &out);

    post(e);
    return err;
}

/* Appraise the quote that lies at `e` under the policy, and tell its machine. */
static cocoon_err judge_quote(struct end *e)
{
    struct attestation_question q = {.policy = &policy,
                                     .now = PARTY_NOW,
                                     .report_data = SLICE_OF(e->c.report_data),
                                     .arena = &arena};
    struct attestation_answer answer;
    struct attestation a;

    assert_int_equal(attestation_read(e->c.attestation, &arena, &a, &fail), OK);
    return judged(e, attestation_appraise(&a, &q, &answer));
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 24);
    buf_init(&out, CHANNEL_MESSAGE_MAX);
    party_make(&worker, 1, PARTY_NOW + PARTY_LIFE);
    party_make(&second, 2, PARTY_NOW + PARTY_LIFE);
    party_make(&proxy, 3, PARTY_NOW + PARTY_LIFE);
    party_policy(&policy, &arena);
    start_worker(&w, &worker, "one");
    start_proxy(&p, &worker, "one");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    party_free(&worker);
    party_free(&second);
    party_free(&proxy);
    buf_fini(&out);
    arena_fini(&arena);
    return 0;
}

/* Bring both past the HELLOs and the proxy's WANT: the worker's end owes `proof`. */
static void greet(enum channel_proof proof, const struct ed25519_public *key)
{
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(pass(&p, &w), OK);
    assert_int_equal(p.c.todo, CHANNEL_MUST_CHOOSE);
    assert_int_equal(want(&p, proof, key), OK);
    assert_int_equal(pass(&p, &w), OK);
}

/* --- it works --- */

static void test_worker_by_quote_proxy_by_account(void **state)
{
    (void)state;
    greet(CHANNEL_QUOTE, NULL);
    assert_int_equal(w.c.todo, CHANNEL_MUST_CHOOSE | CHANNEL_MUST_PROVE);
    assert_int_equal(want(&w, CHANNEL_ACCOUNT, NULL), OK);
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    assert_int_equal(pass(&w, &p), OK); /* WANT */
    assert_int_equal(prove_account(&p, &proxy.account), OK);
    assert_int_equal(pass(&w, &p), OK); /* PROOF */
    assert_int_equal(p.c.todo, CHANNEL_MUST_JUDGE);
    assert_int_equal(judge_quote(&p), OK);
    assert_int_equal(pass(&p, &w), OK); /* PROOF */
    assert_int_equal(judged(&w, OK), OK);
    assert_false(channel_is_open(&w.c));
    assert_int_equal(pass(&p, &w), OK); /* DONE */
    assert_true(channel_is_open(&w.c));
    assert_false(channel_is_open(&p.c)); /* not before it hears DONE */
    assert_int_equal(pass(&w, &p), OK);
    assert_true(channel_is_open(&p.c));
    assert_int_equal(p.c.peer.role, ROLE_WORKER);
    assert_memory_equal(p.c.peer.id, worker.id, 32);
}

/* Finish: the worker wants nothing of the proxy. */
static void finish(void)
{
    assert_int_equal(want(&w, CHANNEL_NO_PROOF, NULL), OK);
    while (w.first < w.count || p.first < p.count) {
        if (w.first < w.count)
            assert_int_equal(pass(&w, &p), OK);
        if (p.first < p.count)
            assert_int_equal(pass(&p, &w), OK);
        if ((w.c.todo & CHANNEL_MUST_JUDGE) != 0)
            assert_int_equal(judged(&w, OK), OK);
    }
    assert_true(channel_is_open(&w.c) && channel_is_open(&p.c));
}

static void test_further_connection_is_bound(void **state)
{
    struct known *known = known_new(4);
    const struct known_peer *peer;

    (void)state;
    greet(CHANNEL_QUOTE, NULL);
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(judge_quote(&p), OK);
    finish();
    assert_int_equal(
        known_add(known, &worker.keyset, ROLE_WORKER, worker.id, true, PARTY_NOW + PARTY_LIFE), OK);

    start_worker(&w, &worker, "two");
    start_proxy(&p, &worker, "two");
    peer = known_find(known, &worker.keyset.digest, ROLE_WORKER, worker.id, &worker.leaf.spki,
                      PARTY_NOW);
    assert_non_null(peer);
    greet(CHANNEL_BOUND, &peer->channel_key);
    assert_int_equal(prove_bound(&w, &worker.channel_key), OK);
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(judged(&p, OK), OK);
    finish();
    known_free(known);
}

/* --- attacks --- */

/* Relay: evidence made for a connection to the attacker, handed on over the attacker's own. */
static void test_relay(void **state)
{
    struct end victim;
    struct slice quote;

    (void)state;
    /* The attacker holds one connection to the worker, playing proxy, and one to the proxy. It
     * forwards every message; only the two TLS connections differ. */
    start_worker(&victim, &worker, "to the attacker");
    start_proxy(&p, &worker, "from the attacker");
    assert_int_equal(pass(&victim, &p), OK);
    assert_int_equal(pass(&p, &victim), OK);
    assert_int_equal(want(&p, CHANNEL_QUOTE, NULL), OK);
    assert_int_equal(pass(&p, &victim), OK);
    quote = quote_of(&victim);
    assert_int_equal(prove_quote(&victim, quote), OK);
    assert_int_equal(pass(&victim, &p), OK); /* the form is right; the evidence is not */
    assert_int_equal(judge_quote(&p), ERR_MISMATCH);
    assert_false(channel_is_open(&p.c));
    assert_int_equal(pass(&p, &victim), ERR_REFUSED);
}

/* The same with a signature instead of a quote. */
static void test_relay_of_signatures(void **state)
{
    static const enum channel_proof proofs[] = {CHANNEL_BOUND, CHANNEL_ACCOUNT};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(proofs); i++) {
        bool bound = proofs[i] == CHANNEL_BOUND;
        struct end victim;

        start_worker(&victim, &worker, "to the attacker");
        start_proxy(&p, &worker, "from the attacker");
        assert_int_equal(pass(&victim, &p), OK);
        assert_int_equal(pass(&p, &victim), OK);
        assert_int_equal(want(&p, proofs[i], bound ? &worker.channel_key.public : NULL), OK);
        assert_int_equal(pass(&p, &victim), OK);
        assert_int_equal(bound ? prove_bound(&victim, &worker.channel_key)
                               : prove_account(&victim, &worker.account),
                         OK);
        assert_int_equal(pass(&victim, &p), ERR_SIGNATURE);
    }
}

/* A leaf of the verifier stands in the statement: what was made for another verifier is worthless,
 * even if the exporter were the same. */
static void test_made_for_another_verifier(void **state)
{
    (void)state;
    w.c.params.peer_spki.bytes[0] ^= 1; /* the worker sees another proxy's leaf */
    greet(CHANNEL_QUOTE, NULL);
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(judge_quote(&p), ERR_MISMATCH);
}

/* Diversion: the connection was led to another genuine worker, of the same code and measurement. */
static void test_diversion(void **state)
{
    struct channel_params params;

    (void)state;
    start_worker(&w, &second, "one");
    start_proxy(&p, &second, "one");
    p.c.params.peer_id = worker.id; /* but this one was meant */
    assert_int_equal(pass(&w, &p), ERR_MISMATCH);

    /* It may claim to be the one that was meant; then its evidence does not say so. */
    start_worker(&w, &second, "one");
    memcpy(w.c.params.id, worker.id, 32);
    start_proxy(&p, &second, "one");
    p.c.params.peer_id = worker.id;
    params = w.c.params;
    start_end(&w, &second, "one", &params); /* HELLO with the stolen id */
    greet(CHANNEL_QUOTE, NULL);
    memcpy(w.c.params.id, second.id, 32); /* the second worker's TEE attests only its own id */
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(judge_quote(&p), ERR_MISMATCH);
}

/* Reflection: the verifier's own messages come back, as a whole or dressed up. */
static void test_reflection(void **state)
{
    struct end mirror;
    struct channel_params params;
    struct end probe = {.party = &proxy};
    struct slice hello;
    uint8_t *bytes;

    (void)state;
    assert_int_equal(receive(&p, p.box[0]), ERR_MISMATCH); /* its own role is not one it takes */

    /* Even a party that talks to its own kind never takes itself. */
    params = params_of(&probe, ROLE_PROXY, ROLE_PROXY, &second);
    params.peer_id = NULL;
    start_end(&p, &proxy, "one", &params);
    assert_int_equal(receive(&p, p.box[0]), ERR_REPLAY);
    start_end(&p, &proxy, "one", &params);
    start_end(&mirror, &proxy, "one", &params); /* another process of the same party */
    assert_int_equal(pass(&mirror, &p), ERR_REPLAY);

    /* Own leaf at the other end: somebody loops us back to ourselves. */
    params.peer_spki = params.own_spki;
    start_end(&p, &proxy, "one", &params);
    memcpy(params.id, second.id, 32);
    start_end(&mirror, &second, "one", &params);
    assert_int_equal(pass(&mirror, &p), ERR_REPLAY);

    /* Own nonce sent back as the peer's: it is what a HELLO ends in. */
    start_proxy(&p, &worker, "one");
    start_worker(&w, &worker, "one");
    hello = w.box[0];
    bytes = arena_new(&arena, hello.len);
    memcpy(bytes, hello.ptr, hello.len - 32);
    memcpy(bytes + hello.len - 32, p.c.nonce, 32);
    assert_int_equal(receive(&p, slice_make(bytes, hello.len)), ERR_REPLAY);
}

/* A quote that was good on an earlier connection. */
static void test_replayed_quote(void **state)
{
    struct slice proof;

    (void)state;
    greet(CHANNEL_QUOTE, NULL);
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    proof = w.box[w.first];
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(receive(&p, proof), ERR_PROTOCOL); /* not twice on one connection */

    start_worker(&w, &worker, "one"); /* and, the exporter's context being fresh, on no other */
    start_proxy(&p, &worker, "one");
    greet(CHANNEL_QUOTE, NULL);
    assert_int_equal(receive(&p, proof), OK);
    assert_int_equal(judge_quote(&p), ERR_MISMATCH);
}

/* The text of a keyset like the worker's own, its leaf key included, but for the time it ends. */
static struct slice altered_keyset(void)
{
    struct keyset k = worker.keyset;
    struct slice text;
    struct buf room;

    k.not_after--;
    buf_init(&room, KEYSET_TEXT_MAX);
    assert_int_equal(keyset_put(&k, &room), OK);
    text = keep(buf_slice(&room));
    buf_fini(&room);
    return text;
}

/* Genuine evidence with another keyset beside it. */
static void test_swapped_keyset(void **state)
{
    struct attestation a;
    struct buf forged;
    struct slice quote;

    (void)state;
    greet(CHANNEL_QUOTE, NULL);
    quote = quote_of(&w);
    assert_int_equal(attestation_read(quote, &arena, &a, &fail), OK);
    a.keyset = altered_keyset();
    buf_init(&forged, ATTESTATION_MAX);
    assert_int_equal(attestation_put(&forged, &a), OK);
    assert_int_equal(prove_quote(&w, keep(buf_slice(&forged))), OK);
    buf_fini(&forged);
    assert_int_equal(pass(&w, &p), ERR_MISMATCH); /* not the one of the HELLO */

    /* Announced in the HELLO as well: then the evidence does not bind it. */
    start_worker(&w, &second, "one");
    start_proxy(&p, &second, "one");
    greet(CHANNEL_QUOTE, NULL);
    w.c.params.keyset = &worker.keyset.digest; /* what its TEE attests */
    quote = quote_of(&w);
    assert_int_equal(prove_quote(&w, quote), OK);
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(judge_quote(&p), ERR_MISMATCH);
}

/* A keyset that does not list the key of this connection. */
static void test_leaf_not_in_keyset(void **state)
{
    (void)state;
    p.c.params.peer_spki = second.leaf.spki;
    greet(CHANNEL_QUOTE, NULL);
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    assert_int_equal(pass(&w, &p), ERR_MISMATCH);
}

static void test_expired_keyset(void **state)
{
    struct party old;

    (void)state;
    party_make(&old, 9, PARTY_NOW - 1);
    start_worker(&w, &old, "one");
    start_proxy(&p, &old, "one");
    greet(CHANNEL_QUOTE, NULL);
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    assert_int_equal(pass(&w, &p), ERR_EXPIRED);
    party_free(&old);
}

/* Evidence of another worker: right network, code and keyset form, wrong id. */
static void test_wrong_worker(void **state)
{
    (void)state;
    greet(CHANNEL_QUOTE, NULL);
    memcpy(w.c.params.id, second.id, 32);
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(judge_quote(&p), ERR_MISMATCH);
}

static void test_wrong_role(void **state)
{
    struct end probe = {.party = &worker};
    struct channel_params params = params_of(&probe, ROLE_KEEPER, ROLE_PROXY, &proxy);

    (void)state;
    start_end(&w, &worker, "one", &params);
    assert_int_equal(pass(&w, &p), ERR_MISMATCH);

    /* It says worker, and its TEE attests keeper. */
    start_worker(&w, &worker, "one");
    start_proxy(&p, &worker, "one");
    greet(CHANNEL_QUOTE, NULL);
    w.c.params.role = ROLE_KEEPER;
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(judge_quote(&p), ERR_MISMATCH);
}

static void test_other_network(void **state)
{
    (void)state;
    p.c.params.network_id[0] ^= 1;
    assert_int_equal(pass(&w, &p), ERR_MISMATCH);
}

/* Whatever was not asked for is not taken, however good. */
static void test_other_proof_than_wanted(void **state)
{
    struct slice quote_proof;

    (void)state;
    greet(CHANNEL_QUOTE, NULL);
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    quote_proof = w.box[w.first];
    start_worker(&w, &worker, "one");
    start_proxy(&p, &worker, "one");
    greet(CHANNEL_BOUND, &worker.channel_key.public);
    assert_int_equal(receive(&p, quote_proof), ERR_PROTOCOL);
}

/* One key's signature is none of another's, and none of another purpose. */
static void test_wrong_keys(void **state)
{
    (void)state;
    greet(CHANNEL_ACCOUNT, NULL);
    assert_int_equal(prove_account(&w, &second.account), OK);
    assert_int_equal(pass(&w, &p), ERR_SIGNATURE);

    start_worker(&w, &worker, "one");
    start_proxy(&p, &worker, "one");
    greet(CHANNEL_BOUND, &worker.channel_key.public);
    assert_int_equal(prove_bound(&w, &second.channel_key), OK);
    assert_int_equal(pass(&w, &p), ERR_SIGNATURE);
}

/* A judge that says no: the peer is told, nothing opens, nothing more is taken. */
static void test_refusal_is_final(void **state)
{
    (void)state;
    greet(CHANNEL_ACCOUNT, NULL);
    assert_int_equal(prove_account(&w, &worker.account), OK);
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(judged(&p, ERR_UNAUTHORIZED), ERR_UNAUTHORIZED);
    assert_int_equal(p.c.todo, 0);
    assert_int_equal(judged(&p, OK), ERR_UNAUTHORIZED);
    assert_int_equal(pass(&p, &w), ERR_REFUSED);
    assert_int_equal(w.count, w.first); /* no answer to a refusal */
    assert_int_equal(receive(&w, SLICE_LIT("\x81\x04")), ERR_REFUSED);
    assert_int_equal(want(&w, CHANNEL_NO_PROOF, NULL), ERR_REFUSED);
}

/* DONE from the peer opens nothing while we have not accepted it ourselves. */
static void test_open_only_when_both_accepted(void **state)
{
    (void)state;
    greet(CHANNEL_QUOTE, NULL);
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(judge_quote(&p), OK);
    assert_int_equal(pass(&p, &w), OK);
    assert_false(channel_is_open(&w.c));
}

/* An attester proves what is wanted, when it is wanted, and only by means that it has. */
static void test_proving_out_of_turn(void **state)
{
    (void)state;
    greet(CHANNEL_QUOTE, NULL);
    assert_int_equal(prove_account(&w, &worker.account), ERR_PROTOCOL);
    assert_int_equal(w.c.err, ERR_PROTOCOL);

    start_worker(&w, &worker, "one");
    start_proxy(&p, &worker, "one");
    greet(CHANNEL_QUOTE, NULL);
    w.c.params.keyset = NULL;
    assert_int_equal(prove_quote(&w, SLICE_LIT("x")), ERR_UNSUPPORTED);

    start_worker(&w, &worker, "one");
    start_proxy(&p, &worker, "one");
    greet(CHANNEL_ACCOUNT, NULL);
    w.c.params.keyset = NULL; /* an account needs none */
    assert_int_equal(prove_account(&w, &worker.account), OK);
    assert_int_equal(prove_account(&w, &worker.account), ERR_PROTOCOL); /* once */
}

static cocoon_err export_fails(void *owner, const uint8_t nonce[32], uint8_t exported[32])
{
    (void)owner;
    (void)nonce;
    (void)exported;
    return ERR_TLS;
}

/* Without an exporter nothing is proved and nothing believed. */
static void test_no_exporter(void **state)
{
    static const enum channel_proof proofs[] = {CHANNEL_QUOTE, CHANNEL_ACCOUNT};
    uint8_t report_data[REPORT_DATA_LEN];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(proofs); i++) {
        start_worker(&w, &worker, "one");
        start_proxy(&p, &worker, "one");
        greet(proofs[i], NULL);
        p.c.params.export = export_fails;
        assert_int_equal(proofs[i] == CHANNEL_QUOTE ? prove_quote(&w, quote_of(&w))
                                                    : prove_account(&w, &worker.account),
                         OK);
        assert_int_equal(pass(&w, &p), ERR_TLS);
    }
    start_worker(&w, &worker, "one");
    start_proxy(&p, &worker, "one");
    greet(CHANNEL_ACCOUNT, NULL);
    w.c.params.export = export_fails;
    assert_int_equal(channel_report_data(&w.c, report_data), ERR_TLS);
    assert_int_equal(prove_account(&w, &worker.account), ERR_TLS);
}

/* A peer without a keyset cannot be asked for what only a keyset gives. */
static void test_no_keyset(void **state)
{
    struct end probe = {.party = &worker};
    struct channel_params params = params_of(&probe, ROLE_WORKER, ROLE_PROXY, &proxy);

    (void)state;
    params.keyset = NULL;
    start_end(&w, &worker, "one", &params);
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(want(&p, CHANNEL_QUOTE, NULL), ERR_MISSING);
    start_end(&w, &worker, "one", &params);
    start_proxy(&p, &worker, "one");
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(want(&p, CHANNEL_ACCOUNT, NULL), OK);
}

/* A handshake in which the peer says nothing, or stops at any point, never opens. */
static void test_silent_handshake(void **state)
{
    (void)state;
    assert_int_equal(p.c.todo, 0);
    assert_false(channel_is_open(&p.c));
    greet(CHANNEL_QUOTE, NULL);
    assert_false(channel_is_open(&p.c));
    assert_false(channel_is_open(&w.c));
    assert_int_equal(prove_quote(&w, quote_of(&w)), OK);
    assert_int_equal(pass(&w, &p), OK);
    assert_int_equal(judge_quote(&p), OK);
    assert_false(channel_is_open(&p.c)); /* the worker never accepted the proxy */
    assert_int_equal(judged(&p, OK), ERR_PROTOCOL);
}

/* --- order and form --- */

static void test_order(void **state)
{
    static const struct {
        const char *name;
        struct slice message;
    } early[] = {
        {"WANT before HELLO", SLICE_INIT("\x82\x02\x01")},
        {"PROOF before WANT", SLICE_INIT("\x83\x03\x00\x40")},
        {"DONE before PROOF", SLICE_INIT("\x81\x04")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(early); i++) {
        start_proxy(&p, &worker, "one");
        if (receive(&p, early[i].message) != ERR_PROTOCOL)
            fail_msg("%s", early[i].name);
    }
    start_proxy(&p, &worker, "one");
    assert_int_equal(receive(&p, w.box[0]), OK);
    assert_int_equal(receive(&p, w.box[0]), ERR_PROTOCOL); /* HELLO twice */
    start_proxy(&p, &worker, "one");
    assert_int_equal(want(&p, CHANNEL_QUOTE, NULL), ERR_PROTOCOL); /* before HELLO */
    assert_int_equal(prove_account(&p, &proxy.account), ERR_PROTOCOL);
    assert_int_equal(judged(&p, OK), ERR_PROTOCOL);
}

static void test_malformed_messages(void **state)
{
    static const struct {
        const char *name;
        struct slice message;
        cocoon_err err;
    } cases[] = {
        {"empty", SLICE_INIT(""), ERR_TRUNCATED},
        {"no array", SLICE_INIT("\x01"), ERR_UNKNOWN_NAME},
        {"type 0", SLICE_INIT("\x81\x00"), ERR_UNKNOWN_NAME},
        {"type 6", SLICE_INIT("\x81\x06"), ERR_UNKNOWN_NAME},
        {"DONE with more", SLICE_INIT("\x82\x04\x00"), ERR_MALFORMED},
        {"WANT of an unknown proof", SLICE_INIT("\x82\x02\x04"), ERR_MALFORMED},
        {"PROOF without payload", SLICE_INIT("\x82\x03\x01"), ERR_MALFORMED},
        {"bytes behind", SLICE_INIT("\x81\x04\x00"), ERR_TRAILING},
        {"HELLO of the wrong kind", SLICE_INIT("\x87\x01\x01\x40\x40\x40\xf6\x40"), ERR_MALFORMED},
        {"not deterministic", SLICE_INIT("\x81\x18\x04"), ERR_NONCANONICAL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cocoon_err err;

        start_proxy(&p, &worker, "one");
        err = receive(&p, cases[i].message);
        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].name, cocoon_err_name(err));
        assert_int_equal(p.count, 2); /* HELLO and REFUSE */
    }
}

/* Every cut and every flipped bit of a HELLO and of a PROOF: refused, or about something else. */
static void test_truncation_and_bit_flips(void **state)
{
    struct slice hello = w.box[0];
    uint8_t *bytes = arena_new(&arena, hello.len);

    (void)state;
    memcpy(bytes, hello.ptr, hello.len);
    for (size_t n = 0; n < hello.len; n++) {
        start_proxy(&p, &worker, "one");
        assert_int_not_equal(receive(&p, slice_make(bytes, n)), OK);
    }
    for (size_t bit = 0; bit < 8 * hello.len; bit++) {
        bool free_part = bit / 8 >= hello.len - 32 - 2 - 32; /* keyset digest and nonce */

        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        start_proxy(&p, &worker, "one");
        if (receive(&p, slice_make(bytes, hello.len)) == OK)
            assert_true(free_part);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

/* Fields of a HELLO that are not 32 bytes, and a message beyond any length. */
static void test_lengths(void **state)
{
    static const size_t field_from_end[] = {32, 66, 100, 134}; /* nonce, keyset, network, id */
    struct slice hello = w.box[0];
    struct buf cut;

    (void)state;
    buf_init(&cut, 2 * CHANNEL_MESSAGE_MAX);
    for (size_t i = 0; i < COUNT_OF(field_from_end); i++) {
        size_t at = hello.len - field_from_end[i];

        /* One byte fewer, and a length that says so. */
        buf_clear(&cut);
        buf_put(&cut, slice_sub(hello, 0, at - 1));
        buf_put_u8(&cut, 31);
        buf_put(&cut, slice_skip(hello, at + 1));
        start_proxy(&p, &worker, "one");
        assert_int_equal(receive(&p, buf_slice(&cut)), ERR_MALFORMED);
    }
    buf_clear(&cut);
    buf_put(&cut, SLICE_LIT("\x83\x03\x02\x5a\x00\x20\x00\x00"));
    memset(buf_extend(&cut, 0x200000), 0, 0x200000);
    start_proxy(&p, &worker, "one");
    assert_int_equal(receive(&p, buf_slice(&cut)), ERR_LIMIT);
    buf_fini(&cut);
}

static void test_wrong_version(void **state)
{
    struct slice hello = w.box[0];
    uint8_t *bytes = arena_new(&arena, hello.len);

    (void)state;
    memcpy(bytes, hello.ptr, hello.len);
    bytes[2] = 2;
    assert_int_equal(receive(&p, slice_make(bytes, hello.len)), ERR_VERSION);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_worker_by_quote_proxy_by_account),
        UNIT(test_further_connection_is_bound),
        UNIT(test_relay),
        UNIT(test_relay_of_signatures),
        UNIT(test_made_for_another_verifier),
        UNIT(test_diversion),
        UNIT(test_reflection),
        UNIT(test_replayed_quote),
        UNIT(test_swapped_keyset),
        UNIT(test_leaf_not_in_keyset),
        UNIT(test_expired_keyset),
        UNIT(test_wrong_worker),
        UNIT(test_wrong_role),
        UNIT(test_other_network),
        UNIT(test_other_proof_than_wanted),
        UNIT(test_wrong_keys),
        UNIT(test_refusal_is_final),
        UNIT(test_no_keyset),
        UNIT(test_open_only_when_both_accepted),
        UNIT(test_proving_out_of_turn),
        UNIT(test_no_exporter),
        UNIT(test_silent_handshake),
        UNIT(test_order),
        UNIT(test_malformed_messages),
        UNIT(test_truncation_and_bit_flips),
        UNIT(test_wrong_version),
        UNIT(test_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
