/*
 * Linear claims on the data space: <lambda, data> = scale * value, value hidden or open. Everything
 * a proof says of committed values ends as one of these (docs/spec/zk.md section 8); they are then
 * proven together by one sumcheck of sum_x E(x) data(x), E the weighted sum of all lambdas.
 *
 * Each kind of lambda can be written out, by the prover, and its multilinear extension evaluated at
 * a point, by both.
 */
#ifndef ZK_CLAIMS_H
#define ZK_CLAIMS_H

#include "zk/kern.h"
#include "zk/ledger.h"
#include "zk/space.h"

enum claim_kind {
    CLAIM_POINT,  /* block: eq(low, low bits) eq(high, other bits) */
    CLAIM_SPREAD, /* block: eq(low, low bits) high[other bits], explicit weights */
    CLAIM_POWERS, /* vector: x^i */
    CLAIM_MATRIX, /* vector: eq(high, h) eq(low, k) at from + h * stride + k, k < stride */
    CLAIM_LIST,   /* vector: explicit weights */
};

struct claim {
    enum claim_kind kind;
    struct scalar value;
    struct ext scale;
    size_t block;                      /* POINT, SPREAD */
    const struct space_vector *vector; /* POWERS, MATRIX, LIST */
    const struct ext *low, *high;      /* LIST: low */
    unsigned low_bits, high_bits;      /* SPREAD: high has `count` weights instead */
    size_t count;                      /* SPREAD, LIST: weights; MATRIX: number of h */
    size_t from, stride;               /* MATRIX */
    unsigned grain;                    /* MATRIX: from and stride are multiples of 2^grain */
    field x;                           /* POWERS */
};

/* Room for claims_fill, of one prover. */
struct claims_room {
    struct ext_array block;  /* as long as the largest block */
    struct ext_array vector; /* as long as the longest vector */
    struct ext_array triple; /* likewise */
    field *x, *scratch;      /* of as many powers as stand together: one, and KERN_POWERS, each */
    struct ext *factor;
};

/* Take room for blocks of `block` elements, vectors of `vector` and runs of `powers` powers. */
void claims_room_init(struct claims_room *room, size_t block, size_t vector, size_t powers);
void claims_room_fini(struct claims_room *room);

/*
 * Add to `e` (2^space->bits elements) the sum of weight^i lambda_i. All claims of one vector stand
 * next to each other.
 */
void claims_fill(const struct claim *claims, size_t count, struct ext weight,
                 const struct space *space, const struct kern *kern, struct claims_room *room,
                 struct ext_array e);

/* Return sum of weight^i lambda_i~(point). */
struct ext claims_evaluate(const struct claim *claims, size_t count, struct ext weight,
                           const struct space *space, const struct ext *point);

#endif
