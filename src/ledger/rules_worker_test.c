/* The worker registry, with evidence that the rules appraise themselves (sim), and with a stand-in
 * where a test needs an answer that no evidence at hand gives. */
#include "attest/sim.h"
#include "attest/statement.h"
#include "base/test.h"
#include "ledger/kit_test.h"

#define KEYSET_AT(after)                                                                           \
    "{\"e2ee_public_keys\":[],\"not_after\":" after ",\"receipt_signing_keys\":[{\"algo\":"        \
    "\"ed25519\",\"key_id\":\"r\",\"public_key\":"                                                 \
    "\"8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394\"}],\"subject\":null,"     \
    "\"tls_public_keys\":[]}"
#define KEYSET KEYSET_AT("1700007200") /* KIT_TIME and two hours */

static struct kit_net net;
static struct kit_ledger l;
static const struct digest release = {{1}}, model = {{2}}, engine = {{3}};
static uint8_t measurement[48];

/* What a test may get wrong. */
struct attempt {
    struct tx_worker body;
    struct statement_worker statement;
    struct sim_evidence sim;
    struct ed25519_key root;
    const struct ed25519_key *account;
    bool keep_blob; /* the evidence is in the log already */
    uint8_t evidence[SIM_EVIDENCE_LEN];
    struct digest blob;
};

static struct attempt a;

static void put_release(void)
{
    static struct record_release r;
    static uint8_t room[RECORD_MAX];
    struct wr w = wr_init(room, sizeof room);

    r = (struct record_release){.valid_from = KIT_TIME, .name = SLICE_INIT("1.0"), .count = 1};
    r.measures[0] = (struct record_measure){
        .tee = SLICE_INIT("sim"),
        .count = 1,
        .fields = {{SLICE_INIT("measurement"), SLICE_OF(measurement)}},
    };
    record_put_release(&w, &r);
    assert_int_equal(kit_put(&l, RECORD_RELEASE, digest_slice(&release), &w), OK);
}

static void put_model_and_engine(void)
{
    struct record_model m = {.valid_from = 1, .kind = MODEL_OPEN, .name = SLICE_INIT("m")};
    struct record_engine e = {.valid_from = 1, .name = SLICE_INIT("e")};
    uint8_t room[512];
    struct wr w = wr_init(room, sizeof room);

    record_put_model(&w, &m);
    assert_int_equal(kit_put(&l, RECORD_MODEL, digest_slice(&model), &w), OK);
    w = wr_init(room, sizeof room);
    record_put_engine(&w, &e);
    assert_int_equal(kit_put(&l, RECORD_ENGINE, digest_slice(&engine), &w), OK);
}

static void set_nonce(struct attempt *at, uint64_t height)
{
    struct digest root, hash;

    /* the checkpoint after the present block; the ledger notes it when the next one starts */
    merkle_root(&ledger_tip(l.ledger)->log, &root);
    checkpoint_hash(net.genesis.log.name, ledger_tip(l.ledger)->log.size, &root, &hash);
    memcpy(at->statement.nonce, hash.bytes, 32);
    at->body.height = height;
}

/* A good attempt at registering worker 0 of user 0. */
static void prepare(struct attempt *at)
{
    struct digest keyset;

    memset(at, 0, sizeof *at);
    at->account = &net.users[0];
    at->root = net.sim;
    at->body.release = release;
    at->body.model = model;
    at->body.engine = engine;
    at->body.capacity = 4;
    at->body.prices.output = 9;
    at->body.bond = 10;
    at->body.keyset = SLICE_LIT(KEYSET);
    sha256(at->body.keyset, &keyset);
    at->statement.keyset = keyset;
    at->statement.model = model;
    at->statement.release = release;
    at->statement.role = ROLE_WORKER;
    memcpy(at->statement.network_id, net.genesis.network_id.bytes, 32);
    worker_id_make(at->account->public.bytes, 0, at->statement.worker_id);
    set_nonce(at, ledger_tip(l.ledger)->height);
    at->sim.issued = (unix_time)(l.time_ms / 1000);
    memcpy(at->sim.measurement, measurement, sizeof measurement);
}

static cocoon_err send_blob(struct attempt *at)
{
    report_data_worker(&at->statement, at->sim.report_data);
    sim_make(&at->sim, &at->root, at->evidence);
    sha256(SLICE_OF(at->evidence), &at->blob);
    return kit_send(&l, at->account, TX_BLOB, SLICE_OF(at->evidence), NULL);
}

static struct slice body_of(struct attempt *at)
{
    static uint8_t room[TX_BODY_MAX];
    struct wr w = wr_init(room, sizeof room);
    struct slice out;

    at->body.evidence.kind = SLICE_LIT("sim");
    at->body.evidence.count = 1;
    at->body.evidence.parts[0] = (struct tx_part){SLICE_LIT("evidence"), digest_slice(&at->blob)};
    tx_worker_put(&w, &at->body);
    assert_int_equal(wr_end(&w, &out), OK);
    return out;
}

/* Put the evidence in the log and register with it. */
static cocoon_err attempt(struct attempt *at, enum tx_type type)
{
    if (!at->keep_blob)
        assert_int_equal(send_blob(at), OK);
    return kit_send(&l, at->account, type, body_of(at), NULL);
}

static cocoon_err get_worker(struct record_worker *out)
{
    static struct buf value;
    uint8_t id[32];
    cocoon_err err;

    worker_id_make(net.users[0].public.bytes, 0, id);
    buf_fini(&value);
    buf_init(&value, RECORD_MAX);
    err = kit_get(&l, RECORD_WORKER, SLICE_OF(id), &value);
    return err == OK ? record_get_worker(buf_slice(&value), out) : err;
}

static int set_up(void **state)
{
    (void)state;
    memset(measurement, 0x33, sizeof measurement);
    kit_net_init(&net, 1, 0);
    kit_ledger_init(&l, &net, NULL, NULL);
    put_release();
    put_model_and_engine();
    prepare(&a);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_ledger_fini(&l);
    kit_net_fini(&net);
    return 0;
}

static void test_register(void **state)
{
    struct record_worker w;
    struct digest keyset, nonce;
    uint64_t now;

    (void)state;
    assert_int_equal(get_worker(&w), ERR_ABSENT);
    memcpy(nonce.bytes, a.statement.nonce, 32);
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    now = l.time_ms / 1000;
    assert_int_equal(get_worker(&w), OK);
    assert_int_equal(w.status, WORKER_ACTIVE);
    assert_int_equal(w.epoch, 1);
    assert_true(w.simulated);
    assert_true(w.registered_at == now && w.renewed_at == now);
    assert_true(w.expires_at == 1700007200); /* the keyset's end */
    assert_true(digest_eq(&w.release, &release) && digest_eq(&w.model, &model));
    assert_true(digest_eq(&w.nonce, &nonce));
    sha256(SLICE_LIT(KEYSET), &keyset);
    assert_true(digest_eq(&w.keyset, &keyset));
    assert_true(w.bond == 10 && kit_balance(&l, &net.users[0]) == 990);
    assert_true(slice_eq_text(w.kind, "sim"));
    assert_true(w.capacity == 4 && w.prices.output == 9);
}

/* Once more: a new lease epoch, and the bond adds up. */
static void test_register_again(void **state)
{
    struct record_worker w;

    (void)state;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    prepare(&a);
    a.body.bond = 0;
    a.sim.svn = 1; /* other bytes */
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    assert_int_equal(get_worker(&w), OK);
    assert_true(w.epoch == 2 && w.bond == 10);
}

/* What the worker says of itself must be what its evidence binds. */
static void test_binding(void **state)
{
    (void)state;
    a.statement.worker_id[0] ^= 1;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_MISMATCH);
    prepare(&a);
    a.statement.keyset.bytes[0] ^= 1;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_MISMATCH);
    prepare(&a);
    a.statement.model.bytes[0] ^= 1;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_MISMATCH);
    prepare(&a);
    a.statement.release.bytes[0] ^= 1;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_MISMATCH);
    prepare(&a);
    a.statement.network_id[0] ^= 1;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_MISMATCH);
    prepare(&a);
    a.statement.nonce[0] ^= 1;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_MISMATCH);
    prepare(&a);
    a.statement.role = ROLE_KEEPER;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_MISMATCH);
    prepare(&a);
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
}

/* Evidence of another account's worker is none for this one. */
static void test_stolen_evidence(void **state)
{
    (void)state;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    prepare(&a);
    assert_int_equal(send_blob(&a), OK);
    a.account = &net.users[1];
    a.keep_blob = true;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_MISMATCH);
}

static void test_evidence_refused(void **state)
{
    (void)state;
    a.sim.measurement[0] ^= 1;
    assert_int_not_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    prepare(&a);
    a.root = kit_key(77);
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_UNTRUSTED);
    prepare(&a);
    a.sim.flags = SIM_DEBUG;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_POLICY);
    prepare(&a);
    a.sim.issued -= 2 * 86400;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_EXPIRED);
    prepare(&a);
    a.sim.issued += 86400;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_NOT_YET_VALID);
}

static void test_evidence_absent(void **state)
{
    (void)state;
    a.keep_blob = true;
    a.blob.bytes[0] = 9;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_ABSENT);
}

static void revoke(enum record_type type, const struct digest *id)
{
    struct action action = {.kind = ACTION_REVOKE, .type = type, .id = digest_slice(id)};

    assert_int_equal(kit_propose(&l, &net.owners[0], &action, NULL), OK);
}

static void test_root_contract_decides(void **state)
{
    (void)state;
    a.body.release.bytes[5] = 1;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_ABSENT);
    prepare(&a);
    a.body.model.bytes[5] = 1;
    a.sim.svn = 1;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_ABSENT);
    prepare(&a);
    a.body.engine.bytes[5] = 1;
    a.sim.svn = 2;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_ABSENT);
    prepare(&a);
    memset(&a.body.engine, 0, 32); /* naming none is fine */
    a.sim.svn = 3;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
}

static void test_revoked(void **state)
{
    (void)state;
    revoke(RECORD_ENGINE, &engine);
    prepare(&a);
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_REVOKED);
    revoke(RECORD_MODEL, &model);
    prepare(&a);
    memset(&a.body.engine, 0, 32);
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_REVOKED);
    revoke(RECORD_RELEASE, &release);
    prepare(&a);
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_REVOKED);
}

static cocoon_err put_other_release(uint64_t from, uint64_t until, struct digest *id)
{
    static struct record_release r;
    static uint8_t room[RECORD_MAX];
    struct wr w = wr_init(room, sizeof room);

    id->bytes[0]++;
    r = (struct record_release){.valid_from = from, .valid_until = until};
    record_put_release(&w, &r);
    return kit_put(&l, RECORD_RELEASE, digest_slice(id), &w);
}

static void test_release_window(void **state)
{
    struct digest other = {{0x40}};
    uint64_t now = l.time_ms / 1000;

    (void)state;
    assert_int_equal(put_other_release(now + 1000, 0, &other), OK);
    prepare(&a);
    a.body.release = other;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_NOT_YET_VALID);
    assert_int_equal(put_other_release(1, now, &other), OK);
    prepare(&a);
    a.body.release = other;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_EXPIRED);
}

/* The nonce is the checkpoint after a block that the ledger remembers and that is not old. */
static void test_nonce(void **state)
{
    (void)state;
    a.body.height += 100;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_STALE);
    prepare(&a);
    assert_int_equal(send_blob(&a), OK);
    a.keep_blob = true;
    a.body.height -= RECENT_SLOTS; /* the same slot, another height */
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_STALE);
    prepare(&a);
    assert_int_equal(send_blob(&a), OK);
    a.keep_blob = true;
    kit_wait(&l, 600);
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_STALE);
}

static void test_keyset(void **state)
{
    struct digest keyset;

    (void)state;
    a.body.keyset = SLICE_LIT(" " KEYSET);
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_NONCANONICAL);
    prepare(&a);
    a.body.keyset = SLICE_LIT(KEYSET_AT("1600000000"));
    sha256(a.body.keyset, &keyset);
    a.statement.keyset = keyset;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_EXPIRED);
    prepare(&a);
    a.body.keyset = SLICE_LIT("{}");
    a.sim.svn = 1;
    assert_int_not_equal(attempt(&a, TX_WORKER_REGISTER), OK);
}

static void test_bond(void **state)
{
    (void)state;
    a.body.bond = 9;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_FUNDS);
    a.keep_blob = true;
    a.body.bond = 1001;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_FUNDS);
    a.body.bond = ~(amount)0;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_FUNDS);
    a.body.bond = 1000;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    prepare(&a);
    a.body.bond = ~(amount)0;
    a.sim.svn = 1;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_RANGE);
}

/* Two appraisals a block: the third waits for the next. A refused one was work too. */
static void test_appraisals_are_capped(void **state)
{
    static struct buf bytes[3];
    struct ledger_result results[3];
    struct slice txs[3];

    (void)state;
    assert_int_equal(send_blob(&a), OK);
    for (size_t i = 0; i < 3; i++) {
        buf_init(&bytes[i], TX_MAX);
        a.body.index = 0;
        /* users 1 and 2 have evidence of another worker: appraised, and refused */
        assert_int_equal(tx_sign(&bytes[i], &net.users[2 - i], TX_WORKER_REGISTER,
                                 &net.genesis.network_id, i == 2 ? 1 : 0, body_of(&a)),
                         OK);
        txs[i] = buf_slice(&bytes[i]);
    }
    assert_int_equal(kit_block(&l, txs, 3, results), 0);
    assert_int_equal(results[0].err, ERR_MISMATCH);
    assert_int_equal(results[1].err, ERR_MISMATCH);
    assert_int_equal(results[2].err, ERR_LIMIT);
    assert_int_equal(kit_block(&l, &txs[2], 1, results), 1);
    for (size_t i = 0; i < 3; i++)
        buf_fini(&bytes[i]);
}

static void test_epoch_of_registration(void **state)
{
    (void)state;
    a.body.epoch = 1;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_RULE);
}

static void test_renew(void **state)
{
    struct record_worker before, after;

    (void)state;
    a.body.epoch = 1;
    assert_int_equal(attempt(&a, TX_WORKER_RENEW), ERR_ABSENT);
    prepare(&a);
    a.sim.svn = 1;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    assert_int_equal(get_worker(&before), OK);
    kit_wait(&l, 100);
    assert_int_equal(kit_send(&l, &net.users[3], TX_BLOB, SLICE_LIT("moves on"), NULL), OK);
    prepare(&a);
    a.body.bond = 0;
    a.body.epoch = 2;
    assert_int_equal(attempt(&a, TX_WORKER_RENEW), ERR_ROLLBACK);
    a.keep_blob = true;
    a.body.epoch = 1;
    assert_int_equal(attempt(&a, TX_WORKER_RENEW), OK);
    assert_int_equal(get_worker(&after), OK);
    assert_true(after.epoch == 1 && after.registered_at == before.registered_at);
    assert_true(after.renewed_at > before.renewed_at && after.bond == 10);
    /* the lease passed on to another instance: this one is fenced off */
    prepare(&a);
    a.body.bond = 0;
    a.sim.svn = 3;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    prepare(&a);
    a.body.bond = 0;
    a.body.epoch = 1;
    a.sim.svn = 4;
    assert_int_equal(attempt(&a, TX_WORKER_RENEW), ERR_ROLLBACK);
}

/* Renewing is not a way to another release, model or engine. */
static void test_renew_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    prepare(&a);
    a.body.epoch = 1;
    a.body.bond = 0;
    memset(&a.body.engine, 0, 32);
    assert_int_equal(attempt(&a, TX_WORKER_RENEW), ERR_MISMATCH);
}

static cocoon_err update(uint32_t epoch, uint8_t status)
{
    struct tx_worker_update u = {.epoch = epoch, .status = status, .capacity = 7};
    uint8_t room[128];
    struct wr w = wr_init(room, sizeof room);
    struct slice body;

    tx_worker_update_put(&w, &u);
    assert_int_equal(wr_end(&w, &body), OK);
    return kit_send(&l, &net.users[0], TX_WORKER_UPDATE, body, NULL);
}

static cocoon_err retire(void)
{
    return kit_send(&l, &net.users[0], TX_WORKER_RETIRE, SLICE_LIT("\0\0\0\0"), NULL);
}

static cocoon_err receipts(uint32_t epoch, uint32_t count)
{
    struct tx_receipts r = {.epoch = epoch, .count = count, .root = {{5}}};
    uint8_t room[64];
    struct wr w = wr_init(room, sizeof room);
    struct slice body;

    tx_receipts_put(&w, &r);
    assert_int_equal(wr_end(&w, &body), OK);
    return kit_send(&l, &net.users[0], TX_RECEIPTS, body, NULL);
}

static void test_update(void **state)
{
    struct record_worker w;

    (void)state;
    assert_int_equal(update(1, WORKER_DRAINING), ERR_ABSENT);
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    assert_int_equal(update(2, WORKER_DRAINING), ERR_ROLLBACK);
    assert_int_equal(update(1, WORKER_RETIRED), ERR_TRUNCATED);
    assert_int_equal(update(1, WORKER_DRAINING), OK);
    assert_int_equal(get_worker(&w), OK);
    assert_true(w.status == WORKER_DRAINING && w.capacity == 7 && w.prices.output == 0);
}

/* A retired worker does nothing any more; its bond comes back after the delay, once. */
static void test_retire(void **state)
{
    struct record_worker w;

    (void)state;
    assert_int_equal(retire(), ERR_ABSENT);
    assert_int_equal(kit_send(&l, &net.users[0], TX_WORKER_RETIRE, SLICE_LIT("\0\0\0"), NULL),
                     ERR_TRUNCATED);
    assert_int_equal(kit_send(&l, &net.users[0], TX_WORKER_RETIRE, SLICE_LIT("\0\0\0\0\0"), NULL),
                     ERR_TRAILING);
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    assert_int_equal(retire(), OK);
    assert_int_equal(get_worker(&w), OK);
    assert_true(w.status == WORKER_RETIRED && w.expires_at == l.time_ms / 1000);
    assert_int_equal(update(1, WORKER_ACTIVE), ERR_RULE);
    assert_int_equal(receipts(1, 1), ERR_RULE);
    prepare(&a);
    a.body.epoch = 1;
    a.sim.svn = 1;
    assert_int_equal(attempt(&a, TX_WORKER_RENEW), ERR_RULE);
    assert_int_equal(retire(), ERR_NOT_YET_VALID);
    assert_true(kit_balance(&l, &net.users[0]) == 990);
    kit_wait(&l, 1000);
    assert_int_equal(retire(), OK);
    assert_true(kit_balance(&l, &net.users[0]) == 1000);
    assert_int_equal(retire(), ERR_RULE);
}

static void test_receipts(void **state)
{
    struct record_receipts r;
    struct buf value;
    uint8_t id[32];

    (void)state;
    assert_int_equal(receipts(1, 3), ERR_ABSENT);
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    assert_int_equal(receipts(2, 3), ERR_ROLLBACK);
    assert_int_equal(receipts(1, 0), ERR_RULE);
    assert_int_equal(receipts(1, 3), OK);
    assert_int_equal(receipts(1, 4), OK);
    worker_id_make(net.users[0].public.bytes, 0, id);
    buf_init(&value, RECORD_MAX);
    assert_int_equal(kit_get(&l, RECORD_RECEIPTS, SLICE_OF(id), &value), OK);
    assert_int_equal(record_get_receipts(buf_slice(&value), &r), OK);
    assert_true(r.batches == 2 && r.receipts == 7 && r.last_root.bytes[0] == 5);
    assert_true(r.last_index == l.count - 2);
    buf_fini(&value);
}

static void test_appraisal_fee(void **state)
{
    struct record_params params = net.genesis.params;
    uint8_t room[256];
    struct wr w = wr_init(room, sizeof room);

    (void)state;
    params.fee_appraisal = 100;
    record_put_params(&w, &params);
    assert_int_equal(kit_put(&l, RECORD_PARAMS, slice_make(NULL, 0), &w), OK);
    prepare(&a);
    a.body.bond = 901;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_FUNDS);
    a.keep_blob = true;
    a.body.bond = 900;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    assert_true(kit_balance(&l, &net.users[0]) == 0);
}

/* --- a stand-in for the appraisal --- */

static struct ledger_answer planned;
static cocoon_err planned_err;
static struct ledger_question asked[2];
static uint8_t asked_report[2][64], asked_nonce[2][32];
static unsigned questions;

static cocoon_err stand_in(void *ctx, const struct ledger_question *q, struct ledger_answer *out,
                           struct fail *fail)
{
    (void)ctx;
    assert_true(questions < 2);
    asked[questions] = *q;
    if (q->report_data.len > 0)
        memcpy(asked_report[questions], q->report_data.ptr, 64);
    if (q->nonce.len > 0)
        memcpy(asked_nonce[questions], q->nonce.ptr, 32);
    questions++;
    *out = planned;
    return planned_err == OK ? OK : fail_set(fail, planned_err, 0, "planned");
}

static int set_up_stand_in(void **state)
{
    (void)state;
    kit_net_init(&net, 1, 0);
    kit_ledger_init(&l, &net, stand_in, NULL);
    put_release();
    put_model_and_engine();
    prepare(&a);
    planned = (struct ledger_answer){.valid_until = 1700003600};
    planned_err = OK;
    questions = 0;
    return 0;
}

/* Collateral of an older evaluation than was seen is refused, for the same platform alone. */
static void test_evaluation_never_falls(void **state)
{
    struct record_evaluation seen;
    struct buf value;

    (void)state;
    planned.evaluated = SLICE_LIT("fmspc-1");
    planned.evaluation_number = 18;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    a.keep_blob = true;
    planned.evaluation_number = 17;
    questions = 0;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_ROLLBACK);
    planned.evaluation_number = 19;
    questions = 0;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    planned.evaluated =
        SLICE_LIT("a name of sixty-five bytes, which is one more than an id can have");
    questions = 0;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_LIMIT);
    planned.evaluated = SLICE_LIT("fmspc-2");
    planned.evaluation_number = 1;
    questions = 0;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    buf_init(&value, RECORD_MAX);
    assert_int_equal(kit_get(&l, RECORD_EVALUATION, SLICE_LIT("fmspc-1"), &value), OK);
    assert_int_equal(record_get_evaluation(buf_slice(&value), &seen), OK);
    assert_int_equal(seen.number, 19);
    buf_fini(&value);
}

/* The registration ends with what it rests on, whichever ends first; what has ended is refused. */
static void test_expiry(void **state)
{
    struct record_worker w;

    (void)state;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    assert_int_equal(get_worker(&w), OK);
    assert_true(w.expires_at == 1700003600);
    assert_false(w.simulated);
    a.keep_blob = true;
    planned.valid_until = (unix_time)(l.time_ms / 1000);
    questions = 0;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_EXPIRED);
}

/* GPU evidence is asked for its own nonce, made of the statement without its digest. */
static void test_gpu(void **state)
{
    struct digest nonce, gpu_digest;
    uint8_t report[64];

    (void)state;
    assert_int_equal(send_blob(&a), OK);
    a.keep_blob = true;
    a.body.gpu.kind = SLICE_LIT("nvidia-hopper");
    a.body.gpu.count = 1;
    a.body.gpu.parts[0] = (struct tx_part){SLICE_LIT("report"), digest_slice(&a.blob)};
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), OK);
    assert_int_equal(questions, 2);
    assert_true(slice_eq_text(asked[1].evidence->kind, "nvidia-hopper") ||
                asked[1].report_data.len == 0);
    statement_gpu_nonce(&a.statement, &nonce);
    assert_memory_equal(asked_nonce[1], nonce.bytes, 32);
    assert_int_equal(asked[1].report_data.len, 0);
    {
        uint8_t room[256];
        struct wr w = wr_init(room, sizeof room);
        struct slice bytes;

        tx_evidence_put(&w, &a.body.gpu);
        assert_int_equal(wr_end(&w, &bytes), OK);
        sha256(bytes, &gpu_digest);
    }
    a.statement.gpu_evidence = &gpu_digest;
    report_data_worker(&a.statement, report);
    assert_memory_equal(asked_report[0], report, 64);
}

/* Many pieces of one blob: more than the evidence of any machine. */
static void test_evidence_too_long(void **state)
{
    static uint8_t content[TX_BLOB_MAX];
    static struct digest pieces[TX_PIECES_MAX];
    static uint8_t room[TX_BODY_MAX];
    struct wr w = wr_init(room, sizeof room);
    struct slice body;

    (void)state;
    assert_int_equal(kit_send(&l, &net.users[0], TX_BLOB, SLICE_OF(content), NULL), OK);
    for (size_t i = 0; i < TX_PIECES_MAX; i++)
        sha256(SLICE_OF(content), &pieces[i]);
    a.body.evidence.kind = SLICE_LIT("sim");
    a.body.evidence.count = 1;
    a.body.evidence.parts[0] = (struct tx_part){SLICE_LIT("evidence"), SLICE_OF(pieces)};
    tx_worker_put(&w, &a.body);
    assert_int_equal(wr_end(&w, &body), OK);
    assert_int_equal(kit_send(&l, &net.users[0], TX_WORKER_REGISTER, body, NULL), ERR_LIMIT);
    assert_int_equal(questions, 0);
}

static void test_refused_appraisal(void **state)
{
    struct record_worker w;

    (void)state;
    planned_err = ERR_UNTRUSTED;
    assert_int_equal(attempt(&a, TX_WORKER_REGISTER), ERR_UNTRUSTED);
    assert_int_equal(get_worker(&w), ERR_ABSENT);
    assert_true(kit_balance(&l, &net.users[0]) == 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define PLAN(name) cmocka_unit_test_setup_teardown(name, set_up_stand_in, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_register),
        TEST(test_register_again),
        TEST(test_binding),
        TEST(test_stolen_evidence),
        TEST(test_evidence_refused),
        TEST(test_evidence_absent),
        TEST(test_root_contract_decides),
        TEST(test_revoked),
        TEST(test_release_window),
        TEST(test_nonce),
        TEST(test_keyset),
        TEST(test_bond),
        TEST(test_appraisals_are_capped),
        TEST(test_epoch_of_registration),
        TEST(test_renew),
        TEST(test_renew_changes_nothing),
        TEST(test_update),
        TEST(test_retire),
        TEST(test_receipts),
        TEST(test_appraisal_fee),
        PLAN(test_evaluation_never_falls),
        PLAN(test_expiry),
        PLAN(test_gpu),
        PLAN(test_evidence_too_long),
        PLAN(test_refused_appraisal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
