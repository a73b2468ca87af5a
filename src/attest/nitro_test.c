/* Nitro documents made from scratch: the form, then each rule by itself. */
#include "attest/nitro.h"

#include "attest/kit_check_test.h"
#include "attest/kit_pki_test.h"
#include "base/test.h"
#include "codec/cbor.h"

enum {
    ARENA_MAX = 4 * 1024 * 1024,
    NOW = 1800000000,
    HOUR = 3600,
    ROOM = 16 * 1024,
    CHAIN = 3, /* leaf, intermediate, root */
    STRANGER = 3,
};

/* What a test may change. */
struct world {
    struct slice protected_header, pcr0, nonce, user_data, public_key, certificate;
    const char *digest, *extra_key, *pcr_key;
    bool indefinite, no_tag, no_module, has_nonce, has_user_data, root_first_is_other;
    size_t pcrs;
    const struct kit_key *signer, *leaf_signer; /* NULL: as it should be */
    unix_time leaf_from, leaf_until;
    struct slice given_root;
};

static struct arena arena;
static struct policy policy;
static struct evidence evidence;
static struct appraisal a;
static struct slice root_cert; /* one for a test: signatures differ each time */

static int set_up(void **state)
{
    struct policy_measure enclave = {
        .name = SLICE_INIT("enclave"), .tee = SLICE_INIT("aws"), .until = INT64_MAX, .count = 1};

    (void)state;
    arena_init(&arena, ARENA_MAX);
    policy_init(&policy);
    kit_trust(&policy, "aws", kit_key(KIT_P384, CHAIN - 1));
    enclave.fields[0] =
        (struct policy_field){SLICE_LIT("pcrs_nonzero.0"), kit_fill(&arena, 0x50, 48)};
    assert_int_equal(policy_add_measure(&policy, &arena, &enclave), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    root_cert = (struct slice){NULL, 0};
    return 0;
}

static struct world good_world(void)
{
    return (struct world){.protected_header = SLICE_LIT("\xa1\x01\x38\x22"),
                          .pcr0 = kit_fill(&arena, 0x50, 48),
                          .nonce = SLICE_INIT("nonce"),
                          .has_nonce = true,
                          .digest = "SHA384",
                          .pcr_key = "pcrs",
                          .pcrs = 17,
                          .leaf_from = NOW - HOUR,
                          .leaf_until = NOW + HOUR};
}

static struct slice cert(const struct world *w, size_t i)
{
    static const char *const names[CHAIN] = {"enclave", "zone", "aws.nitro-enclaves"};
    size_t next = i + 1 < CHAIN ? i + 1 : i;
    struct kit_cert c = {.subject = names[i],
                         .issuer = names[next],
                         .key = kit_key(KIT_P384, (unsigned)i),
                         .signer = kit_key(KIT_P384, (unsigned)next),
                         .serial = (unsigned)i + 1,
                         .from = NOW - 100 * HOUR,
                         .until = NOW + 100 * HOUR,
                         .ca = i > 0};

    if (i == 0) {
        c.from = w->leaf_from;
        c.until = w->leaf_until;
        c.signer = w->leaf_signer != NULL ? w->leaf_signer : c.signer;
    }
    if (i != CHAIN - 1)
        return kit_cert(&arena, &c);
    if (root_cert.ptr == NULL)
        root_cert = kit_cert(&arena, &c);
    return root_cert;
}

static void put_optional(struct buf *out, const char *key, bool has, struct slice value)
{
    cbor_put_text(out, slice_text(key));
    if (has)
        cbor_put_bytes(out, value);
    else
        cbor_put_null(out);
}

static void put_pcrs(struct buf *out, const struct world *w)
{
    cbor_put_text(out, slice_text(w->pcr_key));
    cbor_put_map(out, w->pcrs);
    for (size_t i = 0; i < w->pcrs; i++) {
        cbor_put_uint(out, i);
        cbor_put_bytes(out, i == 0 ? w->pcr0 : kit_fill(&arena, 0, 48));
    }
}

static void put_document(struct buf *out, const struct world *w)
{
    size_t members = 8U + !w->no_module + (w->extra_key != NULL);

    if (w->indefinite)
        buf_put_u8(out, 0xbf);
    else
        cbor_put_map(out, members);
    if (!w->no_module) {
        cbor_put_text(out, SLICE_LIT("module_id"));
        cbor_put_text(out, SLICE_LIT("i-1-enc2"));
    }
    cbor_put_text(out, SLICE_LIT("digest"));
    cbor_put_text(out, slice_text(w->digest));
    cbor_put_text(out, SLICE_LIT("timestamp"));
    cbor_put_uint(out, UINT64_C(1800000000000));
    put_pcrs(out, w);
    cbor_put_text(out, SLICE_LIT("certificate"));
    cbor_put_bytes(out, w->certificate.ptr != NULL ? w->certificate : cert(w, 0));
    cbor_put_text(out, SLICE_LIT("cabundle"));
    cbor_put_array(out, 2);
    cbor_put_bytes(out, cert(w, w->root_first_is_other ? 1 : 2));
    cbor_put_bytes(out, cert(w, w->root_first_is_other ? 2 : 1));
    put_optional(out, "public_key", w->public_key.ptr != NULL, w->public_key);
    put_optional(out, "user_data", w->has_user_data, w->user_data);
    put_optional(out, "nonce", w->has_nonce, w->nonce);
    if (w->extra_key != NULL)
        put_optional(out, w->extra_key, false, w->nonce);
    if (w->indefinite)
        buf_put_u8(out, 0xff);
}

static struct slice kept(struct buf *text)
{
    struct slice copy = {NULL, 0};

    assert_int_equal(buf_ok(text), OK);
    assert_int_equal(arena_copy(&arena, buf_slice(text), &copy), OK);
    buf_fini(text);
    return copy;
}

static struct slice document(const struct world *w)
{
    struct slice payload, message;
    struct buf text;

    buf_init(&text, ROOM);
    put_document(&text, w);
    payload = kept(&text);
    buf_init(&text, ROOM);
    cbor_put_array(&text, 4);
    cbor_put_text(&text, SLICE_LIT("Signature1"));
    cbor_put_bytes(&text, w->protected_header);
    cbor_put_bytes(&text, SLICE_LIT(""));
    cbor_put_bytes(&text, payload);
    message = kept(&text);
    buf_init(&text, ROOM);
    if (!w->no_tag)
        cbor_put_tag(&text, 18);
    cbor_put_array(&text, 4);
    cbor_put_bytes(&text, w->protected_header);
    cbor_put_map(&text, 0);
    cbor_put_bytes(&text, payload);
    cbor_put_bytes(
        &text, kit_sign_raw(&arena, w->signer != NULL ? w->signer : kit_key(KIT_P384, 0), message));
    return kept(&text);
}

static void run(const struct world *w)
{
    evidence_init(&evidence, SLICE_LIT("aws-nitro"));
    assert_int_equal(evidence_add(&evidence, SLICE_LIT("doc"), document(w)), OK);
    if (w->given_root.ptr != NULL)
        assert_int_equal(evidence_add(&evidence, SLICE_LIT("root"), w->given_root), OK);
    a = (struct appraisal){.evidence = &evidence,
                           .policy = &policy,
                           .now = NOW,
                           .nonce = SLICE_LIT("nonce"),
                           .arena = &arena};
    appraise(&a);
}

static void expect_only(const char *name, const char *rule)
{
    kit_expect_only(&a.result, name, rule);
}

static void expect_pass(const struct world *w)
{
    run(w);
    kit_expect_pass(&a.result);
}

static void test_good(void **state)
{
    struct world w = good_world();

    (void)state;
    expect_pass(&w);
    w.indefinite = w.no_tag = true;
    w.user_data = kit_fill(&arena, 9, 32);
    w.has_user_data = true;
    w.given_root = cert(&w, 2);
    expect_pass(&w);
    assert_true(slice_eq(a.result.report_data, w.user_data));
}

static void test_rules(void **state)
{
    struct world w;

    (void)state;
    w = good_world();
    w.signer = kit_key(KIT_P384, STRANGER);
    run(&w);
    expect_only("COSE signature", "nitro.signature");
    w = good_world();
    w.leaf_signer = kit_key(KIT_P384, STRANGER);
    run(&w);
    expect_only("leaf by another key", "nitro.chain.signature");
    w = good_world();
    w.leaf_until = NOW - 1;
    run(&w);
    expect_only("leaf expired", "nitro.chain.validity");
    w = good_world();
    w.leaf_from = NOW + 1;
    run(&w);
    expect_only("leaf not yet valid", "nitro.chain.validity");
    w = good_world();
    w.nonce = SLICE_LIT("other");
    run(&w);
    expect_only("another nonce", "nitro.nonce");
    w = good_world();
    w.has_nonce = false;
    run(&w);
    expect_only("no nonce", "nitro.nonce");
    w = good_world();
    w.given_root = cert(&w, 1);
    run(&w);
    expect_only("another root beside it", "nitro.root");
    w = good_world();
    w.pcr0 = kit_fill(&arena, 0x51, 48);
    run(&w);
    expect_only("another image", "policy.measurement");
}

/* An enclave in debug mode has zeros where its measurement should be; so nothing can match it
 * either.
 */
static void test_debug(void **state)
{
    struct world w = good_world();
    bool debug = false;

    (void)state;
    w.pcr0 = kit_fill(&arena, 0, 48);
    run(&w);
    assert_true(claims_get_bool(&a.result.claims, "debug", &debug));
    assert_true(debug);
    assert_int_equal(result_verdict(&a.result), VERDICT_NOT_VERIFIED);
}

/* The bundle's first certificate is the root; turned round, nothing fits. */
static void test_bundle_order(void **state)
{
    struct world w = good_world();

    (void)state;
    w.root_first_is_other = true;
    run(&w);
    assert_int_equal(result_verdict(&a.result), VERDICT_NOT_VERIFIED);
}

static void test_nitro_tpm(void **state)
{
    struct world w = good_world();
    struct slice tee;

    (void)state;
    w.pcr_key = "nitrotpm_pcrs";
    expect_pass(&w);
    assert_true(claims_get_text(&a.result.claims, "tee", &tee));
    assert_true(slice_eq_text(tee, "nitro-tpm"));
}

static void test_refused_forms(void **state)
{
    static const uint8_t long_bytes[1025] = {1};
    struct nitro_doc doc;
    struct fail fail;
    struct world w;

    (void)state;
    w = good_world();
    w.protected_header = SLICE_LIT("\xa1\x01\x26"); /* ES256 */
    assert_int_equal(nitro_doc_parse(document(&w), &doc, &fail), ERR_ALGORITHM);
    w = good_world();
    w.protected_header = SLICE_LIT("\xa2\x01\x38\x22\x04\x40"); /* and a key id */
    assert_int_equal(nitro_doc_parse(document(&w), &doc, &fail), ERR_ALGORITHM);
    w = good_world();
    w.no_module = true;
    assert_int_equal(nitro_doc_parse(document(&w), &doc, &fail), ERR_MISSING);
    w = good_world();
    w.extra_key = "surprise";
    assert_int_equal(nitro_doc_parse(document(&w), &doc, &fail), ERR_UNKNOWN_NAME);
    w = good_world();
    w.extra_key = "nonce"; /* a second one */
    assert_int_equal(nitro_doc_parse(document(&w), &doc, &fail), ERR_DUPLICATE);
    w = good_world();
    w.digest = "SHA256";
    assert_int_equal(nitro_doc_parse(document(&w), &doc, &fail), ERR_MALFORMED);
    w = good_world();
    w.digest = "MD5";
    assert_int_equal(nitro_doc_parse(document(&w), &doc, &fail), ERR_MALFORMED);
    w = good_world();
    w.pcrs = 33;
    assert_int_equal(nitro_doc_parse(document(&w), &doc, &fail), ERR_MALFORMED);
    w = good_world();
    w.certificate = SLICE_OF(long_bytes);
    assert_int_equal(nitro_doc_parse(document(&w), &doc, &fail), ERR_RANGE);
    w = good_world();
    w.public_key = SLICE_OF(long_bytes);
    assert_int_equal(nitro_doc_parse(document(&w), &doc, &fail), ERR_RANGE);
    w = good_world();
    w.nonce = slice_make(long_bytes, 513);
    assert_int_equal(nitro_doc_parse(document(&w), &doc, &fail), ERR_RANGE);
}

static cocoon_err parse(struct slice in, void *ctx, struct fail *fail)
{
    struct nitro_doc doc;

    (void)ctx;
    return nitro_doc_parse(in, &doc, fail);
}

static void test_every_cut(void **state)
{
    struct world w = good_world();
    struct slice doc;

    (void)state;
    w.pcrs = 1;
    doc = document(&w);
    kit_truncate(doc, doc.len, parse, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_debug, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bundle_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nitro_tpm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_cut, set_up, tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    kit_keys_free();
    return failed;
}
