#include "tee/sim.h"

#include "attest/appraise.h"
#include "base/test.h"

enum { NOW = 1800000000 };

static struct ed25519_key root;
static struct tee_sim_params params;

static int set_up(void **state)
{
    struct secret32 seed = {{9}};

    (void)state;
    ed25519_from_seed(&root, &seed);
    params = (struct tee_sim_params){.root = &root, .measurement = {1}, .svn = 2};
    return 0;
}

/* What the device makes, the verifier accepts under a policy that names its root. */
static void test_evidence_verifies(void **state)
{
    struct tee *tee = tee_sim_open(&params);
    uint8_t report_data[64] = {0x11};
    static struct appraisal a;
    struct tee_evidence made;
    struct policy policy;
    struct evidence e;
    struct arena arena;
    struct policy_measure m = {.tee = SLICE_LIT("sim"), .until = INT64_MAX, .count = 1};

    (void)state;
    arena_init(&arena, 1 << 22);
    policy_init(&policy);
    policy.sim_allowed = true;
    memcpy(policy.sim_root, root.public.bytes, 32);
    m.fields[0] = (struct policy_field){SLICE_LIT("measurement"), SLICE_OF(params.measurement)};
    assert_int_equal(policy_add_measure(&policy, &arena, &m), OK);

    assert_int_equal(tee_evidence(tee, report_data, NOW, &arena, &made), OK);
    assert_string_equal(made.kind, tee_name(tee));
    assert_true(tee_simulated(tee));
    evidence_init(&e, slice_text(made.kind));
    for (size_t i = 0; i < made.count; i++)
        assert_int_equal(evidence_add(&e, slice_text(made.parts[i].name), made.parts[i].bytes), OK);
    a = (struct appraisal){.evidence = &e,
                           .policy = &policy,
                           .now = NOW,
                           .report_data = SLICE_OF(report_data),
                           .arena = &arena};
    appraise(&a);
    assert_int_equal(result_verdict(&a.result), VERDICT_VERIFIED);
    assert_true(a.result.simulated);
    tee_close(tee);
    tee_close(NULL);
    arena_fini(&arena);
}

static void seal(struct secret32 *out, const char *label)
{
    struct tee *tee = tee_sim_open(&params);

    assert_int_equal(tee_sealing_key(tee, slice_text(label), out), OK);
    tee_close(tee);
}

/* Sealing keys are stable, and differ by label, by program and by root. */
static void test_sealing(void **state)
{
    struct secret32 key, other, seed = {{10}};
    struct ed25519_key other_root;

    (void)state;
    seal(&key, "state");
    seal(&other, "state");
    assert_true(secret32_eq(&key, &other));
    seal(&other, "statf");
    assert_false(secret32_eq(&key, &other));
    params.measurement[47] = 1;
    seal(&other, "state");
    assert_false(secret32_eq(&key, &other));
    params.measurement[47] = 0;
    ed25519_from_seed(&other_root, &seed);
    params.root = &other_root;
    seal(&other, "state");
    assert_false(secret32_eq(&key, &other));
}

static void test_measure(void **state)
{
    uint8_t a[TEE_MEASUREMENT_LEN] = {0}, b[TEE_MEASUREMENT_LEN];
    struct buf file;

    (void)state;
    assert_int_equal(tee_measure_program(a), OK);
    assert_true(test_read_file("/proc/self/exe", &file));
    hash_once(HASH_SHA384, buf_slice(&file), b);
    assert_memory_equal(a, b, sizeof a);
    buf_fini(&file);
}

static void test_no_memory(void **state)
{
    struct tee *tee = tee_sim_open(&params);
    uint8_t report_data[64] = {0};
    struct tee_evidence made;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    assert_int_equal(tee_evidence(tee, report_data, NOW, &arena, &made), ERR_NOMEM);
    tee_close(tee);
    arena_fini(&arena);
}

#define UNIT(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_evidence_verifies),
        UNIT(test_sealing),
        UNIT(test_measure),
        UNIT(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
