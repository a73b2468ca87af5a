/*
 * One run of the protocol, on either side or in rehearsal: the conversation so far and what is
 * claimed of committed values. The functions that speak for a layer take a run and nothing else, so
 * the two sides cannot take different steps.
 */
#ifndef ZK_RUN_H
#define ZK_RUN_H

#include "zk/claims.h"
#include "zk/dots.h"
#include "zk/logup.h"
#include "zk/plan.h"

struct witness;

/* A linear functional on a tensor: eq(c, channel) times eq(p, position) or weights[position]. */
struct place {
    const struct ext *c, *p;
    const struct ext *weights; /* NULL: by p */
    size_t count;              /* of weights */
};

/* A matrix product waiting for its inner product to be reduced. */
struct run_dot {
    size_t op;
    struct place at;    /* of the product */
    struct scalar f, g; /* its factors at the end */
};

struct run {
    const struct plan *plan;
    const int32_t *input;    /* if public */
    struct witness *witness; /* the prover's; NULL otherwise */
    struct wire wire;
    struct ledger ledger;
    struct ext alpha, beta[3]; /* fingerprint = tag + sum of beta[j] field j */
    struct logup_claim leaves;
    const struct ext *row_point; /* at which the weights are folded */
    struct ext site_weight;      /* of the site being spoken for */
    struct form sum_p, sum_q;    /* what the leaves' claims must equal */
    struct claim *claims;        /* on blocks; later all claims on data */
    struct claim *weight_claims; /* on the weights' fold */
    size_t claim_count, claim_room, weight_claim_count, weight_claim_room;
    struct run_dot *run_dot;
    struct dot *dot;
    size_t dots, dot_room;
    struct dots_claim dots_claim;
    struct ext *points; /* coordinates and weights that claims refer to */
    size_t point_count, point_room;
    struct arena *arena; /* a rehearsal's points */
};

/* Return room for one more claim, or for `count` elements that live as long as the run. */
struct claim *run_claim(struct run *r);
struct claim *run_weight_claim(struct run *r);
struct ext *run_points(struct run *r, size_t count);

/*
 * Say the value of tensor `t` at `at` and claim it; open when it follows from the public input. For
 * an accumulator `at` is a point, and the claim waits in r->dot.
 */
struct scalar tensor_open(struct run *r, size_t t, struct place at);

/* Return what `at` is on `values`, a tensor in powers of two. */
struct ext place_value(const struct run *r, const struct plan_tensor *t, struct place at,
                       const int32_t *values);

/* Say the value of a block of zone A at the leaves' point and claim it. */
struct scalar run_open_block(struct run *r, size_t block);

/* Account for a site's leaves: begin, then the tuple's fields, each a sum of scalars. */
void run_site_begin(struct run *r, size_t site);
void run_site_field(struct run *r, unsigned index, struct scalar s, struct ext coefficient);
void run_site_field_constant(struct run *r, unsigned index, struct ext value);

/*
 * Take and release the memory of a run of `plan`: as much as its rehearsal counted, or, with an
 * arena, as it turns out.
 */
void run_init(struct run *r, const struct plan *plan, struct arena *rehearsal);
void run_fini(struct run *r);

/* Begin anew, the wire being set up; `pads` are the prover's P. */
void run_reset(struct run *r, const struct ext *pads);

/* Everything between the first challenge and the weights' opening. */
void run_interactive(struct run *r, const int32_t *output, struct logup_tree *tree);

#endif
