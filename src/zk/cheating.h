/*
 * Malicious provers: the honest steps of prover_run written out, with a place to cheat after each.
 * A cheat breaks one relation and is otherwise as consistent as it can be; all must be refused.
 */
#ifndef ZK_CHEATING_H
#define ZK_CHEATING_H

#include "model/testing.h"
#include "zk/data.h"
#include "zk/leaves.h"
#include "zk/opening.h"
#include "zk/room.h"
#include "zk/testing.h"
#include "zk/verify.h"
#include "zk/weights.h"
#include "zk/witness.h"

enum { BUDGET = 4 };

struct cheat;

/* All that a prover has. */
struct rig {
    struct sample sample;
    struct cmod m;
    struct layout *layout;
    struct plan *plan;
    struct weights weights[PLAN_FOLDS_MAX];
    struct engine *engine;
    struct witness witness;
    struct logup_tree tree;
    struct data data;
    struct run run;
    struct opening opening;
    struct verifier *verifier;
    uint8_t *room;
    int32_t *input, *output;
    const struct kern *kern;
    struct testing_rng rng;
};

/* Where to cheat; each may be NULL. `n` is a number for cheats that come in many. */
struct cheat {
    const char *name;
    void (*witness)(struct rig *r, size_t n); /* once values are filled in, before any commitment */
    void (*output)(struct rig *r, size_t n);  /* once the output is taken, before all else */
    void (*drawn)(struct rig *r, size_t n);   /* once pads are drawn and in place */
    void (*zone_a)(struct rig *r, size_t n);  /* once zone A is encoded, before it is hashed */
    void (*said)(struct rig *r, size_t n);    /* once zone A is committed */
    void (*fold)(struct rig *r, size_t n);    /* before the fold of the weights is committed */
    void (*zone_b)(struct rig *r, size_t n);  /* once zone B is encoded, before it is hashed */
    void (*statement)(struct rig *r, struct statement *s); /* the verifier's */
};

static inline void rig_init(struct rig *r, enum plan_kind kind)
{
    struct secret32 seed = {{3}};
    struct fail fail;

    r->kern = kern_get(KERN_AVX512);
    r->rng = (struct testing_rng){77};
    sample_parse(&r->sample, &r->m);
    if (layout_new(&r->m, BUDGET, &r->layout, &fail) != OK ||
        plan_new(r->layout, kind, &r->plan, &fail) != OK)
        fail_msg("%s", fail.what);
    r->engine = engine_new(&r->m, dot_get(DOT_AVX512));
    witness_init(&r->witness, r->plan, r->kern, NULL, r->engine);
    logup_tree_init(&r->tree, r->plan->depth, r->kern, NULL);
    data_init(&r->data, r->plan, r->kern, NULL);
    run_init(&r->run, r->plan, NULL);
    opening_init(&r->opening, r->plan, r->kern, 1, &r->run);
    r->opening.data = &r->data;
    for (uint8_t i = 0; i < PLAN_FOLDS_MAX; i++) {
        seed.bytes[1] = i;
        weights_commit(&r->weights[i], r->layout, r->kern, NULL, &seed);
        r->witness.weights[i] = r->opening.weights[i] = &r->weights[i];
    }
    r->verifier = verifier_new(r->plan, r->kern);
    r->room = (uint8_t *)mem_new(plan_proof_max(r->plan));
    r->input = sample_input(&r->sample);
    r->output = MEM_ARRAY(cmod_shape_size(r->m.tensor[r->m.output].shape), int32_t);
}

static inline void rig_fini(struct rig *r)
{
    mem_free(r->output);
    mem_free(r->room);
    verifier_free(r->verifier);
    for (size_t i = 0; i < PLAN_FOLDS_MAX; i++)
        weights_fini(&r->weights[i]);
    opening_fini(&r->opening);
    run_fini(&r->run);
    data_fini(&r->data);
    logup_tree_fini(&r->tree);
    witness_fini(&r->witness);
    engine_free(r->engine);
    plan_free(r->plan);
    layout_free(r->layout);
    sample_fini(&r->sample);
}

static inline void apply(void (*step)(struct rig *r, size_t n), struct rig *r, size_t n)
{
    if (step != NULL)
        step(r, n);
}

/* The output as the prover's own tensor has it, in element order. */
static inline void take_output(struct rig *r)
{
    const struct plan_tensor *t = &r->plan->tensor[r->m.output];

    for (size_t p = 0; p < t->positions; p++)
        for (size_t c = 0; c < t->channels; c++)
            r->output[p * t->channels + c] = r->witness.tensor[r->m.output][(p << t->c_bits) + c];
}

static inline struct statement statement_of(const struct rig *r)
{
    return (struct statement){
        .weights = {*weights_root(&r->weights[0]), *weights_root(&r->weights[1])},
        .input = r->plan->kind == PLAN_PUBLIC_INPUT ? r->input : NULL,
        .output = r->output,
        .context = SLICE_LIT("cheat")};
}

/* Commit a zone, with a cheat between encoding and hashing. */
static inline void commit(struct rig *r, enum space_zone zone,
                          void (*step)(struct rig *r, size_t n), size_t n)
{
    struct data_zone *z = &r->data.zone[zone];

    data_commit(&r->data, &r->opening.code, zone);
    if (step != NULL) {
        step(r, n);
        tree_build(&z->tree, NULL, z->codeword.at, z->codeword.stride, z->words);
    }
    r->opening.root[zone] = *tree_root(&z->tree);
}

/* Prove, cheating on the way. */
static inline struct slice prove(struct rig *r, const struct cheat *c, size_t n)
{
    struct wr out = wr_init(r->room, plan_proof_max(r->plan));
    struct rng rng = testing_as_rng(&r->rng);
    struct opening *o = &r->opening;
    struct ext point[SPACE_BITS_MAX + 1];
    struct statement s;
    struct scalar value;
    struct slice proof;
    struct fail fail;

    assert_int_equal(witness_fill(&r->witness, r->input), OK);
    apply(c->witness, r, n);
    take_output(r);
    apply(c->output, r, n);
    s = statement_of(r);
    wire_init_prover(&r->run.wire, &out);
    statement_absorb(&s, r->plan, &r->run.wire.transcript);
    r->kern->from_i32(r->data.space, r->witness.values, r->plan->space.end_a);
    data_draw(&r->data, &rng);
    apply(c->drawn, r, n);
    commit(r, SPACE_A, c->zone_a, n);
    wire_digest(&r->run.wire, &o->root[SPACE_A]);
    apply(c->said, r, n);
    r->run.witness = &r->witness;
    r->run.input = s.input;
    run_reset(&r->run, r->data.pads);
    run_interactive(&r->run, s.output, &r->tree);
    apply(c->fold, r, n);
    for (size_t i = 0; i < r->plan->folds; i++)
        data_put_fold(&r->data, i, r->witness.folded[i]);
    commit(r, SPACE_B, c->zone_b, n);
    (void)opening_weights(o);
    value = opening_batch(o, point);
    assert_int_equal(opening_data(o, point, value, &fail), OK);
    assert_int_equal(wr_end(&out, &proof), OK);
    return proof;
}

static inline bool accepted(struct rig *r, const struct cheat *c, size_t n)
{
    struct slice proof = prove(r, c, n);
    struct statement s = statement_of(r);
    struct fail fail;

    if (c->statement != NULL)
        c->statement(r, &s);
    return verifier_run(r->verifier, &s, proof, &fail) == OK;
}

#endif
