/* Looking things up in a tree of json.h. */
#include "base/b64.h"
#include "base/hex.h"
#include "codec/double.h"
#include "codec/json.h"

const struct json *json_find_slice(const struct json *object, struct slice name)
{
    if (object->kind != JSON_OBJECT)
        return NULL;
    for (const struct json *m = object->first; m != NULL; m = m->next)
        if (slice_eq(m->name, name))
            return m;
    return NULL;
}

const struct json *json_find(const struct json *object, const char *name)
{
    return json_find_slice(object, slice_text(name));
}

cocoon_err json_text(const struct json *value, struct slice *out)
{
    if (value->kind != JSON_STRING)
        return ERR_TYPE;
    *out = value->text;
    return OK;
}

cocoon_err json_bool(const struct json *value, bool *out)
{
    if (value->kind != JSON_BOOL)
        return ERR_TYPE;
    *out = value->truth;
    return OK;
}

cocoon_err json_u64(const struct json *value, uint64_t *out)
{
    if (value->kind != JSON_NUMBER)
        return ERR_TYPE;
    return slice_u64(value->text, out) == OK ? OK : ERR_RANGE;
}

cocoon_err json_i64(const struct json *value, int64_t *out)
{
    const uint64_t least = (uint64_t)1 << 63; /* the magnitude of INT64_MIN */
    struct slice digits = value->text;
    uint64_t magnitude;
    bool negative;

    if (value->kind != JSON_NUMBER)
        return ERR_TYPE;
    negative = slice_starts(digits, SLICE_LIT("-"));
    if (negative)
        digits = slice_skip(digits, 1);
    if (slice_u64(digits, &magnitude) != OK || magnitude > least ||
        (magnitude == least && !negative) || (magnitude == 0 && negative))
        return ERR_RANGE;
    if (negative)
        *out = magnitude == least ? INT64_MIN : -(int64_t)magnitude;
    else
        *out = (int64_t)magnitude;
    return OK;
}

cocoon_err json_double(const struct json *value, double *out)
{
    return value->kind == JSON_NUMBER ? double_read(value->text, out) : ERR_TYPE;
}

cocoon_err json_get(const struct json *object, const char *name, const struct json **out)
{
    const struct json *member = json_find(object, name);

    if (object->kind != JSON_OBJECT)
        return ERR_TYPE;
    if (member == NULL)
        return ERR_MISSING;
    *out = member;
    return OK;
}

/* Find a member that must be of `kind`. */
static cocoon_err get_kind(const struct json *object, const char *name, enum json_kind kind,
                           const struct json **out)
{
    const struct json *member;
    cocoon_err err = json_get(object, name, &member);

    if (err != OK)
        return err;
    if (member->kind != kind)
        return ERR_TYPE;
    *out = member;
    return OK;
}

cocoon_err json_get_object(const struct json *object, const char *name, const struct json **out)
{
    return get_kind(object, name, JSON_OBJECT, out);
}

cocoon_err json_get_array(const struct json *object, const char *name, const struct json **out)
{
    return get_kind(object, name, JSON_ARRAY, out);
}

cocoon_err json_get_text(const struct json *object, const char *name, struct slice *out)
{
    const struct json *member;
    cocoon_err err = json_get(object, name, &member);

    return err != OK ? err : json_text(member, out);
}

cocoon_err json_get_bool(const struct json *object, const char *name, bool *out)
{
    const struct json *member;
    cocoon_err err = json_get(object, name, &member);

    return err != OK ? err : json_bool(member, out);
}

cocoon_err json_get_u64(const struct json *object, const char *name, uint64_t *out)
{
    const struct json *member;
    cocoon_err err = json_get(object, name, &member);

    return err != OK ? err : json_u64(member, out);
}

cocoon_err json_get_i64(const struct json *object, const char *name, int64_t *out)
{
    const struct json *member;
    cocoon_err err = json_get(object, name, &member);

    return err != OK ? err : json_i64(member, out);
}

cocoon_err json_get_double(const struct json *object, const char *name, double *out)
{
    const struct json *member;
    cocoon_err err = json_get(object, name, &member);

    return err != OK ? err : json_double(member, out);
}

cocoon_err json_get_hex(const struct json *object, const char *name, void *out, size_t len)
{
    struct slice text;
    cocoon_err err = json_get_text(object, name, &text);

    return err != OK ? err : hex_read(text, out, len);
}

cocoon_err json_get_sha256(const struct json *object, const char *name, void *out)
{
    const struct slice prefix = SLICE_LIT("sha256:");
    struct slice text;
    cocoon_err err = json_get_text(object, name, &text);

    if (err != OK)
        return err;
    if (!slice_starts(text, prefix))
        return ERR_MALFORMED;
    return hex_read(slice_skip(text, prefix.len), out, 32);
}

cocoon_err json_get_b64(const struct json *object, const char *name, struct buf *out)
{
    struct slice text;
    cocoon_err err = json_get_text(object, name, &text);

    return err != OK ? err : b64_read(text, out);
}

cocoon_err json_only(const struct json *object, const char *const *names, size_t count)
{
    if (object->kind != JSON_OBJECT)
        return ERR_TYPE;
    for (const struct json *m = object->first; m != NULL; m = m->next) {
        bool known = false;

        for (size_t i = 0; i < count && !known; i++)
            known = slice_eq_text(m->name, names[i]);
        if (!known)
            return ERR_UNKNOWN_NAME;
    }
    return OK;
}
