/*
 * Structured logs: one line an event, logfmt, on standard error.
 *
 *   time=2026-11-22T10:00:00Z level=info role=worker event=tunnel_up peer=127.0.0.1:9 worker=ab12…
 *
 * Fields are typed by meaning. There is no way to log a body, a key, a nonce or a token: what
 * callers send is never logged at any level. Text from outside goes through log_text, which escapes
 * and cuts it.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/clock.h"
#include "base/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* One line under construction. Lives on the caller's stack between log_begin and log_end. */
struct log_line {
    char text[1024];
    size_t len;
    bool off; /* below the level in force: fields are dropped */
};

/*
 * Set what every line of this process carries: its `role` (static text), the least level written,
 * and the clock. Not thread-safe: call once at start.
 */
void log_setup(const char *role, enum log_level least, unix_time (*now)(void));

/* Start a line for `event` (static text, snake_case). */
struct log_line log_begin(enum log_level level, const char *event);

void log_u64(struct log_line *line, const char *name, uint64_t value);
void log_word(struct log_line *line, const char *name, const char *static_text);
void log_err(struct log_line *line, cocoon_err err);           /* err=ERR_X */
void log_fail(struct log_line *line, const struct fail *fail); /* err=, what=, offset= */
void log_id(struct log_line *line, const char *name,
            struct slice public_bytes); /* first 8 bytes, hex */
void log_text(struct log_line *line, const char *name,
              struct slice untrusted); /* escaped, cut at 80 */

/* Write the line. Thread-safe: one write(2) a line. */
void log_end(struct log_line *line);

/* A line without fields. */
void log_event(enum log_level level, const char *event);

#endif
