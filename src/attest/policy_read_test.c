#include "attest/policy.h"
#include "base/test.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 22);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

#define HEX32 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"

static const char whole[] =
    "# a policy with everything in it\n"
    "[network]\n"
    "id = " HEX32 "\n"
    "[roots]\n"
    "builtin = no\n"
    "root = intel sha256:" HEX32 "\n"
    "root = aws sha256:" HEX32 "\n"
    "[sim]\n"
    "allow = yes\n"
    "root = " HEX32 "\n"
    "[tlog]\n"
    "log example+01020304+AAAA\n"
    "quorum none\n"
    "[release]\n"
    "measure = v1 tdx from=2026-01-01T00:00:00Z until=2027-01-01T00:00:00Z mr_td=aabb rtmr0=cc\n"
    "measure = v1  snp   product=\"Milan\"   measurement=dd\n"
    "from_log = yes\n"
    "require_receipt_log = yes\n"
    "[tcb]\n"
    "accept = UpToDate SWHardeningNeeded\n"
    "deny_advisory = INTEL-SA-00615\n"
    "deny_advisory = INTEL-SA-00657\n"
    "grace_days = 30\n"
    "collateral_grace_days = 2\n"
    "clock_skew = 60\n"
    "min_evaluation = 17\n"
    "allow_debug = yes\n"
    "allow_sept_ve = yes\n"
    "allow_migration = yes\n"
    "allow_service_td = yes\n"
    "allow_provisional = yes\n"
    "require_ocsp = no\n"
    "allow_ocsp_hold = yes\n"
    "snp_min = Milan:4.0.24.219\n"
    "snp_vmpl_max = 1\n"
    "[claims]\n"
    "require = tee_attested tcb_up_to_date\n"
    "require = release_logged\n"
    "[egress]\n"
    "allow = yes\n";

static void test_everything(void **state)
{
    struct policy p;
    struct fail fail;
    size_t line;

    (void)state;
    if (policy_read(slice_text(whole), &arena, &p, &line, &fail) != OK)
        fail_msg("line %zu: %s", line, fail.what);
    assert_true(p.has_network && p.network_id[31] == 0x20);
    assert_false(p.builtin_roots);
    assert_int_equal(p.root_count, 2);
    assert_true(policy_trusts(&p, "aws", p.network_id)); /* the same digits */
    assert_true(p.sim_allowed && p.sim_root[0] == 1);
    assert_true(slice_eq_text(p.tlog, "log example+01020304+AAAA\nquorum none\n"));
    assert_int_equal(p.measure_count, 2);
    assert_true(slice_eq_text(p.measures[0].name, "v1"));
    assert_true(slice_eq_text(p.measures[0].tee, "tdx"));
    assert_int_equal(p.measures[0].count, 2);
    assert_true(slice_eq_text(p.measures[0].fields[1].path, "rtmr0"));
    assert_true(slice_eq_text(p.measures[0].fields[1].value, "\xcc"));
    assert_int_equal(p.measures[0].until - p.measures[0].from, 365 * 86400);
    assert_true(slice_eq_text(p.measures[1].fields[0].value, "Milan"));
    assert_true(p.measures[1].until == INT64_MAX);
    assert_true(p.release_from_log && p.require_receipt_log);
    assert_int_equal(p.tcb_accept.count, 2);
    assert_int_equal(p.deny_advisory.count, 2);
    assert_int_equal(p.tcb_grace, 30 * 86400);
    assert_int_equal(p.collateral_grace, 2 * 86400);
    assert_int_equal(p.clock_skew, 60);
    assert_int_equal(p.min_evaluation, 17);
    assert_true(p.allow_debug && p.allow_sept_ve && p.allow_migration && p.allow_service_td &&
                p.allow_provisional && p.allow_ocsp_hold && !p.require_ocsp);
    assert_int_equal(p.snp_min.count, 1);
    assert_int_equal(p.snp_vmpl_max, 1);
    assert_true(p.required[ACI_TEE_ATTESTED] && p.required[ACI_TCB_UP_TO_DATE] &&
                p.required[ACI_RELEASE_LOGGED] && !p.required[ACI_GPU_ATTESTED]);
    assert_true(p.egress_allowed);
}

/* What is not said is denied. */
static void test_defaults_deny(void **state)
{
    struct policy p;
    struct fail fail;
    size_t line;

    (void)state;
    assert_int_equal(policy_read(SLICE_LIT(""), &arena, &p, &line, &fail), OK);
    assert_true(p.builtin_roots && p.require_ocsp);
    assert_false(p.has_network || p.sim_allowed || p.release_from_log || p.egress_allowed);
    assert_false(p.allow_debug || p.allow_sept_ve || p.allow_migration || p.allow_service_td ||
                 p.allow_provisional || p.allow_ocsp_hold);
    assert_int_equal(p.measure_count, 0);
    assert_int_equal(p.tcb_accept.count, 1);
    assert_true(policy_has(&p.tcb_accept, SLICE_LIT("UpToDate")));
    assert_true(p.tcb_grace == 0 && p.collateral_grace == 0 && p.clock_skew == 0);
}

static void test_refused(void **state)
{
    static const struct {
        const char *name;
        struct slice text;
        cocoon_err err;
        size_t line;
    } cases[] = {
        {"unknown section", SLICE_INIT("[colour]\n"), ERR_UNKNOWN_NAME, 1},
        {"unknown key", SLICE_INIT("[sim]\ncolour = red\n"), ERR_UNKNOWN_NAME, 2},
        {"network id too short", SLICE_INIT("[network]\nid = 00\n"), ERR_MALFORMED, 2},
        {"unknown vendor", SLICE_INIT("[roots]\nroot = acme sha256:" HEX32 "\n"), ERR_UNKNOWN_NAME,
         2},
        {"root without algorithm", SLICE_INIT("[roots]\nroot = intel " HEX32 "\n"), ERR_MALFORMED,
         2},
        {"sim without root", SLICE_INIT("[sim]\nallow = yes\n"), ERR_MISSING, 2},
        {"sim is no word", SLICE_INIT("[sim]\nallow = maybe\n"), ERR_MALFORMED, 2},
        {"measure of nothing", SLICE_INIT("[release]\nmeasure = v1 tdx\n"), ERR_MISSING, 2},
        {"measure without value", SLICE_INIT("[release]\nmeasure = v1 tdx mr_td\n"), ERR_MALFORMED,
         2},
        {"measure of odd hex", SLICE_INIT("[release]\nmeasure = v1 tdx mr_td=abc\n"), ERR_MALFORMED,
         2},
        {"measure of empty text", SLICE_INIT("[release]\nmeasure = v1 tdx a=\"\"\n"), ERR_MALFORMED,
         2},
        {"measure of an empty value", SLICE_INIT("[release]\nmeasure = v1 tdx a=\n"), ERR_MALFORMED,
         2},
        {"measure of an open quote", SLICE_INIT("[release]\nmeasure = v1 tdx a=\"b\n"),
         ERR_MALFORMED, 2},
        {"measure without a name", SLICE_INIT("[release]\nmeasure = v1 tdx =00\n"), ERR_MALFORMED,
         2},
        {"measure of a long path", SLICE_INIT("[release]\nmeasure = v1 tdx " HEX32 "=00\n"),
         ERR_MALFORMED, 2},
        {"measure of too many claims",
         SLICE_INIT("[release]\nmeasure = v1 tdx a=00 b=00 c=00 d=00 e=00 f=00 g=00 h=00 i=00 "
                    "j=00 k=00 l=00 m=00 n=00 o=00 p=00 q=00\n"),
         ERR_LIMIT, 2},
        {"an advisory of no name", SLICE_INIT("[tcb]\ndeny_advisory =\n"), ERR_MALFORMED, 2},
        {"a floor of no product", SLICE_INIT("[tcb]\nsnp_min = Rome:1.2.3.4\n"), ERR_MALFORMED, 2},
        {"measure of no time", SLICE_INIT("[release]\nmeasure = v1 tdx from=now a=00\n"),
         ERR_MALFORMED, 2},
        {"revoked is never accepted", SLICE_INIT("[tcb]\naccept = Revoked\n"), ERR_UNKNOWN_NAME, 2},
        {"a status twice", SLICE_INIT("[tcb]\naccept = UpToDate UpToDate\n"), ERR_UNKNOWN_NAME, 2},
        {"days out of range", SLICE_INIT("[tcb]\n\ngrace_days = 99999\n"), ERR_RANGE, 3},
        {"days are no number", SLICE_INIT("[tcb]\ngrace_days = -1\n"), ERR_RANGE, 2},
        {"unknown claim", SLICE_INIT("[claims]\nrequire = tee_attested luck\n"), ERR_UNKNOWN_NAME,
         2},
        {"a key twice", SLICE_INIT("[egress]\nallow = no\nallow = yes\n"), ERR_DUPLICATE, 3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct policy p;
        struct fail fail;
        size_t line;
        cocoon_err err = policy_read(cases[i].text, &arena, &p, &line, &fail);

        if (err != cases[i].err || line != cases[i].line)
            fail_msg("%s: %s in line %zu", cases[i].name, cocoon_err_name(err), line);
    }
}

static void test_too_many_roots(void **state)
{
    struct policy p;
    struct fail fail;
    struct buf text;
    size_t line;

    (void)state;
    buf_init(&text, 1 << 16);
    buf_put_text(&text, "[roots]\n");
    for (int i = 0; i <= POLICY_ROOTS_MAX; i++)
        buf_put_text(&text, "root = intel sha256:" HEX32 "\n");
    assert_int_equal(policy_read(buf_slice(&text), &arena, &p, &line, &fail), ERR_LIMIT);
    assert_int_equal(line, POLICY_ROOTS_MAX + 2);
    buf_clear(&text);
    buf_put_text(&text, "[tcb]\n");
    for (int i = 0; i <= POLICY_WORDS_MAX; i++)
        buf_put_text(&text, "deny_advisory = x\n");
    assert_int_equal(policy_read(buf_slice(&text), &arena, &p, &line, &fail), ERR_LIMIT);
    buf_fini(&text);
}

/* Any cut of a good file is read or refused, never half believed: what was read before is inert. */
static void test_truncation(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof whole; n++) {
        struct policy p;
        struct fail fail;
        size_t line;

        (void)!policy_read(slice_make(whole, n), &arena, &p, &line, &fail);
        arena_fini(&arena);
    }
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_everything),     UNIT(test_defaults_deny), UNIT(test_refused),
        UNIT(test_too_many_roots), UNIT(test_truncation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
