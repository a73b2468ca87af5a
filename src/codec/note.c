#include "codec/note.h"

#include <string.h>

#include "base/b64.h"
#include "base/hex.h"
#include "base/rd.h"

static const struct slice dash = SLICE_INIT("\xe2\x80\x94 "); /* U+2014 and a space */

bool note_text_ok(struct slice text)
{
    if (text.len == 0 || text.ptr[text.len - 1] != '\n' || !slice_is_utf8(text))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 && text.ptr[i] != '\n')
            return false;
    return true;
}

/* Tell whether the UTF-8 at the front of `s` is white space (Unicode White_Space), and how long. */
static size_t space_len(struct slice s)
{
    static const struct slice wide[] = {
        SLICE_INIT("\xc2\x85"),     SLICE_INIT("\xc2\xa0"),     SLICE_INIT("\xe1\x9a\x80"),
        SLICE_INIT("\xe2\x80\x80"), SLICE_INIT("\xe2\x80\x81"), SLICE_INIT("\xe2\x80\x82"),
        SLICE_INIT("\xe2\x80\x83"), SLICE_INIT("\xe2\x80\x84"), SLICE_INIT("\xe2\x80\x85"),
        SLICE_INIT("\xe2\x80\x86"), SLICE_INIT("\xe2\x80\x87"), SLICE_INIT("\xe2\x80\x88"),
        SLICE_INIT("\xe2\x80\x89"), SLICE_INIT("\xe2\x80\x8a"), SLICE_INIT("\xe2\x80\xa8"),
        SLICE_INIT("\xe2\x80\xa9"), SLICE_INIT("\xe2\x80\xaf"), SLICE_INIT("\xe2\x81\x9f"),
        SLICE_INIT("\xe3\x80\x80"),
    };

    if (s.ptr[0] == ' ' || (s.ptr[0] >= '\t' && s.ptr[0] <= '\r'))
        return 1;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (slice_starts(s, wide[i]))
            return wide[i].len;
    return 0;
}

bool note_name_ok(struct slice name)
{
    size_t at;

    if (name.len == 0 || name.len > NOTE_NAME_MAX || !slice_is_utf8(name) ||
        slice_find(name, '+', &at))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (space_len(slice_skip(name, i)) > 0 || name.ptr[i] < 0x20)
            return false;
    return true;
}

/* Split at the last empty line: what stands before it, its newline included, is signed. */
static bool split(struct slice bytes, struct slice *text, struct slice *lines)
{
    for (size_t i = bytes.len; i-- > 1;)
        if (bytes.ptr[i] == '\n' && bytes.ptr[i - 1] == '\n') {
            *text = slice_sub(bytes, 0, i);
            *lines = slice_skip(bytes, i + 1);
            return true;
        }
    return false;
}

/* Read "name base64" of one line. One that is too long for us is left out. */
static cocoon_err read_signature(struct slice line, struct note *out)
{
    struct note_signature *s = &out->signatures[out->count];
    struct slice name = slice_cut(&line, ' ');
    struct buf raw;
    struct rd r;
    cocoon_err err;

    if (!note_name_ok(name))
        return ERR_MALFORMED;
    buf_init(&raw, NOTE_MAX);
    if ((err = b64_read(line, &raw)) == OK && raw.len < 5)
        err = ERR_MALFORMED;
    if (err == OK && raw.len <= 4 + sizeof s->bytes) {
        r = rd_init(buf_slice(&raw));
        s->name = name;
        s->key_id = rd_u32be(&r);
        s->len = rd_left(&r);
        rd_copy(&r, s->bytes, s->len);
        out->count++;
    }
    buf_fini(&raw);
    return err;
}

cocoon_err note_parse(struct slice bytes, struct note *out, struct fail *fail)
{
    struct slice lines;
    size_t seen = 0;

    out->count = 0;
    if (bytes.len > NOTE_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "the note is too long");
    if (!split(bytes, &out->text, &lines))
        return fail_set(fail, ERR_MALFORMED, 0, "no empty line before the note's signatures");
    if (!slice_is_utf8(bytes))
        return fail_set(fail, ERR_ENCODING, 0, "the note is not UTF-8");
    if (!note_text_ok(bytes))
        return fail_set(fail, ERR_MALFORMED, 0, "control characters in the note");
    if (lines.len == 0)
        return fail_set(fail, ERR_MISSING, bytes.len, "the note has no signature");
    for (; lines.len > 0; seen++) {
        size_t at = bytes.len - lines.len;
        struct slice line = slice_cut(&lines, '\n');

        if (seen == NOTE_SIGNATURES_MAX)
            return fail_set(fail, ERR_LIMIT, at, "too many signatures");
        if (!slice_starts(line, dash) || read_signature(slice_skip(line, dash.len), out) != OK)
            return fail_set(fail, ERR_MALFORMED, at, "a line that is no signature");
    }
    return OK;
}

const struct note_signature *note_find(const struct note *n, struct slice name, uint32_t key_id,
                                       const struct note_signature *after)
{
    const struct note_signature *end = n->signatures + n->count;

    for (const struct note_signature *s = after == NULL ? n->signatures : after + 1; s < end; s++)
        if (s->key_id == key_id && slice_eq(s->name, name))
            return s;
    return NULL;
}

static void put_u32(struct buf *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_put_u8(out, (uint8_t)(value >> shift));
}

cocoon_err note_put_signature(struct buf *out, struct slice name, uint32_t key_id,
                              struct slice signature)
{
    struct buf raw;
    cocoon_err err;

    buf_init(&raw, 4 + signature.len);
    put_u32(&raw, key_id);
    buf_put(&raw, signature);
    buf_put(out, dash);
    buf_put(out, name);
    buf_put_text(out, " ");
    b64_put(out, buf_slice(&raw));
    buf_put_text(out, "\n");
    err = buf_ok(&raw) == OK ? buf_ok(out) : ERR_LIMIT;
    buf_fini(&raw);
    return err;
}

static cocoon_err read_key(struct slice text, struct note_vkey *out, struct fail *fail)
{
    struct buf raw;
    cocoon_err err;

    buf_init(&raw, 1 + sizeof out->public_key);
    err = b64_read(text, &raw);
    if (err == OK && raw.len > 0 && raw.ptr[0] != NOTE_ED25519 && raw.ptr[0] != NOTE_COSIGNATURE)
        err = fail_set(fail, ERR_ALGORITHM, 0, "the verifier key is of an unknown type");
    else if (err != OK || raw.len != 1 + sizeof out->public_key)
        err = fail_set(fail, ERR_MALFORMED, 0, "the verifier key's bytes");
    if (err == OK) {
        out->type = raw.ptr[0];
        memcpy(out->public_key, raw.ptr + 1, sizeof out->public_key);
    }
    buf_fini(&raw);
    return err;
}

cocoon_err note_vkey_parse(struct slice text, struct note_vkey *out, struct fail *fail)
{
    struct slice rest = text, id;
    uint8_t bytes[4];
    struct rd r = rd_init(SLICE_OF(bytes));

    out->name = slice_cut(&rest, '+');
    id = slice_cut(&rest, '+');
    if (!note_name_ok(out->name))
        return fail_set(fail, ERR_MALFORMED, 0, "the verifier key's name");
    if (hex_read(id, bytes, sizeof bytes) != OK)
        return fail_set(fail, ERR_MALFORMED, out->name.len + 1, "the verifier key's id");
    out->key_id = rd_u32be(&r);
    return read_key(rest, out, fail);
}

void note_vkey_put(struct buf *out, const struct note_vkey *key)
{
    uint8_t raw[1 + sizeof key->public_key];

    buf_put(out, key->name);
    buf_printf(out, "+%08x+", (unsigned)key->key_id);
    raw[0] = key->type;
    memcpy(raw + 1, key->public_key, sizeof key->public_key);
    b64_put(out, SLICE_OF(raw));
}

void note_key_input(struct buf *out, struct slice name, uint8_t type, struct slice public_key)
{
    buf_put(out, name);
    buf_put_u8(out, '\n');
    buf_put_u8(out, type);
    buf_put(out, public_key);
}

void note_cosigned(struct buf *out, uint64_t timestamp, struct slice text)
{
    buf_put_text(out, "cosignature/v1\ntime ");
    buf_put_u64(out, timestamp);
    buf_put_text(out, "\n");
    buf_put(out, text);
}
