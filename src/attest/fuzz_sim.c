/* Simulated evidence: nothing passes under a policy whose root signed none of it. */
#include <stdlib.h>

#include "attest/sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct appraisal a;
    struct policy policy;
    struct evidence e;
    struct arena arena;
    struct buf out;

    arena_init(&arena, 1 << 20);
    buf_init(&out, 1 << 20);
    policy_init(&policy);
    policy.sim_allowed = true;
    evidence_init(&e, SLICE_LIT("sim"));
    if (evidence_add(&e, SLICE_LIT("evidence"), slice_make(data, size)) != OK)
        abort();
    a = (struct appraisal){.evidence = &e, .policy = &policy, .now = 1800000000, .arena = &arena};
    appraise(&a);
    if (result_verdict(&a.result) != VERDICT_NOT_VERIFIED)
        abort();
    result_put_json(&a.result, &out);
    result_put_text(&a.result, &out);
    if (buf_ok(&out) != OK)
        abort();
    buf_fini(&out);
    arena_fini(&arena);
    return 0;
}
