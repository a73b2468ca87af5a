/* RA-TLS leaves: what passes must be signed by its own key, so random input never does. */
#include "channel/ratls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ratls_peer peer;
    struct fail fail;

    (void)!ratls_check(slice_make(data, size), 1800000000, &peer, &fail);
    return 0;
}
