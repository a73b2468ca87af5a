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
    uint8_t block[65536];
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

#endif
