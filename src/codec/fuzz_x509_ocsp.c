/* OCSP answers: parse, and step through what was answered. */
#include "codec/x509_ocsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x509_ocsp_single single;
    struct x509_ocsp ocsp;
    struct fail fail;
    struct rd at;

    if (x509_ocsp_parse(slice_make(data, size), &ocsp, &fail) != OK)
        return 0;
    at = rd_init(ocsp.singles);
    while (x509_ocsp_next(&at, &single))
        ;
    return rd_end(&at) == OK ? 0 : -1;
}
