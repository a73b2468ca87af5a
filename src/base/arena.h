/*
 * struct arena: memory for one request, connection or verification, freed all at once.
 *
 * Allocation is a pointer bump; nothing is freed singly. The cap bounds what hostile input can
 * cost.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes handed out, rounding included */
    size_t max;                 /* cap on used */
};

/* Start an arena that hands out at most `max` bytes. Allocates nothing yet. */
void arena_init(struct arena *a, size_t max);

/* Release everything taken from `a`; it may be used again. */
void arena_fini(struct arena *a);

/* As arena_fini, zeroing the memory first: for arenas that held plaintext. */
void arena_wipe(struct arena *a);

/* Return `size` zeroed bytes aligned for any type, or NULL when over the cap. */
void *arena_new(struct arena *a, size_t size);

/* Return `count` zeroed elements of `size` bytes, or NULL when over the cap or on overflow. */
void *arena_array(struct arena *a, size_t count, size_t size);

/* Set `*out` to a copy of `s` that lives as long as `a`. ERR_NOMEM. */
cocoon_err arena_copy(struct arena *a, struct slice s, struct slice *out) MUST_CHECK;

#define ARENA_NEW(arena, type)          ((type *)arena_new((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_array((arena), (count), sizeof(type)))

#endif
