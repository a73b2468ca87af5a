/*
 * F = GF(p)[x] / (x^4 - 3), the extension that challenges and messages live in: |F| > 2^123.95.
 *
 * 3 generates GF(p)* and p = 1 mod 4, so x^4 - 3 is irreducible. An element is c[0] + c[1] x +
 * c[2] x^2 + c[3] x^3, encoded as its four words in that order, little-endian.
 */
#ifndef ZK_EXT_H
#define ZK_EXT_H

#include "zk/field.h"

enum { EXT_DEGREE = 4, EXT_BYTES = 16 };

struct ext {
    field c[EXT_DEGREE];
};

#define EXT_ZERO ((struct ext){{0, 0, 0, 0}})
#define EXT_ONE  ((struct ext){{FIELD_ONE, 0, 0, 0}})

static inline struct ext ext_from_field(field a)
{
    return (struct ext){{a, 0, 0, 0}};
}

static inline struct ext ext_from_i64(int64_t v)
{
    return ext_from_field(field_from_i64(v));
}

/* Return x^i: the i-th of the basis over GF(p). */
static inline struct ext ext_basis(unsigned i)
{
    struct ext e = EXT_ZERO;

    e.c[i] = FIELD_ONE;
    return e;
}

static inline struct ext ext_add(struct ext a, struct ext b)
{
    for (unsigned i = 0; i < EXT_DEGREE; i++)
        a.c[i] = field_add(a.c[i], b.c[i]);
    return a;
}

static inline struct ext ext_sub(struct ext a, struct ext b)
{
    for (unsigned i = 0; i < EXT_DEGREE; i++)
        a.c[i] = field_sub(a.c[i], b.c[i]);
    return a;
}

static inline struct ext ext_neg(struct ext a)
{
    return ext_sub(EXT_ZERO, a);
}

static inline struct ext ext_scale(struct ext a, field b)
{
    for (unsigned i = 0; i < EXT_DEGREE; i++)
        a.c[i] = field_mul(a.c[i], b);
    return a;
}

static inline field field_triple(field a)
{
    return field_add(a, field_add(a, a));
}

/* Schoolbook with one reduction a coordinate: x^4 = 3 folds the upper half back. */
static inline struct ext ext_mul(struct ext a, struct ext b)
{
    uint64_t a0 = a.c[0], a1 = a.c[1], a2 = a.c[2], a3 = a.c[3];
    uint64_t b0 = b.c[0], b1 = b.c[1], b2 = b.c[2], b3 = b.c[3];
    uint64_t t1 = field_triple(b.c[1]), t2 = field_triple(b.c[2]), t3 = field_triple(b.c[3]);

    return (struct ext){{
        field_reduce4(a0 * b0 + a1 * t3 + a2 * t2 + a3 * t1),
        field_reduce4(a0 * b1 + a1 * b0 + a2 * t3 + a3 * t2),
        field_reduce4(a0 * b2 + a1 * b1 + a2 * b0 + a3 * t3),
        field_reduce4(a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0),
    }};
}

/* Return a + r (b - a): the line through a at 0 and b at 1, at r. */
static inline struct ext ext_lerp(struct ext a, struct ext b, struct ext r)
{
    return ext_add(a, ext_mul(r, ext_sub(b, a)));
}

static inline bool ext_eq(struct ext a, struct ext b)
{
    return ((a.c[0] ^ b.c[0]) | (a.c[1] ^ b.c[1]) | (a.c[2] ^ b.c[2]) | (a.c[3] ^ b.c[3])) == 0;
}

static inline bool ext_is_zero(struct ext a)
{
    return ext_eq(a, EXT_ZERO);
}

/* Tell whether `a` lies in GF(p). */
static inline bool ext_is_base(struct ext a)
{
    return (a.c[1] | a.c[2] | a.c[3]) == 0;
}

/* Return 1/a by way of GF(p^2) = GF(p)[y]/(y^2 - 3), y = x^2; 0 for a = 0. */
struct ext ext_inv(struct ext a);

struct ext ext_pow(struct ext a, uint64_t exponent);

#endif
