#include "base/wr.h"

#include <assert.h>
#include <string.h>

static uint8_t *wr_room(struct wr *w, size_t n)
{
    uint8_t *at;

    if (w->over || n > w->room - w->len) {
        w->over = true;
        return NULL;
    }
    at = w->ptr + w->len;
    w->len += n;
    return at;
}

/* Write the low `n` bytes of `value`, most significant first. */
static void wr_be(struct wr *w, uint64_t value, size_t n)
{
    uint8_t *at = wr_room(w, n);

    for (size_t i = n; at != NULL && i > 0; i--, value >>= 8)
        at[i - 1] = (uint8_t)value;
}

/* Write the low `n` bytes of `value`, least significant first. */
static void wr_le(struct wr *w, uint64_t value, size_t n)
{
    uint8_t *at = wr_room(w, n);

    for (size_t i = 0; at != NULL && i < n; i++, value >>= 8)
        at[i] = (uint8_t)value;
}

void wr_u8(struct wr *w, uint8_t value)
{
    wr_be(w, value, 1);
}

void wr_u16be(struct wr *w, uint16_t value)
{
    wr_be(w, value, 2);
}

void wr_u32be(struct wr *w, uint32_t value)
{
    wr_be(w, value, 4);
}

void wr_u64be(struct wr *w, uint64_t value)
{
    wr_be(w, value, 8);
}

void wr_u16le(struct wr *w, uint16_t value)
{
    wr_le(w, value, 2);
}

void wr_u32le(struct wr *w, uint32_t value)
{
    wr_le(w, value, 4);
}

void wr_u64le(struct wr *w, uint64_t value)
{
    wr_le(w, value, 8);
}

void wr_varint(struct wr *w, uint64_t value)
{
    assert(value < (uint64_t)1 << 62);
    if (value < (uint64_t)1 << 6)
        wr_be(w, value, 1);
    else if (value < (uint64_t)1 << 14)
        wr_be(w, value | (uint64_t)1 << 14, 2);
    else if (value < (uint64_t)1 << 30)
        wr_be(w, value | (uint64_t)2 << 30, 4);
    else
        wr_be(w, value | (uint64_t)3 << 62, 8);
}

void wr_slice(struct wr *w, struct slice s)
{
    uint8_t *at = wr_room(w, s.len);

    if (at != NULL && s.len > 0)
        memcpy(at, s.ptr, s.len);
}

void wr_zero(struct wr *w, size_t n)
{
    uint8_t *at = wr_room(w, n);

    if (at != NULL && n > 0)
        memset(at, 0, n);
}

struct wr_block wr_open(struct wr *w, size_t width)
{
    struct wr_block block = {w->len, width};

    assert(width >= 1 && width <= 8);
    wr_zero(w, width);
    w->open++;
    return block;
}

void wr_close(struct wr *w, struct wr_block block)
{
    size_t len;

    assert(w->open > 0);
    w->open--;
    if (w->over)
        return;
    len = w->len - block.at - block.width;
    if (block.width < sizeof len && len >> (8 * block.width) != 0) {
        w->over = true;
        return;
    }
    for (size_t i = block.width; i > 0; i--, len >>= 8)
        w->ptr[block.at + i - 1] = (uint8_t)len;
}

void wr_insert(struct wr *w, size_t at, size_t n)
{
    size_t tail;

    if (w->over)
        return;
    assert(at <= w->len);
    tail = w->len - at;
    if (wr_room(w, n) == NULL || n == 0)
        return;
    memmove(w->ptr + at + n, w->ptr + at, tail);
    memset(w->ptr + at, 0, n);
}

void wr_patch(struct wr *w, size_t at, uint8_t byte)
{
    if (w->over)
        return;
    assert(at < w->len);
    w->ptr[at] = byte;
}

cocoon_err wr_end(const struct wr *w, struct slice *out)
{
    assert(w->open == 0);
    if (w->over)
        return ERR_LIMIT;
    *out = slice_make(w->ptr, w->len);
    return OK;
}
