/*
 * Refresh: a proof that two commitments are of the same weights (docs/spec/zk.md section 9). When a
 * commitment's budget is spent, its weights are committed again, with fresh pads; this proof, one
 * use of either, carries over all that was known of the first.
 *
 * Both data parts have the same extension at a random point: the prover says it once, hidden, and
 * claims it of both folds.
 */
#ifndef ZK_REFRESH_H
#define ZK_REFRESH_H

#include "zk/run.h"

/* Draw the point, and claim. */
void refresh_speak(struct run *r);

#endif
