#include "ledger/tlog_policy.h"

#include "base/test.h"
#include "ledger/kit_test.h"

static struct kit_net net;
static struct tlog_policy policy;
static char vkeys[5][160]; /* log, operator, w0, w1, another witness */
static struct note_signer other;

static void vkey_text(const struct note_signer *s, char out[160])
{
    struct buf text;

    buf_init(&text, 159);
    note_signer_vkey(s, &text);
    assert_int_equal(slice_cstr(buf_slice(&text), out, 160), OK);
    buf_fini(&text);
}

static int set_up(void **state)
{
    struct ed25519_key key = kit_key(40);

    (void)state;
    kit_net_init(&net, 1, 0);
    assert_int_equal(note_signer_init(&other, SLICE_LIT("other"), NOTE_COSIGNATURE, &key), OK);
    vkey_text(&net.log, vkeys[0]);
    vkey_text(&net.operator, vkeys[1]);
    vkey_text(&net.witnesses[0], vkeys[2]);
    vkey_text(&net.witnesses[1], vkeys[3]);
    vkey_text(&other, vkeys[4]);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_net_fini(&net);
    return 0;
}

/* Read a policy in which $0 .. $4 stand for the verifier keys. */
static cocoon_err read(const char *template, size_t *line)
{
    static struct buf text;
    struct fail fail;

    buf_fini(&text);
    buf_init(&text, TLOG_TEXT_MAX);
    for (const char *c = template; *c != '\0'; c++)
        if (c[0] == '$' && c[1] >= '0' && c[1] <= '4')
            buf_put_text(&text, vkeys[*++c - '0']);
        else
            buf_put_u8(&text, (uint8_t)*c);
    return tlog_policy_read(buf_slice(&text), &policy, line, &fail);
}

#define BASE "log $0\nwitness op $1\nwitness w0 $2\nwitness w1 $3\n"

static void test_syntax(void **state)
{
    static const struct {
        const char *name, *text;
        cocoon_err err;
        size_t line;
    } cases[] = {
        {"none", "quorum none\n", OK, 0},
        {"one witness", "log $0\nwitness w $1\nquorum w\n", OK, 0},
        {"groups",
         BASE "group executing any op\ngroup plain 1 w0 w1\ngroup both all executing plain\n"
              "quorum both\n",
         OK, 0},
        {"blanks, comments, URLs",
         "# a comment\n\n \t log\t$0   https://x \n  # more\nwitness w $1 http://w\nquorum  w ", OK,
         0},
        {"no quorum", "log $0\n", ERR_MISSING, 0},
        {"two quorums", "quorum none\nquorum none\n", ERR_DUPLICATE, 2},
        {"unknown line", "quorum none\nwitnes w $1\n", ERR_MALFORMED, 2},
        {"quorum before its name", "quorum w\nwitness w $1\n", ERR_UNKNOWN_NAME, 1},
        {"a word after the quorum", "quorum none x\n", ERR_MALFORMED, 1},
        {"log twice", "log $0\nlog $0\nquorum none\n", ERR_DUPLICATE, 2},
        {"a witness's key for a log", "log $1\nquorum none\n", ERR_ALGORITHM, 1},
        {"a log's key for a witness", "witness w $0\nquorum none\n", ERR_ALGORITHM, 1},
        {"witness key twice", "witness a $1\nwitness b $1\nquorum none\n", ERR_DUPLICATE, 2},
        {"name twice", "witness a $1\nwitness a $2\nquorum none\n", ERR_DUPLICATE, 2},
        {"group named as a witness", BASE "group w0 any w1\nquorum none\n", ERR_DUPLICATE, 5},
        {"the name none", "witness none $1\nquorum none\n", ERR_DUPLICATE, 1},
        {"no name", "witness\nquorum none\n", ERR_MALFORMED, 1},
        {"no name of a group", "group\nquorum none\n", ERR_MALFORMED, 1},
        {"member unknown", BASE "group g any w2\nquorum g\n", ERR_UNKNOWN_NAME, 5},
        {"member of itself", BASE "group g any g\nquorum g\n", ERR_UNKNOWN_NAME, 5},
        {"none as a member", BASE "group g any none\nquorum g\n", ERR_UNKNOWN_NAME, 5},
        {"member of two groups", BASE "group g any w0\ngroup h any w0\nquorum h\n", ERR_DUPLICATE,
         6},
        {"member twice", BASE "group g any w0 w0\nquorum g\n", ERR_DUPLICATE, 5},
        {"threshold 0", BASE "group g 0 w0\nquorum g\n", ERR_RANGE, 5},
        {"threshold too high", BASE "group g 3 w0 w1\nquorum g\n", ERR_RANGE, 5},
        {"threshold no number", BASE "group g some w0\nquorum g\n", ERR_MALFORMED, 5},
        {"no members", BASE "group g any\nquorum g\n", ERR_RANGE, 5},
        {"a word after a URL", "log $0 url more\nquorum none\n", ERR_MALFORMED, 1},
        {"a word after a witness's URL", "witness w $1 url more\nquorum none\n", ERR_MALFORMED, 1},
        {"carriage return", "quorum none\r\n", ERR_MALFORMED, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t line;
        cocoon_err err = read(cases[i].text, &line);

        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].name, cocoon_err_name(err));
        if (err != OK && cases[i].line != 0)
            assert_int_equal(line, cases[i].line);
    }
}

/* A note over the kit's log, signed by the log and by whom `who` says at what time (0: not). */
static void make_note(const uint64_t who[4], struct buf *out)
{
    const struct note_signer *signers[] = {&net.operator, & net.witnesses[0], &net.witnesses[1],
                                           &other};
    const struct digest root = {{7}};
    struct buf text;

    buf_init(&text, 1024);
    buf_init(out, 8192);
    checkpoint_put(&text, SLICE_LIT("kit.example/log"), 9, &root);
    buf_put(out, buf_slice(&text));
    buf_put_text(out, "\n");
    assert_int_equal(note_signer_sign(&net.log, buf_slice(&text), 0, out), OK);
    for (size_t i = 0; i < 4; i++)
        if (who[i] != 0)
            assert_int_equal(note_signer_sign(signers[i], buf_slice(&text), who[i], out), OK);
    buf_fini(&text);
}

static cocoon_err check(const uint64_t who[4], uint64_t latest, uint64_t *complete)
{
    static struct note note;
    struct tlog_verdict verdict;
    struct fail fail;
    struct buf bytes;
    cocoon_err err;

    make_note(who, &bytes);
    assert_int_equal(note_parse(buf_slice(&bytes), &note, &fail), OK);
    err = tlog_policy_check(&policy, &note, latest, &verdict, &fail);
    *complete = verdict.complete;
    buf_fini(&bytes);
    return err;
}

static void test_quorum(void **state)
{
    static const struct {
        const char *name;
        uint64_t who[4], complete;
    } cases[] = {
        {"everyone", {10, 20, 30, 40}, 10},
        {"operator and one", {10, 20, 0, 0}, 10},
        {"operator and the other", {50, 0, 30, 0}, 30},
        {"the newer witness counts", {50, 20, 30, 0}, 30},
        {"witnesses alone", {0, 20, 30, 0}, 0},
        {"operator alone", {10, 0, 0, 0}, 0},
        {"operator and a stranger", {10, 0, 0, 40}, 0},
        {"a cosignature from the future", {10, 101, 0, 0}, 0},
        {"at the last moment", {100, 100, 0, 0}, 100},
    };
    uint64_t complete;
    size_t line;

    (void)state;
    assert_int_equal(read(BASE "group executing any op\ngroup plain 1 w0 w1\n"
                               "group both all executing plain\nquorum both\n",
                          &line),
                     OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(check(cases[i].who, 100, &complete), OK);
        if (complete != cases[i].complete)
            fail_msg("%s: %llu", cases[i].name, (unsigned long long)complete);
    }
}

static void test_thresholds(void **state)
{
    const uint64_t who[4] = {10, 20, 30, 0};
    uint64_t complete;
    size_t line;

    (void)state;
    assert_int_equal(read(BASE "group g 2 op w0 w1\nquorum g\n", &line), OK);
    assert_int_equal(check(who, 100, &complete), OK);
    assert_int_equal(complete, 20);
    assert_int_equal(read(BASE "group g all op w0 w1\nquorum g\n", &line), OK);
    assert_int_equal(check(who, 100, &complete), OK);
    assert_int_equal(complete, 10);
    assert_int_equal(read(BASE "group g any op w0 w1\nquorum g\n", &line), OK);
    assert_int_equal(check(who, 100, &complete), OK);
    assert_int_equal(complete, 30);
    assert_int_equal(read(BASE "quorum none\n", &line), OK);
    assert_int_equal(check(who, 100, &complete), OK);
    assert_int_equal(complete, 100);
}

/* No log of the policy; a log's key under another origin; a cosignature that fails. */
static void test_refusals(void **state)
{
    static struct note note;
    const uint64_t who[4] = {10, 20, 0, 0};
    struct tlog_verdict verdict;
    struct fail fail;
    struct buf bytes;
    size_t line;

    (void)state;
    make_note(who, &bytes);
    assert_int_equal(note_parse(buf_slice(&bytes), &note, &fail), OK);
    assert_int_equal(read("witness op $1\nquorum op\n", &line), OK);
    assert_int_equal(tlog_policy_check(&policy, &note, 100, &verdict, &fail), ERR_UNTRUSTED);
    assert_int_equal(read(BASE "quorum op\n", &line), OK);
    assert_int_equal(tlog_policy_check(&policy, &note, 100, &verdict, &fail), OK);
    note.signatures[2].bytes[20] ^= 1;
    assert_int_equal(tlog_policy_check(&policy, &note, 100, &verdict, &fail), ERR_SIGNATURE);
    note.signatures[2].bytes[20] ^= 1;
    note.signatures[0].bytes[20] ^= 1;
    assert_int_equal(tlog_policy_check(&policy, &note, 100, &verdict, &fail), ERR_SIGNATURE);
    note.signatures[0].bytes[20] ^= 1;
    note.text = SLICE_LIT("another\n9\nBwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    assert_int_equal(tlog_policy_check(&policy, &note, 100, &verdict, &fail), ERR_UNTRUSTED);
    buf_fini(&bytes);
}

static void test_limits(void **state)
{
    struct buf text;
    struct fail fail;
    size_t line;

    (void)state;
    buf_init(&text, TLOG_TEXT_MAX + 1);
    while (text.len <= TLOG_TEXT_MAX)
        buf_put_u8(&text, ' ');
    assert_int_equal(tlog_policy_read(buf_slice(&text), &policy, &line, &fail), ERR_LIMIT);
    buf_clear(&text);
    buf_put_text(&text, "witness w0 ");
    buf_put_text(&text, vkeys[1]);
    buf_put_text(&text, "\n");
    for (int i = 0; i < TLOG_MEMBERS_MAX; i++)
        buf_printf(&text, "group w%d any w%d\n", i + 1, i);
    buf_put_text(&text, "quorum w9\n");
    assert_int_equal(tlog_policy_read(buf_slice(&text), &policy, &line, &fail), ERR_LIMIT);
    assert_int_equal(line, TLOG_MEMBERS_MAX + 1);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax),     cmocka_unit_test(test_quorum),
        cmocka_unit_test(test_thresholds), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
