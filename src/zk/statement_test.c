/* Everything that a statement and its plan are made of changes every challenge: the manifest. */
#include "zk/statement.h"

#include "model/testing.h"
#include "zk/testing.h"

struct subject {
    struct statement s;
    struct plan plan;
    struct layout layout;
    struct cmod m;
    struct cmod_tensor tensor[2];
    int32_t input[600], output[300];
};

static void subject_init(struct subject *x)
{
    memset(x, 0, sizeof *x);
    x->tensor[0].shape = (struct cmod_shape){1, 1, 600};
    x->tensor[1].shape = (struct cmod_shape){1, 2, 150};
    x->m = (struct cmod){.tensor = x->tensor, .output = 1};
    x->layout = (struct layout){.m = &x->m, .budget = 4, .code = {64, 1000, 13, 120}};
    x->plan = (struct plan){.layout = &x->layout,
                            .m = &x->m,
                            .kind = PLAN_PUBLIC_INPUT,
                            .data = {32, 700, 12, 130},
                            .depth = 13,
                            .folds = 2,
                            .hidden = 200,
                            .products = 40};
    x->s =
        (struct statement){.input = x->input, .output = x->output, .context = SLICE_LIT("context")};
}

static struct ext challenge(const struct subject *x)
{
    struct transcript t;

    transcript_init(&t);
    statement_absorb(&x->s, &x->plan, &t);
    return transcript_ext(&t);
}

static void change_root(struct subject *x)
{
    x->s.weights[0].bytes[0] = 1;
}
static void change_successor(struct subject *x)
{
    x->s.weights[1].bytes[31] = 1;
}
static void change_input(struct subject *x)
{
    x->input[599] = 1;
}
static void change_output(struct subject *x)
{
    x->output[299] = -1;
}
static void change_context(struct subject *x)
{
    x->s.context = SLICE_LIT("contexT");
}
static void change_context_len(struct subject *x)
{
    x->s.context = SLICE_LIT("contex");
}
static void change_architecture(struct subject *x)
{
    x->layout.architecture.bytes[5] = 1;
}
static void change_budget(struct subject *x)
{
    x->layout.budget++;
}
static void change_weight_rows(struct subject *x)
{
    x->layout.code.rows++;
}
static void change_weight_k(struct subject *x)
{
    x->layout.code.k++;
}
static void change_weight_n(struct subject *x)
{
    x->layout.code.log_n++;
}
static void change_weight_queries(struct subject *x)
{
    x->layout.code.queries++;
}
static void change_rows(struct subject *x)
{
    x->plan.data.rows++;
}
static void change_k(struct subject *x)
{
    x->plan.data.k++;
}
static void change_n(struct subject *x)
{
    x->plan.data.log_n++;
}
static void change_queries(struct subject *x)
{
    x->plan.data.queries++;
}
static void change_depth(struct subject *x)
{
    x->plan.depth++;
}
static void change_hidden(struct subject *x)
{
    x->plan.hidden++;
}
static void change_products(struct subject *x)
{
    x->plan.products++;
}
static void change_kind(struct subject *x)
{
    x->plan.kind = PLAN_HIDDEN_INPUT;
}

static void test_manifest(void **state)
{
    static void (*const changes[])(struct subject * x) = {
        change_root,         change_successor, change_input,
        change_output,       change_context,   change_context_len,
        change_architecture, change_budget,    change_weight_rows,
        change_weight_k,     change_weight_n,  change_weight_queries,
        change_rows,         change_k,         change_n,
        change_queries,      change_depth,     change_hidden,
        change_products,     change_kind,
    };
    static struct subject x;
    struct ext seen[COUNT_OF(changes) + 1];

    (void)state;
    subject_init(&x);
    seen[COUNT_OF(changes)] = challenge(&x);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        subject_init(&x);
        changes[i](&x);
        seen[i] = challenge(&x);
    }
    for (size_t i = 0; i <= COUNT_OF(changes); i++)
        for (size_t j = 0; j < i; j++)
            if (ext_eq(seen[i], seen[j]))
                fail_msg("changes %zu and %zu give one challenge", j, i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_manifest)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
