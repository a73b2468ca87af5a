/*
 * Fiat-Shamir: what prover and verifier have said so far, and the challenges drawn from it
 * (docs/spec/zk.md section 3).
 *
 * State st, 32 bytes, at first zero. Absorbing d appends len64le(d) || d to what is pending. A draw
 * first folds what is pending into st = SHA-256(00 || st || pending) and sets the counter to 0; it
 * then gives SHA-256(01 || st || counter64le), and the counter grows. So every challenge depends on
 * every byte before it, and there is one reading of those bytes.
 */
#ifndef ZK_TRANSCRIPT_H
#define ZK_TRANSCRIPT_H

#include "zk/ext.h"
#include "zk/zhash.h"

struct transcript {
    struct digest st;
    struct zhash pending; /* of 00 || st || what was absorbed since */
    uint64_t counter;
    bool fresh; /* something is pending */
};

void transcript_init(struct transcript *t);

void transcript_absorb(struct transcript *t, struct slice bytes);

/* Draw a uniform element of F: words of 31 bits, those not below p rejected. */
struct ext transcript_ext(struct transcript *t);

/* As transcript_ext, drawn again while zero: for challenges that formulas divide by. */
struct ext transcript_nonzero(struct transcript *t);

/*
 * Draw `count` distinct positions below 2^log_n (count <= 2^log_n / 2, log_n <= 31) into
 * `positions`, in ascending order. O(count log count) expected.
 */
void transcript_positions(struct transcript *t, unsigned log_n, uint32_t *positions, size_t count);

#endif
