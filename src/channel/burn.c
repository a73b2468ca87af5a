/*
 * Open addressing with linear probing over 16-byte slots, at most half full, doubled as it grows.
 * Ids are outputs of a KDF, so their first bytes serve as the hash; a client that chooses its
 * encapsulation to make ids collide needs as many tries as it wants probes. The id of all zeros,
 * which marks a free slot, is kept apart.
 */
#include "channel/burn.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

enum { BURN_FIRST_SLOTS = 256 };

struct burn_set {
    struct burn_id *slots;
    size_t slot_count; /* a power of two */
    size_t count, max;
    bool zero; /* the id of all zeros was burned */
};

static const struct burn_id free_slot;

static bool id_eq(const struct burn_id *a, const struct burn_id *b)
{
    return memcmp(a->bytes, b->bytes, BURN_ID_LEN) == 0;
}

struct burn_set *burn_new(size_t max)
{
    struct burn_set *set = MEM_NEW(struct burn_set);

    assert(max > 0 && max <= BURN_IDS_MAX);
    set->max = max;
    set->slot_count = BURN_FIRST_SLOTS;
    set->slots = MEM_ARRAY(set->slot_count, struct burn_id);
    return set;
}

void burn_free(struct burn_set *set)
{
    if (set == NULL)
        return;
    mem_free(set->slots);
    mem_free(set);
}

/* Return the slot that holds `id`, or the free one where it belongs. */
static struct burn_id *find(struct burn_id *slots, size_t slot_count, const struct burn_id *id)
{
    size_t at;

    memcpy(&at, id->bytes, sizeof at);
    for (at &= slot_count - 1;; at = (at + 1) & (slot_count - 1))
        if (id_eq(&slots[at], id) || id_eq(&slots[at], &free_slot))
            return &slots[at];
}

static void grow(struct burn_set *set)
{
    size_t slot_count = 2 * set->slot_count;
    struct burn_id *slots = MEM_ARRAY(slot_count, struct burn_id);

    for (size_t i = 0; i < set->slot_count; i++)
        if (!id_eq(&set->slots[i], &free_slot))
            *find(slots, slot_count, &set->slots[i]) = set->slots[i];
    mem_free(set->slots);
    set->slots = slots;
    set->slot_count = slot_count;
}

static bool is_burned(const struct burn_set *set, const struct burn_id *id)
{
    if (id_eq(id, &free_slot))
        return set->zero;
    return id_eq(find(set->slots, set->slot_count, id), id);
}

cocoon_err burn(struct burn_set *set, const struct burn_id *id)
{
    if (is_burned(set, id))
        return ERR_REPLAY;
    if (set->count == set->max)
        return ERR_BUSY;
    if (2 * (set->count + 1) > set->slot_count)
        grow(set);
    if (id_eq(id, &free_slot))
        set->zero = true;
    else
        *find(set->slots, set->slot_count, id) = *id;
    set->count++;
    return OK;
}

size_t burn_count(const struct burn_set *set)
{
    return set->count;
}
