/* Fuzz the verification of bundles, with no policy and with one that trusts nothing: no input may
 * verify. */
#include <stdlib.h>

#include "receipt/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bundle_answer answer;
    struct arena arena;
    struct policy policy;
    struct bundle_question q = {.text = slice_make(data, size), .arena = &arena};

    policy_init(&policy);
    policy.has_network = true;
    policy.tlog = SLICE_LIT("quorum none\n");
    for (int with_policy = 0; with_policy < 2; with_policy++) {
        arena_init(&arena, 1 << 24);
        q.policy = with_policy == 1 ? &policy : NULL;
        bundle_verify(&q, &answer);
        if (result_verdict(answer.result) == VERDICT_VERIFIED)
            abort();
        arena_fini(&arena);
    }
    return 0;
}
