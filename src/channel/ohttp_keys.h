/*
 * The worker's OHTTP keys: a few at a time, each for at most an hour, each with its burn set and
 * its known sessions, all erased together. Private keys never leave this object's locked pages.
 *
 * ohttp_keys_tick makes a new key when the newest has lived half its life, so that a client that
 * fetched a configuration can use it for at least half a life, and erases keys that are over.
 */
#ifndef CHANNEL_OHTTP_KEYS_H
#define CHANNEL_OHTTP_KEYS_H

#include "channel/burn.h"
#include "channel/ohttp_signed.h"

enum { OHTTP_KEYS_LIVE_MAX = 4 };

struct ohttp_keys;

/*
 * Make an empty ring whose keys are of `kem` and live `life_s` seconds (2..OHTTP_KEY_LIFE_MAX).
 * Draws from `rng`, which outlives it. Free with ohttp_keys_free. Not thread-safe.
 */
struct ohttp_keys *ohttp_keys_new(enum kem_id kem, unsigned life_s, const struct rng *rng);

/* Erase everything; NULL is fine. */
void ohttp_keys_free(struct ohttp_keys *keys);

/*
 * Erase what has expired at `now` and make a new key when it is time; `*made` (may be NULL) says
 * whether one was made, so that its configuration must be signed and published. A clock set back
 * makes a new key too. ERR_UNSUPPORTED, ERR_CRYPTO.
 */
cocoon_err ohttp_keys_tick(struct ohttp_keys *keys, unix_time now, bool *made) MUST_CHECK;

/* Set `*out` (OHTTP_KEYS_LIVE_MAX of them) to the live keys, newest first, with their times and
 * `keyset_digest`, ready for ohttp_signed_put; return how many. */
size_t ohttp_keys_list(const struct ohttp_keys *keys, const struct digest *keyset_digest,
                       struct ohttp_signed *out);

#endif
