#include "attest/sim.h"

#include "attest/policy.h"
#include "base/test.h"

enum { NOW = 1800000000 };

static struct arena arena;
static struct ed25519_key root;
static struct policy policy;
static uint8_t bytes[SIM_EVIDENCE_LEN];

/* Good evidence under a policy that admits it; each test then breaks one thing. */
static int set_up(void **state)
{
    struct secret32 seed = {{7}};
    struct sim_evidence e = {.svn = 3, .issued = NOW - 10};
    struct policy_measure m = {.name = SLICE_LIT("dev"), .tee = SLICE_LIT("sim"), .until = NOW + 1};

    (void)state;
    arena_init(&arena, 1 << 22);
    ed25519_from_seed(&root, &seed);
    memset(e.measurement, 0x4d, sizeof e.measurement);
    memset(e.report_data, 0x52, 32);
    sim_make(&e, &root, bytes);

    policy_init(&policy);
    policy.sim_allowed = true;
    memcpy(policy.sim_root, root.public.bytes, 32);
    m.fields[0].path = SLICE_LIT("measurement");
    m.fields[0].value = slice_sub(SLICE_OF(bytes), 16, 48);
    m.count = 1;
    assert_int_equal(policy_add_measure(&policy, &arena, &m), OK);
    policy.required[ACI_TEE_ATTESTED] = true;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* Appraise `bytes` under `p`; returns the verdict, and the first error in `*err`. */
static enum verdict run(const struct policy *p, unix_time now, size_t len, struct slice bound,
                        cocoon_err *err)
{
    struct evidence e;
    static struct appraisal a;

    evidence_init(&e, SLICE_LIT("sim"));
    assert_int_equal(evidence_add(&e, SLICE_LIT("evidence"), slice_make(bytes, len)), OK);
    a = (struct appraisal){
        .evidence = &e, .policy = p, .now = now, .report_data = bound, .arena = &arena};
    appraise(&a);
    assert_true(a.result.simulated);
    *err = a.result.err;
    return result_verdict(&a.result);
}

static const struct slice anything = {0};

static void test_good(void **state)
{
    cocoon_err err;

    (void)state;
    assert_int_equal(run(&policy, NOW, sizeof bytes, anything, &err), VERDICT_VERIFIED);
    assert_int_equal(run(&policy, NOW, sizeof bytes, slice_sub(SLICE_OF(bytes), 64, 32), &err),
                     VERDICT_VERIFIED);
    assert_int_equal(run(&policy, NOW, sizeof bytes, slice_sub(SLICE_OF(bytes), 64, 64), &err),
                     VERDICT_VERIFIED);
}

static void test_report_data(void **state)
{
    uint8_t other[64] = {0};
    cocoon_err err;

    (void)state;
    assert_int_equal(run(&policy, NOW, sizeof bytes, SLICE_OF(other), &err), VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_MISMATCH);
    memset(other, 0x52, 32);
    other[63] = 1;
    assert_int_equal(run(&policy, NOW, sizeof bytes, SLICE_OF(other), &err), VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_MISMATCH);
}

/* Where 32 bytes are wanted, the other 32 must be zero. */
static void test_report_data_beyond_32(void **state)
{
    struct sim_evidence e = {.issued = NOW};
    cocoon_err err;

    (void)state;
    memset(e.measurement, 0x4d, sizeof e.measurement);
    memset(e.report_data, 0x52, 33);
    sim_make(&e, &root, bytes);
    assert_int_equal(run(&policy, NOW, sizeof bytes, slice_sub(SLICE_OF(bytes), 64, 32), &err),
                     VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_MISMATCH);
}

/* The form alone: what a signature would cover, refused before it. */
static void test_form(void **state)
{
    struct sim_evidence e;
    struct fail fail;

    (void)state;
    assert_int_equal(sim_parse(SLICE_OF(bytes), &e, &fail), OK);
    bytes[7] = '2';
    assert_int_equal(sim_parse(SLICE_OF(bytes), &e, &fail), ERR_VERSION);
    bytes[7] = 0;
    bytes[11] = 2;
    assert_int_equal(sim_parse(SLICE_OF(bytes), &e, &fail), ERR_MALFORMED);
    bytes[11] = 0;
    bytes[192] = 1;
    assert_int_equal(sim_parse(SLICE_OF(bytes), &e, &fail), ERR_RANGE);
}

/* No anchor but the policy's own root: not without policy, not by default, not another root. */
static void test_untrusted(void **state)
{
    struct policy p;
    cocoon_err err;

    (void)state;
    assert_int_equal(run(NULL, NOW, sizeof bytes, anything, &err), VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_UNTRUSTED);
    policy_init(&p);
    memcpy(p.sim_root, root.public.bytes, 32);
    assert_int_equal(run(&p, NOW, sizeof bytes, anything, &err), VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_UNTRUSTED);
    p = policy;
    p.sim_root[0] ^= 1;
    assert_int_equal(run(&p, NOW, sizeof bytes, anything, &err), VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_UNTRUSTED);
}

static void test_measurement(void **state)
{
    struct policy p = policy;
    cocoon_err err;

    (void)state;
    p.measure_count = 0;
    assert_int_equal(run(&p, NOW, sizeof bytes, anything, &err), VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_POLICY);
    assert_int_equal(run(&policy, NOW + 2, sizeof bytes, anything, &err), VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_POLICY); /* accepted until NOW + 1 */
}

static void test_time(void **state)
{
    cocoon_err err;

    (void)state;
    policy.measures[0].until = INT64_MAX;
    assert_int_equal(run(&policy, NOW - 10, sizeof bytes, anything, &err), VERDICT_VERIFIED);
    assert_int_equal(run(&policy, NOW - 11, sizeof bytes, anything, &err), VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_NOT_YET_VALID);
    policy.clock_skew = 1;
    assert_int_equal(run(&policy, NOW - 11, sizeof bytes, anything, &err), VERDICT_VERIFIED);
    assert_int_equal(run(&policy, NOW - 10 + 86400, sizeof bytes, anything, &err),
                     VERDICT_VERIFIED);
    assert_int_equal(run(&policy, NOW - 9 + 86400, sizeof bytes, anything, &err),
                     VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_EXPIRED);
}

static void test_debug(void **state)
{
    struct sim_evidence e = {.flags = SIM_DEBUG, .issued = NOW};
    cocoon_err err;

    (void)state;
    memset(e.measurement, 0x4d, sizeof e.measurement);
    sim_make(&e, &root, bytes);
    assert_int_equal(run(&policy, NOW, sizeof bytes, anything, &err), VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_POLICY);
    policy.allow_debug = true;
    assert_int_equal(run(&policy, NOW, sizeof bytes, anything, &err), VERDICT_VERIFIED);
}

static void test_required_claims(void **state)
{
    cocoon_err err;

    (void)state;
    policy.required[ACI_GPU_ATTESTED] = true;
    assert_int_equal(run(&policy, NOW, sizeof bytes, anything, &err), VERDICT_NOT_VERIFIED);
    assert_int_equal(err, ERR_POLICY);
}

/* Every bit is covered: by the form, by the root rule, or by the signature. */
static void test_truncation_and_bit_flips(void **state)
{
    cocoon_err err;

    (void)state;
    for (size_t len = 0; len < sizeof bytes; len++) {
        assert_int_equal(run(&policy, NOW, len, anything, &err), VERDICT_NOT_VERIFIED);
        assert_int_equal(err, ERR_TRUNCATED);
    }
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        /* The measurement is compared with itself, so that only the signature can tell. */
        assert_int_equal(run(&policy, NOW, sizeof bytes, anything, &err), VERDICT_NOT_VERIFIED);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(run(&policy, NOW, sizeof bytes, anything, &err), VERDICT_VERIFIED);
}

static void test_unknown_kind(void **state)
{
    static struct appraisal a;
    struct evidence e;

    (void)state;
    evidence_init(&e, SLICE_LIT("abacus"));
    a = (struct appraisal){.evidence = &e, .now = NOW, .arena = &arena};
    appraise(&a);
    assert_int_equal(a.result.err, ERR_UNSUPPORTED);
    assert_int_equal(result_exit(&a.result), 20);
    evidence_init(&e, SLICE_LIT("sim"));
    appraise(&a);
    assert_int_equal(a.result.err, ERR_MISSING);
}

static void test_named_parts(void **state)
{
    struct evidence_part parts[] = {{SLICE_LIT("evidence"), SLICE_OF(bytes)},
                                    {SLICE_LIT("evidence"), SLICE_OF(bytes)}};
    static struct appraisal a;
    struct evidence e;

    (void)state;
    a = (struct appraisal){.policy = &policy, .now = NOW, .arena = &arena};
    assert_int_equal(appraise_parts(&a, &e, SLICE_LIT("sim"), parts, 1), OK);
    assert_int_equal(result_verdict(&a.result), VERDICT_VERIFIED);
    assert_int_equal(appraise_parts(&a, &e, SLICE_LIT("sim"), parts, 2), ERR_DUPLICATE);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_good),
        UNIT(test_report_data),
        UNIT(test_report_data_beyond_32),
        UNIT(test_form),
        UNIT(test_untrusted),
        UNIT(test_measurement),
        UNIT(test_time),
        UNIT(test_debug),
        UNIT(test_required_claims),
        UNIT(test_truncation_and_bit_flips),
        UNIT(test_unknown_kind),
        UNIT(test_named_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
