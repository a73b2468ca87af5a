/*
 * The tunnels of a proxy: which worker is behind which, and how busy it is.
 *
 * A worker may hold several tunnels. Requests borrow a tunnel between tunnel_take and
 * tunnel_release; a tunnel that is gone is freed when the last request gave it back.
 */
#ifndef ROLE_PROXY_TUNNELS_H
#define ROLE_PROXY_TUNNELS_H

#include "net/http_client.h"

enum { TUNNELS_MAX = 4096, WORKER_ID_LEN = 32 };

struct tunnels;

struct tunnel {
    struct tunnels *all;
    struct tunnel *next;
    uint8_t worker_id[WORKER_ID_LEN];
    uint32_t capacity; /* requests at once, as registered */
    uint32_t active;   /* requests under way */
    struct http_peer *peer;
    bool down;
};

struct tunnels {
    struct tunnel *first;
    size_t count;
};

/* Add the tunnel of `worker_id` on `stream`, which is attested by now, and own it. ERR_LIMIT. */
cocoon_err tunnels_add(struct tunnels *all, const uint8_t worker_id[WORKER_ID_LEN],
                       uint32_t capacity, struct stream *stream) MUST_CHECK;

/* Return the least busy live tunnel of `worker_id`, or NULL. */
struct tunnel *tunnels_find(const struct tunnels *all, const uint8_t worker_id[WORKER_ID_LEN]);

/* Return the tunnel if exactly one worker is connected, else NULL. */
struct tunnel *tunnels_only(const struct tunnels *all);

/* Sum up what is known of a worker's load; false when it is not connected. */
bool tunnels_load(const struct tunnels *all, const uint8_t worker_id[WORKER_ID_LEN],
                  uint32_t *active, uint32_t *capacity);

void tunnel_take(struct tunnel *t);
void tunnel_release(struct tunnel *t);

/* Cut every tunnel. */
void tunnels_fini(struct tunnels *all);

#endif
