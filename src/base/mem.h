/*
 * Heap memory for long-lived objects: never returns NULL.
 *
 * A daemon that cannot get the few hundred bytes of a control structure cannot do anything useful,
 * so these abort with a message instead of spreading an error path that no test would ever reach.
 * What an outsider can make large never comes from here unchecked: it lives in arenas and buffers
 * with caps, which do return ERR_NOMEM or ERR_LIMIT.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Return `size` zeroed bytes (size > 0). Free with mem_free. */
void *mem_new(size_t size) __attribute__((malloc, returns_nonnull));

/* Return `count` zeroed elements of `size` bytes; aborts if the product overflows. */
void *mem_array(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Resize `ptr` (NULL allowed) to `count` elements of `size` bytes; new bytes are not zeroed. */
void *mem_resize(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull));

/* Return an owned copy of the NUL-terminated `text`. */
char *mem_text(const char *text) __attribute__((malloc, returns_nonnull));

/* Free `ptr`; NULL is fine. */
void mem_free(void *ptr);

/* Overwrite `len` bytes at `ptr` with zeros in a way the compiler keeps. */
void mem_wipe(void *ptr, size_t len);

#define MEM_NEW(type)          ((type *)mem_new(sizeof(type)))
#define MEM_ARRAY(count, type) ((type *)mem_array((count), sizeof(type)))
#define COUNT_OF(array)        (sizeof(array) / sizeof((array)[0]))

#endif
