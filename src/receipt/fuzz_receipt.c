/* Fuzz receipt_read: what is read has a canonical form that reads the same. */
#include <stdlib.h>

#include "receipt/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct receipt r;
    struct fail fail;
    struct digest digest;

    arena_init(&arena, 1 << 24);
    if (receipt_read(slice_make(data, size), &arena, &r, &fail) == OK) {
        sha256(r.covered, &digest);
        if (!digest_eq(&digest, &r.digest))
            abort();
    }
    arena_fini(&arena);
    return 0;
}
