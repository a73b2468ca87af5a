/* Whatever decodes as a proof encodes to the very same bytes, and verifying it never overreads. */
#include "ledger/smt_proof.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct smt_proof p;
    static uint8_t room[SMT_PROOF_MAX];
    static const struct digest root = {{1}}, key = {{0x20}};
    struct slice bytes = slice_make(data, size), again;
    struct wr w = wr_init(room, sizeof room);

    assert(smt_proof_verify(&root, &key, NULL, bytes) != OK);
    if (smt_proof_read(bytes, &p) != OK)
        return 0;
    smt_proof_put(&w, &p);
    assert(wr_end(&w, &again) == OK);
    assert(slice_eq(bytes, again));
    return 0;
}
