/*
 * RFC 9292 section 3. All lengths and numbers are QUIC variable-length integers.
 *
 *     framing indicator    0 request, 1 response of known length; 2, 3 of indeterminate length
 *     informational        any number of (status 100..199, field section); responses only
 *     control data         method, scheme, authority, path, each with its length; or status
 * 200..599 field section        known: length, lines;          indeterminate: lines, 0 content
 * known: length, bytes;          indeterminate: (length, bytes)*, 0 field section        the
 * trailers padding              zeros field line           name length, name, value length, value
 *
 * Rules enforced both ways, beyond the layout (3.6 refers to HTTP/2, RFC 9113 8.2 and 8.3):
 *
 *  1. Names are lower-case tokens, so pseudo-fields are out too.
 *  2. Values have no control bytes and neither begin nor end with space or tab.
 *  3. Connection-specific fields (connection, transfer-encoding, …) are refused, `te` but for
 * "trailers".
 *  4. The method is a token; scheme, authority and path are visible ASCII; only the authority may
 * be empty; a path starts with "/" or is "*".
 *
 * Truncation (3.1, 3.2): a message may end where a section that would be empty is left out.
 */
#include "codec/bhttp.h"

#include <string.h>

#include "base/rd.h"
#include "base/wr.h"
#include "codec/http1.h"

enum state {
    AT_START,   /* the framing indicator comes next */
    AT_HEAD,    /* control data with its field section */
    AT_LENGTH,  /* the length of the content, or of a chunk */
    AT_CHUNK,   /* as AT_LENGTH, after at least one chunk */
    IN_CONTENT, /* `left` bytes of content or chunk */
    AT_TRAILERS,
    AT_PADDING,
};

bool bhttp_fields_add(struct bhttp_fields *fields, struct slice name, struct slice value)
{
    if (fields->count == LIMIT_HTTP_FIELDS)
        return false;
    fields->list[fields->count++] = (struct http_field){name, value};
    return true;
}

bool bhttp_fields_find(const struct bhttp_fields *fields, const char *name, struct slice *value)
{
    return http_field_get((struct http_fields){fields->list, fields->count}, name, value);
}

/* Rules 1 and 3. */
static bool name_ok(struct slice name, struct slice value)
{
    static const char *const connection_specific[] = {
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};

    if (!http1_is_token(name))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z')
            return false;
    for (size_t i = 0; i < sizeof connection_specific / sizeof connection_specific[0]; i++)
        if (slice_eq_text(name, connection_specific[i]))
            return false;
    return !slice_eq_text(name, "te") || slice_eq_text(value, "trailers");
}

static bool field_ok(const struct http_field *field)
{
    return name_ok(field->name, field->value) && http1_is_value(field->value) &&
           slice_trim(field->value).len == field->value.len;
}

static bool is_visible(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= 0x20 || s.ptr[i] >= 0x7f)
            return false;
    return true;
}

/* Rule 4. */
static bool control_ok(const struct bhttp_control *c)
{
    return http1_is_token(c->method) && c->scheme.len > 0 && is_visible(c->scheme) &&
           is_visible(c->authority) && is_visible(c->path) &&
           (slice_starts(c->path, SLICE_LIT("/")) || slice_eq_text(c->path, "*"));
}

/* ---- encoder ---- */

static void put_varint(struct buf *out, uint64_t value)
{
    uint8_t bytes[8];
    struct wr w = wr_init(bytes, sizeof bytes);

    wr_varint(&w, value);
    buf_put(out, slice_make(bytes, w.len));
}

static void put_prefixed(struct buf *out, struct slice s)
{
    put_varint(out, s.len);
    buf_put(out, s);
}

static size_t varint_len(uint64_t value)
{
    if (value < 1U << 6)
        return 1;
    if (value < 1U << 14)
        return 2;
    return value < 1U << 30 ? 4 : 8;
}

static size_t prefixed_len(struct slice s)
{
    return varint_len(s.len) + s.len;
}

/* Append a field section; NULL is an empty one. */
static cocoon_err put_fields(struct buf *out, enum bhttp_form form,
                             const struct bhttp_fields *fields)
{
    size_t count = fields == NULL ? 0 : fields->count;
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        if (!field_ok(&fields->list[i]))
            return ERR_MALFORMED;
        len += prefixed_len(fields->list[i].name) + prefixed_len(fields->list[i].value);
    }
    if (len > LIMIT_HTTP_HEAD)
        return ERR_LIMIT;
    if (form == BHTTP_KNOWN)
        put_varint(out, len);
    for (size_t i = 0; i < count; i++) {
        put_prefixed(out, fields->list[i].name);
        put_prefixed(out, fields->list[i].value);
    }
    if (form == BHTTP_INDETERMINATE)
        put_varint(out, 0);
    return buf_ok(out);
}

static void put_framing(struct buf *out, enum bhttp_form form, bool response)
{
    put_varint(out, (form == BHTTP_INDETERMINATE ? 2U : 0U) + (response ? 1U : 0U));
}

cocoon_err bhttp_put_request(struct buf *out, enum bhttp_form form,
                             const struct bhttp_control *control, const struct bhttp_fields *fields)
{
    if (!control_ok(control))
        return ERR_MALFORMED;
    put_framing(out, form, false);
    put_prefixed(out, control->method);
    put_prefixed(out, control->scheme);
    put_prefixed(out, control->authority);
    put_prefixed(out, control->path);
    return put_fields(out, form, fields);
}

static cocoon_err put_status(struct buf *out, enum bhttp_form form, bool first, unsigned status,
                             const struct bhttp_fields *fields)
{
    if (first)
        put_framing(out, form, true);
    put_varint(out, status);
    return put_fields(out, form, fields);
}

cocoon_err bhttp_put_informational(struct buf *out, enum bhttp_form form, bool first,
                                   unsigned status, const struct bhttp_fields *fields)
{
    if (status < 100 || status > 199)
        return ERR_MALFORMED;
    return put_status(out, form, first, status, fields);
}

cocoon_err bhttp_put_response(struct buf *out, enum bhttp_form form, bool first, unsigned status,
                              const struct bhttp_fields *fields)
{
    if (status < 200 || status > 599)
        return ERR_MALFORMED;
    return put_status(out, form, first, status, fields);
}

cocoon_err bhttp_put_content(struct buf *out, enum bhttp_form form, struct slice content)
{
    if (form == BHTTP_KNOWN || content.len > 0)
        put_prefixed(out, content);
    return buf_ok(out);
}

cocoon_err bhttp_put_end(struct buf *out, enum bhttp_form form, const struct bhttp_fields *trailers,
                         size_t padding)
{
    uint8_t *zeros;
    cocoon_err err;

    if (form == BHTTP_INDETERMINATE)
        put_varint(out, 0);
    if ((err = put_fields(out, form, trailers)) != OK)
        return err;
    zeros = buf_extend(out, padding);
    if (zeros != NULL && padding > 0)
        memset(zeros, 0, padding);
    return buf_ok(out);
}

/* ---- decoder ---- */

void bhttp_rd_init(struct bhttp_rd *b, bool response)
{
    b->response = response;
    b->state = AT_START;
    b->form = BHTTP_KNOWN;
    b->left = 0;
    b->control = (struct bhttp_control){.status = 0};
    b->fields.count = 0;
    b->content = (struct slice){NULL, 0};
}

/* Read a length and that many bytes. */
static struct slice rd_prefixed(struct rd *r)
{
    uint64_t len = rd_varint(r);

    if (len > rd_left(r)) {
        rd_fail(r);
        return (struct slice){NULL, 0};
    }
    return rd_slice(r, (size_t)len);
}

/* Read the rest of a field line whose name has `name_len` bytes. */
static cocoon_err read_line(struct bhttp_rd *b, struct rd *r, uint64_t name_len, struct fail *fail)
{
    struct http_field field;

    if (name_len > rd_left(r)) {
        rd_fail(r);
        return OK;
    }
    field.name = rd_slice(r, (size_t)name_len);
    field.value = rd_prefixed(r);
    if (r->bad)
        return OK;
    if (!field_ok(&field))
        return fail_set(fail, ERR_MALFORMED, r->at, "a field that may not stand in a message");
    if (!bhttp_fields_add(&b->fields, field.name, field.value))
        return fail_set(fail, ERR_LIMIT, r->at, "too many fields");
    return OK;
}

static cocoon_err read_known_fields(struct bhttp_rd *b, struct rd *r, struct fail *fail)
{
    uint64_t len = rd_varint(r);
    struct rd lines;
    cocoon_err err;

    if (len > LIMIT_HTTP_HEAD)
        return fail_set(fail, ERR_LIMIT, r->at, "a field section is too long");
    lines = rd_sub(r, (size_t)len);
    while (!r->bad && rd_left(&lines) > 0)
        if ((err = read_line(b, &lines, rd_varint(&lines), fail)) != OK)
            return err;
    if (!r->bad && lines.bad)
        return fail_set(fail, ERR_MALFORMED, r->at, "a field line leaves its section");
    return OK;
}

static cocoon_err read_terminated_fields(struct bhttp_rd *b, struct rd *r, struct fail *fail)
{
    uint64_t name_len;
    cocoon_err err;

    while ((name_len = rd_varint(r)) != 0)
        if ((err = read_line(b, r, name_len, fail)) != OK)
            return err;
    return OK;
}

/*
 * Read a field section into b->fields, or an empty one if the message ends before it. Sets r->bad
 * where more bytes are needed.
 */
static cocoon_err read_fields(struct bhttp_rd *b, struct rd *r, bool last, struct fail *fail)
{
    b->fields.count = 0;
    if (last && !r->bad && rd_left(r) == 0)
        return OK;
    return b->form == BHTTP_KNOWN ? read_known_fields(b, r, fail)
                                  : read_terminated_fields(b, r, fail);
}

static cocoon_err read_request_control(struct bhttp_rd *b, struct rd *r, struct fail *fail)
{
    b->control.method = rd_prefixed(r);
    b->control.scheme = rd_prefixed(r);
    b->control.authority = rd_prefixed(r);
    b->control.path = rd_prefixed(r);
    if (!r->bad && !control_ok(&b->control))
        return fail_set(fail, ERR_MALFORMED, r->at,
                        "the request's control data is not well formed");
    return OK;
}

static cocoon_err read_status(struct bhttp_rd *b, struct rd *r, struct fail *fail)
{
    uint64_t status = rd_varint(r);

    if (!r->bad && (status < 100 || status > 599))
        return fail_set(fail, ERR_MALFORMED, r->at, "the status code is out of range");
    b->control.status = (unsigned)status;
    return OK;
}

/* Wait for more bytes, unless none will come or these are too many already. */
static cocoon_err need_more(struct slice in, bool last, enum bhttp_event *event, struct fail *fail)
{
    *event = BHTTP_MORE;
    if (last)
        return fail_set(fail, ERR_TRUNCATED, in.len, "the message ends too early");
    if (in.len > LIMIT_HTTP_HEAD)
        return fail_set(fail, ERR_LIMIT, in.len, "a field section is too long");
    return OK;
}

/* RFC 9292 3.3. */
static cocoon_err read_framing(struct bhttp_rd *b, struct slice in, bool last, size_t *used,
                               enum bhttp_event *event, struct fail *fail)
{
    struct rd r = rd_init(in);
    uint64_t framing = rd_varint(&r);

    if (r.bad)
        return need_more(in, last, event, fail);
    if (framing > 3)
        return fail_set(fail, ERR_UNSUPPORTED, 0, "an unknown framing indicator");
    if ((framing % 2 == 1) != b->response)
        return fail_set(fail, ERR_TYPE, 0, "a request where a response belongs, or the reverse");
    b->form = framing >= 2 ? BHTTP_INDETERMINATE : BHTTP_KNOWN;
    b->state = AT_HEAD;
    *used = r.at;
    *event = BHTTP_MORE;
    return OK;
}

static cocoon_err read_head(struct bhttp_rd *b, struct slice in, bool last, size_t *used,
                            enum bhttp_event *event, struct fail *fail)
{
    struct rd r = rd_init(in);
    bool informational;
    cocoon_err err;

    err = b->response ? read_status(b, &r, fail) : read_request_control(b, &r, fail);
    if (err != OK)
        return err;
    informational = b->response && b->control.status < 200;
    if ((err = read_fields(b, &r, last, fail)) != OK)
        return err;
    if (r.bad)
        return need_more(in, last, event, fail);
    if (r.at > LIMIT_HTTP_HEAD)
        return fail_set(fail, ERR_LIMIT, r.at, "the head is too long");
    *used = r.at;
    *event = informational ? BHTTP_INFORMATIONAL : BHTTP_HEAD;
    b->state = informational ? AT_HEAD : AT_LENGTH;
    return OK;
}

/* Read the length of the content or of a chunk. */
static cocoon_err read_length(struct bhttp_rd *b, struct slice in, bool last, size_t *used,
                              enum bhttp_event *event, struct fail *fail)
{
    struct rd r = rd_init(in);
    bool omitted = last && in.len == 0 && b->state == AT_LENGTH;

    *event = BHTTP_MORE;
    b->left = omitted ? 0 : rd_varint(&r);
    if (r.bad)
        return need_more(in, last, event, fail);
    *used = r.at;
    b->state = b->left > 0 ? IN_CONTENT : AT_TRAILERS;
    return OK;
}

static cocoon_err read_content(struct bhttp_rd *b, struct slice in, bool last, size_t *used,
                               enum bhttp_event *event, struct fail *fail)
{
    size_t n = b->left < in.len ? (size_t)b->left : in.len;

    if (n == 0)
        return need_more(in, last, event, fail);
    b->content = slice_sub(in, 0, n);
    b->left -= n;
    if (b->left == 0)
        b->state = b->form == BHTTP_KNOWN ? AT_TRAILERS : AT_CHUNK;
    *used = n;
    *event = BHTTP_CONTENT;
    return OK;
}

static cocoon_err read_trailers(struct bhttp_rd *b, struct slice in, bool last, size_t *used,
                                enum bhttp_event *event, struct fail *fail)
{
    struct rd r = rd_init(in);
    cocoon_err err = read_fields(b, &r, last, fail);

    if (err != OK)
        return err;
    if (r.bad)
        return need_more(in, last, event, fail);
    if (r.at > LIMIT_HTTP_HEAD)
        return fail_set(fail, ERR_LIMIT, r.at, "the trailer section is too long");
    *used = r.at;
    *event = BHTTP_TRAILERS;
    b->state = AT_PADDING;
    return OK;
}

/* RFC 9292 3.8: zeros only. */
static cocoon_err read_padding(struct slice in, size_t *used, enum bhttp_event *event,
                               struct fail *fail)
{
    for (size_t i = 0; i < in.len; i++)
        if (in.ptr[i] != 0)
            return fail_set(fail, ERR_MALFORMED, i, "padding that is not zero");
    *used = in.len;
    *event = BHTTP_DONE;
    return OK;
}

/* Take one step, which may leave no event but BHTTP_MORE although bytes were used. */
static cocoon_err step(struct bhttp_rd *b, struct slice in, bool last, size_t *used,
                       enum bhttp_event *event, struct fail *fail)
{
    switch ((enum state)b->state) {
    case AT_START:
        return read_framing(b, in, last, used, event, fail);
    case AT_HEAD:
        return read_head(b, in, last, used, event, fail);
    case AT_LENGTH:
    case AT_CHUNK:
        return read_length(b, in, last, used, event, fail);
    case IN_CONTENT:
        return read_content(b, in, last, used, event, fail);
    case AT_TRAILERS:
        return read_trailers(b, in, last, used, event, fail);
    case AT_PADDING:
        return read_padding(in, used, event, fail);
    }
    return ERR_INTERNAL;
}

cocoon_err bhttp_next(struct bhttp_rd *b, struct slice in, bool last, size_t *used,
                      enum bhttp_event *event, struct fail *fail)
{
    int before;
    cocoon_err err;

    *used = 0;
    do {
        size_t taken = 0;

        before = b->state;
        if ((err = step(b, slice_skip(in, *used), last, &taken, event, fail)) != OK)
            return err;
        *used += taken;
    } while (*event == BHTTP_MORE && b->state != before);
    return OK;
}
