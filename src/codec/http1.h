/*
 * HTTP/1.1 message heads (RFC 9112), strictly: zero-copy slices into the caller's bytes.
 *
 * Everything that two parsers could read differently is refused: bare LF or CR, obs-fold, white
 * space before a colon, empty names, control bytes, both Content-Length and Transfer-Encoding,
 * Content-Length repeated or not plain digits, any transfer coding but one final `chunked`, a
 * transfer coding in HTTP/1.0, a missing or repeated Host in a request. Versions other than 1.0 and
 * 1.1 are ERR_VERSION. What is accepted here, llhttp accepts with the same framing (tested).
 */
#ifndef CODEC_HTTP1_H
#define CODEC_HTTP1_H

#include "base/limits.h"
#include "codec/http_field.h"

/* How the end of the body is known (RFC 9112 section 6.3). */
enum http1_body {
    HTTP1_NO_BODY,
    HTTP1_LENGTH,  /* content_length bytes follow */
    HTTP1_CHUNKED, /* http1_chunked decodes what follows */
    HTTP1_TO_EOF,  /* a response until the connection closes */
};

struct http1_head {
    struct slice method, target;                 /* request */
    unsigned status;                             /* response: 100..599 */
    struct slice reason;                         /* response; may be empty */
    unsigned minor;                              /* 1 for HTTP/1.1, 0 for HTTP/1.0 */
    struct http_field fields[LIMIT_HTTP_FIELDS]; /* names as written, values without white space */
    size_t field_count;
    enum http1_body body;
    uint64_t content_length;
    bool keep_alive;      /* the connection may serve another message after this one */
    bool expect_continue; /* request: "Expect: 100-continue" */
};

/*
 * Parse the head at the start of `in`. On OK `*used` is its length, the empty line included, and
 * the body follows. ERR_TRUNCATED means that no error was found yet and more bytes are needed;
 * anything else is final: ERR_MALFORMED, ERR_VERSION, ERR_LIMIT (LIMIT_HTTP_HEAD bytes,
 * LIMIT_HTTP_FIELDS fields), ERR_DUPLICATE, ERR_UNSUPPORTED (transfer coding). `*out` borrows from
 * `in` and is whole only on OK.
 */
cocoon_err http1_request_parse(struct slice in, struct http1_head *out, size_t *used,
                               struct fail *fail) MUST_CHECK;

/*
 * As http1_request_parse for a response. `to_head` says that it answers a HEAD request and so has
 * no body. 1xx, 204 and 304 have none either.
 */
cocoon_err http1_response_parse(struct slice in, bool to_head, struct http1_head *out, size_t *used,
                                struct fail *fail) MUST_CHECK;

/* Set `*value` to the first field `name` (any case) and return true, or return false. */
bool http1_field_find(const struct http1_head *head, const char *name, struct slice *value);

/* Tell whether `s` is a token (RFC 9110 section 5.6.2), or a field value free of control bytes. */
bool http1_is_token(struct slice s);
bool http1_is_value(struct slice s);

#endif
