/*
 * The same tests three times: as root with user namespaces, as root in a chroot (where the kernel
 * makes none), and as an ordinary user. Whoever is not root runs the last only.
 */
#include "sandbox/sandbox.h"

#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { USER_ID = 61998, WAIT_MS = 20 * 1000 };

/* Host paths, made anew for each way of running. */
static char place[64];       /* a folder that the child's user may enter */
static char program[96];     /* a copy of try */
static char secret_file[96]; /* readable by all, but not mounted */
static char shared_file[96]; /* mounted read-only at /data */
static char box[96];         /* mounted for writing at /box */

static const char *try_path; /* argv[1] */
static unsigned wanted_layers;

static void write_file(const char *path, struct slice content, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.ptr, content.len), content.len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static int make_place(void **state)
{
    struct buf tool;

    (void)state;
    snprintf(place, sizeof place, "/tmp/sandbox_test.XXXXXX");
    assert_non_null(mkdtemp(place));
    assert_int_equal(chmod(place, 0755), 0);
    snprintf(program, sizeof program, "%s/try", place);
    snprintf(secret_file, sizeof secret_file, "%s/secret", place);
    snprintf(shared_file, sizeof shared_file, "%s/data", place);
    snprintf(box, sizeof box, "%s/box", place);
    assert_true(test_read_file(try_path, &tool));
    write_file(program, buf_slice(&tool), 0755);
    buf_fini(&tool);
    write_file(secret_file, SLICE_LIT("secret"), 0644);
    write_file(shared_file, SLICE_LIT("data"), 0644);
    assert_int_equal(mkdir(box, 0700), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(box, SANDBOX_ID, SANDBOX_ID), 0);
    return 0;
}

static int remove_place(void **state)
{
    static const char *const names[] = {"box/new", "box/large", "box/sock", "box/tool", "box",
                                        "data",    "secret",    "try",      ""};
    char path[160];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof path, "%s/%s", place, names[i]);
        (void)remove(path);
    }
    return 0;
}

static cocoon_err start(const char *verb, const char *arg, enum sandbox_profile profile,
                        const struct sandbox_limits *limits, struct sandbox_child *child)
{
    const struct sandbox_mount mounts[] = {
        {program, "/bin/try", SANDBOX_EXEC, 0},
        {shared_file, "/data", SANDBOX_READ, 0},
        {box, "/box", SANDBOX_WRITE, 0},
    };
    const char *const argv[] = {"/bin/try", verb, arg, NULL};
    const char *const env[] = {"A=b", NULL};
    struct sandbox_spec spec = {.argv = argv,
                                .env = env,
                                .mounts = mounts,
                                .mount_count = COUNT_OF(mounts),
                                .profile = profile,
                                .out = -1,
                                .err = STDERR_FILENO};
    struct fail fail = {OK, 0, ""};
    cocoon_err err;

    if (limits != NULL)
        spec.limits = *limits;
    err = sandbox_start(&spec, child, &fail);
    if (err != OK)
        fprintf(stderr, "%s: %s (errno %zu)\n", verb, fail.what, fail.offset);
    return err;
}

/* Wait for the child's end: its exit status, or 1000 + signal. */
static int outcome(struct sandbox_child *child)
{
    struct pollfd watch = {.fd = child->pidfd, .events = POLLIN};
    struct sandbox_exit how = {false, -1};

    assert_int_equal(poll(&watch, 1, WAIT_MS), 1);
    assert_true(sandbox_reap(child, &how));
    return how.signalled ? 1000 + how.code : how.code;
}

static int attempt_with(const char *verb, const char *arg, enum sandbox_profile profile,
                        const struct sandbox_limits *limits)
{
    struct sandbox_child child;

    assert_int_equal(start(verb, arg, profile, limits, &child), OK);
    assert_int_equal(child.layers & ~(unsigned)SANDBOX_LANDLOCK, wanted_layers);
    return outcome(&child);
}

static int attempt(const char *verb, const char *arg)
{
    return attempt_with(verb, arg, SANDBOX_SERVICE, NULL);
}

static void test_files(void **state)
{
    (void)state;
    assert_int_equal(attempt("read", "/data"), 0);
    assert_int_equal(attempt("write", "/box/new"), 0);
    assert_int_not_equal(attempt("write", "/data"), 0);
    assert_int_equal(attempt("read", secret_file), ENOENT);
    assert_int_equal(attempt("read", "/etc/passwd"), ENOENT);
    assert_int_equal(attempt("read", "/proc/self/status"), ENOENT);
    assert_int_equal(attempt("read", "/box/../../../etc/passwd"), ENOENT);
    assert_int_not_equal(attempt("root", NULL), 0);
}

static void test_execution(void **state)
{
    char path[160];
    struct buf tool;

    (void)state;
    snprintf(path, sizeof path, "%s/tool", box);
    assert_true(test_read_file(try_path, &tool));
    write_file(path, buf_slice(&tool), 0755);
    buf_fini(&tool);
    assert_int_equal(attempt("exec", "/bin/try"), 0);
    assert_int_equal(attempt("exec", "/box/tool"), EACCES);
    assert_int_equal(attempt("exec", "/data"), EACCES);
}

static void test_world(void **state)
{
    char pid[16];

    (void)state;
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_int_equal(attempt("pid", NULL), 0);
    assert_int_equal(attempt("signal", pid), ESRCH);
    assert_int_equal(attempt("ids", NULL), 0);
    assert_int_equal(attempt("environment", NULL), 0);
    assert_int_equal(attempt("fork", NULL), 0);
}

static void test_calls(void **state)
{
    static const char *const verbs[] = {"ptrace", "mount",    "unshare", "clone-users", "keyctl",
                                        "bpf",    "io_uring", "raw",     "inet",        "wx"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (attempt(verbs[i], NULL) != ENOSYS)
            fail_msg("%s was not refused", verbs[i]);
    assert_int_equal(attempt("unix", NULL), 0);
    assert_int_equal(attempt_with("unix", NULL, SANDBOX_COMPUTE, NULL), ENOSYS);
}

/* What the parent has open, ignores or blocks stays with the parent. */
static void test_nothing_inherited(void **state)
{
    int fd = open("/etc/passwd", O_RDONLY); /* on purpose without O_CLOEXEC */
    sigset_t block;

    (void)state;
    assert_true(fd >= 0);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, NULL);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(attempt("descriptors", NULL), 0);
    assert_int_equal(attempt("signals", NULL), EPERM);
    sigprocmask(SIG_UNBLOCK, &block, NULL);
    close(fd);
}

/* A listener of the host on TCP, and one in the abstract namespace of unix sockets. */
static void test_network(void **state)
{
    struct sockaddr_in tcp = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un named = {.sun_family = AF_UNIX};
    socklen_t len = sizeof tcp;
    int at_tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int at_name = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char port[8];

    (void)state;
    assert_int_equal(bind(at_tcp, (struct sockaddr *)&tcp, sizeof tcp), 0);
    assert_int_equal(listen(at_tcp, 1), 0);
    assert_int_equal(getsockname(at_tcp, (struct sockaddr *)&tcp, &len), 0);
    snprintf(port, sizeof port, "%u", ntohs(tcp.sin_port));
    assert_int_equal(attempt("tcp", port), ENOSYS);
    snprintf(named.sun_path + 1, sizeof named.sun_path - 1, "sandbox_test.%d", (int)getpid());
    assert_int_equal(bind(at_name, (struct sockaddr *)&named, sizeof named), 0);
    assert_int_equal(listen(at_name, 1), 0);
    named.sun_path[0] = '@';
    assert_int_not_equal(attempt("connect", named.sun_path), 0);
    close(at_tcp);
    close(at_name);
}

/* The parent reaches a service inside by a unix socket in a folder that both see. */
static void test_service(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct sandbox_child child;
    int fd = -1;
    char byte = 0;

    (void)state;
    snprintf(at.sun_path, sizeof at.sun_path, "%s/sock", box);
    (void)unlink(at.sun_path);
    assert_int_equal(start("serve", "/box/sock", SANDBOX_SERVICE, NULL, &child), OK);
    for (int i = 0; i < WAIT_MS; i++) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
            break;
        close(fd);
        fd = -1;
        poll(NULL, 0, 1);
    }
    assert_true(fd >= 0);
    assert_int_equal(read(fd, &byte, 1), 1);
    assert_int_equal(byte, 's');
    close(fd);
    assert_int_equal(outcome(&child), 0);
}

static void test_limits(void **state)
{
    static const struct {
        const char *verb, *arg;
        struct sandbox_limits limits;
        int limited, free; /* outcome with and without the limits */
    } cases[] = {
        {"memory", "268435456", {.memory = 64 << 20}, ENOMEM, 0},
        {"read", "/data", {.files = 3}, EMFILE, 0},
        {"fork", NULL, {.tasks = 1}, EAGAIN, 0},
        {"grow", "/box/large", {.file_size = 100}, EFBIG, 0},
    };

    const struct sandbox_limits one_second = {.cpu_seconds = 1};

    (void)state;
    assert_int_equal(attempt_with("spin", "3", SANDBOX_SERVICE, &one_second), 1000 + SIGKILL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(
            attempt_with(cases[i].verb, cases[i].arg, SANDBOX_SERVICE, &cases[i].limits),
            cases[i].limited);
        assert_int_equal(attempt(cases[i].verb, cases[i].arg), cases[i].free);
    }
}

static void test_ends(void **state)
{
    struct sandbox_child child;
    struct sandbox_exit how;

    (void)state;
    assert_int_equal(attempt("exit", "7"), 7);
    assert_int_equal(start("wait", NULL, SANDBOX_SERVICE, NULL, &child), OK);
    assert_false(sandbox_reap(&child, &how));
    sandbox_signal(&child, SIGKILL);
    assert_int_equal(outcome(&child), 1000 + SIGKILL);
    sandbox_kill(&child);
    assert_false(sandbox_reap(&child, &how));
    assert_int_equal(start("wait", NULL, SANDBOX_SERVICE, NULL, &child), OK);
    sandbox_kill(&child);
    assert_int_equal(child.pidfd, -1);
}

/* Whoever starts a child takes it along, even when killed. */
static void test_dies_with_parent(void **state)
{
    int told[2];
    struct pollfd watch;
    struct sandbox_child child;
    char byte;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(told), 0);
    pid = fork();
    if (pid == 0) {
        close(told[0]);
        if (start("wait", NULL, SANDBOX_SERVICE, NULL, &child) == OK &&
            write(told[1], &child.pid, sizeof child.pid) > 0)
            pause();
        _exit(0);
    }
    close(told[1]);
    assert_int_equal(read(told[0], &child.pid, sizeof child.pid), sizeof child.pid);
    child.pidfd = (int)syscall(SYS_pidfd_open, child.pid, 0);
    assert_true(child.pidfd >= 0);
    kill(pid, SIGKILL);
    watch = (struct pollfd){.fd = child.pidfd, .events = POLLIN};
    assert_int_equal(poll(&watch, 1, WAIT_MS), 1);
    assert_int_equal(read(told[0], &byte, 1), 0);
    close(child.pidfd);
    close(told[0]);
    waitpid(pid, NULL, 0);
}

static void test_refusals(void **state)
{
    const char *const argv[] = {"/bin/none", NULL}, *const env[] = {NULL};
    struct sandbox_mount mount = {"/nowhere/at/all", "/x", SANDBOX_READ, 0};
    struct sandbox_spec spec = {.argv = argv, .env = env, .out = -1, .err = -1};
    struct sandbox_child child;
    struct fail fail;

    (void)state;
    assert_int_equal(sandbox_start(&spec, &child, &fail), ERR_SANDBOX);
    assert_string_equal(fail.what, "starting the program");
    assert_int_equal(fail.offset, ENOENT);
    spec.mounts = &mount;
    spec.mount_count = 1;
    assert_int_equal(sandbox_start(&spec, &child, &fail), ERR_SANDBOX);
    assert_string_equal(fail.what, "opening what is to be mounted");
    spec.mount_count = SANDBOX_MOUNTS_MAX + 1;
    assert_int_equal(sandbox_start(&spec, &child, &fail), ERR_LIMIT);
    mount.from = shared_file;
    mount.to = "relative";
    spec.mount_count = 1;
    assert_int_equal(sandbox_start(&spec, &child, &fail), ERR_SANDBOX);
    assert_string_equal(fail.what, "building the file system");
    mount.to = "/data";
    mount.same_as = open(secret_file, O_RDONLY | O_CLOEXEC);
    assert_int_equal(sandbox_start(&spec, &child, &fail), ERR_SANDBOX);
    assert_int_equal(fail.offset, ESTALE);
    close(mount.same_as);
}

static void test_probe(void **state)
{
    struct sandbox_report report;

    (void)state;
    sandbox_probe(&report);
    assert_int_equal(report.verdict, OK);
    assert_true(report.namespaces && report.seccomp);
    assert_int_equal(report.users, (wanted_layers & SANDBOX_USERS) != 0);
    assert_string_equal(report.remedy, "");
}

static int run_group(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_execution),
        cmocka_unit_test(test_world),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_nothing_inherited),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_service),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_dies_with_parent),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_probe),
    };

    return cmocka_run_group_tests_name(name, tests, make_place, remove_place);
}

/* In a chroot the kernel refuses user namespaces. `root` becomes the old root, seen again. */
static int enter_chroot(const char *root)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("/", root, NULL, MS_BIND | MS_REC, NULL) != 0 || chroot(root) != 0)
        return -1;
    return chdir("/");
}

/* This also hides the process's files in /proc from itself, as a worker does to guard its keys. */
static int become_user(void)
{
    return setgroups(0, NULL) != 0 || setresgid(USER_ID, USER_ID, USER_ID) != 0 ||
                   setresuid(USER_ID, USER_ID, USER_ID) != 0
               ? -1
               : 0;
}

/* Run the tests in a chroot at `root`, or with NULL as an ordinary user. */
static int in_child(const char *name, const char *root)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        if ((root != NULL ? enter_chroot(root) : become_user()) != 0)
            _exit(1);
        wanted_layers = SANDBOX_NAMESPACES | SANDBOX_SECCOMP | (root != NULL ? 0 : SANDBOX_USERS);
        _exit(run_group(name) == 0 ? 0 : 1);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    char root[] = "/tmp/sandbox_root.XXXXXX";
    int bad;

    try_path = argc == 2 ? realpath(argv[1], NULL) : NULL;
    if (try_path == NULL)
        return 2;
    wanted_layers = SANDBOX_NAMESPACES | SANDBOX_SECCOMP | SANDBOX_USERS;
    bad = run_group(geteuid() == 0 ? "root" : "ordinary user");
    if (geteuid() != 0) {
        fprintf(stderr, "SKIPPED: the sandbox as root: not root\n");
        return bad;
    }
    fflush(stdout);
    bad += mkdtemp(root) == NULL;
    bad += in_child("root without user namespaces", root);
    (void)rmdir(root);
    bad += in_child("ordinary user", NULL);
    return bad;
}
