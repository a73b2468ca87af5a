/* Every operation against its definition written out, in 64 bits. */
#include "model/engine.h"

#include "model/testing.h"

/* The element of `t` at (y, x, c), or 0 outside: what padding reads. */
static int64_t at(const struct engine *e, const struct cmod *m, size_t t, int64_t y, int64_t x,
                  int64_t c)
{
    struct cmod_shape s = m->tensor[t].shape;

    if (y < 0 || x < 0 || y >= s.h || x >= s.w)
        return 0;
    return engine_tensor(e, t)[((size_t)y * s.w + (size_t)x) * s.c + (size_t)c];
}

static int64_t naive_conv(const struct engine *e, const struct cmod *m, const struct cmod_op *op,
                          int64_t y, int64_t x, size_t n)
{
    const struct cmod_weight *w = &m->weight[op->weight];
    int64_t channels = m->tensor[op->in[0]].shape.c, sum = w->bias_bytes != 0 ? w->bias[n] : 0;

    for (int64_t i = 0; i < op->kh; i++)
        for (int64_t j = 0; j < op->kw; j++)
            for (int64_t c = 0; c < channels; c++)
                sum += w->matrix[n * w->inputs + (size_t)((i * op->kw + j) * channels + c)] *
                       at(e, m, op->in[0], y * op->stride + i - op->pad,
                          x * op->stride + j - op->pad, c);
    return sum;
}

static int64_t naive_dense(const struct engine *e, const struct cmod *m, const struct cmod_op *op,
                           size_t n)
{
    const struct cmod_weight *w = &m->weight[op->weight];
    int64_t sum = w->bias_bytes != 0 ? w->bias[n] : 0;

    for (size_t k = 0; k < w->inputs; k++)
        sum += w->matrix[n * w->inputs + k] * engine_tensor(e, op->in[0])[k];
    return sum;
}

static int64_t naive_requant(const struct cmod *m, const struct cmod_op *op, int64_t v)
{
    const struct cmod_table *t = &m->table[op->table];
    int64_t unit = (int64_t)1 << op->shift, q = v / unit - (v % unit < 0 ? 1 : 0);

    q = q < t->low ? t->low : q;
    q = q > cmod_table_high(t) ? cmod_table_high(t) : q;
    return t->values[q - t->low];
}

static int64_t naive_pool(const struct engine *e, const struct cmod *m, const struct cmod_op *op,
                          int64_t y, int64_t x, int64_t c)
{
    int64_t sum = 0, most = INT64_MIN;

    for (int64_t i = 0; i < op->kh; i++)
        for (int64_t j = 0; j < op->kw; j++) {
            int64_t v = at(e, m, op->in[0], y * op->stride + i, x * op->stride + j, c);

            sum += v;
            most = v > most ? v : most;
        }
    return op->code == CMOD_SUMPOOL ? sum : most;
}

static int64_t naive(const struct engine *e, const struct cmod *m, size_t i, size_t element)
{
    const struct cmod_op *op = &m->op[i];
    struct cmod_shape s = m->tensor[i + 1].shape;
    int64_t c = (int64_t)(element % s.c), x = (int64_t)(element / s.c % s.w);
    int64_t y = (int64_t)(element / s.c / s.w);

    switch (op->code) {
    case CMOD_DENSE:
        return naive_dense(e, m, op, element);
    case CMOD_CONV:
        return naive_conv(e, m, op, y, x, (size_t)c);
    case CMOD_REQUANT:
        return naive_requant(m, op, engine_tensor(e, op->in[0])[element]);
    case CMOD_SUMPOOL:
    case CMOD_MAXPOOL:
        return naive_pool(e, m, op, y, x, c);
    case CMOD_ADD:
        return (int64_t)engine_tensor(e, op->in[0])[element] + engine_tensor(e, op->in[1])[element];
    }
    return 0;
}

static void check_model(struct sample *s)
{
    struct cmod m;
    struct engine *e[3];

    sample_parse(s, &m);
    for (int isa = DOT_PORTABLE; isa <= DOT_AVX512; isa++)
        e[isa] = engine_new(&m, dot_get((enum dot_isa)isa));
    for (int round = 0; round < 5; round++) {
        const int32_t *input = sample_input(s);

        for (int isa = 0; isa < 3; isa++)
            assert_int_equal(engine_run(e[isa], input), OK);
        for (size_t i = 0; i < m.ops; i++)
            for (size_t j = 0; j < cmod_shape_size(m.tensor[i + 1].shape); j++) {
                int64_t want = naive(e[0], &m, i, j);

                assert_true(want >= m.tensor[i + 1].low && want <= m.tensor[i + 1].high);
                for (int isa = 0; isa < 3; isa++)
                    assert_int_equal(engine_tensor(e[isa], i + 1)[j], want);
            }
    }
    for (int isa = 0; isa < 3; isa++)
        engine_free(e[isa]);
}

static void test_models(void **state)
{
    struct sample s;

    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        sample_mlp(&s, seed, 30 + (uint32_t)seed * 7, 20, 6);
        check_model(&s);
        sample_fini(&s);
        sample_cnn(&s, seed);
        check_model(&s);
        sample_fini(&s);
    }
}

static void test_input_range(void **state)
{
    struct sample s;
    struct cmod m;
    struct engine *e;
    int32_t *x;

    (void)state;
    sample_mlp(&s, 1, 4, 4, 2);
    sample_parse(&s, &m);
    e = engine_new(&m, dot_portable);
    x = sample_input(&s);
    x[2] = 256;
    assert_int_equal(engine_run(e, x), ERR_RANGE);
    x[2] = -1;
    assert_int_equal(engine_run(e, x), ERR_RANGE);
    x[2] = 255;
    assert_int_equal(engine_run(e, x), OK);
    engine_free(e);
    engine_free(NULL);
    sample_fini(&s);
}

static void test_argmax(void **state)
{
    const int32_t values[] = {-5, 3, 9, 9, -2};

    (void)state;
    assert_int_equal(engine_argmax(values, 5), 2);
    assert_int_equal(engine_argmax(values, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_input_range),
        cmocka_unit_test(test_argmax),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
