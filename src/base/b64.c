#include "base/b64.h"

static const char b64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void b64_encode(struct buf *out, struct slice s, const char *digits, bool pad)
{
    size_t i = 0;

    for (; s.len - i >= 3; i += 3) {
        uint32_t v = (uint32_t)s.ptr[i] << 16 | (uint32_t)s.ptr[i + 1] << 8 | s.ptr[i + 2];
        char four[4] = {digits[v >> 18], digits[v >> 12 & 63], digits[v >> 6 & 63], digits[v & 63]};

        buf_put(out, SLICE_OF(four));
    }
    if (s.len - i == 1) {
        uint32_t v = (uint32_t)s.ptr[i] << 16;
        char last[4] = {digits[v >> 18], digits[v >> 12 & 63], '=', '='};

        buf_put(out, slice_make(last, pad ? 4 : 2));
    } else if (s.len - i == 2) {
        uint32_t v = (uint32_t)s.ptr[i] << 16 | (uint32_t)s.ptr[i + 1] << 8;
        char last[4] = {digits[v >> 18], digits[v >> 12 & 63], digits[v >> 6 & 63], '='};

        buf_put(out, slice_make(last, pad ? 4 : 3));
    }
}

void b64_put(struct buf *out, struct slice bytes)
{
    b64_encode(out, bytes, b64_std, true);
}

void b64url_put(struct buf *out, struct slice bytes)
{
    b64_encode(out, bytes, b64_url, false);
}

/* Return the value of a digit in the alphabet whose last two digits are `c62` and `c63`, or -1. */
static int b64_value(uint8_t c, uint8_t c62, uint8_t c63)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == c62)
        return 62;
    return c == c63 ? 63 : -1;
}

/* Decode digits without padding: 2, 3 or 4 of them make 1, 2 or 3 bytes, spare bits zero. */
static cocoon_err b64_decode(struct slice text, struct buf *out, uint8_t c62, uint8_t c63)
{
    uint32_t acc = 0;
    unsigned bits = 0;

    if (text.len % 4 == 1)
        return ERR_MALFORMED;
    for (size_t i = 0; i < text.len; i++) {
        int value = b64_value(text.ptr[i], c62, c63);

        if (value < 0)
            return ERR_MALFORMED;
        acc = (acc << 6 | (uint32_t)value) & 0xfff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf_put_u8(out, (uint8_t)(acc >> bits));
        }
    }
    if ((acc & ((1U << bits) - 1)) != 0)
        return ERR_MALFORMED;
    return buf_ok(out);
}

cocoon_err b64_read(struct slice text, struct buf *out)
{
    if (text.len % 4 != 0)
        return ERR_MALFORMED;
    for (int pad = 0; pad < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; pad++)
        text.len--;
    return b64_decode(text, out, '+', '/');
}

cocoon_err b64url_read(struct slice text, struct buf *out)
{
    return b64_decode(text, out, '-', '_');
}
