/* Closed forms of tables' extensions against their rows, and rows against their own look-up. */
#include "zk/table.h"

#include "model/testing.h"
#include "zk/mle.h"
#include "zk/testing.h"

static void check_table(const struct cmod *m, struct plan_table t)
{
    struct testing_rng r = {t.bits * 10 + (unsigned)t.kind};
    struct ext point[9], table[512];
    int32_t column[3][512];

    for (unsigned b = 0; b < t.bits; b++)
        point[b] = testing_ext(&r);
    mle_table(table, point, t.bits, EXT_ONE);
    for (unsigned f = 0; f < table_fields(&t); f++) {
        table_column(m, &t, f, column[f]);
        assert_true(ext_eq(table_evaluate(m, &t, f, point),
                           mle_dot(table, column[f], (size_t)1 << t.bits)));
    }
    for (size_t i = 0; i < (size_t)1 << t.bits; i++) {
        const int32_t tuple[3] = {column[0][i], column[1][i], column[2][i]};

        /* The upper half of the table of bytes is one row, many times. */
        assert_int_equal(table_row(&t, tuple), t.kind == TABLE_BYTE && i > 256 ? 256 : i);
    }
}

static void test_tables(void **state)
{
    struct sample s;

    (void)state;
    sample_cnn(&s, 1);
    for (unsigned bits = 1; bits <= 8; bits++) {
        check_table(&s.m, (struct plan_table){.kind = TABLE_RANGE, .bits = bits});
        check_table(&s.m, (struct plan_table){.kind = TABLE_IS_ZERO, .bits = bits});
        check_table(&s.m, (struct plan_table){.kind = TABLE_EXCESS, .bits = bits});
    }
    check_table(&s.m, (struct plan_table){.kind = TABLE_BYTE, .bits = 9});
    for (uint16_t i = 0; i < s.m.tables; i++) {
        struct plan_table t = {.bits = s.table[i].bits, .source = i, .low = s.table[i].low};

        t.kind = TABLE_CLAMP;
        check_table(&s.m, t);
        t.kind = TABLE_MAP;
        check_table(&s.m, t);
        t.bits = 8; /* widened */
        t.low = -128;
        check_table(&s.m, t);
    }
    sample_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
