/* Lower-case hexadecimal. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/buf.h"

/* Append `bytes` to `out` as lower-case hex. */
void hex_put(struct buf *out, struct slice bytes);

/* Write `bytes` as lower-case hex and a NUL to `out`, which has room for 2 * bytes.len + 1. */
void hex_write(struct slice bytes, char *out);

/*
 * Decode all of `text` into exactly `len` bytes at `out`. Only lower case is accepted, so that a
 * digest has one spelling. ERR_MALFORMED for another length or character.
 */
cocoon_err hex_read(struct slice text, void *out, size_t len) MUST_CHECK;

/* As hex_read, upper case accepted too: for what people type. */
cocoon_err hex_read_any(struct slice text, void *out, size_t len) MUST_CHECK;

#endif
