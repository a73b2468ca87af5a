/*
 * What a sandboxed process may ask of the kernel.
 *
 * A list of what is allowed; all else fails with ENOSYS, as on a kernel that lacks the call, so
 * that a C library falls back to an older one instead of giving up. Calls of another processor
 * architecture (the 32-bit gate, where old bugs live) kill the process. So there is no ptrace,
 * mount, unshare, setns, bpf, keyctl, io_uring, perf_event_open, kexec, module or reboot here.
 *
 * Rules on arguments:
 *   socket, socketpair   unix sockets only, and only in a service
 *   clone                no new namespaces; clone3 hides its flags in memory, so it is not allowed
 *   mmap, mprotect       never writable and executable at once
 *   ioctl                terminals' size and mode, and how many bytes wait: nothing that acts
 *   prctl                a thread's name, and reading what it may not regain
 */
#include "sandbox/filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

static const char *const memory_calls[] = {"brk",     "munmap", "mremap",  "madvise",
                                           "mincore", "mlock",  "munlock", "membarrier"};

static const char *const file_calls[] = {
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "preadv2",
    "pwritev2",
    "lseek",
    "open",
    "openat",
    "openat2",
    "creat",
    "close",
    "stat",
    "fstat",
    "lstat",
    "newfstatat",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getdents",
    "getdents64",
    "getcwd",
    "chdir",
    "fchdir",
    "dup",
    "dup2",
    "dup3",
    "fcntl",
    "flock",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "truncate",
    "ftruncate",
    "fallocate",
    "fadvise64",
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "chmod",
    "fchmod",
    "fchmodat",
    "umask",
    "utimensat",
    "statfs",
    "fstatfs",
    "pipe",
    "pipe2",
    "sendfile",
    "copy_file_range",
    "close_range",
};

static const char *const process_calls[] = {
    "execve",
    "exit",
    "exit_group",
    "fork",
    "vfork",
    "wait4",
    "waitid",
    "kill",
    "tkill",
    "tgkill",
    "futex",
    "futex_waitv",
    "set_robust_list",
    "get_robust_list",
    "set_tid_address",
    "rseq",
    "arch_prctl",
    "getpid",
    "gettid",
    "getppid",
    "getpgrp",
    "getpgid",
    "getsid",
    "setsid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "capget",
    "sched_yield",
    "sched_getaffinity",
    "sched_setaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "getpriority",
    "getcpu",
    "getrlimit",
    "setrlimit",
    "prlimit64",
    "getrusage",
    "times",
    "uname",
    "sysinfo",
    "getrandom",
    "restart_syscall",
};

static const char *const event_calls[] = {
    "rt_sigaction",  "rt_sigprocmask",  "rt_sigreturn",    "rt_sigtimedwait", "rt_sigsuspend",
    "rt_sigpending", "rt_sigqueueinfo", "sigaltstack",     "signalfd4",       "pause",
    "clock_gettime", "clock_getres",    "clock_nanosleep", "nanosleep",       "gettimeofday",
    "time",          "alarm",           "setitimer",       "getitimer",       "timer_create",
    "timer_settime", "timer_delete",    "timerfd_create",  "timerfd_settime", "timerfd_gettime",
    "poll",          "ppoll",           "select",          "pselect6",        "epoll_create",
    "epoll_create1", "epoll_ctl",       "epoll_wait",      "epoll_pwait",     "epoll_pwait2",
    "eventfd",       "eventfd2",
};

static const char *const socket_calls[] = {
    "bind",        "listen",     "accept",     "accept4",  "connect",  "getsockname",
    "getpeername", "getsockopt", "setsockopt", "sendto",   "recvfrom", "sendmsg",
    "recvmsg",     "sendmmsg",   "recvmmsg",   "shutdown",
};

/* Allow `name` when `rule` holds (a NULL rule: always). Calls this machine does not have are left
 * out. */
static int allow(scmp_filter_ctx ctx, const char *name, const struct scmp_arg_cmp *rule)
{
    int number = seccomp_syscall_resolve_name(name);

    if (number < 0)
        return 0;
    return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, number, rule == NULL ? 0 : 1, rule);
}

static int allow_all(scmp_filter_ctx ctx, const char *const *names, size_t count)
{
    int bad = 0;

    for (size_t i = 0; i < count && bad == 0; i++)
        bad = allow(ctx, names[i], NULL);
    return bad;
}

/* Allow `name` when its argument `arg` under `mask` is `value`. */
static int allow_if(scmp_filter_ctx ctx, const char *name, unsigned arg, uint64_t mask,
                    uint64_t value)
{
    const struct scmp_arg_cmp rule = {arg, SCMP_CMP_MASKED_EQ, mask, value};

    return allow(ctx, name, &rule);
}

/* Allow `name` when its argument `arg` is one of `values`. */
static int allow_values(scmp_filter_ctx ctx, const char *name, unsigned arg, const uint32_t *values,
                        size_t count)
{
    int bad = 0;

    for (size_t i = 0; i < count && bad == 0; i++)
        bad = allow_if(ctx, name, arg, UINT32_MAX, values[i]);
    return bad;
}

static int add_argument_rules(scmp_filter_ctx ctx)
{
    static const uint32_t requests[] = {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX};
    static const uint32_t options[] = {PR_SET_NAME, PR_GET_NAME, PR_GET_NO_NEW_PRIVS,
                                       PR_CAPBSET_READ};
    const uint64_t new_world = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                               CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    int bad = 0;

    for (unsigned i = 0; i < 2 && bad == 0; i++) {
        const char *name = i == 0 ? "mmap" : "mprotect";

        bad = allow_if(ctx, name, 2, PROT_EXEC, 0);
        if (bad == 0)
            bad = allow_if(ctx, name, 2, PROT_EXEC | PROT_WRITE, PROT_EXEC);
    }
    if (bad == 0)
        bad = allow_if(ctx, "clone", 0, new_world, 0);
    if (bad == 0)
        bad = allow_values(ctx, "ioctl", 1, requests, COUNT_OF(requests));
    if (bad == 0)
        bad = allow_values(ctx, "prctl", 0, options, COUNT_OF(options));
    return bad;
}

static int add_sockets(scmp_filter_ctx ctx)
{
    int bad = allow_if(ctx, "socket", 0, UINT32_MAX, AF_UNIX);

    if (bad == 0)
        bad = allow_if(ctx, "socketpair", 0, UINT32_MAX, AF_UNIX);
    if (bad == 0)
        bad = allow_all(ctx, socket_calls, COUNT_OF(socket_calls));
    return bad;
}

/* libseccomp writes its program to a descriptor only: read it back from memory. */
static cocoon_err export(scmp_filter_ctx ctx, struct filter *out)
{
    int fd = memfd_create("filter", MFD_CLOEXEC);
    cocoon_err err = ERR_SANDBOX;
    ssize_t len;

    if (fd < 0)
        return ERR_SANDBOX;
    if (seccomp_export_bpf(ctx, fd) == 0) {
        len = pread(fd, out->step, sizeof out->step, 0);
        if (len > 0 && (size_t)len < sizeof out->step) {
            out->len = (unsigned short)((size_t)len / sizeof out->step[0]);
            err = OK;
        }
    }
    close(fd);
    return err;
}

cocoon_err filter_build(enum sandbox_profile profile, struct filter *out)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int bad;
    cocoon_err err = ERR_SANDBOX;

    if (ctx == NULL)
        return ERR_SANDBOX;
    bad = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (bad == 0) /* a balanced tree: log n comparisons a call */
        bad = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (bad == 0)
        bad = allow_all(ctx, memory_calls, COUNT_OF(memory_calls));
    if (bad == 0)
        bad = allow_all(ctx, file_calls, COUNT_OF(file_calls));
    if (bad == 0)
        bad = allow_all(ctx, process_calls, COUNT_OF(process_calls));
    if (bad == 0)
        bad = allow_all(ctx, event_calls, COUNT_OF(event_calls));
    if (bad == 0)
        bad = add_argument_rules(ctx);
    if (bad == 0 && profile == SANDBOX_SERVICE)
        bad = add_sockets(ctx);
    if (bad == 0)
        err = export(ctx, out);
    seccomp_release(ctx);
    return err;
}
