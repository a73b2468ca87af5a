#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *mem_check(void *ptr)
{
    if (ptr == NULL) {
        fputs("cocoon: out of memory\n", stderr);
        abort();
    }
    return ptr;
}

void *mem_new(size_t size)
{
    assert(size > 0);
    return mem_check(calloc(1, size));
}

void *mem_array(size_t count, size_t size)
{
    assert(size > 0);
    return mem_check(calloc(count == 0 ? 1 : count, size));
}

void *mem_resize(void *ptr, size_t count, size_t size)
{
    assert(size > 0);
    return mem_check(reallocarray(ptr, count == 0 ? 1 : count, size));
}

char *mem_text(const char *text)
{
    return (char *)mem_check(strdup(text));
}

void mem_free(void *ptr)
{
    free(ptr);
}

void mem_wipe(void *ptr, size_t len)
{
    explicit_bzero(ptr, len);
}
