/*
 * The ledger role as it runs: its own process, two witness processes, unix sockets, HTTP. What is
 * asked of it is verified as a client would.
 */
#include "role/ledger.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/test.h"
#include "codec/json.h"
#include "ledger/kit_test.h"
#include "ledger/light.h"
#include "ledger/tlog_policy.h"
#include "role/witness.h"
#include "store/file.h"
#include "store/key_file.h"

enum { PATIENCE_MS = 20000, POLL_MS = 20 };

static struct kit_net net;
static char dir[64];
static pid_t ledger, witness[KIT_WITNESSES];

static const char *in_dir(const char *name)
{
    static char path[8][128];
    static unsigned at;

    at = (at + 1) % 8;
    snprintf(path[at], sizeof path[at], "%s/%s", dir, name);
    return path[at];
}

static void write_text(const char *name, const char *text)
{
    assert_int_equal(file_write(in_dir(name), slice_text(text), FILE_PUBLIC, false), OK);
}

static void write_configs(void)
{
    char text[1024];
    struct buf vkey;

    buf_init(&vkey, 512);
    note_signer_vkey(&net.log, &vkey);
    assert_int_equal(file_write(in_dir("genesis.json"), net.genesis.canonical, FILE_PUBLIC, false),
                     OK);
    assert_int_equal(key_file_write(in_dir("log.key"), &net.log.key), OK);
    assert_int_equal(key_file_write(in_dir("op.key"), &net.operator.key), OK);
    snprintf(text, sizeof text,
             "[ledger]\nlisten = unix:%s/ledger.sock\ngenesis = genesis.json\ndir = data\n"
             "log_key = log.key\ncosigner_key = op.key\ncosigner_name = kit.example/operator\n"
             "witness = http://unix:%s/w0.sock\nwitness = http://unix:%s/w1.sock\n"
             "cosignatures = 1\n[timing]\nblock_ms = 1\ncheckpoint_ms = 20\nwitness_ms = 1000\n"
             "retry_ms = 300\n",
             dir, dir, dir);
    write_text("ledger.conf", text);
    for (int i = 0; i < KIT_WITNESSES; i++) {
        char name[32];

        snprintf(name, sizeof name, "w%d.key", i);
        assert_int_equal(key_file_write(in_dir(name), &net.witnesses[i].key), OK);
        snprintf(name, sizeof name, "state%d", i);
        assert_int_equal(file_make_dir(in_dir(name)), OK);
        snprintf(text, sizeof text,
                 "[witness]\nlisten = unix:%s/w%d.sock\nname = kit.example/w%d\nkey = w%d.key\n"
                 "log = %s\nstate = state%d\n",
                 dir, i, i, i, buf_cstr(&vkey), i);
        snprintf(name, sizeof name, "w%d.conf", i);
        write_text(name, text);
    }
    buf_fini(&vkey);
}

static pid_t start(int (*run)(const char *path), const char *config)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run(in_dir(config)));
    return pid;
}

static int stop(pid_t pid, int signal)
{
    int status;

    assert_int_equal(kill(pid, signal), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One HTTP request over the socket `name`; its status, 0 if nobody answers. `body` is set to the
 * answer's. */
static unsigned call(const char *name, const char *method, const char *path, struct slice content,
                     struct buf *body)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    static char head[16384], block[65536];
    struct slice answer;
    unsigned status = 0;
    struct buf all;
    ssize_t n;
    size_t end;

    buf_init(&all, 1 << 24);
    snprintf(at.sun_path, sizeof at.sun_path, "%s/%s", dir, name);
    snprintf(head, sizeof head,
             "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
             method, path, content.len);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
        send(fd, head, strlen(head), MSG_NOSIGNAL) > 0 &&
        (content.len == 0 || send(fd, content.ptr, content.len, MSG_NOSIGNAL) > 0))
        while ((n = read(fd, block, sizeof block)) > 0)
            buf_put(&all, slice_make(block, (size_t)n));
    close(fd);
    answer = buf_slice(&all);
    buf_clear(body);
    if (answer.len > 12 && slice_find_slice(answer, SLICE_LIT("\r\n\r\n"), &end)) {
        status = (unsigned)strtoul((const char *)answer.ptr + 9, NULL, 10);
        buf_put(body, slice_skip(answer, end + 4));
    }
    buf_fini(&all);
    return status;
}

static unsigned get(const char *path, struct buf *body)
{
    return call("ledger.sock", "GET", path, slice_make(NULL, 0), body);
}

static void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, 1000000 * (ms % 1000)};

    nanosleep(&t, NULL);
}

/* Ask until the answer is 200. */
static void get_patiently(const char *path, struct buf *body)
{
    for (int waited = 0; get(path, body) != 200; waited += POLL_MS) {
        if (waited > PATIENCE_MS)
            fail_msg("no answer: %s", path);
        pause_ms(POLL_MS);
    }
}

static unsigned post(struct slice tx, struct buf *body)
{
    return call("ledger.sock", "POST", "/v1/ledger/tx", tx, body);
}

static unsigned transfer(uint64_t nonce, amount sum, struct buf *body)
{
    uint8_t room[48];
    struct wr w = wr_init(room, sizeof room);
    struct buf tx;
    unsigned status;

    wr_slice(&w, SLICE_OF(net.users[1].public.bytes));
    wr_amount(&w, sum);
    buf_init(&tx, TX_MAX);
    assert_int_equal(
        tx_sign(&tx, &net.users[0], TX_TRANSFER, &net.genesis.network_id, nonce, SLICE_OF(room)),
        OK);
    status = post(buf_slice(&tx), body);
    buf_fini(&tx);
    return status;
}

/* The policy of the kit's network: operator, and `plain` of the two witnesses. */
static void make_policy(struct tlog_policy *policy, int plain, struct buf *text)
{
    struct fail fail;
    size_t line;

    buf_init(text, 4096);
    buf_put_text(text, "log ");
    note_signer_vkey(&net.log, text);
    buf_put_text(text, "\nwitness op ");
    note_signer_vkey(&net.operator, text);
    for (int i = 0; i < KIT_WITNESSES; i++) {
        buf_printf(text, "\nwitness w%d ", i);
        note_signer_vkey(&net.witnesses[i], text);
    }
    buf_printf(text, "\ngroup executing any op\ngroup plain %d w0 w1\n", plain);
    buf_put_text(text, "group both all executing plain\nquorum both\n");
    assert_int_equal(tlog_policy_read(buf_slice(text), policy, &line, &fail), OK);
}

static int set_up(void **state)
{
    (void)state;
    kit_net_init(&net, 1, 0);
    snprintf(dir, sizeof dir, "/tmp/cocoon-role-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return 1;
    write_configs();
    for (int i = 0; i < KIT_WITNESSES; i++)
        witness[i] = start(role_witness_run, i == 0 ? "w0.conf" : "w1.conf");
    ledger = start(role_ledger_run, "ledger.conf");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(stop(ledger, SIGTERM), 0);
    for (int i = 0; i < KIT_WITNESSES; i++)
        (void)stop(witness[i], SIGKILL);
    kit_net_fini(&net);
    return 0;
}

/* Follow to a proof in which user 0 has `balance`, as a light client does. */
static void follow_to(struct light_view *view, amount balance, int plain)
{
    static struct tlog_policy tlog;
    static struct light_proof proof;
    struct light_policy policy = {&tlog, LIGHT_MAX_AGE, LIGHT_SKEW};
    struct record_account account = {0};
    char path[256], hex[65];
    struct buf text, body;
    struct slice value;
    cocoon_err err = OK;
    struct fail fail = {0};

    make_policy(&tlog, plain, &text);
    buf_init(&body, LIGHT_PROOF_MAX);
    hex_write(SLICE_OF(net.users[0].public.bytes), hex);
    for (int waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
        struct light_view next;
        struct arena arena;

        arena_init(&arena, 1 << 22);
        snprintf(path, sizeof path, "/v1/ledger/proof?record=account:%s&record=network:&old=%llu",
                 hex, (unsigned long long)view->size);
        if (get(path, &body) == 200) {
            assert_int_equal(light_proof_read(buf_slice(&body), &arena, &proof, &fail), OK);
            err = light_advance(&policy, view, &proof, (unix_time)time(NULL), &next, &fail);
            if (err == OK) {
                *view = next;
                assert_int_equal(light_record_find(view, &proof, RECORD_ACCOUNT,
                                                   SLICE_OF(net.users[0].public.bytes), &value,
                                                   &fail),
                                 OK);
                assert_int_equal(record_get_account(value, &account), OK);
            } else {
                assert_int_equal(err, ERR_QUORUM);
            }
        }
        arena_fini(&arena);
        if (err == OK && account.balance == balance)
            break;
        pause_ms(POLL_MS);
    }
    if (account.balance != balance)
        fail_msg("not seen in time: %s", fail.what != NULL ? fail.what : "balance");
    buf_fini(&body);
    buf_fini(&text);
}

/* A transaction is durable when answered, and soon proven under a cosigned checkpoint. */
static void test_from_submission_to_proof(void **state)
{
    struct light_view view = {0};
    struct buf body;

    (void)state;
    buf_init(&body, 1 << 20);
    get_patiently("/checkpoint", &body);
    follow_to(&view, 1000, 2);
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(transfer(i, 1, &body), 200);
    follow_to(&view, 980, 2);
    /* refusals say what is wrong */
    assert_int_equal(transfer(3, 1, &body), 409);
    assert_int_equal(transfer(20, 5000, &body), 422);
    assert_int_equal(post(SLICE_LIT("not a transaction"), &body), 400);
    buf_fini(&body);
}

/* One witness dead: the others' cosignatures do. Both dead: nothing is published, nothing is lost.
 */
static void test_witnesses_fail(void **state)
{
    struct light_view view = {0};
    struct buf body;
    uint64_t size;

    (void)state;
    buf_init(&body, 1 << 20);
    get_patiently("/checkpoint", &body);
    follow_to(&view, 1000, 1);
    (void)stop(witness[0], SIGKILL);
    assert_int_equal(transfer(0, 1, &body), 200);
    follow_to(&view, 999, 1);
    (void)stop(witness[1], SIGKILL);
    size = view.size;
    assert_int_equal(transfer(1, 1, &body), 200);
    pause_ms(300);
    follow_to(&view, 999, 1);
    assert_int_equal(view.size, size);
    unlink(in_dir("w0.sock"));
    unlink(in_dir("w1.sock"));
    witness[0] = start(role_witness_run, "w0.conf");
    witness[1] = start(role_witness_run, "w1.conf");
    follow_to(&view, 998, 2);
    buf_fini(&body);
}

/* Killed at any moment: what was answered is there, and the history goes on. */
static void test_killed(void **state)
{
    struct light_view view = {0};
    struct buf body;

    (void)state;
    buf_init(&body, 1 << 20);
    get_patiently("/checkpoint", &body);
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(transfer(i, 1, &body), 200);
        (void)stop(ledger, SIGKILL);
        unlink(in_dir("ledger.sock"));
        ledger = start(role_ledger_run, "ledger.conf");
        get_patiently("/healthz", &body);
        follow_to(&view, 999 - i, 1);
    }
    buf_fini(&body);
}

/* Start witness 1 anew, executing what it reads from `ledger_at`. */
static void execute_from(const char *ledger_at)
{
    char text[1024];
    struct buf vkey;

    (void)stop(witness[1], SIGTERM);
    unlink(in_dir("w1.sock"));
    buf_init(&vkey, 512);
    note_signer_vkey(&net.log, &vkey);
    snprintf(text, sizeof text,
             "[witness]\nlisten = unix:%s/w1.sock\nname = kit.example/w1\nkey = w1.key\n"
             "log = %s\nstate = state1\ngenesis = genesis.json\nledger = %s\n",
             dir, buf_cstr(&vkey), ledger_at);
    write_text("w1.conf", text);
    buf_fini(&vkey);
    witness[1] = start(role_witness_run, "w1.conf");
}

/* A witness that executes cosigns what it executed, restarts where it was, and cosigns nothing that
 * it cannot read or that is not what the checkpoint says. */
static void test_executing_witness(void **state)
{
    struct light_view view = {0};
    char at[128];
    struct buf body;

    (void)state;
    buf_init(&body, 1 << 20);
    get_patiently("/checkpoint", &body);
    for (uint64_t i = 0; i < 300; i++)
        assert_int_equal(transfer(i, 1, &body), 200);
    snprintf(at, sizeof at, "http://unix:%s/ledger.sock", dir);
    execute_from(at);
    follow_to(&view, 700, 2);
    assert_int_equal(transfer(300, 1, &body), 200);
    follow_to(&view, 699, 2);
    execute_from(at);
    assert_int_equal(transfer(301, 1, &body), 200);
    follow_to(&view, 698, 2);
    /* entries that are another network's, or nowhere */
    execute_from(in_dir("state0"));
    assert_int_equal(transfer(302, 1, &body), 200);
    follow_to(&view, 697, 1);
    get_patiently("/checkpoint", &body);
    {
        size_t found;

        assert_false(slice_find_slice(buf_slice(&body), SLICE_LIT("kit.example/w1"), &found));
        assert_true(slice_find_slice(buf_slice(&body), SLICE_LIT("kit.example/w0"), &found));
    }
    execute_from(at);
    follow_to(&view, 697, 2);
    buf_fini(&body);
}

static void test_views(void **state)
{
    char path[256], hex[65];
    const struct json *root;
    struct arena arena;
    struct slice text;
    struct fail fail;
    struct buf body;
    uint64_t number;

    (void)state;
    buf_init(&body, 1 << 24);
    arena_init(&arena, 1 << 22);
    get_patiently("/checkpoint", &body);
    get_patiently("/v1/ledger/status", &body);
    assert_int_equal(json_parse(buf_slice(&body), &arena, &root, &fail), OK);
    assert_int_equal(json_get_text(root, "network_id", &text), OK);
    hex_write(digest_slice(&net.genesis.network_id), hex);
    assert_true(slice_eq_text(text, hex));
    assert_int_equal(json_get_u64(root, "workers", &number), OK);
    assert_int_equal(number, 0);
    get_patiently("/v1/ledger/witnesses", &body);
    arena_fini(&arena);
    assert_int_equal(json_parse(buf_slice(&body), &arena, &root, &fail), OK);
    assert_int_equal(json_find(root, "witnesses")->count, 3);
    hex_write(SLICE_OF(net.users[0].public.bytes), hex);
    snprintf(path, sizeof path, "/v1/ledger/account?id=%s", hex);
    get_patiently(path, &body);
    assert_true(slice_eq_text(buf_slice(&body), "{\"balance\":\"1000\",\"nonce\":0}"));
    get_patiently("/genesis.json", &body);
    assert_true(slice_eq(buf_slice(&body), net.genesis.canonical));
    get_patiently("/tile/entries/000.p/1", &body);
    assert_true(body.len == 2 + BLOCK_LEAF_LEN);
    get_patiently("/", &body);
    assert_int_equal(get("/tile/0/001", &body), 404);
    assert_int_equal(get("/tile/0/../../ledger.db", &body), 400);
    assert_int_equal(get("/v1/ledger/proof?record=worker:zz", &body), 400);
    assert_int_equal(get("/v1/ledger/evidence?worker=00", &body), 400);
    arena_fini(&arena);
    buf_fini(&body);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_from_submission_to_proof), TEST(test_witnesses_fail), TEST(test_killed),
        TEST(test_executing_witness),        TEST(test_views),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
