/*
 * Merkle trees over columns of a code, and one proof for many leaves (docs/spec/zk.md section 4).
 *
 * A leaf is SHA-256 of a column's words, a node SHA-256 of its two children (64 bytes). Depth and
 * leaf length are fixed by public parameters and a leaf is never 64 bytes long, so neither can
 * stand for the other.
 */
#ifndef ZK_TREE_H
#define ZK_TREE_H

#include "base/rd.h"
#include "base/wr.h"
#include "zk/field.h"
#include "zk/par.h"
#include "zk/zhash.h"

struct tree {
    struct digest *nodes; /* nodes[1] is the root, children of i at 2i and 2i + 1 */
    unsigned log_n;
};

/* Return the room for the nodes of a tree of 2^log_n leaves, in digests. */
static inline size_t tree_room(unsigned log_n)
{
    return (size_t)2 << log_n;
}

/* Hash 2^log_n columns of `words` words (not 16) that start `stride` words apart, and all nodes. */
void tree_build(struct tree *t, struct par *par, const field *columns, size_t stride, size_t words);

static inline const struct digest *tree_root(const struct tree *t)
{
    return &t->nodes[1];
}

/*
 * Write the nodes that let anyone with the leaves at the `count` strictly ascending `positions`
 * compute the root: level by level from the leaves, left to right, each sibling that is not itself
 * known. `work` holds `count` words.
 */
void tree_prove(const struct tree *t, const uint32_t *positions, size_t count, uint32_t *work,
                struct wr *out);

/*
 * Compute the root over `leaves`, the digests at `positions` (as above), taking siblings from `in`;
 * overwrites both arrays. The caller compares the root, and asks `in` whether it ran short.
 */
void tree_recompute(unsigned log_n, uint32_t *positions, struct digest *leaves, size_t count,
                    struct rd *in, struct digest *root);

#endif
