/*
 * The parent's side: clone into new namespaces, map the ids, watch until execve.
 *
 * The child reports a failed step through a pipe that execve closes, so an end of file there means
 * success. A caller that is root tries with a user namespace first and, where that does not work,
 * without one.
 */
#include "sandbox/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sched.h>

#include "base/mem.h"
#include "sandbox/child.h"
#include "sandbox/landlock.h"

enum { START_DEADLINE_MS = 10 * 1000 }; /* all steps take milliseconds; a slow disk, a second */

static const char *const step_texts[STEP_COUNT] = {
    [STEP_CLONE] = "new namespaces",
    [STEP_MAPS] = "mapping of ids",
    [STEP_MOUNTS] = "opening what is to be mounted",
    [STEP_IDS] = "change of ids",
    [STEP_ROOT] = "building the file system",
    [STEP_LIMITS] = "resource limits",
    [STEP_STREAMS] = "standard streams",
    [STEP_LANDLOCK] = "Landlock",
    [STEP_CAPABILITIES] = "dropping capabilities",
    [STEP_SECCOMP] = "seccomp",
    [STEP_EXEC] = "starting the program",
};

/* One try at a child. */
struct attempt {
    struct child_plan plan;
    int go[2], report[2];
    pid_t pid;
    int pidfd;
    struct child_report failed;
};

static int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), bad = 0;

    if (fd < 0)
        return errno;
    if (write(fd, text, strlen(text)) < 0)
        bad = errno;
    close(fd);
    return bad;
}

/* Root maps SANDBOX_ID to itself; an ordinary user may map only itself, and its child does that. */
static int map_ids(struct attempt *a)
{
    char path[64];
    int bad;

    snprintf(path, sizeof path, "/proc/%d/uid_map", (int)a->pid);
    bad = write_text(path, a->plan.uid_map);
    snprintf(path, sizeof path, "/proc/%d/gid_map", (int)a->pid);
    if (bad == 0)
        bad = write_text(path, a->plan.gid_map);
    return bad;
}

static void plan_ids(struct child_plan *plan)
{
    plan->root = geteuid() == 0;
    snprintf(plan->uid_map, sizeof plan->uid_map, "%d %u 1\n", SANDBOX_ID,
             plan->root ? SANDBOX_ID : geteuid());
    snprintf(plan->gid_map, sizeof plan->gid_map, "%d %u 1\n", SANDBOX_ID,
             plan->root ? SANDBOX_ID : getegid());
}

/* fork into new namespaces: returns twice, like fork. Signals are held back so that no handler of
 * the parent runs in the child. */
static pid_t clone_child(struct attempt *a)
{
    struct clone_args args = {
        .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                 CLONE_PIDFD | (a->plan.users ? CLONE_NEWUSER : 0),
        .pidfd = (uint64_t)(uintptr_t)&a->pidfd,
        .exit_signal = SIGCHLD,
    };
    sigset_t all, before;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        close(a->go[1]);
        close(a->report[0]);
        child_run(&a->plan);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}

/* Wait for the child's report; none means that it runs. */
static void await_report(struct attempt *a)
{
    struct pollfd watch = {.fd = a->report[0], .events = POLLIN};
    struct child_report report = {0, 0};
    ssize_t n = -1;

    if (poll(&watch, 1, START_DEADLINE_MS) > 0)
        n = read(a->report[0], &report, sizeof report);
    if (n == (ssize_t)sizeof report)
        a->failed = report;
    else if (n != 0)
        a->failed = (struct child_report){STEP_EXEC, n < 0 ? ETIMEDOUT : EIO};
}

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
    pair[0] = pair[1] = -1;
}

static void bury(struct attempt *a)
{
    struct sandbox_child child = {a->pid, a->pidfd, 0};

    sandbox_kill(&child);
}

/* Try once. True when the child runs (or, in a rehearsal, went through all steps). */
static bool attempt_run(struct attempt *a)
{
    int bad;

    a->failed = (struct child_report){STEP_CLONE, 0};
    if (pipe2(a->go, O_CLOEXEC) != 0 || pipe2(a->report, O_CLOEXEC) != 0) {
        a->failed.error = errno;
        return false;
    }
    a->plan.go = a->go[0];
    a->plan.report = a->report[1];
    a->pid = clone_child(a);
    if (a->pid < 0) {
        a->failed.error = errno;
        return false;
    }
    close(a->report[1]);
    a->report[1] = -1;
    bad = a->plan.users && a->plan.root ? map_ids(a) : 0;
    if (bad == 0 && write(a->go[1], "", 1) != 1)
        bad = errno;
    if (bad != 0)
        a->failed = (struct child_report){STEP_MAPS, bad};
    else
        await_report(a);
    if (a->failed.error == 0)
        return true;
    bury(a);
    return false;
}

/* Try with a user namespace and, for root, without. */
static bool attempt_all(struct attempt *a)
{
    bool runs = false;

    plan_ids(&a->plan);
    for (int users = 1; users >= (a->plan.root ? 0 : 1) && !runs; users--) {
        a->plan.users = users == 1;
        a->go[0] = a->go[1] = a->report[0] = a->report[1] = -1;
        runs = attempt_run(a);
        close_pair(a->go);
        close_pair(a->report);
        if (!runs && a->failed.step == STEP_EXEC)
            break; /* the sandbox was built; the program is at fault */
    }
    return runs;
}

/* Start, or with `rehearse` go through all steps but execve. */
static cocoon_err start(const struct sandbox_spec *spec, bool rehearse, struct sandbox_child *out,
                        struct fail *fail)
{
    struct filter *filter = MEM_NEW(struct filter);
    struct attempt a = {.plan = {.spec = spec, .filter = filter, .rehearse = rehearse}};
    cocoon_err err = OK;

    a.plan.null = open("/dev/null", O_RDWR | O_CLOEXEC);
    a.plan.landlock = landlock_version();
    if (a.plan.null < 0)
        err = fail_set(fail, ERR_SANDBOX, (size_t)errno, "/dev/null");
    else if (filter_build(spec->profile, filter) != OK)
        err = fail_set(fail, ERR_SANDBOX, 0, "seccomp filter");
    else if (!attempt_all(&a))
        err = fail_set(fail, ERR_SANDBOX, (size_t)a.failed.error, step_texts[a.failed.step]);
    else
        *out = (struct sandbox_child){a.pid, a.pidfd,
                                      SANDBOX_NAMESPACES | SANDBOX_SECCOMP |
                                          (a.plan.users ? SANDBOX_USERS : 0) |
                                          (a.plan.landlock > 0 ? SANDBOX_LANDLOCK : 0)};
    if (a.plan.null >= 0)
        close(a.plan.null);
    mem_free(filter);
    return err;
}

cocoon_err sandbox_start(const struct sandbox_spec *spec, struct sandbox_child *out,
                         struct fail *fail)
{
    assert(spec->argv != NULL && spec->argv[0] != NULL && spec->env != NULL);
    if (spec->mount_count > SANDBOX_MOUNTS_MAX)
        return fail_set(fail, ERR_LIMIT, spec->mount_count, "too many mounts");
    return start(spec, false, out, fail);
}

void sandbox_signal(const struct sandbox_child *child, int signum)
{
    if (child->pidfd >= 0)
        (void)syscall(SYS_pidfd_send_signal, child->pidfd, signum, NULL, 0);
}

/* Collect the child, waiting for its end unless `flags` is WNOHANG. False when it still runs or was
 * collected before. */
static bool collect(struct sandbox_child *child, int flags, struct sandbox_exit *how)
{
    siginfo_t info = {.si_pid = 0};
    int bad;

    if (child->pidfd < 0)
        return false;
    do
        bad = waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | flags);
    while (bad != 0 && errno == EINTR);
    if (bad == 0 && info.si_pid == 0)
        return false;
    *how = (struct sandbox_exit){info.si_code != CLD_EXITED, info.si_status};
    close(child->pidfd);
    *child = (struct sandbox_child){0, -1, 0};
    return true;
}

bool sandbox_reap(struct sandbox_child *child, struct sandbox_exit *how)
{
    return collect(child, WNOHANG, how);
}

void sandbox_kill(struct sandbox_child *child)
{
    struct sandbox_exit how;

    sandbox_signal(child, SIGKILL);
    (void)collect(child, 0, &how);
}

void sandbox_probe(struct sandbox_report *out)
{
    static const char *const nothing[] = {"/", NULL};
    const struct sandbox_spec spec = {.argv = nothing, .env = nothing + 1, .out = -1, .err = -1};
    struct sandbox_child child;
    struct fail fail;

    *out = (struct sandbox_report){.landlock = landlock_version(), .remedy = ""};
    out->verdict = start(&spec, true, &child, &fail);
    if (out->verdict == OK) {
        out->namespaces = out->seccomp = true;
        out->users = (child.layers & SANDBOX_USERS) != 0;
        sandbox_kill(&child);
    } else if (geteuid() != 0) {
        out->remedy = "let ordinary users make user namespaces (sysctl user.max_user_namespaces, "
                      "kernel.unprivileged_userns_clone, "
                      "kernel.apparmor_restrict_unprivileged_userns), or run as root";
    } else {
        out->remedy = "this container may not make namespaces: give it CAP_SYS_ADMIN and a seccomp "
                      "profile that allows clone3, mount and pivot_root";
    }
}
