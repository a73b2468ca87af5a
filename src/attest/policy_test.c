/* The shared rules of policies, over claims made by hand. Reading policy.conf: policy_read_test.c.
 */
#include "attest/policy.h"

#include "attest/roots.h"
#include "base/test.h"

static struct arena arena;
static struct policy policy;
static struct result result;

static const uint8_t mr_td[48] = {0xaa};

static int set_up(void **state)
{
    struct policy_measure m = {.name = SLICE_LIT("r1"), .tee = SLICE_LIT("tdx"), .until = 100};

    (void)state;
    arena_init(&arena, 1 << 22);
    policy_init(&policy);
    m.fields[0].path = SLICE_LIT("mr_td");
    m.fields[0].value = SLICE_OF(mr_td);
    m.count = 1;
    assert_int_equal(policy_add_measure(&policy, &arena, &m), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* Start a result with the claims of good evidence in `in` (a name, or NULL for the root). */
static struct claim *start(const char *in)
{
    struct claim *at;

    result_init(&result, &arena, 50);
    (void)result_check(&result, &(struct rule){"test.ok", "ok", NULL}, true, OK);
    at = claims_root(&result.claims);
    if (in != NULL)
        at = claim_map(&result.claims, at, in);
    claim_hex(&result.claims, at, "mr_td", SLICE_OF(mr_td));
    return at;
}

static cocoon_err apply(const char *kind)
{
    policy_apply(&policy, slice_text(kind), &result);
    return result.err;
}

static void test_measurements(void **state)
{
    (void)state;
    start(NULL);
    assert_int_equal(apply("tdx-v4"), OK);
    assert_int_equal(result.aci[ACI_OS_KNOWN_GOOD].status, ACI_ASSERTED);
    assert_int_equal(result.valid_until, 100);
    start("tdx");
    assert_int_equal(apply("tdx-v4"), OK); /* a composite keeps its claims one level down */
    start(NULL);
    assert_int_equal(apply("snp-milan"), ERR_POLICY); /* measured for another TEE */
    start(NULL);
    result.at = 101;
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
    policy.measures[0].from = 51;
    start(NULL);
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
    policy.measures[0].from = 0;
    policy.measures[0].fields[1].path = SLICE_LIT("rtmr0");
    policy.measures[0].fields[1].value = SLICE_LIT("x");
    policy.measures[0].count = 2;
    start(NULL);
    assert_int_equal(apply("tdx-v4"), ERR_POLICY); /* one field is not there */
    policy.measures[0].count = 1;
    policy.measures[0].fields[0].value = SLICE_LIT("another");
    start(NULL);
    assert_int_equal(apply("tdx-v4"), ERR_POLICY); /* another value */
    policy.measures[0].fields[0].path = SLICE_LIT("svn");
    claim_int(&result.claims, start(NULL), "svn", 3);
    assert_int_equal(apply("tdx-v4"), ERR_POLICY); /* a number is no measurement */
    policy.measures[0].count = 0;
    start(NULL);
    assert_int_equal(apply("tdx-v4"), ERR_POLICY); /* no field at all accepts nothing */
    policy.measure_count = 0;
    start(NULL);
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
    start(NULL);
    assert_int_equal(apply("nvidia-hopper"), OK);
}

static void test_empty_hex_matches_nothing(void **state)
{
    (void)state;
    policy.measures[0].fields[0].path = SLICE_LIT("empty");
    policy.measures[0].fields[0].value = (struct slice){0};
    claim_hex(&result.claims, start(NULL), "empty", (struct slice){0});
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
}

static void test_debug(void **state)
{
    (void)state;
    claim_bool(&result.claims, start(NULL), "debug", true);
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
    claim_bool(&result.claims, start("snp"), "debug_allowed", true);
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
    claim_bool(&result.claims, start(NULL), "debug", false);
    assert_int_equal(apply("tdx-v4"), OK);
    policy.allow_debug = true;
    claim_bool(&result.claims, start(NULL), "debug", true);
    assert_int_equal(apply("tdx-v4"), OK);
}

static void test_simulated(void **state)
{
    (void)state;
    start(NULL);
    result.simulated = true;
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
    policy.sim_allowed = true;
    start(NULL);
    result.simulated = true;
    assert_int_equal(apply("tdx-v4"), OK);
}

static struct claim *start_tcb(const char *status, unix_time date)
{
    struct claim *at = start(NULL);

    claim_word(&result.claims, at, "tcb_status", status);
    claim_time(&result.claims, at, "tcb_date", date);
    return at;
}

static void test_tcb_status(void **state)
{
    (void)state;
    start_tcb("UpToDate", 0);
    assert_int_equal(apply("tdx-v4"), OK);
    assert_int_equal(result.aci[ACI_TCB_UP_TO_DATE].status, ACI_ASSERTED);
    start_tcb("SWHardeningNeeded", 0);
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
    policy.tcb_accept.words[policy.tcb_accept.count++] = SLICE_LIT("SWHardeningNeeded");
    start_tcb("SWHardeningNeeded", 0);
    assert_int_equal(apply("tdx-v4"), OK);
    assert_int_equal(result.aci[ACI_TCB_UP_TO_DATE].status, ACI_REFUTED);
}

static void test_grace(void **state)
{
    (void)state;
    start_tcb("OutOfDate", 45);
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
    policy.tcb_grace = 5;
    start_tcb("OutOfDate", 45);
    assert_int_equal(apply("tdx-v4"), OK);
    start_tcb("OutOfDate", 44);
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
    start_tcb("Revoked", 45); /* grace is for nothing else */
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
    claim_word(&result.claims, start(NULL), "tcb_status", "OutOfDate"); /* since when? */
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
}

static void test_advisories(void **state)
{
    struct claim *list;

    (void)state;
    policy.deny_advisory.words[policy.deny_advisory.count++] = SLICE_LIT("INTEL-SA-00615");
    list = claim_list(&result.claims, start(NULL), "advisory_ids");
    claim_word(&result.claims, list, NULL, "INTEL-SA-00289");
    assert_int_equal(apply("tdx-v4"), OK);
    list = claim_list(&result.claims, start(NULL), "advisory_ids");
    claim_word(&result.claims, list, NULL, "INTEL-SA-00289");
    claim_word(&result.claims, list, NULL, "INTEL-SA-00615");
    assert_int_equal(apply("tdx-v4"), ERR_POLICY);
}

static void test_evaluation(void **state)
{
    struct claim *list;

    (void)state;
    policy.min_evaluation = 18;
    for (int64_t n = 17; n <= 18; n++) {
        list = claim_list(&result.claims, start(NULL), "tcb_eval_num");
        claim_int(&result.claims, list, NULL, 19);
        claim_int(&result.claims, list, NULL, n); /* the smaller one counts */
        assert_int_equal(apply("tdx-v4"), n == 18 ? OK : ERR_POLICY);
    }
}

static void test_required_claims(void **state)
{
    static const struct {
        enum aci_status status;
        enum aci_source source;
        bool sim;
        cocoon_err err;
    } cases[] = {
        {ACI_ASSERTED, ACI_HARDWARE_PROVEN, false, OK},
        {ACI_ASSERTED, ACI_VERIFIER_DERIVED, false, OK},
        {ACI_ASSERTED, ACI_OPERATOR_ASSERTED, false, ERR_POLICY},
        {ACI_ASSERTED, ACI_OPERATOR_ASSERTED, true, OK},
        {ACI_ASSERTED, ACI_PROVIDER_ASSERTED, true, ERR_POLICY},
        {ACI_REFUTED, ACI_HARDWARE_PROVEN, false, ERR_POLICY},
        {ACI_UNKNOWN, ACI_NO_SOURCE, false, ERR_POLICY},
    };

    (void)state;
    policy.required[ACI_RELEASE_LOGGED] = true;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        policy.sim_allowed = cases[i].sim;
        start(NULL);
        result_aci(&result, ACI_RELEASE_LOGGED, cases[i].status, cases[i].source);
        policy_claims(&policy, &result);
        assert_int_equal(result.err, cases[i].err);
    }
}

static void test_roots(void **state)
{
    const struct vendor_root *root = &vendor_roots[0];

    (void)state;
    assert_true(policy_trusts(NULL, root->vendor, root->spki_sha256));
    assert_true(policy_trusts(&policy, root->vendor, root->spki_sha256));
    assert_false(policy_trusts(&policy, "aws", root->spki_sha256));
    policy.builtin_roots = false;
    assert_false(policy_trusts(&policy, root->vendor, root->spki_sha256));
    policy.roots[0].vendor = SLICE_LIT("aws");
    policy.roots[0].spki_sha256[0] = 0x77;
    policy.root_count = 1;
    assert_true(policy_trusts(&policy, "aws", policy.roots[0].spki_sha256));
    assert_false(policy_trusts(&policy, "intel", policy.roots[0].spki_sha256));
    assert_false(policy_trusts(&policy, "aws", root->spki_sha256));
    assert_true(vendor_known(SLICE_LIT("intel")));
    assert_false(vendor_known(SLICE_LIT("intel ")));
}

static void test_too_many_measures(void **state)
{
    (void)state;
    policy.measure_count = POLICY_MEASURES_MAX;
    assert_int_equal(policy_add_measure(&policy, &arena, &policy.measures[0]), ERR_LIMIT);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_measurements),
        UNIT(test_empty_hex_matches_nothing),
        UNIT(test_debug),
        UNIT(test_simulated),
        UNIT(test_tcb_status),
        UNIT(test_grace),
        UNIT(test_advisories),
        UNIT(test_evaluation),
        UNIT(test_required_claims),
        UNIT(test_roots),
        UNIT(test_too_many_measures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
