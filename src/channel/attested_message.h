/*
 * The messages of the attested channel (docs/spec/channel.md 4), each one CBOR array:
 *
 *   HELLO   [1, version, role (text), id (32), network id (32), keyset digest (32) or null, nonce
 * (32)] WANT    [2, proof] PROOF   [3, proof, payload (bytes)] DONE    [4] REFUSE  [5, error name
 * (text)]
 *
 * Internal to the channel.
 */
#ifndef CHANNEL_ATTESTED_MESSAGE_H
#define CHANNEL_ATTESTED_MESSAGE_H

#include "channel/attested.h"

enum message_type {
    MESSAGE_HELLO = 1,
    MESSAGE_WANT,
    MESSAGE_PROOF,
    MESSAGE_DONE,
    MESSAGE_REFUSE,
};

struct message {
    enum message_type type;
    /* HELLO */
    uint64_t version;
    struct slice role, id, network_id, keyset, nonce; /* keyset: empty for null */
    /* WANT, PROOF */
    enum channel_proof proof;
    struct slice payload; /* PROOF */
    /* REFUSE */
    struct slice reason;
};

/* Append `m`. ERR_LIMIT. */
cocoon_err message_put(struct buf *out, const struct message *m) MUST_CHECK;

/* Read all of `bytes`; the result borrows from it. ERR_MALFORMED, ERR_LIMIT, ERR_UNKNOWN_NAME (type
 * or proof), and cbor_check's. */
cocoon_err message_read(struct slice bytes, struct message *out, struct fail *fail) MUST_CHECK;

#endif
