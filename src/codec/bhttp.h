/*
 * Binary HTTP messages (RFC 9292), known-length and indeterminate-length, requests and responses.
 *
 * The decoder is incremental: the caller keeps unconsumed bytes in one buffer, hands them over,
 * acts on the event, and drops what was used. Field sections must stand in that buffer whole (at
 * most LIMIT_HTTP_HEAD bytes), content is handed out as it comes. Names are lower case (upper case
 * is an error), values have no control bytes and no surrounding white space, pseudo-fields and
 * connection-specific fields are refused. Whatever follows the message must be zero (padding).
 */
#ifndef CODEC_BHTTP_H
#define CODEC_BHTTP_H

#include "base/buf.h"
#include "base/limits.h"
#include "codec/http_field.h"

struct bhttp_fields {
    struct http_field list[LIMIT_HTTP_FIELDS];
    size_t count;
};

/* Control data: the first four for a request, `status` for a response. */
struct bhttp_control {
    struct slice method, scheme, authority, path;
    unsigned status; /* 100..599; 0 in a request */
};

enum bhttp_form { BHTTP_KNOWN, BHTTP_INDETERMINATE };

/* Add a field; false when the list is full. Slices are borrowed. */
bool bhttp_fields_add(struct bhttp_fields *fields, struct slice name, struct slice value);

/* Set `*value` to the first field `name` (lower case) and return true, or return false. */
bool bhttp_fields_find(const struct bhttp_fields *fields, const char *name, struct slice *value);

/*
 * Encoder: head, then content, then end, all of one form. A response may be preceded by
 * informational ones (status 1xx), each a call of its own. In the known-length form
 * bhttp_put_content is called exactly once; in the other any number of times, one chunk each
 * (nothing for an empty one). ERR_MALFORMED if a name or value may not stand in a message,
 * ERR_LIMIT when `out` is full.
 */
cocoon_err bhttp_put_request(struct buf *out, enum bhttp_form form,
                             const struct bhttp_control *control,
                             const struct bhttp_fields *fields) MUST_CHECK;
cocoon_err bhttp_put_informational(struct buf *out, enum bhttp_form form, bool first,
                                   unsigned status, const struct bhttp_fields *fields) MUST_CHECK;
cocoon_err bhttp_put_response(struct buf *out, enum bhttp_form form, bool first, unsigned status,
                              const struct bhttp_fields *fields) MUST_CHECK;
cocoon_err bhttp_put_content(struct buf *out, enum bhttp_form form,
                             struct slice content) MUST_CHECK;

/* `trailers` may be NULL; `padding` zero bytes follow the message. */
cocoon_err bhttp_put_end(struct buf *out, enum bhttp_form form, const struct bhttp_fields *trailers,
                         size_t padding) MUST_CHECK;

enum bhttp_event {
    BHTTP_MORE,          /* nothing yet: more bytes are needed */
    BHTTP_INFORMATIONAL, /* `control.status` and `fields` hold a 1xx response */
    BHTTP_HEAD,          /* `control` and `fields` hold the head */
    BHTTP_CONTENT,       /* `content` holds the next stretch */
    BHTTP_TRAILERS,      /* `fields` holds the trailers: content has ended */
    BHTTP_DONE,          /* the message is over; what comes now is padding */
};

struct bhttp_rd {
    bool response; /* what the caller expects; a request is refused then, and vice versa */
    int state;
    enum bhttp_form form;
    uint64_t left; /* of the content or chunk at hand */
    struct bhttp_control control;
    struct bhttp_fields fields;
    struct slice content;
};

void bhttp_rd_init(struct bhttp_rd *b, bool response);

/*
 * Read one event from `in`, the bytes not consumed yet, and set `*used` to how many of them it
 * took. What the event left in `b` is borrowed from `in`. `last` says that nothing will follow
 * `in`: then a message that RFC 9292 3.8 allows to end here is completed, another is ERR_TRUNCATED.
 * Errors are final: ERR_MALFORMED, ERR_TYPE (request for response), ERR_UNSUPPORTED (framing),
 * ERR_LIMIT.
 */
cocoon_err bhttp_next(struct bhttp_rd *b, struct slice in, bool last, size_t *used,
                      enum bhttp_event *event, struct fail *fail) MUST_CHECK;

#endif
