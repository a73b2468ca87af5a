#include "base/log.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/num.h"

enum { LOG_TEXT_MAX = 80, LOG_ID_BYTES = 8 };

static const char *log_role = "cocoon";
static enum log_level log_least = LOG_INFO;
static unix_time (*log_now)(void);

void log_setup(const char *role, enum log_level least, unix_time (*now)(void))
{
    log_role = role;
    log_least = least;
    log_now = now;
}

/* Append formatted text; a field that does not fit is cut, the line's end is always kept free. */
static void log_add(struct log_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void log_add(struct log_line *line, const char *format, ...)
{
    size_t room = sizeof line->text - 1 - line->len;
    va_list args;
    int n;

    if (line->off)
        return;
    va_start(args, format);
    n = vsnprintf(line->text + line->len, room, format, args);
    va_end(args);
    assert(n >= 0);
    line->len += num_min((size_t)n, room - 1);
}

struct log_line log_begin(enum log_level level, const char *event)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    struct log_line line = {.off = level < log_least};
    struct civil c = civil_from_unix(log_now == NULL ? 0 : log_now());

    log_add(&line, "time=%04d-%02u-%02uT%02u:%02u:%02uZ level=%s role=%s event=%s", c.year, c.month,
            c.day, c.hour, c.minute, c.second, names[level], log_role, event);
    return line;
}

void log_u64(struct log_line *line, const char *name, uint64_t value)
{
    log_add(line, " %s=%llu", name, (unsigned long long)value);
}

void log_word(struct log_line *line, const char *name, const char *static_text)
{
    log_text(line, name, slice_text(static_text));
}

void log_err(struct log_line *line, cocoon_err err)
{
    log_add(line, " err=%s", cocoon_err_name(err));
}

void log_fail(struct log_line *line, const struct fail *fail)
{
    log_err(line, fail->code);
    log_word(line, "what", fail->what == NULL ? "" : fail->what);
    log_u64(line, "offset", fail->offset);
}

void log_id(struct log_line *line, const char *name, struct slice public_bytes)
{
    char text[2 * LOG_ID_BYTES + 1];

    hex_write(slice_sub(public_bytes, 0, num_min(public_bytes.len, LOG_ID_BYTES)), text);
    log_add(line, " %s=%s", name, text);
}

void log_text(struct log_line *line, const char *name, struct slice untrusted)
{
    log_add(line, " %s=\"", name);
    for (size_t i = 0; i < num_min(untrusted.len, LOG_TEXT_MAX); i++) {
        uint8_t c = untrusted.ptr[i];

        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
            log_add(line, "\\x%02x", c);
        else
            log_add(line, "%c", c);
    }
    log_add(line, untrusted.len > LOG_TEXT_MAX ? "...\"" : "\"");
}

void log_end(struct log_line *line)
{
    if (line->off)
        return;
    line->text[line->len++] = '\n';
    if (write(STDERR_FILENO, line->text, line->len) < 0)
        return; /* nobody is left to be told */
}

void log_event(enum log_level level, const char *event)
{
    struct log_line line = log_begin(level, event);

    log_end(&line);
}
