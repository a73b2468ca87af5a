/*
 * A head is a start line, field lines and an empty line, each ended by CRLF:
 *
 *     request-line = method SP request-target SP HTTP-version      (RFC 9112 3)
 *     status-line  = HTTP-version SP 3DIGIT SP [ reason-phrase ]   (RFC 9112 4)
 *     field-line   = field-name ":" OWS field-value OWS            (RFC 9112 5)
 *
 * Lines are checked as soon as they are whole, so a bad one is refused before the head has ended.
 * Framing (RFC 9112 6.3) is decided here, once, and by these rules:
 *
 *  1. Transfer-Encoding stands at most once, is exactly "chunked", not in HTTP/1.0, not beside
 *     Content-Length.
 *  2. Content-Length stands at most once: decimal digits, no leading zero.
 *  3. A request has the body that its fields announce, or none.
 *  4. A response to HEAD, and 1xx, 204 and 304, has none; another one without these fields lasts
 * until the connection closes.
 */
#include "codec/http1.h"

#include <string.h>

/* Letters and digits are tested first: the others are few in a head. */
static bool is_among(uint8_t c, const char *others)
{
    if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
        return true;
    return c != 0 && strchr(others, c) != NULL;
}

static bool all_among(struct slice s, const char *others)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_among(s.ptr[i], others))
            return false;
    return true;
}

bool http1_is_token(struct slice s)
{
    return s.len > 0 && all_among(s, "!#$%&'*+-.^_`|~");
}

bool http1_is_value(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((s.ptr[i] < 0x20 && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
            return false;
    return true;
}

/* A head being read. */
struct reader {
    struct slice in;
    size_t at;
    struct http1_head *head;
    struct fail *fail;
};

static cocoon_err fail_here(struct reader *r, cocoon_err code, const char *what)
{
    return fail_set(r->fail, code, r->at, what);
}

/* Set `*line` to the next line without its CRLF and step over it. */
static cocoon_err next_line(struct reader *r, struct slice *line)
{
    struct slice rest = slice_skip(r->in, r->at);
    size_t lf;

    if (!slice_find(rest, '\n', &lf)) {
        if (r->in.len >= LIMIT_HTTP_HEAD)
            return fail_here(r, ERR_LIMIT, "the head is too long");
        return fail_here(r, ERR_TRUNCATED, "the head has not ended");
    }
    if (r->at + lf + 1 > LIMIT_HTTP_HEAD)
        return fail_here(r, ERR_LIMIT, "the head is too long");
    if (lf == 0 || rest.ptr[lf - 1] != '\r')
        return fail_here(r, ERR_MALFORMED, "a line ends without carriage return");
    *line = slice_sub(rest, 0, lf - 1);
    r->at += lf + 1;
    return OK;
}

/* RFC 9112 2.3: HTTP-version, case-sensitive; only 1.0 and 1.1 are spoken here. */
static cocoon_err read_version(struct reader *r, struct slice version)
{
    if (version.len != 8 || !slice_starts(version, SLICE_LIT("HTTP/")) || version.ptr[6] != '.')
        return fail_here(r, ERR_MALFORMED, "no HTTP version in the start line");
    if (!slice_eq_text(version, "HTTP/1.1") && !slice_eq_text(version, "HTTP/1.0"))
        return fail_here(r, ERR_VERSION, "neither HTTP/1.1 nor HTTP/1.0");
    r->head->minor = version.ptr[7] == '1' ? 1 : 0;
    return OK;
}

static bool known_method(struct slice method)
{
    static const char *const methods[] = {"GET",    "POST",  "HEAD",   "PUT",
                                          "DELETE", "PATCH", "OPTIONS"};

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (slice_eq_text(method, methods[i]))
            return true;
    return false;
}

/* RFC 9112 3.2: origin-form, absolute-form, or "*" for OPTIONS. */
static bool target_ok(struct slice method, struct slice target)
{
    if (slice_eq_text(target, "*"))
        return slice_eq_text(method, "OPTIONS");
    if (!slice_starts(target, SLICE_LIT("/")) && !slice_starts(target, SLICE_LIT("http://")) &&
        !slice_starts(target, SLICE_LIT("https://")))
        return false;
    return all_among(target, "-._~:/?[]@!$&'()*+,;=%");
}

static cocoon_err read_request_line(struct reader *r)
{
    struct slice line;
    cocoon_err err;

    if ((err = next_line(r, &line)) != OK)
        return err;
    r->head->method = slice_cut(&line, ' ');
    if (!http1_is_token(r->head->method))
        return fail_here(r, ERR_MALFORMED, "the method is no token");
    r->head->target = slice_cut(&line, ' ');
    if ((err = read_version(r, line)) != OK)
        return err;
    if (!known_method(r->head->method))
        return fail_here(r, ERR_UNSUPPORTED, "a method that is not served here");
    if (!target_ok(r->head->method, r->head->target))
        return fail_here(r, ERR_MALFORMED, "the request target is not well formed");
    return OK;
}

static cocoon_err read_status_line(struct reader *r)
{
    struct slice line, digits;
    uint64_t status;
    cocoon_err err;

    if ((err = next_line(r, &line)) != OK || (err = read_version(r, slice_cut(&line, ' '))) != OK)
        return err;
    if (line.len < 4 || line.ptr[3] != ' ')
        return fail_here(r, ERR_MALFORMED, "no status code and space in the status line");
    digits = slice_sub(line, 0, 3);
    r->head->reason = slice_skip(line, 4);
    if (slice_u64(digits, &status) != OK || status < 100 || status > 599)
        return fail_here(r, ERR_MALFORMED, "the status code is out of range");
    if (!http1_is_value(r->head->reason))
        return fail_here(r, ERR_MALFORMED, "a control character in the reason phrase");
    r->head->status = (unsigned)status;
    return OK;
}

/* Read one field line into the list. */
static cocoon_err read_field(struct reader *r, struct slice line)
{
    struct http_field *field;
    size_t colon;

    if (r->head->field_count == LIMIT_HTTP_FIELDS)
        return fail_here(r, ERR_LIMIT, "too many fields");
    field = &r->head->fields[r->head->field_count];
    if (!slice_find(line, ':', &colon))
        return fail_here(r, ERR_MALFORMED, "a field line without colon");
    field->name = slice_sub(line, 0, colon);
    field->value = slice_trim(slice_skip(line, colon + 1));
    /* RFC 9112 5.1, 5.2: no white space before the colon, no folded lines: neither is a token. */
    if (!http1_is_token(field->name))
        return fail_here(r, ERR_MALFORMED, "the field name is no token");
    if (!http1_is_value(field->value))
        return fail_here(r, ERR_MALFORMED, "a control character in a field value");
    r->head->field_count++;
    return OK;
}

/* Read field lines to the empty line that ends the head. */
static cocoon_err read_fields(struct reader *r)
{
    struct slice line;
    cocoon_err err;

    for (;;) {
        if ((err = next_line(r, &line)) != OK)
            return err;
        if (line.len == 0)
            return OK;
        if ((err = read_field(r, line)) != OK)
            return err;
    }
}

/* What the fields say about framing and the connection. */
struct facts {
    unsigned lengths, codings, hosts;
    struct slice length, coding, host;
    bool close, keep_alive, expect_continue;
};

/* RFC 9110 7.6.1: a list of connection options. */
static void note_connection(struct facts *f, struct slice options)
{
    while (options.len > 0) {
        struct slice option = slice_trim(slice_cut(&options, ','));

        f->close |= slice_eq_nocase(option, SLICE_LIT("close"));
        f->keep_alive |= slice_eq_nocase(option, SLICE_LIT("keep-alive"));
    }
}

static void note_field(struct facts *f, const struct http_field *field)
{
    if (slice_eq_nocase(field->name, SLICE_LIT("content-length"))) {
        f->lengths++;
        f->length = field->value;
    } else if (slice_eq_nocase(field->name, SLICE_LIT("transfer-encoding"))) {
        f->codings++;
        f->coding = field->value;
    } else if (slice_eq_nocase(field->name, SLICE_LIT("host"))) {
        f->hosts++;
        f->host = field->value;
    } else if (slice_eq_nocase(field->name, SLICE_LIT("connection"))) {
        note_connection(f, field->value);
    } else if (slice_eq_nocase(field->name, SLICE_LIT("expect"))) {
        f->expect_continue |= slice_eq_nocase(field->value, SLICE_LIT("100-continue"));
    }
}

/* Rules 1 and 2 of the prologue. Leaves `body` at HTTP1_NO_BODY if neither field is there. */
static cocoon_err read_framing(struct reader *r, const struct facts *f)
{
    struct http1_head *head = r->head;

    if (f->codings > 0) {
        if (f->lengths > 0)
            return fail_here(r, ERR_MALFORMED, "both Content-Length and Transfer-Encoding");
        if (head->minor == 0)
            return fail_here(r, ERR_MALFORMED, "Transfer-Encoding in HTTP/1.0");
        if (f->codings > 1)
            return fail_here(r, ERR_DUPLICATE, "Transfer-Encoding stands twice");
        if (!slice_eq_nocase(f->coding, SLICE_LIT("chunked")))
            return fail_here(r, ERR_UNSUPPORTED, "a transfer coding other than chunked");
        head->body = HTTP1_CHUNKED;
    }
    if (f->lengths > 1)
        return fail_here(r, ERR_DUPLICATE, "Content-Length stands twice");
    if (f->lengths == 1) {
        if (slice_u64(f->length, &head->content_length) != OK)
            return fail_here(r, ERR_MALFORMED, "Content-Length is no number");
        head->body = HTTP1_LENGTH;
    }
    return OK;
}

/* Gather what the fields say, and decide framing and persistence (RFC 9112 9.3). */
static cocoon_err read_facts(struct reader *r, struct facts *f)
{
    struct http1_head *head = r->head;

    for (size_t i = 0; i < head->field_count; i++)
        note_field(f, &head->fields[i]);
    head->keep_alive = !f->close && (head->minor == 1 || f->keep_alive);
    return read_framing(r, f);
}

/* RFC 9112 3.2: one valid Host in HTTP/1.1, none or one in HTTP/1.0. */
static cocoon_err check_host(struct reader *r, const struct facts *f)
{
    if (f->hosts > 1)
        return fail_here(r, ERR_DUPLICATE, "Host stands twice");
    if (f->hosts == 0)
        return r->head->minor == 0 ? OK : fail_here(r, ERR_MALFORMED, "a request without Host");
    if (f->host.len == 0 || !all_among(f->host, "-._~:[]!$&'()*+;=%"))
        return fail_here(r, ERR_MALFORMED, "Host is not well formed");
    return OK;
}

static void reader_init(struct reader *r, struct slice in, struct http1_head *head,
                        struct fail *fail)
{
    *r = (struct reader){in, 0, head, fail};
    /* The list of fields is long and filled up to field_count only. */
    head->method = head->target = head->reason = (struct slice){NULL, 0};
    head->status = head->minor = 0;
    head->field_count = 0;
    head->body = HTTP1_NO_BODY;
    head->content_length = 0;
    head->keep_alive = head->expect_continue = false;
}

cocoon_err http1_request_parse(struct slice in, struct http1_head *out, size_t *used,
                               struct fail *fail)
{
    struct facts facts = {0};
    struct reader r;
    cocoon_err err;

    reader_init(&r, in, out, fail);
    if ((err = read_request_line(&r)) != OK || (err = read_fields(&r)) != OK ||
        (err = read_facts(&r, &facts)) != OK || (err = check_host(&r, &facts)) != OK)
        return err;
    out->expect_continue = facts.expect_continue && out->minor == 1;
    *used = r.at;
    return OK;
}

cocoon_err http1_response_parse(struct slice in, bool to_head, struct http1_head *out, size_t *used,
                                struct fail *fail)
{
    struct facts facts = {0};
    struct reader r;
    cocoon_err err;

    reader_init(&r, in, out, fail);
    if ((err = read_status_line(&r)) != OK || (err = read_fields(&r)) != OK ||
        (err = read_facts(&r, &facts)) != OK)
        return err;
    if (out->status == 101)
        return fail_here(&r, ERR_UNSUPPORTED, "the server switches protocols unasked");
    /* RFC 9110 8.6, RFC 9112 6.1: forbidden there, and some read a body behind them. */
    if ((out->status < 200 || out->status == 204) && out->body != HTTP1_NO_BODY)
        return fail_here(&r, ERR_MALFORMED, "a response that has no body announces one");
    if (to_head || out->status < 200 || out->status == 204 || out->status == 304) {
        out->body = HTTP1_NO_BODY;
    } else if (out->body == HTTP1_NO_BODY) {
        out->body = HTTP1_TO_EOF;
        out->keep_alive = false;
    }
    *used = r.at;
    return OK;
}

bool http1_field_find(const struct http1_head *head, const char *name, struct slice *value)
{
    struct slice wanted = slice_text(name);

    for (size_t i = 0; i < head->field_count; i++)
        if (slice_eq_nocase(head->fields[i].name, wanted)) {
            *value = head->fields[i].value;
            return true;
        }
    return false;
}
