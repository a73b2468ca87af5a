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

static cocoon_err verify_bytes(const struct fixture *f, const uint8_t *bytes, size_t len)
{
    struct statement s = statement_of(f);
    struct fail fail;

    return verifier_run(f->verifier, &s, slice_make(bytes, len), &fail);
}

/* A proof of a small network, and a copy of it to spoil. */
static uint8_t *small_proof(struct fixture *f, enum plan_kind kind)
{
    uint8_t *copy;

    memset(f, 0, sizeof *f);
    sample_mlp(&f->sample, 3, 12, 6, 3);
    fixture_init(f, kern_get(KERN_AVX512), NULL, kind);
    prove(f, 9);
    assert_int_equal(verify(f), OK);
    copy = (uint8_t *)mem_new(f->proof.len + 1);
    memcpy(copy, f->proof.ptr, f->proof.len);
    return copy;
}

/*
 * Bytes flipped, one at a time. All of them take a minute: with ZK_EXHAUSTIVE set; otherwise every
 * 97th, from another start for each kind of proof.
 */
static void test_flips(void **state)
{
    size_t step = getenv("ZK_EXHAUSTIVE") != NULL ? 1 : 97;

    (void)state;
    for (int kind = PLAN_HIDDEN_INPUT; kind <= PLAN_REFRESH; kind++) {
        struct fixture f;
        uint8_t *copy = small_proof(&f, (enum plan_kind)kind);

        for (size_t i = (size_t)kind % step; i < f.proof.len; i += step) {
            copy[i] ^= (uint8_t)(1 << i % 8);
            if (verify_bytes(&f, copy, f.proof.len) != ERR_PROOF)
                fail_msg("accepted a flip at byte %zu of %zu", i, f.proof.len);
            copy[i] ^= (uint8_t)(1 << i % 8);
        }
        assert_int_equal(verify_bytes(&f, copy, f.proof.len), OK);
        mem_free(copy);
        fixture_fini(&f);
    }
}

static void test_cut_and_extended(void **state)
{
    struct fixture f;
    uint8_t *copy = small_proof(&f, PLAN_HIDDEN_INPUT);

    (void)state;
    for (size_t len = 0; len < f.proof.len; len += 1 + len / 50)
        assert_int_equal(verify_bytes(&f, copy, len), ERR_PROOF);
    assert_int_equal(verify_bytes(&f, copy, f.proof.len - 1), ERR_PROOF);
    assert_int_equal(verify_bytes(&f, copy, f.proof.len + 1), ERR_PROOF);
    mem_free(copy);
    fixture_fini(&f);
}

/* Any word plus p stands for the same element and must not be taken for it. */
static void test_not_canonical(void **state)
{
    struct fixture f;
    uint8_t *copy = small_proof(&f, PLAN_HIDDEN_INPUT);

    (void)state;
    for (size_t i = 32; i + 4 <= f.proof.len; i += 4 * (1 + i / 300)) {
        uint32_t word, alias;

        memcpy(&word, copy + i, sizeof word);
        if (__builtin_add_overflow(word, FIELD_P, &alias))
            continue;
        memcpy(copy + i, &alias, sizeof alias);
        assert_int_equal(verify_bytes(&f, copy, f.proof.len), ERR_PROOF);
        memcpy(copy + i, &word, sizeof word);
    }
    mem_free(copy);
    fixture_fini(&f);
}

/* Two proofs of one statement share nothing: pads are fresh. Either holds; mixtures do not. */
static void test_fresh(void **state)
{
    struct fixture f;
    uint8_t *copy = small_proof(&f, PLAN_HIDDEN_INPUT);
    size_t len = f.proof.len, equal = 0;

    (void)state;
    prove(&f, 10);
    assert_int_equal(verify(&f), OK);
    for (size_t i = 0; i < len && i < f.proof.len; i++)
        equal += copy[i] == f.proof.ptr[i];
    assert_true(equal < len / 64);
    for (size_t cut = 32; cut < len && cut < f.proof.len; cut += 1 + len / 60) {
        memcpy(copy, f.proof.ptr, cut);
        assert_int_equal(verify_bytes(&f, copy, len), ERR_PROOF);
    }
    mem_free(copy);
    fixture_fini(&f);
}

/* The same network under another name is another statement. */
static void test_other_name(void **state)
{
    struct fixture f, other;
    uint8_t *copy = small_proof(&f, PLAN_HIDDEN_INPUT);

    (void)state;
    memset(&other, 0, sizeof other);
    sample_mlp(&other.sample, 3, 12, 6, 3);
    other.sample.m.name = SLICE_LIT("simple");
    fixture_init(&other, kern_get(KERN_AVX512), NULL, PLAN_HIDDEN_INPUT);
    prove(&other, 9);
    other.weights[0].tree.nodes[1] = *weights_root(&f.weights[0]);
    assert_int_equal(verify_bytes(&other, copy, f.proof.len), ERR_PROOF);
    mem_free(copy);
    fixture_fini(&other);
    fixture_fini(&f);
}

/* Too few queries: refused before the proof is looked at. */
static void test_weak(void **state)
{
    struct fixture f;
    uint8_t *copy = small_proof(&f, PLAN_HIDDEN_INPUT);
    uint32_t queries;

    (void)state;
    queries = f.plan->data.queries;
    f.plan->data.queries = queries - 20;
    assert_int_equal(verify_bytes(&f, copy, f.proof.len), ERR_WEAK);
    f.plan->data.queries = queries;
    queries = f.layout->code.queries;
    f.layout->code.queries = queries - 20;
    assert_int_equal(verify_bytes(&f, copy, f.proof.len), ERR_WEAK);
    f.layout->code.queries = queries;
    mem_free(copy);
    fixture_fini(&f);
}

/* With two threads the proof is the same, byte for byte. */
static void test_threads(void **state)
{
    struct fixture one = {0}, two = {0};
    struct par *par = NULL;

    (void)state;
    assert_int_equal(par_new(2, &par), OK);
    sample_mlp(&one.sample, 4, 200, 80, 10);
    sample_mlp(&two.sample, 4, 200, 80, 10);
    fixture_init(&one, kern_get(KERN_AVX512), NULL, PLAN_HIDDEN_INPUT);
    fixture_init(&two, kern_get(KERN_AVX2), par, PLAN_HIDDEN_INPUT);
    for (uint64_t seed = 0; seed < 20; seed++) {
        prove(&one, seed + 1);
        prove(&two, seed + 1);
        assert_true(slice_eq(one.proof, two.proof));
    }
    fixture_fini(&two);
    fixture_fini(&one);
    par_free(par);
}

/* An input out of range is the caller's error, not a proof. */
static void test_input_range(void **state)
{
    struct fixture f;
    uint8_t *copy = small_proof(&f, PLAN_HIDDEN_INPUT);
    struct testing_rng r = {1};
    struct rng rng = testing_as_rng(&r);
    struct wr out = wr_init(f.room, plan_proof_max(f.plan));

    (void)state;
    f.input[0] = 256;
    assert_int_equal(prover_run(f.prover, f.input, context, &rng, &out), ERR_RANGE);
    f.input[0] = 255;
    out = wr_init(f.room, 1000);
    assert_int_equal(prover_run(f.prover, f.input, context, &rng, &out), ERR_LIMIT);
    mem_free(copy);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_flips),
        cmocka_unit_test(test_cut_and_extended),
        cmocka_unit_test(test_not_canonical),
        cmocka_unit_test(test_fresh),
        cmocka_unit_test(test_other_name),
        cmocka_unit_test(test_weak),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_input_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
