/* An array of elements of F, each coordinate contiguous, as the vector kernels want it. */
#ifndef ZK_EXT_ARRAY_H
#define ZK_EXT_ARRAY_H

#include "zk/ext.h"

struct ext_array {
    field *c[EXT_DEGREE];
};

static inline struct ext ext_array_get(struct ext_array a, size_t i)
{
    return (struct ext){{a.c[0][i], a.c[1][i], a.c[2][i], a.c[3][i]}};
}

static inline void ext_array_set(struct ext_array a, size_t i, struct ext v)
{
    for (unsigned j = 0; j < EXT_DEGREE; j++)
        a.c[j][i] = v.c[j];
}

/* Return the array that starts at element `i` of `a`. */
static inline struct ext_array ext_array_from(struct ext_array a, size_t i)
{
    return (struct ext_array){{a.c[0] + i, a.c[1] + i, a.c[2] + i, a.c[3] + i}};
}

/* Return the array of `size` elements whose coordinates lie one after another at `at`. */
static inline struct ext_array ext_array_at(field *at, size_t size)
{
    return (struct ext_array){{at, at + size, at + 2 * size, at + 3 * size}};
}

#endif
