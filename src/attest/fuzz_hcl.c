/* Azure HCL reports: all but padding is accounted for. */
#include <assert.h>

#include "attest/hcl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hcl_report r;
    struct fail fail;

    if (hcl_report_parse(slice_make(data, size), &r, &fail) != OK)
        return 0;
    assert(r.hardware.len + r.runtime_claims.len + 52 <= size);
    assert((r.type == HCL_TDX) == (r.td_report_data.len == 64));
    return 0;
}
