#include "receipt/worker_check.h"

#include <string.h>

#include "attest/statement.h"
#include "codec/json.h"
#include "ledger/appraise.h"

enum { EVIDENCE_PART_MAX = 2 * 1024 * 1024 };

static const struct rule rule_network = {"worker.network", "the policy names a network", NULL};
static const struct rule rule_worker = {"worker.registered", "the worker is registered and active",
                                        "ledger"};
static const struct rule rule_release = {"worker.release",
                                         "its release is on the ledger and in force", "ledger"};
static const struct rule rule_model = {"worker.model", "its model is on the ledger and in force",
                                       "ledger"};
static const struct rule rule_parse = {"worker.evidence.form", "what it registered can be read",
                                       "ledger"};
static const struct rule rule_keyset = {"worker.keyset", "its keyset is the registered one",
                                        "keyset"};
static const struct rule rule_keyset_time = {"worker.keyset.time", "its keyset is in force",
                                             "keyset"};
static const struct rule rule_kind = {"worker.evidence.kind",
                                      "its evidence is of the registered kind", "ledger"};
static const struct rule rule_simulated = {
    "worker.simulated", "the ledger says of it what the evidence says", "ledger"};
static const struct rule rule_egress = {"worker.egress",
                                        "its engine runs inside the measured worker", "DESIGN 4"};

/* What is being built up while the checks run. */
struct registered {
    const struct json *root;
    uint8_t nonce[32];
};

/* Decode one evidence object into `out`. */
static cocoon_err read_evidence(const struct json *object, struct arena *arena,
                                struct evidence *out)
{
    const struct json *parts;
    struct slice kind;
    cocoon_err err;

    if ((err = json_get_text(object, "kind", &kind)) != OK ||
        (err = json_get_object(object, "parts", &parts)) != OK)
        return err;
    evidence_init(out, kind);
    for (const struct json *p = parts->first; p != NULL; p = p->next) {
        struct buf bytes;
        struct slice kept;
        char name[64];

        buf_init(&bytes, EVIDENCE_PART_MAX);
        if ((err = slice_cstr(p->name, name, sizeof name)) == OK &&
            (err = json_get_b64(parts, name, &bytes)) == OK &&
            (err = arena_copy(arena, buf_slice(&bytes), &kept)) == OK)
            err = evidence_add(out, p->name, kept);
        buf_fini(&bytes);
        if (err != OK)
            return err;
    }
    return OK;
}

static cocoon_err read_registered(struct worker_check *c, struct registered *r, struct fail *fail)
{
    const struct json *evidence, *keyset;
    cocoon_err err;

    if ((err = json_parse(c->evidence, c->arena, &r->root, fail)) != OK)
        return err;
    *fail =
        (struct fail){ERR_MALFORMED, 0, "a member of the registered evidence is missing or wrong"};
    if ((err = json_get_object(r->root, "evidence", &evidence)) != OK ||
        (err = json_get_object(r->root, "keyset", &keyset)) != OK ||
        (err = json_get_hex(r->root, "nonce", r->nonce, sizeof r->nonce)) != OK ||
        (err = read_evidence(evidence, c->arena, &c->parts)) != OK)
        return err;
    return keyset_read(keyset->source, c->arena, &c->keyset, fail);
}

/* The 64 bytes that the evidence must bind, in the arena. */
static struct slice bound_report_data(struct worker_check *c, const struct registered *r)
{
    uint8_t *out = arena_new(c->arena, REPORT_DATA_LEN);
    struct statement_worker s = {.keyset = c->keyset.digest,
                                 .model = c->worker.model,
                                 .release = c->worker.release,
                                 .role = ROLE_WORKER};

    if (out == NULL)
        return (struct slice){NULL, 0};
    memcpy(s.network_id, c->policy->network_id, sizeof s.network_id);
    memcpy(s.nonce, r->nonce, sizeof s.nonce);
    memcpy(s.worker_id, c->worker_id.bytes, sizeof s.worker_id);
    report_data_worker(&s, out);
    return slice_make(out, REPORT_DATA_LEN);
}

/* Record `err` of looking a record up, with its reason. */
static bool record_result(struct result *r, const struct rule *rule, cocoon_err err,
                          const struct fail *fail)
{
    const char *why = fail->what == NULL ? cocoon_err_text(err) : fail->what;

    if (err == OK)
        return result_check(r, rule, true, OK);
    return result_check_detail(r, rule, false, err, slice_text(why));
}

/* Look the three records up under the view. */
static bool check_records(struct worker_check *c, struct result *r)
{
    struct fail fail = {0};
    cocoon_err err;

    err = light_worker(c->view, c->proof, &c->worker_id, c->now, &c->worker, &fail);
    if (!record_result(r, &rule_worker, err, &fail))
        return false;
    fail = (struct fail){0};
    err = light_release(c->view, c->proof, &c->worker.release, c->now, &c->release, &fail);
    if (!record_result(r, &rule_release, err, &fail))
        return false;
    fail = (struct fail){0};
    err = light_model(c->view, c->proof, &c->worker.model, c->now, &c->model, &fail);
    return record_result(r, &rule_model, err, &fail);
}

static bool check_keyset(struct worker_check *c, struct result *r)
{
    struct fail fail = {0};
    cocoon_err err;

    if (!result_check(r, &rule_keyset, digest_eq(&c->keyset.digest, &c->worker.keyset),
                      ERR_MISMATCH))
        return false;
    err = keyset_valid_at(&c->keyset, c->now, &fail);
    if (!record_result(r, &rule_keyset_time, err, &fail))
        return false;
    result_until(r, c->keyset.not_after);
    result_until(r, (unix_time)c->worker.expires_at);
    return result_check(r, &rule_kind, slice_eq(c->parts.kind, c->worker.kind), ERR_MISMATCH);
}

/* Typed claims that only the ledger can carry. */
static void claim_ledger(struct worker_check *c, struct result *r)
{
    bool measured = !digest_is_zero(&c->worker.engine);

    result_aci(r, ACI_RELEASE_LOGGED, ACI_ASSERTED, ACI_VERIFIER_DERIVED);
    result_aci(r, ACI_WITNESS_QUORUM, ACI_ASSERTED, ACI_VERIFIER_DERIVED);
    result_aci(r, ACI_REPLICA_IDENTIFIED, ACI_ASSERTED, ACI_VERIFIER_DERIVED);
    result_aci(r, ACI_SERVING_SOFTWARE_KNOWN_GOOD, ACI_ASSERTED,
               r->simulated ? ACI_OPERATOR_ASSERTED : ACI_HARDWARE_PROVEN);
    if (measured)
        result_aci(r, ACI_MODEL_WEIGHTS_PROVENANCE, ACI_ASSERTED,
                   r->simulated ? ACI_OPERATOR_ASSERTED : ACI_HARDWARE_PROVEN);
    if (measured || !c->policy->egress_allowed)
        (void)result_check(r, &rule_egress, measured, ERR_POLICY);
    else
        result_info(r, &rule_egress, SLICE_LIT("no: the policy allows an engine outside"));
}

/* A transcript of its own for what failed before there was evidence to appraise. */
static struct result *early_result(struct worker_check *c)
{
    result_init(&c->appraisal.result, c->arena, c->now);
    return &c->appraisal.result;
}

/*
 * The appraisal starts its own transcript, so what was checked before is checked again into it:
 * these are look-ups, and a reader finds everything in one place.
 */
void worker_check(struct worker_check *c)
{
    struct result *r = early_result(c);
    struct policy *policy = ARENA_NEW(c->arena, struct policy);
    struct registered registered = {0};
    struct fail fail = {0};
    cocoon_err err;

    if (!result_check(r, &rule_network, policy != NULL && c->policy->has_network, ERR_POLICY) ||
        !check_records(c, r))
        return;
    if ((err = read_registered(c, &registered, &fail)) != OK) {
        fail.code = err;
        (void)result_fail(r, &rule_parse, &fail);
        return;
    }
    if (!check_keyset(c, r))
        return;
    *policy = *c->policy;
    if (policy->release_from_log && ledger_release_accept(&c->release, policy, c->arena) != OK) {
        (void)result_check(r, &rule_release, false, ERR_NOMEM);
        return;
    }
    c->appraisal = (struct appraisal){.evidence = &c->parts,
                                      .policy = policy,
                                      .now = c->now,
                                      .report_data = bound_report_data(c, &registered),
                                      .arena = c->arena,
                                      .defer_claims = true,
                                      .cache = c->cache};
    if (c->appraisal.report_data.len != REPORT_DATA_LEN) {
        /* An empty one would not be asked for. */
        (void)result_check(early_result(c), &rule_parse, false, ERR_NOMEM);
        return;
    }
    appraise(&c->appraisal);
    r = &c->appraisal.result;
    (void)result_check(r, &rule_network, true, OK);
    (void)check_records(c, r);
    (void)check_keyset(c, r);
    (void)result_check(r, &rule_simulated, r->simulated == c->worker.simulated, ERR_MISMATCH);
    claim_ledger(c, r);
    policy_claims(policy, r);
}
