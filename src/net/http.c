#include "net/http.h"

#include <assert.h>
#include <stdio.h>

#include "codec/http1.h"
#include "net/http_impl.h"

const struct http_limits http_server_limits = {
    .head_ms = 10 * 1000,
    .body_ms = 30 * 1000,
    .whole_ms = 30 * 60 * 1000, /* a long completion */
    .idle_ms = 75 * 1000,
    .ping_ms = 20 * 1000,
    .body_max = LIMIT_REQUEST_BODY,
    .streams = 1024,
};

const struct http_limits http_client_limits = {
    .head_ms = 10 * 60 * 1000, /* a busy engine's queue and a long prompt */
    .body_ms = 2 * 60 * 1000,
    .whole_ms = 30 * 60 * 1000,
    .idle_ms = 60 * 1000, /* less than servers keep a connection */
    .ping_ms = 20 * 1000,
    .body_max = LIMIT_RESPONSE_BODY,
    .streams = 1024,
};

bool http_field_is_hop(struct slice name)
{
    static const struct slice hops[] = {
        SLICE_INIT("connection"),
        SLICE_INIT("keep-alive"),
        SLICE_INIT("proxy-connection"),
        SLICE_INIT("te"),
        SLICE_INIT("transfer-encoding"),
        SLICE_INIT("upgrade"),
        SLICE_INIT("expect"),
        SLICE_INIT("host"),
        SLICE_INIT("http2-settings"),
    };

    for (size_t i = 0; i < sizeof hops / sizeof hops[0]; i++)
        if (slice_eq_nocase(name, hops[i]))
            return true;
    return false;
}

static cocoon_err lower_copy(struct arena *arena, struct slice name, struct slice *out)
{
    uint8_t *copy = arena_new(arena, name.len);

    if (copy == NULL)
        return ERR_LIMIT;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];

        copy[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
    }
    *out = slice_make(copy, name.len);
    return OK;
}

cocoon_err http_field_list_add(struct http_field_list *fields, struct arena *arena,
                               struct slice name, struct slice value)
{
    struct http_field *field = &fields->list[fields->count];

    if (http_field_is_hop(name))
        return OK;
    fields->bytes += name.len + value.len;
    if (fields->count == LIMIT_HTTP_FIELDS || fields->bytes > LIMIT_HTTP_HEAD)
        return ERR_LIMIT;
    if (lower_copy(arena, name, &field->name) != OK ||
        arena_copy(arena, value, &field->value) != OK)
        return ERR_LIMIT;
    fields->count++;
    return OK;
}

cocoon_err http_field_list_keep(const struct http_field_list *fields, struct arena *arena,
                                struct http_fields *out)
{
    struct http_field *list = ARENA_ARRAY(arena, fields->count, struct http_field);

    if (list == NULL)
        return ERR_LIMIT;
    for (size_t i = 0; i < fields->count; i++)
        list[i] = fields->list[i];
    *out = (struct http_fields){list, fields->count};
    return OK;
}

bool http_fields_ok(struct http_fields fields)
{
    if (fields.count > LIMIT_HTTP_FIELDS)
        return false;
    for (size_t i = 0; i < fields.count; i++)
        if (!http1_is_token(fields.list[i].name) || !http1_is_value(fields.list[i].value))
            return false;
    return true;
}

cocoon_err http_fields_length(struct http_fields fields, uint64_t *out)
{
    struct slice text;

    *out = HTTP_LENGTH_UNKNOWN;
    if (!http_field_get(fields, "content-length", &text))
        return OK;
    return slice_u64(text, out) == OK ? OK : ERR_MALFORMED;
}

void http_date_write(unix_time t, char out[HTTP_DATE_LEN + 1])
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1 January 1970 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil c = civil_from_unix(t);

    assert(t >= 0 && c.year <= 9999);
    snprintf(out, HTTP_DATE_LEN + 1, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
             days + 3 * (t / 86400 % 7), c.day % 100, months + 3 * (c.month - 1),
             (unsigned)c.year % 10000, c.hour % 100, c.minute % 100, c.second % 100);
}

struct slice http_date(void)
{
    static _Thread_local unix_time written = -1;
    static _Thread_local char text[HTTP_DATE_LEN + 1];
    unix_time now = loop_unix_now();

    if (now != written)
        http_date_write(now, text);
    written = now;
    return slice_make(text, HTTP_DATE_LEN);
}

/* Take scheme and authority off an absolute-form target. */
static struct slice target_path(struct slice target, struct http_request *out)
{
    static const struct slice schemes[] = {SLICE_INIT("http://"), SLICE_INIT("https://")};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct slice rest = target;
        size_t slash;

        if (!slice_starts(target, schemes[i]))
            continue;
        rest = slice_skip(target, schemes[i].len);
        if (!slice_find(rest, '/', &slash))
            return slice_make(NULL, 0);
        out->authority = slice_sub(rest, 0, slash);
        return slice_skip(rest, slash);
    }
    return target;
}

cocoon_err http_target_split(struct slice target, struct http_request *out)
{
    struct slice rest = target_path(target, out);

    out->target = rest;
    out->path = slice_cut(&rest, '?');
    out->query = rest;
    if (slice_eq_text(out->path, "*") && out->query.len == 0)
        return OK;
    return out->path.len > 0 && out->path.ptr[0] == '/' ? OK : ERR_MALFORMED;
}

void http_metrics_status(struct http_metrics *metrics, unsigned status)
{
    metrics->status[status / 100 % 6]++;
}
