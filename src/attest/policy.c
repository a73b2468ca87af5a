/*
 * The rules that every format shares. What a policy does not say is refused: an empty one accepts
 * no measurement.
 */
#include "attest/policy.h"

#include <string.h>

#include "attest/roots.h"
#include "base/mem.h"
#include "base/wr.h"

static const struct rule rule_sim = {"policy.sim", "simulated evidence is admitted by the policy",
                                     "policy 4"};
static const struct rule rule_debug = {"policy.debug", "the TEE is not debuggable", "policy 6"};
static const struct rule rule_measure = {"policy.measurement", "the measurement is accepted",
                                         "policy 5"};
static const struct rule rule_tcb = {"policy.tcb_status", "the TCB status is accepted", "policy 6"};
static const struct rule rule_advisory = {"policy.advisories", "no refused advisory applies",
                                          "policy 6"};
static const struct rule rule_evaluation = {"policy.tcb_evaluation",
                                            "the TCB evaluation is recent enough", "policy 6"};
static const struct rule rule_claim = {"policy.claim", "a required claim is asserted", "policy 7"};

void policy_init(struct policy *p)
{
    *p = (struct policy){.builtin_roots = true, .require_ocsp = true};
    p->tcb_accept.words[0] = SLICE_LIT("UpToDate");
    p->tcb_accept.count = 1;
}

bool policy_has(const struct policy_words *list, struct slice word)
{
    for (size_t i = 0; i < list->count; i++)
        if (slice_eq(list->words[i], word))
            return true;
    return false;
}

bool policy_trusts(const struct policy *p, const char *vendor, const uint8_t spki_sha256[32])
{
    for (size_t i = 0; i < vendor_roots_count && (p == NULL || p->builtin_roots); i++)
        if (strcmp(vendor_roots[i].vendor, vendor) == 0 &&
            memcmp(vendor_roots[i].spki_sha256, spki_sha256, 32) == 0)
            return true;
    for (size_t i = 0; p != NULL && i < p->root_count; i++)
        if (slice_eq_text(p->roots[i].vendor, vendor) &&
            memcmp(p->roots[i].spki_sha256, spki_sha256, 32) == 0)
            return true;
    return false;
}

cocoon_err policy_add_measure(struct policy *p, struct arena *arena, const struct policy_measure *m)
{
    if (p->measure_count == POLICY_MEASURES_MAX)
        return ERR_LIMIT;
    if (p->measures == NULL)
        p->measures = ARENA_ARRAY(arena, POLICY_MEASURES_MAX, struct policy_measure);
    if (p->measures == NULL)
        return ERR_NOMEM;
    p->measures[p->measure_count++] = *m;
    return OK;
}

/* --- claims at the root or under the part of a composite that holds them --- */

static const struct claim *find(const struct result *r, const char *name)
{
    static const char *const places[] = {"", "tdx.", "sgx.", "snp."};
    const struct claim *found = NULL;

    for (size_t i = 0; i < COUNT_OF(places) && found == NULL; i++) {
        char path[POLICY_PATH_MAX + 8] = {0};
        struct wr w = wr_init(path, sizeof path - 1);
        struct slice done;

        wr_slice(&w, slice_text(places[i]));
        wr_slice(&w, slice_text(name));
        if (wr_end(&w, &done) == OK)
            found = claims_find(&r->claims, path);
    }
    return found;
}

static bool is_true(const struct claim *c)
{
    return c != NULL && c->kind == CLAIM_BOOL && c->yes;
}

/* --- measurements --- */

static bool field_matches(const struct result *r, const struct policy_field *field)
{
    const struct claim *c;
    char path[POLICY_PATH_MAX];

    if (slice_cstr(field->path, path, sizeof path) != OK)
        return false;
    c = find(r, path);
    if (c == NULL || (c->kind != CLAIM_HEX && c->kind != CLAIM_TEXT))
        return false;
    return field->value.len > 0 && slice_eq(c->bytes, field->value);
}

static bool measure_matches(const struct policy_measure *m, struct slice kind,
                            const struct result *r)
{
    if (m->count == 0 || !slice_starts(kind, m->tee) || r->at < m->from || r->at > m->until)
        return false;
    for (size_t i = 0; i < m->count; i++)
        if (!field_matches(r, &m->fields[i]))
            return false;
    return true;
}

static void check_measures(const struct policy *p, struct slice kind, struct result *r)
{
    for (size_t i = 0; i < p->measure_count; i++)
        if (measure_matches(&p->measures[i], kind, r)) {
            (void)result_check_detail(r, &rule_measure, true, OK, p->measures[i].name);
            result_until(r, p->measures[i].until);
            result_aci(r, ACI_OS_KNOWN_GOOD, ACI_ASSERTED, ACI_VERIFIER_DERIVED);
            result_aci(r, ACI_SERVING_SOFTWARE_KNOWN_GOOD, ACI_ASSERTED, ACI_VERIFIER_DERIVED);
            return;
        }
    (void)result_check(r, &rule_measure, false, ERR_POLICY);
}

/* --- TCB --- */

static bool tcb_within_grace(const struct policy *p, const struct result *r, struct slice status)
{
    const struct claim *date = find(r, "tcb_date");

    return p->tcb_grace > 0 && slice_eq_text(status, "OutOfDate") && date != NULL &&
           date->kind == CLAIM_TIME && r->at <= date->at + p->tcb_grace;
}

static void check_tcb_status(const struct policy *p, struct result *r)
{
    const struct claim *status = find(r, "tcb_status");
    bool good;

    if (status == NULL)
        return;
    good = status->kind == CLAIM_TEXT &&
           (policy_has(&p->tcb_accept, status->bytes) || tcb_within_grace(p, r, status->bytes));
    (void)result_check_detail(r, &rule_tcb, good, ERR_POLICY,
                              status->kind == CLAIM_TEXT ? status->bytes : (struct slice){0});
    if (status->kind == CLAIM_TEXT)
        result_aci(r, ACI_TCB_UP_TO_DATE,
                   slice_eq_text(status->bytes, "UpToDate") ? ACI_ASSERTED : ACI_REFUTED,
                   ACI_HARDWARE_PROVEN);
}

static void check_advisories(const struct policy *p, struct result *r)
{
    const struct claim *list = find(r, "advisory_ids");

    if (list == NULL || list->kind != CLAIM_LIST || p->deny_advisory.count == 0)
        return;
    for (const struct claim *id = list->first; id != NULL; id = id->next)
        if (id->kind == CLAIM_TEXT && policy_has(&p->deny_advisory, id->bytes)) {
            (void)result_check_detail(r, &rule_advisory, false, ERR_POLICY, id->bytes);
            return;
        }
    (void)result_check(r, &rule_advisory, true, OK);
}

static void check_evaluation(const struct policy *p, struct result *r)
{
    const struct claim *numbers = find(r, "tcb_eval_num");
    bool good = true;

    if (numbers == NULL || numbers->kind != CLAIM_LIST || p->min_evaluation == 0)
        return;
    for (const struct claim *n = numbers->first; n != NULL; n = n->next)
        good &= n->kind == CLAIM_INT && n->number >= p->min_evaluation;
    (void)result_check(r, &rule_evaluation, good && numbers->first != NULL, ERR_POLICY);
}

/* --- all of it --- */

void policy_apply(const struct policy *p, struct slice kind, struct result *r)
{
    bool debug = is_true(find(r, "debug")) || is_true(find(r, "debug_allowed"));

    if (r->simulated)
        (void)result_check(r, &rule_sim, p->sim_allowed, ERR_POLICY);
    (void)result_check(r, &rule_debug, !debug || p->allow_debug, ERR_POLICY);
    /* A GPU is measured against its vendor's reference values, by its verifier. */
    if (!slice_starts(kind, SLICE_LIT("nvidia-")))
        check_measures(p, kind, r);
    check_tcb_status(p, r);
    check_advisories(p, r);
    check_evaluation(p, r);
}

void policy_claims(const struct policy *p, struct result *r)
{
    for (unsigned i = 0; i < ACI_CLAIMS; i++) {
        const struct aci_state *state = &r->aci[i];
        bool word_counts = p->sim_allowed && state->source == ACI_OPERATOR_ASSERTED;
        bool good =
            state->status == ACI_ASSERTED && (state->source == ACI_HARDWARE_PROVEN ||
                                              state->source == ACI_VERIFIER_DERIVED || word_counts);

        if (p->required[i])
            (void)result_check_detail(r, &rule_claim, good, ERR_POLICY,
                                      slice_text(aci_claim_name((enum aci_claim)i)));
    }
}
