/*
 * Intel's rules, one broken at a time in a world that is otherwise whole and signed anew: the rule
 * that should notice must be the first to fail, so that without it the quote would pass.
 */
#include "attest/dcap.h"
#include "attest/kit_check_test.h"
#include "attest/kit_intel_test.h"
#include "base/test.h"

enum { ARENA_MAX = 8 * 1024 * 1024 };

/* What every test works on. */
static struct arena arena;
static struct policy policy;
static struct evidence evidence;
static struct appraisal a;

/* Start over with a policy that accepts the worlds of the kit. */
static int set_up(void **state)
{
    struct policy_measure any_td, any_enclave;
    struct slice mr_td, mr_enclave;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    policy_init(&policy);
    kit_trust(&policy, "intel", intel_root_key());
    mr_td = kit_fill(&arena, 0x07, 48);
    mr_enclave = kit_fill(&arena, 0x03, 32);
    any_td = (struct policy_measure){.name = SLICE_INIT("td"),
                                     .tee = SLICE_INIT("tdx"),
                                     .until = INT64_MAX,
                                     .fields = {{SLICE_LIT("mr_td"), mr_td}},
                                     .count = 1};
    any_enclave = (struct policy_measure){.name = SLICE_INIT("enclave"),
                                          .tee = SLICE_INIT("sgx"),
                                          .until = INT64_MAX,
                                          .fields = {{SLICE_LIT("mr_enclave"), mr_enclave}},
                                          .count = 1};
    assert_int_equal(policy_add_measure(&policy, &arena, &any_td), OK);
    assert_int_equal(policy_add_measure(&policy, &arena, &any_enclave), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void run(const struct intel_world *w, const struct policy *p)
{
    intel_build(w, &arena, &evidence);
    a = (struct appraisal){.evidence = &evidence, .policy = p, .now = w->now, .arena = &arena};
    appraise(&a);
}

static void expect_only(const char *name, const char *rule)
{
    kit_expect_only(&a.result, name, rule);
}

static void expect_pass(const struct intel_world *w, const char *status)
{
    struct slice found;

    run(w, &policy);
    kit_expect_pass(&a.result);
    assert_true(claims_get_text(&a.result.claims, "tcb_status", &found));
    assert_true(slice_eq_text(found, status));
}

static void test_good(void **state)
{
    struct intel_world td = intel_tdx(), td5 = intel_tdx_v5(), sgx = intel_sgx();

    (void)state;
    expect_pass(&td, "UpToDate");
    expect_pass(&td5, "UpToDate");
    expect_pass(&sgx, "UpToDate");
    sgx.tcb_version = 2;
    expect_pass(&sgx, "UpToDate");
}

/* --- one thing wrong --- */

static const uint8_t no_sept[8] = {0};
static const uint8_t debug_td[8] = {1, 0, 0, 0x10};
static const uint8_t migratable[8] = {0, 0, 0, 0x30};
static const uint8_t reserved_low[8] = {2, 0, 0, 0x10};
static const uint8_t reserved_mid[8] = {0, 0, 0, 0x18};
static const uint8_t reserved_high[8] = {0, 0, 0, 0x10, 0, 0, 0, 0x40};
static const uint8_t xfam_missing[8] = {0xe6, 0x02, 0x06};
static const uint8_t xfam_unknown[8] = {0xe7, 0x02, 0x06, 0x80};
static const uint8_t one_48[48] = {1};
static const uint8_t one_8[8] = {1};
static const uint8_t debug_enclave[16] = {2};
static const uint8_t qe_other[16] = {0x13};
static const uint8_t misc_one[4] = {1};
static const uint8_t svn_module_3[16] = {5, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
static const uint8_t svn_module_minor[16] = {4, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
static const uint8_t svn_low[16] = {5, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0};

/* What may be wrong, in the order of the table below. */
enum wrong {
    /* what the TD or enclave is */
    TD_DEBUG,
    TD_NO_SEPT_VE_DISABLE,
    TD_MIGRATABLE,
    TD_RESERVED_LOW,
    TD_RESERVED_MIDDLE,
    TD_RESERVED_HIGH,
    TD_XFAM_FIXED,
    TD_XFAM_UNKNOWN,
    TD_SERVICE,
    TD_MEASUREMENT,
    SGX_DEBUG,
    SGX_MEASUREMENT,
    /* TDX module */
    MODULE_SIGNER,
    MODULE_SIGNER_IDENTITY,
    MODULE_ATTRIBUTES,
    MODULE_ATTRIBUTES_MASKED,
    MODULE_UNKNOWN,
    MODULE_LEVEL_NONE,
    /* quoting enclave */
    QE_BINDING,
    QE_BINDING_TAIL,
    QE_ATTRIBUTES,
    QE_MISC,
    QE_SIGNER,
    QE_PRODUCT,
    QE_LEVEL_NONE,
    QE_IDENTITY_OF_SGX,
    SGX_QE_IDENTITY_OF_TD,
    /* signatures */
    SIGNATURE_QUOTE,
    SIGNATURE_QE,
    SIGNATURE_PCK,
    SIGNATURE_CA,
    SIGNATURE_ROOT_CRL,
    SIGNATURE_PCK_CRL,
    SIGNATURE_TCB,
    SIGNATURE_QE_IDENTITY,
    /* PCK chain */
    PCK_NAME,
    PCK_IS_CA,
    PCK_EXTENSION,
    PCK_EXPIRED,
    PCK_NOT_YET,
    CA_EXPIRED,
    /* lists */
    CA_REVOKED,
    SIGNER_REVOKED,
    PCK_REVOKED,
    ROOT_CRL_EXPIRED,
    ROOT_CRL_NOT_YET,
    PCK_CRL_EXPIRED,
    PCK_CRL_NOT_YET,
    PCK_CRL_OF_ANOTHER,
    /* TCB info and QE identity */
    TCB_EXPIRED,
    TCB_NOT_YET,
    TCB_FMSPC,
    TCB_PCE_ID,
    TCB_OF_SGX,
    SGX_TCB_OF_TDX,
    TCB_SIGNER_NAME,
    QE_IDENTITY_EXPIRED,
    QE_IDENTITY_NOT_YET,
    /* levels */
    LEVEL_NONE_SGX,
    LEVEL_NONE_PCE,
    LEVEL_NONE_TDX,
    STATUS_OUT_OF_DATE,
    STATUS_REVOKED,
    STATUS_CONFIGURATION,
    STATUS_OF_MODULE,
    STATUS_OF_QE,
    CURRENT_NONE,
    EVALUATION,
    WRONGS
};

static const struct {
    const char *name, *rule;
    struct intel_world (*world)(void);
} cases[WRONGS] = {
    [TD_DEBUG] = {"debuggable TD", "policy.debug", intel_tdx},
    [TD_NO_SEPT_VE_DISABLE] = {"no SEPT_VE_DISABLE", "tdx.attributes.sept-ve-disable", intel_tdx},
    [TD_MIGRATABLE] = {"migratable TD", "tdx.attributes.migratable", intel_tdx},
    [TD_RESERVED_LOW] = {"reserved bit 1", "tdx.attributes.reserved", intel_tdx},
    [TD_RESERVED_MIDDLE] = {"reserved bit 27", "tdx.attributes.reserved", intel_tdx},
    [TD_RESERVED_HIGH] = {"reserved bit 62", "tdx.attributes.reserved", intel_tdx},
    [TD_XFAM_FIXED] = {"XFAM without bit 0", "tdx.xfam", intel_tdx},
    [TD_XFAM_UNKNOWN] = {"XFAM with bit 31", "tdx.xfam", intel_tdx},
    [TD_SERVICE] = {"service TD", "tdx.service-td", intel_tdx_v5},
    [TD_MEASUREMENT] = {"another MRTD", "policy.measurement", intel_tdx},
    [SGX_DEBUG] = {"debuggable enclave", "policy.debug", intel_sgx},
    [SGX_MEASUREMENT] = {"another MRENCLAVE", "policy.measurement", intel_sgx},
    [MODULE_SIGNER] = {"MRSIGNERSEAM", "tdx.module.signer", intel_tdx},
    [MODULE_SIGNER_IDENTITY] = {"signer of the identity", "tdx.module.signer", intel_tdx},
    [MODULE_ATTRIBUTES] = {"SEAM attributes", "tdx.module.attributes", intel_tdx},
    [MODULE_ATTRIBUTES_MASKED] = {"masked SEAM attributes", "tdx.module.attributes", intel_tdx},
    [MODULE_UNKNOWN] = {"unknown module version", "tdx.module", intel_tdx},
    [MODULE_LEVEL_NONE] = {"module below every level", "tdx.module.level", intel_tdx},
    [QE_BINDING] = {"QE for another key", "dcap.qe.binding", intel_tdx},
    [QE_BINDING_TAIL] = {"QE report data, upper half", "dcap.qe.binding", intel_tdx},
    [QE_ATTRIBUTES] = {"QE attributes", "dcap.qe.attributes", intel_tdx},
    [QE_MISC] = {"QE misc select", "dcap.qe.attributes", intel_tdx},
    [QE_SIGNER] = {"QE signer", "dcap.qe.signer", intel_tdx},
    [QE_PRODUCT] = {"QE product", "dcap.qe.signer", intel_tdx},
    [QE_LEVEL_NONE] = {"QE below every level", "dcap.qe.level", intel_tdx},
    [QE_IDENTITY_OF_SGX] = {"QE identity of SGX", "dcap.qe-identity.kind", intel_tdx},
    [SGX_QE_IDENTITY_OF_TD] = {"QE identity of TDX", "dcap.qe-identity.kind", intel_sgx},
    [SIGNATURE_QUOTE] = {"quote by another key", "dcap.signature", intel_tdx},
    [SIGNATURE_QE] = {"QE report by another key", "dcap.qe.signature", intel_tdx},
    [SIGNATURE_PCK] = {"PCK by another key", "dcap.pck.signature", intel_tdx},
    [SIGNATURE_CA] = {"CA by another key", "dcap.pck.signature", intel_tdx},
    [SIGNATURE_ROOT_CRL] = {"root list by another key", "dcap.root-crl", intel_tdx},
    [SIGNATURE_PCK_CRL] = {"PCK list by another key", "dcap.pck-crl", intel_tdx},
    [SIGNATURE_TCB] = {"TCB info by another key", "dcap.tcb-info.signature", intel_tdx},
    [SIGNATURE_QE_IDENTITY] = {"QE identity by another key", "dcap.qe-identity.signature",
                               intel_tdx},
    [PCK_NAME] = {"PCK of another name", "dcap.pck.names", intel_tdx},
    [PCK_IS_CA] = {"PCK that is a CA", "dcap.pck.names", intel_tdx},
    [PCK_EXTENSION] = {"PCK without extension", "dcap.pck.extension", intel_tdx},
    [PCK_EXPIRED] = {"PCK expired", "dcap.pck.validity", intel_tdx},
    [PCK_NOT_YET] = {"PCK not yet valid", "dcap.pck.validity", intel_tdx},
    [CA_EXPIRED] = {"CA expired", "dcap.pck.validity", intel_tdx},
    [CA_REVOKED] = {"CA revoked", "dcap.root-crl.ca", intel_tdx},
    [SIGNER_REVOKED] = {"TCB signer revoked", "dcap.root-crl.signer", intel_tdx},
    [PCK_REVOKED] = {"PCK revoked", "dcap.pck-crl.pck", intel_tdx},
    [ROOT_CRL_EXPIRED] = {"root list expired", "dcap.root-crl", intel_tdx},
    [ROOT_CRL_NOT_YET] = {"root list of tomorrow", "dcap.root-crl", intel_tdx},
    [PCK_CRL_EXPIRED] = {"PCK list expired", "dcap.pck-crl", intel_tdx},
    [PCK_CRL_NOT_YET] = {"PCK list of tomorrow", "dcap.pck-crl", intel_tdx},
    [PCK_CRL_OF_ANOTHER] = {"PCK list of another CA", "dcap.pck-crl", intel_tdx},
    [TCB_EXPIRED] = {"TCB info expired", "dcap.tcb-info.current", intel_tdx},
    [TCB_NOT_YET] = {"TCB info of tomorrow", "dcap.tcb-info.current", intel_tdx},
    [TCB_FMSPC] = {"TCB info of another FMSPC", "dcap.tcb-info.platform", intel_tdx},
    [TCB_PCE_ID] = {"TCB info of another PCE", "dcap.tcb-info.platform", intel_tdx},
    [TCB_OF_SGX] = {"TCB info of SGX", "dcap.tcb-info.platform", intel_tdx},
    [SGX_TCB_OF_TDX] = {"TCB info of TDX", "dcap.tcb-info.platform", intel_sgx},
    [TCB_SIGNER_NAME] = {"TCB signer of another name", "dcap.signer.name", intel_tdx},
    [QE_IDENTITY_EXPIRED] = {"QE identity expired", "dcap.qe-identity.current", intel_tdx},
    [QE_IDENTITY_NOT_YET] = {"QE identity of tomorrow", "dcap.qe-identity.current", intel_tdx},
    [LEVEL_NONE_SGX] = {"components below every level", "dcap.tcb.level", intel_tdx},
    [LEVEL_NONE_PCE] = {"PCE below every level", "dcap.tcb.level", intel_tdx},
    [LEVEL_NONE_TDX] = {"TDX components below every level", "dcap.tcb.level", intel_tdx},
    [STATUS_OUT_OF_DATE] = {"platform out of date", "policy.tcb_status", intel_tdx},
    [STATUS_REVOKED] = {"platform revoked", "policy.tcb_status", intel_tdx},
    [STATUS_CONFIGURATION] = {"platform needs configuration", "policy.tcb_status", intel_tdx},
    [STATUS_OF_MODULE] = {"module out of date", "policy.tcb_status", intel_tdx},
    [STATUS_OF_QE] = {"QE out of date", "policy.tcb_status", intel_tdx},
    [CURRENT_NONE] = {"no level for the current TCB", "dcap.tcb.level", intel_tdx_v5},
    [EVALUATION] = {"old evaluation number", "policy.tcb_evaluation", intel_tdx},
};

static void break_td(enum wrong wrong, struct intel_world *w)
{
    if (wrong == TD_DEBUG)
        w->td.td_attributes = SLICE_OF(debug_td);
    else if (wrong == TD_NO_SEPT_VE_DISABLE)
        w->td.td_attributes = SLICE_OF(no_sept);
    else if (wrong == TD_MIGRATABLE)
        w->td.td_attributes = SLICE_OF(migratable);
    else if (wrong == TD_RESERVED_LOW)
        w->td.td_attributes = SLICE_OF(reserved_low);
    else if (wrong == TD_RESERVED_MIDDLE)
        w->td.td_attributes = SLICE_OF(reserved_mid);
    else if (wrong == TD_RESERVED_HIGH)
        w->td.td_attributes = SLICE_OF(reserved_high);
    else if (wrong == TD_XFAM_FIXED)
        w->td.xfam = SLICE_OF(xfam_missing);
    else if (wrong == TD_XFAM_UNKNOWN)
        w->td.xfam = SLICE_OF(xfam_unknown);
    else if (wrong == TD_SERVICE)
        w->td.mr_service_td = SLICE_OF(one_48);
    else if (wrong == TD_MEASUREMENT)
        w->td.mr_td = SLICE_OF(one_48);
    else if (wrong == SGX_DEBUG)
        w->sgx.attributes = SLICE_OF(debug_enclave);
    else if (wrong == SGX_MEASUREMENT)
        w->sgx.mr_enclave = slice_make(one_48, 32);
}

static void break_module_and_qe(enum wrong wrong, struct intel_world *w)
{
    static const char mrsigner_other[] =
        "0100000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000";

    if (wrong == MODULE_SIGNER)
        w->td.mrsigner_seam = SLICE_OF(one_48);
    else if (wrong == MODULE_SIGNER_IDENTITY)
        w->modules[0].mrsigner = mrsigner_other;
    else if (wrong == MODULE_ATTRIBUTES || wrong == MODULE_ATTRIBUTES_MASKED)
        w->td.seam_attributes = SLICE_OF(one_8);
    else if (wrong == MODULE_UNKNOWN)
        w->td.tee_tcb_svn = SLICE_OF(svn_module_3);
    else if (wrong == MODULE_LEVEL_NONE)
        w->td.tee_tcb_svn = SLICE_OF(svn_module_minor);
    else if (wrong == QE_BINDING)
        w->qe_binding_wrong = true;
    else if (wrong == QE_BINDING_TAIL)
        w->qe_tail_set = true;
    else if (wrong == QE_ATTRIBUTES)
        w->qe.attributes = SLICE_OF(qe_other);
    else if (wrong == QE_MISC)
        w->qe.misc_select = SLICE_OF(misc_one);
    else if (wrong == QE_SIGNER)
        w->qe.mr_signer = slice_make(one_48, 32);
    else if (wrong == QE_PRODUCT)
        w->qe.isv_prod_id = 3;
    else if (wrong == QE_LEVEL_NONE)
        w->qe.isv_svn = 3;
    else if (wrong == QE_IDENTITY_OF_SGX)
        w->qe_id = "QE";
    else if (wrong == SGX_QE_IDENTITY_OF_TD)
        w->qe_id = "TD_QE";
    if (wrong == MODULE_ATTRIBUTES_MASKED)
        w->modules[0].mask = "fe00000000000000";
}

static void break_signature(enum wrong wrong, struct intel_world *w)
{
    const struct kit_key *other = intel_stranger_key();

    if (wrong == SIGNATURE_QUOTE)
        w->quote_signer = other;
    else if (wrong == SIGNATURE_QE)
        w->qe_signer = other;
    else if (wrong == SIGNATURE_PCK)
        w->pck_issuer_key = other;
    else if (wrong == SIGNATURE_CA)
        w->ca_issuer_key = other;
    else if (wrong == SIGNATURE_ROOT_CRL)
        w->root_crl_signer = other;
    else if (wrong == SIGNATURE_PCK_CRL)
        w->pck_crl_signer = other;
    else if (wrong == SIGNATURE_TCB)
        w->tcb_signer = other;
    else if (wrong == SIGNATURE_QE_IDENTITY)
        w->qe_id_signer = other;
}

static void break_chain_and_lists(enum wrong wrong, struct intel_world *w)
{
    const struct intel_window past = {INTEL_NOW - 9, INTEL_NOW - 1};
    const struct intel_window future = {INTEL_NOW + 1, INTEL_NOW + 9};

    if (wrong == PCK_NAME)
        w->pck_name = "Some SGX Certificate";
    else if (wrong == PCK_IS_CA)
        w->pck_is_ca = true;
    else if (wrong == PCK_EXTENSION)
        w->no_extension = true;
    else if (wrong == PCK_EXPIRED)
        w->pck = past;
    else if (wrong == PCK_NOT_YET)
        w->pck = future;
    else if (wrong == CA_EXPIRED)
        w->ca = past;
    else if (wrong == CA_REVOKED)
        w->root_crl_revokes = INTEL_SERIAL_CA;
    else if (wrong == SIGNER_REVOKED)
        w->root_crl_revokes = INTEL_SERIAL_SIGNER;
    else if (wrong == PCK_REVOKED)
        w->pck_crl_revokes = INTEL_SERIAL_PCK;
    else if (wrong == ROOT_CRL_EXPIRED)
        w->root_crl = past;
    else if (wrong == ROOT_CRL_NOT_YET)
        w->root_crl = future;
    else if (wrong == PCK_CRL_EXPIRED)
        w->pck_crl = past;
    else if (wrong == PCK_CRL_NOT_YET)
        w->pck_crl = future;
    else if (wrong == PCK_CRL_OF_ANOTHER)
        w->pck_crl_issuer = "Intel SGX PCK Processor CA";
}

static void break_collateral(enum wrong wrong, struct intel_world *w)
{
    const struct intel_window past = {INTEL_NOW - 9, INTEL_NOW - 1};
    const struct intel_window future = {INTEL_NOW + 1, INTEL_NOW + 9};

    if (wrong == TCB_EXPIRED)
        w->tcb = past;
    else if (wrong == TCB_NOT_YET)
        w->tcb = future;
    else if (wrong == TCB_FMSPC)
        w->tcb_fmspc = "00112233aabc";
    else if (wrong == TCB_PCE_ID)
        w->tcb_pce_id = "0001";
    else if (wrong == TCB_OF_SGX)
        w->tcb_id = "SGX";
    else if (wrong == SGX_TCB_OF_TDX)
        w->tcb_id = "TDX";
    else if (wrong == TCB_SIGNER_NAME)
        w->signer_name = "Intel SGX PCK Platform CA";
    else if (wrong == QE_IDENTITY_EXPIRED)
        w->qe_window = past;
    else if (wrong == QE_IDENTITY_NOT_YET)
        w->qe_window = future;
}

static void break_level(enum wrong wrong, struct intel_world *w)
{
    if (wrong == LEVEL_NONE_SGX)
        w->components = 0;
    else if (wrong == LEVEL_NONE_PCE)
        w->pce_svn = 4;
    else if (wrong == LEVEL_NONE_TDX)
        w->td.tee_tcb_svn = SLICE_OF(svn_low);
    else if (wrong == STATUS_OUT_OF_DATE)
        w->component_low = 9;
    else if (wrong == STATUS_REVOKED)
        w->pce_svn = 9;
    else if (wrong == STATUS_CONFIGURATION)
        w->levels[0].status = "ConfigurationNeeded";
    else if (wrong == STATUS_OF_MODULE)
        w->modules[0].level.status = "OutOfDate";
    else if (wrong == STATUS_OF_QE)
        w->qe.isv_svn = 5;
    else if (wrong == CURRENT_NONE)
        w->td.tee_tcb_svn2 = SLICE_OF(svn_low);
}

static void test_each_rule(void **state)
{
    (void)state;
    for (enum wrong wrong = 0; wrong < WRONGS; wrong++) {
        struct intel_world w = cases[wrong].world();

        tear_down(state);
        set_up(state);
        break_td(wrong, &w);
        break_module_and_qe(wrong, &w);
        break_signature(wrong, &w);
        break_chain_and_lists(wrong, &w);
        break_collateral(wrong, &w);
        break_level(wrong, &w);
        policy.min_evaluation = wrong == EVALUATION ? 20 : 19;
        run(&w, &policy);
        expect_only(cases[wrong].name, cases[wrong].rule);
    }
}

/* Collateral that is missing is skipped, and under a policy that is not enough. */
static void test_missing_collateral(void **state)
{
    static const char *const parts[] = {"root_crl", "pck_crl", "tcb_info", "qe_identity"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        struct intel_world w = intel_tdx();

        tear_down(state);
        set_up(state);
        w.without = parts[i];
        run(&w, &policy);
        assert_int_equal(a.result.failed, 0);
        assert_int_equal(a.result.skipped, 1);
        assert_int_equal(result_verdict(&a.result), VERDICT_PARTIAL);
    }
}

/* A root that is Intel's in name only. */
static void test_untrusted_root(void **state)
{
    struct intel_world w = intel_tdx();

    (void)state;
    run(&w, NULL);
    assert_int_equal(a.result.err, ERR_UNTRUSTED);
    for (const struct check *c = a.result.first; c != NULL; c = c->next)
        if (c->status == CHECK_FAIL && strstr(c->rule->id, "root") == NULL)
            fail_msg("%s failed", c->rule->id);
}

/* A level that misses one condition must not end the search. */
static void test_level_search(void **state)
{
    struct intel_world w = intel_tdx();

    (void)state;
    /* The highest level by SGX components asks for TDX components that the platform lacks. */
    w.levels[0] = (struct intel_level){5, 11, 9, "UpToDate", "2026-07-01T00:00:00Z", NULL};
    w.levels[1] = (struct intel_level){5, 11, 3, "SWHardeningNeeded", "2026-06-01T00:00:00Z", NULL};
    policy.tcb_accept.words[policy.tcb_accept.count++] = SLICE_LIT("SWHardeningNeeded");
    expect_pass(&w, "SWHardeningNeeded");
    /* In any order of the file. */
    w.levels[2] = w.levels[0];
    w.levels[0] = (struct intel_level){1, 5, 1, "Revoked", "2024-06-01T00:00:00Z", NULL};
    expect_pass(&w, "SWHardeningNeeded");
}

/* The first two TDX components count only for a module without an identity of its own. */
static void test_module_1_0(void **state)
{
    static const uint8_t svn[16] = {3, 0, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
    struct intel_world w = intel_tdx();

    (void)state;
    w.td.tee_tcb_svn = SLICE_OF(svn);
    run(&w, &policy);
    expect_only("TDX 1.0 with component 1 too low", "dcap.tcb.level");
    w.levels[0].tdx = 0;
    w.modules[0].id = NULL;
    expect_pass(&w, "UpToDate");
}

/* What the three components come to, by the table of tcb_status.c. */
static void test_convergence(void **state)
{
    static const struct {
        const char *platform, *component, *result;
    } rows[] = {
        {"UpToDate", "OutOfDate", "OutOfDate"},
        {"SWHardeningNeeded", "OutOfDate", "OutOfDate"},
        {"ConfigurationNeeded", "OutOfDate", "OutOfDateConfigurationNeeded"},
        {"ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded"},
        {"OutOfDateConfigurationNeeded", "OutOfDate", "OutOfDateConfigurationNeeded"},
        {"SWHardeningNeeded", "UpToDate", "SWHardeningNeeded"},
        {"UpToDate", "Revoked", "Revoked"},
        {"Revoked", "OutOfDate", "Revoked"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct intel_world w = intel_tdx();

        tear_down(state);
        set_up(state);
        policy.tcb_accept.words[0] = slice_text(rows[i].result);
        w.levels[0].status = rows[i].platform;
        w.modules[0].level.status = rows[i].component;
        expect_pass(&w, rows[i].result);
        w = intel_tdx();
        w.levels[0].status = rows[i].platform;
        w.qe_levels[0].status = rows[i].component;
        expect_pass(&w, rows[i].result);
    }
}

/* Launched on an old platform that is good by now. */
static void test_relaunch(void **state)
{
    static const uint8_t old[16] = {5, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2};
    struct intel_world w = intel_tdx_v5();

    (void)state;
    w.td.tee_tcb_svn = SLICE_OF(old);
    policy.tcb_accept.words[0] = SLICE_LIT("TDRelaunchAdvised");
    expect_pass(&w, "TDRelaunchAdvised");
    w.levels[1].status = "OutOfDateConfigurationNeeded";
    policy.tcb_accept.words[0] = SLICE_LIT("TDRelaunchAdvisedConfigurationNeeded");
    expect_pass(&w, "TDRelaunchAdvisedConfigurationNeeded");
    w.levels[1].status = "Revoked";
    policy.tcb_accept.words[0] = SLICE_LIT("Revoked");
    expect_pass(&w, "Revoked");
}

/* Dates are inclusive; skew and grace widen them, for collateral only. */
static void test_dates(void **state)
{
    struct intel_world w = intel_tdx();

    (void)state;
    w.now = w.tcb.until;
    expect_pass(&w, "UpToDate");
    w.now = w.tcb.from;
    expect_pass(&w, "UpToDate");
    w.now = w.tcb.until + 60;
    policy.collateral_grace = 60;
    expect_pass(&w, "UpToDate");
    w.now = w.tcb.from - 60;
    policy.clock_skew = 60;
    expect_pass(&w, "UpToDate");
}

/* The PCK certificate may come beside a quote that holds only an encrypted platform id. */
static void test_without_chain(void **state)
{
    struct intel_world w = intel_tdx();

    (void)state;
    w.quote.cert_type = 2;
    run(&w, &policy);
    expect_only("no PCK chain", "dcap.pck.present");
}

/* Running out of memory anywhere is a failure, never a pass. */
static void test_out_of_memory(void **state)
{
    struct intel_world w = intel_tdx();
    size_t passes = 0;

    (void)state;
    intel_build(&w, &arena, &evidence);
    for (size_t max = 0; max < 256 * 1024 && passes < 3; max += max < 80 * 1024 ? 4096 : 1024) {
        struct arena small;

        arena_init(&small, max);
        a = (struct appraisal){
            .evidence = &evidence, .policy = &policy, .now = w.now, .arena = &small};
        appraise(&a);
        passes += result_verdict(&a.result) == VERDICT_VERIFIED;
        arena_fini(&small);
    }
    assert_int_equal(passes, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_missing_collateral, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_untrusted_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_level_search, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_module_1_0, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_convergence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_relaunch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_chain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_out_of_memory, set_up, tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    kit_keys_free();
    return failed;
}
