#include "zk/prove.h"

#include <assert.h>

#include "base/mem.h"
#include "zk/data.h"
#include "zk/opening.h"
#include "zk/witness.h"

struct prover {
    const struct plan *plan;
    struct engine *engine;
    struct witness witness;
    struct logup_tree tree;
    struct data data;
    struct run run;
    struct opening opening;
};

static dot_fn *dot_for(const struct kern *kern)
{
    return dot_get(kern->isa == KERN_AVX512 ? DOT_AVX512
                   : kern->isa == KERN_AVX2 ? DOT_AVX2
                                            : DOT_PORTABLE);
}

struct prover *prover_new(const struct plan *plan, const struct weights *const *weights,
                          const struct kern *kern, struct par *par)
{
    struct prover *p = MEM_NEW(struct prover);

    p->plan = plan;
    p->engine = engine_new(plan->m, dot_for(kern));
    witness_init(&p->witness, plan, kern, par, p->engine);
    logup_tree_init(&p->tree, plan->depth, kern, par);
    data_init(&p->data, plan, kern, par);
    run_init(&p->run, plan, NULL);
    opening_init(&p->opening, plan, kern, par_threads(par), &p->run);
    p->opening.data = &p->data;
    for (size_t i = 0; i < plan->folds; i++) {
        assert(weights[i]->layout == plan->layout);
        p->witness.weights[i] = p->opening.weights[i] = weights[i];
    }
    return p;
}

void prover_free(struct prover *p)
{
    if (p == NULL)
        return;
    opening_fini(&p->opening);
    run_fini(&p->run);
    data_fini(&p->data);
    logup_tree_fini(&p->tree);
    witness_fini(&p->witness);
    engine_free(p->engine);
    mem_free(p);
}

const int32_t *prover_output(const struct prover *p)
{
    return p->plan->kind == PLAN_REGISTRATION ? NULL : engine_tensor(p->engine, p->plan->m->output);
}

static void commit(struct prover *p, enum space_zone zone)
{
    data_commit(&p->data, &p->opening.code, zone);
    p->opening.root[zone] = *tree_root(&p->data.zone[zone].tree);
}

/* The first commitment: all values. */
static void commit_values(struct prover *p, const struct rng *rng)
{
    p->data.kern->from_i32(p->data.space, p->witness.values, p->plan->space.end_a);
    data_draw(&p->data, rng);
    commit(p, SPACE_A);
}

/* The second one: the fold of the weights, now that the row point is known. */
static void commit_fold(struct prover *p)
{
    for (size_t i = 0; i < p->plan->folds; i++)
        data_put_fold(&p->data, i, p->witness.folded[i]);
    commit(p, SPACE_B);
}

cocoon_err prover_run(struct prover *p, const int32_t *input, struct slice context,
                      const struct rng *rng, struct wr *out)
{
    struct statement s = {.input = p->plan->kind == PLAN_PUBLIC_INPUT ? input : NULL,
                          .output = prover_output(p),
                          .context = context};
    struct ext point[SPACE_BITS_MAX + 1];
    struct scalar value;
    struct fail fail;
    struct slice done;
    cocoon_err err;

    if ((err = witness_fill(&p->witness, input)) != OK)
        return err;
    for (size_t i = 0; i < p->plan->folds; i++)
        s.weights[i] = *weights_root(p->witness.weights[i]);
    wire_init_prover(&p->run.wire, out);
    statement_absorb(&s, p->plan, &p->run.wire.transcript);
    commit_values(p, rng);
    wire_digest(&p->run.wire, &p->opening.root[SPACE_A]);
    p->run.witness = &p->witness;
    p->run.input = s.input;
    run_reset(&p->run, p->data.pads);
    run_interactive(&p->run, s.output, &p->tree);
    commit_fold(p);
    (void)opening_weights(&p->opening);
    value = opening_batch(&p->opening, point);
    if ((err = opening_data(&p->opening, point, value, &fail)) != OK)
        return err;
    return wr_end(out, &done);
}
