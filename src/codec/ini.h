/*
 * Configuration files: `[section]`, `key = value`, comments from `#` at the start of a line.
 *
 * The caller lists every section and key it knows; anything else is an error with its line number.
 * A section stands once. A key stands once unless it is listed as INI_MANY. The lines of an
 * INI_LINES section are kept as they are (comments and empty lines included, to the next line that
 * starts with
 * `[`). Values are UTF-8 without control characters, trimmed of spaces and tabs; there are no
 * quotes, escapes or continuation lines.
 */
#ifndef CODEC_INI_H
#define CODEC_INI_H

#include "base/arena.h"

enum { INI_FILE_MAX = 1024 * 1024, INI_ENTRY_MAX = 4096 };

enum ini_rule {
    INI_ONE,   /* at most one */
    INI_MANY,  /* any number */
    INI_LINES, /* no keys: the section's text is taken verbatim; key is NULL */
};

/* What may stand in a file: one row a key. */
struct ini_known {
    const char *section;
    const char *key;
    enum ini_rule rule;
};

struct ini_entry {
    struct slice section, key, value; /* key is empty for the text of an INI_LINES section */
    size_t line;                      /* from 1 */
    const struct ini_entry *next;     /* in source order */
};

struct ini {
    const struct ini_entry *first;
};

/*
 * Parse `text`, which lives as long as the result. On error `fail->offset` is the line number:
 * ERR_UNKNOWN_NAME (section or key), ERR_DUPLICATE, ERR_MALFORMED, ERR_ENCODING, ERR_LIMIT,
 * ERR_NOMEM.
 */
cocoon_err ini_parse(struct slice text, const struct ini_known *known, size_t known_count,
                     struct arena *arena, struct ini *out, struct fail *fail) MUST_CHECK;

/* Return the entry of `section` and `key` (NULL for the text of an INI_LINES section) that follows
 * `after` (NULL: the first), or NULL. */
const struct ini_entry *ini_next(const struct ini *ini, const char *section, const char *key,
                                 const struct ini_entry *after);

/* Set `*out` to the value of the first such entry. ERR_MISSING. */
cocoon_err ini_get(const struct ini *ini, const char *section, const char *key,
                   struct slice *out) MUST_CHECK;

/* As ini_get for a decimal number, and for yes or no; `fallback` when the key is absent.
 * ERR_MALFORMED or ERR_RANGE, with the line in `fail`. */
cocoon_err ini_get_u64(const struct ini *ini, const char *section, const char *key,
                       uint64_t fallback, uint64_t *out, struct fail *fail) MUST_CHECK;
cocoon_err ini_get_bool(const struct ini *ini, const char *section, const char *key, bool fallback,
                        bool *out, struct fail *fail) MUST_CHECK;

#endif
