/* Whatever imports is a model that parses. */
#include "model/lande.h"

#include <assert.h>

#include "model/cmod.h"

enum { MODEL_MAX = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct cmod m;
    struct fail fail;
    struct buf out;

    arena_init(&arena, MODEL_MAX);
    buf_init(&out, MODEL_MAX);
    if (lande_import(slice_make(data, size), &out, &fail) == OK)
        assert(cmod_parse(buf_slice(&out), &arena, &m, &fail) == OK);
    buf_fini(&out);
    arena_fini(&arena);
    return 0;
}
