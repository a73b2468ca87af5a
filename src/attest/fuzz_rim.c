/* NVIDIA manifests: XML, its signature, and the golden values. */
#include <assert.h>

#include "attest/rim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t value[RIM_VALUE_SIZE] = {0};
    struct arena arena;
    struct fail fail;
    struct rim *rim;
    size_t active = 0;

    arena_init(&arena, 8 * 1024 * 1024);
    rim = ARENA_NEW(&arena, struct rim);
    if (rim_parse(slice_make(data, size), &arena, rim, &fail) == OK) {
        for (size_t i = 0; i < RIM_MEASUREMENTS_MAX; i++) {
            active += rim->measurements[i] != NULL;
            assert(!rim_has(rim, i, SLICE_OF(value)) || rim->measurements[i] != NULL);
        }
        assert(active == rim->active);
    }
    arena_fini(&arena);
    return 0;
}
