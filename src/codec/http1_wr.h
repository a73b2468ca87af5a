/*
 * Writes HTTP/1.1 heads. Names and values are checked, so that nothing written here can be split
 * into two messages: a bad one sets `broken`, and http1_wr_end says so.
 */
#ifndef CODEC_HTTP1_WR_H
#define CODEC_HTTP1_WR_H

#include "base/buf.h"

struct http1_wr {
    struct buf *out;
    bool broken;
};

/* Start a request or a response (with the standard reason phrase) at the end of `out`. */
struct http1_wr http1_wr_request(struct buf *out, struct slice method, struct slice target);
struct http1_wr http1_wr_response(struct buf *out, unsigned status);

void http1_wr_field(struct http1_wr *w, const char *name, struct slice value);
void http1_wr_field_text(struct http1_wr *w, const char *name, const char *value);
void http1_wr_field_u64(struct http1_wr *w, const char *name, uint64_t value);

/* As http1_wr_field for a name that is not a C string. */
void http1_wr_field_slice(struct http1_wr *w, struct slice name, struct slice value);

/* End the head with the empty line. ERR_MALFORMED if a part was not allowed, ERR_LIMIT if full. */
cocoon_err http1_wr_end(struct http1_wr *w) MUST_CHECK;

/* Return the standard reason phrase of `status`, "" if it has none. Static text. */
const char *http1_reason(unsigned status);

#endif
