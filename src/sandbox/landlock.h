/* Landlock, by raw system calls: libraries of today's Debian know only its first versions. */
#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

#include "sandbox/sandbox.h"

/* Return the version of the kernel's interface, 0 without Landlock. */
int landlock_version(void);

/*
 * Hold the calling thread to the `count` mounts by their inside paths, forbid TCP, and signals and
 * abstract sockets to the outside, each where `version` has it. Needs no_new_privs. Allocates
 * nothing. Return 0 or errno.
 */
int landlock_enter(int version, const struct sandbox_mount *mounts, size_t count);

#endif
