/* Names to socket addresses, on the thread pool. */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "net/addr.h"
#include "net/loop.h"

enum { RESOLVE_MAX = 4 };

struct resolved {
    struct sockaddr_storage list[RESOLVE_MAX];
    socklen_t lens[RESOLVE_MAX];
    size_t count;
};

struct resolve;

/* `found` is NULL when there is no such name; it lives until the return. */
typedef void resolve_fn(void *owner, const struct resolved *found);

/*
 * Look `addr` up, a TCP address with a host name; `fn` comes later, once, unless dropped before.
 * NULL when the name is not one that can be asked for.
 */
struct resolve *resolve_start(struct loop *loop, const struct addr *addr, resolve_fn *fn,
                              void *owner);
void resolve_drop(struct resolve *r); /* NULL is fine */

#endif
