/*
 * struct buf: owned, growable bytes with a cap.
 *
 * Appending past the cap sets a sticky `over` flag and appends nothing more; a writer checks once
 * at the end with buf_ok. Content that must not outlive its use is wiped with buf_wipe.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/slice.h"

struct buf {
    uint8_t *ptr;
    size_t len;
    size_t room; /* allocated */
    size_t max;  /* cap on len */
    bool over;   /* an append did not fit */
};

/* Start an empty buffer that may hold at most `max` bytes. Allocates nothing yet. */
void buf_init(struct buf *b, size_t max);

/* Release what `b` owns; it is then empty and may be used again. */
void buf_fini(struct buf *b);

/* Zero the content, then release it. */
void buf_wipe(struct buf *b);

/* Drop the content, keep the memory. */
void buf_clear(struct buf *b);

void buf_put(struct buf *b, struct slice bytes);
void buf_put_text(struct buf *b, const char *text);
void buf_put_u8(struct buf *b, uint8_t byte);
void buf_put_u64(struct buf *b, uint64_t value); /* decimal digits */

/* Append formatted text. Never with %s of untrusted bytes. */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Return room for `len` more bytes, to be filled by the caller, or NULL when over the cap. Already
 * counted. */
uint8_t *buf_extend(struct buf *b, size_t len);

/* Remove the first `n` bytes (n <= len). O(len). */
void buf_drop(struct buf *b, size_t n);

/* Return OK, or ERR_LIMIT when an append did not fit. */
cocoon_err buf_ok(const struct buf *b) MUST_CHECK;

/* Return the content, borrowed until the next change. */
static inline struct slice buf_slice(const struct buf *b)
{
    return slice_make(b->ptr, b->len);
}

/* Return the content followed by a NUL that is not counted: for C strings. "" when empty. */
const char *buf_cstr(struct buf *b);

#endif
