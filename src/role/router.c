#include "role/router.h"

#include <string.h>

static bool path_matches(const char *pattern, struct slice path)
{
    size_t len = strlen(pattern);

    if (len > 0 && pattern[len - 1] == '*')
        return slice_starts(path, slice_make(pattern, len - 1));
    return slice_eq_text(path, pattern);
}

static bool method_matches(const char *wanted, struct slice method)
{
    return slice_eq_text(method, wanted) ||
           (slice_eq_text(method, "HEAD") && strcmp(wanted, "GET") == 0);
}

void router_dispatch(const struct route *routes, size_t count, void *owner, struct http_exchange *x)
{
    const struct http_request *request = http_exchange_request(x);
    bool known = false;

    for (size_t i = 0; i < count; i++) {
        if (!path_matches(routes[i].path, request->path))
            continue;
        known = true;
        if (method_matches(routes[i].method, request->method)) {
            routes[i].handler(owner, x);
            return;
        }
    }
    if (known)
        http_answer_error(x, 405, "method_not_allowed", "this path does not take that method");
    else
        http_answer_error(x, 404, "not_found", "no such path");
}

struct slice router_rest(struct http_exchange *x, const char *route_path)
{
    struct slice path = http_exchange_request(x)->path;
    size_t fixed = strlen(route_path);

    if (fixed > 0 && route_path[fixed - 1] == '*')
        fixed--;
    return path.len < fixed ? SLICE_LIT("") : slice_skip(path, fixed);
}

bool query_get(struct slice query, const char *name, struct slice *value)
{
    while (query.len > 0) {
        struct slice pair = slice_cut(&query, '&');
        struct slice key = slice_cut(&pair, '=');

        if (slice_eq_text(key, name)) {
            *value = pair;
            return true;
        }
    }
    return false;
}
