/*
 * NVIDIA's rules, one broken at a time in a world that is otherwise whole and signed anew: the rule
 * that should notice must be the only one to fail.
 */
#include "attest/nvgpu.h"

#include "attest/kit_check_test.h"
#include "attest/kit_nvidia_test.h"
#include "base/test.h"

enum { ARENA_MAX = 16 * 1024 * 1024 };

static struct arena arena;
static struct policy policy;
static struct evidence evidence;
static struct appraisal a;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_MAX);
    policy_init(&policy);
    kit_trust(&policy, "nvidia-device", nv_root_key());
    kit_trust(&policy, "nvidia-rim", nv_rim_root_key());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void run(const struct nv_world *w, const struct policy *p)
{
    nv_build(w, &arena, &evidence);
    a = (struct appraisal){.evidence = &evidence,
                           .policy = p,
                           .now = w->now,
                           .nonce = nv_nonce(&arena),
                           .arena = &arena};
    appraise(&a);
}

static void expect_only(const char *name, const char *rule)
{
    kit_expect_only(&a.result, name, rule);
}

static void expect_pass(const struct nv_world *w)
{
    run(w, &policy);
    kit_expect_pass(&a.result);
    assert_int_equal(a.result.skipped, 0);
}

static void test_good(void **state)
{
    struct nv_world w = nv_hopper();
    struct slice text;

    (void)state;
    expect_pass(&w);
    assert_true(claims_get_text(&a.result.claims, "driver_rim.signature", &text));
    assert_true(slice_eq_text(text, "valid"));
    assert_true(claims_get_text(&a.result.claims, "hwmodel", &text));
    assert_true(slice_eq_text(text, "GH100 A01 GSP BROM"));
    assert_true(claims_get_text(&a.result.claims, "ueid", &text));
    assert_true(slice_eq_text(text, "257")); /* serial 0101 */
    w.fwid_tcb_info = true;
    expect_pass(&w);
    w.no_fwid = w.no_dice = true; /* early firmware */
    expect_pass(&w);
    for (size_t i = 0; i < NV_OCSP_MAX; i++)
        w.ocsp[i].by_issuer = true;
    expect_pass(&w);
}

/* Index 35 is the video decoder's: it counts only where that is on. */
static void test_video_decoder(void **state)
{
    struct nv_world w = nv_hopper();

    (void)state;
    w.rims[0].wrong = 35;
    expect_pass(&w);
    w.nvdec0 = 0xaa;
    run(&w, &policy);
    expect_only("decoder on, index 35 wrong", "nvgpu.measurements");
}

/* What may be wrong, in the order of the table below. */
enum wrong {
    NONCE,
    KIND,
    CHIP,
    DEVICE_ROOT_GIVEN,
    RIM_ROOT_GIVEN,
    FWID,
    FWID_NOT_IN_LEAF,
    SIGNATURE_REPORT,
    SIGNATURE_LEAF,
    SIGNATURE_BROM,
    SIGNATURE_DRIVER,
    SIGNATURE_VBIOS,
    CHAIN_EXPIRED,
    CHAIN_MISSING,
    DRIVER_ALTERED,
    VBIOS_ALTERED,
    DRIVER_VERSION,
    VBIOS_VERSION,
    DRIVER_PRODUCT,
    VBIOS_PRODUCT,
    DRIVER_EXPIRED,
    VBIOS_EXPIRED,
    DRIVER_VALUE,
    VBIOS_VALUE,
    NOT_MEASURED,
    CONFLICT,
    DECODER_STATE,
    OCSP_MISSING_DEVICE,
    OCSP_MISSING_RIM,
    OCSP_REVOKED,
    OCSP_HOLD,
    OCSP_REVOKED_RIM,
    OCSP_UNKNOWN,
    OCSP_EXPIRED,
    OCSP_NOT_YET,
    OCSP_NO_NEXT,
    OCSP_SIGNATURE,
    OCSP_SIGNATURE_ISSUER,
    OCSP_RESPONDER_SIGNATURE,
    OCSP_RESPONDER_PURPOSE,
    OCSP_RESPONDER_EXPIRED,
    WRONGS
};

static const struct {
    const char *name, *rule;
} cases[WRONGS] = {
    [NONCE] = {"another nonce", "nvgpu.nonce"},
    [KIND] = {"another kind", "nvgpu.kind"},
    [CHIP] = {"unknown chip", "nvgpu.kind"},
    [DEVICE_ROOT_GIVEN] = {"another device root beside it", "nvgpu.root"},
    [RIM_ROOT_GIVEN] = {"another manifest root beside it", "nvgpu.driver-rim.given-root"},
    [FWID] = {"leaf for other firmware", "nvgpu.fwid"},
    [FWID_NOT_IN_LEAF] = {"leaf without FWID", "nvgpu.fwid"},
    [SIGNATURE_REPORT] = {"report by another key", "nvgpu.signature"},
    [SIGNATURE_LEAF] = {"leaf by another key", "nvgpu.chain.signature"},
    [SIGNATURE_BROM] = {"BROM by another key", "nvgpu.chain.signature"},
    [SIGNATURE_DRIVER] = {"driver manifest by another key", "nvgpu.driver-rim.signature"},
    [SIGNATURE_VBIOS] = {"VBIOS manifest by another key", "nvgpu.vbios-rim.signature"},
    [CHAIN_EXPIRED] = {"device chain expired", "nvgpu.chain.validity"},
    [CHAIN_MISSING] = {"no device chain", "nvgpu.chain.present"},
    [DRIVER_ALTERED] = {"driver manifest altered", "nvgpu.driver-rim.digest"},
    [VBIOS_ALTERED] = {"VBIOS manifest altered", "nvgpu.vbios-rim.digest"},
    [DRIVER_VERSION] = {"manifest of another driver", "nvgpu.driver-rim.version"},
    [VBIOS_VERSION] = {"manifest of another VBIOS", "nvgpu.vbios-rim.version"},
    [DRIVER_PRODUCT] = {"driver manifest of another chip", "nvgpu.driver-rim.product"},
    [VBIOS_PRODUCT] = {"VBIOS manifest of another chip", "nvgpu.vbios-rim.product"},
    [DRIVER_EXPIRED] = {"driver manifest chain expired", "nvgpu.driver-rim.validity"},
    [VBIOS_EXPIRED] = {"VBIOS manifest chain expired", "nvgpu.vbios-rim.validity"},
    [DRIVER_VALUE] = {"driver measured differently", "nvgpu.measurements"},
    [VBIOS_VALUE] = {"VBIOS measured differently", "nvgpu.measurements"},
    [NOT_MEASURED] = {"an index that was not measured", "nvgpu.measurements"},
    [CONFLICT] = {"an index in both manifests", "nvgpu.rim.conflict"},
    [DECODER_STATE] = {"unknown decoder state", "nvgpu.rim.nvdec0"},
    [OCSP_MISSING_DEVICE] = {"no answer for a device CA", "nvgpu.ocsp.complete"},
    [OCSP_MISSING_RIM] = {"no answer for a manifest signer", "nvgpu.ocsp.complete"},
    [OCSP_REVOKED] = {"device revoked", "nvgpu.ocsp.status"},
    [OCSP_HOLD] = {"device on hold", "nvgpu.ocsp.status"},
    [OCSP_REVOKED_RIM] = {"manifest signer revoked", "nvgpu.ocsp.status"},
    [OCSP_UNKNOWN] = {"status unknown", "nvgpu.ocsp.status"},
    [OCSP_EXPIRED] = {"answer expired", "nvgpu.ocsp.current"},
    [OCSP_NOT_YET] = {"answer of tomorrow", "nvgpu.ocsp.current"},
    [OCSP_NO_NEXT] = {"answer for ever", "nvgpu.ocsp.current"},
    [OCSP_SIGNATURE] = {"answer by another key", "nvgpu.ocsp.signature"},
    [OCSP_SIGNATURE_ISSUER] = {"issuer's answer by another key", "nvgpu.ocsp.signature"},
    [OCSP_RESPONDER_SIGNATURE] = {"responder by another key", "nvgpu.ocsp.responder"},
    [OCSP_RESPONDER_PURPOSE] = {"responder for another purpose", "nvgpu.ocsp.responder"},
    [OCSP_RESPONDER_EXPIRED] = {"responder expired", "nvgpu.ocsp.responder"},
};

static void break_device(enum wrong wrong, struct nv_world *w)
{
    const struct nv_window past = {NV_NOW - 9, NV_NOW - 1};

    if (wrong == NONCE)
        w->nonce = kit_fill(&arena, 0x40, 32);
    else if (wrong == KIND)
        w->kind = "nvidia-blackwell";
    else if (wrong == CHIP)
        w->chip = "GX999";
    else if (wrong == DEVICE_ROOT_GIVEN)
        w->given_root = "device_root";
    else if (wrong == RIM_ROOT_GIVEN)
        w->given_root = "rim_root";
    else if (wrong == FWID)
        w->fwid_wrong = true;
    else if (wrong == FWID_NOT_IN_LEAF)
        w->no_dice = true;
    else if (wrong == SIGNATURE_REPORT)
        w->report_signer = nv_stranger_key();
    else if (wrong == SIGNATURE_LEAF)
        w->link_signer[0] = nv_stranger_key();
    else if (wrong == SIGNATURE_BROM)
        w->link_signer[1] = nv_stranger_key();
    else if (wrong == CHAIN_EXPIRED)
        w->chain = past;
    else if (wrong == CHAIN_MISSING)
        w->without = "chain";
    else if (wrong == DECODER_STATE)
        w->nvdec0 = 0x54;
    if (wrong == CHIP)
        w->rims[0].product = w->rims[1].product = "GX999";
    if (wrong == RIM_ROOT_GIVEN)
        w->rims[1].absent = true;
}

static void break_rim(enum wrong wrong, struct nv_world *w)
{
    const struct nv_window past = {NV_NOW - 9, NV_NOW - 1};
    bool driver = wrong == SIGNATURE_DRIVER || wrong == DRIVER_ALTERED || wrong == DRIVER_VERSION ||
                  wrong == DRIVER_PRODUCT || wrong == DRIVER_EXPIRED || wrong == DRIVER_VALUE;
    struct nv_rim *m = &w->rims[driver ? 0 : 1];

    if (wrong == SIGNATURE_DRIVER || wrong == SIGNATURE_VBIOS)
        m->signer = nv_stranger_key();
    else if (wrong == DRIVER_ALTERED || wrong == VBIOS_ALTERED)
        m->altered = true;
    else if (wrong == DRIVER_VERSION || wrong == VBIOS_VERSION)
        m->version = "1.2.3";
    else if (wrong == DRIVER_PRODUCT || wrong == VBIOS_PRODUCT)
        m->product = "GB100";
    else if (wrong == DRIVER_EXPIRED || wrong == VBIOS_EXPIRED)
        m->window = past;
    else if (wrong == DRIVER_VALUE)
        m->wrong = 21;
    else if (wrong == VBIOS_VALUE)
        m->wrong = 9;
    else if (wrong == CONFLICT)
        m->last = 20;
}

static void break_ocsp(enum wrong wrong, struct nv_world *w)
{
    const struct nv_window past = {NV_NOW - 9, NV_NOW - 1}, future = {NV_NOW + 1, NV_NOW + 9};
    bool of_rim = wrong == OCSP_REVOKED_RIM || wrong == OCSP_MISSING_RIM;
    struct nv_ocsp *o = &w->ocsp[of_rim ? 3 : 1];

    if (wrong == OCSP_MISSING_DEVICE || wrong == OCSP_MISSING_RIM)
        o->absent = true;
    else if (wrong == OCSP_REVOKED || wrong == OCSP_REVOKED_RIM || wrong == OCSP_HOLD)
        o->revoked = true;
    else if (wrong == OCSP_UNKNOWN)
        o->unknown = true;
    else if (wrong == OCSP_EXPIRED)
        o->window = past;
    else if (wrong == OCSP_NOT_YET)
        o->window = future;
    else if (wrong == OCSP_NO_NEXT)
        o->no_next = true;
    else if (wrong == OCSP_SIGNATURE || wrong == OCSP_SIGNATURE_ISSUER)
        o->signer = nv_stranger_key();
    else if (wrong == OCSP_RESPONDER_SIGNATURE)
        o->responder_signer = nv_stranger_key();
    else if (wrong == OCSP_RESPONDER_PURPOSE)
        o->wrong_purpose = true;
    else if (wrong == OCSP_RESPONDER_EXPIRED)
        o->responder = past;
    o->by_issuer = wrong == OCSP_SIGNATURE_ISSUER;
    if (wrong == OCSP_HOLD)
        o->reason = 6;
}

static void test_each_rule(void **state)
{
    for (enum wrong wrong = 0; wrong < WRONGS; wrong++) {
        struct nv_world w = nv_hopper();

        tear_down(state);
        set_up(state);
        break_device(wrong, &w);
        break_rim(wrong, &w);
        break_ocsp(wrong, &w);
        if (wrong == NOT_MEASURED)
            w.rims[0].last = NV_MEASUREMENTS; /* measured up to one before it */
        run(&w, &policy);
        expect_only(cases[wrong].name, cases[wrong].rule);
    }
}

static void test_hold_tolerated(void **state)
{
    struct nv_world w = nv_hopper();

    (void)state;
    w.ocsp[1].revoked = true;
    w.ocsp[1].reason = 6;
    policy.allow_ocsp_hold = true;
    expect_pass(&w);
    w.ocsp[1].reason = 1; /* key compromise is no hold */
    run(&w, &policy);
    expect_only("revoked for good", "nvgpu.ocsp.status");
}

static void test_without_ocsp(void **state)
{
    struct nv_world w = nv_hopper();

    (void)state;
    for (size_t i = 0; i < NV_OCSP_MAX; i++)
        w.ocsp[i].absent = true;
    run(&w, &policy);
    expect_only("no answers", "nvgpu.ocsp.complete");
    policy.require_ocsp = false;
    expect_pass(&w);
}

/* Without manifests nothing is known about the firmware: not enough under a policy. */
static void test_without_manifests(void **state)
{
    struct nv_world w = nv_hopper();

    (void)state;
    w.rims[0].absent = true;
    run(&w, &policy);
    assert_int_equal(a.result.failed, 0);
    assert_int_equal(result_verdict(&a.result), VERDICT_PARTIAL);
}

static void test_untrusted_roots(void **state)
{
    struct nv_world w = nv_hopper();

    (void)state;
    run(&w, NULL);
    assert_int_equal(a.result.err, ERR_UNTRUSTED);
    for (const struct check *c = a.result.first; c != NULL; c = c->next)
        if (c->status == CHECK_FAIL && strstr(c->rule->id, ".root") == NULL)
            fail_msg("%s failed", c->rule->id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_video_decoder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hold_tolerated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_ocsp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_manifests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_untrusted_roots, set_up, tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    kit_keys_free();
    return failed;
}
