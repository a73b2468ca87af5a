/*
 * What every role's process has: a name in its logs, one loop, an orderly end, and a way to say
 * "ready".
 *
 *   process_init(&p, "proxy");  ... wire the role on p.loop ...  process_ready();  process_run(&p);
 *
 * SIGTERM and SIGINT make process_run return; the role then takes itself down and calls
 * process_fini. Core dumps and ptrace by others are off: roles hold keys and callers' plaintext.
 */
#ifndef ROLE_PROCESS_H
#define ROLE_PROCESS_H

#include "net/loop.h"

/* The environment variable that names the descriptor on which a supervisor waits for "ready". */
#define PROCESS_READY_ENV "COCOON_READY_FD"

struct process {
    struct loop *loop;
    struct loop_signal *on_term, *on_int;
};

/* Set up logs (level from COCOON_LOG: debug, info, warn, error), loop and signals for `role`
 * (static). */
cocoon_err process_init(struct process *p, const char *role) MUST_CHECK;

/* Run the loop until a signal or loop_stop. */
void process_run(struct process *p);

void process_fini(struct process *p);

/* Tell the supervisor, if there is one, that this role serves now. */
void process_ready(void);

#endif
