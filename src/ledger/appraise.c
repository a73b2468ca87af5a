#include "ledger/appraise.h"

#include <string.h>

#include "attest/appraise.h"
#include "base/mem.h"

cocoon_err ledger_release_accept(const struct record_release *release, struct policy *policy,
                                 struct arena *arena)
{
    struct policy_measure measure;

    for (uint8_t i = 0; i < release->count; i++) {
        const struct record_measure *m = &release->measures[i];
        cocoon_err err;

        measure = (struct policy_measure){.name = release->name, .tee = m->tee, .count = m->count};
        measure.until = INT64_MAX;
        for (uint8_t k = 0; k < m->count; k++)
            measure.fields[k] = (struct policy_field){m->fields[k].path, m->fields[k].value};
        if ((err = policy_add_measure(policy, arena, &measure)) != OK)
            return err;
    }
    return OK;
}

/* Say what platform the collateral is for and the lower of its evaluation numbers, if it has any.
 */
static void read_evaluation(const struct claims *claims, struct ledger_answer *a)
{
    const struct claim *list = claims_find(claims, "tcb_eval_num");
    uint64_t lowest = UINT64_MAX;
    struct slice fmspc;

    if (list == NULL || list->kind != CLAIM_LIST || !claims_get_hex(claims, "fmspc", &fmspc))
        return;
    for (const struct claim *c = list->first; c != NULL; c = c->next)
        if (c->kind == CLAIM_INT && c->number >= 0 && (uint64_t)c->number < lowest)
            lowest = (uint64_t)c->number;
    if (lowest == UINT64_MAX)
        return;
    a->evaluated = fmspc;
    a->evaluation_number = lowest;
}

cocoon_err ledger_appraise_v1(void *ctx, const struct ledger_question *q, struct ledger_answer *a,
                              struct fail *fail)
{
    struct policy *policy = MEM_NEW(struct policy);
    struct appraisal appraisal = {.evidence = q->evidence,
                                  .policy = policy,
                                  .now = q->now,
                                  .nonce = q->nonce,
                                  .report_data = q->report_data,
                                  .arena = q->arena};
    struct result *result = &appraisal.result;
    cocoon_err err;

    (void)ctx;
    policy_init(policy);
    policy->sim_allowed = q->sim_root != NULL;
    if (q->sim_root != NULL)
        memcpy(policy->sim_root, q->sim_root, sizeof policy->sim_root);
    if ((err = ledger_release_accept(q->release, policy, q->arena)) != OK)
        goto done;
    appraise(&appraisal);
    if (result_verdict(result) != VERDICT_VERIFIED) {
        err = result->err != OK && cocoon_err_exit(result->err) != 1 ? result->err : ERR_UNTRUSTED;
        err = fail_set(fail, err, 0, "the evidence was appraised and is not good");
        goto done;
    }
    a->simulated = result->simulated;
    a->valid_until = result->valid_until;
    read_evaluation(&result->claims, a);
done:
    mem_free(policy);
    return err;
}
