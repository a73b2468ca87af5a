/* Whole proofs: true statements are accepted, on every build; nothing else is. */
#include "zk/prove.h"

#include "model/testing.h"
#include "zk/testing.h"
#include "zk/verify.h"

enum { BUDGET = 4 };

/* A model with its commitment, prover and verifier. */
struct fixture {
    struct sample sample;
    struct cmod m;
    struct layout *layout;
    struct plan *plan;
    struct weights weights[PLAN_FOLDS_MAX];
    struct prover *prover;
    struct verifier *verifier;
    int32_t *input, *output;
    uint8_t *room;
    struct slice proof;
};

static const struct slice context = SLICE_INIT("context");

static void fixture_init(struct fixture *f, const struct kern *kern, struct par *par,
                         enum plan_kind kind)
{
    struct secret32 seed = {{7}};
    struct fail fail;

    sample_parse(&f->sample, &f->m);
    if (layout_new(&f->m, BUDGET, &f->layout, &fail) != OK ||
        plan_new(f->layout, kind, &f->plan, &fail) != OK)
        fail_msg("%s", fail.what);
    for (uint8_t i = 0; i < PLAN_FOLDS_MAX; i++) {
        seed.bytes[1] = i;
        weights_commit(&f->weights[i], f->layout, kern, par, &seed);
    }
    f->prover =
        prover_new(f->plan, (const struct weights *[]){&f->weights[0], &f->weights[1]}, kern, par);
    f->verifier = verifier_new(f->plan, kern);
    f->input = sample_input(&f->sample);
    f->room = (uint8_t *)mem_new(plan_proof_max(f->plan));
}

static void fixture_fini(struct fixture *f)
{
    mem_free(f->output);
    mem_free(f->room);
    verifier_free(f->verifier);
    prover_free(f->prover);
    for (size_t i = 0; i < PLAN_FOLDS_MAX; i++)
        weights_fini(&f->weights[i]);
    plan_free(f->plan);
    layout_free(f->layout);
    sample_fini(&f->sample);
}

static void prove(struct fixture *f, uint64_t seed)
{
    struct testing_rng r = {seed};
    struct rng rng = testing_as_rng(&r);
    struct wr out = wr_init(f->room, plan_proof_max(f->plan));
    size_t size = cmod_shape_size(f->m.tensor[f->m.output].shape);

    assert_int_equal(prover_run(f->prover, f->input, context, &rng, &out), OK);
    assert_int_equal(wr_end(&out, &f->proof), OK);
    mem_free(f->output);
    f->output = MEM_ARRAY(size, int32_t);
    if (plan_is_inference(f->plan))
        memcpy(f->output, prover_output(f->prover), size * sizeof *f->output);
}

static struct statement statement_of(const struct fixture *f)
{
    return (struct statement){
        .weights = {*weights_root(&f->weights[0]), *weights_root(&f->weights[1])},
        .input = f->plan->kind == PLAN_PUBLIC_INPUT ? f->input : NULL,
        .output = f->output,
        .context = context};
}

static cocoon_err verify(const struct fixture *f)
{
    struct statement s = statement_of(f);
    struct fail fail = {OK, 0, ""};
    cocoon_err err = verifier_run(f->verifier, &s, f->proof, &fail);

    assert_true(err == fail.code);
    return err;
}

static void check_model(struct sample sample, enum plan_kind kind)
{
    for (int isa = KERN_PORTABLE; isa <= KERN_AVX512; isa++) {
        struct fixture f = {.sample = sample};

        fixture_init(&f, kern_get((enum kern_isa)isa), NULL, kind);
        prove(&f, 5);
        assert_int_equal(verify(&f), OK);
        f.output[0] ^= 1;
        assert_int_equal(verify(&f), kind <= PLAN_PUBLIC_INPUT ? ERR_PROOF : OK);
        f.sample.arena = (struct arena){0};
        fixture_fini(&f);
    }
}

static void test_models(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 5; seed++) {
        struct sample s;

        sample_mlp(&s, seed, 20 + 31 * (uint32_t)seed, 12, 5);
        check_model(s, (enum plan_kind)(seed % 4));
        sample_fini(&s);
        sample_cnn(&s, seed);
        check_model(s, (enum plan_kind)((seed + 1) % 4));
        sample_fini(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
