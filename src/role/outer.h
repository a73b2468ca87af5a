/*
 * The outer fields of a request (docs/spec/request.md): what the proxy may know, said once in the
 * open and once inside the seal. The worker refuses a request whose two copies differ.
 */
#ifndef ROLE_OUTER_H
#define ROLE_OUTER_H

#include "base/slice.h"

enum { OUTER_FIELDS = 4, OUTER_VALUE_MAX = 128, OUTER_DEADLINE_MS = 600 * 1000 };

/* All four as they are written; an empty one is absent. */
struct outer {
    struct slice value[OUTER_FIELDS];
};

enum outer_field { OUTER_MODEL, OUTER_SIZE_CLASS, OUTER_DEADLINE, OUTER_PRICE_CAP };

/* Their names, lower case. */
extern const char *const outer_names[OUTER_FIELDS];

/*
 * Return OK if both copies are the same, or if the open one has nothing at all (a stock OHTTP
 * client). ERR_MISMATCH.
 */
cocoon_err outer_check(const struct outer *open, const struct outer *sealed) MUST_CHECK;

/* The deadline as unix milliseconds; `now_ms` + OUTER_DEADLINE_MS when absent. ERR_MALFORMED,
 * ERR_RANGE. */
cocoon_err outer_deadline(const struct outer *o, uint64_t now_ms, uint64_t *out) MUST_CHECK;

#endif
