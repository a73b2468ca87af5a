#include "attest/result.h"

#include "base/test.h"

static const struct rule one = {"test.one", "the first rule holds", "spec 1"};
static const struct rule two = {"test.two", "the second rule holds", NULL};

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 16);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void test_verdicts(void **state)
{
    struct result r;

    (void)state;
    result_init(&r, &arena, 0);
    assert_int_equal(result_verdict(&r), VERDICT_NOT_VERIFIED); /* nothing was checked */
    assert_int_equal(result_exit(&r), 10);
    result_skip(&r, &one, "no list given");
    result_info(&r, &one, SLICE_LIT("x"));
    assert_int_equal(result_verdict(&r), VERDICT_NOT_VERIFIED); /* a skip is no pass */
    assert_true(result_check(&r, &one, true, OK));
    assert_int_equal(result_verdict(&r), VERDICT_VERIFIED);
    assert_int_equal(result_exit(&r), 0);
    r.policy_applied = true;
    assert_int_equal(result_verdict(&r), VERDICT_PARTIAL);
    assert_int_equal(result_exit(&r), 10);
    assert_false(result_check(&r, &two, false, ERR_EXPIRED));
    assert_false(result_check(&r, &two, false, ERR_MALFORMED));
    assert_int_equal(result_verdict(&r), VERDICT_NOT_VERIFIED);
    assert_int_equal(r.err, ERR_EXPIRED); /* the first failure names the error */
    assert_int_equal(result_exit(&r), 10);
    assert_int_equal(r.passed, 1);
    assert_int_equal(r.failed, 2);
    assert_int_equal(r.skipped, 1);
}

static void test_exit_codes(void **state)
{
    static const struct {
        cocoon_err err;
        int code;
    } cases[] = {{ERR_TRUNCATED, 30}, {ERR_UNSUPPORTED, 20}, {ERR_SIGNATURE, 10}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct result r;

        result_init(&r, &arena, 0);
        (void)result_fail(&r, &one, &(struct fail){cases[i].err, 3, "why"});
        assert_int_equal(result_exit(&r), cases[i].code);
    }
}

static void test_out_of_memory(void **state)
{
    struct arena none;
    struct result r;

    (void)state;
    arena_init(&none, 0);
    result_init(&r, &none, 0);
    assert_true(result_check(&r, &one, true, OK));
    assert_int_equal(result_verdict(&r), VERDICT_NOT_VERIFIED);
    assert_int_equal(result_exit(&r), 1);
    arena_fini(&none);
}

/* A tree of claims that lost a node is no ground for a verdict. */
static void test_bad_claims(void **state)
{
    struct result r;

    (void)state;
    result_init(&r, &arena, 0);
    (void)result_check(&r, &one, true, OK);
    assert_int_equal(result_verdict(&r), VERDICT_VERIFIED);
    claim_null(&r.claims, NULL, "lost");
    assert_int_equal(result_verdict(&r), VERDICT_NOT_VERIFIED);
    assert_int_equal(result_exit(&r), 1);
}

static void test_typed_claims(void **state)
{
    struct result r;
    enum aci_claim claim;

    (void)state;
    result_init(&r, &arena, 0);
    result_aci(&r, ACI_TEE_ATTESTED, ACI_ASSERTED, ACI_HARDWARE_PROVEN);
    result_aci(&r, ACI_TEE_ATTESTED, ACI_REFUTED, ACI_VERIFIER_DERIVED);
    result_aci(&r, ACI_TEE_ATTESTED, ACI_ASSERTED, ACI_HARDWARE_PROVEN); /* too late */
    assert_int_equal(r.aci[ACI_TEE_ATTESTED].status, ACI_REFUTED);
    assert_int_equal(r.aci[ACI_GPU_ATTESTED].status, ACI_UNKNOWN);
    for (unsigned i = 0; i < ACI_CLAIMS; i++) {
        assert_int_equal(aci_claim_read(slice_text(aci_claim_name((enum aci_claim)i)), &claim), OK);
        assert_int_equal(claim, i);
    }
    assert_int_equal(aci_claim_read(SLICE_LIT("tee"), &claim), ERR_UNKNOWN_NAME);
}

static void test_valid_until(void **state)
{
    struct result r;

    (void)state;
    result_init(&r, &arena, 0);
    result_until(&r, 100);
    result_until(&r, 200);
    assert_int_equal(r.valid_until, 100);
}

static void test_text(void **state)
{
    struct result r;
    struct buf out;

    (void)state;
    buf_init(&out, 1 << 16);
    result_init(&r, &arena, 0);
    (void)result_check_detail(&r, &one, true, OK, result_text(&r, "%d of %d", 1, 2));
    result_put_text(&r, &out);
    assert_string_equal(buf_cstr(&out), "PASS  test.one  the first rule holds [spec 1] - 1 of 2\n"
                                        "EVIDENCE VALID, no policy applied\n");
    buf_clear(&out);
    (void)result_check_detail(&r, &two, false, ERR_SIGNATURE, SLICE_LIT("\x1b[1m\n"));
    result_skip(&r, &two, "not given");
    result_aci(&r, ACI_GPU_ATTESTED, ACI_REFUTED, ACI_HARDWARE_PROVEN);
    r.simulated = true;
    result_put_text(&r, &out);
    assert_string_equal(buf_cstr(&out),
                        "PASS  test.one  the first rule holds [spec 1] - 1 of 2\n"
                        "FAIL  test.two  the second rule holds - signature does not verify: "
                        "\\x1b[1m\\x0a\n"
                        "SKIP  test.two  the second rule holds - not given\n"
                        "claim gpu_attested: refuted (hardware_proven)\n"
                        "SIMULATED: made by the software attester; nothing here is protected\n"
                        "NOT VERIFIED SIMULATED (1 passed, 1 failed, 1 skipped)\n");
    buf_fini(&out);
}

static void test_json(void **state)
{
    struct result r;
    struct buf out;

    (void)state;
    buf_init(&out, 1 << 16);
    result_init(&r, &arena, 1);
    claim_int(&r.claims, claims_root(&r.claims), "n", 7);
    (void)result_fail(&r, &two, &(struct fail){ERR_TRUNCATED, 9, "ends early"});
    result_until(&r, 2);
    result_put_json(&r, &out);
    assert_int_equal(buf_ok(&out), OK);
    assert_memory_equal(
        buf_cstr(&out),
        "{\"verdict\":\"fail\",\"simulated\":false,\"policy_applied\":false,"
        "\"at\":\"1970-01-01T00:00:01Z\",\"valid_until\":\"1970-01-01T00:00:02Z\","
        "\"error\":\"ERR_TRUNCATED\",\"passed\":0,\"failed\":1,\"skipped\":0,"
        "\"checks\":[{\"id\":\"test.two\",\"status\":\"FAIL\",\"text\":\"the second "
        "rule holds\",\"detail\":\"ends early\",\"error\":\"ERR_TRUNCATED\","
        "\"offset\":9}],\"claims\":{\"n\":7},\"aci_claims\":{\"tee_attested\":{"
        "\"status\":\"unknown\"}",
        370);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),      cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_bad_claims),
        cmocka_unit_test(test_typed_claims),  cmocka_unit_test(test_valid_until),
        cmocka_unit_test(test_text),          cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
