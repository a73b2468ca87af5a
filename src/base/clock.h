/*
 * Time as a number and as RFC 3339 text. Reading a clock is not done here: pure code is told the
 * time.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/buf.h"

/* Seconds since 1970-01-01T00:00:00Z, leap seconds not counted. */
typedef int64_t unix_time;

/* A civil date and time in UTC. */
struct civil {
    int year;                                  /* 0..9999 */
    unsigned month, day, hour, minute, second; /* month and day from 1; second 0..59 */
};

/* Return the time of `c`; its fields must be in range (see civil_ok). */
unix_time civil_to_unix(const struct civil *c);

/* Tell whether `c` is a real date and time between years 0 and 9999. */
bool civil_ok(const struct civil *c);

struct civil civil_from_unix(unix_time t);

/* Append `t` as "2026-11-22T10:00:00Z". */
void rfc3339_put(struct buf *out, unix_time t);

/*
 * Parse RFC 3339 date-time: "T" and "Z" in upper case, a fraction (dropped) and a numeric offset
 * accepted. ERR_MALFORMED.
 */
cocoon_err rfc3339_read(struct slice text, unix_time *out) MUST_CHECK;

#endif
