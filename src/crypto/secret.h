/*
 * Secrets: 32-byte values, and pages for those that live long.
 *
 * There is no way to print one. Wiping overwrites the bytes at hand; it cannot reach copies that
 * the compiler spilled to the stack or that the kernel wrote to swap, so long-lived secrets belong
 * in secret_pages, which are locked, kept out of core dumps, and stand between guard pages.
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/rng.h"
#include "base/slice.h"

struct secret32 {
    uint8_t bytes[32];
};

static inline struct slice secret32_slice(const struct secret32 *s)
{
    return slice_make(s->bytes, sizeof s->bytes);
}

void secret32_fill(struct secret32 *s, const struct rng *rng);
void secret32_wipe(struct secret32 *s);

/* Compare in constant time. */
bool secret32_eq(const struct secret32 *a, const struct secret32 *b);

/* Return `size` zeroed bytes in locked pages of their own; aborts when the system has none. Where
 * the lock limit forbids locking, the pages are guarded but not locked. Free with
 * secret_pages_free. */
void *secret_pages(size_t size) __attribute__((malloc, returns_nonnull));

/* Wipe and free; NULL is fine. */
void secret_pages_free(void *ptr);

#endif
