/*
 * A child process that can do almost nothing: for inference engines, contracts and jobs.
 *
 * What holds it:
 *   namespaces  its own users (where the machine allows it), mounts, processes, network, IPC, host
 *               name. Its file system holds what the spec mounts and nothing else; the network has
 *               no interface that is up; it is process 1 of a world of its own
 *   ids         no root: an id that no account has, no capability, no_new_privs
 *   seccomp     a list of the system calls that its profile allows; sockets are unix only or none
 *   Landlock    where the kernel has it, the same file rights once more, no TCP, no signals out
 *   the rest    resource limits, no inherited descriptor, a given environment, death with its
 * parent
 *
 * As root without user namespaces it is built with the others and dropped ids. An ordinary user
 * needs user namespaces. Where namespaces or seccomp cannot be had, starting fails with
 * ERR_SANDBOX: there is no weaker form.
 *
 * The child sees no /proc, /sys or /dev unless the spec mounts them. A mounted file keeps its mode,
 * so it must be readable by SANDBOX_ID when the caller is root.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <sys/types.h>

#include "base/err.h"
#include "base/slice.h"

/* User and group of the child when the caller is root: no account of Debian has it. */
enum { SANDBOX_ID = 61999 };

enum { SANDBOX_MOUNTS_MAX = 32 };

enum sandbox_profile {
    SANDBOX_SERVICE, /* files, threads, unix sockets: an inference engine */
    SANDBOX_COMPUTE, /* as SERVICE without any socket: a job, a contract */
};

enum sandbox_rights { SANDBOX_READ = 0, SANDBOX_WRITE = 1, SANDBOX_EXEC = 2 };

/* One file or folder of the host, seen by the child at `to`. */
struct sandbox_mount {
    const char *from; /* host path */
    const char *to;   /* absolute path inside, without "." or ".."; parents are made */
    unsigned rights;  /* enum sandbox_rights, or-ed; reading is always allowed */
    int same_as;      /* descriptor: fail unless `from` is the very file it is open on; 0: any */
};

/* 0 in a field: the system's own limit stays. */
struct sandbox_limits {
    uint64_t memory;      /* bytes of address space */
    uint64_t file_size;   /* bytes of any file it writes */
    uint64_t files;       /* open descriptors */
    uint64_t tasks;       /* processes and threads */
    uint64_t cpu_seconds; /* processor time, then SIGKILL */
};

struct sandbox_spec {
    const char *const *argv; /* NULL-terminated; argv[0] is a path inside */
    const char *const *env;  /* NULL-terminated */
    const struct sandbox_mount *mounts;
    size_t mount_count;
    const char *dir; /* working directory inside; NULL: "/" */
    enum sandbox_profile profile;
    struct sandbox_limits limits;
    int out, err; /* standard output and error, borrowed; -1: /dev/null */
};

/* Which layers hold a child. */
enum sandbox_layers {
    SANDBOX_NAMESPACES = 1, /* mounts, processes, network, IPC, host name: always */
    SANDBOX_USERS = 2,      /* a user namespace as well */
    SANDBOX_SECCOMP = 4,    /* always */
    SANDBOX_LANDLOCK = 8,
};

struct sandbox_child {
    pid_t pid;
    int pidfd; /* readable when the child is dead (loop_fd_new on a dup, or poll) */
    unsigned layers;
};

/*
 * Start `spec` and fill `*out`. Returns after the child's execve succeeded, some milliseconds. The
 * child dies with the calling thread. ERR_SANDBOX with the step in fail->what and errno in
 * fail->offset; nothing runs then. ERR_LIMIT: too many mounts.
 */
cocoon_err sandbox_start(const struct sandbox_spec *spec, struct sandbox_child *out,
                         struct fail *fail) MUST_CHECK;

/* Send `signum`; a child that is dead already is fine. */
void sandbox_signal(const struct sandbox_child *child, int signum);

/* How a child ended. */
struct sandbox_exit {
    bool signalled;
    int code; /* exit status, or signal */
};

/* If the child is dead, collect it, close its pidfd, set `*how` and return true. Never blocks. */
bool sandbox_reap(struct sandbox_child *child, struct sandbox_exit *how);

/* Kill the child and everything in its world, wait for the end, close its pidfd. Twice is fine. */
void sandbox_kill(struct sandbox_child *child);

/* What this machine lets this user build. */
struct sandbox_report {
    bool users;      /* user namespaces */
    bool namespaces; /* the others (through a user namespace for an ordinary user) */
    bool seccomp;
    int landlock;       /* version of its interface; 0: none */
    cocoon_err verdict; /* OK, or ERR_SANDBOX: sandbox_start would refuse */
    const char *remedy; /* static text: what to do about it; "" when all is well */
};

/* Find out by trying. Some milliseconds. */
void sandbox_probe(struct sandbox_report *out);

#endif
