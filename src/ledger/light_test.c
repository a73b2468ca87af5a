#include "ledger/light.h"

#include "base/test.h"
#include "ledger/kit_test.h"
#include "ledger/smt_proof.h"
#include "ledger/tlog_policy.h"

static struct kit_net net;
static struct kit_ledger l;
static struct tlog_policy tlog;
static struct light_policy policy = {&tlog, LIGHT_MAX_AGE, LIGHT_SKEW};
static struct buf policy_text;
static struct arena arena;

static const struct digest release = {{1}}, model = {{2}}, worker_id = {{3}};

/* A proof made as an honest ledger does; a test then breaks one part. */
struct made {
    struct light_proof proof;
    struct buf note, values[8], proofs[8];
    struct merkle_proof inclusion, consistency;
    uint8_t block[BLOCK_LEAF_LEN];
};

static struct made m;

static void read_policy(const char *quorum)
{
    const struct note_signer *signers[] = {&net.operator, & net.witnesses[0], &net.witnesses[1]};
    static const char *const names[] = {"op", "w0", "w1"};
    struct fail fail;
    size_t line;

    buf_clear(&policy_text);
    buf_put_text(&policy_text, "log ");
    note_signer_vkey(&net.log, &policy_text);
    for (size_t i = 0; i < 3; i++) {
        buf_printf(&policy_text, "\nwitness %s ", names[i]);
        note_signer_vkey(signers[i], &policy_text);
    }
    buf_put_text(&policy_text, "\n");
    buf_put_text(&policy_text, quorum);
    assert_int_equal(tlog_policy_read(buf_slice(&policy_text), &tlog, &line, &fail), OK);
}

static void put(enum record_type type, const struct digest *id, void (*write)(struct wr *w))
{
    static uint8_t room[RECORD_MAX];
    struct wr w = wr_init(room, sizeof room);

    write(&w);
    assert_int_equal(kit_put(&l, type, digest_slice(id), &w), OK);
}

static uint64_t from_time = 1, until_time;

static void write_release(struct wr *w)
{
    static struct record_release r;

    r = (struct record_release){.valid_from = from_time, .valid_until = until_time};
    record_put_release(w, &r);
}

static void write_model(struct wr *w)
{
    struct record_model r = {.valid_from = from_time, .kind = MODEL_OPEN};

    record_put_model(w, &r);
}

static int set_up(void **state)
{
    (void)state;
    from_time = 1;
    until_time = 0;
    kit_net_init(&net, 1, 0);
    kit_ledger_init(&l, &net, NULL, NULL);
    buf_init(&policy_text, 4096);
    arena_init(&arena, 1 << 22);
    read_policy("group plain 1 w0 w1\ngroup both all op plain\nquorum both\n");
    memset(&m, 0, sizeof m);
    return 0;
}

static void made_fini(void)
{
    buf_fini(&m.note);
    for (size_t i = 0; i < m.proof.count; i++) {
        buf_fini(&m.values[i]);
        buf_fini(&m.proofs[i]);
    }
    memset(&m, 0, sizeof m);
}

static int tear_down(void **state)
{
    (void)state;
    made_fini();
    arena_fini(&arena);
    buf_fini(&policy_text);
    kit_ledger_fini(&l);
    kit_net_fini(&net);
    return 0;
}

static void sign(uint64_t time, bool operator, bool w0, bool w1)
{
    struct digest root;
    struct buf text;

    merkle_root(&ledger_tip(l.ledger)->log, &root);
    buf_init(&text, 1024);
    buf_init(&m.note, 8192);
    checkpoint_put(&text, ledger_origin(l.ledger), l.count, &root);
    buf_put(&m.note, buf_slice(&text));
    buf_put_text(&m.note, "\n");
    assert_int_equal(note_signer_sign(&net.log, buf_slice(&text), 0, &m.note), OK);
    if (operator)
        assert_int_equal(note_signer_sign(&net.operator, buf_slice(&text), time, &m.note), OK);
    if (w0)
        assert_int_equal(note_signer_sign(&net.witnesses[0], buf_slice(&text), time, &m.note), OK);
    if (w1)
        assert_int_equal(note_signer_sign(&net.witnesses[1], buf_slice(&text), time, &m.note), OK);
    m.proof.checkpoint = buf_slice(&m.note);
    buf_fini(&text);
}

static void prove_log(uint64_t old_size)
{
    struct digest *leaves = MEM_ARRAY(l.count, struct digest);

    for (size_t i = 0; i < l.count; i++)
        merkle_leaf(kit_leaf(&l, i), &leaves[i]);
    memcpy(m.block, kit_leaf(&l, l.count - 1).ptr, sizeof m.block);
    m.proof.block = SLICE_OF(m.block);
    assert_int_equal(merkle_prove_inclusion_in(leaves, l.count, l.count - 1, &m.inclusion), OK);
    m.proof.inclusion = slice_make(m.inclusion.hashes, 32 * m.inclusion.count);
    m.proof.old_size = old_size;
    assert_int_equal(merkle_prove_consistency_in(leaves, l.count, (size_t)old_size, &m.consistency),
                     OK);
    m.proof.consistency = slice_make(m.consistency.hashes, 32 * m.consistency.count);
    mem_free(leaves);
}

static void prove_record(enum record_type type, struct slice id)
{
    struct light_record *r = &m.proof.records[m.proof.count];
    struct buf *value = &m.values[m.proof.count], *proof = &m.proofs[m.proof.count];
    cocoon_err err;

    buf_init(value, RECORD_MAX);
    buf_init(proof, SMT_PROOF_MAX);
    err = ledger_prove(l.ledger, LEDGER_HEAD, type, id, value, proof);
    assert_true(err == OK || err == ERR_ABSENT);
    *r = (struct light_record){type, id, err == OK, buf_slice(value), buf_slice(proof)};
    m.proof.count++;
}

/* The proof of the present, cosigned by all at `time`, extending `old_size`. */
static void make(uint64_t time, uint64_t old_size)
{
    made_fini();
    sign(time, true, true, true);
    prove_log(old_size);
}

static cocoon_err advance(const struct light_view *last, unix_time now, struct light_view *next)
{
    struct fail fail = {0};
    cocoon_err err = light_advance(&policy, last, &m.proof, now, next, &fail);

    assert_int_equal(fail.code, err);
    return err;
}

static void grow(void)
{
    static unsigned serial;
    char text[32];

    snprintf(text, sizeof text, "blob %u", serial++);
    assert_int_equal(kit_send(&l, &net.users[0], TX_BLOB, slice_text(text), NULL), OK);
}

static void test_view(void **state)
{
    struct light_view view;
    struct digest checkpoint, root;

    (void)state;
    grow();
    make(1000, 0);
    assert_int_equal(advance(NULL, 1100, &view), OK);
    assert_true(view.size == 3 && view.height == 1 && view.cosigned == 1000);
    assert_true(view.time_ms == l.time_ms);
    assert_true(digest_eq(&view.state_root, &ledger_tip(l.ledger)->state_root));
    merkle_root(&ledger_tip(l.ledger)->log, &root);
    checkpoint_hash(ledger_origin(l.ledger), 3, &root, &checkpoint);
    assert_true(digest_eq(&view.checkpoint, &checkpoint));
}

static void test_quorum_and_age(void **state)
{
    struct light_view view;

    (void)state;
    sign(1000, true, false, false);
    prove_log(0);
    assert_int_equal(advance(NULL, 1000, &view), ERR_QUORUM);
    made_fini();
    sign(1000, false, true, true);
    prove_log(0);
    assert_int_equal(advance(NULL, 1000, &view), ERR_QUORUM);
    made_fini();
    sign(1000, true, false, true);
    prove_log(0);
    assert_int_equal(advance(NULL, 1000, &view), OK);
    assert_int_equal(advance(NULL, 1600, &view), OK);
    assert_int_equal(advance(NULL, 1601, &view), ERR_STALE);
    assert_int_equal(advance(NULL, 940, &view), OK);
    assert_int_equal(advance(NULL, 939, &view), ERR_QUORUM); /* from the future: no cosignature */
}

static void test_growth(void **state)
{
    struct light_view first, second, third;

    (void)state;
    grow();
    make(1000, 0);
    assert_int_equal(advance(NULL, 1000, &first), OK);
    assert_int_equal(advance(&first, 1000, &second), OK); /* the same again */
    for (int i = 0; i < 7; i++)
        grow();
    make(1000, first.size);
    assert_int_equal(advance(&first, 1000, &second), OK);
    assert_int_equal(advance(&second, 1000, &third), OK);
    m.proof.old_size++;
    assert_int_equal(advance(&first, 1000, &third), ERR_PROOF);
    m.proof.old_size--;
    m.consistency.hashes[0].bytes[0] ^= 1;
    assert_int_equal(advance(&first, 1000, &third), ERR_PROOF);
    m.consistency.hashes[0].bytes[0] ^= 1;
    first.root.bytes[0] ^= 1; /* another history was seen before */
    assert_int_equal(advance(&first, 1000, &third), ERR_PROOF);
    second.root.bytes[0] ^= 1;
    assert_int_equal(advance(&second, 1000, &third), ERR_FORK);
    second.root.bytes[0] ^= 1;
    second.size++;
    assert_int_equal(advance(&second, 1000, &third), ERR_ROLLBACK);
}

static void test_height_rises(void **state)
{
    struct light_view first, second;

    (void)state;
    grow();
    make(1000, 0);
    assert_int_equal(advance(NULL, 1000, &first), OK);
    grow();
    make(1000, first.size);
    first.height += 5;
    assert_int_equal(advance(&first, 1000, &second), ERR_ROLLBACK);
    first.height -= 5;
    first.time_ms = l.time_ms;
    assert_int_equal(advance(&first, 1000, &second), ERR_ROLLBACK);
}

/* The BLOCK leaf must be the last leaf of this very tree. */
static void test_block(void **state)
{
    struct light_view view;
    struct slice whole;

    (void)state;
    grow();
    grow();
    make(1000, 0);
    for (size_t at = 0; at < sizeof m.block; at++) {
        m.block[at] ^= 1;
        assert_int_not_equal(advance(NULL, 1000, &view), OK);
        m.block[at] ^= 1;
    }
    for (size_t i = 0; i < m.inclusion.count; i++) {
        m.inclusion.hashes[i].bytes[9] ^= 1;
        assert_int_equal(advance(NULL, 1000, &view), ERR_PROOF);
        m.inclusion.hashes[i].bytes[9] ^= 1;
    }
    whole = m.proof.inclusion;
    m.proof.inclusion.len--;
    assert_int_equal(advance(NULL, 1000, &view), ERR_MALFORMED);
    m.proof.inclusion = slice_make(whole.ptr, whole.len - 32);
    assert_int_equal(advance(NULL, 1000, &view), ERR_PROOF);
    m.proof.inclusion = whole;
    /* an earlier BLOCK leaf stands in the log too, but is not the last */
    m.proof.block = kit_leaf(&l, 2);
    assert_int_equal(advance(NULL, 1000, &view), ERR_PROOF);
    m.proof.block = kit_leaf(&l, 1);
    assert_int_equal(advance(NULL, 1000, &view), ERR_TYPE);
}

static void test_extension_lines(void **state)
{
    struct light_view view;
    struct buf text;
    struct digest root;

    (void)state;
    merkle_root(&ledger_tip(l.ledger)->log, &root);
    prove_log(0);
    buf_init(&text, 1024);
    buf_init(&m.note, 8192);
    checkpoint_put(&text, ledger_origin(l.ledger), l.count, &root);
    buf_put_text(&text, "more\n");
    buf_put(&m.note, buf_slice(&text));
    buf_put_text(&m.note, "\n");
    assert_int_equal(note_signer_sign(&net.log, buf_slice(&text), 0, &m.note), OK);
    assert_int_equal(note_signer_sign(&net.operator, buf_slice(&text), 1000, &m.note), OK);
    assert_int_equal(note_signer_sign(&net.witnesses[0], buf_slice(&text), 1000, &m.note), OK);
    m.proof.checkpoint = buf_slice(&m.note);
    assert_int_equal(advance(NULL, 1000, &view), ERR_MALFORMED);
    buf_fini(&text);
}

static cocoon_err find_release(const struct light_view *view, unix_time now)
{
    static struct record_release out;
    struct fail fail = {0};

    return light_release(view, &m.proof, &release, now, &out, &fail);
}

static cocoon_err find_model(const struct light_view *view, unix_time now)
{
    struct record_model out;
    struct fail fail = {0};

    return light_model(view, &m.proof, &model, now, &out, &fail);
}

static void prove_both(struct light_view *view)
{
    make(1000, 0);
    prove_record(RECORD_RELEASE, digest_slice(&release));
    prove_record(RECORD_MODEL, digest_slice(&model));
    assert_int_equal(advance(NULL, 1000, view), OK);
}

static void revoke(enum record_type type, const struct digest *id, uint64_t at)
{
    struct action a = {.kind = ACTION_REVOKE, .type = type, .id = digest_slice(id), .at = at};

    assert_int_equal(kit_propose(&l, &net.owners[0], &a, NULL), OK);
}

/* Absent, present, out of its time, revoked: what the owners say, as the state has it. */
static void test_releases_and_models(void **state)
{
    const unix_time now = KIT_TIME + 1000;
    struct light_view view;

    (void)state;
    prove_both(&view);
    assert_int_equal(find_release(&view, now), ERR_ABSENT);
    assert_int_equal(find_model(&view, now), ERR_ABSENT);
    from_time = KIT_TIME + 500;
    until_time = KIT_TIME + 2000;
    put(RECORD_RELEASE, &release, write_release);
    put(RECORD_MODEL, &model, write_model);
    prove_both(&view);
    assert_int_equal(find_release(&view, KIT_TIME + 499), ERR_NOT_YET_VALID);
    assert_int_equal(find_model(&view, KIT_TIME + 499), ERR_NOT_YET_VALID);
    assert_int_equal(find_release(&view, now), OK);
    assert_int_equal(find_model(&view, now), OK);
    assert_int_equal(find_release(&view, KIT_TIME + 2000), ERR_EXPIRED);
    revoke(RECORD_RELEASE, &release, KIT_TIME + 1500);
    revoke(RECORD_MODEL, &model, KIT_TIME + 1500);
    prove_both(&view);
    assert_int_equal(find_release(&view, KIT_TIME + 1499), OK);
    assert_int_equal(find_release(&view, KIT_TIME + 1500), ERR_REVOKED);
    assert_int_equal(find_model(&view, KIT_TIME + 1499), OK);
    assert_int_equal(find_model(&view, KIT_TIME + 1500), ERR_REVOKED);
}

/* Each byte of a record and of its proof counts, and neither can stand in for another. */
static void test_records_tampered(void **state)
{
    struct light_view view;
    struct light_record *r = &m.proof.records[0];

    (void)state;
    put(RECORD_RELEASE, &release, write_release);
    put(RECORD_MODEL, &model, write_model);
    prove_both(&view);
    for (size_t at = 0; at < m.values[0].len; at++) {
        m.values[0].ptr[at] ^= 1;
        assert_int_equal(find_release(&view, KIT_TIME), ERR_PROOF);
        m.values[0].ptr[at] ^= 1;
    }
    for (size_t at = 0; at < m.proofs[0].len; at++) {
        m.proofs[0].ptr[at] ^= 1;
        assert_int_equal(find_release(&view, KIT_TIME), ERR_PROOF);
        m.proofs[0].ptr[at] ^= 1;
    }
    r->present = false;
    assert_int_equal(find_release(&view, KIT_TIME), ERR_PROOF);
    r->present = true;
    view.state_root.bytes[0] ^= 1;
    assert_int_equal(find_release(&view, KIT_TIME), ERR_PROOF);
    view.state_root.bytes[0] ^= 1;
    assert_int_equal(find_release(&view, KIT_TIME), OK);
    r->type = RECORD_ENGINE;
    assert_int_equal(find_release(&view, KIT_TIME), ERR_MISSING);
    r->type = RECORD_RELEASE;
    m.proof.count = 0;
    assert_int_equal(find_release(&view, KIT_TIME), ERR_MISSING);
    m.proof.count = 2;
}

/* An absent record cannot be shown to a client as one that is there, nor the other way round. */
static void test_absence_tampered(void **state)
{
    struct light_view view;
    struct light_record *r = &m.proof.records[0];

    (void)state;
    prove_both(&view);
    assert_int_equal(find_release(&view, KIT_TIME), ERR_ABSENT);
    r->present = true;
    r->value = SLICE_LIT("\x08\x01");
    assert_int_equal(find_release(&view, KIT_TIME), ERR_PROOF);
    r->present = false;
    for (size_t at = 0; at < m.proofs[0].len; at++) {
        m.proofs[0].ptr[at] ^= 1;
        assert_int_equal(find_release(&view, KIT_TIME), ERR_PROOF);
        m.proofs[0].ptr[at] ^= 1;
    }
}

/* A worker's record as a state of one leaf: the root is the leaf. */
static cocoon_err find_worker(struct record_worker *worker, unix_time now)
{
    static uint8_t value[RECORD_MAX];
    static const uint8_t proof[] = {SMT_PRESENT, 0, 0};
    struct wr w = wr_init(value, sizeof value);
    struct light_view view = {0};
    struct record_worker out;
    struct digest key, hash;
    struct fail fail = {0};
    struct slice bytes;

    record_put_worker(&w, worker);
    assert_int_equal(wr_end(&w, &bytes), OK);
    record_key(RECORD_WORKER, digest_slice(&worker_id), &key);
    sha256(bytes, &hash);
    smt_leaf_hash(&key, &hash, &view.state_root);
    made_fini();
    m.proof.records[0] = (struct light_record){RECORD_WORKER, digest_slice(&worker_id), true, bytes,
                                               SLICE_OF(proof)};
    m.proof.count = 1;
    return light_worker(&view, &m.proof, &worker_id, now, &out, &fail);
}

static void test_workers(void **state)
{
    struct record_worker worker = {.status = WORKER_ACTIVE, .expires_at = 500};

    (void)state;
    assert_int_equal(find_worker(&worker, 499), OK);
    assert_int_equal(find_worker(&worker, 500), ERR_EXPIRED);
    worker.status = WORKER_DRAINING;
    assert_int_equal(find_worker(&worker, 499), OK);
    worker.status = WORKER_RETIRED;
    assert_int_equal(find_worker(&worker, 499), ERR_REVOKED);
}

static void test_json(void **state)
{
    static struct light_proof again;
    struct light_view view;
    struct fail fail;
    struct buf json, twice;

    (void)state;
    put(RECORD_RELEASE, &release, write_release);
    make(1000, 1);
    prove_record(RECORD_RELEASE, digest_slice(&release));
    prove_record(RECORD_MODEL, digest_slice(&model));
    prove_record(RECORD_NETWORK, slice_make(NULL, 0));
    buf_init(&json, LIGHT_PROOF_MAX);
    buf_init(&twice, LIGHT_PROOF_MAX);
    assert_int_equal(light_proof_put(&json, &m.proof), OK);
    assert_int_equal(light_proof_read(buf_slice(&json), &arena, &again, &fail), OK);
    assert_int_equal(light_proof_put(&twice, &again), OK);
    assert_true(slice_eq(buf_slice(&json), buf_slice(&twice)));
    assert_int_equal(light_advance(&policy, NULL, &again, 1000, &view, &fail), OK);
    for (size_t len = 0; len < json.len; len++)
        assert_int_not_equal(light_proof_read(slice_make(json.ptr, len), &arena, &again, &fail),
                             OK);
    buf_fini(&twice);
    buf_fini(&json);
}

static void test_json_refusals(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"block\":\"\",\"checkpoint\":\"\",\"consistency\":[],\"inclusion\":[],\"old_size\":0,"
        "\"records\":[],\"more\":1}",
        "{\"block\":\"\",\"checkpoint\":\"\",\"consistency\":[\"AA==\"],\"inclusion\":[],"
        "\"old_size\":0,\"records\":[]}",
        "{\"block\":\"\",\"checkpoint\":\"\",\"consistency\":[],\"inclusion\":[],\"old_size\":-1,"
        "\"records\":[]}",
        "{\"block\":\"\",\"checkpoint\":\"\",\"consistency\":[],\"inclusion\":[],\"old_size\":0,"
        "\"records\":[{\"id\":\"0\",\"proof\":\"\",\"type\":\"model\",\"value\":null}]}",
        "{\"block\":\"\",\"checkpoint\":\"\",\"consistency\":[],\"inclusion\":[],\"old_size\":0,"
        "\"records\":[{\"id\":\"\",\"proof\":\"\",\"type\":\"channel\",\"value\":null}]}",
        "{\"block\":\"\",\"checkpoint\":\"\",\"consistency\":[],\"inclusion\":[],\"old_size\":0,"
        "\"records\":[{\"id\":\"\",\"proof\":\"\",\"type\":\"model\"}]}",
    };
    static struct light_proof out;
    struct fail fail;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (light_proof_read(slice_text(bad[i]), &arena, &out, &fail) == OK)
            fail_msg("%s", bad[i]);
}

static void test_view_json(void **state)
{
    struct light_view view = {.size = 5, .height = 2, .time_ms = 3, .cosigned = 4}, again;
    struct fail fail;
    struct buf json;

    (void)state;
    view.root.bytes[1] = 1;
    view.state_root.bytes[2] = 2;
    view.checkpoint.bytes[3] = 3;
    buf_init(&json, 4096);
    assert_int_equal(light_view_put(&json, &view), OK);
    assert_int_equal(light_view_read(buf_slice(&json), &again, &fail), OK);
    assert_memory_equal(&view, &again, sizeof view);
    assert_int_not_equal(light_view_read(SLICE_LIT("{}"), &again, &fail), OK);
    for (size_t len = 0; len < json.len; len++)
        assert_int_not_equal(light_view_read(slice_make(json.ptr, len), &again, &fail), OK);
    buf_fini(&json);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_view),
        TEST(test_quorum_and_age),
        TEST(test_growth),
        TEST(test_height_rises),
        TEST(test_block),
        TEST(test_extension_lines),
        TEST(test_releases_and_models),
        TEST(test_records_tampered),
        TEST(test_absence_tampered),
        TEST(test_workers),
        TEST(test_json),
        TEST(test_json_refusals),
        TEST(test_view_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
