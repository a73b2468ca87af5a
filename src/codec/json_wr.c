#include "codec/json_wr.h"

#include <assert.h>

#include "base/b64.h"
#include "base/hex.h"
#include "codec/double.h"

void json_wr_init(struct json_wr *w, struct buf *out)
{
    *w = (struct json_wr){.out = out};
}

/* Append the escape of a character below 0x20, a quote or a backslash (RFC 8785 3.2.2.2). */
static void put_escape(struct buf *out, uint8_t c)
{
    switch (c) {
    case '"':
        buf_put_text(out, "\\\"");
        break;
    case '\\':
        buf_put_text(out, "\\\\");
        break;
    case '\b':
        buf_put_text(out, "\\b");
        break;
    case '\t':
        buf_put_text(out, "\\t");
        break;
    case '\n':
        buf_put_text(out, "\\n");
        break;
    case '\f':
        buf_put_text(out, "\\f");
        break;
    case '\r':
        buf_put_text(out, "\\r");
        break;
    default:
        buf_put_text(out, "\\u00");
        hex_put(out, slice_make(&c, 1));
        break;
    }
}

cocoon_err json_string_put(struct buf *out, struct slice utf8)
{
    size_t plain = 0; /* where the stretch begins that needs no escape */

    if (!slice_is_utf8(utf8))
        return ERR_ENCODING;
    buf_put_u8(out, '"');
    for (size_t i = 0; i < utf8.len; i++) {
        uint8_t c = utf8.ptr[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_put(out, slice_sub(utf8, plain, i - plain));
        put_escape(out, c);
        plain = i + 1;
    }
    buf_put(out, slice_skip(utf8, plain));
    buf_put_u8(out, '"');
    return buf_ok(out);
}

static void put_string(struct json_wr *w, struct slice utf8)
{
    if (json_string_put(w->out, utf8) == ERR_ENCODING)
        w->broken = true;
}

void json_wr_name(struct json_wr *w, struct slice name)
{
    assert(w->depth > 0 && w->closers[w->depth - 1] == '}' && !w->named);
    if (w->comma)
        buf_put_u8(w->out, ',');
    put_string(w, name);
    buf_put_u8(w->out, ':');
    w->named = true;
}

/* Write what stands before a value, which the caller then appends. */
static void begin_value(struct json_wr *w, const char *name)
{
    if (name != NULL)
        json_wr_name(w, slice_text(name));
    else if (w->comma && !w->named)
        buf_put_u8(w->out, ',');
    assert(w->depth == 0 || w->named == (w->closers[w->depth - 1] == '}'));
    w->comma = true;
    w->named = false;
}

static void open_level(struct json_wr *w, const char *name, char opener, char closer)
{
    begin_value(w, name);
    assert(w->depth < LIMIT_JSON_DEPTH);
    buf_put_u8(w->out, (uint8_t)opener);
    w->closers[w->depth++] = closer;
    w->comma = false;
}

void json_wr_object(struct json_wr *w, const char *name)
{
    open_level(w, name, '{', '}');
}

void json_wr_array(struct json_wr *w, const char *name)
{
    open_level(w, name, '[', ']');
}

void json_wr_close(struct json_wr *w)
{
    assert(w->depth > 0 && !w->named);
    buf_put_u8(w->out, (uint8_t)w->closers[--w->depth]);
    w->comma = true;
}

void json_wr_raw(struct json_wr *w, const char *name, struct slice json)
{
    begin_value(w, name);
    buf_put(w->out, json);
}

void json_wr_null(struct json_wr *w, const char *name)
{
    json_wr_raw(w, name, SLICE_LIT("null"));
}

void json_wr_bool(struct json_wr *w, const char *name, bool value)
{
    json_wr_raw(w, name, slice_text(value ? "true" : "false"));
}

void json_wr_u64(struct json_wr *w, const char *name, uint64_t value)
{
    begin_value(w, name);
    buf_put_u64(w->out, value);
}

void json_wr_i64(struct json_wr *w, const char *name, int64_t value)
{
    begin_value(w, name);
    if (value < 0)
        buf_put_u8(w->out, '-');
    buf_put_u64(w->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_wr_double(struct json_wr *w, const char *name, double value)
{
    begin_value(w, name);
    double_put(w->out, value);
}

void json_wr_text(struct json_wr *w, const char *name, struct slice utf8)
{
    begin_value(w, name);
    put_string(w, utf8);
}

void json_wr_cstr(struct json_wr *w, const char *name, const char *utf8)
{
    json_wr_text(w, name, slice_text(utf8));
}

void json_wr_hex(struct json_wr *w, const char *name, struct slice bytes)
{
    begin_value(w, name);
    buf_put_u8(w->out, '"');
    hex_put(w->out, bytes);
    buf_put_u8(w->out, '"');
}

void json_wr_sha256(struct json_wr *w, const char *name, struct slice digest)
{
    assert(digest.len == 32);
    begin_value(w, name);
    buf_put_text(w->out, "\"sha256:");
    hex_put(w->out, digest);
    buf_put_u8(w->out, '"');
}

void json_wr_b64(struct json_wr *w, const char *name, struct slice bytes)
{
    begin_value(w, name);
    buf_put_u8(w->out, '"');
    b64_put(w->out, bytes);
    buf_put_u8(w->out, '"');
}

void json_wr_decimal(struct json_wr *w, const char *name, uint64_t value)
{
    begin_value(w, name);
    buf_put_u8(w->out, '"');
    buf_put_u64(w->out, value);
    buf_put_u8(w->out, '"');
}

cocoon_err json_wr_end(const struct json_wr *w)
{
    assert(w->depth == 0 && !w->named);
    return w->broken ? ERR_ENCODING : buf_ok(w->out);
}
