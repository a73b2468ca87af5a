/* Fuzz the configuration reader with a small table of every rule. */
#include "codec/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ini_known known[] = {
        {"a", "x", INI_ONE}, {"a", "y", INI_MANY}, {"b", NULL, INI_LINES}};
    struct arena arena;
    struct ini ini;
    struct fail fail;
    uint64_t number;

    arena_init(&arena, 1 << 20);
    if (ini_parse(slice_make(data, size), known, 3, &arena, &ini, &fail) == OK)
        (void)!ini_get_u64(&ini, "a", "x", 0, &number, &fail);
    arena_fini(&arena);
    return 0;
}
