/* TPM structures: quotes, signatures and public areas. */
#include <assert.h>

#include "attest/tpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_make(data, size);
    struct tpm_signature signature;
    struct tpm_public key;
    struct tpm_quote quote;
    uint8_t room[96];
    struct fail fail;

    if (tpm_quote_parse(in, &quote, &fail) == OK)
        for (size_t i = 0; i < quote.selection_count; i++)
            assert(quote.selections[i].pcrs >> TPM_PCR_COUNT == 0);
    if (tpm_signature_parse(in, room, &signature, &fail) == OK)
        assert(signature.scheme != SIG_ECDSA_RAW || signature.bytes.len <= sizeof room);
    if (tpm_public_parse(in, room, &key, &fail) == OK)
        assert(key.key.kind == SIG_KEY_RSA || key.key.a.len <= sizeof room);
    return 0;
}
