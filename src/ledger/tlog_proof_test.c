#include "ledger/tlog_proof.h"

#include "base/test.h"
#include "ledger/kit_test.h"
#include "ledger/tlog_policy.h"

enum { ENTRIES = 21, AT = 13 };

static struct kit_net net;
static struct tlog_policy policy;
static struct tlog_proof proof;
static struct arena arena;
static struct buf policy_text, note, file;

static struct slice entry_text(int i)
{
    static char text[32];

    snprintf(text, sizeof text, "entry %d", i);
    return slice_text(text);
}

static int set_up(void **state)
{
    struct digest leaves[ENTRIES], root;
    struct fail fail;
    struct buf text;
    size_t line;

    (void)state;
    kit_net_init(&net, 1, 0);
    arena_init(&arena, 1 << 20);
    for (int i = 0; i < ENTRIES; i++)
        merkle_leaf(entry_text(i), &leaves[i]);
    merkle_root_of(leaves, ENTRIES, &root);
    buf_init(&text, 1024);
    buf_init(&note, 4096);
    checkpoint_put(&text, SLICE_LIT("kit.example/log"), ENTRIES, &root);
    buf_put(&note, buf_slice(&text));
    buf_put_text(&note, "\n");
    if (note_signer_sign(&net.log, buf_slice(&text), 0, &note) != OK ||
        note_signer_sign(&net.operator, buf_slice(&text), 1000, &note) != OK)
        return 1;
    buf_init(&policy_text, 4096);
    buf_put_text(&policy_text, "log ");
    note_signer_vkey(&net.log, &policy_text);
    buf_put_text(&policy_text, "\nwitness op ");
    note_signer_vkey(&net.operator, & policy_text);
    buf_put_text(&policy_text, "\nquorum op\n");
    proof = (struct tlog_proof){.index = AT, .checkpoint = buf_slice(&note)};
    buf_init(&file, TLOG_PROOF_MAX);
    buf_fini(&text);
    return tlog_policy_read(buf_slice(&policy_text), &policy, &line, &fail) != OK ||
           merkle_prove_inclusion_in(leaves, ENTRIES, AT, &proof.inclusion) != OK ||
           tlog_proof_put(&file, &proof) != OK;
}

static int tear_down(void **state)
{
    (void)state;
    buf_fini(&file);
    buf_fini(&policy_text);
    buf_fini(&note);
    arena_fini(&arena);
    kit_net_fini(&net);
    return 0;
}

static cocoon_err verify(struct slice text, int entry, uint64_t latest)
{
    struct tlog_proof p;
    struct fail fail;
    uint64_t time;
    cocoon_err err = tlog_proof_read(text, &arena, &p, &fail);

    if (err == OK)
        err = tlog_proof_verify(&p, entry_text(entry), &policy, latest, &time, &fail);
    if (err == OK)
        assert_int_equal(time, 1000);
    return err;
}

static void test_round_trip(void **state)
{
    struct tlog_proof again;
    struct fail fail;
    struct buf out;

    (void)state;
    assert_int_equal(tlog_proof_read(buf_slice(&file), &arena, &again, &fail), OK);
    assert_int_equal(again.index, AT);
    buf_init(&out, TLOG_PROOF_MAX);
    again.extra = SLICE_LIT("extra data");
    assert_int_equal(tlog_proof_put(&out, &again), OK);
    assert_int_equal(tlog_proof_read(buf_slice(&out), &arena, &again, &fail), OK);
    assert_true(slice_eq_text(again.extra, "extra data"));
    assert_int_equal(verify(buf_slice(&out), AT, 2000), OK);
    buf_fini(&out);
}

static void test_verdicts(void **state)
{
    (void)state;
    assert_int_equal(verify(buf_slice(&file), AT, 2000), OK);
    assert_int_equal(verify(buf_slice(&file), AT + 1, 2000), ERR_PROOF);
    assert_int_equal(verify(buf_slice(&file), AT, 999), ERR_QUORUM);
}

/* Any byte changed, any byte cut: no proof. Signatures of unknown keys do not matter, but here
 * there are none. */
static void test_tampered(void **state)
{
    (void)state;
    for (size_t at = 0; at < file.len; at++) {
        file.ptr[at] ^= 1;
        if (verify(buf_slice(&file), AT, 2000) == OK)
            fail_msg("byte %zu changed", at);
        file.ptr[at] ^= 1;
        if (verify(slice_make(file.ptr, at), AT, 2000) == OK)
            fail_msg("cut at %zu", at);
    }
}

static void test_syntax(void **state)
{
    static const struct {
        const char *text;
        cocoon_err err;
    } cases[] = {
        {"", ERR_MALFORMED},
        {"c2sp.org/tlog-proof@v2\nindex 0\n\nnote", ERR_MALFORMED},
        {"c2sp.org/tlog-proof@v1\nindex 0\n\nnote", OK},
        {"c2sp.org/tlog-proof@v1\nindex 00\n\nnote", ERR_MALFORMED},
        {"c2sp.org/tlog-proof@v1\n\nnote", ERR_MALFORMED},
        {"c2sp.org/tlog-proof@v1\nextra AA==\nindex 0\n\nnote", OK},
        {"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\nnote", ERR_MALFORMED},
        {"c2sp.org/tlog-proof@v1\nindex 0\nextra AA==\n\nnote", ERR_MALFORMED},
        {"c2sp.org/tlog-proof@v1\nindex 0\nAA==\n\nnote", ERR_MALFORMED},
        {"c2sp.org/tlog-proof@v1\nindex 0\n", ERR_TRUNCATED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tlog_proof p;
        struct fail fail;

        if (tlog_proof_read(slice_text(cases[i].text), &arena, &p, &fail) != cases[i].err)
            fail_msg("%s", cases[i].text);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_verdicts),
        TEST(test_tampered),
        TEST(test_syntax),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
