#include "sequencer/verify.h"

#include <unistd.h>

#include "base/test.h"
#include "ledger/kit_test.h"
#include "sequencer/embedded.h"
#include "sequencer/log_dir.h"

enum { TRANSFERS = 700 };

static struct kit_net net;
static char dir[64];
static struct tlog_policy policy;
static struct buf policy_text;

static void on_done(void *owner, const struct ledger_result *result)
{
    (void)owner;
    assert_int_equal(result->err, OK);
}

static void submit(struct embedded *e, uint8_t user, uint64_t nonce, enum tx_type type,
                   struct slice body)
{
    struct fail fail;
    struct buf tx;

    buf_init(&tx, TX_MAX);
    assert_int_equal(tx_sign(&tx, &net.users[user], type, &net.genesis.network_id, nonce, body),
                     OK);
    assert_int_equal(embedded_submit(e, buf_slice(&tx), on_done, NULL, &fail), OK);
    buf_fini(&tx);
}

/* A log of some bundles, published in `dir`: transfers, a blob now and then. */
static void make_log(void)
{
    struct embedded_params params = {.dir = dir,
                                     .genesis = &net.genesis,
                                     .log = &net.log,
                                     .cosigner = &net.operator,
                                     .now_ms = 1000 *(uint64_t) KIT_TIME};
    struct embedded *e;
    struct fail fail;
    struct buf note;
    uint64_t size;

    assert_int_equal(embedded_open(&e, &params, &fail), OK);
    for (uint64_t i = 0; i < TRANSFERS; i++) {
        uint8_t body[48] = {(uint8_t)i, (uint8_t)(i >> 8)};

        body[47] = 1;
        submit(e, 0, i, i % 100 == 99 ? TX_BLOB : TX_TRANSFER, SLICE_OF(body));
        if (i % 7 == 6)
            assert_int_equal(embedded_block(e, params.now_ms += 10), OK);
    }
    assert_int_equal(embedded_block(e, params.now_ms += 10), OK);
    buf_init(&note, CHECKPOINT_NOTE_MAX);
    assert_int_equal(embedded_propose(e, KIT_TIME, &size, &note), OK);
    assert_int_equal(embedded_publish(e, buf_slice(&note)), OK);
    buf_fini(&note);
    embedded_close(e);
}

static int set_up(void **state)
{
    struct fail fail;
    size_t line;

    (void)state;
    kit_net_init(&net, 1, 0);
    snprintf(dir, sizeof dir, "/tmp/cocoon-verify-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return 1;
    make_log();
    buf_init(&policy_text, 4096);
    buf_put_text(&policy_text, "log ");
    note_signer_vkey(&net.log, &policy_text);
    buf_put_text(&policy_text, "\nwitness op ");
    note_signer_vkey(&net.operator, & policy_text);
    buf_put_text(&policy_text, "\nquorum op\n");
    return tlog_policy_read(buf_slice(&policy_text), &policy, &line, &fail);
}

static int tear_down(void **state)
{
    (void)state;
    buf_fini(&policy_text);
    kit_net_fini(&net);
    return 0;
}

static struct fail why;

static cocoon_err verify_path(const char *path, const struct tlog_policy *p,
                              const struct digest *network_id, struct verify_result *out)
{
    struct verify_params params = {.policy = p, .network_id = network_id};
    struct buf genesis, note;
    struct log_dir d;
    cocoon_err err;

    buf_init(&genesis, GENESIS_MAX);
    buf_init(&note, CHECKPOINT_NOTE_MAX);
    assert_int_equal(log_dir_open(&d, path), OK);
    assert_int_equal(log_dir_read(&d, "genesis.json", &genesis), OK);
    assert_int_equal(log_dir_read(&d, "checkpoint", &note), OK);
    params.genesis = buf_slice(&genesis);
    params.checkpoint = buf_slice(&note);
    params.source = log_dir_source(&d);
    why = (struct fail){0};
    err = log_verify(&params, out, &why);
    assert_int_equal(why.code, err);
    buf_fini(&note);
    buf_fini(&genesis);
    return err;
}

static void test_good(void **state)
{
    struct digest other = net.genesis.network_id;
    struct verify_result r;

    (void)state;
    if (verify_path(dir, &policy, &net.genesis.network_id, &r) != OK)
        fail_msg("%s at %zu", why.what, why.offset);
    assert_int_equal(r.transactions, TRANSFERS);
    assert_int_equal(r.size, TRANSFERS + 1 + TRANSFERS / 7);
    assert_int_equal(r.height, TRANSFERS / 7);
    assert_int_equal(r.cosigned, KIT_TIME);
    assert_int_equal(verify_path(dir, NULL, NULL, &r), OK);
    assert_int_equal(r.cosigned, 0);
    other.bytes[0] ^= 1;
    assert_int_equal(verify_path(dir, &policy, &other, &r), ERR_MISMATCH);
}

/* Flip one bit of the file at some places: each is noticed. */
static void tamper(const char *name, size_t step)
{
    char path[FILE_PATH_MAX];
    struct verify_result r;
    struct buf content;

    snprintf(path, sizeof path, "%s/log/%s", dir, name);
    assert_true(test_read_file(path, &content));
    for (size_t at = 0; at < content.len; at += step) {
        content.ptr[at] ^= 4;
        assert_int_equal(file_write(path, buf_slice(&content), FILE_PUBLIC, false), OK);
        if (verify_path(dir, &policy, &net.genesis.network_id, &r) == OK)
            fail_msg("%s: byte %zu", name, at);
        content.ptr[at] ^= 4;
    }
    assert_int_equal(file_write(path, buf_slice(&content), FILE_PUBLIC, false), OK);
    buf_fini(&content);
}

static void test_tampered_files(void **state)
{
    (void)state;
    tamper("tile/entries/000", 4999);
    tamper("tile/entries/002", 4999);
    tamper("tile/entries/003.p/33", 997);
    tamper("tile/0/000", 1999);
    tamper("tile/0/003.p/33", 333);
    tamper("tile/1/000.p/3", 17);
    tamper("checkpoint", 23);
    tamper("genesis.json", 199);
    test_good(NULL);
}

static void test_missing_files(void **state)
{
    char path[FILE_PATH_MAX], aside[FILE_PATH_MAX];
    static const char *const names[] = {"tile/entries/001", "tile/0/002", "tile/1/000.p/3"};
    struct verify_result r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof path, "%s/log/%s", dir, names[i]);
        snprintf(aside, sizeof aside, "%s/aside", dir);
        assert_int_equal(rename(path, aside), 0);
        assert_int_equal(verify_path(dir, &policy, NULL, &r), ERR_NOT_FOUND);
        assert_int_equal(rename(aside, path), 0);
    }
}

/* --- a log whose operator lies: well formed, well signed, not what a ledger makes --- */

typedef void lie_fn(uint64_t index, struct buf *entry);

/* Copy the log to `to`, each entry as `lie` changes it, and sign the result. */
static void lying_copy(const char *to, lie_fn *lie)
{
    char log[FILE_PATH_MAX], name[FILE_PATH_MAX];
    struct tiles *from, *into;
    struct tile_source source;
    struct merkle_nodes nodes;
    struct digest root;
    struct buf entry, note, text;
    uint64_t size = TRANSFERS + 1 + TRANSFERS / 7, synced = size - size % TILE_WIDTH;

    snprintf(log, sizeof log, "%s/log", dir);
    assert_int_equal(tiles_open(&from, log, synced), OK);
    assert_int_equal(tiles_open(&into, to, 0), OK);
    buf_init(&entry, TILE_ENTRY_MAX);
    for (uint64_t i = 0; i < size; i++) {
        buf_clear(&entry);
        if (i < synced) {
            assert_int_equal(tiles_entry(from, i, &entry), OK);
        } else {
            struct tile last = {
                .entries = true, .index = synced / TILE_WIDTH, .width = (unsigned)(size - synced)};
            struct log_dir d;
            struct buf bundle;
            struct slice one = {0};
            struct rd r;

            buf_init(&bundle, TILE_BUNDLE_MAX);
            assert_int_equal(log_dir_open(&d, log), OK);
            source = log_dir_source(&d);
            assert_int_equal(source.read(source.ctx, &last, &bundle), OK);
            r = rd_init(buf_slice(&bundle));
            for (uint64_t k = synced; k <= i; k++)
                one = tile_entry_next(&r);
            buf_put(&entry, one);
            buf_fini(&bundle);
        }
        lie(i, &entry);
        assert_int_equal(tiles_push(into, buf_slice(&entry)), OK);
    }
    assert_int_equal(tiles_write_partial(into, size), OK);
    source = tiles_source(into, size);
    nodes = tile_nodes(&source);
    assert_int_equal(merkle_root_at(&nodes, size, &root), OK);
    buf_init(&text, 1024);
    buf_init(&note, 4096);
    checkpoint_put(&text, net.genesis.log.name, size, &root);
    buf_put(&note, buf_slice(&text));
    buf_put_text(&note, "\n");
    assert_int_equal(note_signer_sign(&net.log, buf_slice(&text), 0, &note), OK);
    assert_int_equal(note_signer_sign(&net.operator, buf_slice(&text), 9, &note), OK);
    assert_int_equal(file_join(name, to, "checkpoint"), OK);
    assert_int_equal(file_write(name, buf_slice(&note), FILE_PUBLIC, false), OK);
    assert_int_equal(file_join(name, to, "genesis.json"), OK);
    assert_int_equal(file_write(name, net.genesis.canonical, FILE_PUBLIC, false), OK);
    buf_fini(&text);
    buf_fini(&note);
    buf_fini(&entry);
    tiles_close(into);
    tiles_close(from);
}

static void no_lie(uint64_t index, struct buf *entry)
{
    (void)index;
    (void)entry;
}

static void forged_transfer(uint64_t index, struct buf *entry)
{
    if (index == 300)
        entry->ptr[1 + 83 + 47] ^= 2; /* another amount, the old signature */
}

static void other_state(uint64_t index, struct buf *entry)
{
    if (index == 400) /* a BLOCK leaf: (400 - 8) / 8 */
        entry->ptr[40] ^= 1;
}

static void other_type(uint64_t index, struct buf *entry)
{
    if (index == 300)
        entry->ptr[0] = LEAF_BLOB;
}

static void replayed(uint64_t index, struct buf *entry)
{
    static struct buf kept;

    if (index == 299) {
        buf_fini(&kept);
        buf_init(&kept, TILE_ENTRY_MAX);
        buf_put(&kept, buf_slice(entry));
    }
    if (index == 300) {
        buf_clear(entry);
        buf_put(entry, buf_slice(&kept));
    }
}

static void no_block_at_the_end(uint64_t index, struct buf *entry)
{
    if (index == TRANSFERS + TRANSFERS / 7)
        entry->ptr[0] = LEAF_TX;
}

static void test_lies(void **state)
{
    static const struct {
        const char *name;
        lie_fn *lie;
        cocoon_err err;
        size_t at;
    } cases[] = {
        {"none", no_lie, OK, 0},
        {"forged", forged_transfer, ERR_SIGNATURE, 300},
        {"state", other_state, ERR_MISMATCH, 400},
        {"type", other_type, ERR_MISMATCH, 300},
        {"replayed", replayed, ERR_REPLAY, 300},
        {"open", no_block_at_the_end, ERR_TRUNCATED, 0},
    };
    char to[128];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct verify_result r;
        cocoon_err err;

        snprintf(to, sizeof to, "%s/%s", dir, cases[i].name);
        lying_copy(to, cases[i].lie);
        err = verify_path(to, &policy, NULL, &r);
        if (err != cases[i].err)
            fail_msg("%s: %s, %s at %zu", cases[i].name, cocoon_err_name(err),
                     why.what != NULL ? why.what : "", why.offset);
        if (cases[i].at != 0)
            assert_int_equal(why.offset, cases[i].at);
    }
}

/* A checkpoint that the policy's quorum did not sign, and one that no log of it signed. */
static void test_policy(void **state)
{
    static struct tlog_policy strict;
    struct verify_result r;
    struct fail fail;
    struct buf text;
    size_t line;

    (void)state;
    buf_init(&text, 4096);
    buf_put(&text, slice_sub(buf_slice(&policy_text), 0, policy_text.len - 10));
    buf_put_text(&text, "witness w0 ");
    note_signer_vkey(&net.witnesses[0], &text);
    buf_put_text(&text, "\nquorum w0\n");
    assert_int_equal(tlog_policy_read(buf_slice(&text), &strict, &line, &fail), OK);
    assert_int_equal(verify_path(dir, &strict, NULL, &r), ERR_QUORUM);
    assert_int_equal(tlog_policy_read(SLICE_LIT("quorum none\n"), &strict, &line, &fail), OK);
    assert_int_equal(verify_path(dir, &strict, NULL, &r), ERR_UNTRUSTED);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),          cmocka_unit_test(test_tampered_files),
        cmocka_unit_test(test_missing_files), cmocka_unit_test(test_lies),
        cmocka_unit_test(test_policy),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
