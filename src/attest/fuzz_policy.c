/* policy.conf: whatever the text, an accepted status is never Revoked, and sim has its root. */
#include <stdlib.h>

#include "attest/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy p;
    struct arena arena;
    struct fail fail;
    size_t line;

    arena_init(&arena, 1 << 24);
    if (policy_read(slice_make(data, size), &arena, &p, &line, &fail) == OK &&
        (policy_has(&p.tcb_accept, SLICE_LIT("Revoked")) || p.tcb_grace < 0))
        abort();
    arena_fini(&arena);
    return 0;
}
