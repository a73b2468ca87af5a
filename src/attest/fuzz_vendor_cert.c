/* Certificates with the extensions of Intel, AMD and NVIDIA. */
#include <assert.h>

#include "attest/amd_key.h"
#include "attest/dice.h"
#include "attest/pck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pck_extension pck;
    struct x509_cert cert;
    struct amd_key key;
    struct slice fwid;
    struct fail fail;
    bool present;

    if (x509_parse(slice_make(data, size), &cert, &fail) != OK)
        return 0;
    if (pck_extension_read(&cert, &pck, &fail) == OK)
        assert(pck.fmspc.len == PCK_FMSPC_SIZE && pck.cpu_svn.len == 16);
    if (amd_key_read(&cert, &key, &fail) == OK)
        assert(key.is_vlek == (key.hw_id.len == 0));
    if (dice_fwid(&cert, &present, &fwid, &fail) == OK)
        assert(present == (fwid.len == DICE_FWID_SIZE));
    return 0;
}
