#include "role/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "role/process.h"

enum {
    ARGS_MAX = 16,
    CHILD_READY_FD = 3, /* where a child finds its end of the pipe; the same as text: */
    BACKOFF_FIRST_MS = 200,
    BACKOFF_LAST_MS = 5000,
    YOUNG_MS = 30 * 1000, /* a child that lived longer starts again with a clean record */
};

#define CHILD_READY_TEXT "3"

struct child {
    struct supervisor *supervisor;
    char *name;
    char *argv[ARGS_MAX + 1];
    char *log_path;
    pid_t pid;             /* 0: not running */
    struct loop_fd *death; /* its pidfd: readable when it is dead */
    struct loop_fd *ready; /* our end of the pipe: readable when it is ready, or dead before that */
    int ready_fd;
    struct loop_timer timer; /* running: until it must be ready; dead: until it is started again */
    uint64_t started_at;
    uint32_t backoff_ms;
    bool was_ready; /* at least once */
};

struct supervisor {
    struct loop *loop;
    const struct supervisor_events *events;
    void *owner;
    struct child children[SUPERVISOR_CHILDREN];
    size_t count;
    size_t started; /* how many were started at least once */
    bool stopping;
    struct loop_timer kill_timer;
    loop_fn *on_stopped;
    void *stopped_owner;
};

static void child_start(void *owner);
static void stop_last(struct supervisor *s);

/* --- the child's side of fork --- */

/* Become the program of `c`. Only async-signal-safe calls: the parent may have threads. */
static void child_exec(const struct child *c, int ready_fd, int log_fd, pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    /* A group of its own: Ctrl-C is for the supervisor, who stops its children in order. */
    if (setpgid(0, 0) != 0)
        _exit(127);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        _exit(127);
    if (dup2(log_fd, STDOUT_FILENO) < 0 || dup2(log_fd, STDERR_FILENO) < 0)
        _exit(127);
    if (ready_fd == CHILD_READY_FD ? fcntl(ready_fd, F_SETFD, 0) < 0
                                   : dup2(ready_fd, CHILD_READY_FD) < 0)
        _exit(127);
    (void)syscall(SYS_close_range, CHILD_READY_FD + 1, ~0U, 0);
    execv(c->argv[0], c->argv);
    _exit(127);
}

/* Fork and exec; set c->pid and return the parent's end of the ready pipe, or -1. */
static int child_spawn(struct child *c)
{
    int pipe_fds[2];
    int log_fd = open(c->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_t parent = getpid();

    if (log_fd < 0)
        return -1;
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        close(log_fd);
        return -1;
    }
    c->pid = fork();
    if (c->pid == 0)
        child_exec(c, pipe_fds[1], log_fd, parent);
    close(log_fd);
    close(pipe_fds[1]);
    if (c->pid > 0)
        return pipe_fds[0];
    c->pid = 0;
    close(pipe_fds[0]);
    return -1;
}

/* --- life of a child --- */

static void watch_drop(struct loop_fd **watch)
{
    if (*watch != NULL)
        loop_fd_free(*watch);
    *watch = NULL;
}

static void start_next(struct supervisor *s)
{
    if (s->started < s->count)
        child_start(&s->children[s->started++]);
    else
        s->events->on_all_ready(s->owner);
}

/* The pipe holds "ready\n", or ends because the child is dying: then its death is handled on its
 * own. */
static void child_pipe(void *owner, unsigned ready)
{
    struct child *c = owner;
    struct supervisor *s = c->supervisor;
    uint8_t word[8];
    bool said = read(c->ready_fd, word, sizeof word) > 0;
    bool first = !c->was_ready;

    (void)ready;
    watch_drop(&c->ready);
    if (!said || s->stopping)
        return;
    loop_timer_stop(&c->timer);
    c->was_ready = true;
    s->events->on_ready(s->owner, c->name);
    if (first)
        start_next(s);
}

static void child_failed(struct child *c)
{
    struct supervisor *s = c->supervisor;

    if (!s->stopping)
        s->events->on_failed(s->owner, c->name);
}

/* Not ready in time. */
static void child_late(void *owner)
{
    struct child *c = owner;

    if (c->was_ready)
        (void)kill(c->pid, SIGKILL); /* its death starts it again */
    else
        child_failed(c);
}

static void child_died(void *owner, unsigned ready)
{
    struct child *c = owner;
    struct supervisor *s = c->supervisor;
    int status = 0;

    (void)ready;
    if (waitpid(c->pid, &status, WNOHANG) != c->pid)
        return;
    c->pid = 0;
    watch_drop(&c->death);
    watch_drop(&c->ready);
    loop_timer_stop(&c->timer);
    if (s->stopping) {
        stop_last(s);
        return;
    }
    s->events->on_death(s->owner, c->name, status);
    if (!c->was_ready) {
        child_failed(c);
        return;
    }
    if (loop_now(s->loop) - c->started_at > YOUNG_MS)
        c->backoff_ms = 0;
    loop_timer_init(&c->timer, s->loop, child_start, c);
    loop_timer_set(&c->timer, c->backoff_ms);
    c->backoff_ms = c->backoff_ms == 0
                        ? BACKOFF_FIRST_MS
                        : (uint32_t)num_min((size_t)c->backoff_ms * 2, BACKOFF_LAST_MS);
}

static void child_start(void *owner)
{
    struct child *c = owner;
    struct loop *loop = c->supervisor->loop;
    int fd;

    c->started_at = loop_now(loop);
    c->ready_fd = child_spawn(c);
    if (c->ready_fd < 0) {
        child_failed(c);
        return;
    }
    fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
    if (fd < 0 || loop_fd_new(loop, fd, child_died, c, &c->death) != OK ||
        loop_fd_new(loop, c->ready_fd, child_pipe, c, &c->ready) != OK) {
        child_failed(c);
        return;
    }
    loop_fd_want(c->death, LOOP_READ);
    loop_fd_want(c->ready, LOOP_READ);
    loop_timer_init(&c->timer, loop, child_late, c);
    loop_timer_set(&c->timer, SUPERVISOR_READY_MS);
}

/* --- the supervisor --- */

struct supervisor *supervisor_new(struct loop *loop, const struct supervisor_events *events,
                                  void *owner)
{
    struct supervisor *s = MEM_NEW(struct supervisor);

    s->loop = loop;
    s->events = events;
    s->owner = owner;
    /* For the children: every one finds its end of the pipe at the same place. */
    if (setenv(PROCESS_READY_ENV, CHILD_READY_TEXT, 1) != 0)
        log_event(LOG_ERROR, "no_environment");
    return s;
}

cocoon_err supervisor_add(struct supervisor *s, const char *name, const char *const *argv,
                          const char *log_path)
{
    struct child *c = &s->children[s->count];

    if (s->count == SUPERVISOR_CHILDREN)
        return ERR_LIMIT;
    for (size_t i = 0; argv[i] != NULL; i++) {
        if (i == ARGS_MAX)
            return ERR_LIMIT;
        c->argv[i] = mem_text(argv[i]);
    }
    c->supervisor = s;
    c->name = mem_text(name);
    c->log_path = mem_text(log_path);
    s->count++;
    return OK;
}

void supervisor_start(struct supervisor *s)
{
    start_next(s);
}

pid_t supervisor_pid(const struct supervisor *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->children[i].name, name) == 0)
            return s->children[i].pid;
    return 0;
}

static void stop_is_late(void *owner)
{
    struct supervisor *s = owner;

    for (size_t i = 0; i < s->count; i++)
        if (s->children[i].pid != 0)
            (void)kill(s->children[i].pid, SIGKILL);
}

/* Stop the last child that still runs; when none does, report. */
static void stop_last(struct supervisor *s)
{
    for (size_t i = s->count; i > 0; i--) {
        struct child *c = &s->children[i - 1];

        loop_timer_stop(&c->timer);
        if (c->pid != 0) {
            (void)kill(c->pid, SIGTERM);
            return;
        }
    }
    loop_timer_stop(&s->kill_timer);
    s->on_stopped(s->stopped_owner);
}

void supervisor_stop(struct supervisor *s, loop_fn *done, void *owner)
{
    s->stopping = true;
    s->on_stopped = done;
    s->stopped_owner = owner;
    loop_timer_init(&s->kill_timer, s->loop, stop_is_late, s);
    loop_timer_set(&s->kill_timer, SUPERVISOR_STOP_MS);
    stop_last(s);
}

void supervisor_free(struct supervisor *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++) {
        struct child *c = &s->children[i];

        watch_drop(&c->death);
        watch_drop(&c->ready);
        mem_free(c->name);
        mem_free(c->log_path);
        for (size_t k = 0; c->argv[k] != NULL; k++)
            mem_free(c->argv[k]);
    }
    mem_free(s);
}
