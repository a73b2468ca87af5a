/* The prover's side of the products: C_k for the pads drawn. */
#include "zk/ledger.h"

#include "base/mem.h"

/* Weights of the values at 0 .. n-1 in the value at the integer x >= n, and what they need. */
struct extrapolation {
    size_t n;
    field *inverse; /* of 1 .. 2n */
    field *scale;   /* (-1)^(n-1-k) / (k! (n-1-k)!) */
};

static void extrapolation_init(struct extrapolation *e, size_t n)
{
    field *factorial_inverse = MEM_ARRAY(n + 1, field);

    *e = (struct extrapolation){n, MEM_ARRAY(2 * n + 1, field), MEM_ARRAY(n, field)};
    factorial_inverse[0] = FIELD_ONE;
    for (size_t i = 1; i <= 2 * n; i++)
        e->inverse[i] = field_inv(field_from_u32((uint32_t)i));
    for (size_t i = 1; i <= n; i++)
        factorial_inverse[i] = field_mul(factorial_inverse[i - 1], e->inverse[i]);
    for (size_t k = 0; k < n; k++) {
        e->scale[k] = field_mul(factorial_inverse[k], factorial_inverse[n - 1 - k]);
        if ((n - 1 - k) % 2 == 1)
            e->scale[k] = field_neg(e->scale[k]);
    }
    mem_free(factorial_inverse);
}

static void extrapolation_fini(struct extrapolation *e)
{
    mem_free(e->scale);
    mem_free(e->inverse);
}

/* The polynomials A and B at an integer x >= n. */
struct two {
    struct ext a, b;
};

static struct two extrapolate(const struct extrapolation *e, const struct two *values, size_t x)
{
    struct two sum = {EXT_ZERO, EXT_ZERO};
    field full = FIELD_ONE;

    for (size_t i = 0; i < e->n; i++)
        full = field_mul(full, field_from_u32((uint32_t)(x - i)));
    for (size_t k = 0; k < e->n; k++) {
        field weight = field_mul(full, field_mul(e->scale[k], e->inverse[x - k]));

        sum.a = ext_add(sum.a, ext_scale(values[k].a, weight));
        sum.b = ext_add(sum.b, ext_scale(values[k].b, weight));
    }
    return sum;
}

void ledger_fill_products(struct ext *pads, size_t hidden, const struct ledger_product *product,
                          size_t products)
{
    size_t n = products + 1;
    struct two *values = MEM_ARRAY(n, struct two);
    struct ext *c = pads + hidden + 2;
    struct extrapolation e;

    for (size_t k = 0; k < products; k++)
        values[k] = (struct two){pads[product[k].x], pads[product[k].y]};
    values[products] = (struct two){pads[hidden], pads[hidden + 1]};
    extrapolation_init(&e, n);
    for (size_t k = 0; k < n; k++)
        c[k] = ext_mul(values[k].a, values[k].b);
    for (size_t x = n; x < 2 * products + 1; x++) {
        struct two at = extrapolate(&e, values, x);

        c[x] = ext_mul(at.a, at.b);
    }
    extrapolation_fini(&e);
    mem_wipe(values, n * sizeof *values);
    mem_free(values);
}
