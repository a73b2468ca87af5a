/*
 * The attested channel: who is at the other end of *this* TLS connection (docs/spec/channel.md).
 *
 * Right after the TLS handshake both ends say who they are and prove it over the connection's own
 * exporter, so a proof is worth nothing on any other connection. Each end is attester for itself
 * and verifier of the other, independently:
 *
 *     HELLO   who I am, my keyset's digest, my nonce                      both, at once
 *     WANT    which proof I want                                          answers the peer's HELLO
 *     PROOF   account | quote | bound                                     answers WANT
 *     DONE    I accept you                                                answers PROOF
 *     REFUSE  why not; the connection ends
 *
 * Proofs:
 *     account  the ledger key that is my id signed the statement: parties without a TEE
 *     quote    fresh evidence whose report data is the statement's hash, and the keyset
 *     bound    the channel key of a keyset that the verifier has appraised signed the statement
 *
 * The statement names exporter, keyset digest, network, the verifier's nonce and leaf key, and the
 * attester's role and id. This is a pure state machine: messages and decisions in, messages out. It
 * reads no clock and waits for nothing; its caller enforces the deadline, gathers evidence, and
 * appraises off the loop. After an error it refuses everything.
 */
#ifndef CHANNEL_ATTESTED_H
#define CHANNEL_ATTESTED_H

#include "attest/attestation.h"
#include "attest/statement.h"
#include "base/rng.h"

enum {
    CHANNEL_VERSION = 1,
    CHANNEL_MESSAGE_MAX = ATTESTATION_MAX + 4096,
    CHANNEL_SECONDS_MAX = 30, /* from the end of the TLS handshake to an open channel */
};

enum channel_proof {
    CHANNEL_NO_PROOF, /* the peer need not prove anything */
    CHANNEL_ACCOUNT,
    CHANNEL_QUOTE,
    CHANNEL_BOUND,
};

struct channel_params {
    enum role role; /* who we are */
    uint8_t id[32]; /* worker id, or the account: an Ed25519 public key */
    uint8_t network_id[32];
    const struct digest *keyset; /* of our keyset, when we can prove by quote; NULL */

    unsigned peer_roles;    /* bits 1 << ROLE_X that the peer may have */
    const uint8_t *peer_id; /* the one id it must have; NULL: any */

    struct digest own_spki, peer_spki; /* of the two leaves of this connection */
    const struct rng *rng;

    /* The connection's exporter under LABEL_TLS_CHANNEL for context `nonce`. */
    cocoon_err (*export)(void *owner, const uint8_t nonce[32], uint8_t out[32]);
    void *owner;
};

/* Every function appends at most one message to `out`, which starts empty. */

/* What the machine waits for its caller to do: bits. */
enum {
    CHANNEL_MUST_CHOOSE = 1 << 0, /* the peer said who it is: channel_want */
    CHANNEL_MUST_PROVE = 1 << 1,  /* the peer wants c->wanted: channel_prove_* */
    CHANNEL_MUST_JUDGE = 1 << 2,  /* the peer's proof has the right form: channel_judged */
    CHANNEL_IS_OPEN = 1 << 3,     /* both ends have accepted */
};

/* The other end, as far as it has said; believe it once the channel is open. */
struct channel_peer {
    enum role role;
    uint8_t id[32];
    bool has_keyset;
    struct digest keyset; /* digest, from its HELLO */
    uint8_t nonce[32];
    enum channel_proof proof; /* what we wanted and got */
};

struct channel {
    struct channel_params params;
    uint8_t nonce[32];
    unsigned todo;             /* CHANNEL_MUST_.., CHANNEL_IS_OPEN */
    enum channel_proof wanted; /* of us: with CHANNEL_MUST_PROVE */
    struct channel_peer peer;
    uint8_t report_data[REPORT_DATA_LEN]; /* that the peer's quote must show: for judging */
    struct slice attestation; /* of the peer's quote; borrowed from the message until judged */
    struct ed25519_public known_key; /* that a bound proof must be by */
    unsigned seen;                   /* messages received and sent: bits of their types */
    unsigned sent;
    cocoon_err err; /* why it failed */
};

/* Start: append our HELLO to `out`. `params` is copied, what it points to outlives the channel. */
cocoon_err channel_start(struct channel *c, const struct channel_params *params,
                         struct buf *out) MUST_CHECK;

/*
 * Take one message; afterwards look at c->todo. `keyset` rules apply to a quote at `now`. On error
 * a REFUSE is appended to `out` (send it, then close). ERR_PROTOCOL (a message out of order),
 * ERR_VERSION, ERR_MISMATCH (network, role, id, keyset, statement), ERR_REPLAY (our own nonce, id
 * or key comes back), ERR_SIGNATURE, ERR_EXPIRED (keyset), ERR_REFUSED (the peer refused us), and
 * those of the codecs.
 */
cocoon_err channel_receive(struct channel *c, struct slice message, unix_time now, struct buf *out,
                           struct fail *fail) MUST_CHECK;

/* Say which proof the peer must give. CHANNEL_BOUND only when its keyset digest is known here, and
 * then with the channel key of that keyset. */
cocoon_err channel_want(struct channel *c, enum channel_proof proof,
                        const struct ed25519_public *known_key, struct buf *out) MUST_CHECK;

/* The report data that our own evidence must carry; valid with CHANNEL_MUST_PROVE. */
cocoon_err channel_report_data(const struct channel *c, uint8_t out[REPORT_DATA_LEN]) MUST_CHECK;

/* Prove who we are, by the kind that c->wanted names. */
cocoon_err channel_prove_account(struct channel *c, const struct ed25519_key *account,
                                 struct buf *out) MUST_CHECK;
cocoon_err channel_prove_quote(struct channel *c, struct slice attestation,
                               struct buf *out) MUST_CHECK;
cocoon_err channel_prove_bound(struct channel *c, const struct ed25519_key *channel_key,
                               struct buf *out) MUST_CHECK;

/* Tell the machine what the appraisal (quote) or the registry (account, bound) says of the peer: OK
 * sends DONE, anything else REFUSE. Returns `verdict`. */
cocoon_err channel_judged(struct channel *c, cocoon_err verdict, struct buf *out) MUST_CHECK;

static inline bool channel_is_open(const struct channel *c)
{
    return (c->todo & CHANNEL_IS_OPEN) != 0;
}

#endif
