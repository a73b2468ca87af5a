/*
 * RFC 8785. Section 3.2.3 orders members by their names' UTF-16 code units. On UTF-8 that is the
 * order of bytes with one exception: code points from U+10000 on (lead bytes F0 to F4) are
 * surrogates D800 to DFFF in UTF-16 and so stand before U+E000 to U+FFFF (lead bytes EE and EF).
 */
#include "codec/jcs.h"

#include <stdlib.h>

#include "base/num.h"
#include "codec/double.h"
#include "codec/json_wr.h"

enum { JCS_DOCUMENT_MAX = LIMIT_REQUEST_BODY, JCS_ARENA_MAX = 16 * JCS_DOCUMENT_MAX };

/* Return a number that orders UTF-8 bytes, at the first place where two names differ, as UTF-16. */
static int utf16_rank(uint8_t byte)
{
    return byte == 0xee || byte == 0xef ? byte + 0x10 : byte;
}

static int by_utf16(const void *a, const void *b)
{
    struct slice x = (*(const struct json *const *)a)->name;
    struct slice y = (*(const struct json *const *)b)->name;

    for (size_t i = 0; i < num_min(x.len, y.len); i++)
        if (x.ptr[i] != y.ptr[i])
            return utf16_rank(x.ptr[i]) - utf16_rank(y.ptr[i]);
    return (x.len > y.len) - (x.len < y.len);
}

static bool is_integer(struct slice number)
{
    size_t digits = slice_starts(number, SLICE_LIT("-")) ? 1 : 0;

    for (; digits < number.len; digits++)
        if (number.ptr[digits] < '0' || number.ptr[digits] > '9')
            return false;
    return true;
}

/* RFC 8785 3.2.2.3, and the stricter rule of jcs.h for integers. */
static cocoon_err put_number(struct buf *out, const struct json *value)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    size_t start = out->len;
    double number;
    cocoon_err err;

    if ((err = json_double(value, &number)) != OK)
        return err;
    double_put(out, number);
    if ((err = buf_ok(out)) != OK)
        return err;
    if (number > -exact && number < exact)
        return OK;
    if (is_integer(value->text) && !slice_eq(value->text, slice_skip(buf_slice(out), start)))
        return ERR_RANGE;
    return OK;
}

static cocoon_err put_value(struct buf *out, const struct json *value, struct arena *scratch);

/* Append the members of `object` in order, without `left_out` if that is one of them. */
static cocoon_err put_object(struct buf *out, const struct json *object,
                             const struct json *left_out, struct arena *scratch)
{
    const struct json **sorted = ARENA_ARRAY(scratch, object->count, const struct json *);
    size_t n = 0;
    cocoon_err err;

    if (sorted == NULL)
        return ERR_NOMEM;
    for (const struct json *m = object->first; m != NULL; m = m->next)
        if (m != left_out)
            sorted[n++] = m;
    qsort(sorted, n, sizeof *sorted, by_utf16);
    buf_put_u8(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_put_u8(out, ',');
        if ((err = json_string_put(out, sorted[i]->name)) != OK)
            return err;
        buf_put_u8(out, ':');
        if ((err = put_value(out, sorted[i], scratch)) != OK)
            return err;
    }
    buf_put_u8(out, '}');
    return buf_ok(out);
}

static cocoon_err put_array(struct buf *out, const struct json *array, struct arena *scratch)
{
    cocoon_err err;

    buf_put_u8(out, '[');
    for (const struct json *v = array->first; v != NULL; v = v->next) {
        if (v != array->first)
            buf_put_u8(out, ',');
        if ((err = put_value(out, v, scratch)) != OK)
            return err;
    }
    buf_put_u8(out, ']');
    return buf_ok(out);
}

/* Recursion ends: json_parse made no tree deeper than LIMIT_JSON_DEPTH. */
static cocoon_err put_value(struct buf *out, const struct json *value, struct arena *scratch)
{
    switch (value->kind) {
    case JSON_NULL:
        buf_put_text(out, "null");
        return buf_ok(out);
    case JSON_BOOL:
        buf_put_text(out, value->truth ? "true" : "false");
        return buf_ok(out);
    case JSON_NUMBER:
        return put_number(out, value);
    case JSON_STRING:
        return json_string_put(out, value->text);
    case JSON_ARRAY:
        return put_array(out, value, scratch);
    case JSON_OBJECT:
        return put_object(out, value, NULL, scratch);
    }
    return ERR_INTERNAL;
}

cocoon_err jcs_put(struct buf *out, const struct json *value, struct arena *scratch)
{
    return put_value(out, value, scratch);
}

cocoon_err jcs_put_without(struct buf *out, const struct json *object, const char *name,
                           struct arena *scratch)
{
    if (object->kind != JSON_OBJECT)
        return ERR_TYPE;
    return put_object(out, object, json_find(object, name), scratch);
}

cocoon_err jcs_canonicalize(struct slice text, struct buf *out, struct fail *fail)
{
    struct arena arena;
    const struct json *value;
    cocoon_err err;

    arena_init(&arena, JCS_ARENA_MAX);
    if ((err = json_parse(text, &arena, &value, fail)) != OK)
        goto done;
    if ((err = jcs_put(out, value, &arena)) != OK)
        fail_set(fail, err, 0, "the document has no canonical form within the limits");
done:
    arena_fini(&arena);
    return err;
}

cocoon_err jcs_check(const struct json *value, struct arena *scratch)
{
    struct buf canonical;
    cocoon_err err;

    buf_init(&canonical, value->source.len); /* anything longer is not equal */
    err = jcs_put(&canonical, value, scratch);
    if (err == ERR_LIMIT || (err == OK && !slice_eq(buf_slice(&canonical), value->source)))
        err = ERR_NONCANONICAL;
    buf_fini(&canonical);
    return err;
}
