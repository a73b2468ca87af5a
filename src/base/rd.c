#include "base/rd.h"

#include <string.h>

struct slice rd_slice(struct rd *r, size_t n)
{
    struct slice out;

    if (r->bad || n > r->all.len - r->at) {
        r->bad = true;
        return (struct slice){NULL, 0};
    }
    out = slice_sub(r->all, r->at, n);
    r->at += n;
    return out;
}

struct slice rd_rest(struct rd *r)
{
    return rd_slice(r, rd_left(r));
}

void rd_copy(struct rd *r, void *out, size_t n)
{
    struct slice s = rd_slice(r, n);

    if (s.len == n && n > 0)
        memcpy(out, s.ptr, n);
    else if (n > 0)
        memset(out, 0, n);
}

struct rd rd_sub(struct rd *r, size_t n)
{
    struct rd sub = rd_init(rd_slice(r, n));

    sub.bad = r->bad;
    return sub;
}

void rd_skip(struct rd *r, size_t n)
{
    (void)rd_slice(r, n);
}

void rd_fail(struct rd *r)
{
    r->bad = true;
}

uint8_t rd_peek(const struct rd *r)
{
    return rd_left(r) == 0 ? 0 : r->all.ptr[r->at];
}

/* Read `n` bytes (at most 8) as a big-endian number. */
static uint64_t rd_be(struct rd *r, size_t n)
{
    struct slice s = rd_slice(r, n);
    uint64_t value = 0;

    for (size_t i = 0; i < s.len; i++)
        value = value << 8 | s.ptr[i];
    return value;
}

/* Read `n` bytes (at most 8) as a little-endian number. */
static uint64_t rd_le(struct rd *r, size_t n)
{
    struct slice s = rd_slice(r, n);
    uint64_t value = 0;

    for (size_t i = s.len; i > 0; i--)
        value = value << 8 | s.ptr[i - 1];
    return value;
}

uint8_t rd_u8(struct rd *r)
{
    return (uint8_t)rd_be(r, 1);
}

uint16_t rd_u16be(struct rd *r)
{
    return (uint16_t)rd_be(r, 2);
}

uint32_t rd_u24be(struct rd *r)
{
    return (uint32_t)rd_be(r, 3);
}

uint32_t rd_u32be(struct rd *r)
{
    return (uint32_t)rd_be(r, 4);
}

uint64_t rd_u64be(struct rd *r)
{
    return rd_be(r, 8);
}

uint16_t rd_u16le(struct rd *r)
{
    return (uint16_t)rd_le(r, 2);
}

uint32_t rd_u32le(struct rd *r)
{
    return (uint32_t)rd_le(r, 4);
}

uint64_t rd_u64le(struct rd *r)
{
    return rd_le(r, 8);
}

uint64_t rd_varint(struct rd *r)
{
    uint8_t first = rd_u8(r);
    size_t more = ((size_t)1 << (first >> 6)) - 1;

    return (uint64_t)(first & 0x3f) << (8 * more) | rd_be(r, more);
}

cocoon_err rd_end(const struct rd *r)
{
    if (r->bad)
        return ERR_TRUNCATED;
    return r->at == r->all.len ? OK : ERR_TRAILING;
}
