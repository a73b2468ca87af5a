/* Attestations and keysets: what is read is written again the same. */
#include <stdlib.h>

#include "attest/attestation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_keyset(struct slice json, struct arena *arena)
{
    struct keyset k, again;
    struct fail fail;
    struct buf text;

    if (keyset_read(json, arena, &k, &fail) != OK)
        return;
    again = k;
    buf_init(&text, 4 * KEYSET_TEXT_MAX);
    if (keyset_put(&again, &text) == OK && !digest_eq(&again.digest, &k.digest))
        abort();
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_make(data, size);
    struct attestation a;
    struct arena arena;
    struct fail fail;
    struct buf out;

    arena_init(&arena, 1 << 24);
    if (attestation_read(bytes, &arena, &a, &fail) == OK) {
        buf_init(&out, ATTESTATION_MAX);
        if (attestation_put(&out, &a) != OK || !slice_eq(buf_slice(&out), bytes))
            abort();
        check_keyset(a.keyset, &arena);
        buf_fini(&out);
    }
    check_keyset(bytes, &arena);
    arena_fini(&arena);
    return 0;
}
