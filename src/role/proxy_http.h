/* The HTTP surface of a proxy (docs/spec/request.md): forwards sealed requests, never opens them.
 */
#ifndef ROLE_PROXY_HTTP_H
#define ROLE_PROXY_HTTP_H

#include "net/http_server.h"
#include "role/proxy_tunnels.h"

struct proxy_http {
    struct tunnels tunnels;
    uint64_t requests, refused, lost; /* since the start, for /metrics */
};

/* The handler of the proxy's server; `owner` is a struct proxy_http. */
void proxy_http_handle(void *owner, struct http_exchange *x);

#endif
