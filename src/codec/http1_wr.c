#include "codec/http1_wr.h"

#include <assert.h>

#include "codec/http1.h"

const char *http1_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        {100, "Continue"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {425, "Too Early"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

/* Tell whether `target` has neither spaces nor control bytes, so that it stays one word. */
static bool one_word(struct slice target)
{
    for (size_t i = 0; i < target.len; i++)
        if (target.ptr[i] <= 0x20 || target.ptr[i] >= 0x7f)
            return false;
    return target.len > 0;
}

struct http1_wr http1_wr_request(struct buf *out, struct slice method, struct slice target)
{
    struct http1_wr w = {.out = out, .broken = !http1_is_token(method) || !one_word(target)};

    buf_put(out, method);
    buf_put_u8(out, ' ');
    buf_put(out, target);
    buf_put_text(out, " HTTP/1.1\r\n");
    return w;
}

struct http1_wr http1_wr_response(struct buf *out, unsigned status)
{
    struct http1_wr w = {.out = out};

    assert(status >= 100 && status <= 599);
    buf_printf(out, "HTTP/1.1 %u %s\r\n", status, http1_reason(status));
    return w;
}

void http1_wr_field_slice(struct http1_wr *w, struct slice name, struct slice value)
{
    w->broken |= !http1_is_token(name) || !http1_is_value(value);
    buf_put(w->out, name);
    buf_put_text(w->out, ": ");
    buf_put(w->out, value);
    buf_put_text(w->out, "\r\n");
}

void http1_wr_field(struct http1_wr *w, const char *name, struct slice value)
{
    http1_wr_field_slice(w, slice_text(name), value);
}

void http1_wr_field_text(struct http1_wr *w, const char *name, const char *value)
{
    http1_wr_field(w, name, slice_text(value));
}

void http1_wr_field_u64(struct http1_wr *w, const char *name, uint64_t value)
{
    buf_put_text(w->out, name);
    buf_put_text(w->out, ": ");
    buf_put_u64(w->out, value);
    buf_put_text(w->out, "\r\n");
}

cocoon_err http1_wr_end(struct http1_wr *w)
{
    buf_put_text(w->out, "\r\n");
    return w->broken ? ERR_MALFORMED : buf_ok(w->out);
}
