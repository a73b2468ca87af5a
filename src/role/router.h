/*
 * Routes of an HTTP service: a table of method, path and handler.
 *
 * A path ending in "*" matches every path that starts with what precedes the star. The first match
 * wins. Unknown paths get 404, known ones with another method 405, both in OpenAI's error form.
 * HEAD is answered by the GET handler.
 */
#ifndef ROLE_ROUTER_H
#define ROLE_ROUTER_H

#include "net/http_server.h"

struct route {
    const char *method;
    const char *path;
    http_handler *handler;
};

/* Dispatch `x` to the handler of the first of `count` routes that matches, with `owner`. */
void router_dispatch(const struct route *routes, size_t count, void *owner,
                     struct http_exchange *x);

/* Return what follows the fixed part of `route_path` ("/v1/models/" for "/v1/models/" "*") in the
 * request's path. */
struct slice router_rest(struct http_exchange *x, const char *route_path);

/* Set `*value` to the raw value of `name` in a query string ("a=1&b=2") and return true, or return
 * false. */
bool query_get(struct slice query, const char *name, struct slice *value);

#endif
