/*
 * struct loop: one thread's event loop over libuv.
 *
 * One thread owns one loop and everything made on it; only loop_post and loop_stop may be called
 * from other threads. A callback takes its owner first and runs on the loop's thread. Nothing here
 * calls back from inside the call that started it.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/clock.h"

struct loop;
struct loop_fd;
struct loop_job;
struct loop_signal;

typedef void loop_fn(void *owner);

cocoon_err loop_new(struct loop **out) MUST_CHECK;

/*
 * Free `loop`, whose users closed what they made on it (asserted). Waits for loop_work under way
 * and runs what was posted; callbacks come from here until it returns. NULL is fine.
 */
void loop_free(struct loop *loop);

/* Run until loop_stop. May be called again. */
void loop_run(struct loop *loop);

/* Make loop_run return after the present turn. Thread-safe. */
void loop_stop(struct loop *loop);

/* Milliseconds on the monotonic clock, as of the start of this turn. */
uint64_t loop_now(const struct loop *loop);

/* Wall clock. Thread-safe; not for measuring. */
unix_time loop_unix_now(void);

/*
 * Timers: embedded in their owner, so that setting and stopping one allocates nothing. Putting off
 * a timer that is already set is O(1), all else O(log n).
 */
struct loop_timer {
    loop_fn *fn;
    void *owner;
    struct loop *loop;
    uint64_t due;  /* when it is to fire */
    uint64_t rank; /* what the heap is ordered by; at most `due` */
    size_t at;     /* place in the heap, from 1; 0 when not set */
};

void loop_timer_init(struct loop_timer *timer, struct loop *loop, loop_fn *fn, void *owner);

/* Fire `timer` once, `ms` from now, instead of whenever it was set to. */
void loop_timer_set(struct loop_timer *timer, uint64_t ms);
void loop_timer_stop(struct loop_timer *timer);

static inline bool loop_timer_is_set(const struct loop_timer *timer)
{
    return timer->at != 0;
}

/*
 * Tasks: embedded in their owner; run once, later in the same turn, after the input at hand was
 * handled. What many callbacks ask for is so done once (a flush, for one).
 */
struct loop_task {
    loop_fn *fn;
    void *owner;
    struct loop *loop;
    struct loop_task *next, **link; /* link is NULL when not queued */
};

void loop_task_init(struct loop_task *task, struct loop *loop, loop_fn *fn, void *owner);
void loop_task_queue(struct loop_task *task); /* queued already: nothing happens */
void loop_task_drop(struct loop_task *task);

/*
 * Run `fn(owner)` on the loop's thread. Thread-safe. ERR_BUSY when LOOP_POSTS_MAX are waiting,
 * ERR_CANCELED when the loop is being freed.
 */
cocoon_err loop_post(struct loop *loop, loop_fn *fn, void *owner) MUST_CHECK;

/*
 * Run `work(owner)` on a thread of the pool, then `done(owner, err)` on the loop. `done` is called
 * exactly once, with ERR_CANCELED if the work never ran: `owner` must live until then. The pool has
 * four threads (UV_THREADPOOL_SIZE) and also resolves names, so work should be long (an appraisal),
 * not many.
 */
typedef void loop_done_fn(void *owner, cocoon_err err);
struct loop_job *loop_work(struct loop *loop, loop_fn *work, loop_done_fn *done, void *owner);

/* Ask that work which has not started never does. `job` is dead once its `done` was called. */
void loop_work_cancel(struct loop_job *job);

/* Call `fn(owner)` on the loop whenever the process gets `signum`. */
cocoon_err loop_signal_new(struct loop *loop, int signum, loop_fn *fn, void *owner,
                           struct loop_signal **out) MUST_CHECK;
void loop_signal_free(struct loop_signal *signal);

/*
 * Watch a file descriptor (a socket, a pipe, a pidfd: readable when the child is dead). Wants
 * nothing at first. Level-triggered. A hang-up or error shows as whatever is wanted.
 */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
typedef void loop_ready_fn(void *owner, unsigned ready);

cocoon_err loop_fd_new(struct loop *loop, int fd, loop_ready_fn *fn, void *owner,
                       struct loop_fd **out) MUST_CHECK;
void loop_fd_want(struct loop_fd *watch, unsigned ready);

/* Stop watching and close the descriptor. */
void loop_fd_free(struct loop_fd *watch);

#endif
