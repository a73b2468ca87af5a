/* Signed key configurations: nothing that a stranger writes is accepted. */
#include "channel/ohttp_signed.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ed25519_public signer = {{0x3d, 0x40, 0x17, 0xc3}};
    static const struct digest keyset;
    struct ohttp_signed out;
    struct fail fail;

    assert(ohttp_signed_read(slice_make(data, size), &signer, &keyset, 0, &out, &fail) != OK);
    assert(ohttp_signed_list_read(slice_make(data, size), &signer, &keyset, 0, &out, &fail) != OK);
    return 0;
}
