#include "attest/appraise.h"

#include <assert.h>

#include "attest/azure.h"
#include "attest/dcap.h"
#include "attest/dstack.h"
#include "attest/eventlog_check.h"
#include "attest/nitro.h"
#include "attest/nvgpu.h"
#include "attest/sim.h"
#include "attest/snp.h"
#include "attest/tpm_verify.h"
#include "base/mem.h"

/* Every format; the verifier itself names the kinds it takes. */
static const struct verifier *const verifiers[] = {
    &verifier_azure, &verifier_dcap, &verifier_dstack, &verifier_eventlog,  &verifier_nitro,
    &verifier_nvgpu, &verifier_sim,  &verifier_snp,    &verifier_tpm_quote,
};

/* What evidence of a kind attests when nothing failed. Logs and bare blobs attest nothing alone. */
static const struct {
    const char *prefix;
    enum aci_claim claim;
} attested[] = {
    {"tdx-", ACI_TEE_ATTESTED},       {"sgx-", ACI_TEE_ATTESTED},
    {"snp-", ACI_TEE_ATTESTED},       {"azure-snp-", ACI_TEE_ATTESTED},
    {"azure-tdx-", ACI_TEE_ATTESTED}, {"aws-nitro", ACI_TEE_ATTESTED},
    {"sim", ACI_TEE_ATTESTED},        {"nvidia-", ACI_GPU_ATTESTED},
};

static const struct rule rule_kind = {"evidence.kind", "the kind of evidence is known", NULL};
static const struct rule rule_report_data = {"evidence.report_data",
                                             "the evidence binds what it must bind", NULL};

const struct verifier *verifier_find(struct slice kind)
{
    for (size_t i = 0; i < sizeof verifiers / sizeof verifiers[0]; i++)
        for (const char *const *name = verifiers[i]->kinds; *name != NULL; name++)
            if (slice_eq_text(kind, *name))
                return verifiers[i];
    return NULL;
}

void appraise_collect(struct appraisal *a)
{
    const struct verifier *verifier = verifier_find(a->evidence->kind);

    result_init(&a->result, a->arena, a->now);
    a->obligations = (struct obligations){.count = 0};
    if (verifier == NULL) {
        (void)result_check(&a->result, &rule_kind, false, ERR_UNSUPPORTED);
        return;
    }
    /* An error has recorded itself; if it did not, that must not pass. */
    if (verifier->run(a) != OK && a->result.failed == 0)
        (void)result_check(&a->result, &rule_kind, false, ERR_INTERNAL);
}

/* Tell whether `found` is `wanted`, where 32 wanted bytes stand for themselves and 32 zeros. */
static bool binds(struct slice found, struct slice wanted)
{
    if (!slice_starts(found, wanted))
        return false;
    for (size_t i = wanted.len; i < found.len; i++)
        if (found.ptr[i] != 0)
            return false;
    return true;
}

static void check_report_data(struct appraisal *a)
{
    if (a->report_data.len == 0)
        return;
    assert(a->report_data.len == 32 || a->report_data.len == 64);
    (void)result_check(&a->result, &rule_report_data, binds(a->result.report_data, a->report_data),
                       ERR_MISMATCH);
}

/* Say what the evidence attests; of the software attester there is only its operator's word. */
static void set_attested(struct result *r, struct slice kind)
{
    bool good = r->failed == 0 && r->passed > 0 && !r->bad;

    for (size_t i = 0; i < COUNT_OF(attested); i++)
        if (slice_starts(kind, slice_text(attested[i].prefix)))
            result_aci(r, attested[i].claim, good ? ACI_ASSERTED : ACI_REFUTED,
                       r->simulated ? ACI_OPERATOR_ASSERTED : ACI_HARDWARE_PROVEN);
}

void appraise_finish(struct appraisal *a)
{
    const struct verifier *verifier = verifier_find(a->evidence->kind);
    struct result *r = &a->result;

    (void)obligations_record(&a->obligations, r);
    if (verifier != NULL && verifier->conclude != NULL)
        verifier->conclude(a);
    check_report_data(a);
    set_attested(r, a->evidence->kind);
    if (a->policy == NULL)
        return;
    r->policy_applied = true;
    policy_apply(a->policy, a->evidence->kind, r);
    if (!a->defer_claims)
        policy_claims(a->policy, r);
}

void appraise(struct appraisal *a)
{
    appraise_collect(a);
    obligations_settle(&a->obligations, a->cache);
    appraise_finish(a);
}

cocoon_err appraise_parts(struct appraisal *a, struct evidence *evidence, struct slice kind,
                          const struct evidence_part *parts, size_t count)
{
    cocoon_err err = OK;

    evidence_init(evidence, kind);
    for (size_t i = 0; err == OK && i < count; i++)
        err = evidence_add(evidence, parts[i].name, parts[i].bytes);
    a->evidence = evidence;
    if (err == OK)
        appraise(a);
    return err;
}
