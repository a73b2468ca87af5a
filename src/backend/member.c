/*
 * Within a JSON string a quote is always escaped, so strings end at the first bare quote; a string
 * directly inside the object is a name if a colon follows it.
 */
#include "backend/member.h"

#include "base/rd.h"

static void skip_space(struct rd *r)
{
    while (rd_left(r) > 0 &&
           (rd_peek(r) == ' ' || rd_peek(r) == '\t' || rd_peek(r) == '\n' || rd_peek(r) == '\r'))
        rd_skip(r, 1);
}

/* Step over a string, its opening quote read already; return what stands within. */
static struct slice read_string(struct rd *r)
{
    size_t start = r->at;

    while (rd_left(r) > 0) {
        uint8_t byte = rd_u8(r);

        if (byte == '"')
            return slice_sub(r->all, start, r->at - 1 - start);
        if (byte == '\\')
            rd_skip(r, 1);
    }
    rd_fail(r);
    return (struct slice){NULL, 0};
}

/* Step over one value. Scalars end before a comma, a bracket or space. */
static void skip_value(struct rd *r)
{
    size_t depth = 0;

    while (rd_left(r) > 0) {
        uint8_t next = rd_peek(r);

        if (depth == 0 && (next == ',' || next == '}' || next == ']' || next == ' ' ||
                           next == '\t' || next == '\n' || next == '\r'))
            return;
        rd_skip(r, 1);
        if (next == '"')
            (void)read_string(r);
        else if (next == '{' || next == '[')
            depth++;
        else if (next == '}' || next == ']')
            depth--;
        if (depth == 0 && (next == '"' || next == '}' || next == ']'))
            return;
    }
}

struct slice member_find(struct slice text, const char *name)
{
    struct rd r = rd_init(text);
    struct slice found, value;
    size_t start;

    skip_space(&r);
    if (rd_u8(&r) != '{')
        return (struct slice){NULL, 0};
    while (rd_left(&r) > 0) {
        skip_space(&r);
        if (rd_u8(&r) != '"')
            break;
        found = read_string(&r);
        skip_space(&r);
        if (rd_u8(&r) != ':')
            break;
        skip_space(&r);
        start = r.at;
        skip_value(&r);
        value = slice_sub(text, start, r.at - start);
        if (!r.bad && slice_eq_text(found, name))
            return value;
        skip_space(&r);
        if (rd_u8(&r) != ',')
            break;
    }
    return (struct slice){NULL, 0};
}
