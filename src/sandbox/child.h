/* What happens between clone and execve, in the new process. */
#ifndef SANDBOX_CHILD_H
#define SANDBOX_CHILD_H

#include "sandbox/filter.h"
#include "sandbox/sandbox.h"

/* A step that can fail; sandbox.c has their texts. */
enum child_step {
    STEP_CLONE,
    STEP_MAPS,
    STEP_MOUNTS,
    STEP_IDS,
    STEP_ROOT,
    STEP_STREAMS,
    STEP_LANDLOCK,
    STEP_CAPABILITIES,
    STEP_LIMITS,
    STEP_SECCOMP,
    STEP_EXEC,
    STEP_COUNT
};

/* Prepared by the parent, so that the child needs no memory but its stack. */
struct child_plan {
    const struct sandbox_spec *spec;
    const struct filter *filter;
    int landlock;     /* version, 0: none */
    bool root;        /* the parent is: it maps our ids, and we may change our groups */
    bool users;       /* in a user namespace */
    char uid_map[32]; /* for an ordinary user's child, which maps its own */
    char gid_map[32];
    bool rehearse; /* stop before execve: for the probe */
    int go;        /* read: one byte when the parent did its part */
    int report;    /* write: a struct child_report when something failed */
    int null;      /* /dev/null */
};

struct child_report {
    int32_t step;  /* enum child_step */
    int32_t error; /* errno */
};

/* Become what the plan says. Async-signal-safe: the parent may have had other threads. */
_Noreturn void child_run(const struct child_plan *plan);

#endif
