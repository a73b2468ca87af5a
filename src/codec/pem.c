/*
 * PEM, RFC 7468 section 3, strict form.
 *
 *   -----BEGIN <label>-----   eol
 *   base64                    lines of any length, padded once at the end
 *   -----END <label>-----     eol, or the end of the text
 *
 * eol is LF or CRLF. Between blocks only white space stands. Labels are compared exactly.
 */
#include "codec/pem.h"

#include "base/b64.h"

enum { LINE_LEN = 64 };

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice skip_space(struct slice s)
{
    while (s.len > 0 && is_space(s.ptr[0]))
        s = slice_skip(s, 1);
    return s;
}

/* Cut "-----<word> <label>-----" from the front of `*text`; false if it is not there. */
static bool cut_boundary(struct slice *text, const char *word, const char *label)
{
    const char *parts[] = {"-----", word, " ", label, "-----"};
    struct slice rest = *text;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct slice part = slice_text(parts[i]);

        if (!slice_starts(rest, part))
            return false;
        rest = slice_skip(rest, part.len);
    }
    *text = rest;
    return true;
}

/* Copy the base64 letters of `body` without its line ends, then decode them into `out`. */
static cocoon_err decode_body(struct slice body, struct buf *letters, struct buf *out)
{
    buf_clear(letters);
    while (body.len > 0) {
        struct slice line = slice_cut(&body, '\n');

        if (slice_ends(line, SLICE_LIT("\r")))
            line = slice_sub(line, 0, line.len - 1);
        buf_put(letters, line);
    }
    return buf_ok(letters) != OK ? ERR_LIMIT : b64_read(buf_slice(letters), out);
}

/* Read one block from the front of `*text` into `out` (cleared first). */
static cocoon_err read_block(struct slice *text, const char *label, struct buf *letters,
                             struct buf *out)
{
    struct slice body;
    size_t dash;

    buf_clear(out);
    if (!cut_boundary(text, "BEGIN", label))
        return ERR_MALFORMED;
    if (text->len == 0 || (text->ptr[0] != '\n' && !slice_starts(*text, SLICE_LIT("\r\n"))))
        return ERR_MALFORMED;
    if (!slice_find(*text, '-', &dash))
        return ERR_TRUNCATED;
    body = slice_sub(*text, 0, dash);
    *text = slice_skip(*text, dash);
    if (!slice_ends(body, SLICE_LIT("\n")) || !cut_boundary(text, "END", label))
        return ERR_MALFORMED;
    return decode_body(body, letters, out);
}

cocoon_err pem_read(struct slice text, const char *label, struct arena *arena, struct slice *out,
                    size_t max, size_t *count, struct fail *fail)
{
    struct slice rest;
    struct buf letters, bytes;
    cocoon_err err = OK;

    *count = 0;
    buf_init(&letters, text.len);
    buf_init(&bytes, text.len);
    if (slice_ends(text, SLICE_LIT("\0")))
        text = slice_sub(text, 0, text.len - 1);
    for (rest = skip_space(text); err == OK && rest.len > 0; rest = skip_space(rest)) {
        size_t at = text.len - rest.len;

        err = *count == max ? ERR_LIMIT : read_block(&rest, label, &letters, &bytes);
        if (err == OK)
            err = arena_copy(arena, buf_slice(&bytes), &out[*count]);
        if (err != OK)
            fail_set(fail, err, at, "PEM block");
        else
            ++*count;
    }
    if (err == OK && *count == 0)
        err = fail_set(fail, ERR_MISSING, 0, "no PEM block");
    buf_fini(&letters);
    buf_fini(&bytes);
    return err;
}

void pem_put(struct buf *out, const char *label, struct slice der)
{
    struct buf letters;
    struct slice rest;

    buf_init(&letters, 2 * der.len + 4);
    b64_put(&letters, der);
    buf_printf(out, "-----BEGIN %s-----\n", label);
    for (rest = buf_slice(&letters); rest.len > 0;) {
        size_t n = rest.len < LINE_LEN ? rest.len : LINE_LEN;

        buf_put(out, slice_sub(rest, 0, n));
        buf_put_u8(out, '\n');
        rest = slice_skip(rest, n);
    }
    buf_printf(out, "-----END %s-----\n", label);
    buf_fini(&letters);
}
