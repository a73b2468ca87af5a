/*
 * What HTTP/1.1 and HTTP/2, servers and clients share.
 *
 *   http_server.c  listens, tells HTTP/1.1 from HTTP/2     http_peer.c  finds connections for calls
 *   http_exchange.c  one request and its answer            http_call.c  one call
 *   h1_server.c, h2_server.c  their wire                   h1_client.c, h2_client.c  their wire
 *               h2.c, h2_stream.c  what both ends of HTTP/2 share
 */
#ifndef NET_HTTP_IMPL_H
#define NET_HTTP_IMPL_H

#include "base/arena.h"
#include "base/limits.h"
#include "net/http.h"
#include "net/loop.h"

enum {
    HTTP_ARENA_MAX = LIMIT_HTTP_HEAD * 4 + 64 * 1024 /* a head, its fields, and its user's memory */
};

#define HTTP_LENGTH_UNKNOWN UINT64_MAX

/* Fields being collected; the slices and the list live in an arena. */
struct http_field_list {
    struct http_field list[LIMIT_HTTP_FIELDS];
    size_t count;
    size_t bytes; /* names and values, against LIMIT_HTTP_HEAD */
};

/*
 * Add a field that came, unless it belongs to the connection: both slices are copied to `arena`,
 * the name in lower case. ERR_LIMIT: too many, or too long together.
 */
cocoon_err http_field_list_add(struct http_field_list *fields, struct arena *arena,
                               struct slice name, struct slice value) MUST_CHECK;

/* A copy of the list in `arena`. ERR_LIMIT. */
cocoon_err http_field_list_keep(const struct http_field_list *fields, struct arena *arena,
                                struct http_fields *out) MUST_CHECK;

/* Tell whether a field called `name` (any case) belongs to the connection. */
bool http_field_is_hop(struct slice name);

/* Tell whether all names and values may be sent, and are not too many. */
bool http_fields_ok(struct http_fields fields);

/* The content-length in `fields`, or HTTP_LENGTH_UNKNOWN. ERR_MALFORMED. */
cocoon_err http_fields_length(struct http_fields fields, uint64_t *out) MUST_CHECK;

/* Write `t` as a Date field says it (RFC 9110 5.6.7). */
enum { HTTP_DATE_LEN = 29 };
void http_date_write(unix_time t, char out[HTTP_DATE_LEN + 1]);

/* Now, so written; valid until the next call on this thread. */
struct slice http_date(void);

/* Split an origin-form or absolute-form target (or "*") into path and query. ERR_MALFORMED. */
cocoon_err http_target_split(struct slice target, struct http_request *out) MUST_CHECK;

/* Count an answer. */
void http_metrics_status(struct http_metrics *metrics, unsigned status);

#endif
