/* NVIDIA reports: as many measurements as are counted, each field found again. */
#include <assert.h>

#include "attest/spdm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spdm_report r;
    struct slice value;
    struct fail fail;
    size_t measured = 0;

    if (spdm_report_parse(slice_make(data, size), &r, &fail) != OK)
        return 0;
    for (size_t i = 0; i < SPDM_MEASUREMENTS_MAX; i++)
        measured += r.measurements[i].ptr != NULL;
    assert(measured == r.measurement_count);
    for (size_t i = 0; i < r.field_count; i++)
        assert(spdm_field(&r, r.fields[i].type, &value) && value.ptr == r.fields[i].value.ptr);
    assert(r.signed_part.len + r.signature.len == size);
    return 0;
}
