/* AWS Nitro documents. */
#include <assert.h>

#include "attest/nitro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nitro_doc doc;
    struct fail fail;

    if (nitro_doc_parse(slice_make(data, size), &doc, &fail) != OK)
        return 0;
    assert(doc.signature.len == 96 && doc.pcr_count > 0 && doc.pcr_count <= NITRO_PCRS);
    assert(doc.bundle_count > 0 && doc.bundle_count <= NITRO_BUNDLE_MAX);
    return 0;
}
