/*
 * JSON writer: appends to a struct buf, places commas, escapes strings as RFC 8785 (JCS) does: only
 * `"`, `\` and control characters, the five short forms where there is one.
 *
 * Every call that writes a value takes the member's name, or NULL inside an array (or after
 * json_wr_name). Names are not checked for order or repetition: write them in the order wanted.
 *
 *     json_wr_init(&w, &out);
 *     json_wr_object(&w, NULL);
 *     json_wr_text(&w, "model", model);
 *     json_wr_array(&w, "sizes");
 *     json_wr_u64(&w, NULL, 1);
 *     json_wr_close(&w);
 *     json_wr_close(&w);
 *     err = json_wr_end(&w);
 */
#ifndef CODEC_JSON_WR_H
#define CODEC_JSON_WR_H

#include "base/buf.h"
#include "base/limits.h"

struct json_wr {
    struct buf *out;
    char closers[LIMIT_JSON_DEPTH]; /* what ends each open level: ']' or '}' */
    size_t depth;
    bool comma;  /* a value precedes at this level */
    bool named;  /* json_wr_name came last */
    bool broken; /* a string was not UTF-8 */
};

/* Start a writer that appends to `out`, which outlives it. */
void json_wr_init(struct json_wr *w, struct buf *out);

/* Open an object or array; json_wr_close ends the innermost one that is open. */
void json_wr_object(struct json_wr *w, const char *name);
void json_wr_array(struct json_wr *w, const char *name);
void json_wr_close(struct json_wr *w);

/* Write a name that is not a C string; the value follows with name NULL. */
void json_wr_name(struct json_wr *w, struct slice name);

void json_wr_null(struct json_wr *w, const char *name);
void json_wr_bool(struct json_wr *w, const char *name, bool value);
void json_wr_u64(struct json_wr *w, const char *name, uint64_t value);
void json_wr_i64(struct json_wr *w, const char *name, int64_t value);
void json_wr_double(struct json_wr *w, const char *name, double value); /* finite; as ECMAScript */
void json_wr_text(struct json_wr *w, const char *name, struct slice utf8);
void json_wr_cstr(struct json_wr *w, const char *name, const char *utf8);

/* Write strings made from bytes: hex, "sha256:<hex>", padded base64; and a number in quotes. */
void json_wr_hex(struct json_wr *w, const char *name, struct slice bytes);
void json_wr_sha256(struct json_wr *w, const char *name, struct slice digest);
void json_wr_b64(struct json_wr *w, const char *name, struct slice bytes);
void json_wr_decimal(struct json_wr *w, const char *name, uint64_t value);

/* Write `json`, which is one complete JSON value, as it stands. */
void json_wr_raw(struct json_wr *w, const char *name, struct slice json);

/* Return OK if all levels are closed (asserted) and everything fitted; ERR_LIMIT, ERR_ENCODING. */
cocoon_err json_wr_end(const struct json_wr *w) MUST_CHECK;

/* Append `utf8` to `out` as a JSON string with its quotes. ERR_ENCODING, ERR_LIMIT. */
cocoon_err json_string_put(struct buf *out, struct slice utf8) MUST_CHECK;

#endif
