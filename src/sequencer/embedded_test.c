#include "sequencer/embedded.h"

#include "base/test.h"
#include "ledger/kit_test.h"
#include "ledger/tlog_policy.h"

static struct kit_net net;
static char dir[64];
static struct embedded *e;
static uint64_t now_ms;
static struct ledger_result last;
static unsigned answers;

static void open_again(void)
{
    struct embedded_params params = {.dir = dir,
                                     .genesis = &net.genesis,
                                     .log = &net.log,
                                     .cosigner = &net.operator,
                                     .now_ms = now_ms };
    struct fail fail = {0};

    embedded_close(e);
    e = NULL;
    if (embedded_open(&e, &params, &fail) != OK)
        fail_msg("%s: %s", cocoon_err_name(fail.code), fail.what);
}

static int set_up(void **state)
{
    (void)state;
    kit_net_init(&net, 1, 0);
    snprintf(dir, sizeof dir, "/tmp/cocoon-seq-XXXXXX");
    now_ms = 1000 * (uint64_t)KIT_TIME;
    answers = 0;
    e = NULL;
    if (mkdtemp(dir) == NULL)
        return 1;
    open_again();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    embedded_close(e);
    kit_net_fini(&net);
    return 0;
}

static void on_done(void *owner, const struct ledger_result *result)
{
    (void)owner;
    last = *result;
    answers++;
}

static cocoon_err submit(uint8_t user, uint64_t nonce, amount sum)
{
    uint8_t body[48];
    struct wr w = wr_init(body, sizeof body);
    struct fail fail;
    struct buf tx;
    cocoon_err err;

    wr_slice(&w, SLICE_OF(net.users[(user + 1) % KIT_USERS].public.bytes));
    wr_amount(&w, sum);
    buf_init(&tx, TX_MAX);
    assert_int_equal(
        tx_sign(&tx, &net.users[user], TX_TRANSFER, &net.genesis.network_id, nonce, SLICE_OF(body)),
        OK);
    err = embedded_submit(e, buf_slice(&tx), on_done, NULL, &fail);
    buf_fini(&tx);
    return err;
}

static void publish(void)
{
    struct buf note;
    uint64_t size;

    buf_init(&note, CHECKPOINT_NOTE_MAX);
    assert_int_equal(embedded_propose(e, (unix_time)(now_ms / 1000), &size, &note), OK);
    assert_int_equal(embedded_publish(e, buf_slice(&note)), OK);
    assert_int_equal(embedded_published(e), size);
    buf_fini(&note);
}

/* Answered only by the block; then it is there after a restart, published or not. */
static void test_durable(void **state)
{
    struct ledger_tip before;

    (void)state;
    assert_int_equal(submit(0, 0, 5), OK);
    assert_int_equal(answers, 0);
    assert_int_equal(embedded_block(e, now_ms += 10), OK);
    assert_int_equal(answers, 1);
    assert_int_equal(last.err, OK);
    assert_int_equal(last.index, 1);
    before = *ledger_tip(embedded_ledger(e));
    open_again();
    assert_memory_equal(&before, ledger_tip(embedded_ledger(e)), sizeof before);
    publish();
    open_again();
    assert_memory_equal(&before, ledger_tip(embedded_ledger(e)), sizeof before);
    assert_memory_equal(&before, journal_tip(embedded_journal(e)), sizeof before);
    assert_true(embedded_note(e).len > 0);
}

static void test_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(submit(0, 0, 5), OK);
    assert_int_equal(embedded_block(e, now_ms += 10), OK);
    assert_int_equal(submit(0, 0, 5), ERR_REPLAY);
    assert_int_equal(submit(0, 7, 5), OK); /* told only by the block */
    assert_int_equal(embedded_block(e, now_ms += 10), OK);
    assert_int_equal(last.err, ERR_RANGE);
    assert_int_equal(journal_size(embedded_journal(e)), 3);
}

/* A clock that is set back does not stop the ledger, nor turn its time back. */
static void test_clock_set_back(void **state)
{
    uint64_t before;

    (void)state;
    assert_int_equal(submit(0, 0, 5), OK);
    assert_int_equal(embedded_block(e, now_ms + 5000), OK);
    before = ledger_tip(embedded_ledger(e))->time_ms;
    assert_int_equal(submit(0, 1, 5), OK);
    assert_int_equal(embedded_block(e, now_ms - 3600000), OK);
    assert_int_equal(last.err, OK);
    assert_int_equal(ledger_tip(embedded_ledger(e))->time_ms, before + 1);
}

static void test_closing_cancels(void **state)
{
    (void)state;
    assert_int_equal(submit(0, 0, 5), OK);
    embedded_close(e);
    e = NULL;
    assert_int_equal(answers, 1);
    assert_int_equal(last.err, ERR_CANCELED);
    open_again();
    assert_int_equal(journal_size(embedded_journal(e)), 1);
}

/* The policy that trusts the kit's log and its operator alone. */
static void make_policy(struct tlog_policy *policy, struct buf *text)
{
    struct fail fail;
    size_t line;

    buf_init(text, 4096);
    buf_put_text(text, "log ");
    note_signer_vkey(&net.log, text);
    buf_put_text(text, "\nwitness op ");
    note_signer_vkey(&net.operator, text);
    buf_put_text(text, "\nquorum op\n");
    assert_int_equal(tlog_policy_read(buf_slice(text), policy, &line, &fail), OK);
}

static void read_proof(uint64_t old_size, const struct embedded_ask *asks, size_t count,
                       struct arena *arena, struct light_proof *out)
{
    struct slice copy;
    struct fail fail;
    struct buf json;

    buf_init(&json, LIGHT_PROOF_MAX);
    assert_int_equal(embedded_prove(e, old_size, asks, count, &json), OK);
    assert_int_equal(arena_copy(arena, buf_slice(&json), &copy), OK);
    assert_int_equal(light_proof_read(copy, arena, out, &fail), OK);
    buf_fini(&json);
}

/* A light client follows: the first proof, then one that extends it, with records in both. */
static void test_light_client_follows(void **state)
{
    static struct tlog_policy tlog;
    static struct light_proof proof;
    struct light_policy policy = {&tlog, LIGHT_MAX_AGE, LIGHT_SKEW};
    struct light_view view, next;
    struct embedded_ask asks[] = {
        {RECORD_ACCOUNT, SLICE_OF(net.users[0].public.bytes)},
        {RECORD_ACCOUNT, SLICE_LIT("no such account, of any length")},
        {RECORD_NETWORK, slice_make(NULL, 0)},
    };
    struct record_account account;
    struct arena arena;
    struct slice value;
    struct fail fail;
    struct buf text, json;

    (void)state;
    make_policy(&tlog, &text);
    arena_init(&arena, 1 << 20);
    buf_init(&json, 1024);
    assert_int_equal(embedded_prove(e, 0, asks, 3, &json), ERR_NOT_FOUND);
    publish();
    read_proof(0, asks, 3, &arena, &proof);
    assert_int_equal(light_advance(&policy, NULL, &proof, KIT_TIME, &view, &fail), OK);
    assert_int_equal(light_record_find(&view, &proof, RECORD_ACCOUNT, asks[0].id, &value, &fail),
                     OK);
    assert_int_equal(record_get_account(value, &account), OK);
    assert_true(account.balance == 1000);
    assert_int_equal(light_record_find(&view, &proof, RECORD_ACCOUNT, asks[1].id, &value, &fail),
                     ERR_ABSENT);

    for (uint64_t i = 0; i < 300; i++) {
        assert_int_equal(submit(0, i, 1), OK);
        assert_int_equal(embedded_block(e, now_ms += 10), OK);
    }
    publish();
    read_proof(view.size, asks, 3, &arena, &proof);
    assert_int_equal(light_advance(&policy, &view, &proof, KIT_TIME + 10, &next, &fail), OK);
    assert_int_equal(light_record_find(&next, &proof, RECORD_ACCOUNT, asks[0].id, &value, &fail),
                     OK);
    assert_int_equal(record_get_account(value, &account), OK);
    assert_true(account.balance == 700);
    assert_int_equal(next.height, 300);
    /* and a proof that is shown again is old */
    assert_int_equal(light_advance(&policy, &next, &proof, KIT_TIME + 700, &view, &fail),
                     ERR_STALE);
    buf_fini(&json);
    buf_fini(&text);
    arena_fini(&arena);
}

/* Proofs are of the published state while newer blocks go on. */
static void test_published_lags(void **state)
{
    static struct light_proof proof;
    struct embedded_ask ask = {RECORD_ACCOUNT, SLICE_OF(net.users[0].public.bytes)};
    struct record_account account;
    struct arena arena;
    struct buf note;
    uint64_t size;

    (void)state;
    publish();
    arena_init(&arena, 1 << 20);
    assert_int_equal(submit(0, 0, 1), OK);
    assert_int_equal(embedded_block(e, now_ms += 10), OK);
    buf_init(&note, CHECKPOINT_NOTE_MAX);
    assert_int_equal(embedded_propose(e, KIT_TIME, &size, &note), OK);
    assert_int_equal(submit(0, 1, 1), OK);
    assert_int_equal(embedded_block(e, now_ms += 10), OK);
    read_proof(0, &ask, 1, &arena, &proof);
    assert_int_equal(record_get_account(proof.records[0].value, &account), OK);
    assert_true(account.balance == 1000);
    assert_int_equal(embedded_publish(e, buf_slice(&note)), OK);
    read_proof(0, &ask, 1, &arena, &proof);
    assert_int_equal(record_get_account(proof.records[0].value, &account), OK);
    assert_true(account.balance == 999);
    assert_true(embedded_has_news(e));
    publish();
    assert_false(embedded_has_news(e));
    buf_fini(&note);
    arena_fini(&arena);
}

static void test_another_network(void **state)
{
    struct embedded_params params = {.dir = dir, .log = &net.log, .now_ms = now_ms};
    struct kit_net other;
    struct embedded *wrong;
    struct fail fail;

    (void)state;
    embedded_close(e);
    e = NULL;
    kit_net_init(&other, 2, 0);
    params.genesis = &other.genesis;
    params.log = &other.log;
    assert_int_equal(embedded_open(&wrong, &params, &fail), ERR_MISMATCH);
    params.genesis = &net.genesis;
    params.log = &net.operator;
    assert_int_equal(embedded_open(&wrong, &params, &fail), ERR_MISMATCH);
    kit_net_fini(&other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_durable),         TEST(test_refused_at_once),      TEST(test_clock_set_back),
        TEST(test_closing_cancels), TEST(test_light_client_follows), TEST(test_published_lags),
        TEST(test_another_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
