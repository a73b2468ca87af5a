/* Fuzz the CBOR check; what passes is stepped over whole. */
#include <stdlib.h>

#include "codec/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_make(data, size);
    struct fail fail;
    struct cbor_rd c;

    if (cbor_check(in, CBOR_INDEFINITE, &fail) != OK)
        return 0;
    c = cbor_rd_init(in, CBOR_INDEFINITE);
    if (cbor_rd_any(&c).len != size || cbor_rd_end(&c) != OK)
        abort();
    return 0;
}
