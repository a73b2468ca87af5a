/*
 * The prover: a hidden, committed network on a hidden or public input gave this output.
 *
 * A prover owns all memory a proof takes, taken once. One prover, one thread that calls it; it uses
 * `par` within.
 */
#ifndef ZK_PROVE_H
#define ZK_PROVE_H

#include "model/engine.h"
#include "zk/kern.h"
#include "zk/par.h"
#include "zk/statement.h"
#include "zk/weights.h"

struct prover;

/*
 * Make a prover of `plan` for the commitments it opens (plan->folds of them, of the plan's layout),
 * which must outlive it. `par` may be NULL. Free with prover_free, which wipes.
 */
struct prover *prover_new(const struct plan *plan, const struct weights *const *weights,
                          const struct kern *kern, struct par *par);
void prover_free(struct prover *p);

/*
 * Prove that the committed model gives prover_output() on `input` (for a plan without inference,
 * what the plan is about; no input, no output); write the proof to `out`. `rng`
 * draws fresh pads. The caller has counted this proof against the weights' budget, durably, before
 * the proof leaves it. ERR_RANGE when the input is out of the model's range, ERR_LIMIT when `out`
 * is too small (plan_proof_max() is enough).
 */
cocoon_err prover_run(struct prover *p, const int32_t *input, struct slice context,
                      const struct rng *rng, struct wr *out) MUST_CHECK;

/* The output of the last run, in element order. */
const int32_t *prover_output(const struct prover *p);

#endif
