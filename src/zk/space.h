/*
 * The data space: every committed value of a proof but the registered weights has one index in it
 * (docs/spec/zk.md section 7).
 *
 * It is cut into blocks of powers of two, each at a multiple of its size, largest first: zone A
 * (committed before any challenge) then zone B (the folded weights). The low bits of an index are
 * the row of the commitment's matrix, the others its column. A vector of elements of F takes, for
 * each of at most five pieces of its length, four blocks, one a coordinate.
 */
#ifndef ZK_SPACE_H
#define ZK_SPACE_H

#include "zk/ext.h"

enum { SPACE_PIECES_MAX = 5, SPACE_PIECE_BITS = 4, SPACE_BITS_MAX = 40 };

enum space_zone { SPACE_A, SPACE_B };

struct space_block {
    size_t at;
    unsigned bits;
    enum space_zone zone;
};

/* Elements [from, from + 2^bits) of a vector: coordinate j of element i lies at block[j] + i -
 * from.
 */
struct space_piece {
    size_t from;
    unsigned bits;
    size_t block[EXT_DEGREE];
};

struct space_vector {
    size_t len; /* a sum of at most SPACE_PIECES_MAX powers of two */
    unsigned pieces;
    struct space_piece piece[SPACE_PIECES_MAX];
};

struct space {
    struct space_block *block;
    size_t count, room;
    size_t end_a;   /* zone A is [0, end_a) */
    size_t start_b; /* zone B is [start_b, end_b) */
    size_t end_b;
    unsigned bits; /* end_b <= 2^bits */
};

/* Round `len` up so that it is a sum of at most SPACE_PIECES_MAX powers of two. */
size_t space_round(size_t len);

/* Declare a block or vector; blocks get their place in space_layout. Return the block's number. */
size_t space_block_add(struct space *s, enum space_zone zone, unsigned bits);
void space_vector_add(struct space *s, enum space_zone zone, size_t len, struct space_vector *out);

/* Place all blocks; zone B starts at a multiple of `rows` too. */
void space_layout(struct space *s, size_t rows);

/* Release what the space owns. */
void space_fini(struct space *s);

/* Return sum over coordinates of x^j eq(point, block j's place): what piece `p` is worth at a point
 * of the whole space. */
struct ext space_piece_weight(const struct space *s, const struct space_piece *p,
                              const struct ext *point);

#endif
