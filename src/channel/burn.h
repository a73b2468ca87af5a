/*
 * Burn set: ids that were used once and must be refused ever after.
 *
 * "Ever" ends with the key that the ids belong to: it lives an hour and is erased, and then nothing
 * sealed to it can be opened at all. A set so belongs to one key and is freed with it. It never
 * forgets; when it is full it refuses new ids rather than old protection.
 */
#ifndef CHANNEL_BURN_H
#define CHANNEL_BURN_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    BURN_ID_LEN = 16,
    BURN_IDS_MAX = 1 << 22, /* 4.2 million: 1,165 requests a second for an hour; 128 MiB at most */
};

struct burn_id {
    uint8_t bytes[BURN_ID_LEN];
};

struct burn_set;

/* Make an empty set for at most `max` ids. Free with burn_free. Not thread-safe. */
struct burn_set *burn_new(size_t max);
void burn_free(struct burn_set *set);

/* Record `id`. ERR_REPLAY if it was there already, ERR_BUSY if the set is full. Amortised O(1). */
cocoon_err burn(struct burn_set *set, const struct burn_id *id) MUST_CHECK;

/* Return how many ids it holds. */
size_t burn_count(const struct burn_set *set);

#endif
