/* Encoding against evaluating each polynomial at each point, term by term. */
#include "zk/code.h"

#include "zk/room.h"
#include "zk/testing.h"

enum { ROWS = 32, STRIDE = 48 };

static field evaluate(const field *column0, size_t k, field x)
{
    field sum = 0;

    for (size_t i = k; i-- > 0;)
        sum = field_add(field_mul(sum, x), column0[i * STRIDE]);
    return sum;
}

static void check_code(const struct kern *kern, struct par *par, size_t k, unsigned log_n)
{
    struct testing_rng r = {k * 31 + log_n};
    struct code c;
    struct code_matrix in = {NULL, STRIDE}, out = {NULL, STRIDE};

    code_init(&c, k, log_n, 2);
    in.at = (field *)room_new(k * STRIDE * sizeof(field));
    out.at = (field *)room_new(code_length(&c) * STRIDE * sizeof(field));
    for (size_t i = 0; i < k * STRIDE; i++)
        in.at[i] = testing_field(&r);
    code_encode(&c, kern, par, in, out, ROWS);
    for (size_t i = 0; i < code_length(&c); i += 1 + i / 7)
        for (size_t row = 0; row < ROWS; row += 7)
            assert_int_equal(out.at[i * STRIDE + row], evaluate(in.at + row, k, code_point(&c, i)));
    assert_int_equal(out.at[ROWS], 0);
    room_free(out.at);
    room_free(in.at);
    code_fini(&c);
}

static void test_encode(void **state)
{
    static const struct {
        size_t k;
        unsigned log_n;
    } shapes[] = {{1, 0}, {1, 3}, {2, 1}, {3, 4}, {8, 3}, {100, 9}, {128, 9}, {129, 10}, {700, 11}};
    struct par *par = NULL;

    (void)state;
    assert_int_equal(par_new(2, &par), OK);
    for (int isa = KERN_PORTABLE; isa <= KERN_AVX512; isa++)
        for (size_t i = 0; i < COUNT_OF(shapes); i++) {
            check_code(kern_get((enum kern_isa)isa), NULL, shapes[i].k, shapes[i].log_n);
            check_code(kern_get((enum kern_isa)isa), par, shapes[i].k, shapes[i].log_n);
        }
    par_free(par);
}

/* All points are distinct: a codeword has 2^log_n independent places. */
static void test_points(void **state)
{
    struct code c;

    (void)state;
    code_init(&c, 1, 10, 1);
    for (size_t i = 0; i < code_length(&c); i++) {
        assert_int_equal(field_pow(code_point(&c, i), code_length(&c)), FIELD_ONE);
        for (size_t j = 0; j < i; j += 13)
            assert_int_not_equal(code_point(&c, i), code_point(&c, j));
    }
    code_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode),
        cmocka_unit_test(test_points),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
