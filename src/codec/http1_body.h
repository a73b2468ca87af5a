/*
 * The chunked transfer coding (RFC 9112 section 7.1): an incremental decoder and an encoder.
 *
 * The decoder hands out stretches of the caller's bytes as they come and keeps no copy. Sizes are
 * at most 16 hex digits, lines end in CRLF only, extensions are checked and ignored, trailer fields
 * are checked and dropped; all framing of one line is bounded by HTTP1_CHUNK_LINE, the trailer
 * section by LIMIT_HTTP_HEAD.
 */
#ifndef CODEC_HTTP1_BODY_H
#define CODEC_HTTP1_BODY_H

#include "base/buf.h"
#include "base/limits.h"

enum { HTTP1_CHUNK_LINE = 256 };

struct http1_chunked {
    int state;
    uint64_t left; /* of the chunk at hand */
    size_t line;   /* bytes of the framing line, or of the trailer section, so far */
    bool done;     /* the last chunk and the trailer section were read */
};

void http1_chunked_init(struct http1_chunked *c);

/*
 * Decode from the front of `*in`: step over what was consumed and set `*data` to the next stretch
 * of content, borrowed from it. An empty `*data` with OK means that `*in` is used up or that
 * `c->done` is set; after that `*in` starts with what follows the body. ERR_MALFORMED, ERR_LIMIT.
 */
cocoon_err http1_chunked_next(struct http1_chunked *c, struct slice *in, struct slice *data,
                              struct fail *fail) MUST_CHECK;

/* Append `data` as one chunk; nothing if it is empty, since an empty chunk would end the body. */
void http1_chunk_put(struct buf *out, struct slice data);

/* Append the last chunk and an empty trailer section. */
void http1_chunk_end(struct buf *out);

#endif
