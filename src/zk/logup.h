/*
 * LogUp-GKR: a proof that a sum of 2^depth fractions p_i / q_i is zero, by a sumcheck a layer of
 * the tree that adds them two by two (docs/spec/zk.md section 6; eprint 2022/1530, 2023/1284).
 * All that the prover says is hidden; what is left at the end is a claim on the leaves.
 */
#ifndef ZK_LOGUP_H
#define ZK_LOGUP_H

#include "zk/kern.h"
#include "zk/ledger.h"
#include "zk/par.h"

enum { LOGUP_DEPTH_MAX = 28 };

/* The prover's tree: level k has 2^k numerators and denominators; level `depth` is the leaves. */
struct logup_tree {
    unsigned depth;
    struct ext_array p[LOGUP_DEPTH_MAX + 1], q[LOGUP_DEPTH_MAX + 1];
    struct ext_array e; /* 2^depth / 4 elements of work */
    const struct kern *kern;
    struct par *par;
};

void logup_tree_init(struct logup_tree *t, unsigned depth, const struct kern *kern,
                     struct par *par);
void logup_tree_fini(struct logup_tree *t);

/* What is claimed of the leaves: their extensions at `point`. */
struct logup_claim {
    struct ext point[LOGUP_DEPTH_MAX]; /* [0] belongs to the lowest bit of a leaf's index */
    struct scalar p[2], q[2];          /* p = (1 - top) p[0] + top p[1], likewise q */
    struct ext top;                    /* point[depth - 1] */
};

/*
 * Run the protocol of `depth` >= 1 layers. `tree` is the prover's, its leaves filled in; it is used
 * up. A prover whose fractions do not sum to zero makes a proof that fails.
 */
void logup_run(struct ledger *l, unsigned depth, struct logup_tree *tree, struct logup_claim *out);

#endif
