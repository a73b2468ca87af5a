#include "attest/result.h"

#include <assert.h>
#include <stdarg.h>

enum { TEXT_MAX = 512 };

static const char *const claim_names[ACI_CLAIMS] = {
    [ACI_TEE_ATTESTED] = "tee_attested",
    [ACI_GPU_ATTESTED] = "gpu_attested",
    [ACI_GPU_BOUND_TO_CPU] = "gpu_bound_to_cpu",
    [ACI_TCB_UP_TO_DATE] = "tcb_up_to_date",
    [ACI_OS_KNOWN_GOOD] = "os_known_good",
    [ACI_SERVING_SOFTWARE_KNOWN_GOOD] = "serving_software_known_good",
    [ACI_MODEL_WEIGHTS_PROVENANCE] = "model_weights_provenance",
    [ACI_RELEASE_LOGGED] = "release_logged",
    [ACI_WITNESS_QUORUM] = "witness_quorum",
    [ACI_REPLICA_IDENTIFIED] = "replica_identified",
};

static const char *const status_names[] = {
    [ACI_UNKNOWN] = "unknown",
    [ACI_ASSERTED] = "asserted",
    [ACI_REFUTED] = "refuted",
};

static const char *const source_names[] = {
    [ACI_NO_SOURCE] = "",
    [ACI_HARDWARE_PROVEN] = "hardware_proven",
    [ACI_VERIFIER_DERIVED] = "verifier_derived",
    [ACI_PROVIDER_ASSERTED] = "provider_asserted",
    [ACI_OPERATOR_ASSERTED] = "operator_asserted",
};

const char *aci_claim_name(enum aci_claim claim)
{
    return claim_names[claim];
}

const char *aci_status_name(enum aci_status status)
{
    return status_names[status];
}

const char *aci_source_name(enum aci_source source)
{
    return source_names[source];
}

cocoon_err aci_claim_read(struct slice name, enum aci_claim *out)
{
    for (unsigned i = 0; i < ACI_CLAIMS; i++)
        if (slice_eq_text(name, claim_names[i])) {
            *out = (enum aci_claim)i;
            return OK;
        }
    return ERR_UNKNOWN_NAME;
}

void result_init(struct result *r, struct arena *arena, unix_time at)
{
    *r = (struct result){.arena = arena, .at = at, .valid_until = INT64_MAX};
    claims_init(&r->claims, arena);
}

/* Add one line; NULL when the arena is full, and the result is bad from then on. */
static struct check *add_check(struct result *r, const struct rule *rule, enum check_status status)
{
    struct check *check = ARENA_NEW(r->arena, struct check);

    assert(rule != NULL && rule->id != NULL);
    if (check == NULL) {
        r->bad = true;
        return NULL;
    }
    check->rule = rule;
    check->status = status;
    if (r->last == NULL)
        r->first = check;
    else
        r->last->next = check;
    r->last = check;
    return check;
}

static void add_failure(struct result *r, const struct rule *rule, const struct fail *fail,
                        struct slice detail)
{
    struct check *check = add_check(r, rule, CHECK_FAIL);

    assert(fail->code != OK);
    r->failed++;
    if (r->err == OK)
        r->err = fail->code;
    if (check == NULL)
        return;
    check->err = fail->code;
    check->offset = fail->offset;
    check->detail = detail;
}

bool result_check_detail(struct result *r, const struct rule *rule, bool good, cocoon_err err,
                         struct slice detail)
{
    struct check *check;

    if (!good) {
        add_failure(r, rule, &(struct fail){.code = err}, detail);
        return false;
    }
    r->passed++;
    check = add_check(r, rule, CHECK_PASS);
    if (check != NULL)
        check->detail = detail;
    return true;
}

bool result_check(struct result *r, const struct rule *rule, bool good, cocoon_err err)
{
    return result_check_detail(r, rule, good, err, (struct slice){0});
}

cocoon_err result_fail(struct result *r, const struct rule *rule, const struct fail *fail)
{
    add_failure(r, rule, fail, slice_text(fail->what));
    return fail->code;
}

void result_skip(struct result *r, const struct rule *rule, const char *why)
{
    struct check *check = add_check(r, rule, CHECK_SKIP);

    r->skipped++;
    if (check != NULL)
        check->detail = slice_text(why);
}

void result_info(struct result *r, const struct rule *rule, struct slice detail)
{
    struct check *check = add_check(r, rule, CHECK_INFO);

    if (check != NULL)
        check->detail = detail;
}

struct slice result_text(struct result *r, const char *format, ...)
{
    struct slice out = {0};
    struct buf text;
    va_list args;

    buf_init(&text, TEXT_MAX);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    if (arena_copy(r->arena, buf_slice(&text), &out) != OK)
        r->bad = true;
    buf_fini(&text);
    return out;
}

void result_aci(struct result *r, enum aci_claim claim, enum aci_status status,
                enum aci_source source)
{
    struct aci_state *state = &r->aci[claim];

    if (state->status == ACI_REFUTED)
        return;
    *state = (struct aci_state){status, status == ACI_UNKNOWN ? ACI_NO_SOURCE : source};
}

void result_until(struct result *r, unix_time until)
{
    if (until < r->valid_until)
        r->valid_until = until;
}

enum verdict result_verdict(const struct result *r)
{
    if (r->bad || r->claims.bad || r->failed > 0 || r->passed == 0)
        return VERDICT_NOT_VERIFIED;
    return (r->policy_applied || r->policy_needed) && r->skipped > 0 ? VERDICT_PARTIAL
                                                                     : VERDICT_VERIFIED;
}

int result_exit(const struct result *r)
{
    if (r->bad || r->claims.bad)
        return cocoon_err_exit(ERR_NOMEM);
    if (r->err != OK)
        return cocoon_err_exit(r->err);
    return result_verdict(r) == VERDICT_VERIFIED ? 0 : cocoon_err_exit(ERR_POLICY);
}
