/*
 * Peers whose quote was appraised, by keyset digest: their further connections are bound by the
 * keyset's channel key instead of a new quote.
 *
 * Bounded: the entry that ends soonest makes room. Entries end with the verdict or the keyset,
 * whichever is first. Not thread-safe.
 */
#ifndef CHANNEL_KNOWN_H
#define CHANNEL_KNOWN_H

#include "attest/keyset.h"
#include "attest/statement.h"

enum { KNOWN_MAX = 4096 };

struct known_peer {
    struct digest keyset;
    enum role role;
    uint8_t id[32];
    struct ed25519_public channel_key;
    uint8_t spki[KEYSET_KEYS_MAX][32]; /* its TLS keys */
    size_t spki_count;
    unix_time until;
    bool simulated;
};

struct known;

struct known *known_new(size_t capacity); /* 1..KNOWN_MAX */
void known_free(struct known *k);

/* Remember a peer; one of the same keyset is replaced. ERR_ABSENT when the keyset has no channel
 * key. */
cocoon_err known_add(struct known *k, const struct keyset *keyset, enum role role,
                     const uint8_t id[32], bool simulated, unix_time until) MUST_CHECK;

/* Return the peer with that keyset, role and id, whose TLS keys include `spki`, if it is still in
 * force at `now`; NULL otherwise. Valid until the next change. */
const struct known_peer *known_find(const struct known *k, const struct digest *keyset,
                                    enum role role, const uint8_t id[32], const struct digest *spki,
                                    unix_time now);

/* Forget a keyset: its release was revoked, or its owner struck off. */
void known_forget(struct known *k, const struct digest *keyset);

#endif
