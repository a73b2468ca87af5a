/*
 * How many bits of soundness the parameters of a proof give: docs/spec/zk.md section 11, in whole
 * numbers rounded down, so that every implementation computes the same.
 */
#ifndef ZK_SECURITY_H
#define ZK_SECURITY_H

#include <stddef.h>
#include <stdint.h>

enum {
    SECURITY_UNIT = 1 << 16,       /* bits are counted in 2^-16 */
    SECURITY_FLOOR = 100,          /* a verifier refuses less */
    SECURITY_QUERY_TARGET = 101,   /* what a code's queries are chosen for */
    SECURITY_FIELD_MILLI = 123954, /* 1000 log2 |F|, rounded down */
};

/* Return SECURITY_UNIT * log2(a / b), rounded down, for 2b >= a >= b > 0 and a < 2^34. */
uint32_t security_log2(uint64_t a, uint64_t b);

/* Return the least number of queries of a code of `k` coefficients and 2^log_n positions that gives
 * SECURITY_QUERY_TARGET bits by unique decoding: error ((1 + k/n) / 2)^queries. */
uint32_t security_queries(size_t k, unsigned log_n);

/* What a proof's soundness depends on. */
struct security {
    uint64_t lookups;  /* leaves of the fraction tree that are not padding */
    uint64_t columns;  /* greatest power of beta in a fingerprint */
    uint64_t combined; /* greatest number of things under one batching challenge */
    uint64_t products; /* K */
    size_t weights_k, data_k;
    unsigned weights_log_n, data_log_n;
    uint32_t weights_queries, data_queries;
};

/* Return the bits of the weakest round. */
uint32_t security_bits(const struct security *s);

#endif
