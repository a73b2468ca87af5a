#include "base/hex.h"

static const char hex_digits[] = "0123456789abcdef";

void hex_write(struct slice bytes, char *out)
{
    for (size_t i = 0; i < bytes.len; i++) {
        *out++ = hex_digits[bytes.ptr[i] >> 4];
        *out++ = hex_digits[bytes.ptr[i] & 15];
    }
    *out = '\0';
}

void hex_put(struct buf *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        buf_put_u8(out, (uint8_t)hex_digits[bytes.ptr[i] >> 4]);
        buf_put_u8(out, (uint8_t)hex_digits[bytes.ptr[i] & 15]);
    }
}

/* Return the value of a hex digit, or -1. */
static int hex_value(uint8_t c, bool upper_too)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (upper_too && c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static cocoon_err hex_decode(struct slice text, uint8_t *out, size_t len, bool upper_too)
{
    if (text.len % 2 != 0 || text.len / 2 != len)
        return ERR_MALFORMED;
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(text.ptr[2 * i], upper_too);
        int low = hex_value(text.ptr[2 * i + 1], upper_too);

        if (high < 0 || low < 0)
            return ERR_MALFORMED;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return OK;
}

cocoon_err hex_read(struct slice text, void *out, size_t len)
{
    return hex_decode(text, out, len, false);
}

cocoon_err hex_read_any(struct slice text, void *out, size_t len)
{
    return hex_decode(text, out, len, true);
}
