/* SEV-SNP reports: one length, and TCB words that come apart on every product. */
#include <assert.h>

#include "attest/snp_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snp_report r;
    struct snp_tcb tcb;
    struct fail fail;

    if (snp_report_parse(slice_make(data, size), &r, &fail) != OK)
        return 0;
    assert(size == SNP_REPORT_SIZE && r.signed_part.len == SNP_SIGNED_SIZE);
    tcb = snp_tcb(r.reported_tcb, snp_product_of_cpuid(r.cpuid_family, r.cpuid_model));
    assert(snp_tcb_at_least(&tcb, &tcb));
    return 0;
}
