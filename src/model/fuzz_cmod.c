/* Whatever parses as a model is written back byte for byte. */
#include "model/cmod.h"

#include <assert.h>
#include <stdlib.h>

enum { ARENA_MAX = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice file = slice_make(data, size), again;
    uint8_t *room = malloc(size + 1);
    struct wr w = wr_init(room, size);
    struct arena arena;
    struct cmod m;
    struct fail fail;

    arena_init(&arena, ARENA_MAX);
    if (room != NULL && cmod_parse(file, &arena, &m, &fail) == OK) {
        cmod_write(&m, &w);
        assert(wr_end(&w, &again) == OK && slice_eq(file, again));
    }
    arena_fini(&arena);
    free(room);
    return 0;
}
