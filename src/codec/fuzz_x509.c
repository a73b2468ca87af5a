/* Certificates and revocation lists: parse, and use what was accepted. */
#include <stdlib.h>

#include "codec/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice der = slice_make(data, size), text;
    struct x509_cert cert;
    struct x509_crl crl;
    struct x509_revoked found;
    struct fail fail;

    if (x509_parse(der, &cert, &fail) == OK) {
        (void)x509_name_find(cert.subject, OID_COMMON_NAME, &text);
        (void)x509_crl_url(&cert, &text);
        (void)x509_has_purpose(&cert, OID_OCSP_SIGNING);
        if (x509_issued_by(&cert, &cert, 0, &fail) == OK && !cert.is_ca)
            abort();
    }
    if (x509_crl_parse(der, &crl, &fail) == OK && x509_crl_find(&crl, SLICE_LIT("\x01"), &found) &&
        crl.revoked_count == 0)
        abort();
    return 0;
}
