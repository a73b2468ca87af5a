/* Chains of three made here, one thing broken at a time. */
#include "attest/chain.h"

#include "base/test.h"
#include "codec/x509_wr.h"
#include "crypto/sign.h"

enum { NOW = 1800000000, DAY = 86400 };

static const struct chain_rules rules = {
    {"test.path", "path", NULL},
    {"test.root", "root", NULL},
    {"test.validity", "validity", NULL},
    {"test.signature", "signature", NULL},
};
static const struct rule list_rule = {"test.crl", "list", NULL};
static const struct rule cert_rule = {"test.revoked", "not revoked", NULL};

/* What a test may break. */
struct plan {
    bool ca[3];
    unix_time from[3], to[3];
    int signer[3]; /* index of the key that signs */
};

static struct arena arena;
static struct appraisal a;
static struct policy policy;
static struct evidence evidence;
static struct ed25519_key keys[3];
static struct x509_cert certs[3]; /* leaf, intermediate, root */

static struct slice keep(struct wr *w)
{
    struct slice out, copy;

    assert_int_equal(wr_end(w, &out), OK);
    assert_int_equal(arena_copy(&arena, out, &copy), OK);
    return copy;
}

static struct slice name_of(size_t i)
{
    static const char *const names[] = {"leaf", "intermediate", "root"};
    uint8_t room[64];
    struct wr w = wr_init(room, sizeof room);

    x509_put_name(&w, slice_text(names[i]));
    return keep(&w);
}

static struct slice spki_of(size_t i)
{
    uint8_t room[64];
    struct wr w = wr_init(room, sizeof room);

    wr_slice(&w, SLICE_LIT("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"));
    wr_slice(&w, ed25519_public_slice(&keys[i].public));
    return keep(&w);
}

static void make_cert(size_t i, const struct plan *plan)
{
    uint8_t room[1024], basic[16];
    struct wr w = wr_init(room, sizeof room), value = wr_init(basic, sizeof basic);
    struct x509_new_extension ext = {.oid = OID_BASIC_CONSTRAINTS, .critical = true};
    uint8_t serial = (uint8_t)(i + 1);
    struct x509_template t = {.sig = X509_ED25519,
                              .serial = slice_make(&serial, 1),
                              .issuer = name_of(i < 2 ? i + 1 : 2),
                              .subject = name_of(i),
                              .not_before = plan->from[i],
                              .not_after = plan->to[i],
                              .spki = spki_of(i),
                              .extensions = &ext,
                              .count = 1};
    struct ed25519_sig sig;
    struct slice tbs;
    struct fail fail;

    x509_put_basic(&value, plan->ca[i], -1);
    ext.value = keep(&value);
    x509_put_tbs(&w, &t);
    tbs = keep(&w);
    ed25519_sign(&keys[plan->signer[i]], tbs, &sig);
    w = wr_init(room, sizeof room);
    x509_put_signed(&w, tbs, X509_ED25519, ed25519_sig_slice(&sig));
    assert_int_equal(x509_parse(keep(&w), &certs[i], &fail), OK);
}

static struct plan good_plan(void)
{
    return (struct plan){{false, true, true},
                         {NOW - DAY, NOW - DAY, NOW - DAY},
                         {NOW + DAY, NOW + 2 * DAY, NOW + 3 * DAY},
                         {1, 2, 2}};
}

static void start(void)
{
    a = (struct appraisal){.evidence = &evidence, .policy = &policy, .now = NOW, .arena = &arena};
    result_init(&a.result, &arena, NOW);
}

static int set_up(void **state)
{
    struct digest root;
    struct plan plan = good_plan();

    (void)state;
    arena_init(&arena, 1 << 22);
    for (size_t i = 0; i < 3; i++) {
        struct secret32 seed = {{(uint8_t)(i + 1)}};

        ed25519_from_seed(&keys[i], &seed);
    }
    for (size_t i = 0; i < 3; i++)
        make_cert(i, &plan);
    policy_init(&policy);
    chain_spki_digest(&certs[2], &root);
    policy.roots[0].vendor = SLICE_LIT("test");
    memcpy(policy.roots[0].spki_sha256, root.bytes, 32);
    policy.root_count = 1;
    start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* Check the chain and settle; returns the first error. */
static cocoon_err run(size_t count, const char *vendor)
{
    start();
    (void)chain_check(&a, certs, count, vendor, &rules);
    obligations_settle(&a.obligations, NULL);
    (void)obligations_record(&a.obligations, &a.result);
    return a.result.err;
}

static void test_good(void **state)
{
    (void)state;
    assert_int_equal(run(3, "test"), OK);
    assert_int_equal(a.result.valid_until, NOW + DAY);
    assert_int_equal(a.obligations.count, 3);
    assert_int_equal(result_verdict(&a.result), VERDICT_VERIFIED);
}

static void test_root(void **state)
{
    (void)state;
    assert_int_equal(run(3, "other"), ERR_UNTRUSTED);
    policy.roots[0].spki_sha256[31] ^= 1;
    assert_int_equal(run(3, "test"), ERR_UNTRUSTED);
    a.policy = NULL;
    assert_false(policy_trusts(NULL, "test", policy.roots[0].spki_sha256));
}

static void test_each_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct plan plan = good_plan();

        plan.to[i] = NOW - 1;
        make_cert(i, &plan);
        assert_int_equal(run(3, "test"), ERR_EXPIRED);
        plan = good_plan();
        plan.from[i] = NOW + 1;
        make_cert(i, &plan);
        assert_int_equal(run(3, "test"), ERR_NOT_YET_VALID);
        plan = good_plan();
        plan.signer[i] = 0; /* the leaf's key may sign nothing */
        make_cert(i, &plan);
        assert_int_equal(run(3, "test"), ERR_SIGNATURE);
        plan = good_plan();
        plan.ca[i] = false;
        make_cert(i, &plan);
        assert_int_equal(run(3, "test"), i == 0 ? OK : ERR_RULE);
        plan = good_plan();
        make_cert(i, &plan);
    }
    assert_int_equal(run(2, "test"), ERR_MISMATCH); /* without its root */
}

static void make_crl(struct x509_crl *crl, size_t issuer, struct slice serial, unix_time next)
{
    uint8_t room[512];
    struct wr w = wr_init(room, sizeof room);
    struct x509_crl_template t = {.sig = X509_ED25519,
                                  .issuer = name_of(issuer),
                                  .this_update = NOW - DAY,
                                  .next_update = next,
                                  .number = 1,
                                  .revoked = &serial,
                                  .count = serial.len > 0};
    struct ed25519_sig sig;
    struct slice tbs;
    struct fail fail;

    x509_put_crl_tbs(&w, &t);
    tbs = keep(&w);
    ed25519_sign(&keys[issuer], tbs, &sig);
    w = wr_init(room, sizeof room);
    x509_put_signed(&w, tbs, X509_ED25519, ed25519_sig_slice(&sig));
    assert_int_equal(x509_crl_parse(keep(&w), crl, &fail), OK);
}

static cocoon_err run_crl(const struct x509_crl *crl)
{
    start();
    (void)chain_check_crl(&a, crl, &certs[2], &certs[1], &list_rule, &cert_rule);
    obligations_settle(&a.obligations, NULL);
    (void)obligations_record(&a.obligations, &a.result);
    return a.result.err;
}

static void test_revocation(void **state)
{
    struct x509_crl crl;

    (void)state;
    make_crl(&crl, 2, SLICE_LIT(""), NOW);
    assert_int_equal(run_crl(&crl), OK); /* an empty list is a list */
    assert_int_equal(a.result.valid_until, NOW);
    make_crl(&crl, 2, SLICE_LIT("\x01"), NOW);
    assert_int_equal(run_crl(&crl), OK);
    make_crl(&crl, 2, SLICE_LIT("\x02"), NOW);
    assert_int_equal(run_crl(&crl), ERR_REVOKED);
    make_crl(&crl, 1, SLICE_LIT(""), NOW);
    assert_int_equal(run_crl(&crl), ERR_MISMATCH);
    make_crl(&crl, 2, SLICE_LIT(""), NOW - 1);
    assert_int_equal(run_crl(&crl), ERR_EXPIRED);
    policy.collateral_grace = 1;
    assert_int_equal(run_crl(&crl), OK);
    make_crl(&crl, 2, SLICE_LIT(""), NOW);
    crl.signature = slice_make(certs[1].signature.ptr, 64);
    assert_int_equal(run_crl(&crl), ERR_SIGNATURE);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_good),
        UNIT(test_root),
        UNIT(test_each_rule),
        UNIT(test_revocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
