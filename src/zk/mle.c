#include "zk/mle.h"

#include <assert.h>

struct ext mle_eq(const struct ext *a, const struct ext *b, unsigned bits)
{
    struct ext product = EXT_ONE;

    for (unsigned i = 0; i < bits; i++)
        product = ext_mul(product, mle_eq1(a[i], b[i]));
    return product;
}

struct ext mle_at(const struct ext *a, unsigned bits, size_t index)
{
    struct ext product = EXT_ONE;

    for (unsigned i = 0; i < bits; i++)
        product = ext_mul(product, (index >> i & 1) != 0 ? a[i] : ext_sub(EXT_ONE, a[i]));
    return product;
}

void mle_table(struct ext *out, const struct ext *a, unsigned bits, struct ext scale)
{
    out[0] = scale;
    for (unsigned b = 0; b < bits; b++)
        for (size_t i = 0; i < (size_t)1 << b; i++) {
            struct ext high = ext_mul(out[i], a[b]);

            out[i + ((size_t)1 << b)] = high;
            out[i] = ext_sub(out[i], high);
        }
}

/* Bits of `count` from the top: where it has a 1, all indices with a 0 there are below it. */
struct ext mle_below(const struct ext *a, unsigned bits, size_t count)
{
    struct ext sum = EXT_ZERO, same = EXT_ONE;

    assert(count <= (size_t)1 << bits);
    if (count == (size_t)1 << bits)
        return EXT_ONE;
    for (unsigned b = bits; b-- > 0;) {
        struct ext zero = ext_sub(EXT_ONE, a[b]);

        if ((count >> b & 1) != 0)
            sum = ext_add(sum, ext_mul(same, zero));
        same = ext_mul(same, (count >> b & 1) != 0 ? a[b] : zero);
    }
    return sum;
}

struct ext mle_index(const struct ext *a, unsigned bits)
{
    struct ext sum = EXT_ZERO;

    for (unsigned b = 0; b < bits; b++)
        sum = ext_add(sum, ext_scale(a[b], field_from_u32(1U << b)));
    return sum;
}

struct ext mle_dot(const struct ext *table, const int32_t *v, size_t count)
{
    struct ext sum = EXT_ZERO;

    for (size_t i = 0; i < count; i++)
        if (v[i] != 0)
            sum = ext_add(sum, ext_scale(table[i], field_from_i64(v[i])));
    return sum;
}

/*
 * Fold pair by pair as the values come: like binary addition, a finished pair of one size joins the
 * one before it. At the end what is missing on the right is 0.
 */
struct ext mle_evaluate(const struct ext *v, size_t count, const struct ext *point, unsigned bits)
{
    struct ext stack[MLE_BITS_MAX + 2], sum;
    size_t top = 0;

    assert(bits <= MLE_BITS_MAX && count <= (size_t)1 << bits);
    for (size_t i = 0; i < count; i++) {
        stack[top++] = v[i];
        for (unsigned b = 0; (i >> b & 1) != 0; b++, top--)
            stack[top - 2] = ext_lerp(stack[top - 2], stack[top - 1], point[b]);
    }
    /* The stack now holds, from its top, one partial sum for each 1 of `count`, lowest first. */
    sum = EXT_ZERO;
    for (unsigned b = 0; b < bits; b++) {
        struct ext left = (count >> b & 1) != 0 ? stack[--top] : sum;
        struct ext right = (count >> b & 1) != 0 ? sum : EXT_ZERO;

        sum = ext_lerp(left, right, point[b]);
    }
    return count == (size_t)1 << bits ? stack[0] : sum;
}
