#include "zk/room.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

void *room_new(size_t size)
{
    size_t rounded;
    void *ptr;

    if (!num_add(size, ROOM_ALIGN - 1, &rounded))
        abort();
    rounded &= ~(size_t)(ROOM_ALIGN - 1);
    ptr = aligned_alloc(ROOM_ALIGN, rounded == 0 ? ROOM_ALIGN : rounded);
    if (ptr == NULL)
        abort();
    memset(ptr, 0, rounded);
    return ptr;
}

void room_free(void *ptr)
{
    free(ptr);
}

struct ext_array room_ext(size_t size)
{
    size_t each = num_max(size, ROOM_ALIGN / sizeof(field)), bytes;

    if (!num_mul(each, EXT_BYTES, &bytes))
        abort();
    return ext_array_at((field *)room_new(bytes), each);
}

void room_free_ext(struct ext_array *a)
{
    room_free(a->c[0]);
    *a = (struct ext_array){{NULL, NULL, NULL, NULL}};
}
