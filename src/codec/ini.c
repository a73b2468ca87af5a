/*
 *     line    = empty / comment / section / entry
 *     comment = *WS "#" anything
 *     section = "[" name "]"
 *     entry   = name *WS "=" *WS value
 *     name    = 1*( a-z / 0-9 / "_" / "-" )
 *
 * Lines end in LF or CRLF. White space around a line does not matter.
 */
#include "codec/ini.h"

/* What of a row of the table was met already. */
enum seen { SEEN_SECTION = 1, SEEN_KEY = 2 };

struct parser {
    const struct ini_known *known;
    size_t known_count;
    uint8_t *seen; /* enum seen, one a row */
    struct arena *arena;
    struct fail *fail;
    struct slice text; /* what is left */
    size_t line;       /* number of the line taken last */
    struct slice section;
    struct ini *out;
    struct ini_entry *tail;
    size_t entries;
};

static cocoon_err fail_line(struct parser *p, cocoon_err code, const char *what)
{
    return fail_set(p->fail, code, p->line, what);
}

static struct slice next_line(struct parser *p)
{
    struct slice line = slice_cut(&p->text, '\n');

    p->line++;
    if (slice_ends(line, SLICE_LIT("\r")))
        line.len--;
    return line;
}

static bool is_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return s.len > 0;
}

static bool is_text(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((s.ptr[i] < 0x20 && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
            return false;
    return slice_is_utf8(s);
}

static cocoon_err add_entry(struct parser *p, size_t line, struct slice key, struct slice value)
{
    struct ini_entry *entry = ARENA_NEW(p->arena, struct ini_entry);

    if (entry == NULL)
        return fail_line(p, ERR_NOMEM, "the file needs more memory than allowed");
    if (++p->entries > INI_ENTRY_MAX)
        return fail_line(p, ERR_LIMIT, "too many entries");
    *entry = (struct ini_entry){p->section, key, value, line, NULL};
    if (p->tail == NULL)
        p->out->first = entry;
    else
        p->tail->next = entry;
    p->tail = entry;
    return OK;
}

/* Take the lines up to the next one that starts with "[", as they are. */
static cocoon_err read_verbatim(struct parser *p)
{
    struct slice start = p->text;
    size_t first = p->line + 1;

    while (p->text.len > 0 && p->text.ptr[0] != '[')
        if (!is_text(next_line(p)))
            return fail_line(p, ERR_ENCODING, "not UTF-8, or a control character");
    if (start.len == p->text.len)
        return OK;
    return add_entry(p, first, (struct slice){NULL, 0},
                     slice_sub(start, 0, start.len - p->text.len));
}

/* Enter the section that `line` names. */
static cocoon_err read_section(struct parser *p, struct slice line)
{
    bool found = false, verbatim = false;

    if (!slice_ends(line, SLICE_LIT("]")))
        return fail_line(p, ERR_MALFORMED, "a section without closing bracket");
    p->section = slice_sub(line, 1, line.len - 2);
    for (size_t i = 0; i < p->known_count; i++) {
        if (!slice_eq_text(p->section, p->known[i].section))
            continue;
        if ((p->seen[i] & SEEN_SECTION) != 0)
            return fail_line(p, ERR_DUPLICATE, "a section that stands twice");
        p->seen[i] |= SEEN_SECTION;
        found = true;
        verbatim = p->known[i].rule == INI_LINES;
    }
    if (!found)
        return fail_line(p, ERR_UNKNOWN_NAME, "a section that is not known");
    return verbatim ? read_verbatim(p) : OK;
}

static cocoon_err read_entry(struct parser *p, struct slice line)
{
    struct slice value = line, key;
    size_t equals;

    if (!slice_find(line, '=', &equals))
        return fail_line(p, ERR_MALFORMED, "neither a section nor key = value");
    key = slice_trim(slice_cut(&value, '='));
    if (!is_name(key))
        return fail_line(p, ERR_MALFORMED, "a key is made of a-z, 0-9, _ and -");
    for (size_t i = 0; i < p->known_count; i++) {
        const struct ini_known *known = &p->known[i];

        if (known->key == NULL || !slice_eq_text(p->section, known->section) ||
            !slice_eq_text(key, known->key))
            continue;
        if (known->rule == INI_ONE && (p->seen[i] & SEEN_KEY) != 0)
            return fail_line(p, ERR_DUPLICATE, "a key that stands twice");
        p->seen[i] |= SEEN_KEY;
        return add_entry(p, p->line, key, slice_trim(value));
    }
    return fail_line(p, ERR_UNKNOWN_NAME, "a key that is not known in this section");
}

static cocoon_err read_line(struct parser *p)
{
    struct slice line = slice_trim(next_line(p));

    if (!is_text(line))
        return fail_line(p, ERR_ENCODING, "not UTF-8, or a control character");
    if (line.len == 0 || line.ptr[0] == '#')
        return OK;
    if (line.ptr[0] == '[')
        return read_section(p, line);
    return read_entry(p, line);
}

cocoon_err ini_parse(struct slice text, const struct ini_known *known, size_t known_count,
                     struct arena *arena, struct ini *out, struct fail *fail)
{
    struct parser p = {.known = known,
                       .known_count = known_count,
                       .seen = ARENA_ARRAY(arena, known_count, uint8_t),
                       .arena = arena,
                       .fail = fail,
                       .text = text,
                       .out = out};
    cocoon_err err;

    out->first = NULL;
    if (text.len > INI_FILE_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "the file is too long");
    if (p.seen == NULL)
        return fail_set(fail, ERR_NOMEM, 0, "the file needs more memory than allowed");
    while (p.text.len > 0)
        if ((err = read_line(&p)) != OK)
            return err;
    return OK;
}

const struct ini_entry *ini_next(const struct ini *ini, const char *section, const char *key,
                                 const struct ini_entry *after)
{
    const struct ini_entry *e = after == NULL ? ini->first : after->next;

    for (; e != NULL; e = e->next)
        if (slice_eq_text(e->section, section) && slice_eq_text(e->key, key == NULL ? "" : key))
            return e;
    return NULL;
}

cocoon_err ini_get(const struct ini *ini, const char *section, const char *key, struct slice *out)
{
    const struct ini_entry *e = ini_next(ini, section, key, NULL);

    if (e == NULL)
        return ERR_MISSING;
    *out = e->value;
    return OK;
}

cocoon_err ini_get_u64(const struct ini *ini, const char *section, const char *key,
                       uint64_t fallback, uint64_t *out, struct fail *fail)
{
    const struct ini_entry *e = ini_next(ini, section, key, NULL);
    cocoon_err err;

    *out = fallback;
    if (e == NULL)
        return OK;
    if ((err = slice_u64(e->value, out)) != OK)
        return fail_set(fail, err, e->line, "a decimal number is expected here");
    return OK;
}

cocoon_err ini_get_bool(const struct ini *ini, const char *section, const char *key, bool fallback,
                        bool *out, struct fail *fail)
{
    const struct ini_entry *e = ini_next(ini, section, key, NULL);

    *out = fallback;
    if (e == NULL)
        return OK;
    *out = slice_eq_text(e->value, "yes");
    if (!*out && !slice_eq_text(e->value, "no"))
        return fail_set(fail, ERR_MALFORMED, e->line, "yes or no is expected here");
    return OK;
}
