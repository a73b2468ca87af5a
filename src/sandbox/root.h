/* The file system that a sandboxed process sees. Runs in the child: allocates nothing. */
#ifndef SANDBOX_ROOT_H
#define SANDBOX_ROOT_H

#include "sandbox/sandbox.h"

/* Detached copies of the mounts of a spec, and the empty root that will hold them. */
struct root {
    int base;
    int tree[SANDBOX_MOUNTS_MAX];
    bool folder[SANDBOX_MOUNTS_MAX];
    size_t count;
};

/*
 * Take hold of what `mounts` name: while the caller still sees the host and may read all it could
 * before. Needs CAP_SYS_ADMIN over a mount namespace of its own. Return 0 or errno.
 */
int root_open(struct root *r, const struct sandbox_mount *mounts, size_t count);

/* Build the new root from them and make it the only one. Return 0 or errno. */
int root_enter(struct root *r, const struct sandbox_mount *mounts);

#endif
