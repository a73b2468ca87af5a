/* A TPM's quote under a key that the caller knows: made from scratch, one thing broken at a time.
 */
#include "attest/tpm_verify.h"

#include "attest/eventlog.h"
#include "attest/kit_check_test.h"
#include "attest/kit_pki_test.h"
#include "base/test.h"
#include "crypto/hash.h"

enum { ARENA_MAX = 4 * 1024 * 1024, AK = 2, STRANGER = 3, PCRS_SIZE = TPM_PCR_COUNT * 32 };

/* What a test may change. */
struct world {
    const struct kit_key *public_key; /* in the public area; NULL: the attestation key */
    uint32_t attributes;
    bool with_public, with_log, two_banks, pcrs_short;
    uint8_t log_differs;
    const char *without;
};

static struct arena arena;
static struct evidence evidence;
static struct appraisal a;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static const struct kit_key *ak(void)
{
    return kit_key(KIT_RSA, AK);
}

static struct world good_world(void)
{
    return (struct world){.attributes = 0x00050072, .with_public = true, .with_log = true};
}

static struct slice done(const struct wr *w)
{
    struct slice out;

    assert_int_equal(wr_end(w, &out), OK);
    return out;
}

static struct wr writer(size_t room)
{
    uint8_t *bytes = arena_new(&arena, room);

    assert_non_null(bytes);
    return wr_init(bytes, room);
}

static struct slice public_area(const struct world *w)
{
    struct wr out = writer(1024);
    struct slice modulus = (w->public_key != NULL ? w->public_key : ak())->raw;

    wr_u16be(&out, TPM_ALG_RSA);
    wr_u16be(&out, TPM_ALG_SHA256);
    wr_u32be(&out, w->attributes);
    wr_u16be(&out, 0);
    wr_u16be(&out, TPM_ALG_NULL);
    wr_u16be(&out, TPM_ALG_RSASSA);
    wr_u16be(&out, TPM_ALG_SHA256);
    wr_u16be(&out, 2048);
    wr_u32be(&out, 0);
    wr_u16be(&out, (uint16_t)modulus.len);
    wr_slice(&out, modulus);
    return done(&out);
}

/* A TCG 1.2 log is SHA-1 only, so this one is crypto agile, with one event for register 0. */
static struct slice event_log(const struct world *w, struct mr_bank *bank)
{
    struct wr out = writer(1024);
    uint8_t digest[32];

    mr_bank_init_tpm(bank, HASH_SHA256);
    hash_once(HASH_SHA256, SLICE_LIT("firmware"), digest);
    mr_bank_extend(bank, 0, SLICE_OF(digest));
    digest[0] ^= w->log_differs;
    wr_u32le(&out, 0);
    wr_u32le(&out, EV_NO_ACTION);
    wr_zero(&out, 20);
    wr_u32le(&out, 16 + 4 + 4 + 4 + 4 + 1);
    wr_slice(&out, SLICE_LIT("Spec ID Event03\0"));
    wr_zero(&out, 8);
    wr_u32le(&out, 1);
    wr_u16le(&out, TPM_ALG_SHA256);
    wr_u16le(&out, 32);
    wr_u8(&out, 0);
    wr_u32le(&out, 0);
    wr_u32le(&out, 8);
    wr_u32le(&out, 1);
    wr_u16le(&out, TPM_ALG_SHA256);
    wr_slice(&out, SLICE_OF(digest));
    wr_u32le(&out, 0);
    return done(&out);
}

static struct slice quote(const struct world *w, struct slice values)
{
    struct wr out = writer(512);
    uint8_t digest[32];

    hash_once(HASH_SHA256, values, digest);
    wr_u32be(&out, 0xff544347);
    wr_u16be(&out, 0x8018);
    wr_u16be(&out, 0);
    wr_u16be(&out, 5);
    wr_slice(&out, SLICE_LIT("nonce"));
    wr_zero(&out, 8 + 4 + 4 + 1 + 8);
    wr_u32be(&out, w->two_banks ? 2 : 1);
    for (int i = 0; i <= w->two_banks; i++) {
        wr_u16be(&out, i == 0 ? TPM_ALG_SHA256 : TPM_ALG_SHA1);
        wr_u8(&out, 3);
        wr_slice(&out, SLICE_LIT("\xff\xff\xff"));
    }
    wr_u16be(&out, 32);
    wr_slice(&out, SLICE_OF(digest));
    return done(&out);
}

static void add(const struct world *w, const char *name, struct slice bytes)
{
    if (w->without == NULL || strcmp(w->without, name) != 0)
        assert_int_equal(evidence_add(&evidence, slice_text(name), bytes), OK);
}

static void run(const struct world *w, const struct policy *policy)
{
    struct wr values = writer(PCRS_SIZE);
    struct mr_bank bank;
    struct slice log = event_log(w, &bank), message, pcrs;

    for (unsigned i = 0; i < TPM_PCR_COUNT; i++)
        wr_slice(&values, mr_bank_value(&bank, i));
    pcrs = done(&values);
    message = quote(w, pcrs);
    evidence_init(&evidence, SLICE_LIT("tpm-quote"));
    add(w, "ak_pub", ak()->spki);
    add(w, "tpm_msg", message);
    add(w, "tpm_sig", kit_sign_pkcs1(&arena, ak(), message));
    add(w, "pcrs", slice_sub(pcrs, 0, w->pcrs_short ? PCRS_SIZE - 32 : PCRS_SIZE));
    if (w->with_public)
        add(w, "tpmt_public", public_area(w));
    if (w->with_log)
        add(w, "event_log", log);
    a = (struct appraisal){
        .evidence = &evidence, .policy = policy, .nonce = SLICE_LIT("nonce"), .arena = &arena};
    appraise(&a);
}

static void test_good(void **state)
{
    struct world w = good_world();
    bool same = false;

    (void)state;
    run(&w, NULL);
    kit_expect_pass(&a.result);
    assert_true(claims_get_bool(&a.result.claims, "event_log_pcr_match.0", &same));
    assert_true(same);
}

/* Nobody vouches for the key, so no policy is content. */
static void test_policy(void **state)
{
    struct world w = good_world();
    struct policy policy;

    (void)state;
    policy_init(&policy);
    run(&w, &policy);
    assert_int_not_equal(result_verdict(&a.result), VERDICT_VERIFIED);
    assert_int_equal(a.result.skipped, 1);
}

static void test_each_rule(void **state)
{
    struct world w;

    (void)state;
    w = good_world();
    w.public_key = kit_key(KIT_RSA, STRANGER);
    run(&w, NULL);
    kit_expect_only(&a.result, "public area of another key", "tpm.key.public");
    w = good_world();
    w.attributes &= ~(1U << 16);
    run(&w, NULL);
    kit_expect_only(&a.result, "a key that signs anything", "tpm.key.restricted");
    w = good_world();
    w.log_differs = 1;
    run(&w, NULL);
    kit_expect_only(&a.result, "another log", "tpm.event-log");
    w = good_world();
    w.two_banks = true;
    run(&w, NULL);
    kit_expect_only(&a.result, "two banks", "tpm.pcrs");
    w = good_world();
    w.pcrs_short = true;
    run(&w, NULL);
    kit_expect_only(&a.result, "too few registers", "tpm.pcrs");
    w = good_world();
    w.without = "ak_pub";
    run(&w, NULL);
    kit_expect_only(&a.result, "no key", "tpm.key");
    w = good_world();
    w.without = "tpm_sig";
    run(&w, NULL);
    kit_expect_only(&a.result, "no signature", "tpm.quote");
}

/* SHA-1 is told without a policy and refused under one. */
static void test_sha1(void **state)
{
    static const uint8_t head[] = {0x00, 0x14, 0x00, 0x04, 0x01, 0x00};
    struct world w = good_world();
    struct wr signature = writer(512);
    struct policy policy;
    bool refused = false;

    (void)state;
    policy_init(&policy);
    run(&w, NULL);
    wr_slice(&signature, SLICE_OF(head));
    wr_zero(&signature, 256);
    for (size_t i = 0; i < evidence.count; i++)
        if (slice_eq_text(evidence.parts[i].name, "tpm_sig"))
            evidence.parts[i].bytes = done(&signature);
    a.policy = &policy;
    appraise(&a);
    for (const struct check *c = a.result.first; c != NULL; c = c->next)
        refused |= c->status == CHECK_FAIL && strcmp(c->rule->id, "tpm.signature.hash") == 0;
    assert_true(refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_policy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sha1, set_up, tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    kit_keys_free();
    return failed;
}
