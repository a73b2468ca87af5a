/* The seccomp filter of each profile, as a program for the kernel. */
#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include <linux/filter.h>

#include "sandbox/sandbox.h"

/* Longest program: libseccomp's tree over some 180 system calls needs about 400 steps. */
enum { FILTER_STEPS_MAX = 1024 };

struct filter {
    unsigned short len;
    struct sock_filter step[FILTER_STEPS_MAX];
};

/* Build the filter of `profile` for this machine's processor. ERR_SANDBOX. */
cocoon_err filter_build(enum sandbox_profile profile, struct filter *out) MUST_CHECK;

#endif
