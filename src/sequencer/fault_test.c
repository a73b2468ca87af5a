/*
 * The disk fails, at every operation in turn: the process is killed before it or in the middle of
 * it, the power is lost (what was not synced is gone, or half of it), it answers EIO once, or there
 * is no room from then on. Afterwards the ledger opens, holds every transaction that was
 * acknowledged where it was acknowledged, verifies from its files, and goes on.
 *
 * The operations are caught here: these definitions stand before those of the C library, for us and
 * for SQLite alike.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/test.h"
#include "ledger/kit_test.h"
#include "sequencer/embedded.h"
#include "sequencer/log_dir.h"
#include "sequencer/verify.h"

#define SHOWN __attribute__((visibility("default")))

/* --- the disk --- */

enum fault { NO_FAULT, KILL, TEAR, POWER_ALL, POWER_HALF, ERROR_ONCE, FULL };

static enum fault fault;
static unsigned long fault_at, operations;

/* What a write changed, until it is synced. */
struct change {
    char path[256];
    off_t at;
    size_t len;
    off_t size; /* of the file before */
    uint8_t old[65536];
};

enum { CHANGES_MAX = 4096 };
static struct change *changes;
static size_t change_count;

static bool path_of(int fd, char out[256])
{
    char link[64];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, out, 255);
    if (n < 0)
        return false;
    out[n] = '\0';
    return strncmp(out, "/tmp/cocoon-fault-", 18) == 0;
}

static void note_change(const char *path, int fd, off_t at, size_t len)
{
    struct stat st;

    if (fault != POWER_ALL && fault != POWER_HALF)
        return;
    assert_true(change_count < CHANGES_MAX && len <= sizeof changes->old && fstat(fd, &st) == 0);
    struct change *c = &changes[change_count++];

    snprintf(c->path, sizeof c->path, "%s", path);
    c->at = at;
    c->size = st.st_size;
    c->len = at < st.st_size ? (size_t)(st.st_size - at) : 0;
    c->len = c->len < len ? c->len : len;
    if (c->len > 0) {
        int readable = open(path, O_RDONLY);

        c->len = (size_t)syscall(SYS_pread64, readable, c->old, c->len, at);
        close(readable);
    }
}

/* The power goes: what was not synced is undone, newest first; all of it, or every other change. */
static void lose_power(void)
{
    for (size_t i = change_count; i-- > 0;) {
        const struct change *c = &changes[i];
        int fd;

        if (fault == POWER_HALF && i % 2 == 0)
            continue;
        fd = open(c->path, O_WRONLY);
        if (fd < 0)
            continue;
        if (c->len > 0)
            syscall(SYS_pwrite64, fd, c->old, c->len, c->at);
        syscall(SYS_ftruncate, fd, c->size);
        close(fd);
    }
}

/* Count one operation on the ledger's files; true if it is the one that fails. */
static bool is_due(void)
{
    operations++;
    if (fault == FULL)
        return operations >= fault_at;
    return operations == fault_at;
}

static void die(void)
{
    lose_power();
    _exit(99);
}

static ssize_t do_write(int fd, const void *bytes, size_t len, off_t at, bool positioned)
{
    char path[256];

    if (path_of(fd, path)) {
        if (!positioned)
            note_change(path, fd, lseek(fd, 0, SEEK_CUR), len);
        else
            note_change(path, fd, at, len);
        if (is_due()) {
            if (fault == ERROR_ONCE || fault == FULL) {
                errno = fault == FULL ? ENOSPC : EIO;
                return -1;
            }
            if (fault != KILL) {
                if (positioned)
                    syscall(SYS_pwrite64, fd, bytes, len / 2, at);
                else
                    syscall(SYS_write, fd, bytes, len / 2);
            }
            die();
        }
    }
    return positioned ? syscall(SYS_pwrite64, fd, bytes, len, at)
                      : syscall(SYS_write, fd, bytes, len);
}

ssize_t write(int fd, const void *bytes, size_t len) SHOWN;
ssize_t write(int fd, const void *bytes, size_t len)
{
    return do_write(fd, bytes, len, 0, false);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at) SHOWN;
ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return do_write(fd, bytes, len, at, true);
}

#undef pwrite
ssize_t real_pwrite(int fd, const void *bytes, size_t len, off_t at) __asm__("pwrite") SHOWN;
ssize_t real_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return do_write(fd, bytes, len, at, true);
}

static void synced(const char *path)
{
    size_t kept = 0;

    for (size_t i = 0; i < change_count; i++)
        if (path != NULL && strcmp(changes[i].path, path) != 0) {
            if (kept != i)
                changes[kept] = changes[i];
            kept++;
        }
    change_count = kept;
}

static int do_sync(int fd, long number)
{
    char path[256];

    if (path_of(fd, path)) {
        if (is_due()) {
            if (fault == ERROR_ONCE) {
                errno = EIO;
                return -1;
            }
            if (fault != FULL)
                die();
        }
        synced(number == SYS_syncfs ? NULL : path);
    }
    /* What a sync promises is modelled above; the test machine's disk need not wait. */
    return 0;
}

int fsync(int fd) SHOWN;
int fsync(int fd)
{
    return do_sync(fd, SYS_fsync);
}

int fdatasync(int fd) SHOWN;
int fdatasync(int fd)
{
    return do_sync(fd, SYS_fdatasync);
}

int syncfs(int fd) SHOWN;
int syncfs(int fd)
{
    return do_sync(fd, SYS_syncfs);
}

int rename(const char *from, const char *to) SHOWN;
int rename(const char *from, const char *to)
{
    if (strncmp(to, "/tmp/cocoon-fault-", 18) == 0 && is_due()) {
        if (fault == ERROR_ONCE || fault == FULL) {
            errno = fault == FULL ? ENOSPC : EIO;
            return -1;
        }
        die();
    }
    for (size_t i = 0; i < change_count; i++)
        if (strcmp(changes[i].path, from) == 0)
            snprintf(changes[i].path, sizeof changes[i].path, "%s", to);
    return (int)syscall(SYS_rename, from, to);
}

/* --- the ledger on it --- */

enum { BEFORE = 250, AFTER = 14 };

static struct kit_net net;
static char base[64], dir[128];
static int answers[2]; /* pipe: index and id of what was acknowledged */

static void on_done(void *owner, const struct ledger_result *result)
{
    (void)owner;
    if (result->err == OK)
        syscall(SYS_write, answers[1], result, sizeof *result);
}

static cocoon_err submit(struct embedded *e, uint64_t nonce)
{
    uint8_t body[48] = {1};
    struct fail fail;
    struct buf tx;
    cocoon_err err;

    body[47] = 1;
    buf_init(&tx, TX_MAX);
    if (tx_sign(&tx, &net.users[0], TX_TRANSFER, &net.genesis.network_id, nonce, SLICE_OF(body)) !=
        OK)
        return ERR_INTERNAL;
    err = embedded_submit(e, buf_slice(&tx), on_done, NULL, &fail);
    buf_fini(&tx);
    return err;
}

static cocoon_err publish(struct embedded *e)
{
    struct buf note;
    uint64_t size;
    cocoon_err err;

    buf_init(&note, CHECKPOINT_NOTE_MAX);
    err = embedded_propose(e, KIT_TIME, &size, &note);
    if (err == OK)
        err = embedded_publish(e, buf_slice(&note));
    buf_fini(&note);
    return err;
}

static cocoon_err open_ledger(struct embedded **e, const char *where)
{
    struct embedded_params params = {.dir = where,
                                     .genesis = &net.genesis,
                                     .log = &net.log,
                                     .now_ms = 1000 * (uint64_t)KIT_TIME,
                                     .keeps = TILE_WIDTH};
    struct fail fail;

    return embedded_open(e, &params, &fail);
}

/* What the child does: some transactions, blocks and publications, over the end of a bundle. Stops
 * at the first error, as the role does. */
static void work(void)
{
    struct embedded *e;
    cocoon_err err = open_ledger(&e, dir);

    if (err != OK)
        _exit(1);
    for (uint64_t i = 0; err == OK && i < AFTER; i++) {
        err = submit(e, BEFORE + i);
        if (err == OK && i % 3 == 2)
            err = embedded_block(e, 1000 * (uint64_t)KIT_TIME + i);
        if (err == OK && i % 5 == 4)
            err = publish(e);
    }
    if (err == OK)
        err = embedded_block(e, 1);
    embedded_close(e);
    _exit(operations < fault_at ? 0 : 1); /* 0: there was no such operation */
}

static void copy_base(void)
{
    char command[512];

    snprintf(command, sizeof command, "rm -rf %s && cp -r %s/ledger %s", dir, base, dir);
    assert_int_equal(system(command), 0); /* a test may */
}

static void check_acknowledged(struct embedded *e)
{
    struct ledger_result r;

    while (read(answers[0], &r, sizeof r) == sizeof r) {
        struct digest id;
        struct buf leaf;

        buf_init(&leaf, TILE_ENTRY_MAX);
        assert_int_equal(journal_leaf(embedded_journal(e), r.index, &leaf), OK);
        tx_id(slice_skip(buf_slice(&leaf), 1), &id);
        assert_true(digest_eq(&id, &r.id));
        buf_fini(&leaf);
    }
}

static void check_files(void)
{
    struct verify_params params = {0};
    struct verify_result result;
    struct buf genesis, note;
    struct log_dir d;
    struct fail fail;

    buf_init(&genesis, GENESIS_MAX);
    buf_init(&note, CHECKPOINT_NOTE_MAX);
    assert_int_equal(log_dir_open(&d, dir), OK);
    assert_int_equal(log_dir_read(&d, "genesis.json", &genesis), OK);
    assert_int_equal(log_dir_read(&d, "checkpoint", &note), OK);
    params.genesis = buf_slice(&genesis);
    params.checkpoint = buf_slice(&note);
    params.source = log_dir_source(&d);
    if (log_verify(&params, &result, &fail) != OK)
        fail_msg("%s at %zu", fail.what, fail.offset);
    buf_fini(&note);
    buf_fini(&genesis);
}

/* Open what is left, and go on from there. */
static void check_survivor(void)
{
    struct record_account account;
    struct embedded *e;
    struct buf value;

    assert_int_equal(open_ledger(&e, dir), OK);
    check_acknowledged(e);
    buf_init(&value, RECORD_MAX);
    assert_int_equal(ledger_get(embedded_ledger(e), LEDGER_HEAD, RECORD_ACCOUNT,
                                SLICE_OF(net.users[0].public.bytes), &value),
                     OK);
    assert_int_equal(record_get_account(buf_slice(&value), &account), OK);
    assert_int_equal(submit(e, account.nonce), OK);
    assert_int_equal(embedded_block(e, 1), OK);
    assert_int_equal(publish(e), OK);
    buf_fini(&value);
    embedded_close(e);
    check_files();
}

/* Run the child with its `at`-th operation failing. Returns true if there was such an operation. */
static bool run_once(enum fault what, unsigned long at)
{
    int status;
    pid_t pid;

    copy_base();
    assert_int_equal(pipe(answers), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        fault = what;
        fault_at = at;
        operations = 0;
        close(answers[0]);
        work();
    }
    close(answers[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    check_survivor();
    close(answers[0]);
    return WEXITSTATUS(status) != 0;
}

/* Let operations fail, each `step`-th in turn; COCOON_THOROUGH=1: each. */
static void run_all(enum fault what, const char *name, unsigned long step)
{
    unsigned long at = 1;

    if (getenv("COCOON_THOROUGH") != NULL)
        step = 1;
    while (run_once(what, at))
        at += step;
    printf("%s: each %lu. of %lu operations\n", name, step, at - 1);
    assert_true(at > 40);
}

static int set_up(void **state)
{
    char where[128];
    struct embedded *e;

    (void)state;
    kit_net_init(&net, 1, 0);
    changes = MEM_ARRAY(CHANGES_MAX, struct change);
    log_setup("test", LOG_ERROR + 1, NULL);
    snprintf(base, sizeof base, "/tmp/cocoon-fault-XXXXXX");
    if (mkdtemp(base) == NULL || pipe(answers) != 0)
        return 1;
    snprintf(where, sizeof where, "%s/ledger", base);
    snprintf(dir, sizeof dir, "%s/copy", base);
    if (open_ledger(&e, where) != OK)
        return 1;
    for (uint64_t i = 0; i < BEFORE; i++)
        if (submit(e, i) != OK || embedded_block(e, 1) != OK)
            return 1;
    if (publish(e) != OK)
        return 1;
    embedded_close(e);
    return 0;
}

static int tear_down(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", base);
    mem_free(changes);
    kit_net_fini(&net);
    return system(command);
}

static void test_killed(void **state)
{
    (void)state;
    run_all(KILL, "killed", 3);
}

static void test_torn(void **state)
{
    (void)state;
    run_all(TEAR, "torn", 5);
}

static void test_power_lost(void **state)
{
    (void)state;
    run_all(POWER_ALL, "power lost", 5);
}

static void test_power_lost_half(void **state)
{
    (void)state;
    run_all(POWER_HALF, "power lost, half written", 3);
}

static void test_error_once(void **state)
{
    (void)state;
    run_all(ERROR_ONCE, "error once", 3);
}

static void test_full(void **state)
{
    (void)state;
    run_all(FULL, "disk full", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed),     cmocka_unit_test(test_torn),
        cmocka_unit_test(test_power_lost), cmocka_unit_test(test_power_lost_half),
        cmocka_unit_test(test_error_once), cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
