#include "codec/http1_oracle_test.h"

#include <llhttp.h>

#include "base/test.h"

struct reading {
    llhttp_t parser; /* first: callbacks get a pointer to it */
    struct oracle_message *out;
    struct buf value;
    bool to_head;
};

static struct reading *reading_of(llhttp_t *parser)
{
    return (struct reading *)(void *)parser;
}

static int on_field(llhttp_t *parser, const char *at, size_t len)
{
    buf_put(&reading_of(parser)->out->fields, slice_make(at, len));
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    buf_put(&reading_of(parser)->value, slice_make(at, len));
    return 0;
}

static int on_value_complete(llhttp_t *parser)
{
    struct reading *r = reading_of(parser);

    buf_put_u8(&r->out->fields, ':');
    buf_put(&r->out->fields, slice_trim(buf_slice(&r->value)));
    buf_put_u8(&r->out->fields, '\n');
    buf_clear(&r->value);
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    return reading_of(parser)->to_head ? 1 : 0; /* 1: no body follows */
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    buf_put(&reading_of(parser)->out->body, slice_make(at, len));
    return 0;
}

static int on_message_complete(llhttp_t *parser)
{
    reading_of(parser)->out->complete = true;
    return HPE_PAUSED;
}

bool oracle_present(void)
{
    return true;
}

void oracle_read(struct slice in, bool response, bool to_head, struct oracle_message *out)
{
    struct reading r = {.out = out, .to_head = to_head};
    llhttp_settings_t settings;
    llhttp_errno_t err;

    *out = (struct oracle_message){0};
    buf_init(&out->fields, 1 << 20);
    buf_init(&out->body, 1 << 20);
    buf_init(&r.value, 1 << 20);
    llhttp_settings_init(&settings);
    settings.on_header_field = on_field;
    settings.on_header_value = on_value;
    settings.on_header_value_complete = on_value_complete;
    settings.on_headers_complete = on_headers_complete;
    settings.on_body = on_body;
    settings.on_message_complete = on_message_complete;
    llhttp_init(&r.parser, response ? HTTP_RESPONSE : HTTP_REQUEST, &settings);
    err = llhttp_execute(&r.parser, (const char *)in.ptr, in.len);
    if (err == HPE_PAUSED || err == HPE_PAUSED_UPGRADE)
        out->used = (size_t)(llhttp_get_error_pos(&r.parser) - (const char *)in.ptr);
    else if (err != HPE_OK)
        out->refused = true;
    buf_fini(&r.value);
}
