/*
 * The order of the steps matters:
 *
 *   1  take hold of the mounts, while host paths exist and the old user may read them
 *   2  change ids, keeping capabilities; ask to die with the parent (a change of ids forgets that)
 *   3  build and enter the new root
 *   4  standard streams, no_new_privs, Landlock; then give up every capability
 *   5  limits, which would hinder the steps before
 *   6  seccomp last: the filter allows few of the calls above
 *   7  execve; every other descriptor closes there
 */
#include "sandbox/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/landlock.h"
#include "sandbox/root.h"

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

/*
 * An ordinary user's child maps its only id itself. A parent that hides its memory from other
 * processes hides these files from us too, so the hiding stops for these three writes.
 */
static int map_own_ids(const struct child_plan *plan)
{
    int hidden = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1, bad = 0;

    if (hidden && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
        return errno;
    bad = write_text("/proc/self/setgroups", "deny");
    if (bad == 0)
        bad = write_text("/proc/self/uid_map", plan->uid_map);
    if (bad == 0)
        bad = write_text("/proc/self/gid_map", plan->gid_map);
    if (hidden && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 && bad == 0)
        bad = errno;
    return bad;
}

/* Wait until the parent did its part; ECANCELED when it died instead. */
static int get_ids_mapped(const struct child_plan *plan)
{
    char byte;
    ssize_t n;

    do
        n = read(plan->go, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        return ECANCELED;
    return plan->users && !plan->root ? map_own_ids(plan) : 0;
}

/* The parent's handlers are code we lose, and its mask is not ours. */
static void reset_signals(void)
{
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int signum = 1; signum < NSIG; signum++)
        (void)sigaction(signum, &by_default, NULL); /* fails for those that cannot be caught */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Set the effective capabilities to all that are permitted, or all sets to nothing. */
static int set_capabilities(bool keep)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};

    if (keep && syscall(SYS_capget, &head, data) != 0)
        return errno;
    for (size_t i = 0; i < COUNT_OF(data); i++)
        data[i].effective = data[i].permitted;
    return syscall(SYS_capset, &head, data) == 0 ? 0 : errno;
}

static int change_ids(const struct child_plan *plan)
{
    struct pollfd parent = {.fd = plan->report};

    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
        (plan->root && syscall(SYS_setgroups, 0, NULL) != 0) ||
        syscall(SYS_setresgid, SANDBOX_ID, SANDBOX_ID, SANDBOX_ID) != 0 ||
        syscall(SYS_setresuid, SANDBOX_ID, SANDBOX_ID, SANDBOX_ID) != 0)
        return errno;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return errno;
    if (poll(&parent, 1, 0) > 0 && (parent.revents & POLLERR) != 0)
        return ECANCELED; /* it died before it was watched */
    return set_capabilities(true);
}

static int limit(int resource, uint64_t value)
{
    const struct rlimit both = {value, value};

    return value == 0 || setrlimit((__rlimit_resource_t)resource, &both) == 0 ? 0 : errno;
}

static int set_limits(const struct sandbox_limits *limits)
{
    const struct rlimit none = {0, 0};
    int bad = setrlimit(RLIMIT_CORE, &none) == 0 ? 0 : errno; /* memory holds callers' words */

    if (bad == 0)
        bad = limit(RLIMIT_AS, limits->memory);
    if (bad == 0)
        bad = limit(RLIMIT_FSIZE, limits->file_size);
    if (bad == 0)
        bad = limit(RLIMIT_NOFILE, limits->files);
    if (bad == 0)
        bad = limit(RLIMIT_NPROC, limits->tasks);
    if (bad == 0)
        bad = limit(RLIMIT_CPU, limits->cpu_seconds);
    return bad;
}

/* Copies first, above the three: a source may itself be one of them. */
static int set_streams(const struct child_plan *plan)
{
    const int wanted[3] = {-1, plan->spec->out, plan->spec->err};
    int copy[3];

    for (int i = 0; i < 3; i++) {
        copy[i] = fcntl(wanted[i] < 0 ? plan->null : wanted[i], F_DUPFD_CLOEXEC, 3);
        if (copy[i] < 0)
            return errno;
    }
    for (int i = 0; i < 3; i++)
        if (dup2(copy[i], i) < 0)
            return errno;
    return close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0 ? 0 : errno;
}

static int give_up_capabilities(void)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
            return errno;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        return errno;
    return set_capabilities(false);
}

static int enter_landlock(const struct child_plan *plan)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return errno;
    if (plan->landlock == 0)
        return 0;
    return landlock_enter(plan->landlock, plan->spec->mounts, plan->spec->mount_count);
}

static int enter_seccomp(const struct filter *filter)
{
    struct sock_fprog program = {filter->len, (struct sock_filter *)(uintptr_t)filter->step};

    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : errno;
}

static int enter_root(struct root *root, const struct sandbox_spec *spec)
{
    int bad = root_enter(root, spec->mounts);

    if (bad == 0 && chdir(spec->dir != NULL ? spec->dir : "/") != 0)
        bad = errno;
    return bad;
}

/* execve wants pointers that it does not write through. */
static int run_program(const struct sandbox_spec *spec)
{
    execve(spec->argv[0], (char *const *)(uintptr_t)spec->argv,
           (char *const *)(uintptr_t)spec->env);
    return errno;
}

static int take_step(const struct child_plan *plan, enum child_step step, struct root *root)
{
    const struct sandbox_spec *spec = plan->spec;

    switch (step) {
    case STEP_MAPS:
        return get_ids_mapped(plan);
    case STEP_MOUNTS:
        return root_open(root, spec->mounts, spec->mount_count);
    case STEP_IDS:
        return change_ids(plan);
    case STEP_ROOT:
        return enter_root(root, spec);
    case STEP_STREAMS:
        return set_streams(plan);
    case STEP_LANDLOCK:
        return enter_landlock(plan);
    case STEP_CAPABILITIES:
        return give_up_capabilities();
    case STEP_LIMITS:
        return set_limits(&spec->limits);
    case STEP_SECCOMP:
        return enter_seccomp(plan->filter);
    case STEP_EXEC:
        return plan->rehearse ? 0 : run_program(spec);
    case STEP_CLONE:
    case STEP_COUNT:
        break;
    }
    return EINVAL;
}

_Noreturn void child_run(const struct child_plan *plan)
{
    static const char name[] = "cocoon";
    struct root root;
    int bad = 0;

    reset_signals();
    setsid();
    umask(077);
    (void)!sethostname(name, sizeof name - 1);
    for (int step = STEP_MAPS; step < STEP_COUNT; step++) {
        bad = take_step(plan, (enum child_step)step, &root);
        if (bad != 0) {
            struct child_report report = {step, bad};

            (void)!write(plan->report, &report, sizeof report);
            break;
        }
    }
    _exit(bad == 0 ? 0 : 127);
}
