/* Fuzz json_parse, the writer's strings and JCS: what is accepted has one stable canonical form. */
#include <stdlib.h>

#include "codec/jcs.h"

enum { FUZZ_ARENA_MAX = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_canonical(const struct json *value, struct arena *arena)
{
    struct buf once, twice;
    struct fail fail;

    buf_init(&once, 1 << 22);
    buf_init(&twice, 1 << 22);
    if (jcs_put(&once, value, arena) == OK &&
        (jcs_canonicalize(buf_slice(&once), &twice, &fail) != OK ||
         !slice_eq(buf_slice(&once), buf_slice(&twice))))
        abort();
    buf_fini(&once);
    buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct fail fail;
    const struct json *value;

    arena_init(&arena, FUZZ_ARENA_MAX);
    if (json_parse(slice_make(data, size), &arena, &value, &fail) == OK)
        check_canonical(value, &arena);
    arena_fini(&arena);
    return 0;
}
