/*
 * Start processes, wait until each says that it is ready, and start the dead again.
 *
 * Children are started in the order they were added, each when the one before it is ready. A child
 * that dies is started again at once, then after 200 ms, 400 ms .. 5 s while it keeps dying young.
 * If the supervisor itself dies, the kernel sends its children SIGTERM.
 */
#ifndef ROLE_SUPERVISOR_H
#define ROLE_SUPERVISOR_H

#include <sys/types.h>

#include "net/loop.h"

struct supervisor;

struct supervisor_events {
    void (*on_ready)(void *owner, const char *name);             /* a child serves (again) */
    void (*on_death)(void *owner, const char *name, int status); /* wait status */
    void (*on_all_ready)(void *owner); /* each time that all children added so far are ready */

    /* `name` was not ready within SUPERVISOR_READY_MS of its first start, or died before it ever
     * was. */
    void (*on_failed)(void *owner, const char *name);
};

enum {
    SUPERVISOR_READY_MS = 180 * 1000, /* loading a model from a cold disk */
    SUPERVISOR_STOP_MS = 5 * 1000,    /* between SIGTERM and SIGKILL */
    SUPERVISOR_CHILDREN = 32,
};

struct supervisor *supervisor_new(struct loop *loop, const struct supervisor_events *events,
                                  void *owner);

/*
 * Add a child: `argv` (ended by NULL, copied), its output appended to the file `log_path`. Not
 * started yet. ERR_LIMIT.
 */
cocoon_err supervisor_add(struct supervisor *s, const char *name, const char *const *argv,
                          const char *log_path) MUST_CHECK;

/* Start the children that were added since the last call, one after the other. */
void supervisor_start(struct supervisor *s);

/* Return the pid of `name`, 0 when it does not run now. */
pid_t supervisor_pid(const struct supervisor *s, const char *name);

/* Stop every child, last first, and call `done(owner)` when all are gone. No event comes any more.
 */
void supervisor_stop(struct supervisor *s, loop_fn *done, void *owner);

/* Free after supervisor_stop is done; NULL is fine. */
void supervisor_free(struct supervisor *s);

#endif
