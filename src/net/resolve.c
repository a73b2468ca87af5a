#include "net/resolve.h"

#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "base/mem.h"
#include "net/loop_impl.h"

struct resolve {
    uv_getaddrinfo_t request;
    struct loop *loop;
    struct addr addr;
    resolve_fn *fn; /* NULL once dropped */
    void *owner;
};

static void resolved_add(struct resolved *found, const struct addrinfo *info, uint16_t port)
{
    struct sockaddr_storage *sa = &found->list[found->count];

    if (info->ai_addrlen > sizeof *sa)
        return;
    memset(sa, 0, sizeof *sa);
    memcpy(sa, info->ai_addr, info->ai_addrlen);
    if (sa->ss_family == AF_INET)
        ((struct sockaddr_in *)sa)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)sa)->sin6_port = htons(port);
    found->lens[found->count++] = info->ai_addrlen;
}

static void resolve_done(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct resolve *r = request->data;
    struct resolved found = {.count = 0};

    r->loop->jobs--;
    if (r->fn != NULL && status == 0)
        for (struct addrinfo *at = list; at != NULL && found.count < RESOLVE_MAX; at = at->ai_next)
            resolved_add(&found, at, r->addr.port);
    if (r->fn != NULL)
        r->fn(r->owner, found.count > 0 ? &found : NULL);
    uv_freeaddrinfo(list);
    mem_free(r);
}

struct resolve *resolve_start(struct loop *loop, const struct addr *addr, resolve_fn *fn,
                              void *owner)
{
    struct resolve *r = MEM_NEW(struct resolve);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    int rc;

    assert(addr->kind == ADDR_TCP);
    *r = (struct resolve){.loop = loop, .addr = *addr, .fn = fn, .owner = owner};
    r->request.data = r;
    loop->jobs++;
    rc = uv_getaddrinfo(&loop->uv, &r->request, resolve_done, r->addr.host, NULL, &hints);
    if (rc != 0) { /* the name cannot even be asked for */
        loop->jobs--;
        mem_free(r);
        return NULL;
    }
    return r;
}

void resolve_drop(struct resolve *r)
{
    if (r == NULL)
        return;
    r->fn = NULL;
    uv_cancel((uv_req_t *)&r->request); /* or it runs to its end and is thrown away */
}
