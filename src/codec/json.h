/*
 * Strict I-JSON (RFC 8259 within the bounds of RFC 7493) as a read-only tree in an arena.
 *
 * Refused: bytes that are not UTF-8, a byte order mark, lone surrogates and noncharacters (raw or
 * escaped), two members of one name (compared after unescaping), numbers outside the grammar (NaN,
 * +1, 01, .5), bytes after the value, nesting deeper than LIMIT_JSON_DEPTH. One text, one reading.
 *
 * The tree borrows from the source text, which must live as long as the arena: names and strings
 * without escapes, numbers, and the exact source bytes of every value, so that a part can be passed
 * on untouched. Numbers keep their text and are converted where a caller says which kind it needs.
 *
 *     err = json_parse(body, &arena, &root, &fail);
 *     err = json_get_text(root, "model", &model);
 *     for (const struct json *m = messages->first; m != NULL; m = m->next) ...
 */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    bool truth;               /* of a JSON_BOOL */
    size_t count;             /* elements of an array, members of an object */
    struct slice name;        /* of a member of an object: unescaped */
    struct slice text;        /* of a string: unescaped; of a number: as written */
    struct slice source;      /* the value's own bytes, quotes and brackets included */
    const struct json *first; /* element or member, in source order; NULL if empty or a scalar */
    const struct json *next;  /* the one after this one in the same array or object */
};

/*
 * Parse all of `text` (surrounding white space allowed) and set `*out` to the tree, which lives as
 * long as `arena` and `text`. ERR_TRUNCATED, ERR_TRAILING, ERR_MALFORMED, ERR_ENCODING,
 * ERR_DUPLICATE, ERR_LIMIT (depth), ERR_NOMEM (arena full); `fail` says where. O(len), and
 * O(m log m) in the members of one object.
 */
cocoon_err json_parse(struct slice text, struct arena *arena, const struct json **out,
                      struct fail *fail) MUST_CHECK;

/* Return the member `name` of `object`; NULL if there is none or `object` is no object. O(members).
 */
const struct json *json_find(const struct json *object, const char *name);

/* As json_find for a name that is not a C string. */
const struct json *json_find_slice(const struct json *object, struct slice name);

/*
 * Convert one value. ERR_TYPE if it is of another kind. Integers must be written as integers, so
 * 1.0 and 1e3 are ERR_RANGE, as is what does not fit. A double is the nearest one; ERR_RANGE where
 * that is infinite.
 */
cocoon_err json_text(const struct json *value, struct slice *out) MUST_CHECK;
cocoon_err json_bool(const struct json *value, bool *out) MUST_CHECK;
cocoon_err json_u64(const struct json *value, uint64_t *out) MUST_CHECK;
cocoon_err json_i64(const struct json *value, int64_t *out) MUST_CHECK;
cocoon_err json_double(const struct json *value, double *out) MUST_CHECK;

/*
 * Find the member `name` of `object` and convert it. ERR_MISSING if there is none (a null member is
 * there: it is ERR_TYPE for a typed getter), ERR_TYPE if `object` is no object, and the errors of
 * the conversion. `*out` is left alone on error.
 */
cocoon_err json_get(const struct json *object, const char *name,
                    const struct json **out) MUST_CHECK;
cocoon_err json_get_object(const struct json *object, const char *name,
                           const struct json **out) MUST_CHECK;
cocoon_err json_get_array(const struct json *object, const char *name,
                          const struct json **out) MUST_CHECK;
cocoon_err json_get_text(const struct json *object, const char *name, struct slice *out) MUST_CHECK;
cocoon_err json_get_bool(const struct json *object, const char *name, bool *out) MUST_CHECK;
cocoon_err json_get_u64(const struct json *object, const char *name, uint64_t *out) MUST_CHECK;
cocoon_err json_get_i64(const struct json *object, const char *name, int64_t *out) MUST_CHECK;
cocoon_err json_get_double(const struct json *object, const char *name, double *out) MUST_CHECK;

/* Read a string member of exactly 2 * `len` lower-case hex digits into `out`. ERR_MALFORMED. */
cocoon_err json_get_hex(const struct json *object, const char *name, void *out,
                        size_t len) MUST_CHECK;

/* Read a string member "sha256:<64 lower-case hex digits>" into `out` (32 bytes). ERR_MALFORMED. */
cocoon_err json_get_sha256(const struct json *object, const char *name, void *out) MUST_CHECK;

/* Append the decoding of a string member in padded base64 to `out`. ERR_MALFORMED, ERR_LIMIT. */
cocoon_err json_get_b64(const struct json *object, const char *name, struct buf *out) MUST_CHECK;

/* Return ERR_UNKNOWN_NAME if `object` has a member that is not among the `count` `names`. */
cocoon_err json_only(const struct json *object, const char *const *names, size_t count) MUST_CHECK;

#endif
