/*
 * IEEE 754 doubles and decimal text, exactly and without the C library's locale: the nearest double
 * of a text (ties to even), and the shortest text that reads back as the same double, written as
 * ECMAScript's Number::toString does (RFC 8785 section 3.2.2.3).
 */
#ifndef CODEC_DOUBLE_H
#define CODEC_DOUBLE_H

#include "base/buf.h"

/*
 * Read `text`, a number of the JSON grammar (ERR_MALFORMED if it is none), as the nearest double.
 * ERR_RANGE if that is infinite. Underflow gives a subnormal or zero of the right sign.
 */
cocoon_err double_read(struct slice text, double *out) MUST_CHECK;

/* Append `value`, which is finite (asserted), to `out`; both zeros are "0". */
void double_put(struct buf *out, double value);

/* Return the length of the JSON number at the start of `text`, 0 if there is none. */
size_t double_scan(struct slice text);

#endif
