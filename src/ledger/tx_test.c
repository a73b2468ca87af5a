#include "ledger/tx.h"

#include "base/hex.h"
#include "base/test.h"
#include "ledger/action.h"
#include "ledger/block.h"
#include "ledger/tx_worker.h"

static struct ed25519_key key;
static struct digest network;
static struct buf good;

static int make_tx(void **state)
{
    struct secret32 seed = {{1, 2, 3}};

    (void)state;
    ed25519_from_seed(&key, &seed);
    memset(network.bytes, 0x22, 32);
    buf_init(&good, TX_MAX);
    return tx_sign(&good, &key, TX_TRANSFER, &network, 7, SLICE_LIT("body"));
}

static int free_tx(void **state)
{
    (void)state;
    buf_fini(&good);
    return 0;
}

/* The bytes at their places, as docs/spec/tx.md draws them. */
static void test_layout(void **state)
{
    const uint8_t *b = good.ptr;
    struct fail fail;
    struct tx tx;

    (void)state;
    assert_int_equal(good.len, 83 + 4 + 64);
    assert_memory_equal(b, "CNTX\x01\x00\x30", 7);
    assert_memory_equal(b + 7, network.bytes, 32);
    assert_memory_equal(b + 39, key.public.bytes, 32);
    assert_memory_equal(b + 71, "\0\0\0\0\0\0\0\7\0\0\0\4body", 16);
    assert_int_equal(tx_parse(buf_slice(&good), &tx, &fail), OK);
    assert_int_equal(tx.type, TX_TRANSFER);
    assert_int_equal(tx.nonce, 7);
    assert_true(slice_eq_text(tx.body, "body"));
    assert_int_equal(tx_check_signature(&tx), OK);
}

static void test_truncated(void **state)
{
    struct fail fail;
    struct tx tx;

    (void)state;
    for (size_t len = 0; len < good.len; len++) {
        assert_int_equal(tx_parse(slice_make(good.ptr, len), &tx, &fail), ERR_TRUNCATED);
        assert_non_null(fail.what);
    }
    buf_put_u8(&good, 0);
    assert_int_equal(tx_parse(buf_slice(&good), &tx, &fail), ERR_TRAILING);
    good.len--;
}

/* No bit of a transaction may change: it is refused as no transaction, or its signature fails. */
static void test_bit_flips(void **state)
{
    struct fail fail;
    struct tx tx;

    (void)state;
    for (size_t bit = 0; bit < 8 * good.len; bit++) {
        good.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (tx_parse(buf_slice(&good), &tx, &fail) == OK)
            assert_int_equal(tx_check_signature(&tx), ERR_SIGNATURE);
        good.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void test_refusals(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
        cocoon_err err;
    } cases[] = {
        {0, 'X', ERR_MALFORMED},    {4, 2, ERR_VERSION},
        {5, 0xff, ERR_UNSUPPORTED}, {6, TX_CHANNEL_OPEN, ERR_UNSUPPORTED},
        {79, 1, ERR_LIMIT},
    };
    struct fail fail;
    struct tx tx;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t kept = good.ptr[cases[i].at];

        good.ptr[cases[i].at] = cases[i].byte;
        assert_int_equal(tx_parse(buf_slice(&good), &tx, &fail), cases[i].err);
        assert_int_equal(fail.code, cases[i].err);
        good.ptr[cases[i].at] = kept;
    }
}

static void test_longest(void **state)
{
    static uint8_t body[TX_BODY_MAX];
    struct buf out, small;

    (void)state;
    assert_int_equal(TX_MAX + 1, 65535);
    buf_init(&out, TX_MAX);
    buf_init(&small, TX_MAX - 1);
    assert_int_equal(tx_sign(&out, &key, TX_BLOB, &network, 0, SLICE_OF(body)), OK);
    assert_int_equal(out.len, TX_MAX);
    assert_int_equal(tx_sign(&small, &key, TX_BLOB, &network, 0, SLICE_OF(body)), ERR_LIMIT);
    buf_fini(&out);
    buf_fini(&small);
}

static void test_block_leaf(void **state)
{
    struct block b = {.height = 5, .time_ms = 6, .first_index = 7, .tx_count = 8}, again;
    uint8_t leaf[BLOCK_LEAF_LEN + 1];
    struct wr w = wr_init(leaf, sizeof leaf);
    struct slice bytes;

    (void)state;
    memset(&b.engine_evidence, 0xee, 32);
    block_put(&w, &b);
    assert_int_equal(wr_end(&w, &bytes), OK);
    assert_int_equal(bytes.len, 193);
    assert_memory_equal(leaf, "\2CNBK\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\6", 21);
    assert_int_equal(leaf[192], 0xee);
    assert_int_equal(block_read(bytes, &again), OK);
    assert_memory_equal(&b, &again, sizeof b);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(block_read(slice_make(leaf, len), &again), ERR_TRUNCATED);
    assert_int_equal(block_read(slice_make(leaf, 194), &again), ERR_TRAILING);
    leaf[0] = LEAF_TX;
    assert_int_equal(block_read(bytes, &again), ERR_TYPE);
    leaf[0] = LEAF_BLOCK;
    leaf[1] = 'X';
    assert_int_equal(block_read(bytes, &again), ERR_MALFORMED);
}

static void test_worker_body(void **state)
{
    static struct tx_worker v, again;
    static uint8_t room[TX_BODY_MAX], pieces[64];
    struct wr w = wr_init(room, sizeof room);
    struct slice body;

    (void)state;
    memset(pieces, 3, sizeof pieces);
    v.index = 1;
    v.height = 9;
    v.bond = 100;
    v.keyset = SLICE_LIT("{}");
    v.evidence = (struct tx_evidence){.kind = SLICE_INIT("tdx-v4"), .count = 2};
    v.evidence.parts[0] = (struct tx_part){SLICE_INIT("quote"), SLICE_OF(pieces)};
    v.evidence.parts[1] = (struct tx_part){SLICE_INIT("tcb_info"), {pieces, 32}};
    tx_worker_put(&w, &v);
    assert_int_equal(wr_end(&w, &body), OK);
    assert_int_equal(tx_worker_read(body, &again), OK);
    assert_int_equal(again.evidence.count, 2);
    assert_int_equal(again.evidence.parts[0].pieces.len, 64);
    assert_int_equal(again.gpu.count, 0);
    assert_int_equal(again.gpu.bytes.len, 2);
    assert_true(again.bond == 100);
    for (size_t len = 0; len < body.len; len++)
        assert_int_equal(tx_worker_read(slice_make(room, len), &again), ERR_TRUNCATED);
    assert_int_equal(tx_worker_read(slice_make(room, body.len + 1), &again), ERR_TRAILING);
}

/* Evidence has a kind and parts, a part has pieces; no evidence at all is no registration. */
static void test_worker_body_refusals(void **state)
{
    static const char *const bad[] = {
        /* kind, count, parts: after a keyset of length 0 */
        "00"
        "00"
        "0000", /* none */
        "01730100"
        "00"
        "0000", /* a part without a name */
        "017301"
        "0161"
        "00"
        "0000", /* a part without pieces */
        "0173"
        "00"
        "0000", /* a kind without parts */
    };
    static struct tx_worker v;
    uint8_t body[512];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        size_t fixed = 4 + 4 + 96 + 8 + 4 + 48 + 16 + 2, len = strlen(bad[i]) / 2;

        memset(body, 0, sizeof body);
        assert_int_equal(hex_read(slice_text(bad[i]), body + fixed, len), OK);
        assert_int_equal(tx_worker_read(slice_make(body, fixed + len), &v), ERR_TRUNCATED);
    }
}

static void test_small_bodies(void **state)
{
    struct tx_worker_update u = {1, 2, WORKER_DRAINING, 4, {5, 6, 7}}, u2;
    struct tx_receipts r = {1, 2, 3, {{4}}}, r2;
    uint8_t room[256];
    struct wr w = wr_init(room, sizeof room);
    struct slice body;

    (void)state;
    tx_worker_update_put(&w, &u);
    assert_int_equal(wr_end(&w, &body), OK);
    assert_int_equal(tx_worker_update_read(body, &u2), OK);
    assert_true(u2.status == WORKER_DRAINING && u2.prices.output == 7);
    room[8] = WORKER_RETIRED;
    assert_int_equal(tx_worker_update_read(body, &u2), ERR_TRUNCATED);
    w = wr_init(room, sizeof room);
    tx_receipts_put(&w, &r);
    assert_int_equal(wr_end(&w, &body), OK);
    assert_int_equal(tx_receipts_read(body, &r2), OK);
    assert_true(r2.count == 3 && r2.root.bytes[0] == 4);
    assert_int_equal(tx_receipts_read(slice_make(room, body.len - 1), &r2), ERR_TRUNCATED);
}

/* Each action decodes to what was encoded; a record that owners may not set is refused. */
static void test_actions(void **state)
{
    static uint8_t value[RECORD_MAX], room[ACTION_MAX];
    struct record_model model = {.valid_from = 1, .kind = MODEL_OPEN, .name = SLICE_INIT("m")};
    struct record_account account = {.nonce = 1};
    uint8_t id[32] = {1};
    struct action actions[] = {
        {.kind = ACTION_PUT, .type = RECORD_MODEL, .id = SLICE_OF(id)},
        {.kind = ACTION_REVOKE, .type = RECORD_RELEASE, .id = SLICE_OF(id), .at = 5},
        {.kind = ACTION_CANCEL, .id = SLICE_OF(id)},
        {.kind = ACTION_RULES, .rules = 2, .height = 100},
    };
    struct action out;
    struct wr w = wr_init(value, sizeof value);
    struct slice bytes;

    (void)state;
    record_put_model(&w, &model);
    assert_int_equal(wr_end(&w, &actions[0].value), OK);
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        w = wr_init(room, sizeof room);
        action_put(&w, &actions[i]);
        assert_int_equal(wr_end(&w, &bytes), OK);
        assert_int_equal(action_read(bytes, &out), OK);
        assert_int_equal(out.kind, actions[i].kind);
        assert_true(slice_eq(out.id, actions[i].id));
        assert_true(out.at == actions[i].at && out.height == actions[i].height);
        for (size_t len = 0; len < bytes.len; len++)
            assert_int_not_equal(action_read(slice_make(room, len), &out), OK);
        assert_int_not_equal(action_read(slice_make(room, bytes.len + 1), &out), OK);
    }
    assert_true(action_is_urgent(&actions[1]) && action_is_urgent(&actions[2]));
    assert_false(action_is_urgent(&actions[0]) || action_is_urgent(&actions[3]));

    w = wr_init(value, sizeof value);
    record_put_account(&w, &account);
    assert_int_equal(wr_end(&w, &actions[0].value), OK);
    w = wr_init(room, sizeof room);
    action_put(&w, &actions[0]);
    assert_int_equal(wr_end(&w, &bytes), OK);
    assert_int_equal(action_read(bytes, &out), ERR_UNKNOWN_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),       cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_bit_flips),    cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_longest),      cmocka_unit_test(test_block_leaf),
        cmocka_unit_test(test_worker_body),  cmocka_unit_test(test_worker_body_refusals),
        cmocka_unit_test(test_small_bodies), cmocka_unit_test(test_actions),
    };

    return cmocka_run_group_tests(tests, make_tx, free_tx);
}
