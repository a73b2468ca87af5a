#include "codec/http_field.h"

bool http_field_get(struct http_fields fields, const char *name, struct slice *value)
{
    for (size_t i = 0; i < fields.count; i++)
        if (slice_eq_text(fields.list[i].name, name)) {
            *value = fields.list[i].value;
            return true;
        }
    return false;
}
