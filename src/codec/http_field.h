/* Fields of an HTTP message, whatever it travels in: HTTP/1.1, HTTP/2 or binary HTTP. */
#ifndef CODEC_HTTP_FIELD_H
#define CODEC_HTTP_FIELD_H

#include "base/slice.h"

struct http_field {
    struct slice name, value;
};

struct http_fields {
    const struct http_field *list;
    size_t count;
};

#define HTTP_NO_FIELDS ((struct http_fields){NULL, 0})

/* The fields of an array object. */
#define HTTP_FIELDS(array) ((struct http_fields){(array), sizeof(array) / sizeof((array)[0])})

/* A field from a string literal name and a slice. */
#define HTTP_FIELD(literal, slice_value) ((struct http_field){SLICE_LIT(literal), (slice_value)})

/* Set `*value` to the value of the first field called `name` (both in lower case) and return true,
 * or return false. */
bool http_field_get(struct http_fields fields, const char *name, struct slice *value);

#endif
