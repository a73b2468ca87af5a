#include "role/client_pool.h"

#include <assert.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"

enum { WHY_MAX = 512 };

struct pool_identity *pool_identity_ref(struct pool_identity *identity)
{
    identity->refs++;
    return identity;
}

void pool_identity_unref(struct pool_identity *identity)
{
    if (identity == NULL)
        return;
    assert(identity->refs > 0);
    if (--identity->refs > 0)
        return;
    buf_fini(&identity->evidence_json);
    buf_fini(&identity->ledger_json);
    mem_free(identity);
}

struct pool_worker *pool_find(struct pool *pool, const uint8_t id[32])
{
    for (struct pool_worker *w = pool->first; w != NULL; w = w->next)
        if (memcmp(w->id, id, sizeof w->id) == 0)
            return w;
    return NULL;
}

struct pool_worker *pool_add(struct pool *pool, const uint8_t id[32])
{
    struct pool_worker *w = pool_find(pool, id);

    if (w != NULL)
        return w;
    w = MEM_NEW(struct pool_worker);
    memcpy(w->id, id, sizeof w->id);
    hex_write(SLICE_OF(w->id), w->id_hex);
    buf_init(&w->why_not, WHY_MAX);
    buf_put_text(&w->why_not, "not verified yet");
    w->next = pool->first;
    pool->first = w;
    return w;
}

static void worker_forget_keys(struct pool_worker *w)
{
    if (w->has_session)
        ohttp_session_fini(&w->session);
    w->has_session = w->has_config = false;
}

void pool_refuse(struct pool_worker *w, const char *why, struct slice detail)
{
    worker_forget_keys(w);
    pool_identity_unref(w->identity);
    w->identity = NULL;
    pool_why_set(w, why, detail);
}

void pool_configured(struct pool_worker *w, const struct ohttp_signed *config)
{
    worker_forget_keys(w);
    w->config = *config;
    w->has_config = true;
    buf_clear(&w->why_not);
}

void pool_why_set(struct pool_worker *w, const char *why, struct slice detail)
{
    buf_clear(&w->why_not);
    buf_put_text(&w->why_not, why);
    if (detail.len > 0) {
        buf_put_text(&w->why_not, ": ");
        buf_put(&w->why_not, detail);
    }
}

void pool_verified(struct pool_worker *w, struct pool_identity *take_identity)
{
    worker_forget_keys(w);
    pool_identity_unref(w->identity);
    w->identity = take_identity;
    buf_clear(&w->why_not);
}

void pool_cool(struct pool_worker *w, uint64_t now)
{
    w->cool_until = now + POOL_COOL_MS;
}

static bool worker_usable(const struct pool_worker *w, unix_time wall)
{
    return w->identity != NULL && w->has_config && wall < w->identity->valid_until &&
           wall < w->identity->fresh_until && wall < w->config.not_after;
}

static bool was_tried(const struct pool_worker *w, const uint8_t (*tried)[32], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(w->id, tried[i], sizeof w->id) == 0)
            return true;
    return false;
}

static bool worker_free(const struct pool_worker *w, uint64_t now)
{
    return w->cool_until <= now && (w->capacity == 0 || w->load < w->capacity);
}

/* Draw uniformly from [0, n), n small. */
static uint32_t draw(const struct rng *rng, uint32_t n)
{
    uint32_t limit = UINT32_MAX - UINT32_MAX % n, value;

    do
        rng_fill(rng, &value, sizeof value);
    while (value >= limit);
    return value % n;
}

enum pool_answer pool_pick(struct pool *pool, struct slice model, const uint8_t (*tried)[32],
                           size_t tried_count, uint64_t now, unix_time wall,
                           struct pool_worker **out)
{
    struct pool_worker *free_pick = NULL, *busy_pick = NULL;
    uint32_t known = 0, usable = 0, free_seen = 0, busy_seen = 0;

    /* Reservoir sampling: each candidate of a class is kept with probability one in its rank. */
    for (struct pool_worker *w = pool->first; w != NULL; w = w->next) {
        if (!slice_eq_text(model, w->model))
            continue;
        known++;
        if (!worker_usable(w, wall))
            continue;
        usable++;
        if (was_tried(w, tried, tried_count))
            continue;
        if (worker_free(w, now) && draw(pool->rng, ++free_seen) == 0)
            free_pick = w;
        else if (!worker_free(w, now) && draw(pool->rng, ++busy_seen) == 0)
            busy_pick = w;
    }
    *out = free_pick != NULL ? free_pick : busy_pick;
    if (*out != NULL)
        return POOL_OK;
    if (known == 0)
        return POOL_NO_MODEL;
    return usable == 0 ? POOL_UNUSABLE : POOL_EXHAUSTED;
}

cocoon_err pool_session(struct pool *pool, struct pool_worker *w, unix_time now)
{
    cocoon_err err;

    if (w->has_session && ohttp_session_usable(&w->session, now))
        return OK;
    if (!w->has_config)
        return ERR_EXPIRED;
    if (w->has_session)
        ohttp_session_fini(&w->session);
    err = ohttp_session_init(&w->session, &w->config, ohttp_config_suite(&w->config.config),
                             pool->rng, now);
    w->has_session = err == OK;
    if (err != OK)
        ohttp_session_fini(&w->session);
    return err;
}

void pool_why(const struct pool *pool, struct slice model, unix_time wall, struct buf *out)
{
    bool any = false;

    for (const struct pool_worker *w = pool->first; w != NULL; w = w->next) {
        if (!slice_eq_text(model, w->model) || worker_usable(w, wall))
            continue;
        buf_put_text(out, any ? "; worker " : "worker ");
        buf_put(out, slice_make(w->id_hex, 12));
        buf_put_text(out, ": ");
        buf_put(out, w->why_not.len > 0 ? buf_slice(&w->why_not)
                                        : SLICE_LIT("its verdict or key configuration has ended"));
        any = true;
    }
}

void pool_fini(struct pool *pool)
{
    while (pool->first != NULL) {
        struct pool_worker *w = pool->first;

        pool->first = w->next;
        worker_forget_keys(w);
        pool_identity_unref(w->identity);
        buf_fini(&w->why_not);
        mem_free(w);
    }
}
