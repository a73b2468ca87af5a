/* PEM chains: parse; nothing that was refused may count. */
#include <stdlib.h>

#include "codec/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x509_cert certs[X509_CHAIN_MAX];
    struct arena arena;
    struct fail fail;
    size_t count = 0;

    arena_init(&arena, 1 << 20);
    if (x509_read_chain(slice_make(data, size), &arena, certs, X509_CHAIN_MAX, &count, &fail) ==
            OK &&
        count == 0)
        abort();
    arena_fini(&arena);
    return 0;
}
