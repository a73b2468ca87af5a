/*
 * What a proof is about. All of it is absorbed before the first message (docs/spec/zk.md section
 * 10), so a proof holds for one statement only.
 */
#ifndef ZK_STATEMENT_H
#define ZK_STATEMENT_H

#include "zk/plan.h"
#include "zk/wire.h"

struct statement {
    struct digest weights[PLAN_FOLDS_MAX]; /* roots of the commitments that the plan opens */
    const int32_t *input;  /* of a plan with public input: as many as the input shape has */
    const int32_t *output; /* as many as the output shape has; none for a registration */
    struct slice context;  /* whatever the proof shall be bound to */
};

/* Absorb `s` and every parameter of `p`. */
void statement_absorb(const struct statement *s, const struct plan *p, struct transcript *t);

#endif
