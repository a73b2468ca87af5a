#include "receipt/bundle_kit_test.h"

/* ---- good ones ---- */

static void test_a_good_bundle(void **state)
{
    struct bundle_question q = ask(*state);
    struct bundle_answer a;
    static const char *const passed[] = {
        "bundle.form",      "receipt.form",   "bundle.ledger",      "worker.registered",
        "worker.release",   "worker.model",   "worker.keyset",      "receipt.signature",
        "receipt.time",     "receipt.model",  "receipt.model.name", "receipt.request",
        "receipt.response", "receipt.stream", "receipt.log",        "receipt.log.time",
        "bundle.ohttp",     "bundle.release", "bundle.model"};

    bundle_verify(&q, &a);
    for (size_t i = 0; i < COUNT_OF(passed); i++)
        if (line(&a, passed[i]) == NULL || line(&a, passed[i])->status != CHECK_PASS) {
            show(&a);
            fail_msg("%s did not pass", passed[i]);
        }
    assert_int_equal(result_verdict(a.result), VERDICT_VERIFIED);
    assert_int_equal(result_exit(a.result), 0);
    assert_true(a.result->simulated && a.result->policy_applied);
    assert_true(a.logged && a.logged_at == world.now);
    assert_int_equal(a.result->at, world.now);
    assert_int_equal(a.result->aci[ACI_RELEASE_LOGGED].status, ACI_ASSERTED);
}

static void test_what_may_be_left_out(void **state)
{
    struct pieces *p = *state;
    struct bundle_question q;

    p->bundle.receipt_log = p->bundle.ohttp_key = (struct slice){NULL, 0};
    p->bundle.release_manifest = p->bundle.model_manifest = (struct slice){NULL, 0};
    q = ask(p);
    q.has_request = q.has_response = false;
    expect(&q, NULL, OK);
    world.policy.require_receipt_log = true;
    expect(&q, "receipt.log", ERR_POLICY);
}

static void test_stated_times(void **state)
{
    struct bundle_question q = ask(*state);

    q.has_at = true;
    q.at = world.now + 300;
    expect(&q, NULL, OK);
    q.at = world.now + 601;
    expect(&q, "bundle.ledger", ERR_STALE);
    q.at = -1;
    expect(&q, "bundle.ledger", ERR_RANGE);
    q.at = INT64_MAX;
    expect(&q, "bundle.ledger", ERR_RANGE);
    q.at = world.now - 61; /* before the quorum cosigned */
    expect(&q, "bundle.ledger", ERR_QUORUM);
}

/* ---- without a policy ---- */

static void test_no_policy_is_partial(void **state)
{
    struct bundle_question q = ask(*state);
    struct bundle_answer a;

    q.policy = NULL;
    bundle_verify(&q, &a);
    assert_int_equal(result_verdict(a.result), VERDICT_PARTIAL);
    assert_int_equal(result_exit(a.result), 10);
    assert_int_equal(line(&a, "bundle.policy")->status, CHECK_SKIP);
    assert_int_equal(line(&a, "receipt.signature")->status, CHECK_PASS);
    assert_false(a.result->policy_applied);
    assert_true(a.result->simulated);
}

static void test_no_policy_and_a_bad_signature(void **state)
{
    struct pieces *p = *state;
    struct bundle_question q;
    struct bundle_answer a;
    size_t at;

    assert_true(slice_find_slice(buf_slice(&p->receipt), SLICE_LIT("rcpt-1"), &at));
    p->receipt.ptr[at + 5] = '2';
    q = ask(p);
    q.policy = NULL;
    bundle_verify(&q, &a);
    assert_int_equal(result_verdict(a.result), VERDICT_NOT_VERIFIED);
}

/* ---- self-made ---- */

/* A network of another's own making: everything in the bundle is good, by its own anchors. */
static void test_a_self_made_bundle(void **state)
{
    struct bundle_question q = ask(*state);
    struct note_signer mine;
    struct ed25519_key key = kit_key(77);
    struct buf tlog;
    struct bundle_answer a;
    struct slice other;

    /* The verifier trusts a log of the same name under another key. */
    assert_int_equal(note_signer_init(&mine, slice_text(world.net.log.name), NOTE_ED25519, &key),
                     OK);
    buf_init(&tlog, 1 << 16);
    buf_put_text(&tlog, "log ");
    note_signer_vkey(&mine, &tlog);
    other = buf_slice(&world.tlog);
    (void)slice_cut(&other, '\n');
    buf_put_text(&tlog, "\n");
    buf_put(&tlog, other);
    world.policy.tlog = buf_slice(&tlog);
    bundle_verify(&q, &a);
    assert_int_equal(result_verdict(a.result), VERDICT_NOT_VERIFIED);
    assert_int_equal(result_exit(a.result), 10);
    assert_int_equal(line(&a, "bundle.ledger")->err, ERR_UNTRUSTED);
    buf_fini(&tlog);
}

static void test_other_anchors(void **state)
{
    struct bundle_question q = ask(*state);
    struct policy good = world.policy;

    world.policy.network_id[0] ^= 1;
    expect_among(&q, "evidence.report_data", ERR_MISMATCH);
    expect_among(&q, "receipt.log", ERR_MISMATCH);
    world.policy = good;
    world.policy.sim_root[0] ^= 1;
    expect_among(&q, "sim.root", ERR_UNTRUSTED);
    world.policy = good;
    world.policy.sim_allowed = false;
    expect_among(&q, "policy.sim", ERR_POLICY);
    world.policy = good;
    world.policy.tlog = (struct slice){NULL, 0};
    expect(&q, "bundle.ledger", ERR_POLICY);
    world.policy = good;
    world.policy.release_from_log = false;
    expect(&q, "policy.measurement", ERR_POLICY);
    world.policy = good;
    policy_init(&world.policy); /* accepts nothing */
    expect(&q, "bundle.ledger", ERR_POLICY);
}

/* ---- tampering ---- */

static void test_bodies(void **state)
{
    struct bundle_question q = ask(*state);

    q.request = SLICE_LIT("{\"model\":\"demo\",\"messages\":[1]}");
    expect(&q, "receipt.request", ERR_MISMATCH);
    q = ask(*state);
    q.has_response = false;
    expect(&q, NULL, OK);
    q.has_response = true;
    q.response = SLICE_LIT("data: {\"choices\":[]}\n\ndata: [DONE]\n"); /* a byte is missing */
    expect_among(&q, "receipt.response", ERR_MISMATCH);
    expect_among(&q, "receipt.stream", ERR_MISMATCH);
}

/* Make the receipt again with one thing different, signed by `key`. */
static void forge(struct pieces *p, const struct receipt_head *head, const struct digest *model,
                  const struct ed25519_key *key)
{
    struct receipt_wr w;
    struct digest d;

    receipt_wr_init(&w);
    sha256(slice_text(request), &d);
    receipt_wr_received(&w, &d);
    receipt_wr_forwarded(&w, &d);
    receipt_wr_model(&w, model, &world.engine);
    sha256(slice_text(response), &d);
    receipt_wr_returned(&w, &d);
    buf_clear(&p->receipt);
    assert_int_equal(receipt_wr_sign(&w, head, key, &p->receipt, NULL), OK);
    receipt_wr_fini(&w);
    p->bundle.receipt = buf_slice(&p->receipt);
    p->bundle.receipt_log = (struct slice){NULL, 0};
}

static void test_forged_receipts(void **state)
{
    struct receipt_head head = {SLICE_INIT("r"),     SLICE_INIT(""),     SLICE_INIT("demo"),
                                SLICE_INIT("/v1/x"), SLICE_INIT("POST"), SLICE_INIT("receipt-1"),
                                world.now,           world.keyset.digest};
    struct receipt_head other;
    struct ed25519_key stranger = kit_key(99);
    struct bundle_question q;

    forge(*state, &head, &world.model, &world.receipt_key);
    q = ask(*state);
    expect(&q, NULL, OK);
    forge(*state, &head, &world.model, &stranger);
    q = ask(*state);
    expect(&q, "receipt.signature", ERR_SIGNATURE);
    forge(*state, &head, &world.model, &world.ohttp_signer); /* a key of another role */
    q = ask(*state);
    expect(&q, "receipt.signature", ERR_SIGNATURE);
    other = head;
    other.key_id = SLICE_LIT("ohttp-1");
    forge(*state, &other, &world.model, &world.ohttp_signer);
    q = ask(*state);
    expect(&q, "receipt.signature", ERR_ABSENT);
    other = head;
    other.keyset.bytes[0] ^= 1;
    forge(*state, &other, &world.model, &world.receipt_key);
    q = ask(*state);
    expect(&q, "receipt.signature", ERR_MISMATCH);
    forge(*state, &head, &world.release, &world.receipt_key);
    q = ask(*state);
    expect(&q, "receipt.model", ERR_MISMATCH);
    other = head;
    other.model = SLICE_LIT("a dearer one");
    forge(*state, &other, &world.model, &world.receipt_key);
    q = ask(*state);
    expect(&q, "receipt.model.name", ERR_MISMATCH);
}

static void test_times_of_the_receipt(void **state)
{
    struct receipt_head head = {SLICE_INIT("r"),
                                SLICE_INIT(""),
                                SLICE_INIT("demo"),
                                SLICE_INIT("/v1/x"),
                                SLICE_INIT("POST"),
                                SLICE_INIT("receipt-1"),
                                0,
                                world.keyset.digest};
    struct pieces *p = *state;
    struct bundle_question q;

    p->bundle.ohttp_key = (struct slice){NULL, 0};
    for (int sign = -1; sign <= 1; sign += 2) {
        head.served_at = world.now + sign * (LIGHT_MAX_AGE + LIGHT_SKEW);
        forge(p, &head, &world.model, &world.receipt_key);
        q = ask(p);
        expect(&q, NULL, OK);
        head.served_at += sign;
        forge(p, &head, &world.model, &world.receipt_key);
        q = ask(p);
        expect(&q, "receipt.time", ERR_STALE);
    }
    head.served_at = INT64_MAX / 1024;
    forge(p, &head, &world.model, &world.receipt_key);
    q = ask(p);
    expect(&q, "receipt.time", ERR_STALE);
}

static void test_the_place_in_the_log(void **state)
{
    struct pieces *p = *state;
    struct digest digest, others[2] = {{{1}}, {{2}}};
    struct buf entry, receipt;
    struct bundle_question q;

    buf_init(&entry, BUNDLE_MAX);
    buf_init(&receipt, RECEIPT_MAX);
    world_log_receipts(&world, others, 2, 1, &entry); /* of other receipts */
    p->bundle.receipt_log = buf_slice(&entry);
    q = ask(p);
    expect(&q, "receipt.log", ERR_PROOF);

    /* Logged before it was made. */
    world_receipt(&world, slice_text(request), slice_text(response), world.now + 100, &receipt,
                  &digest);
    buf_clear(&entry);
    world_log_receipts(&world, &digest, 1, 0, &entry);
    p->bundle.receipt = buf_slice(&receipt);
    p->bundle.receipt_log = buf_slice(&entry);
    q = ask(p);
    expect(&q, "receipt.log.time", ERR_RULE);
    buf_fini(&entry);
    buf_fini(&receipt);
}

static void test_the_ohttp_key(void **state)
{
    struct pieces *p = *state;
    struct bundle_question q;

    buf_clear(&p->ohttp_key);
    world_ohttp_key(&world, world.now + LIGHT_SKEW, &p->ohttp_key);
    p->bundle.ohttp_key = buf_slice(&p->ohttp_key);
    q = ask(p);
    expect(&q, NULL, OK);
    buf_clear(&p->ohttp_key);
    world_ohttp_key(&world, world.now + LIGHT_SKEW + 1, &p->ohttp_key);
    p->bundle.ohttp_key = buf_slice(&p->ohttp_key);
    q = ask(p);
    expect(&q, "bundle.ohttp", ERR_EXPIRED);
    buf_clear(&p->ohttp_key);
    world_ohttp_key(&world, world.now - 3600 - LIGHT_MAX_AGE - 1, &p->ohttp_key);
    p->bundle.ohttp_key = buf_slice(&p->ohttp_key);
    q = ask(p);
    expect(&q, "bundle.ohttp", ERR_EXPIRED);
    buf_clear(&p->ohttp_key);
    world_ohttp_key(&world, world.now - 60, &p->ohttp_key);
    patch(&p->ohttp_key, "\"key_config\":\"d", "\"key_config\":\"e");
    p->bundle.ohttp_key = buf_slice(&p->ohttp_key);
    q = ask(p);
    expect(&q, "bundle.ohttp", ERR_SIGNATURE);
    p->bundle.ohttp_key = SLICE_LIT("{}");
    q = ask(p);
    expect(&q, "bundle.ohttp", ERR_MISSING);
    p->bundle.ohttp_key = SLICE_LIT("{\"more\":1}");
    q = ask(p);
    expect(&q, "bundle.ohttp", ERR_UNKNOWN_NAME);
    buf_clear(&p->ohttp_key);
    world_ohttp_key(&world, world.now - 60, &p->ohttp_key);
    patch(&p->ohttp_key, "\"not_after\":17", "\"not_after\":18"); /* lives too long */
    p->bundle.ohttp_key = buf_slice(&p->ohttp_key);
    q = ask(p);
    expect(&q, "bundle.ohttp", ERR_RANGE);
}

static void test_manifests(void **state)
{
    struct pieces *p = *state;
    struct bundle_question q;

    p->bundle.release_manifest = SLICE_LIT("{\"name\":\"cocoon other\"}");
    q = ask(p);
    expect(&q, "bundle.release", ERR_MISMATCH);
    p->bundle.release_manifest =
        SLICE_LIT("{\"name\":\"cocoon\\u0020test\"}"); /* the same in JCS */
    q = ask(p);
    expect(&q, NULL, OK);
    p->bundle.model_manifest = SLICE_LIT("{\"files\":[],\"tokenizer\":0}");
    q = ask(p);
    expect(&q, "bundle.model", ERR_MISMATCH);
}

static void test_another_workers_registration(void **state)
{
    struct pieces *p = *state;
    struct bundle_question q;

    p->bundle.worker_id.bytes[0] ^= 1;
    q = ask(p);
    expect(&q, "worker.registered", ERR_MISSING);
}

static void test_swapped_evidence(void **state)
{
    struct pieces *p = *state;
    struct buf evidence;
    struct bundle_question q;

    buf_init(&evidence, BUNDLE_MAX);
    buf_put(&evidence, buf_slice(&world.evidence));
    patch(&evidence, "receipt-1", "receipt-2"); /* in the keyset */
    p->bundle.evidence = buf_slice(&evidence);
    q = ask(p);
    expect_among(&q, "worker.keyset", ERR_MISMATCH);
    expect_among(&q, "receipt.signature", ERR_ABSENT);
    buf_fini(&evidence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_good_bundle),
        TEST(test_what_may_be_left_out),
        TEST(test_stated_times),
        TEST(test_no_policy_is_partial),
        TEST(test_no_policy_and_a_bad_signature),
        TEST(test_a_self_made_bundle),
        TEST(test_other_anchors),
        TEST(test_bodies),
        TEST(test_forged_receipts),
        TEST(test_times_of_the_receipt),
        TEST(test_the_place_in_the_log),
        TEST(test_the_ohttp_key),
        TEST(test_manifests),
        TEST(test_another_workers_registration),
        TEST(test_swapped_evidence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
