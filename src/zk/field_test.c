/* Field and extension against 128-bit arithmetic and polynomials written out. */
#include "zk/testing.h"

enum { ROUNDS = 20000 };

__extension__ typedef unsigned __int128 u128;

static uint64_t mod_p(u128 v)
{
    return (uint64_t)(v % FIELD_P);
}

static void test_constants(void **state)
{
    (void)state;
    assert_int_equal(FIELD_ONE, ((uint64_t)1 << 32) % FIELD_P);
    assert_int_equal(FIELD_SQUARE, mod_p((u128)1 << 64));
    assert_int_equal(FIELD_GEN, field_from_u32(3));
    assert_int_equal((uint32_t)(FIELD_P * FIELD_P_INV), 1);
    /* 3 generates the group: its powers (p-1)/q are not 1 for the primes q of p - 1. */
    assert_int_not_equal(field_pow(FIELD_GEN, (FIELD_P - 1) / 2), FIELD_ONE);
    assert_int_not_equal(field_pow(FIELD_GEN, (FIELD_P - 1) / 127), FIELD_ONE);
    assert_int_equal(field_pow(FIELD_GEN, FIELD_P - 1), FIELD_ONE);
    assert_int_equal(field_pow(field_root(24), 1 << 23), field_neg(FIELD_ONE));
}

static void test_field_against_integers(void **state)
{
    struct testing_rng r = {1};

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        field a = testing_field(&r), b = testing_field(&r);
        uint64_t ia = field_to_u32(a), ib = field_to_u32(b);

        assert_int_equal(field_from_u32((uint32_t)ia), a);
        assert_int_equal(field_to_u32(field_mul(a, b)), ia * ib % FIELD_P);
        assert_int_equal(field_to_u32(field_add(a, b)), (ia + ib) % FIELD_P);
        assert_int_equal(field_to_u32(field_sub(a, b)), (ia + FIELD_P - ib) % FIELD_P);
        assert_int_equal(field_from_i64(-(int64_t)ia), field_neg(a));
        if (a != 0)
            assert_int_equal(field_mul(a, field_inv(a)), FIELD_ONE);
    }
    assert_int_equal(field_inv(0), 0);
    assert_int_equal(field_from_i64(INT64_MIN),
                     field_neg(field_from_u32((uint32_t)mod_p((u128)1 << 63))));
}

/* Multiply as polynomials over the integers, then reduce by x^4 = 3. */
static struct ext naive_mul(struct ext a, struct ext b)
{
    u128 full[7] = {0};
    struct ext out;

    for (unsigned i = 0; i < 4; i++)
        for (unsigned j = 0; j < 4; j++)
            full[i + j] += (u128)field_to_u32(a.c[i]) * field_to_u32(b.c[j]);
    for (unsigned i = 0; i < 4; i++)
        out.c[i] = field_from_u32((uint32_t)mod_p(full[i] + (i < 3 ? 3 * full[i + 4] : 0)));
    return out;
}

static void test_ext(void **state)
{
    struct testing_rng r = {2};

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct ext a = testing_ext(&r), b = testing_ext(&r), z = testing_ext(&r);

        assert_true(ext_eq(ext_mul(a, b), naive_mul(a, b)));
        assert_true(ext_eq(ext_add(ext_sub(a, b), b), a));
        assert_true(ext_eq(ext_lerp(a, b, EXT_ZERO), a));
        assert_true(ext_eq(ext_lerp(a, b, EXT_ONE), b));
        assert_true(ext_eq(ext_scale(a, b.c[0]), ext_mul(a, ext_from_field(b.c[0]))));
        if (!ext_is_zero(z))
            assert_true(ext_eq(ext_mul(z, ext_inv(z)), EXT_ONE));
    }
    assert_true(ext_is_zero(ext_inv(EXT_ZERO)));
    assert_true(ext_eq(ext_mul(ext_basis(1), ext_basis(3)), ext_from_i64(3)));
    assert_true(ext_eq(ext_pow(ext_basis(1), 4), ext_from_i64(3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_field_against_integers),
        cmocka_unit_test(test_ext),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
