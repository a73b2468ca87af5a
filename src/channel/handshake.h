/*
 * The attested channel on a stream: attested.h driven by net, with the deadline enforced.
 *
 * The owner answers three questions, at once or later from the loop's thread: which proof it wants
 * of the peer, its own proof, and its judgement of the peer's. Quotes and appraisals take
 * milliseconds: do them on another thread. In the end on_done gets the stream back, no byte of what
 * follows consumed, or an error.
 */
#ifndef CHANNEL_HANDSHAKE_H
#define CHANNEL_HANDSHAKE_H

#include "channel/attested.h"
#include "net/stream.h"

struct handshake;

struct handshake_events {
    /* Decide which proof the peer must give: handshake_want. */
    void (*choose)(void *owner, struct handshake *h, const struct channel_peer *peer);

    /* Prove who we are: handshake_prove_*. For CHANNEL_QUOTE, `report_data` is what to attest. */
    void (*prove)(void *owner, struct handshake *h, enum channel_proof wanted,
                  const uint8_t report_data[REPORT_DATA_LEN]);

    /*
     * Judge the peer: handshake_judged. For CHANNEL_QUOTE, `attestation` must be appraised against
     * `report_data`; both live until handshake_judged.
     */
    void (*judge)(void *owner, struct handshake *h, const struct channel_peer *peer,
                  struct slice attestation, const uint8_t report_data[REPORT_DATA_LEN]);

    /* Exactly once; `h` is dead afterwards. OK: the stream is yours to bind. Else it is closed. */
    void (*on_done)(void *owner, cocoon_err err, struct stream *stream,
                    const struct channel_peer *peer);
};

/*
 * Start on the open TLS stream `s`, which it takes over. `params` as channel_start wants it, but
 * for own_spki, peer_spki, export and owner, which come from the stream. Ends within `deadline_ms`
 * (at most CHANNEL_SECONDS_MAX seconds). Returns
 * NULL if it is over already: on_done came from inside.
 */
struct handshake *handshake_start(struct stream *s, const struct channel_params *params,
                                  uint32_t deadline_ms, const struct handshake_events *events,
                                  void *owner);

/* Answers to the questions. `known_key` for CHANNEL_BOUND only. */
void handshake_want(struct handshake *h, enum channel_proof proof,
                    const struct ed25519_public *known_key);
void handshake_prove_account(struct handshake *h, const struct ed25519_key *account);
void handshake_prove_quote(struct handshake *h, struct slice attestation);
void handshake_prove_bound(struct handshake *h, const struct ed25519_key *channel_key);
void handshake_judged(struct handshake *h, cocoon_err verdict);

/* The stream it runs on, borrowed: for its peer's key and exporter only. */
const struct stream *handshake_stream(const struct handshake *h);

/* Refuse and end now: on_done comes with `why` before this returns. */
void handshake_fail(struct handshake *h, cocoon_err why);

#endif
