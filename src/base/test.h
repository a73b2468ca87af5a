/*
 * What every unit test needs: cmocka, and the way to data from outside this repository.
 *
 * Tests that use the shared data folder look for it by COCOON_SHARED (default ../shared from the
 * source tree) and say loudly what they skip when it is not there: a bare clone passes.
 */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/mem.h"

#define TEST_FILE_MAX (64 * 1024 * 1024)

/* Return the path of `name` in the shared data folder; static memory, overwritten by the next call.
 */
static inline const char *test_shared_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("COCOON_SHARED");

    snprintf(path, sizeof path, "%s/%s", root != NULL ? root : TEST_SHARED_DEFAULT, name);
    return path;
}

/* Read the file at `path` into `out` (initialised here; the caller frees it). False if there is
 * none. */
static inline bool test_read_file(const char *path, struct buf *out)
{
    uint8_t block[8192];
    FILE *file = fopen(path, "rb");
    size_t n;

    buf_init(out, TEST_FILE_MAX);
    if (file == NULL)
        return false;
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        buf_put(out, slice_make(block, n));
    fclose(file);
    return buf_ok(out) == OK;
}

/* As test_read_file for a file of the shared folder; says so when it is missing. */
static inline bool test_read_shared(const char *name, struct buf *out)
{
    if (test_read_file(test_shared_path(name), out))
        return true;
    fprintf(stderr, "SKIPPED: %s (set COCOON_SHARED to the shared data folder)\n", name);
    return false;
}

/* Decode the literal `hex` into `out`, which has room, and return the slice over it. */
static inline struct slice test_unhex(const char *hex, void *out)
{
    struct slice text = slice_text(hex);

    assert_int_equal(hex_read(text, out, text.len / 2), OK);
    return slice_make(out, text.len / 2);
}

/* Fail unless `bytes` are what the literal `hex` spells. */
static inline void test_assert_hex(struct slice bytes, const char *hex)
{
    struct buf text;

    buf_init(&text, TEST_FILE_MAX);
    hex_put(&text, bytes);
    assert_string_equal(buf_cstr(&text), hex);
    buf_fini(&text);
}

/* Call `check` with a copy of `bytes` in memory of exactly that size, so that a sanitizer sees any
 * overread. */
static inline void test_with_copy(struct slice bytes, void (*check)(struct slice bytes, void *arg),
                                  void *arg)
{
    uint8_t *copy = (uint8_t *)malloc(bytes.len == 0 ? 1 : bytes.len);

    assert_non_null(copy);
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    check(slice_make(copy, bytes.len), arg);
    free(copy);
}

/* Call `check` with every proper prefix of `good`: truncated at every byte. */
static inline void test_each_prefix(struct slice good, void (*check)(struct slice bytes, void *arg),
                                    void *arg)
{
    for (size_t len = 0; len < good.len; len++)
        test_with_copy(slice_sub(good, 0, len), check, arg);
}

/* Call `check` with `good` once for every bit of it, that bit flipped. */
static inline void test_each_bit_flip(struct slice good,
                                      void (*check)(struct slice bytes, void *arg), void *arg)
{
    uint8_t *flipped = (uint8_t *)malloc(good.len == 0 ? 1 : good.len);

    assert_non_null(flipped);
    for (size_t bit = 0; bit < 8 * good.len; bit++) {
        memcpy(flipped, good.ptr, good.len);
        flipped[bit / 8] = (uint8_t)(flipped[bit / 8] ^ (1U << (bit % 8)));
        test_with_copy(slice_make(flipped, good.len), check, arg);
    }
    free(flipped);
}

/* A seeded generator (xorshift64*): the same numbers in every run. `*seed` is not 0. */
static inline uint64_t test_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * 0x2545f4914f6cdd1d;
}

#endif
