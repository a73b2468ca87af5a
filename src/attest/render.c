#include "attest/render.h"

enum { ESCAPED_MAX = 256 };

void render_escaped(struct buf *out, struct slice text)
{
    size_t n = text.len < ESCAPED_MAX ? text.len : ESCAPED_MAX;

    for (size_t i = 0; i < n; i++) {
        uint8_t c = text.ptr[i];

        if (c >= 0x20 && c < 0x7f && c != '\\')
            buf_put_u8(out, c);
        else
            buf_printf(out, "\\x%02x", c);
    }
    if (n < text.len)
        buf_put_text(out, "...");
}

/* Tell whether `text` can be shown as it is: UTF-8, and nothing that moves a terminal's cursor. */
static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return false;
    return slice_is_utf8(text);
}

void render_text(struct json_wr *w, const char *name, struct slice text)
{
    struct buf escaped;

    if (is_plain(text)) {
        json_wr_text(w, name, text);
        return;
    }
    buf_init(&escaped, 4 * ESCAPED_MAX + 8);
    render_escaped(&escaped, text);
    json_wr_text(w, name, buf_slice(&escaped));
    buf_fini(&escaped);
}
