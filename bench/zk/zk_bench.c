/*
 * zk_bench [--isa portable|avx2|avx512] [--threads N] [--reps N] [--clock wall|cpu] [name...]
 *
 * Prove and verify each network of shapes.h with hidden weights and hidden input, and print a row
 * of times (median of wall-clock, least in brackets), proof bytes and security bits. Every proof
 * is verified; a failure ends the program.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/mem.h"
#include "crypto/rand.h"
#include "shapes.h"
#include "zk/prove.h"
#include "zk/verify.h"

enum { BUDGET = 16, REPS_MAX = 101 };

static const struct {
    const char *name;
    void (*build)(struct sample *s);
} shapes[] = {
    {"mlp-784-128-10", shape_mlp},
    {"lenet-5", shape_lenet5},
    {"cnn-264k", shape_cnn264k},
    {"dense-4m", shape_dense4m},
};

struct options {
    enum kern_isa isa;
    unsigned threads;
    int reps;
};

/* Wall-clock, or with --clock cpu the process's time over all threads: for a busy machine. */
static clockid_t clock_used = CLOCK_MONOTONIC;

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(clock_used, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

struct times {
    double at[REPS_MAX];
    int count;
};

static double median(struct times *t)
{
    qsort(t->at, (size_t)t->count, sizeof *t->at, compare);
    return t->at[t->count / 2];
}

static void die(const char *what)
{
    fprintf(stderr, "zk_bench: %s\n", what);
    exit(1);
}

static long peak_mib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

struct measured {
    struct times prove, verify;
    double commit;
    size_t bytes;
    uint32_t bits;
};

static void prove_and_verify(const struct plan *plan, const struct weights *weights,
                             const struct kern *kern, struct par *par, struct sample *s, int reps,
                             struct measured *m)
{
    struct prover *prover = prover_new(plan, &weights, kern, par);
    struct verifier *verifier = verifier_new(plan, kern);
    uint8_t *room = mem_new(plan_proof_max(plan));
    const int32_t *input = sample_input(s);
    struct slice context = SLICE_LIT("bench"), proof;
    struct fail fail;

    for (int i = 0; i < reps; i++) {
        struct wr out = wr_init(room, plan_proof_max(plan));
        struct statement st = {.weights = {*weights_root(weights)},
                               .output = prover_output(prover),
                               .context = context};
        double t0 = now_ms(), t1;

        if (prover_run(prover, input, context, &rand_system, &out) != OK ||
            wr_end(&out, &proof) != OK)
            die("proving failed");
        t1 = now_ms();
        if (verifier_run(verifier, &st, proof, &fail) != OK)
            die(fail.what);
        m->verify.at[m->verify.count++] = now_ms() - t1;
        m->prove.at[m->prove.count++] = t1 - t0;
        m->bytes = proof.len;
    }
    mem_free(room);
    verifier_free(verifier);
    prover_free(prover);
}

static void measure(struct sample *s, const struct options *o, const char *name)
{
    const struct kern *kern = kern_get(o->isa);
    struct measured m = {.bytes = 0};
    struct secret32 seed = {{1}};
    struct weights weights;
    struct layout *layout = NULL;
    struct plan *plan = NULL;
    struct par *par = NULL;
    struct security security;
    struct cmod model;
    struct fail fail;

    sample_parse(s, &model);
    if (layout_new(&model, BUDGET, &layout, &fail) != OK ||
        plan_new(layout, PLAN_HIDDEN_INPUT, &plan, &fail) != OK)
        die(fail.what);
    if (o->threads > 1 && par_new(o->threads, &par) != OK)
        die("no threads");
    m.commit = now_ms();
    weights_commit(&weights, layout, kern, par, &seed);
    m.commit = now_ms() - m.commit;
    prove_and_verify(plan, &weights, kern, par, s, o->reps, &m);
    security = plan_security(plan);
    printf("%-16s %8.2f ", name, median(&m.prove));
    printf("(%6.2f) %7.2f ", m.prove.at[0], median(&m.verify));
    printf("(%5.2f) %8.1f %9.1f %5u %6ld\n", m.verify.at[0], (double)m.bytes / 1000, m.commit,
           security_bits(&security), peak_mib());
    if (getenv("ZK_BENCH_PLAN") != NULL)
        printf(
            "    weights rows %zu k %zu n 2^%u t %u | data rows %zu k %zu n 2^%u t %u space 2^%u | "
            "leaves %zu depth %u | hidden %zu products %zu claims %zu dots %zu\n",
            layout->code.rows, layout->code.k, layout->code.log_n, layout->code.queries,
            plan->data.rows, plan->data.k, plan->data.log_n, plan->data.queries, plan->space.bits,
            plan->leaves, plan->depth, plan->hidden, plan->products, plan->claims, plan->dots);
    weights_fini(&weights);
    par_free(par);
    plan_free(plan);
    layout_free(layout);
}

static bool chosen(int argc, char **argv, int first, const char *name)
{
    for (int i = first; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return first >= argc;
}

static int parse(int argc, char **argv, struct options *o)
{
    int i = 1;

    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        const char *v = argv[i + 1];

        if (strcmp(argv[i], "--isa") == 0)
            o->isa = strcmp(v, "portable") == 0 ? KERN_PORTABLE
                     : strcmp(v, "avx2") == 0   ? KERN_AVX2
                                                : KERN_AVX512;
        else if (strcmp(argv[i], "--threads") == 0)
            o->threads = (unsigned)strtoul(v, NULL, 10);
        else if (strcmp(argv[i], "--clock") == 0)
            clock_used = strcmp(v, "cpu") == 0 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
        else if (strcmp(argv[i], "--reps") == 0)
            o->reps = (int)strtol(v, NULL, 10);
        else
            die("unknown option");
    }
    if (o->threads < 1 || o->threads > 16 || o->reps < 1 || o->reps > REPS_MAX)
        die("option out of range");
    return i;
}

int main(int argc, char **argv)
{
    struct options o = {KERN_AVX512, 2, 15};
    int first = parse(argc, argv, &o);

    printf("%-16s %17s %15s %8s %9s %5s %6s\n", "network", "prove ms (least)", "verify (least)",
           "proof kB", "commit ms", "bits", "MiB");
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        struct sample s;

        if (!chosen(argc, argv, first, shapes[i].name))
            continue;
        shapes[i].build(&s);
        measure(&s, &o, shapes[i].name);
        sample_fini(&s);
    }
    return 0;
}
