/*
 * The portable build against formulas written out, and the vector builds against the portable one,
 * word for word. What this machine cannot run is said on stderr.
 */
#include "zk/kern.h"

#include "zk/testing.h"

enum { SIZE_MAX_LOG = 9, SIZE = 1 << SIZE_MAX_LOG, ROWS = 64, COLUMNS = 64 };

static const struct kern *under_test[3];
static size_t builds;

struct arrays {
    _Alignas(64) field words[12][EXT_DEGREE * SIZE];
};

static struct ext_array array_of(struct arrays *a, unsigned i)
{
    return ext_array_at(a->words[i], SIZE);
}

static void arrays_fill(struct arrays *a, uint64_t seed)
{
    struct testing_rng r = {seed};

    for (size_t i = 0; i < COUNT_OF(a->words); i++)
        for (size_t j = 0; j < EXT_DEGREE * SIZE; j++)
            a->words[i][j] = testing_field(&r);
}

static struct kern_halves halves_of(struct arrays *a)
{
    return (struct kern_halves){array_of(a, 0), array_of(a, 1), array_of(a, 2), array_of(a, 3)};
}

/* Run everything that works on arrays, at one size; `out` gathers all results. */
static void run_all(const struct kern *k, struct arrays *a, unsigned log_size, struct ext out[10])
{
    size_t size = (size_t)1 << log_size, half = size / 4;
    struct kern_halves h = halves_of(a);
    struct ext r = array_of(a, 11).c[0][0] == 0 ? EXT_ONE : ext_array_get(array_of(a, 11), 1);
    static int32_t v1[SIZE], v2[SIZE];
    static field scratch[7 * KERN_POWERS];
    struct ext factor[7];
    struct ext b[3] = {r, ext_mul(r, r), ext_add(r, r)};

    for (size_t i = 0; i < COUNT_OF(factor); i++)
        factor[i] = ext_array_get(array_of(a, 11), i + 2);
    memset(out, 0, 10 * sizeof *out);
    for (size_t i = 0; i < SIZE; i++) {
        v1[i] = (int32_t)a->words[10][i];
        v2[i] = -(int32_t)a->words[10][i + SIZE];
    }
    k->eq_grow(array_of(a, 4), size / 2, r);
    k->halve(array_of(a, 5), size / 2);
    k->add(array_of(a, 6), array_of(a, 4), size);
    k->add_scaled(array_of(a, 7), array_of(a, 4), r, size);
    k->add_powers(array_of(a, 7), a->words[10] + 3, factor, COUNT_OF(factor), size - 1, scratch);
    k->denominators(array_of(a, 8), r, b, (const int32_t *[]){v1, v2, v1}, size - 1);
    k->denominators(array_of(a, 9), r, b, (const int32_t *[]){v1, NULL, v2}, size);
    out[9] = k->dot_i32(array_of(a, 8), v2, size);
    k->from_i32(a->words[9], v2, size - 1);
    k->add_i32(array_of(a, 7), r, v1, size - 1);
    if (half == 0)
        return;
    k->dot_round_base(array_of(a, 4), a->words[10], 2 * half, 0, 2 * half, out);
    k->fold_base(array_of(a, 9), a->words[10], 2 * half, r, 0, 2 * half);
    k->fold(array_of(a, 8), 2 * half, r, 0, 2 * half);
    k->fraction_round(&h, array_of(a, 4), half, NULL, 0, half, out + 2);
    k->fraction_round(&h, array_of(a, 5), half, &r, 0, half, out + 4);
    k->dot_round(array_of(a, 6), array_of(a, 7), half, NULL, 0, half, out + 6);
    k->dot_round(array_of(a, 6), array_of(a, 7), half, &r, 0, half, out + 8);
    k->fraction_add(array_of(a, 10), array_of(a, 11), &h, 0, half);
}

static void test_builds_agree(void **state)
{
    static struct arrays want, got;
    struct ext want_sums[10], got_sums[10];

    (void)state;
    for (unsigned log_size = 1; log_size <= SIZE_MAX_LOG; log_size++)
        for (size_t b = 1; b < builds; b++) {
            arrays_fill(&want, log_size);
            arrays_fill(&got, log_size);
            run_all(under_test[0], &want, log_size, want_sums);
            run_all(under_test[b], &got, log_size, got_sums);
            assert_memory_equal(&want, &got, sizeof want);
            assert_memory_equal(want_sums, got_sums, sizeof want_sums);
        }
}

static void test_eq_table(void **state)
{
    static struct arrays a;
    struct testing_rng r = {3};
    struct ext z[3] = {testing_ext(&r), testing_ext(&r), testing_ext(&r)};
    struct ext_array e = array_of(&a, 0);

    (void)state;
    ext_array_set(e, 0, EXT_ONE);
    for (unsigned i = 0; i < 3; i++)
        under_test[0]->eq_grow(e, (size_t)1 << i, z[i]);
    for (unsigned i = 0; i < 8; i++) {
        struct ext want = EXT_ONE;

        for (unsigned b = 0; b < 3; b++)
            want = ext_mul(want, (i >> b & 1) != 0 ? z[b] : ext_sub(EXT_ONE, z[b]));
        assert_true(ext_eq(ext_array_get(e, i), want));
    }
}

static void test_integers(void **state)
{
    static struct arrays a;
    struct testing_rng r = {9};
    struct ext b[3] = {testing_ext(&r), testing_ext(&r), testing_ext(&r)}, base = testing_ext(&r);
    const int32_t v[3][2] = {{5, -7}, {-(int32_t)(FIELD_P - 1), 0}, {1, (int32_t)(FIELD_P - 1)}};
    const int32_t *const p[3] = {v[0], v[1], v[2]};
    struct ext dot = EXT_ZERO;

    (void)state;
    under_test[0]->denominators(array_of(&a, 0), base, b, p, 2);
    under_test[0]->from_i32(a.words[1], v[1], 2);
    for (size_t i = 0; i < 2; i++) {
        struct ext want = base;

        for (unsigned j = 0; j < 3; j++)
            want = ext_sub(want, ext_mul(b[j], ext_from_i64(v[j][i])));
        assert_true(ext_eq(ext_array_get(array_of(&a, 0), i), want));
        assert_int_equal(a.words[1][i], field_from_i64(v[1][i]));
        dot = ext_add(dot, ext_mul(want, ext_from_i64(v[0][i])));
    }
    assert_true(ext_eq(under_test[0]->dot_i32(array_of(&a, 0), v[0], 2), dot));
    under_test[0]->add_i32(array_of(&a, 2), base, v[1], 2);
    assert_true(ext_eq(ext_array_get(array_of(&a, 2), 0), ext_mul(base, ext_from_i64(v[1][0]))));
}

static void test_powers(void **state)
{
    enum { COUNT = 6, SIZE_USED = 300 };
    static struct arrays a;
    static field scratch[COUNT * KERN_POWERS];
    struct testing_rng r = {8};
    field x[COUNT];
    struct ext factor[COUNT], used[COUNT];

    (void)state;
    for (size_t j = 0; j < COUNT; j++) {
        x[j] = testing_field(&r);
        factor[j] = used[j] = testing_ext(&r);
    }
    under_test[0]->add_powers(array_of(&a, 0), x, used, COUNT, SIZE_USED, scratch);
    for (size_t i = 0; i < SIZE_USED; i++) {
        struct ext want = EXT_ZERO;

        for (size_t j = 0; j < COUNT; j++)
            want = ext_add(want, ext_scale(factor[j], field_pow(x[j], i)));
        assert_true(ext_eq(ext_array_get(array_of(&a, 0), i), want));
    }
}

/* The line of `a` over pair x at point t. */
static struct ext line(struct ext_array a, size_t x, size_t half, struct ext t)
{
    return ext_lerp(ext_array_get(a, x), ext_array_get(a, x + half), t);
}

static void test_fraction_round(void **state)
{
    static struct arrays a;
    const size_t half = 8;
    struct kern_halves h = halves_of(&a);
    struct ext_array e = array_of(&a, 4);
    struct ext got[2] = {EXT_ZERO, EXT_ZERO}, t[3], at[3] = {EXT_ZERO, EXT_ZERO, EXT_ZERO};

    (void)state;
    arrays_fill(&a, 4);
    for (int i = 0; i < 3; i++) {
        t[i] = ext_from_i64(i);
        for (size_t x = 0; x < half; x++) {
            struct ext p0 = line(h.p0, x, half, t[i]), q0 = line(h.q0, x, half, t[i]);
            struct ext p1 = line(h.p1, x, half, t[i]), q1 = line(h.q1, x, half, t[i]);

            at[i] = ext_add(
                at[i], ext_mul(ext_array_get(e, x), ext_add(ext_mul(p0, q1), ext_mul(p1, q0))));
        }
    }
    under_test[0]->fraction_round(&h, e, half, NULL, 0, half, got);
    assert_true(ext_eq(got[0], at[0]));
    /* Second difference of a quadratic is twice its top coefficient. */
    assert_true(
        ext_eq(ext_add(got[1], got[1]), ext_add(ext_sub(at[2], ext_add(at[1], at[1])), at[0])));
}

static void test_fold_rows(void **state)
{
    static _Alignas(64) field m[COLUMNS * ROWS];
    static _Alignas(64) int8_t tiles[COLUMNS * ROWS];
    static _Alignas(64) uint8_t planes[KERN_PLANES_BYTES(ROWS)];
    static struct arrays a;
    struct testing_rng r = {5};
    struct ext_array weight = array_of(&a, 0), out = array_of(&a, 1), out8 = array_of(&a, 2);

    (void)state;
    arrays_fill(&a, 6);
    for (size_t c = 0; c < COLUMNS; c++)
        for (size_t row = 0; row < ROWS; row++) {
            int8_t w = (int8_t)(testing_u64(&r) >> 56);

            tiles[(c / 16 * ROWS + row / 4 * 4) * 16 + c % 16 * 4 + row % 4] = c == 0 ? -128 : w;
            m[c * ROWS + row] = field_from_i64(c == 0 ? -128 : w);
        }
    for (size_t b = 0; b < builds; b++) {
        under_test[b]->fold_rows(out, m, ROWS, weight, ROWS, 0, COLUMNS);
        under_test[b]->planes(planes, weight, ROWS);
        under_test[b]->fold_i8(out8, tiles, planes, ROWS, 0, COLUMNS);
        for (size_t c = 0; c < COLUMNS; c++) {
            struct ext want = EXT_ZERO;

            for (size_t row = 0; row < ROWS; row++)
                want = ext_add(want, ext_scale(ext_array_get(weight, row), m[c * ROWS + row]));
            assert_true(ext_eq(ext_array_get(out, c), want));
            assert_true(ext_eq(ext_array_get(out8, c), want));
        }
    }
}

int main(void)
{
    static const char *const names[] = {"portable", "AVX2", "AVX-512"};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builds_agree),   cmocka_unit_test(test_eq_table),
        cmocka_unit_test(test_powers),         cmocka_unit_test(test_integers),
        cmocka_unit_test(test_fraction_round), cmocka_unit_test(test_fold_rows),
    };

    for (int isa = KERN_PORTABLE; isa <= KERN_AVX512; isa++) {
        const struct kern *k = kern_get((enum kern_isa)isa);

        if (k->isa == (enum kern_isa)isa)
            under_test[builds++] = k;
        else
            fprintf(stderr, "SKIPPED: this machine has no %s\n", names[isa]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
