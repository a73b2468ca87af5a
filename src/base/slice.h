/*
 * struct slice: borrowed, read-only bytes. Text is a slice too: nothing here ends in NUL.
 *
 * A slice never owns. Whoever makes one says how long the bytes behind it live.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct slice {
    const uint8_t *ptr; /* may be NULL only when len is 0 */
    size_t len;
};

/* The slice over a string literal, without its NUL: as an initialiser, and as an expression. */
#define SLICE_INIT(text)                                                                           \
    {                                                                                              \
        (const uint8_t *)("" text), sizeof(text) - 1                                               \
    }
#define SLICE_LIT(text) ((struct slice)SLICE_INIT(text))

/* The slice over a whole array object. */
#define SLICE_OF(array) ((struct slice){(const uint8_t *)(array), sizeof(array)})

static inline struct slice slice_make(const void *ptr, size_t len)
{
    return (struct slice){(const uint8_t *)ptr, len};
}

/* Return the slice over NUL-terminated `text`. */
struct slice slice_text(const char *text);

/* Return bytes [from, from + len) of `s`, which must lie within it (asserted). */
struct slice slice_sub(struct slice s, size_t from, size_t len);

/* Return what follows the first `n` bytes of `s` (n <= s.len, asserted). */
struct slice slice_skip(struct slice s, size_t n);

bool slice_eq(struct slice a, struct slice b);        /* not constant time: see slice_eq_ct */
bool slice_eq_text(struct slice a, const char *text); /* bytes equal, no case folding */
bool slice_eq_nocase(struct slice a, struct slice b); /* ASCII case folded */
bool slice_eq_ct(struct slice a, struct slice b);     /* constant time in the content */
bool slice_starts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);
bool slice_is_zero(struct slice s); /* nothing but zero bytes, or nothing */

/* Order bytewise, shorter first on a tie: negative, 0, positive. */
int slice_cmp(struct slice a, struct slice b);

/* Set `*at` to the first index of `byte` in `s` and return true, or return false. */
bool slice_find(struct slice s, uint8_t byte, size_t *at);

/* Set `*at` to the first index of `needle` in `s` and return true, or return false. */
bool slice_find_slice(struct slice s, struct slice needle, size_t *at);

/*
 * Cut `*rest` at the first `byte`: return what stands before it and leave in `*rest` what follows.
 * If there is none, return all and leave `*rest` empty.
 */
struct slice slice_cut(struct slice *rest, uint8_t byte);

/* Strip ASCII spaces and tabs from both ends. */
struct slice slice_trim(struct slice s);

/*
 * Decode the UTF-8 code point at the start of `s` to `*code` and return its length, 1 to 4; 0 if
 * there is no valid one.
 */
size_t slice_code_point(struct slice s, uint32_t *code);

/* Tell whether `s` is valid UTF-8 (RFC 3629: no surrogates, no overlong forms). O(len). */
bool slice_is_utf8(struct slice s);

/* Parse all of `s` as a decimal without sign or leading zeros. ERR_MALFORMED or ERR_RANGE. */
cocoon_err slice_u64(struct slice s, uint64_t *out) MUST_CHECK;

/*
 * Copy `s` with a NUL into `out` of `size` bytes, for calls that need a C string. ERR_LIMIT if it
 * does not fit, ERR_ENCODING if it holds a NUL; `out` is then "".
 */
cocoon_err slice_cstr(struct slice s, char *out, size_t size) MUST_CHECK;

#endif
