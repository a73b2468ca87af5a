#include "zk/ext.h"

/* An element u + v y of GF(p^2), y^2 = 3. */
struct quad {
    field u, v;
};

static struct quad quad_mul(struct quad a, struct quad b)
{
    return (struct quad){
        field_add(field_mul(a.u, b.u), field_triple(field_mul(a.v, b.v))),
        field_add(field_mul(a.u, b.v), field_mul(a.v, b.u)),
    };
}

static struct quad quad_inv(struct quad a)
{
    field norm = field_sub(field_mul(a.u, a.u), field_triple(field_mul(a.v, a.v)));
    field inv = field_inv(norm);

    return (struct quad){field_mul(a.u, inv), field_neg(field_mul(a.v, inv))};
}

/*
 * With y = x^2, a = e + o x where e = c0 + c2 y and o = c1 + c3 y. Then 1/a = (e - o x) / (e^2 - y
 * o^2), and the denominator lies in GF(p^2).
 */
struct ext ext_inv(struct ext a)
{
    struct quad e = {a.c[0], a.c[2]}, o = {a.c[1], a.c[3]};
    struct quad ee = quad_mul(e, e), oo = quad_mul(o, o);
    struct quad norm = {field_sub(ee.u, field_triple(oo.v)), field_sub(ee.v, oo.u)};
    struct quad inv = quad_inv(norm);

    e = quad_mul(e, inv);
    o = quad_mul(o, inv);
    return (struct ext){{e.u, field_neg(o.u), e.v, field_neg(o.v)}};
}

struct ext ext_pow(struct ext a, uint64_t exponent)
{
    struct ext power = EXT_ONE;

    for (; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) != 0)
            power = ext_mul(power, a);
        a = ext_mul(a, a);
    }
    return power;
}
