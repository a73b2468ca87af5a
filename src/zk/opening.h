/*
 * The second half of a proof: from claims to opened columns (docs/spec/zk.md sections 8 to 10).
 *
 * 1. The weights' fold u is committed with the data's second zone, then the registered codeword is
 *    opened at random columns: each gives the value of u's polynomial at a point.
 * 2. All claims on data become one, at a random point, by a sumcheck; its own scalars have pads of
 *    their own in the commitment (the tail), because they come too late for P.
 * 3. The data's columns are combined at random with a mask row; the combination is sent, and
 * checked against opened columns.
 *
 * One struct serves both sides; a verifier has no `data`.
 */
#ifndef ZK_OPENING_H
#define ZK_OPENING_H

#include "zk/code.h"
#include "zk/run.h"
#include "zk/tree.h"

struct data;
struct weights;

/* Rows of zone A's matrix below the data: the tail's pads and the mask, a row a coordinate. */
enum {
    OPENING_TAIL_ROWS = EXT_DEGREE,
    OPENING_MASK_ROWS = EXT_DEGREE,
    OPENING_EXTRA_ROWS = OPENING_TAIL_ROWS + OPENING_MASK_ROWS
};

struct opening {
    const struct plan *plan;
    const struct kern *kern;
    struct run *run;
    struct data *data;                             /* the prover's */
    const struct weights *weights[PLAN_FOLDS_MAX]; /* the prover's */
    struct digest root[2], weights_root[PLAN_FOLDS_MAX];
    struct code code; /* of the data */
    struct ledger tail;
    uint32_t *positions, *work;
    struct digest *leaves;
    field *columns;               /* opened, one after another */
    struct ext *row;              /* eq table over rows */
    struct ext *column_eq;        /* eq table over the data space's columns */
    struct ext *functional;       /* L, over the data code's message */
    field *combination, *encoded; /* Z and its codeword, KERN_ROWS words a column */
};

void opening_init(struct opening *o, const struct plan *plan, const struct kern *kern,
                  unsigned threads, struct run *run);
void opening_fini(struct opening *o);

/* Step 1: say zone B's root, which holds the weights' fold; open the weights and claim the fold.
 * Returns whether their root came out. */
bool opening_weights(struct opening *o);

/* Step 2: reduce r->claims to one at `point` (plan->space.bits coordinates); return its value. */
struct scalar opening_batch(struct opening *o, struct ext *point);

/* Step 3. ERR_PROOF when a verifier's check fails; `fail` says which. */
cocoon_err opening_data(struct opening *o, const struct ext *point, struct scalar value,
                        struct fail *fail) MUST_CHECK;

/*
 * Say the columns at o->positions (`count` of them, `words` words each, the prover's at
 * `codeword` + position * stride) and prove them against the tree; o->columns then holds them.
 * Returns whether the root came out (always for a prover).
 */
bool opening_columns(struct opening *o, uint32_t count, size_t words, size_t stride,
                     const field *codeword, const struct tree *tree, unsigned log_n,
                     const struct digest *root);

#endif
