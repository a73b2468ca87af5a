/*
 *     chunked-body = *chunk last-chunk trailer-section CRLF        (RFC 9112 7.1)
 *     chunk        = 1*HEXDIG [ chunk-ext ] CRLF chunk-data CRLF
 *     last-chunk   = 1*"0" [ chunk-ext ] CRLF
 *     chunk-ext    = *( ";" token [ "=" ( token / quoted-string ) ] )
 *
 * Framing bytes are read one by one through a small state machine, so that they may come in any
 * pieces; content is handed out in stretches.
 */
#include "codec/http1_body.h"

#include "codec/http1.h"

enum { SIZE_DIGITS = 16 };

enum state {
    SIZE_START, /* a chunk's size must begin here */
    SIZE,       /* further digits, or an extension, or the end of the line */
    EXT_NAME_START,
    EXT_NAME,
    EXT_VALUE_START,
    EXT_VALUE,
    EXT_QUOTED,
    EXT_ESCAPED, /* after a backslash in quotes */
    EXT_END,     /* after the closing quote */
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_START, /* a trailer field, or the empty line that ends the body */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
};

void http1_chunked_init(struct http1_chunked *c)
{
    *c = (struct http1_chunked){.state = SIZE_START};
}

/* Return the value of a hex digit, or -1. */
static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
        return (byte | 0x20) - 'a' + 10;
    return -1;
}

/* Take what follows a size or an extension: another extension or the end of the line. */
static int extension_end(uint8_t byte)
{
    if (byte == ';')
        return EXT_NAME_START;
    return byte == '\r' ? SIZE_LF : -1;
}

/* Take a byte of the line that gives a chunk's size; return the state that follows, -1 if wrong. */
static int size_byte(struct http1_chunked *c, uint8_t byte)
{
    int digit = hex_digit(byte);

    if (digit >= 0 && c->line <= SIZE_DIGITS) {
        c->left = c->left << 4 | (uint64_t)digit;
        return SIZE;
    }
    return c->state == SIZE ? extension_end(byte) : -1;
}

/* Take a byte of an extension. */
static int extension_byte(enum state state, uint8_t byte)
{
    bool token = http1_is_token(slice_make(&byte, 1));

    if (state == EXT_QUOTED || state == EXT_ESCAPED) {
        if (!http1_is_value(slice_make(&byte, 1)))
            return -1;
        if (state == EXT_ESCAPED)
            return EXT_QUOTED;
        return byte == '"' ? EXT_END : byte == '\\' ? EXT_ESCAPED : EXT_QUOTED;
    }
    if (state == EXT_NAME_START || state == EXT_NAME) {
        if (token)
            return EXT_NAME;
        if (state == EXT_NAME && byte == '=')
            return EXT_VALUE_START;
    }
    if (state == EXT_VALUE_START || state == EXT_VALUE) {
        if (token)
            return EXT_VALUE;
        if (state == EXT_VALUE_START)
            return byte == '"' ? EXT_QUOTED : -1;
    }
    return state == EXT_NAME_START ? -1 : extension_end(byte);
}

static int trailer_name_byte(uint8_t byte)
{
    return http1_is_token(slice_make(&byte, 1)) ? TRAILER_NAME : -1;
}

static int trailer_value_byte(uint8_t byte)
{
    if (byte == '\r')
        return TRAILER_LF;
    return http1_is_value(slice_make(&byte, 1)) ? TRAILER_VALUE : -1;
}

/* Return the state after `byte`, -1 if it may not stand here. Not called in state DATA. */
static int next_state(struct http1_chunked *c, uint8_t byte)
{
    switch ((enum state)c->state) {
    case SIZE_START:
    case SIZE:
        return size_byte(c, byte);
    case EXT_NAME_START:
    case EXT_NAME:
    case EXT_VALUE_START:
    case EXT_VALUE:
    case EXT_QUOTED:
    case EXT_ESCAPED:
    case EXT_END:
        return extension_byte((enum state)c->state, byte);
    case SIZE_LF:
        if (byte != '\n')
            return -1;
        c->line = 0;
        return c->left == 0 ? TRAILER_START : DATA;
    case DATA_CR:
        return byte == '\r' ? DATA_LF : -1;
    case DATA_LF:
        c->line = 0;
        return byte == '\n' ? SIZE_START : -1;
    case TRAILER_START:
        return byte == '\r' ? END_LF : trailer_name_byte(byte);
    case TRAILER_NAME:
        return byte == ':' ? TRAILER_VALUE : trailer_name_byte(byte);
    case TRAILER_VALUE:
        return trailer_value_byte(byte);
    case TRAILER_LF:
        return byte == '\n' ? TRAILER_START : -1;
    case END_LF:
        c->done = byte == '\n';
        return c->done ? END_LF : -1;
    case DATA:
        break;
    }
    return -1;
}

/* Take one byte of framing. */
static cocoon_err framing_byte(struct http1_chunked *c, uint8_t byte, struct fail *fail)
{
    bool trailer = c->state >= TRAILER_START;
    int state;

    c->line++;
    if (c->line > (trailer ? (size_t)LIMIT_HTTP_HEAD : (size_t)HTTP1_CHUNK_LINE))
        return fail_set(fail, ERR_LIMIT, 0, "chunked framing is too long");
    state = next_state(c, byte);
    if (state < 0)
        return fail_set(fail, ERR_MALFORMED, 0, "chunked framing is not well formed");
    c->state = state;
    return OK;
}

cocoon_err http1_chunked_next(struct http1_chunked *c, struct slice *in, struct slice *data,
                              struct fail *fail)
{
    cocoon_err err;

    *data = (struct slice){NULL, 0};
    while (in->len > 0 && !c->done) {
        if (c->state == DATA) {
            size_t n = c->left < in->len ? (size_t)c->left : in->len;

            *data = slice_sub(*in, 0, n);
            *in = slice_skip(*in, n);
            c->left -= n;
            if (c->left == 0)
                c->state = DATA_CR;
            return OK;
        }
        if ((err = framing_byte(c, in->ptr[0], fail)) != OK)
            return err;
        *in = slice_skip(*in, 1);
    }
    return OK;
}

void http1_chunk_put(struct buf *out, struct slice data)
{
    if (data.len == 0)
        return;
    buf_printf(out, "%zx\r\n", data.len);
    buf_put(out, data);
    buf_put_text(out, "\r\n");
}

void http1_chunk_end(struct buf *out)
{
    buf_put_text(out, "0\r\n\r\n");
}
