#include "codec/json_oracle_test.h"

#include <jansson.h>

#include "base/hex.h"

void oracle_put_number(struct buf *dump, double value)
{
    buf_printf(dump, "#%.17g", value == 0 ? 0 : value);
}

void oracle_put_string(struct buf *dump, struct slice text)
{
    buf_put_u8(dump, '"');
    hex_put(dump, text);
}

static void dump_value(json_t *value, struct buf *out);

static void dump_object(json_t *object, struct buf *out)
{
    buf_put_u8(out, '{');
    for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
        oracle_put_string(out, slice_text(json_object_iter_key(i)));
        dump_value(json_object_iter_value(i), out);
    }
    buf_put_u8(out, '}');
}

static void dump_value(json_t *value, struct buf *out)
{
    switch (json_typeof(value)) {
    case JSON_NULL:
        buf_put_u8(out, 'n');
        break;
    case JSON_TRUE:
        buf_put_u8(out, 't');
        break;
    case JSON_FALSE:
        buf_put_u8(out, 'f');
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        oracle_put_number(out, json_number_value(value));
        break;
    case JSON_STRING:
        oracle_put_string(out, slice_make(json_string_value(value), json_string_length(value)));
        break;
    case JSON_ARRAY:
        buf_put_u8(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++)
            dump_value(json_array_get(value, i), out);
        buf_put_u8(out, ']');
        break;
    case JSON_OBJECT:
        dump_object(value, out);
        break;
    }
}

enum oracle_verdict oracle_parse(struct slice text, struct buf *dump)
{
    json_error_t error;
    json_t *root;
    size_t at;

    /* No JSON text holds a raw NUL, but jansson 2.14 overlooks one right after a word or number. */
    if (slice_find(text, 0, &at))
        return ORACLE_REFUSES;
    root = json_loadb((const char *)text.ptr, text.len,
                      JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (root == NULL)
        return json_error_code(&error) == json_error_numeric_overflow ? ORACLE_OVERFLOWS
                                                                      : ORACLE_REFUSES;
    dump_value(root, dump);
    json_decref(root);
    return ORACLE_ACCEPTS;
}
