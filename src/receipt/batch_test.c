#include "receipt/batch.h"

#include "base/test.h"
#include "ledger/tlog_policy.h"
#include "receipt/world_test.h"

static struct world world;
static struct tlog_policy tlog;

static const struct digest receipts[5] = {{{1}}, {{2}}, {{3}}, {{4}}, {{5}}};

static int set_up(void **state)
{
    struct fail fail;
    size_t line;

    (void)state;
    world_init(&world);
    assert_int_equal(tlog_policy_read(buf_slice(&world.tlog), &tlog, &line, &fail), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&world);
    return 0;
}

static void test_every_receipt_of_every_batch(void **state)
{
    (void)state;
    for (size_t count = 1; count <= COUNT_OF(receipts); count++) {
        struct digest root;

        batch_root(receipts, count, &root);
        for (size_t i = 0; i < count; i++) {
            struct merkle_proof path;

            assert_int_equal(batch_prove(receipts, count, i, &path), OK);
            assert_int_equal(batch_verify(&receipts[i], i, count, &root, &path), OK);
            assert_int_equal(batch_verify(&receipts[(i + 1) % 5], i, count, &root, &path),
                             ERR_PROOF);
            if (count > 1)
                assert_int_equal(batch_verify(&receipts[i], (i + 1) % count, count, &root, &path),
                                 ERR_PROOF);
        }
        {
            struct merkle_proof path;

            assert_int_equal(batch_prove(receipts, count, count, &path), ERR_RANGE);
        }
    }
}

/* The root of one receipt, spelled out: SHA-256(00 | digest). */
static void test_one_root(void **state)
{
    uint8_t leaf[33] = {0, 1};
    struct digest root, want;

    (void)state;
    batch_root(receipts, 1, &root);
    sha256(SLICE_OF(leaf), &want);
    assert_true(digest_eq(&root, &want));
}

/* The good entry of receipts[2] in a batch of five. */
static void make_entry(struct buf *json, struct batch_entry *out)
{
    const struct json *object;
    struct fail fail;

    buf_init(json, 1 << 20);
    world_log_receipts(&world, receipts, 5, 2, json);
    assert_int_equal(json_parse(buf_slice(json), &world.arena, &object, &fail), OK);
    assert_int_equal(batch_entry_from_json(object, &world.arena, out, &fail), OK);
}

static struct batch_owner good_owner(void)
{
    struct batch_owner owner;

    memcpy(owner.network_id, world.net.genesis.network_id.bytes, 32);
    memcpy(owner.worker_id, world.worker_id.bytes, 32);
    return owner;
}

static cocoon_err verify(const struct batch_entry *entry, const struct digest *receipt,
                         const struct batch_owner *owner, uint64_t latest)
{
    struct fail fail = {0};
    uint64_t time;
    cocoon_err err =
        batch_entry_verify(entry, receipt, owner, &tlog, latest, &world.arena, &time, &fail);

    assert_true(err == fail.code);
    if (err == OK)
        assert_true(time == (uint64_t)world.now);
    return err;
}

static void test_an_entry(void **state)
{
    struct batch_owner owner = good_owner(), other;
    struct batch_entry entry, changed;
    uint64_t now = (uint64_t)world.now;
    struct buf json, again;

    (void)state;
    make_entry(&json, &entry);
    assert_int_equal(verify(&entry, &receipts[2], &owner, now), OK);
    assert_int_equal(verify(&entry, &receipts[1], &owner, now), ERR_PROOF);
    assert_int_equal(verify(&entry, &receipts[2], &owner, now - 1), ERR_QUORUM);
    other = owner;
    other.network_id[0] ^= 1;
    assert_int_equal(verify(&entry, &receipts[2], &other, now), ERR_MISMATCH);
    other = owner;
    other.worker_id[0] ^= 1;
    assert_int_equal(verify(&entry, &receipts[2], &other, now), ERR_MISMATCH);
    changed = entry;
    changed.size = 4;
    assert_int_equal(verify(&changed, &receipts[2], &owner, now), ERR_MISMATCH);
    changed = entry;
    changed.index = 3;
    assert_int_equal(verify(&changed, &receipts[2], &owner, now), ERR_PROOF);
    changed = entry;
    changed.path.count--;
    assert_int_equal(verify(&changed, &receipts[2], &owner, now), ERR_PROOF);

    buf_init(&again, 1 << 20);
    assert_int_equal(batch_entry_put(&again, &entry), OK);
    assert_true(slice_eq(buf_slice(&again), buf_slice(&json)));
    buf_fini(&again);
    buf_fini(&json);
}

/* Replace the transaction by one that `key` signs. */
static void resign(struct batch_entry *entry, const struct ed25519_key *key, enum tx_type type,
                   struct buf *out)
{
    struct fail fail;
    struct tx tx;

    assert_int_equal(tx_parse(entry->transaction, &tx, &fail), OK);
    buf_init(out, TX_MAX);
    assert_int_equal(tx_sign(out, key, type, &tx.network_id, tx.nonce, tx.body), OK);
    entry->transaction = buf_slice(out);
}

static void test_other_transactions(void **state)
{
    struct batch_owner owner = good_owner();
    struct batch_entry entry, changed;
    uint64_t now = (uint64_t)world.now;
    struct buf json, tx;

    (void)state;
    make_entry(&json, &entry);
    changed = entry;
    resign(&changed, &world.net.users[1], TX_RECEIPTS, &tx); /* another account's worker */
    assert_int_equal(verify(&changed, &receipts[2], &owner, now), ERR_MISMATCH);
    buf_fini(&tx);
    changed = entry;
    resign(&changed, &world.account, TX_WORKER_RETIRE, &tx);
    assert_int_equal(verify(&changed, &receipts[2], &owner, now), ERR_TYPE);
    buf_fini(&tx);
    changed = entry;
    resign(&changed, &world.account, TX_RECEIPTS, &tx); /* the same again: Ed25519 repeats itself */
    assert_int_equal(verify(&changed, &receipts[2], &owner, now), OK);
    tx.ptr[tx.len - 1] ^= 1;
    assert_int_equal(verify(&changed, &receipts[2], &owner, now), ERR_SIGNATURE);
    tx.ptr[tx.len - 1] ^= 1;
    buf_fini(&tx);
    buf_fini(&json);
}

/* A batch that was never logged: a good signature, but no leaf of the log. */
static void test_a_batch_outside_the_log(void **state)
{
    struct batch_owner owner = good_owner();
    struct batch_entry entry;
    struct fail fail;
    struct tx tx;
    struct buf json, other;

    (void)state;
    make_entry(&json, &entry);
    assert_int_equal(tx_parse(entry.transaction, &tx, &fail), OK);
    buf_init(&other, TX_MAX);
    assert_int_equal(
        tx_sign(&other, &world.account, TX_RECEIPTS, &tx.network_id, tx.nonce + 1, tx.body), OK);
    entry.transaction = buf_slice(&other);
    assert_int_equal(verify(&entry, &receipts[2], &owner, (uint64_t)world.now), ERR_PROOF);
    buf_fini(&other);
    buf_fini(&json);
}

static void test_form(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"index\":0,\"path\":[],\"proof\":\"\",\"size\":1,\"transaction\":\"\",\"more\":1}",
        "{\"index\":-1,\"path\":[],\"proof\":\"\",\"size\":1,\"transaction\":\"\"}",
        "{\"index\":0,\"path\":[\"AAAA\"],\"proof\":\"\",\"size\":1,\"transaction\":\"\"}",
        "{\"index\":0,\"path\":[7],\"proof\":\"\",\"size\":1,\"transaction\":\"\"}",
        "{\"index\":0,\"path\":[],\"proof\":7,\"size\":1,\"transaction\":\"\"}",
        "{\"index\":0,\"path\":[],\"proof\":\"\",\"size\":1,\"transaction\":\"A\"}",
        "[]",
    };
    struct fail fail;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct json *object;
        struct batch_entry entry;

        assert_int_equal(json_parse(slice_text(bad[i]), &world.arena, &object, &fail), OK);
        if (batch_entry_from_json(object, &world.arena, &entry, &fail) == OK)
            fail_msg("read %s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_receipt_of_every_batch),
        cmocka_unit_test(test_one_root),
        cmocka_unit_test_setup_teardown(test_an_entry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_transactions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_batch_outside_the_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_form, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
