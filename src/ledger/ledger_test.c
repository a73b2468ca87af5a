#include "ledger/ledger.h"

#include "base/test.h"
#include "ledger/kit_test.h"

static struct kit_net net;
static struct kit_ledger l;

static int set_up(void **state)
{
    (void)state;
    kit_net_init(&net, 1, 0);
    kit_ledger_init(&l, &net, NULL, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_ledger_fini(&l);
    kit_net_fini(&net);
    return 0;
}

static struct slice transfer(uint8_t room[48], const struct ed25519_key *to, amount sum)
{
    struct wr w = wr_init(room, 48);

    wr_slice(&w, ed25519_public_slice(&to->public));
    wr_amount(&w, sum);
    return slice_make(room, 48);
}

static cocoon_err send_transfer(const struct ed25519_key *from, const struct ed25519_key *to,
                                amount sum)
{
    uint8_t room[48];

    return kit_send(&l, from, TX_TRANSFER, transfer(room, to, sum), NULL);
}

/* The first block: no transaction, the network's name before it, the genesis records in it. */
static void test_first_block(void **state)
{
    struct block block;
    struct buf value;

    (void)state;
    assert_int_equal(l.count, 1);
    assert_int_equal(block_read(kit_leaf(&l, 0), &block), OK);
    assert_int_equal(block.height, 0);
    assert_int_equal(block.tx_count, 0);
    assert_true(digest_eq(&block.prev_block_leaf, &net.genesis.network_id));
    assert_true(kit_balance(&l, &net.users[0]) == 1000);
    buf_init(&value, RECORD_MAX);
    assert_int_equal(kit_get(&l, RECORD_OWNERS, slice_make(NULL, 0), &value), OK);
    assert_int_equal(kit_get(&l, RECORD_WITNESS, SLICE_OF(net.operator.key.public.bytes), &value),
                     OK);
    assert_int_equal(ledger_begin(l.ledger, 1, &l.block), ERR_EXISTS);
    buf_fini(&value);
}

static void test_transfer(void **state)
{
    struct block block;
    struct digest leaf;

    (void)state;
    assert_int_equal(send_transfer(&net.users[0], &net.users[1], 300), OK);
    assert_true(kit_balance(&l, &net.users[0]) == 700);
    assert_true(kit_balance(&l, &net.users[1]) == 1300);
    assert_int_equal(l.count, 3);
    assert_int_equal(kit_leaf(&l, 1).ptr[0], LEAF_TX);
    assert_int_equal(block_read(kit_leaf(&l, 2), &block), OK);
    assert_int_equal(block.height, 1);
    assert_int_equal(block.first_index, 1);
    assert_int_equal(block.tx_count, 1);
    merkle_leaf(kit_leaf(&l, 0), &leaf);
    assert_true(digest_eq(&block.prev_block_leaf, &leaf));
    assert_true(digest_eq(&block.state_root, &ledger_tip(l.ledger)->state_root));
}

static void test_transfer_refusals(void **state)
{
    uint8_t room[48], longer[49] = {0};

    (void)state;
    assert_int_equal(send_transfer(&net.users[0], &net.users[1], 1001), ERR_FUNDS);
    assert_int_equal(send_transfer(&net.users[0], &net.users[1], 0), ERR_RULE);
    assert_int_equal(send_transfer(&net.users[0], &net.users[0], 5), ERR_RULE);
    assert_int_equal(kit_send(&l, &net.users[0], TX_TRANSFER,
                              slice_make(transfer(room, &net.users[1], 1).ptr, 47), NULL),
                     ERR_TRUNCATED);
    assert_int_equal(kit_send(&l, &net.users[0], TX_TRANSFER, SLICE_OF(longer), NULL),
                     ERR_TRAILING);
    assert_true(kit_balance(&l, &net.users[0]) == 1000);
    /* blocks in which nothing was accepted came to nothing */
    assert_int_equal(l.count, 1);
    assert_int_equal(ledger_tip(l.ledger)->height, 0);
}

/* Signature, network, nonce: what every transaction must get right. */
static void test_common_refusals(void **state)
{
    struct digest other = net.genesis.network_id;
    struct ledger_result result;
    struct slice tx;
    struct buf bytes;
    uint8_t room[48];
    const struct slice body = transfer(room, &net.users[1], 1);

    (void)state;
    buf_init(&bytes, TX_MAX);
    assert_int_equal(tx_sign(&bytes, &net.users[0], TX_TRANSFER, &net.genesis.network_id, 0, body),
                     OK);
    tx = buf_slice(&bytes);
    bytes.ptr[bytes.len - 1] ^= 1;
    assert_int_equal(kit_block(&l, &tx, 1, &result), 0);
    assert_int_equal(result.err, ERR_SIGNATURE);
    bytes.ptr[bytes.len - 1] ^= 1;
    assert_int_equal(kit_block(&l, &tx, 1, &result), 1);
    assert_int_equal(kit_block(&l, &tx, 1, &result), 0);
    assert_int_equal(result.err, ERR_REPLAY);

    buf_clear(&bytes);
    assert_int_equal(tx_sign(&bytes, &net.users[0], TX_TRANSFER, &net.genesis.network_id, 2, body),
                     OK);
    tx = buf_slice(&bytes);
    assert_int_equal(kit_block(&l, &tx, 1, &result), 0);
    assert_int_equal(result.err, ERR_RANGE);

    buf_clear(&bytes);
    other.bytes[0] ^= 1;
    assert_int_equal(tx_sign(&bytes, &net.users[0], TX_TRANSFER, &other, 1, body), OK);
    tx = buf_slice(&bytes);
    assert_int_equal(kit_block(&l, &tx, 1, &result), 0);
    assert_int_equal(result.err, ERR_MISMATCH);
    buf_fini(&bytes);
}

/* The same transaction twice in one block: once. What failed does not stop what follows. */
static void test_block_of_many(void **state)
{
    struct ledger_result results[4];
    struct slice txs[4];
    struct buf bytes[4];
    uint8_t room[48];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        buf_init(&bytes[i], TX_MAX);
    (void)!tx_sign(&bytes[0], &net.users[0], TX_TRANSFER, &net.genesis.network_id, 0,
                   transfer(room, &net.users[1], 1000));
    buf_put(&bytes[1], buf_slice(&bytes[0]));
    (void)!tx_sign(&bytes[2], &net.users[0], TX_TRANSFER, &net.genesis.network_id, 1,
                   transfer(room, &net.users[1], 1));
    (void)!tx_sign(&bytes[3], &net.users[1], TX_TRANSFER, &net.genesis.network_id, 0,
                   transfer(room, &net.users[2], 2000));
    for (size_t i = 0; i < 4; i++)
        txs[i] = buf_slice(&bytes[i]);
    assert_int_equal(kit_block(&l, txs, 4, results), 2);
    assert_int_equal(results[0].err, OK);
    assert_int_equal(results[1].err, ERR_REPLAY);
    assert_int_equal(results[2].err, ERR_FUNDS);
    assert_int_equal(results[3].err, OK);
    assert_true(kit_balance(&l, &net.users[2]) == 3000);
    for (size_t i = 0; i < 4; i++)
        buf_fini(&bytes[i]);
}

static void test_blob(void **state)
{
    static uint8_t content[TX_BLOB_MAX + 1];
    struct record_blob blob;
    struct digest digest;
    struct buf value;

    (void)state;
    assert_int_equal(kit_send(&l, &net.users[0], TX_BLOB, slice_make(content, TX_BLOB_MAX), NULL),
                     OK);
    assert_int_equal(kit_leaf(&l, 1).ptr[0], LEAF_BLOB);
    sha256(slice_make(content, TX_BLOB_MAX), &digest);
    buf_init(&value, RECORD_MAX);
    assert_int_equal(kit_get(&l, RECORD_BLOB, digest_slice(&digest), &value), OK);
    assert_int_equal(record_get_blob(buf_slice(&value), &blob), OK);
    assert_true(blob.index == 1 && blob.length == TX_BLOB_MAX);
    assert_int_equal(kit_send(&l, &net.users[1], TX_BLOB, slice_make(content, TX_BLOB_MAX), NULL),
                     ERR_EXISTS);
    assert_int_equal(kit_send(&l, &net.users[0], TX_BLOB, SLICE_OF(content), NULL), ERR_LIMIT);
    assert_int_equal(kit_send(&l, &net.users[0], TX_BLOB, slice_make(NULL, 0), NULL), ERR_LIMIT);
    buf_fini(&value);
}

static void test_heartbeat(void **state)
{
    (void)state;
    assert_int_equal(kit_send(&l, &net.users[0], TX_HEARTBEAT, slice_make(NULL, 0), NULL),
                     ERR_RULE);
    kit_wait(&l, 60);
    assert_int_equal(kit_send(&l, &net.users[0], TX_HEARTBEAT, SLICE_LIT("x"), NULL), ERR_TRAILING);
    assert_int_equal(kit_send(&l, &net.users[0], TX_HEARTBEAT, slice_make(NULL, 0), NULL), OK);
    assert_int_equal(kit_send(&l, &net.users[0], TX_HEARTBEAT, slice_make(NULL, 0), NULL),
                     ERR_RULE);
}

static void test_time_rises(void **state)
{
    struct ledger_block block;

    (void)state;
    assert_int_equal(ledger_finalize(l.ledger, NULL, 0, NULL, l.time_ms, NULL, &block), ERR_RULE);
    assert_int_equal(ledger_finalize(l.ledger, NULL, 0, NULL, l.time_ms + 1, NULL, &block), OK);
    assert_int_equal(block.accepted, 0);
}

/* Fees: taken for the transaction and for each KiB begun; who cannot pay is refused. */
static void test_fees(void **state)
{
    static uint8_t content[1025];
    static const struct ed25519_key nobody = {{0}, {{0}}};
    struct record_params params = {.fee_tx = 3, .fee_kib = 10, .heartbeat_gap = 1};
    uint8_t room[256];
    struct wr w = wr_init(room, sizeof room);
    struct ed25519_key stranger = kit_key(99);

    (void)state;
    record_put_params(&w, &params);
    assert_int_equal(kit_put(&l, RECORD_PARAMS, slice_make(NULL, 0), &w), OK);
    assert_int_equal(kit_send(&l, &net.users[0], TX_BLOB, SLICE_OF(content), NULL), OK);
    assert_true(kit_balance(&l, &net.users[0]) == 1000 - 3 - 20);
    assert_true(kit_balance(&l, &nobody) == 23);
    assert_int_equal(kit_send(&l, &stranger, TX_BLOB, SLICE_LIT("x"), NULL), ERR_FUNDS);
    assert_int_equal(send_transfer(&net.users[0], &net.users[1], 975), ERR_FUNDS);
    assert_int_equal(send_transfer(&net.users[0], &net.users[1], 974), OK);
}

/* Two ledgers that execute the same log agree on every byte; a third that is lied to says so. */
static void test_replay(void **state)
{
    static const struct ledger_tip nothing;
    struct kit_ledger other;
    struct slice leaves[3];
    uint8_t copy[512];
    struct fail fail;

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(send_transfer(&net.users[i], &net.users[i + 1], 10), OK);
    kit_ledger_init(&other, &net, NULL, NULL);
    ledger_free(other.ledger);
    assert_int_equal(ledger_new(&net.genesis, &other.env, &nothing, &other.ledger), OK);
    for (size_t i = 0; i < l.count; i += i == 0 ? 1 : 2) {
        leaves[0] = kit_leaf(&l, i);
        leaves[1] = i > 0 ? kit_leaf(&l, i + 1) : leaves[0];
        /* any other byte in any leaf is noticed */
        for (size_t at = 0; i == 3 && at < leaves[0].len; at++) {
            memcpy(copy, leaves[0].ptr, leaves[0].len);
            copy[at] ^= 0x10;
            leaves[0].ptr = copy;
            assert_int_not_equal(ledger_replay(other.ledger, leaves, 2, &fail), OK);
            assert_non_null(fail.what);
            leaves[0] = kit_leaf(&l, i);
        }
        for (size_t at = 0; at < leaves[1].len; at++) {
            memcpy(copy, leaves[1].ptr, leaves[1].len);
            copy[at] ^= 0x10;
            leaves[1].ptr = copy;
            /* a block may have another time: that is another log, told by its root */
            if (at < 13 || at >= 21)
                assert_int_not_equal(
                    ledger_replay(other.ledger, i > 0 ? leaves : &leaves[1], i > 0 ? 2 : 1, &fail),
                    OK);
            leaves[1] = kit_leaf(&l, i > 0 ? i + 1 : i);
        }
        assert_int_equal(ledger_replay(other.ledger, leaves, i > 0 ? 2 : 1, &fail), OK);
    }
    assert_memory_equal(ledger_tip(other.ledger), ledger_tip(l.ledger), sizeof(struct ledger_tip));
    kit_ledger_fini(&other);
}

/* What admission can tell at once: it is all that stands before a queue whose signatures are not
 * checked again. */
static void test_check(void **state)
{
    struct digest other = net.genesis.network_id;
    uint8_t room[48];
    const struct slice body = transfer(room, &net.users[1], 1);
    struct fail fail;
    struct buf tx;

    (void)state;
    buf_init(&tx, TX_MAX);
    (void)!tx_sign(&tx, &net.users[0], TX_TRANSFER, &net.genesis.network_id, 0, body);
    assert_int_equal(ledger_check(l.ledger, buf_slice(&tx), &fail), OK);
    for (size_t at = 83; at < tx.len; at++) {
        tx.ptr[at] ^= 1;
        assert_int_equal(ledger_check(l.ledger, buf_slice(&tx), &fail), ERR_SIGNATURE);
        tx.ptr[at] ^= 1;
    }
    assert_int_equal(ledger_check(l.ledger, slice_make(tx.ptr, 83), &fail), ERR_TRUNCATED);
    assert_int_equal(send_transfer(&net.users[0], &net.users[1], 1), OK);
    assert_int_equal(ledger_check(l.ledger, buf_slice(&tx), &fail), ERR_REPLAY);
    buf_clear(&tx);
    other.bytes[0] ^= 1;
    (void)!tx_sign(&tx, &net.users[0], TX_TRANSFER, &other, 1, body);
    assert_int_equal(ledger_check(l.ledger, buf_slice(&tx), &fail), ERR_MISMATCH);
    buf_clear(&tx);
    (void)!tx_sign(&tx, &net.users[0], TX_TRANSFER, &net.genesis.network_id, 9, body);
    assert_int_equal(ledger_check(l.ledger, buf_slice(&tx), &fail), OK);
    buf_fini(&tx);
}

/* A second first block, and a block of nothing, are no blocks of a ledger. */
static void test_replay_of_empty_blocks(void **state)
{
    static const struct ledger_tip nothing;
    struct slice leaves[2] = {kit_leaf(&l, 0), kit_leaf(&l, 0)};
    struct ledger *fresh;
    struct fail fail;

    (void)state;
    assert_int_equal(ledger_replay(l.ledger, leaves, 1, &fail), ERR_MISMATCH);
    assert_int_equal(ledger_replay(l.ledger, leaves, 0, &fail), ERR_MALFORMED);
    assert_int_equal(ledger_new(&net.genesis, &l.env, &nothing, &fresh), OK);
    assert_int_equal(ledger_replay(fresh, leaves, 2, &fail), ERR_MISMATCH);
    assert_int_equal(ledger_replay(fresh, leaves, 1, &fail), OK);
    ledger_free(fresh);
}

/* A state that is not that of the tip, or of another network, is not taken. */
static void test_new_checks_the_store(void **state)
{
    struct ledger_tip tip = *ledger_tip(l.ledger);
    struct ledger *again;

    (void)state;
    assert_int_equal(ledger_new(&net.genesis, &l.env, &tip, &again), ERR_CORRUPT);
}

static cocoon_err read_staged(void *ctx, const struct state_cell *cell, struct buf *out);

struct stored {
    struct state_cell cell;
    uint8_t bytes[RECORD_MAX];
    size_t len;
};

static struct stored *stored;
static size_t stored_count;

static cocoon_err read_staged(void *ctx, const struct state_cell *cell, struct buf *out)
{
    (void)ctx;
    for (size_t i = 0; i < stored_count; i++)
        if (memcmp(&stored[i].cell, cell, sizeof *cell) == 0) {
            buf_put(out, slice_make(stored[i].bytes, stored[i].len));
            return buf_ok(out);
        }
    return ERR_NOT_FOUND;
}

static cocoon_err store_staged(void *ctx, const struct state_change *change)
{
    size_t i = 0;

    (void)ctx;
    while (i < stored_count && memcmp(&stored[i].cell, change->cell, sizeof *change->cell) != 0)
        i++;
    assert_true(i < 512 && !change->gone);
    stored[i].cell = *change->cell;
    stored[i].len = change->value.len;
    memcpy(stored[i].bytes, change->value.ptr, change->value.len);
    stored_count += i == stored_count;
    return OK;
}

static amount balance_in(struct ledger *ledger, enum ledger_view view)
{
    struct record_account account;
    struct buf value, proof;
    amount out;

    buf_init(&value, RECORD_MAX);
    buf_init(&proof, SMT_PROOF_MAX);
    assert_int_equal(ledger_prove(ledger, view, RECORD_ACCOUNT, SLICE_OF(net.users[0].public.bytes),
                                  &value, &proof),
                     OK);
    assert_int_equal(record_get_account(buf_slice(&value), &account), OK);
    out = account.balance;
    buf_fini(&value);
    buf_fini(&proof);
    return out;
}

/* Settled, staged and present state, each with its own proofs; and a start from what was stored. */
static void test_views(void **state)
{
    struct ledger_tip at;
    struct ledger *again;
    struct digest settled_root;

    (void)state;
    stored = MEM_ARRAY(512, struct stored);
    stored_count = 0;
    /* the kit's ledger reads from here from now on */
    kit_ledger_fini(&l);
    kit_ledger_init(&l, &net, NULL, NULL);
    l.env.base = (struct state_base){read_staged, NULL};
    ledger_free(l.ledger);
    assert_int_equal(ledger_new(&net.genesis, &l.env, &(struct ledger_tip){0}, &l.ledger), OK);
    assert_int_equal(ledger_begin(l.ledger, l.time_ms, &l.block), OK);
    ledger_commit(l.ledger);

    ledger_stage(l.ledger);
    assert_int_equal(ledger_staged_each(l.ledger, store_staged, NULL), OK);
    ledger_settle(l.ledger);
    settled_root = ledger_tip(l.ledger)->state_root;
    assert_int_equal(send_transfer(&net.users[0], &net.users[1], 1), OK);
    ledger_stage(l.ledger);
    at = *ledger_tip(l.ledger);
    assert_int_equal(send_transfer(&net.users[0], &net.users[1], 1), OK);
    assert_true(balance_in(l.ledger, LEDGER_SETTLED) == 1000);
    assert_true(balance_in(l.ledger, LEDGER_STAGED) == 999);
    assert_true(balance_in(l.ledger, LEDGER_HEAD) == 998);
    assert_false(digest_eq(&settled_root, &at.state_root));

    assert_int_equal(ledger_staged_each(l.ledger, store_staged, NULL), OK);
    ledger_settle(l.ledger);
    assert_true(balance_in(l.ledger, LEDGER_SETTLED) == 999);
    assert_true(balance_in(l.ledger, LEDGER_HEAD) == 998);
    assert_int_equal(ledger_new(&net.genesis, &l.env, &at, &again), OK);
    assert_true(balance_in(again, LEDGER_HEAD) == 999);
    ledger_free(again);
    at.state_root.bytes[0] ^= 1;
    assert_int_equal(ledger_new(&net.genesis, &l.env, &at, &again), ERR_CORRUPT);
    mem_free(stored);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_first_block),
        TEST(test_transfer),
        TEST(test_transfer_refusals),
        TEST(test_common_refusals),
        TEST(test_block_of_many),
        TEST(test_blob),
        TEST(test_heartbeat),
        TEST(test_time_rises),
        TEST(test_fees),
        TEST(test_replay),
        TEST(test_check),
        TEST(test_replay_of_empty_blocks),
        TEST(test_new_checks_the_store),
        TEST(test_views),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
