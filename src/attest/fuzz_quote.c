/* Intel quotes: what is accepted has all its parts, at the lengths of the format. */
#include <assert.h>

#include "attest/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct quote q;
    struct fail fail;

    if (quote_parse(slice_make(data, size), &q, &fail) != OK)
        return 0;
    assert(q.signature.len == 64 && q.attestation_key.len == 64 && q.qe.all.len == SGX_REPORT_SIZE);
    assert(q.signed_part.len + q.qe_auth.len + q.cert_data.len + q.trailing < size);
    assert((q.tee == QUOTE_TDX) == (q.td.mr_td.len == 48));
    return 0;
}
