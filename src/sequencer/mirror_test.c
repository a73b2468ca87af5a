#include "sequencer/mirror.h"

#include "base/test.h"
#include "ledger/kit_test.h"
#include "sequencer/embedded.h"

static struct kit_net net;
static char dir[64], ledger_dir[128], mirror_dir[128];
static struct embedded *e;
static struct mirror *m;
static uint64_t now_ms, nonce;
static struct buf note;
static struct note parsed;
static struct checkpoint to;
static struct fail why;

/* What the source does wrong. */
static enum { HONEST, OTHER_BYTES, OTHER_BYTES_LATER, SHORT, FAILS } lie;
static unsigned reads;

static void open_mirror(void)
{
    mirror_close(m);
    m = NULL;
    assert_int_equal(mirror_open(&m, mirror_dir, &net.genesis, &why), OK);
}

static int set_up(void **state)
{
    struct embedded_params params = {.genesis = &net.genesis, .log = &net.log};

    (void)state;
    kit_net_init(&net, 1, 0);
    snprintf(dir, sizeof dir, "/tmp/cocoon-mirror-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return 1;
    snprintf(ledger_dir, sizeof ledger_dir, "%s/ledger", dir);
    snprintf(mirror_dir, sizeof mirror_dir, "%s/mirror", dir);
    now_ms = params.now_ms = 1000 * (uint64_t)KIT_TIME;
    params.dir = ledger_dir;
    nonce = 0;
    lie = HONEST;
    m = NULL;
    buf_init(&note, CHECKPOINT_NOTE_MAX);
    open_mirror();
    return embedded_open(&e, &params, &why);
}

static int tear_down(void **state)
{
    (void)state;
    mirror_close(m);
    embedded_close(e);
    buf_fini(&note);
    kit_net_fini(&net);
    return 0;
}

static void on_done(void *owner, const struct ledger_result *result)
{
    (void)owner;
    assert_int_equal(result->err, OK);
}

/* Grow by `count` transfers in blocks of five, and take the checkpoint. */
static void grow(unsigned count)
{
    uint64_t size;

    for (unsigned i = 0; i < count; i++) {
        uint8_t body[48] = {1};
        struct buf tx;

        body[47] = 1;
        buf_init(&tx, TX_MAX);
        assert_int_equal(tx_sign(&tx, &net.users[0], TX_TRANSFER, &net.genesis.network_id, nonce++,
                                 SLICE_OF(body)),
                         OK);
        assert_int_equal(embedded_submit(e, buf_slice(&tx), on_done, NULL, &why), OK);
        buf_fini(&tx);
        if (i % 5 == 4)
            assert_int_equal(embedded_block(e, now_ms += 10), OK);
    }
    assert_int_equal(embedded_block(e, now_ms += 10), OK);
    buf_clear(&note);
    assert_int_equal(embedded_propose(e, KIT_TIME, &size, &note), OK);
    assert_int_equal(note_parse(buf_slice(&note), &parsed, &why), OK);
    assert_int_equal(checkpoint_read(parsed.text, &to), OK);
}

static cocoon_err read_tile(void *ctx, const struct tile *which, struct buf *out)
{
    cocoon_err err = tiles_read(ctx, which, out);

    reads++;
    if (lie == FAILS)
        return ERR_IO;
    if (lie == OTHER_BYTES || (lie == OTHER_BYTES_LATER && reads > 1))
        out->ptr[out->len - 1] ^= 1;
    if (lie == SHORT)
        out->len--;
    return err;
}

static cocoon_err follow(void)
{
    struct tile_source source = {read_tile, journal_tiles(embedded_journal(e)), to.size};

    reads = 0;
    return mirror_follow(m, &source, &to, buf_slice(&note), &why);
}

static void check_same(void)
{
    const struct ledger_tip *here = mirror_tip(m), *there = ledger_tip(embedded_ledger(e));
    struct digest a, b;

    merkle_root(&here->log, &a);
    merkle_root(&there->log, &b);
    assert_true(digest_eq(&a, &b) && here->log.size == there->log.size);
    assert_true(digest_eq(&here->state_root, &there->state_root));
    assert_true(here->height == there->height && here->time_ms == there->time_ms);
}

static void test_follows(void **state)
{
    (void)state;
    grow(3);
    assert_int_equal(follow(), OK);
    check_same();
    assert_int_equal(follow(), OK); /* the same again */
    grow(600);
    assert_int_equal(follow(), OK);
    grow(1);
    open_mirror();
    assert_int_equal(follow(), OK);
    check_same();
}

static void test_lies(void **state)
{
    uint64_t before;

    (void)state;
    grow(20);
    assert_int_equal(follow(), OK);
    before = mirror_tip(m)->log.size;
    grow(20);
    lie = OTHER_BYTES;
    assert_int_equal(follow(), ERR_PROOF);
    lie = OTHER_BYTES_LATER;
    assert_int_equal(follow(), ERR_MISMATCH);
    lie = SHORT;
    assert_int_equal(follow(), ERR_TRUNCATED);
    lie = FAILS;
    assert_int_equal(follow(), ERR_IO);
    assert_true(mirror_tip(m)->log.size == before);
    lie = HONEST;
    assert_int_equal(follow(), OK);
}

static void test_backwards_and_forked(void **state)
{
    (void)state;
    grow(20);
    assert_int_equal(follow(), OK);
    to.root.bytes[0] ^= 1;
    assert_int_equal(follow(), ERR_FORK);
    to.size--;
    assert_int_equal(follow(), ERR_ROLLBACK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_follows),
        TEST(test_lies),
        TEST(test_backwards_and_forked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
