/* Base64 (RFC 4648 section 4, padded) and base64url (section 5, unpadded). Strict: one text, one
 * value. */
#ifndef BASE_B64_H
#define BASE_B64_H

#include "base/buf.h"

/* Append `bytes` to `out` as padded base64. */
void b64_put(struct buf *out, struct slice bytes);

/* Append `bytes` to `out` as base64url without padding. */
void b64url_put(struct buf *out, struct slice bytes);

/*
 * Append the decoding of `text` to `out`. Refuses white space, missing or extra padding and
 * non-zero spare bits (ERR_MALFORMED); ERR_LIMIT when `out` is full.
 */
cocoon_err b64_read(struct slice text, struct buf *out) MUST_CHECK;
cocoon_err b64url_read(struct slice text, struct buf *out) MUST_CHECK;

#endif
