/*
 * Settling: an obligation is settled by an equal one earlier in the list, by the cache, or by
 * crypto/verify. The cache is a table of digests, one place each (by the digest's first bytes); a
 * newer entry takes the place of an older one. Digests come from SHA-256 over the whole obligation,
 * so an entry can only say that this very signature was checked.
 */
#include "attest/obligation.h"

#include <assert.h>

#include "base/mem.h"

struct obligation_cache {
    size_t mask;
    struct digest *places; /* all zero: empty */
};

void obligation_add(struct obligations *o, const struct rule *rule, const struct sig_claim *claim)
{
    assert(rule != NULL);
    if (o->count == OBLIGATIONS_MAX) {
        o->over = true;
        return;
    }
    o->items[o->count++] = (struct obligation){.claim = *claim, .rule = rule};
}

struct obligation_cache *obligation_cache_new(size_t capacity)
{
    struct obligation_cache *cache = MEM_NEW(struct obligation_cache);

    assert(capacity > 0 && (capacity & (capacity - 1)) == 0);
    cache->mask = capacity - 1;
    cache->places = MEM_ARRAY(capacity, struct digest);
    return cache;
}

void obligation_cache_free(struct obligation_cache *cache)
{
    if (cache == NULL)
        return;
    mem_free(cache->places);
    mem_free(cache);
}

static struct digest *cache_place(struct obligation_cache *cache, const struct digest *d)
{
    size_t at = 0;

    for (size_t i = 0; i < sizeof at; i++)
        at = at << 8 | d->bytes[i];
    return &cache->places[at & cache->mask];
}

/* Settle one; `before` are the digests of those settled earlier. */
static void settle(struct obligation *item, const struct digest *digest,
                   struct obligation_cache *cache)
{
    struct digest *place = cache == NULL ? NULL : cache_place(cache, digest);
    struct fail fail;

    item->settled = true;
    item->good =
        (place != NULL && digest_eq(place, digest)) || sig_settle(&item->claim, &fail) == OK;
    if (item->good && place != NULL)
        *place = *digest;
}

void obligations_settle(struct obligations *o, struct obligation_cache *cache)
{
    struct digest digests[OBLIGATIONS_MAX];

    for (size_t i = 0; i < o->count; i++) {
        struct obligation *item = &o->items[i];
        size_t same = 0;

        if (item->settled) {
            digests[i] = (struct digest){{0}};
            continue;
        }
        sig_claim_digest(&item->claim, &digests[i]);
        while (!digest_eq(&digests[same], &digests[i]))
            same++;
        if (same < i) {
            item->settled = true;
            item->good = o->items[same].good;
        } else {
            settle(item, &digests[i], cache);
        }
    }
}

bool obligations_record(const struct obligations *o, struct result *r)
{
    static const struct rule too_many = {"obligations.count", "all signatures were listed", NULL};
    bool all = !o->over;

    if (o->over)
        (void)result_check(r, &too_many, false, ERR_LIMIT);
    for (size_t i = 0; i < o->count; i++) {
        const struct obligation *item = &o->items[i];
        struct slice what =
            item->claim.what == NULL ? (struct slice){0} : slice_text(item->claim.what);

        all &= result_check_detail(r, item->rule, item->settled && item->good, ERR_SIGNATURE, what);
    }
    return all;
}
