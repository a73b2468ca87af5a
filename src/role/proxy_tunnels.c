#include "role/proxy_tunnels.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

static void tunnel_log(const char *event, const struct tunnel *t)
{
    struct log_line line = log_begin(LOG_INFO, event);

    log_id(&line, "worker", SLICE_OF(t->worker_id));
    log_u64(&line, "tunnels", t->all->count);
    log_end(&line);
}

static void tunnel_free(struct tunnel *t)
{
    struct tunnel **link = &t->all->first;

    while (*link != t)
        link = &(*link)->next;
    *link = t->next;
    t->all->count--;
    tunnel_log("tunnel_down", t);
    http_peer_free(t->peer);
    mem_free(t);
}

static void tunnel_down(void *owner, cocoon_err why)
{
    struct tunnel *t = owner;

    (void)why;
    t->down = true;
    if (t->active == 0)
        tunnel_free(t);
}

cocoon_err tunnels_add(struct tunnels *all, const uint8_t worker_id[WORKER_ID_LEN],
                       uint32_t capacity, struct stream *stream)
{
    struct tunnel *t;

    if (all->count == TUNNELS_MAX)
        return ERR_LIMIT;
    t = MEM_NEW(struct tunnel);
    t->all = all;
    t->capacity = capacity;
    memcpy(t->worker_id, worker_id, WORKER_ID_LEN);
    t->next = all->first;
    all->first = t;
    all->count++;
    t->peer = http_peer_on_stream(stream, NULL, tunnel_down, t);
    tunnel_log("tunnel_up", t);
    return OK;
}

static bool tunnel_serves(const struct tunnel *t, const uint8_t worker_id[WORKER_ID_LEN])
{
    return !t->down && memcmp(t->worker_id, worker_id, WORKER_ID_LEN) == 0 &&
           http_peer_ready(t->peer);
}

struct tunnel *tunnels_find(const struct tunnels *all, const uint8_t worker_id[WORKER_ID_LEN])
{
    struct tunnel *best = NULL;

    for (struct tunnel *t = all->first; t != NULL; t = t->next)
        if (tunnel_serves(t, worker_id) && (best == NULL || t->active < best->active))
            best = t;
    return best;
}

struct tunnel *tunnels_only(const struct tunnels *all)
{
    const struct tunnel *first = all->first;

    if (first == NULL)
        return NULL;
    for (const struct tunnel *t = first->next; t != NULL; t = t->next)
        if (memcmp(t->worker_id, first->worker_id, WORKER_ID_LEN) != 0)
            return NULL;
    return tunnels_find(all, first->worker_id);
}

bool tunnels_load(const struct tunnels *all, const uint8_t worker_id[WORKER_ID_LEN],
                  uint32_t *active, uint32_t *capacity)
{
    bool connected = false;

    *active = *capacity = 0;
    for (const struct tunnel *t = all->first; t != NULL; t = t->next) {
        if (!tunnel_serves(t, worker_id))
            continue;
        connected = true;
        *active += t->active;
        *capacity = t->capacity; /* the worker's, not the tunnel's */
    }
    return connected;
}

void tunnel_take(struct tunnel *t)
{
    t->active++;
}

void tunnel_release(struct tunnel *t)
{
    assert(t->active > 0);
    t->active--;
    if (t->down && t->active == 0)
        tunnel_free(t);
}

void tunnels_fini(struct tunnels *all)
{
    while (all->first != NULL) {
        struct tunnel *t = all->first;

        t->active = 0;
        tunnel_free(t);
    }
}
