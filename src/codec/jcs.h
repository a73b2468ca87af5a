/*
 * JSON Canonicalization Scheme, RFC 8785: no white space, members in the order of their names'
 * UTF-16 code units, minimal escapes, numbers as ECMAScript writes them.
 *
 * One rule is stricter than the RFC: an integer beyond 2^53 that a double would change is
 * ERR_RANGE, so no two integers have one canonical form and a signature covers what json_u64 reads.
 */
#ifndef CODEC_JCS_H
#define CODEC_JCS_H

#include "codec/json.h"

/* Append the canonical form of `value` to `out`; `scratch` serves for sorting. ERR_RANGE,
 * ERR_LIMIT, ERR_NOMEM. */
cocoon_err jcs_put(struct buf *out, const struct json *value, struct arena *scratch) MUST_CHECK;

/* As jcs_put for `object` without its member `name`: what a signature inside an object covers. */
cocoon_err jcs_put_without(struct buf *out, const struct json *object, const char *name,
                           struct arena *scratch) MUST_CHECK;

/* Parse `text` and append its canonical form to `out`. Errors of json_parse and jcs_put. */
cocoon_err jcs_canonicalize(struct slice text, struct buf *out, struct fail *fail) MUST_CHECK;

/* Return OK if `value` came from canonical bytes, else ERR_NONCANONICAL. Errors of jcs_put. */
cocoon_err jcs_check(const struct json *value, struct arena *scratch) MUST_CHECK;

#endif
