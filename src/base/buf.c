#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

enum { BUF_FIRST_ROOM = 256 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_fini(struct buf *b)
{
    mem_free(b->ptr);
    buf_init(b, b->max);
}

void buf_wipe(struct buf *b)
{
    if (b->ptr != NULL)
        mem_wipe(b->ptr, b->room);
    buf_fini(b);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->over = false;
}

/*
 * Make room for `len` bytes in all plus one for the NUL of buf_cstr. The old memory is wiped, not
 * handed to realloc: buf_wipe could not reach a copy left behind by growth.
 */
static void buf_reserve(struct buf *b, size_t len)
{
    size_t room = num_max(b->room, BUF_FIRST_ROOM);
    uint8_t *grown;

    if (len < b->room)
        return;
    assert(len <= SIZE_MAX / 2);
    while (room <= len)
        room *= 2;
    grown = mem_new(room);
    if (b->ptr != NULL) {
        memcpy(grown, b->ptr, b->len);
        mem_wipe(b->ptr, b->room);
        mem_free(b->ptr);
    }
    b->ptr = grown;
    b->room = room;
}

uint8_t *buf_extend(struct buf *b, size_t len)
{
    size_t total;
    uint8_t *at;

    if (b->over || !num_add(b->len, len, &total) || total > b->max) {
        b->over = true;
        return NULL;
    }
    buf_reserve(b, total);
    at = b->ptr + b->len;
    b->len = total;
    return at;
}

void buf_put(struct buf *b, struct slice bytes)
{
    uint8_t *at = buf_extend(b, bytes.len);

    if (at != NULL && bytes.len > 0)
        memcpy(at, bytes.ptr, bytes.len);
}

void buf_put_text(struct buf *b, const char *text)
{
    buf_put(b, slice_text(text));
}

void buf_put_u8(struct buf *b, uint8_t byte)
{
    buf_put(b, slice_make(&byte, 1));
}

void buf_put_u64(struct buf *b, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    buf_put(b, slice_make(digits + at, sizeof digits - at));
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    uint8_t *at;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    assert(len >= 0);
    at = buf_extend(b, (size_t)len);
    if (at != NULL)
        vsnprintf((char *)at, (size_t)len + 1, format,
                  again); /* the NUL goes into the spare byte */
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_drop(struct buf *b, size_t n)
{
    assert(n <= b->len);
    if (n == 0)
        return;
    memmove(b->ptr, b->ptr + n, b->len - n);
    b->len -= n;
}

cocoon_err buf_ok(const struct buf *b)
{
    return b->over ? ERR_LIMIT : OK;
}

const char *buf_cstr(struct buf *b)
{
    buf_reserve(b, b->len);
    b->ptr[b->len] = '\0';
    return (const char *)b->ptr;
}
