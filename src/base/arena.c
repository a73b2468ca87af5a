#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

enum { ARENA_BLOCK_SIZE = 8192 };

struct arena_block {
    struct arena_block *next;
    size_t used, room;
    alignas(max_align_t) uint8_t bytes[];
};

void arena_init(struct arena *a, size_t max)
{
    *a = (struct arena){.max = max};
}

static void arena_release(struct arena *a, bool wipe)
{
    while (a->blocks != NULL) {
        struct arena_block *block = a->blocks;

        a->blocks = block->next;
        if (wipe)
            mem_wipe(block->bytes, block->used);
        mem_free(block);
    }
    a->used = 0;
}

void arena_fini(struct arena *a)
{
    arena_release(a, false);
}

void arena_wipe(struct arena *a)
{
    arena_release(a, true);
}

static struct arena_block *arena_grow(struct arena *a, size_t size)
{
    size_t room = num_max(size, ARENA_BLOCK_SIZE - sizeof(struct arena_block));
    struct arena_block *block = mem_resize(NULL, sizeof *block + room, 1);

    block->used = 0;
    block->room = room;
    block->next = a->blocks;
    a->blocks = block;
    return block;
}

void *arena_new(struct arena *a, size_t size)
{
    const size_t align = alignof(max_align_t);
    struct arena_block *block = a->blocks;
    size_t rounded, total;
    void *at;

    if (!num_add(size, align - 1, &rounded))
        return NULL;
    rounded -= rounded % align;
    if (!num_add(a->used, rounded, &total) || total > a->max)
        return NULL;
    if (block == NULL || block->room - block->used < rounded)
        block = arena_grow(a, rounded);
    at = block->bytes + block->used;
    memset(at, 0, rounded);
    block->used += rounded;
    a->used = total;
    return at;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t total;

    if (!num_mul(count, size, &total))
        return NULL;
    return arena_new(a, total);
}

cocoon_err arena_copy(struct arena *a, struct slice s, struct slice *out)
{
    uint8_t *copy = arena_new(a, s.len);

    if (copy == NULL)
        return ERR_NOMEM;
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    *out = slice_make(copy, s.len);
    return OK;
}
