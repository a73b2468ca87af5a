#include "base/slice.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"

struct slice slice_text(const char *text)
{
    return slice_make(text, strlen(text));
}

struct slice slice_sub(struct slice s, size_t from, size_t len)
{
    assert(from <= s.len && len <= s.len - from);
    if (len == 0)
        return (struct slice){NULL, 0};
    return slice_make(s.ptr + from, len);
}

struct slice slice_skip(struct slice s, size_t n)
{
    assert(n <= s.len);
    return slice_sub(s, n, s.len - n);
}

bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool slice_eq_text(struct slice a, const char *text)
{
    return slice_eq(a, slice_text(text));
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool slice_eq_ct(struct slice a, struct slice b)
{
    uint8_t diff = 0;

    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        diff = (uint8_t)(diff | (a.ptr[i] ^ b.ptr[i]));
    return *(volatile uint8_t *)&diff == 0;
}

bool slice_starts(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_eq(slice_sub(s, 0, prefix.len), prefix);
}

bool slice_ends(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len && slice_eq(slice_skip(s, s.len - suffix.len), suffix);
}

bool slice_is_zero(struct slice s)
{
    uint8_t any = 0;

    for (size_t i = 0; i < s.len; i++)
        any |= s.ptr[i];
    return any == 0;
}

int slice_cmp(struct slice a, struct slice b)
{
    size_t common = num_min(a.len, b.len);
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool slice_find(struct slice s, uint8_t byte, size_t *at)
{
    const uint8_t *hit = s.len == 0 ? NULL : memchr(s.ptr, byte, s.len);

    if (hit == NULL)
        return false;
    *at = (size_t)(hit - s.ptr);
    return true;
}

bool slice_find_slice(struct slice s, struct slice needle, size_t *at)
{
    const uint8_t *hit;

    if (needle.len == 0) {
        *at = 0;
        return true;
    }
    hit = s.len == 0 ? NULL : memmem(s.ptr, s.len, needle.ptr, needle.len);
    if (hit == NULL)
        return false;
    *at = (size_t)(hit - s.ptr);
    return true;
}

struct slice slice_cut(struct slice *rest, uint8_t byte)
{
    struct slice all = *rest;
    size_t at;

    if (!slice_find(all, byte, &at)) {
        *rest = (struct slice){NULL, 0};
        return all;
    }
    *rest = slice_skip(all, at + 1);
    return slice_sub(all, 0, at);
}

struct slice slice_trim(struct slice s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = slice_skip(s, 1);
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

size_t slice_code_point(struct slice s, uint32_t *code)
{
    /* RFC 3629 section 4: first byte decides the length and the range of the second byte. */
    uint8_t c = s.len == 0 ? 0 : s.ptr[0];
    uint8_t low = 0x80, high = 0xbf;
    size_t len;

    *code = c;
    if (c < 0x80)
        return s.len == 0 ? 0 : 1;
    if (c >= 0xc2 && c <= 0xdf)
        len = 2;
    else if (c >= 0xe0 && c <= 0xef)
        len = 3;
    else if (c >= 0xf0 && c <= 0xf4)
        len = 4;
    else
        return 0;
    if (c == 0xe0)
        low = 0xa0; /* overlong */
    if (c == 0xed)
        high = 0x9f; /* surrogates */
    if (c == 0xf0)
        low = 0x90; /* overlong */
    if (c == 0xf4)
        high = 0x8f; /* above U+10FFFF */
    if (s.len < len || s.ptr[1] < low || s.ptr[1] > high)
        return 0;
    *code = c & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((s.ptr[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (s.ptr[i] & 0x3f);
    }
    return len;
}

/* Return how many bytes at the front of `s` are ASCII, in steps of eight. */
static size_t ascii_run(struct slice s)
{
    size_t n = 0;
    uint64_t word;

    for (; s.len - n >= sizeof word; n += sizeof word) {
        memcpy(&word, s.ptr + n, sizeof word);
        if ((word & 0x8080808080808080) != 0)
            break;
    }
    return n;
}

bool slice_is_utf8(struct slice s)
{
    uint32_t code;

    while (s.len > 0) {
        size_t n = ascii_run(s);

        if (n == 0)
            n = slice_code_point(s, &code);
        if (n == 0)
            return false;
        s = slice_skip(s, n);
    }
    return true;
}

cocoon_err slice_u64(struct slice s, uint64_t *out)
{
    uint64_t value = 0;

    if (s.len == 0 || (s.len > 1 && s.ptr[0] == '0'))
        return ERR_MALFORMED;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return ERR_MALFORMED;
        if (!num_mul_u64(value, 10, &value) ||
            !num_add_u64(value, s.ptr[i] - (uint64_t)'0', &value))
            return ERR_RANGE;
    }
    *out = value;
    return OK;
}

cocoon_err slice_cstr(struct slice s, char *out, size_t size)
{
    size_t at;

    assert(size > 0);
    out[0] = '\0';
    if (slice_find(s, 0, &at))
        return ERR_ENCODING;
    if (s.len >= size)
        return ERR_LIMIT;
    if (s.len > 0)
        memcpy(out, s.ptr, s.len);
    out[s.len] = '\0';
    return OK;
}
