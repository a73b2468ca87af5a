/* Cutting a loop of a power of two into parts for par_for. */
#ifndef ZK_SPLIT_H
#define ZK_SPLIT_H

#include "base/num.h"

enum { SPLIT_PART = 2048, SPLIT_PARTS_MAX = 64 };

/* `parts` parts of `step` each; all powers of two. */
struct split {
    size_t step, parts;
};

static inline struct split split_of(size_t size)
{
    size_t parts = num_min(SPLIT_PARTS_MAX, num_max(1, size / SPLIT_PART));

    return (struct split){size / parts, parts};
}

#endif
