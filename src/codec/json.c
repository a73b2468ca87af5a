/*
 * The parser of json.h: RFC 8259 grammar, RFC 7493 restrictions.
 *
 * One loop turn reads one value. Open arrays and objects stand on a stack of LIMIT_JSON_DEPTH, so
 * nothing recurses. A string is read twice at most: a first pass checks it and finds its end, a
 * second one unescapes it where it has escapes (into at most as many bytes as were written).
 */
#include "codec/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/double.h"

/* Up to this many members are compared pairwise for duplicates, more are sorted. */
enum { PAIRWISE_MAX = 16 };

struct parser {
    struct slice in;
    size_t at;
    struct arena *arena;
    struct fail *fail;
    size_t depth;
    struct json *open[LIMIT_JSON_DEPTH]; /* containers not closed yet, outermost first */
    struct json *last[LIMIT_JSON_DEPTH]; /* their newest child, NULL if none */
    size_t start[LIMIT_JSON_DEPTH];      /* where their bracket stands */
};

/* Return the next byte, 0 at the end: no token starts with NUL. */
static uint8_t peek(const struct parser *p)
{
    return p->at < p->in.len ? p->in.ptr[p->at] : 0;
}

static cocoon_err fail_at(struct parser *p, cocoon_err code, const char *what)
{
    return fail_set(p->fail, code, p->at, what);
}

/* Fail at a byte that should not stand here, or at the end of the input. */
static cocoon_err unexpected(struct parser *p, const char *what)
{
    return fail_at(p, p->at == p->in.len ? ERR_TRUNCATED : ERR_MALFORMED, what);
}

static void skip_space(struct parser *p)
{
    while (p->at < p->in.len) {
        uint8_t c = p->in.ptr[p->at];

        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return;
        p->at++;
    }
}

static bool is_surrogate(uint32_t code)
{
    return code >= 0xd800 && code <= 0xdfff;
}

/* Unicode sets 66 code points aside for no use; RFC 7493 2.1 excludes them. */
static bool is_noncharacter(uint32_t code)
{
    return (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef);
}

/* Read the four hex digits of "\uXXXX" at the front of `s`. */
static bool read_hex4(struct slice s, uint32_t *code)
{
    *code = 0;
    for (size_t i = 0; i < 4; i++) {
        uint8_t c = i < s.len ? s.ptr[i] : 0;

        if (c >= '0' && c <= '9')
            *code = *code << 4 | (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            *code = *code << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
    }
    return true;
}

/*
 * Decode the escape at the front of `s`, which starts with a backslash: return its length and the
 * code point, or 0 if it is none.
 */
static size_t read_escape(struct slice s, uint32_t *code)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter;
    uint32_t low;

    if (s.len < 2)
        return 0;
    if (s.ptr[1] != 'u') {
        letter = s.ptr[1] == 0 ? NULL : strchr(letters, s.ptr[1]);
        if (letter == NULL)
            return 0;
        *code = (uint8_t)meanings[letter - letters];
        return 2;
    }
    if (!read_hex4(slice_skip(s, 2), code))
        return 0;
    if (!is_surrogate(*code))
        return 6;
    /* RFC 8259 7: a pair, high then low; RFC 7493 2.1: never one alone. */
    if (*code >= 0xdc00 || s.len < 8 || s.ptr[6] != '\\' || s.ptr[7] != 'u' ||
        !read_hex4(slice_skip(s, 8), &low) || low < 0xdc00 || !is_surrogate(low))
        return 0;
    *code = 0x10000 + ((*code & 0x3ff) << 10 | (low & 0x3ff));
    return 12;
}

/* Return how many bytes at the front of `s` are plain: printable ASCII but quote and backslash. */
static size_t plain_run(struct slice s)
{
    const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    size_t i = 0;

    /* Eight at a time: a top bit shows where a byte is below 0x20, a quote, a backslash or no
     * ASCII. It may also show in bytes above such a one, which does no harm. */
    for (; s.len - i >= 8; i += 8) {
        uint64_t w, quote, backslash;

        memcpy(&w, s.ptr + i, sizeof w);
        quote = w ^ ones * '"';
        backslash = w ^ ones * '\\';
        if (((w | (w - ones * 0x20) | (quote - ones) | (backslash - ones)) & tops) != 0)
            break;
    }
    while (i < s.len && s.ptr[i] >= 0x20 && s.ptr[i] < 0x80 && s.ptr[i] != '"' && s.ptr[i] != '\\')
        i++;
    return i;
}

/* Append `code` in UTF-8 at `out`; return its length. */
static size_t put_code_point(uint8_t *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xc0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (uint8_t)(0xe0 | code >> 12);
        out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | code >> 18);
    out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}

/* Set `*out` to `raw`, a checked string body, without its escapes. */
static cocoon_err unescape(struct parser *p, struct slice raw, struct slice *out)
{
    uint8_t *text = arena_new(p->arena, raw.len);
    size_t len = 0;

    if (text == NULL)
        return fail_at(p, ERR_NOMEM, "the document needs more memory than allowed");
    while (raw.len > 0) {
        size_t n;
        uint32_t code;

        if (!slice_find(raw, '\\', &n))
            n = raw.len;
        if (n > 0)
            memcpy(text + len, raw.ptr, n);
        len += n;
        raw = slice_skip(raw, n);
        if (raw.len > 0) {
            raw = slice_skip(raw, read_escape(raw, &code));
            len += put_code_point(text + len, code);
        }
    }
    *out = slice_make(text, len);
    return OK;
}

/* Check the character or escape at p->at, which is not plain, and step over it. */
static cocoon_err check_character(struct parser *p, bool *escaped)
{
    struct slice rest = slice_skip(p->in, p->at);
    uint32_t code;
    size_t n;

    if (peek(p) == '\\') {
        *escaped = true;
        n = read_escape(rest, &code);
        if (n == 0)
            return fail_at(p, ERR_MALFORMED,
                           "an escape that JSON does not have, or a lone surrogate");
    } else {
        n = slice_code_point(rest, &code);
        if (n == 0)
            return fail_at(p, ERR_ENCODING, "not UTF-8");
        if (code < 0x20)
            return fail_at(p, ERR_MALFORMED, "a control character stands unescaped in a string");
    }
    if (is_noncharacter(code))
        return fail_at(p, ERR_ENCODING, "a Unicode noncharacter");
    p->at += n;
    return OK;
}

/* Read the string whose opening quote stands at p->at. */
static cocoon_err read_string(struct parser *p, struct slice *out)
{
    size_t start = ++p->at;
    bool escaped = false;
    cocoon_err err;
    struct slice raw;

    for (;;) {
        p->at += plain_run(slice_skip(p->in, p->at));
        if (p->at == p->in.len)
            return fail_at(p, ERR_TRUNCATED, "a string without end");
        if (p->in.ptr[p->at] == '"')
            break;
        if ((err = check_character(p, &escaped)) != OK)
            return err;
    }
    raw = slice_sub(p->in, start, p->at - start);
    p->at++;
    if (escaped)
        return unescape(p, raw, out);
    *out = raw;
    return OK;
}

static cocoon_err read_word(struct parser *p, const char *word)
{
    struct slice want = slice_text(word);
    struct slice rest = slice_skip(p->in, p->at);

    if (!slice_starts(rest, want))
        return fail_at(p, slice_starts(want, rest) ? ERR_TRUNCATED : ERR_MALFORMED,
                       "neither true, false nor null");
    p->at += want.len;
    return OK;
}

static cocoon_err read_number(struct parser *p, struct slice *out)
{
    struct slice rest = slice_skip(p->in, p->at);
    size_t n = double_scan(rest);

    if (n == 0)
        return fail_at(p, ERR_MALFORMED, "not a number of JSON");
    *out = slice_sub(rest, 0, n);
    p->at += n;
    return OK;
}

/* Read a scalar into `v`, or open a container, whose end comes later. */
static cocoon_err read_value(struct parser *p, struct json *v)
{
    size_t start = p->at;
    cocoon_err err;

    switch (peek(p)) {
    case '{':
    case '[':
        if (p->depth == LIMIT_JSON_DEPTH)
            return fail_at(p, ERR_LIMIT, "nested too deep");
        v->kind = peek(p) == '{' ? JSON_OBJECT : JSON_ARRAY;
        p->open[p->depth] = v;
        p->last[p->depth] = NULL;
        p->start[p->depth++] = p->at++;
        return OK;
    case '"':
        v->kind = JSON_STRING;
        err = read_string(p, &v->text);
        break;
    case 't':
        v->kind = JSON_BOOL;
        v->truth = true;
        err = read_word(p, "true");
        break;
    case 'f':
        v->kind = JSON_BOOL;
        err = read_word(p, "false");
        break;
    case 'n':
        err = read_word(p, "null");
        break;
    default:
        if (peek(p) != '-' && (peek(p) < '0' || peek(p) > '9'))
            return unexpected(p, "a value is expected here");
        v->kind = JSON_NUMBER;
        err = read_number(p, &v->text);
        break;
    }
    v->source = slice_sub(p->in, start, p->at - start);
    return err;
}

/* Read `"name" :` before a member of an object. */
static cocoon_err read_name(struct parser *p, struct slice *out)
{
    cocoon_err err;

    if (peek(p) != '"')
        return unexpected(p, "a member's name is expected here");
    if ((err = read_string(p, out)) != OK)
        return err;
    skip_space(p);
    if (peek(p) != ':')
        return unexpected(p, "a colon is expected here");
    p->at++;
    skip_space(p);
    return OK;
}

static int by_name(const void *a, const void *b)
{
    return slice_cmp((*(const struct json *const *)a)->name,
                     (*(const struct json *const *)b)->name);
}

static bool has_twins_pairwise(const struct json *object)
{
    for (const struct json *a = object->first; a != NULL; a = a->next)
        for (const struct json *b = a->next; b != NULL; b = b->next)
            if (slice_eq(a->name, b->name))
                return true;
    return false;
}

/* RFC 7493 2.3: no two members of an object have one name. */
static cocoon_err check_names(struct parser *p, const struct json *object)
{
    const struct json **sorted;
    size_t n = 0;
    bool twins = false;

    if (object->count <= PAIRWISE_MAX) {
        twins = has_twins_pairwise(object);
    } else {
        sorted = ARENA_ARRAY(p->arena, object->count, const struct json *);
        if (sorted == NULL)
            return fail_at(p, ERR_NOMEM, "the document needs more memory than allowed");
        for (const struct json *m = object->first; m != NULL; m = m->next)
            sorted[n++] = m;
        qsort(sorted, n, sizeof *sorted, by_name);
        for (size_t i = 1; i < n; i++)
            twins = twins || slice_eq(sorted[i - 1]->name, sorted[i]->name);
    }
    return twins ? fail_at(p, ERR_DUPLICATE, "an object has two members of one name") : OK;
}

/* Append `v` to the innermost open container; the root has none. */
static void attach(struct parser *p, struct json *v)
{
    size_t level = p->depth - 1;

    if (p->depth == 0)
        return;
    if (p->last[level] == NULL)
        p->open[level]->first = v;
    else
        p->last[level]->next = v;
    p->last[level] = v;
    p->open[level]->count++;
}

/* Read the start of the next value, with its name inside an object. */
static cocoon_err read_item(struct parser *p, struct json **out)
{
    struct json *v = ARENA_NEW(p->arena, struct json);
    cocoon_err err;

    if (v == NULL)
        return fail_at(p, ERR_NOMEM, "the document needs more memory than allowed");
    *out = v;
    skip_space(p);
    attach(p, v);
    if (p->depth > 0 && p->open[p->depth - 1]->kind == JSON_OBJECT &&
        (err = read_name(p, &v->name)) != OK)
        return err;
    return read_value(p, v);
}

/* Close the innermost container, whose closing bracket stands at p->at. */
static cocoon_err close_container(struct parser *p)
{
    struct json *v = p->open[p->depth - 1];

    p->at++;
    p->depth--;
    v->source = slice_sub(p->in, p->start[p->depth], p->at - p->start[p->depth]);
    return v->kind == JSON_OBJECT ? check_names(p, v) : OK;
}

/*
 * Close what ends here. Set `*more` if another item of an open container follows, p->at being past
 * its comma.
 */
static cocoon_err read_ends(struct parser *p, bool *more)
{
    cocoon_err err;

    *more = false;
    while (p->depth > 0) {
        const struct json *v = p->open[p->depth - 1];

        skip_space(p);
        if (peek(p) == (v->kind == JSON_OBJECT ? '}' : ']')) {
            if ((err = close_container(p)) != OK)
                return err;
            continue;
        }
        *more = true;
        if (v->count == 0) /* just opened */
            return OK;
        if (peek(p) != ',')
            return unexpected(p, "a comma or closing bracket is expected here");
        p->at++;
        return OK;
    }
    return OK;
}

cocoon_err json_parse(struct slice text, struct arena *arena, const struct json **out,
                      struct fail *fail)
{
    struct parser p = {.in = text, .arena = arena, .fail = fail};
    struct json *root, *item;
    bool more;
    cocoon_err err;

    if ((err = read_item(&p, &root)) != OK || (err = read_ends(&p, &more)) != OK)
        return err;
    while (more)
        if ((err = read_item(&p, &item)) != OK || (err = read_ends(&p, &more)) != OK)
            return err;
    skip_space(&p);
    if (p.at != text.len)
        return fail_at(&p, ERR_TRAILING, "bytes after the value");
    *out = root;
    return OK;
}
