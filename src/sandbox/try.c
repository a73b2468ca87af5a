/*
 * What the sandbox's test starts inside: tries one thing. Exit status 0: it worked; else errno.
 *
 *     try VERB [ARGUMENT]
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

static int result(long n)
{
    return n < 0 ? errno : 0;
}

static int try_read(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY);

    return fd < 0 ? errno : result(read(fd, &byte, 1));
}

static int try_write(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    return fd < 0 ? errno : result(write(fd, "x", 1));
}

static int try_tcp(const char *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&at, sizeof at));
}

static int unix_address(const char *path, struct sockaddr_un *at)
{
    size_t len = strlen(path);

    if (len >= sizeof at->sun_path)
        return ENAMETOOLONG;
    *at = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(at->sun_path, path, len);
    if (path[0] == '@')
        at->sun_path[0] = '\0';
    return 0;
}

static int try_connect(const char *path)
{
    struct sockaddr_un at;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0 || unix_address(path, &at) != 0)
        return errno;
    return result(connect(fd, (struct sockaddr *)&at, sizeof at));
}

/* Listen at `path`, answer one connection with one byte. */
static int try_serve(const char *path)
{
    struct sockaddr_un at;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), peer;

    if (fd < 0 || unix_address(path, &at) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 1) != 0)
        return errno;
    peer = accept(fd, NULL, NULL);
    return peer < 0 ? errno : result(write(peer, "s", 1));
}

/* 0 when no id, group or capability is left over, nor a way to new ones. */
static int try_ids(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    gid_t groups[64];
    uid_t r, e, s;

    if (getresuid(&r, &e, &s) != 0 || r != SANDBOX_ID || e != r || s != r)
        return EPERM;
    if (getegid() != SANDBOX_ID || syscall(SYS_capget, &head, data) != 0)
        return EPERM;
    for (int i = 0; i < 2; i++)
        if ((data[i].effective | data[i].permitted | data[i].inheritable) != 0)
            return EACCES;
    for (int n = getgroups(64, groups); n > 0; n--)
        if (groups[n - 1] == 0)
            return EEXIST;
    if (prctl(PR_CAPBSET_READ, 0, 0, 0, 0) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return EACCES;
    return 0;
}

/* 0 when only the three standard descriptors are open. */
static int try_descriptors(void)
{
    for (int fd = 3; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            return EEXIST;
    return 0;
}

/* 0 when memory can be writable and executable at once, by either road. */
static int try_wx(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mprotect(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0)
        return 0;
    p = mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : 0;
}

static int try_grow(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    return fd < 0 ? errno : result(ftruncate(fd, 4096));
}

/* Use up `seconds` of processor time. */
static int try_spin(const char *seconds)
{
    long most = strtol(seconds, NULL, 10);
    struct rusage used;

    do
        getrusage(RUSAGE_SELF, &used);
    while (used.ru_utime.tv_sec + used.ru_stime.tv_sec < most);
    return 0;
}

static int try_memory(const char *bytes)
{
    void *p = mmap(NULL, strtoul(bytes, NULL, 10), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? errno : 0;
}

/* 0 when one signal that the parent ignored or blocked would be lost. */
static int try_signals(void)
{
    struct sigaction now;
    sigset_t blocked;

    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int signum = 1; signum < 32; signum++) {
        if (sigismember(&blocked, signum) == 1)
            return 0;
        if (sigaction(signum, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
            return 0;
    }
    return EPERM;
}

static int try_clone_new_users(void)
{
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

    if (pid == 0)
        _exit(0);
    return result(pid);
}

static int try_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return result(pid);
}

static int try_exec(char *path)
{
    char *argv[] = {path, (char[]){"exit"}, (char[]){"0"}, NULL};

    execve(path, argv, environ);
    return errno;
}

/* Verbs without an argument. */
static int try_plain(const char *verb)
{
    if (strcmp(verb, "ids") == 0)
        return try_ids();
    if (strcmp(verb, "descriptors") == 0)
        return try_descriptors();
    if (strcmp(verb, "wx") == 0)
        return try_wx();
    if (strcmp(verb, "signals") == 0)
        return try_signals();
    if (strcmp(verb, "fork") == 0)
        return try_fork();
    if (strcmp(verb, "pid") == 0)
        return getpid() == 1 ? 0 : EPERM;
    if (strcmp(verb, "environment") == 0)
        return environ[0] != NULL && strcmp(environ[0], "A=b") == 0 && environ[1] == NULL ? 0
                                                                                          : EPERM;
    if (strcmp(verb, "clone-users") == 0)
        return try_clone_new_users();
    if (strcmp(verb, "unshare") == 0)
        return result(unshare(CLONE_NEWNS));
    if (strcmp(verb, "mount") == 0)
        return result(mount("none", "/", "tmpfs", 0, NULL));
    if (strcmp(verb, "ptrace") == 0)
        return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    if (strcmp(verb, "keyctl") == 0)
        return result(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
    if (strcmp(verb, "bpf") == 0)
        return result(syscall(SYS_bpf, 0, NULL, 0));
    if (strcmp(verb, "io_uring") == 0)
        return result(syscall(SYS_io_uring_setup, 1, NULL));
    if (strcmp(verb, "raw") == 0)
        return result(socket(AF_PACKET, SOCK_RAW, 0));
    if (strcmp(verb, "inet") == 0)
        return result(socket(AF_INET, SOCK_DGRAM, 0));
    if (strcmp(verb, "unix") == 0)
        return result(socket(AF_UNIX, SOCK_STREAM, 0));
    if (strcmp(verb, "root") == 0)
        return result(mkdir("/new", 0700));
    if (strcmp(verb, "wait") == 0)
        return result(pause());
    return 255;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    char *arg = argc > 2 ? argv[2] : NULL;

    if (arg == NULL)
        return try_plain(verb);
    if (strcmp(verb, "read") == 0)
        return try_read(arg);
    if (strcmp(verb, "write") == 0)
        return try_write(arg);
    if (strcmp(verb, "tcp") == 0)
        return try_tcp(arg);
    if (strcmp(verb, "connect") == 0)
        return try_connect(arg);
    if (strcmp(verb, "serve") == 0)
        return try_serve(arg);
    if (strcmp(verb, "signal") == 0)
        return result(kill((pid_t)strtol(arg, NULL, 10), 0));
    if (strcmp(verb, "grow") == 0)
        return try_grow(arg);
    if (strcmp(verb, "spin") == 0)
        return try_spin(arg);
    if (strcmp(verb, "memory") == 0)
        return try_memory(arg);
    if (strcmp(verb, "exec") == 0)
        return try_exec(arg);
    if (strcmp(verb, "exit") == 0)
        return (int)strtol(arg, NULL, 10);
    return 255;
}
