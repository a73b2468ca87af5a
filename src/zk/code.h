/*
 * The Reed-Solomon code: a message of k coefficients is a polynomial, its codeword the values at
 * all 2^log_n roots of unity, in bit-reversed order (docs/spec/zk.md section 4).
 *
 * Messages stand as rows of a matrix whose columns are contiguous: entry (column, row) lies at
 * column * stride + row. So one vector register holds 16 rows, no transform shuffles lanes, and a
 * Merkle leaf is one contiguous column of the codeword.
 */
#ifndef ZK_CODE_H
#define ZK_CODE_H

#include "zk/kern.h"
#include "zk/par.h"

/* Codes longer than this would let the proximity error n / |F| come near 2^-100. */
enum { CODE_LOG_MAX = 23 };

struct code {
    size_t k;       /* coefficients of a message */
    unsigned log_n; /* 2^log_n positions */
    unsigned log_m; /* 2^log_m >= k: the length of one transform */
    field *roots;   /* the 2^log_n powers of the root of order 2^log_n */
    field *scratch; /* one transform's room for each thread */
    unsigned threads;
};

/* Set up a code of `k` >= 1 coefficients and 2^log_n >= k positions for up to `threads` threads.
 * Free with code_fini. */
void code_init(struct code *c, size_t k, unsigned log_n, unsigned threads);
void code_fini(struct code *c);

static inline size_t code_length(const struct code *c)
{
    return (size_t)1 << c->log_n;
}

/* Return `i` with its low `bits` bits in reverse order. */
static inline size_t code_reverse(size_t i, unsigned bits)
{
    size_t out = 0;

    for (unsigned b = 0; b < bits; b++)
        out |= (i >> b & 1) << (bits - 1 - b);
    return out;
}

/* Return the point that position `i` is the value at. */
static inline field code_point(const struct code *c, size_t i)
{
    return c->roots[code_reverse(i, c->log_n)];
}

/* A matrix of messages or codewords: `stride` is a multiple of KERN_ROWS. */
struct code_matrix {
    field *at;
    size_t stride;
};

/* Encode `rows` rows of `in` (k columns) into `out` (2^log_n columns). Rows up to the next multiple
 * of KERN_ROWS are encoded too and must lie within both strides. */
void code_encode(const struct code *c, const struct kern *kern, struct par *par,
                 struct code_matrix in, struct code_matrix out, size_t rows);

#endif
