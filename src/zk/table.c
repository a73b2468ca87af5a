#include "zk/table.h"

#include <assert.h>

#include "zk/mle.h"

enum { BYTE_BITS = 8, BYTES = 1 << BYTE_BITS };

unsigned table_fields(const struct plan_table *t)
{
    switch (t->kind) {
    case TABLE_RANGE:
        return 1;
    case TABLE_MAP:
    case TABLE_EXCESS:
    case TABLE_BYTE:
    case TABLE_IS_ZERO:
        return 2;
    case TABLE_CLAMP:
        return 3;
    }
    return 0;
}

/* TABLE_EXCESS: rows [0, 2^b) are (i, 1), then (-i, -1), and the last row of all is (0, 0). */
static size_t excess_row(const struct plan_table *t, const int32_t fields[3])
{
    size_t half = (size_t)1 << (t->bits - 1);

    if (fields[1] > 0)
        return (size_t)fields[0];
    return fields[1] < 0 ? half + (size_t)-fields[0] : 2 * half - 1;
}

size_t table_row(const struct plan_table *t, const int32_t fields[3])
{
    size_t row = (size_t)fields[0];

    if (t->kind == TABLE_MAP || t->kind == TABLE_CLAMP)
        row = (size_t)(fields[0] - t->low);
    else if (t->kind == TABLE_EXCESS)
        row = excess_row(t, fields);
    else if (t->kind == TABLE_BYTE)
        row = fields[1] == 0 ? (size_t)(fields[0] + BYTES / 2) : BYTES;
    assert(row < (size_t)1 << t->bits);
    return row;
}

static int32_t excess_at(const struct plan_table *t, unsigned index, size_t row)
{
    size_t half = (size_t)1 << (t->bits - 1);

    if (row < half)
        return index == 0 ? (int32_t)row : 1;
    if (row == 2 * half - 1)
        return 0;
    return index == 0 ? -(int32_t)(row - half) : -1;
}

static int32_t table_at(const struct cmod *m, const struct plan_table *t, unsigned index,
                        size_t row)
{
    size_t last = ((size_t)1 << t->bits) - 1;

    switch (t->kind) {
    case TABLE_RANGE:
        break;
    case TABLE_MAP:
    case TABLE_CLAMP:
        if (index == 0)
            return t->low + (int32_t)row;
        if (index == 1)
            return cmod_table_at(&m->table[t->source], t->low + (int32_t)row);
        return row == 0 ? -1 : row == last ? 1 : 0;
    case TABLE_EXCESS:
        return excess_at(t, index, row);
    case TABLE_BYTE:
        if (index == 1)
            return row < BYTES ? 0 : 1;
        return row < BYTES ? (int32_t)row - BYTES / 2 : 0;
    case TABLE_IS_ZERO:
        if (index == 1)
            return row == 0 ? 1 : 0;
        break;
    }
    return (int32_t)row;
}

void table_column(const struct cmod *m, const struct plan_table *t, unsigned index, int32_t *out)
{
    for (size_t i = 0; i < (size_t)1 << t->bits; i++)
        out[i] = table_at(m, t, index, i);
}

/*
 * Fold the listed values pair by pair as they come: like binary addition, a finished pair of one
 * size joins the one before it. So no table of 2^bits elements is needed.
 */
static struct ext evaluate_list(const struct cmod *m, const struct plan_table *t, unsigned index,
                                const struct ext *point)
{
    struct ext stack[PLAN_WIDE_BITS_MAX + 2];
    size_t top = 0;

    for (size_t i = 0; i < (size_t)1 << t->bits; i++) {
        stack[top++] = ext_from_i64(table_at(m, t, index, i));
        for (unsigned b = 0; (i >> b & 1) != 0; b++, top--)
            stack[top - 2] = ext_lerp(stack[top - 2], stack[top - 1], point[b]);
    }
    return stack[0];
}

static struct ext first_row(const struct plan_table *t, const struct ext *point)
{
    return mle_at(point, t->bits, 0);
}

static struct ext last_row(const struct plan_table *t, const struct ext *point)
{
    return mle_at(point, t->bits, ((size_t)1 << t->bits) - 1);
}

static struct ext evaluate_excess(const struct plan_table *t, unsigned index,
                                  const struct ext *point)
{
    unsigned b = t->bits - 1;
    struct ext top = point[b], low = ext_sub(EXT_ONE, top), last = last_row(t, point);
    struct ext row = mle_index(point, b);

    if (index == 1)
        return ext_add(ext_sub(low, top), last);
    return ext_add(ext_mul(ext_sub(low, top), row), ext_scale(last, field_from_u32((1U << b) - 1)));
}

struct ext table_evaluate(const struct cmod *m, const struct plan_table *t, unsigned index,
                          const struct ext *point)
{
    struct ext row = mle_index(point, t->bits);

    switch (t->kind) {
    case TABLE_RANGE:
        return row;
    case TABLE_MAP:
    case TABLE_CLAMP:
        if (index == 0)
            return ext_add(row, ext_from_i64(t->low));
        if (index == 1)
            return evaluate_list(m, t, index, point);
        return ext_sub(last_row(t, point), first_row(t, point));
    case TABLE_EXCESS:
        return evaluate_excess(t, index, point);
    case TABLE_BYTE: /* the top bit is the kind */
        if (index == 1)
            return point[BYTE_BITS];
        return ext_mul(ext_sub(EXT_ONE, point[BYTE_BITS]),
                       ext_sub(mle_index(point, BYTE_BITS), ext_from_i64(BYTES / 2)));
    case TABLE_IS_ZERO:
        return index == 0 ? row : first_row(t, point);
    }
    return EXT_ZERO;
}
