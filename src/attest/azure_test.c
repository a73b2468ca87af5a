/*
 * Azure's chain of evidence made from scratch: hardware report, runtime claims, vTPM quote. Each
 * rule is broken by itself; the hardware's own rules have their own tests.
 */
#include "attest/azure.h"

#include "attest/kit_amd_test.h"
#include "attest/kit_check_test.h"
#include "attest/kit_intel_test.h"
#include "attest/tpm.h"
#include "base/b64.h"
#include "base/test.h"
#include "crypto/hash.h"

enum {
    ARENA_MAX = 16 * 1024 * 1024,
    HCL_ROOM = 4096,
    AK = 2,
    STRANGER = 3,
    PCRS_SIZE = TPM_PCR_COUNT * 32,
};

/* What a test may change. */
struct world {
    bool tdx, alone;
    bool claims_altered; /* after they were bound */
    bool tail_set;       /* report data after the hash is not zero */
    bool td_report_differs;
    bool no_ak, two_aks;
    const struct kit_key *quote_signer, *certificate_key; /* NULL: the attestation key */
    bool certificate, certificate_expired;
    uint8_t pcr_altered;
    struct slice nonce;
    const char *kind;
};

static struct arena arena;
static struct policy policy;
static struct evidence evidence;
static struct appraisal a;

static void accept(const char *tee, const char *path, uint8_t fill)
{
    struct policy_measure m = {
        .name = SLICE_INIT("vm"), .tee = slice_text(tee), .until = INT64_MAX, .count = 1};

    m.fields[0] = (struct policy_field){slice_text(path), kit_fill(&arena, fill, 48)};
    assert_int_equal(policy_add_measure(&policy, &arena, &m), OK);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_MAX);
    policy_init(&policy);
    kit_trust(&policy, "amd-milan", amd_root_key());
    kit_trust(&policy, "intel", intel_root_key());
    accept("azure-snp", "snp.measurement", 0x35);
    accept("azure-tdx", "tdx.mr_td", 0x07);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct world good_world(bool tdx)
{
    return (struct world){.tdx = tdx,
                          .nonce = SLICE_INIT("0123456789abcdef0123456789abcdef"),
                          .kind = tdx ? "azure-tdx-vtpm" : "azure-snp-vtpm"};
}

static const struct kit_key *ak(void)
{
    return kit_key(KIT_RSA, AK);
}

static struct slice kept(struct buf *text)
{
    struct slice copy = {NULL, 0};

    assert_int_equal(buf_ok(text), OK);
    assert_int_equal(arena_copy(&arena, buf_slice(text), &copy), OK);
    buf_fini(text);
    return copy;
}

static void put_key(struct buf *out, const char *kid)
{
    buf_printf(out, "{\"kid\":\"%s\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"", kid);
    b64url_put(out, ak()->raw);
    buf_put_text(out, "\"}");
}

static struct slice runtime_claims(const struct world *w)
{
    struct buf text;

    buf_init(&text, HCL_ROOM);
    buf_put_text(&text, "{\"keys\":[");
    put_key(&text, w->no_ak ? "HCLEkPub" : "HCLAkPub");
    if (w->two_aks) {
        buf_put_u8(&text, ',');
        put_key(&text, "HCLAkPub");
    }
    buf_put_text(&text, "],\"vm-configuration\":{\"secure-boot\":true,\"level\":3,\"id\":\"x\"},"
                        "\"user-data\":\"00\"}");
    return kept(&text);
}

static struct slice bound_data(const struct world *w, struct slice claims)
{
    uint8_t *data = kit_copy(&arena, kit_fill(&arena, 0, 64));

    hash_once(HASH_SHA256, claims, data);
    data[63] = w->tail_set;
    return slice_make(data, 64);
}

static struct slice td_report(const struct world *w, struct slice bound)
{
    uint8_t *report = kit_copy(&arena, kit_fill(&arena, 0, 1184));

    memcpy(report + 0x80, bound.ptr, 64);
    report[0x80] ^= w->td_report_differs;
    return slice_make(report, 1184);
}

static struct slice hcl(const struct world *w, struct slice hardware, struct slice claims)
{
    uint8_t *room = arena_new(&arena, HCL_ROOM);
    struct wr out = wr_init(room, HCL_ROOM);
    struct slice done;

    wr_slice(&out, SLICE_LIT("HCLA"));
    wr_u32le(&out, 2);
    wr_zero(&out, 4 + 4 + 4 + 12);
    wr_slice(&out, hardware);
    wr_u32le(&out, (uint32_t)claims.len + 20);
    wr_u32le(&out, 1);
    wr_u32le(&out, w->tdx ? 4 : 2);
    wr_u32le(&out, 1);
    wr_u32le(&out, (uint32_t)claims.len);
    wr_slice(&out, claims);
    wr_zero(&out, 100);
    assert_int_equal(wr_end(&out, &done), OK);
    if (w->claims_altered)
        room[0x4d4 + claims.len - 3] ^= 1; /* in user-data */
    return done;
}

static struct slice pcrs(void)
{
    uint8_t *values = kit_copy(&arena, kit_fill(&arena, 0, PCRS_SIZE));

    for (size_t i = 0; i < PCRS_SIZE; i++)
        values[i] = (uint8_t)(i / 32);
    return slice_make(values, PCRS_SIZE);
}

static struct slice tpm_quote(const struct world *w, struct slice values)
{
    uint8_t digest[32];
    uint8_t *room = arena_new(&arena, 512);
    struct wr out = wr_init(room, 512);
    struct slice done;

    hash_once(HASH_SHA256, values, digest);
    wr_u32be(&out, 0xff544347);
    wr_u16be(&out, 0x8018);
    wr_u16be(&out, 0);
    wr_u16be(&out, (uint16_t)w->nonce.len);
    wr_slice(&out, w->nonce);
    wr_zero(&out, 8 + 4 + 4 + 1 + 8);
    wr_u32be(&out, 1);
    wr_u16be(&out, TPM_ALG_SHA256);
    wr_u8(&out, 3);
    wr_slice(&out, SLICE_LIT("\xff\xff\xff"));
    wr_u16be(&out, 32);
    wr_slice(&out, SLICE_OF(digest));
    assert_int_equal(wr_end(&out, &done), OK);
    return done;
}

static void add(const char *name, struct slice bytes)
{
    assert_int_equal(evidence_add(&evidence, slice_text(name), bytes), OK);
}

static void add_vtpm(const struct world *w)
{
    struct slice values = pcrs(), message = tpm_quote(w, values);
    uint8_t *given = kit_copy(&arena, values);

    given[5] ^= w->pcr_altered;
    add("tpm_msg", message);
    add("tpm_sig",
        kit_sign_pkcs1(&arena, w->quote_signer != NULL ? w->quote_signer : ak(), message));
    add("pcrs", slice_make(given, PCRS_SIZE));
}

/* The key's certificate as tools copy it from NV: with zeros behind it. */
static void add_certificate(const struct world *w)
{
    const struct kit_cert c = {.subject = "vm",
                               .issuer = "Some Virtual TPM CA",
                               .key = w->certificate_key != NULL ? w->certificate_key : ak(),
                               .signer = kit_key(KIT_RSA, STRANGER),
                               .serial = 9,
                               .from = AMD_NOW - 100,
                               .until = AMD_NOW + (w->certificate_expired ? -1 : 100)};
    struct slice der = kit_cert(&arena, &c);
    uint8_t *padded = kit_copy(&arena, kit_fill(&arena, 0, der.len + 64));
    struct slice block;

    memcpy(padded, der.ptr, der.len);
    block = slice_make(padded, der.len + 64);
    add("ak_chain", kit_pem(&arena, &block, 1));
}

static void build_snp(const struct world *w, struct slice claims, struct slice bound)
{
    struct amd_world amd = amd_milan();

    amd.report.report_data = bound;
    evidence_init(&evidence, slice_text(w->kind));
    add("hcl", hcl(w, amd_report(&amd, &arena), claims));
    amd_add_chain(&amd, &arena, &evidence);
}

static void build_tdx(const struct world *w, struct slice claims, struct slice bound)
{
    struct intel_world intel = intel_tdx();

    intel.td.report_data = bound;
    intel_build(&intel, &arena, &evidence);
    evidence.kind = slice_text(w->kind);
    add("hcl", hcl(w, td_report(w, bound), claims));
}

static void run(const struct world *w)
{
    struct slice claims = runtime_claims(w), bound = bound_data(w, claims);

    if (w->tdx)
        build_tdx(w, claims, bound);
    else
        build_snp(w, claims, bound);
    add_vtpm(w);
    if (w->certificate)
        add_certificate(w);
    a = (struct appraisal){.evidence = &evidence,
                           .policy = w->alone ? NULL : &policy,
                           .now = AMD_NOW,
                           .nonce = SLICE_LIT("0123456789abcdef0123456789abcdef"),
                           .report_data = SLICE_LIT("0123456789abcdef0123456789abcdef"),
                           .arena = &arena};
    if (w->alone)
        a.nonce = a.report_data = (struct slice){NULL, 0};
    appraise(&a);
}

static void test_good(void **state)
{
    struct world w;
    bool yes = false;
    struct slice text;
    int64_t number;

    (void)state;
    for (int tdx = 0; tdx < 2; tdx++) {
        w = good_world(tdx != 0);
        w.certificate = true;
        run(&w);
        kit_expect_pass(&a.result);
        assert_true(claims_get_bool(&a.result.claims, "hcl.vm_configuration.secure-boot", &yes));
        assert_true(yes);
        assert_true(claims_get_int(&a.result.claims, "hcl.vm_configuration.level", &number));
        assert_true(claims_get_text(&a.result.claims, "hcl.vm_configuration.id", &text));
        assert_true(claims_get_hex(&a.result.claims, "tpm.pcrs.23", &text));
        assert_int_equal(text.ptr[0], 23);
        assert_int_equal(a.result.aci[ACI_TEE_ATTESTED].status, ACI_ASSERTED);
    }
}

static void test_alone(void **state)
{
    struct world w;

    (void)state;
    for (int tdx = 0; tdx < 2; tdx++) {
        w = good_world(tdx != 0);
        w.alone = true;
        w.kind = "azure-hcl-only";
        run(&w);
        kit_expect_pass(&a.result);
        assert_int_equal(a.result.aci[ACI_TEE_ATTESTED].status, ACI_UNKNOWN);
        w.tail_set = true;
        run(&w);
        kit_expect_only(&a.result, "alone, tail set", "hcl.binding");
    }
}

static void test_each_rule(void **state)
{
    static const struct {
        const char *name, *rule;
    } cases[] = {
        {"claims altered", "hcl.binding"},
        {"bytes after the hash", "hcl.binding"},
        {"no attestation key", "hcl.runtime-claims"},
        {"two attestation keys", "hcl.runtime-claims"},
        {"quote by another key", "tpm.signature"},
        {"register altered", "tpm.pcrs"},
        {"another's certificate", "azure.ak.certificate"},
        {"certificate expired", "azure.ak.validity"},
        {"another kind", "hcl.type"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (int tdx = 0; tdx < 2; tdx++) {
            struct world w;

            tear_down(state);
            set_up(state);
            w = good_world(tdx != 0);
            w.claims_altered = i == 0;
            w.tail_set = i == 1;
            w.no_ak = i == 2;
            w.two_aks = i == 3;
            w.quote_signer = i == 4 ? kit_key(KIT_RSA, STRANGER) : NULL;
            w.pcr_altered = i == 5;
            w.certificate = i == 6 || i == 7;
            w.certificate_key = i == 6 ? kit_key(KIT_RSA, STRANGER) : NULL;
            w.certificate_expired = i == 7;
            if (i == 8)
                w.kind = tdx != 0 ? "azure-snp-vtpm" : "azure-tdx-vtpm";
            run(&w);
            /* A kind that does not fit ends it: what follows from that is not of interest. */
            if (i == 2 || i == 3 || i == 8) {
                const struct check *c = a.result.first;

                while (c != NULL && c->status != CHECK_FAIL)
                    c = c->next;
                assert_non_null(c);
                assert_string_equal(c->rule->id, cases[i].rule);
            } else {
                kit_expect_only(&a.result, cases[i].name, cases[i].rule);
            }
        }
}

static void test_nonce(void **state)
{
    struct world w = good_world(false);

    (void)state;
    w.nonce = SLICE_LIT("0123456789abcdef0123456789abcdeF");
    run(&w);
    assert_int_equal(result_verdict(&a.result), VERDICT_NOT_VERIFIED);
    for (const struct check *c = a.result.first; c != NULL; c = c->next)
        if (c->status == CHECK_FAIL && strcmp(c->rule->id, "tpm.nonce") != 0 &&
            strcmp(c->rule->id, "evidence.report_data") != 0)
            fail_msg("%s failed", c->rule->id);
}

static void test_td_report(void **state)
{
    struct world w = good_world(true);

    (void)state;
    w.td_report_differs = true;
    run(&w);
    kit_expect_only(&a.result, "TDREPORT of another TD", "hcl.td-report");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nonce, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_td_report, set_up, tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    kit_keys_free();
    return failed;
}
