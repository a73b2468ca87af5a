/*
 * Merkle trees of RFC 6962 and RFC 9162 section 2.1, as transparency logs and C2SP tiles use them.
 *
 *   leaf hash  SHA-256(00 | data)      node hash  SHA-256(01 | left | right)
 *   empty tree SHA-256("")             n leaves: the left subtree is the largest power of two < n
 *
 * Everything is pure and bounded by 64 levels. Provers read hashes of complete subtrees through a
 * struct merkle_nodes; verifiers need only the proof.
 */
#ifndef CRYPTO_MERKLE_H
#define CRYPTO_MERKLE_H

#include "crypto/hash.h"

/* A tree has fewer than 2^63 leaves; a consistency proof may hold one hash more than its height. */
enum { MERKLE_LEVELS = 63, MERKLE_PROOF_MAX = MERKLE_LEVELS + 1 };

struct merkle_proof {
    size_t count;
    struct digest hashes[MERKLE_PROOF_MAX];
};

/* A growing tree remembered by the roots of its complete subtrees: O(log n) memory. */
struct merkle_frontier {
    uint64_t size;                      /* leaves */
    struct digest peaks[MERKLE_LEVELS]; /* [k]: complete subtree of 2^k leaves, if bit k of size */
};

/*
 * Where a prover reads: `node` sets `*out` to the hash of the complete subtree of 2^level leaves
 * that starts at leaf index * 2^level. Level 0 is leaf hashes.
 */
struct merkle_nodes {
    cocoon_err (*node)(void *state, unsigned level, uint64_t index, struct digest *out);
    void *state;
};

void merkle_empty(struct digest *out);
void merkle_leaf(struct slice data, struct digest *out);
void merkle_node(const struct digest *left, const struct digest *right, struct digest *out);

/* Add a leaf hash. Amortised O(1). ERR_LIMIT when the tree is full. A zeroed frontier is empty. */
cocoon_err merkle_push(struct merkle_frontier *f, const struct digest *leaf) MUST_CHECK;

/* Set `*out` to the root of the leaves pushed so far. O(log n). */
void merkle_root(const struct merkle_frontier *f, struct digest *out);

/* Set `*out` to the root of `count` leaf hashes. O(count). */
void merkle_root_of(const struct digest *leaves, size_t count, struct digest *out);

/* Set `*out` to the root of the first `size` leaves. O(log size) reads. Errors of `nodes`. */
cocoon_err merkle_root_at(const struct merkle_nodes *nodes, uint64_t size,
                          struct digest *out) MUST_CHECK;

/* Prove that leaf `index` stands in the tree of `size` leaves. ERR_RANGE unless index < size. */
cocoon_err merkle_prove_inclusion(const struct merkle_nodes *nodes, uint64_t index, uint64_t size,
                                  struct merkle_proof *out) MUST_CHECK;

/* Prove that the first `old_size` leaves are a prefix of the first `size`. ERR_RANGE unless
 * old_size <= size. Old sizes 0 and `size` have the empty proof. */
cocoon_err merkle_prove_consistency(const struct merkle_nodes *nodes, uint64_t old_size,
                                    uint64_t size, struct merkle_proof *out) MUST_CHECK;

/* The same two over an array of leaf hashes: for trees held in memory. O(size). */
cocoon_err merkle_prove_inclusion_in(const struct digest *leaves, size_t size, size_t index,
                                     struct merkle_proof *out) MUST_CHECK;
cocoon_err merkle_prove_consistency_in(const struct digest *leaves, size_t size, size_t old_size,
                                       struct merkle_proof *out) MUST_CHECK;

/* ERR_PROOF unless `proof` shows `leaf` at `index` in the tree of `size` leaves with `root`. */
cocoon_err merkle_verify_inclusion(const struct digest *leaf, uint64_t index, uint64_t size,
                                   const struct digest *root,
                                   const struct merkle_proof *proof) MUST_CHECK;

/* ERR_PROOF unless `proof` shows that the tree (size, root) extends the tree (old_size, old_root).
 */
cocoon_err merkle_verify_consistency(uint64_t old_size, const struct digest *old_root,
                                     uint64_t size, const struct digest *root,
                                     const struct merkle_proof *proof) MUST_CHECK;

#endif
