#include "ledger/genesis.h"

#include "base/test.h"
#include "ledger/kit_test.h"

static struct kit_net net;

static int set_up(void **state)
{
    (void)state;
    kit_net_init(&net, 2, 3600);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_net_fini(&net);
    return 0;
}

static cocoon_err read(struct slice text, struct genesis *out)
{
    static struct arena arena;
    struct fail fail = {0};
    cocoon_err err;

    arena_fini(&arena);
    arena_init(&arena, 1 << 22);
    err = genesis_read(text, &arena, out, &fail);
    assert_int_equal(fail.code, err);
    return err;
}

/* The name of a network is that of its canonical form: white space does not matter. */
static void test_round_trip(void **state)
{
    struct genesis g;
    struct digest hash;
    struct buf spaced;

    (void)state;
    buf_init(&spaced, GENESIS_MAX);
    buf_put_text(&spaced, "\n ");
    buf_put(&spaced, net.genesis.canonical);
    buf_put_text(&spaced, "\n");
    assert_int_equal(read(buf_slice(&spaced), &g), OK);
    assert_true(slice_eq(g.canonical, net.genesis.canonical));
    sha256(g.canonical, &hash);
    assert_true(digest_eq(&hash, &g.network_id));
    assert_true(g.owners.threshold == 2 && g.owners.delay == 3600 && g.owners.count == 3);
    assert_true(g.params.worker_bond == 10 && g.params.unbond_delay == 1000);
    assert_true(g.has_sim_root && memcmp(g.sim_root, net.sim.public.bytes, 32) == 0);
    assert_true(g.witness_count == 3 && g.witnesses[0].group == WITNESS_EXECUTING);
    assert_true(g.account_count == KIT_USERS && g.accounts[0].balance == 1000);
    buf_fini(&spaced);
}

static void test_truncated(void **state)
{
    struct genesis g;

    (void)state;
    for (size_t len = 0; len < net.genesis.canonical.len; len++)
        assert_int_not_equal(read(slice_make(net.genesis.canonical.ptr, len), &g), OK);
}

/* Replace the first `from` by `to` and see what is said. */
static cocoon_err changed(const char *from, const char *to)
{
    struct slice text = net.genesis.canonical;
    struct genesis g;
    struct buf out;
    size_t at;
    cocoon_err err;

    if (!slice_find_slice(text, slice_text(from), &at))
        fail_msg("no %s", from);
    buf_init(&out, 2 * GENESIS_MAX);
    buf_put(&out, slice_sub(text, 0, at));
    buf_put_text(&out, to);
    buf_put(&out, slice_skip(text, at + strlen(from)));
    err = read(buf_slice(&out), &g);
    buf_fini(&out);
    return err;
}

static void test_refusals(void **state)
{
    static const struct {
        const char *from, *to;
        cocoon_err err;
    } cases[] = {
        {"\"log\"", "\"lag\"", ERR_UNKNOWN_NAME},
        {"{\"accounts\"", "{\"extra\":1,\"accounts\"", ERR_UNKNOWN_NAME},
        {"\"threshold\":2", "\"threshold\":0", ERR_RANGE},
        {"\"threshold\":2", "\"threshold\":4", ERR_RANGE},
        {"\"threshold\":2", "\"threshold\":\"2\"", ERR_TYPE},
        {"\"delay\":3600", "\"delay\":4294967296", ERR_RANGE},
        {"\"fee_tx\":\"0\"", "\"fee_tx\":0", ERR_TYPE},
        {"\"fee_tx\":\"0\"", "\"fee_tx\":\"18446744073709551616\"", ERR_RANGE},
        {"\"fee_tx\":\"0\"", "\"fee_ty\":\"0\"", ERR_MISSING},
        {"\"fee_tx\":\"0\"", "\"fee_tx\":\"0\",\"more\":1", ERR_UNKNOWN_NAME},
        {"\"balance\":\"1000\"", "\"balance\":\"340282366920938463463374607431768211455\"",
         ERR_RANGE},
        {"\"balance\":\"1000\"", "\"balance\":1000", ERR_TYPE},
        {"\"executing\"", "\"other\"", ERR_UNKNOWN_NAME},
        {"kit.example/log+", "kit.example/lag+", ERR_MALFORMED},
        {"\"sim_root\":\"", "\"sim_root\":\"0", ERR_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cocoon_err err = changed(cases[i].from, cases[i].to);

        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].to, cocoon_err_name(err));
    }
}

static void test_too_long(void **state)
{
    struct genesis g;
    struct buf text;

    (void)state;
    buf_init(&text, GENESIS_MAX + 1);
    buf_put(&text, net.genesis.canonical);
    while (text.len <= GENESIS_MAX)
        buf_put_u8(&text, ' ');
    assert_int_equal(read(buf_slice(&text), &g), ERR_LIMIT);
    buf_fini(&text);
}

/* A key or account that stands twice, whatever the order. */
static void test_duplicates(void **state)
{
    struct genesis g = net.genesis;
    struct genesis_account accounts[2];
    struct genesis_witness witnesses[2];
    struct genesis out;
    struct buf text;

    (void)state;
    buf_init(&text, GENESIS_MAX);
    accounts[0] = accounts[1] = net.genesis.accounts[0];
    g.accounts = accounts;
    g.account_count = 2;
    assert_int_equal(genesis_put(&g, &text), OK);
    assert_int_equal(read(buf_slice(&text), &out), ERR_DUPLICATE);
    buf_clear(&text);
    g = net.genesis;
    witnesses[0] = witnesses[1] = net.genesis.witnesses[0];
    g.witnesses = witnesses;
    g.witness_count = 2;
    assert_int_equal(genesis_put(&g, &text), OK);
    assert_int_equal(read(buf_slice(&text), &out), ERR_DUPLICATE);
    buf_clear(&text);
    g = net.genesis;
    memcpy(g.owners.keys[1], g.owners.keys[0], 32);
    assert_int_equal(genesis_put(&g, &text), OK);
    assert_int_equal(read(buf_slice(&text), &out), ERR_DUPLICATE);
    buf_fini(&text);
}

static void test_no_simulation(void **state)
{
    struct genesis g = net.genesis, out;
    struct buf text;

    (void)state;
    buf_init(&text, GENESIS_MAX);
    g.has_sim_root = false;
    assert_int_equal(genesis_put(&g, &text), OK);
    assert_int_equal(read(buf_slice(&text), &out), OK);
    assert_false(out.has_sim_root);
    assert_false(digest_eq(&out.network_id, &net.genesis.network_id));
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_refusals),   cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_duplicates), cmocka_unit_test(test_no_simulation),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
