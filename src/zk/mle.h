/*
 * Multilinear extensions: eq(a, b) = prod (a_i b_i + (1 - a_i)(1 - b_i)), and sums against it. A
 * point's coordinate 0 belongs to the lowest bit of an index.
 */
#ifndef ZK_MLE_H
#define ZK_MLE_H

#include "zk/ext.h"

enum { MLE_BITS_MAX = 40 };

/* Return a b + (1 - a)(1 - b). */
static inline struct ext mle_eq1(struct ext a, struct ext b)
{
    struct ext ab = ext_mul(a, b);

    return ext_add(ext_sub(ext_sub(EXT_ONE, a), b), ext_add(ab, ab));
}

/* Return eq(a, b) over `bits` coordinates. */
struct ext mle_eq(const struct ext *a, const struct ext *b, unsigned bits);

/* Return eq(a, the bits of `index`). */
struct ext mle_at(const struct ext *a, unsigned bits, size_t index);

/* Write eq(a, i) * scale for i < 2^bits. */
void mle_table(struct ext *out, const struct ext *a, unsigned bits, struct ext scale);

/* Return sum of eq(a, i) for i < count, count <= 2^bits: the extension of "index below count". */
struct ext mle_below(const struct ext *a, unsigned bits, size_t count);

/* Return sum of 2^i a_i: the extension of the index itself. */
struct ext mle_index(const struct ext *a, unsigned bits);

/* Return sum of table[i] * v[i], i < count. */
struct ext mle_dot(const struct ext *table, const int32_t *v, size_t count);

/* Return sum of v[i] eq(point, i), i < count <= 2^bits. O(count), no table. */
struct ext mle_evaluate(const struct ext *v, size_t count, const struct ext *point, unsigned bits);

/* Return the least b with 2^b >= n, n >= 1. */
static inline unsigned mle_bits(size_t n)
{
    unsigned b = 0;

    while ((size_t)1 << b < n)
        b++;
    return b;
}

#endif
