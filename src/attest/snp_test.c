/*
 * AMD's rules, one broken at a time in a world that is otherwise whole and signed anew: the rule
 * that should notice must be the only one to fail.
 */
#include "attest/snp.h"

#include "attest/kit_amd_test.h"
#include "attest/kit_check_test.h"
#include "base/test.h"

enum { ARENA_MAX = 8 * 1024 * 1024 };

static struct arena arena;
static struct policy policy;
static struct evidence evidence;
static struct appraisal a;

static int set_up(void **state)
{
    struct policy_measure guest;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    policy_init(&policy);
    kit_trust(&policy, "amd-milan", amd_root_key());
    kit_trust(&policy, "amd-turin", amd_root_key());
    guest =
        (struct policy_measure){.name = SLICE_INIT("guest"),
                                .tee = SLICE_INIT("snp"),
                                .until = INT64_MAX,
                                .fields = {{SLICE_LIT("measurement"), kit_fill(&arena, 0x35, 48)}},
                                .count = 1};
    assert_int_equal(policy_add_measure(&policy, &arena, &guest), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void run(const struct amd_world *w, const struct policy *p)
{
    amd_build(w, &arena, &evidence);
    a = (struct appraisal){.evidence = &evidence, .policy = p, .now = w->now, .arena = &arena};
    appraise(&a);
}

static void expect_only(const char *name, const char *rule)
{
    kit_expect_only(&a.result, name, rule);
}

static void expect_pass(const struct amd_world *w)
{
    run(w, &policy);
    kit_expect_pass(&a.result);
}

static void test_good(void **state)
{
    struct amd_world milan = amd_milan(), vlek = amd_milan_vlek(), turin = amd_turin();
    struct slice text;

    (void)state;
    expect_pass(&milan);
    assert_true(claims_get_text(&a.result.claims, "leaf", &text));
    assert_true(slice_eq_text(text, "VCEK"));
    expect_pass(&vlek);
    assert_true(claims_get_text(&a.result.claims, "csp", &text));
    assert_true(slice_eq_text(text, "CN=provider"));
    expect_pass(&turin);
    milan.report.version = 2; /* which does not name the CPU */
    milan.report.family = milan.report.model = milan.report.stepping = 0;
    expect_pass(&milan);
}

/* A masked chip key signs with a chip id of zeros. */
static void test_masked_chip(void **state)
{
    static const uint8_t no_chip[64] = {0};
    struct amd_world w = amd_milan();

    (void)state;
    w.report.signer_info = 2;
    w.report.chip_id = SLICE_OF(no_chip);
    expect_pass(&w);
}

/* What may be wrong, in the order of the table below. */
enum wrong {
    GUEST_DEBUG,
    GUEST_MIGRATE,
    GUEST_RESERVED_ZERO,
    GUEST_RESERVED_ONE,
    GUEST_VMPL,
    GUEST_MEASUREMENT,
    TCB_PROVISIONAL,
    TCB_REPORTED_BL,
    TCB_REPORTED_TEE,
    TCB_REPORTED_SNP,
    TCB_REPORTED_UCODE,
    TCB_REPORTED_FMC,
    CHIP_OTHER,
    CHIP_TAIL,
    CHIP_MASKED_BUT_SET,
    VLEK_CHIP_SET,
    KEY_KIND_VCEK,
    KEY_KIND_VLEK,
    KEY_KIND_NONE,
    CPU_OTHER,
    LEAF_PRODUCT,
    LEAF_NO_HWID,
    LEAF_SHORT_HWID,
    LEAF_NO_FMC,
    LEAF_NAME,
    LEAF_IS_CA,
    LEAF_EXPIRED,
    LEAF_NOT_YET,
    ASK_EXPIRED,
    ARK_EXPIRED,
    SIGNATURE_REPORT,
    SIGNATURE_WIDE,
    SIGNATURE_LEAF,
    SIGNATURE_ASK,
    SIGNATURE_CRL,
    CRL_ASK,
    CRL_LEAF,
    CRL_EXPIRED,
    CRL_NOT_YET,
    NO_ASK,
    KIND,
    FLOOR,
    WRONGS
};

static const struct {
    const char *name, *rule;
    struct amd_world (*world)(void);
} cases[WRONGS] = {
    [GUEST_DEBUG] = {"debuggable guest", "policy.debug", amd_milan},
    [GUEST_MIGRATE] = {"migration agent", "snp.policy.migrate-ma", amd_milan},
    [GUEST_RESERVED_ZERO] = {"policy bit 26", "snp.policy.reserved", amd_milan},
    [GUEST_RESERVED_ONE] = {"policy bit 17 missing", "snp.policy.reserved", amd_milan},
    [GUEST_VMPL] = {"VMPL 1", "snp.vmpl", amd_milan},
    [GUEST_MEASUREMENT] = {"another measurement", "policy.measurement", amd_milan},
    [TCB_PROVISIONAL] = {"firmware that can be rolled back", "snp.tcb.committed", amd_milan},
    [TCB_REPORTED_BL] = {"boot loader version", "snp.tcb.reported", amd_milan},
    [TCB_REPORTED_TEE] = {"TEE version", "snp.tcb.reported", amd_milan},
    [TCB_REPORTED_SNP] = {"SNP version", "snp.tcb.reported", amd_milan},
    [TCB_REPORTED_UCODE] = {"microcode version", "snp.tcb.reported", amd_milan},
    [TCB_REPORTED_FMC] = {"FMC version", "snp.tcb.reported", amd_turin},
    [CHIP_OTHER] = {"another chip", "snp.chip-id", amd_milan},
    [CHIP_TAIL] = {"bytes after a short chip id", "snp.chip-id", amd_turin},
    [CHIP_MASKED_BUT_SET] = {"masked, but a chip id", "snp.chip-id", amd_milan},
    [VLEK_CHIP_SET] = {"VLEK with a chip id", "snp.chip-id", amd_milan_vlek},
    [KEY_KIND_VCEK] = {"says VLEK, is VCEK", "snp.signing-key", amd_milan},
    [KEY_KIND_VLEK] = {"says VCEK, is VLEK", "snp.signing-key", amd_milan_vlek},
    [KEY_KIND_NONE] = {"says no key", "snp.signing-key", amd_milan},
    [CPU_OTHER] = {"CPU of another product", "snp.cpuid", amd_milan},
    [LEAF_PRODUCT] = {"leaf of another product", "snp.leaf.product", amd_milan},
    [LEAF_NO_HWID] = {"VCEK without hwID", "snp.leaf.extensions", amd_milan},
    [LEAF_SHORT_HWID] = {"hwID of 8 bytes on Milan", "snp.leaf.extensions", amd_milan},
    [LEAF_NO_FMC] = {"Turin without FMC", "snp.leaf.extensions", amd_turin},
    [LEAF_NAME] = {"leaf of another name", "snp.chain.names", amd_milan},
    [LEAF_IS_CA] = {"leaf that is a CA", "snp.chain.names", amd_milan},
    [LEAF_EXPIRED] = {"leaf expired", "snp.chain.validity", amd_milan},
    [LEAF_NOT_YET] = {"leaf not yet valid", "snp.chain.validity", amd_milan},
    [ASK_EXPIRED] = {"ASK expired", "snp.chain.validity", amd_milan},
    [ARK_EXPIRED] = {"ARK expired", "snp.chain.validity", amd_milan},
    [SIGNATURE_REPORT] = {"report by another key", "snp.signature", amd_milan},
    [SIGNATURE_WIDE] = {"r beyond the field", "snp.signature.form", amd_milan},
    [SIGNATURE_LEAF] = {"leaf by another key", "snp.chain.signature", amd_milan},
    [SIGNATURE_ASK] = {"ASK by another key", "snp.chain.signature", amd_milan},
    [SIGNATURE_CRL] = {"list by another key", "snp.crl", amd_milan},
    [CRL_ASK] = {"ASK revoked", "snp.crl.ask", amd_milan},
    [CRL_LEAF] = {"leaf revoked", "snp.crl.leaf", amd_milan},
    [CRL_EXPIRED] = {"list expired", "snp.crl", amd_milan},
    [CRL_NOT_YET] = {"list of tomorrow", "snp.crl", amd_milan},
    [NO_ASK] = {"no ASK", "snp.chain.present", amd_milan},
    [KIND] = {"another kind", "snp.kind", amd_milan},
    [FLOOR] = {"below the floor", "snp.tcb.floor", amd_milan},
};

static void break_guest(enum wrong wrong, struct amd_world *w)
{
    static const uint8_t newer[8] = {4, 1, 0, 0, 0, 0, 24, 220};

    if (wrong == GUEST_DEBUG)
        w->report.policy |= SNP_POLICY_DEBUG;
    else if (wrong == GUEST_MIGRATE)
        w->report.policy |= SNP_POLICY_MIGRATE_MA;
    else if (wrong == GUEST_RESERVED_ZERO)
        w->report.policy |= UINT64_C(1) << 26;
    else if (wrong == GUEST_RESERVED_ONE)
        w->report.policy &= ~SNP_POLICY_MUST_BE_ONE;
    else if (wrong == GUEST_VMPL)
        w->report.vmpl = 1;
    else if (wrong == GUEST_MEASUREMENT)
        w->report.measurement = kit_fill(&arena, 0x36, 48);
    else if (wrong == TCB_PROVISIONAL)
        w->report.current_tcb = SLICE_OF(newer);
    else if (wrong == TCB_REPORTED_BL)
        w->leaf_tcb.boot_loader++;
    else if (wrong == TCB_REPORTED_TEE)
        w->leaf_tcb.tee++;
    else if (wrong == TCB_REPORTED_SNP)
        w->leaf_tcb.snp++;
    else if (wrong == TCB_REPORTED_UCODE)
        w->leaf_tcb.microcode++;
    else if (wrong == TCB_REPORTED_FMC)
        w->leaf_tcb.fmc++;
}

static void break_identity(enum wrong wrong, struct amd_world *w)
{
    static const uint8_t tail[64] = {1, 2, 3, 4, 5, 6, 7, 8, [63] = 1};

    if (wrong == CHIP_OTHER)
        w->report.chip_id = kit_fill(&arena, 0x3c, 64);
    else if (wrong == CHIP_TAIL)
        w->report.chip_id = SLICE_OF(tail);
    else if (wrong == CHIP_MASKED_BUT_SET)
        w->report.signer_info = 2;
    else if (wrong == VLEK_CHIP_SET)
        w->report.chip_id = kit_fill(&arena, 0x3b, 64);
    else if (wrong == KEY_KIND_VCEK)
        w->report.signer_info = SNP_KEY_VLEK << 2;
    else if (wrong == KEY_KIND_VLEK)
        w->report.signer_info = 0;
    else if (wrong == KEY_KIND_NONE)
        w->report.signer_info = SNP_KEY_NONE << 2;
    else if (wrong == CPU_OTHER)
        w->report.model = 0x11;
    else if (wrong == LEAF_PRODUCT)
        w->leaf_product = "Genoa";
    else if (wrong == LEAF_NO_HWID)
        w->no_hw_id = true;
    else if (wrong == LEAF_SHORT_HWID)
        w->hw_id = kit_fill(&arena, 0x3b, 8);
    else if (wrong == LEAF_NO_FMC)
        w->no_fmc = true;
    else if (wrong == LEAF_NAME)
        w->leaf_name = "SEV-VLEK";
    else if (wrong == LEAF_IS_CA)
        w->leaf_is_ca = true;
}

static void break_chain(enum wrong wrong, struct amd_world *w)
{
    const struct amd_window past = {AMD_NOW - 9, AMD_NOW - 1}, future = {AMD_NOW + 1, AMD_NOW + 9};

    if (wrong == LEAF_EXPIRED)
        w->leaf = past;
    else if (wrong == LEAF_NOT_YET)
        w->leaf = future;
    else if (wrong == ASK_EXPIRED)
        w->ask = past;
    else if (wrong == ARK_EXPIRED)
        w->ark = past;
    else if (wrong == SIGNATURE_REPORT)
        w->report_signer = amd_stranger_key(KIT_P384);
    else if (wrong == SIGNATURE_WIDE)
        w->wide_r = true;
    else if (wrong == SIGNATURE_LEAF)
        w->leaf_signer = amd_stranger_key(KIT_RSA);
    else if (wrong == SIGNATURE_ASK)
        w->ask_signer = amd_stranger_key(KIT_RSA);
    else if (wrong == SIGNATURE_CRL)
        w->crl_signer = amd_stranger_key(KIT_RSA);
    else if (wrong == CRL_ASK)
        w->crl_revokes = AMD_SERIAL_ASK;
    else if (wrong == CRL_LEAF)
        w->crl_revokes = AMD_SERIAL_LEAF;
    else if (wrong == CRL_EXPIRED)
        w->crl = past;
    else if (wrong == CRL_NOT_YET)
        w->crl = future;
    else if (wrong == NO_ASK)
        w->without = "ask";
    else if (wrong == KIND)
        w->kind = "snp-genoa";
    else if (wrong == FLOOR)
        policy.snp_min =
            (struct policy_words){.words = {SLICE_LIT("milan:4.1.24.220")}, .count = 1};
}

static void test_each_rule(void **state)
{
    for (enum wrong wrong = 0; wrong < WRONGS; wrong++) {
        struct amd_world w;

        tear_down(state);
        set_up(state);
        w = cases[wrong].world();
        break_guest(wrong, &w);
        break_identity(wrong, &w);
        break_chain(wrong, &w);
        run(&w, &policy);
        expect_only(cases[wrong].name, cases[wrong].rule);
    }
}

/* Floors count for their own product, and for launch and committed TCB too. */
static void test_floor(void **state)
{
    static const uint8_t older[8] = {4, 1, 0, 0, 0, 0, 24, 218};
    struct amd_world w = amd_milan();

    (void)state;
    policy.snp_min = (struct policy_words){
        .words = {SLICE_LIT("milan:4.1.24.219"), SLICE_LIT("turin:9.9.9.9.9")}, .count = 2};
    expect_pass(&w);
    assert_int_equal(a.result.aci[ACI_TCB_UP_TO_DATE].status, ACI_ASSERTED);
    w.report.launch_tcb = SLICE_OF(older);
    run(&w, &policy);
    expect_only("launched on older firmware", "snp.tcb.floor");
    assert_int_equal(a.result.aci[ACI_TCB_UP_TO_DATE].status, ACI_REFUTED);
}

static void test_floor_words(void **state)
{
    static const char *const bad[] = {"",
                                      "milan",
                                      "milan:1.2.3",
                                      "milan:256.0.0.0",
                                      "milan:1.2.3.4.5",
                                      "turin:1.2.3.4",
                                      "naples:1.2.3.4",
                                      "milan:1.2.3.x",
                                      "milan:1..3.4"};
    enum snp_product product;
    struct snp_tcb floor;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (snp_floor_read(slice_text(bad[i]), &product, &floor) == OK)
            fail_msg("%s", bad[i]);
    assert_int_equal(snp_floor_read(SLICE_LIT("Turin:1.2.3.4.5"), &product, &floor), OK);
    assert_int_equal(product, SNP_TURIN);
    assert_int_equal(floor.fmc, 1);
    assert_int_equal(floor.microcode, 5);
}

static void test_untrusted_root(void **state)
{
    struct amd_world w = amd_milan();

    (void)state;
    run(&w, NULL);
    expect_only("AMD in name only", "snp.chain.root");
}

/* No list: skipped, which is not enough under a policy. */
static void test_without_list(void **state)
{
    struct amd_world w = amd_milan();

    (void)state;
    w.has_crl = false;
    run(&w, &policy);
    assert_int_equal(a.result.failed, 0);
    assert_int_equal(result_verdict(&a.result), VERDICT_PARTIAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_masked_chip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_floor, set_up, tear_down),
        cmocka_unit_test(test_floor_words),
        cmocka_unit_test_setup_teardown(test_untrusted_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_list, set_up, tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    kit_keys_free();
    return failed;
}
