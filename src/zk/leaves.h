/* The prover's leaves of the fraction tree (docs/spec/zk.md section 6.1). */
#ifndef ZK_LEAVES_H
#define ZK_LEAVES_H

#include "zk/logup.h"
#include "zk/witness.h"

/*
 * Fill the leaves: 1 / (alpha - fingerprint) for each look-up, -m / (alpha - fingerprint) for each
 * row of a table, 0 / 1 elsewhere.
 */
void leaves_fill(struct witness *w, struct ext alpha, const struct ext beta[3],
                 struct logup_tree *tree);

#endif
