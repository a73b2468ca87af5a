#include "attest/attestation.h"

#include "attest/sim.h"
#include "base/hex.h"
#include "base/test.h"
#include "codec/cbor.h"
#include "codec/x509_wr.h"

enum { NOW = 1748736000 }; /* 2025-06-01, when the real GPU evidence below is in force */

static struct arena arena;
static struct ed25519_key root;
static struct policy policy;
static struct fail fail;
static uint8_t evidence[SIM_EVIDENCE_LEN], report_data[64] = {0x52};

static int set_up(void **state)
{
    struct secret32 seed = {{7}};
    struct sim_evidence e = {.issued = NOW};
    struct policy_measure m = {.tee = SLICE_LIT("sim"), .until = INT64_MAX, .count = 1};

    (void)state;
    arena_init(&arena, 1 << 25);
    ed25519_from_seed(&root, &seed);
    memcpy(e.report_data, report_data, 64);
    sim_make(&e, &root, evidence);
    policy_init(&policy);
    policy.sim_allowed = true;
    memcpy(policy.sim_root, root.public.bytes, 32);
    m.fields[0] =
        (struct policy_field){SLICE_LIT("measurement"), slice_sub(SLICE_OF(evidence), 16, 48)};
    return policy_add_measure(&policy, &arena, &m);
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* An attestation of `count` items, all of them this simulated CPU. */
static struct attestation make(size_t count)
{
    struct attestation a = {.keyset = SLICE_LIT("{}"), .count = count};

    a.items = ARENA_ARRAY(&arena, count, struct evidence);
    for (size_t i = 0; i < count; i++) {
        evidence_init(&a.items[i], SLICE_LIT("sim"));
        assert_int_equal(evidence_add(&a.items[i], SLICE_LIT("evidence"), SLICE_OF(evidence)), OK);
    }
    return a;
}

static void test_round_trip(void **state)
{
    struct attestation a = make(2), b;
    struct slice part;
    struct buf out;

    (void)state;
    assert_int_equal(evidence_add(&a.items[1], SLICE_LIT("b"), SLICE_LIT("2")), OK);
    assert_int_equal(evidence_add(&a.items[1], SLICE_LIT("a"), SLICE_LIT("1")), OK);
    assert_int_equal(evidence_add(&a.items[1], SLICE_LIT("a"), SLICE_LIT("1")), ERR_DUPLICATE);
    evidence_sort(&a.items[1]);
    buf_init(&out, ATTESTATION_MAX);
    assert_int_equal(attestation_put(&out, &a), OK);
    assert_int_equal(cbor_check(buf_slice(&out), CBOR_SORTED, &fail), OK);
    assert_int_equal(attestation_read(buf_slice(&out), &arena, &b, &fail), OK);
    assert_true(slice_eq(b.keyset, a.keyset));
    assert_int_equal(b.count, 2);
    assert_true(evidence_find(&b.items[1], "b", &part) && slice_eq_text(part, "2"));
    assert_true(evidence_find(&b.items[0], "evidence", &part));
    assert_true(slice_eq(part, SLICE_OF(evidence)));

    for (size_t n = 0; n < out.len; n++)
        assert_int_not_equal(attestation_read(slice_make(out.ptr, n), &arena, &b, &fail), OK);
    buf_fini(&out);
}

static void test_refused(void **state)
{
    static const struct {
        const char *name;
        struct slice bytes;
        cocoon_err err;
    } cases[] = {
        {"version 2", SLICE_INIT("\x83\x02\x40\x81\x82\x61x\xa0"), ERR_VERSION},
        {"no items", SLICE_INIT("\x83\x01\x40\x80"), ERR_MISSING},
        {"two elements", SLICE_INIT("\x82\x01\x40"), ERR_MALFORMED},
        {"item of three", SLICE_INIT("\x83\x01\x40\x81\x83\x61x\xa0\x01"), ERR_MALFORMED},
        {"unsorted parts", SLICE_INIT("\x83\x01\x40\x81\x82\x61x\xa2\x61\x62\x40\x61\x61\x40"),
         ERR_NONCANONICAL},
        {"a part twice", SLICE_INIT("\x83\x01\x40\x81\x82\x61x\xa2\x61\x61\x40\x61\x61\x40"),
         ERR_NONCANONICAL},
        {"good", SLICE_INIT("\x83\x01\x40\x81\x82\x61x\xa2\x61\x61\x40\x61\x62\x40"), OK},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct attestation a;
        cocoon_err err = attestation_read(cases[i].bytes, &arena, &a, &fail);

        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].name, cocoon_err_name(err));
    }
}

/* More items, parts or bytes than any machine has. */
static void test_limits(void **state)
{
    struct attestation a;
    struct buf out;

    (void)state;
    buf_init(&out, 2 * ATTESTATION_MAX);
    buf_put(&out, SLICE_LIT("\x83\x01\x40\x91"));
    for (int i = 0; i < 17; i++)
        buf_put(&out, SLICE_LIT("\x82\x61x\xa0"));
    assert_int_equal(attestation_read(buf_slice(&out), &arena, &a, &fail), ERR_LIMIT);
    buf_clear(&out);
    buf_put(&out, SLICE_LIT("\x83\x01\x40\x81\x82\x61x\xb8\x41"));
    for (int i = 0; i < 65; i++) {
        buf_put_u8(&out, 0x61);
        buf_put_u8(&out, (uint8_t)(0x20 + i));
        buf_put_u8(&out, 0x40);
    }
    assert_int_equal(attestation_read(buf_slice(&out), &arena, &a, &fail), ERR_LIMIT);
    buf_clear(&out);
    buf_put(&out, SLICE_LIT("\x83\x01\x5a\x00\x18\x00\x00"));
    memset(buf_extend(&out, 0x180000), 0, 0x180000);
    buf_put(&out, SLICE_LIT("\x81\x82\x61x\xa0"));
    assert_int_equal(attestation_read(buf_slice(&out), &arena, &a, &fail), ERR_LIMIT);
    buf_fini(&out);
}

static cocoon_err ask(const struct attestation *a, struct attestation_answer *answer)
{
    struct attestation_question q = {
        .policy = &policy, .now = NOW, .report_data = slice_make(report_data, 32), .arena = &arena};

    return attestation_appraise(a, &q, answer);
}

static void test_appraisal(void **state)
{
    struct attestation a = make(1);
    struct attestation_answer answer;

    (void)state;
    assert_int_equal(ask(&a, &answer), OK);
    assert_true(answer.simulated);
    assert_int_equal(answer.valid_until, NOW + 86400);
    policy.required[ACI_TEE_ATTESTED] = true;
    assert_int_equal(ask(&a, &answer), OK);
    policy.required[ACI_GPU_ATTESTED] = true;
    assert_int_equal(ask(&a, &answer), ERR_POLICY);
    policy.required[ACI_GPU_ATTESTED] = false;
    report_data[0] ^= 1;
    assert_int_equal(ask(&a, &answer), ERR_MISMATCH);
    report_data[0] ^= 1;
    a.items[0].kind = SLICE_LIT("nvidia-abacus"); /* a GPU cannot stand first */
    assert_int_not_equal(ask(&a, &answer), OK);
}

/* A second CPU is no GPU. */
static void test_two_cpus(void **state)
{
    struct attestation a = make(2);
    struct attestation_answer answer;

    (void)state;
    assert_int_equal(ask(&a, &answer), ERR_DUPLICATE);
}

/* --- GPUs made of their certificates alone: refused as evidence, but told apart --- */

/* A GPU whose chip's key is `n`. */
static void make_bare_gpu(struct evidence *e, uint8_t n)
{
    uint8_t spki[44] = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", room[1024],
            sig[64] = {0};
    struct slice tbs, der, text;
    uint8_t name_room[64], tbs_room[512];
    struct wr name = wr_init(name_room, sizeof name_room), w = wr_init(tbs_room, sizeof tbs_room);
    struct x509_template t = {.sig = X509_ED25519, .serial = SLICE_LIT("\x01")};
    struct buf pem;

    spki[12] = n;
    x509_put_name(&name, SLICE_LIT("x"));
    assert_int_equal(wr_end(&name, &t.issuer), OK);
    t.subject = t.issuer;
    t.spki = SLICE_OF(spki);
    x509_put_tbs(&w, &t);
    assert_int_equal(wr_end(&w, &tbs), OK);
    w = wr_init(room, sizeof room);
    x509_put_signed(&w, tbs, X509_ED25519, SLICE_OF(sig));
    assert_int_equal(wr_end(&w, &der), OK);
    buf_init(&pem, 1 << 16);
    pem_put(&pem, "CERTIFICATE", der);
    pem_put(&pem, "CERTIFICATE", der);
    assert_int_equal(arena_copy(&arena, buf_slice(&pem), &text), OK);
    buf_fini(&pem);
    evidence_init(e, SLICE_LIT("nvidia-hopper"));
    assert_int_equal(evidence_add(e, SLICE_LIT("chain"), text), OK);
}

/* How the rule `id` went in `r`; CHECK_INFO when it was not asked. */
static enum check_status status_of(const struct result *r, const char *id)
{
    for (const struct check *c = r->first; c != NULL; c = c->next)
        if (strcmp(c->rule->id, id) == 0)
            return c->status;
    return CHECK_INFO;
}

static void test_one_chip_once(void **state)
{
    struct attestation a = make(5);
    struct attestation_answer answer;

    (void)state;
    make_bare_gpu(&a.items[1], 1);
    make_bare_gpu(&a.items[2], 2);
    make_bare_gpu(&a.items[3], 1);
    evidence_init(&a.items[4], SLICE_LIT("nvidia-hopper")); /* no chain: nobody knows */
    assert_int_not_equal(ask(&a, &answer), OK);
    assert_int_equal(status_of(answer.results[1], "attestation.twice"), CHECK_PASS);
    assert_int_equal(status_of(answer.results[2], "attestation.twice"), CHECK_PASS);
    assert_int_equal(status_of(answer.results[3], "attestation.twice"), CHECK_FAIL);
    assert_int_equal(status_of(answer.results[4], "attestation.twice"), CHECK_FAIL);
    assert_int_equal(status_of(answer.results[1], "attestation.gpu"), CHECK_FAIL); /* no nonce */
    assert_int_equal(answer.results[0]->aci[ACI_GPU_ATTESTED].status, ACI_REFUTED);
}

/* --- with a real GPU's evidence behind the simulated CPU's --- */

#define GPU_CASE  "vectors/nvidia-hopper/nv-h100-nvtrust-fullrim/"
#define GPU_NONCE "931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb"

/* Add part `name` of the case, from `file`. */
static bool add_part(struct evidence *e, const char *name, const char *file)
{
    struct slice copy;
    struct buf bytes;
    char path[256];
    bool found;

    snprintf(path, sizeof path, GPU_CASE "%s", file);
    found = test_read_shared(path, &bytes);
    if (found) {
        assert_int_equal(arena_copy(&arena, buf_slice(&bytes), &copy), OK);
        assert_int_equal(evidence_add(e, slice_text(name), copy), OK);
    }
    buf_fini(&bytes);
    return found;
}

static bool make_gpu(struct evidence *e)
{
    evidence_init(e, SLICE_LIT("nvidia-hopper"));
    return add_part(e, "report", "report.bin") && add_part(e, "chain", "device_chain.pem") &&
           add_part(e, "driver_rim", "driver_rim.xml") &&
           add_part(e, "vbios_rim", "vbios_rim.xml") && add_part(e, "rim_root", "rim_root.pem");
}

static void test_gpu(void **state)
{
    struct attestation a = make(3);
    struct attestation_answer answer;
    struct attestation_question q = {
        .policy = &policy, .now = NOW, .report_data = slice_make(report_data, 32), .arena = &arena};
    struct digest nonce;

    (void)state;
    if (!make_gpu(&a.items[1]) || !make_gpu(&a.items[2]))
        return;
    assert_int_equal(hex_read(SLICE_LIT(GPU_NONCE), nonce.bytes, 32), OK);
    policy.require_ocsp = false;
    policy.required[ACI_GPU_ATTESTED] = policy.required[ACI_GPU_BOUND_TO_CPU] = true;
    q.nonce = &nonce;
    a.count = 2;
    assert_int_equal(attestation_appraise(&a, &q, &answer), OK);
    a.count = 3; /* the same chip again */
    assert_int_equal(attestation_appraise(&a, &q, &answer), ERR_DUPLICATE);
    a.count = 2;
    nonce.bytes[31] ^= 1; /* evidence made for something else */
    assert_int_not_equal(attestation_appraise(&a, &q, &answer), OK);
    q.nonce = NULL; /* nobody asked for a GPU */
    assert_int_not_equal(attestation_appraise(&a, &q, &answer), OK);
}

static void test_gpu_digest(void **state)
{
    struct attestation a = make(1), b = make(2);
    struct digest one, two;

    (void)state;
    assert_false(attestation_gpu_digest(&a, &one));
    assert_true(attestation_gpu_digest(&b, &one));
    b.items[1].kind = SLICE_LIT("other");
    assert_true(attestation_gpu_digest(&b, &two));
    assert_false(digest_eq(&one, &two));
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_round_trip), UNIT(test_refused),    UNIT(test_appraisal),
        UNIT(test_two_cpus),   UNIT(test_limits),     UNIT(test_one_chip_once),
        UNIT(test_gpu),        UNIT(test_gpu_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
