/*
 * KoalaBear: the prime field of p = 2^31 - 2^24 + 1 = 0x7f000001 elements.
 *
 * A field element is a word w < p that stands for w * 2^-32 mod p (Montgomery form). That word is
 * also its one encoding in commitments and proofs (docs/spec/zk.md section 2), so nothing is ever
 * converted between memory and the wire. p - 1 = 2^24 * 127: there are roots of unity of every
 * order up to 2^24, and 3 generates the multiplicative group.
 *
 * Every function is branch-free in the values of elements and total on words below p.
 */
#ifndef ZK_FIELD_H
#define ZK_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t field;

#define FIELD_P           0x7f000001U
#define FIELD_P_INV       0x81000001U /* p^-1 mod 2^32 */
#define FIELD_ONE         0x01fffffeU /* 2^32 mod p */
#define FIELD_SQUARE      0x17f7efe4U /* 2^64 mod p */
#define FIELD_GEN         0x05fffffaU /* 3, which generates the group */
#define FIELD_TWO_ADICITY 24

/* Return t * 2^-32 mod p; t < 2^32 * p. */
static inline field field_reduce(uint64_t t)
{
    uint32_t q = (uint32_t)t * FIELD_P_INV;
    uint32_t high = (uint32_t)(t >> 32);
    uint32_t back = (uint32_t)(((uint64_t)q * FIELD_P) >> 32);

    return high - back + (high < back ? FIELD_P : 0);
}

/* As field_reduce for a sum of up to four products of elements (t < 4 p^2 < 2^32 * 2p). */
static inline field field_reduce4(uint64_t t)
{
    uint64_t limit = (uint64_t)FIELD_P << 32;

    return field_reduce(t - (t >= limit ? limit : 0));
}

static inline field field_add(field a, field b)
{
    uint32_t sum = a + b;

    return sum - (sum >= FIELD_P ? FIELD_P : 0);
}

static inline field field_sub(field a, field b)
{
    return a - b + (a < b ? FIELD_P : 0);
}

static inline field field_neg(field a)
{
    return field_sub(0, a);
}

static inline field field_mul(field a, field b)
{
    return field_reduce((uint64_t)a * b);
}

/* Return the element for the non-negative integer `v`. */
static inline field field_from_u32(uint32_t v)
{
    return field_mul(v % FIELD_P, FIELD_SQUARE);
}

/* Return the element for `v`, taken modulo p; a negative v stands for p - |v|. */
static inline field field_from_i64(int64_t v)
{
    int64_t rest = v % (int64_t)FIELD_P;

    return field_mul((uint32_t)(rest + (rest < 0 ? (int64_t)FIELD_P : 0)), FIELD_SQUARE);
}

/* Return the integer in [0, p) that `a` stands for. */
static inline uint32_t field_to_u32(field a)
{
    return field_reduce(a);
}

static inline bool field_valid(uint32_t word)
{
    return word < FIELD_P;
}

static inline field field_pow(field a, uint64_t exponent)
{
    field power = FIELD_ONE;

    for (; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) != 0)
            power = field_mul(power, a);
        a = field_mul(a, a);
    }
    return power;
}

/* Return 1/a; 0 for a = 0. */
static inline field field_inv(field a)
{
    return field_pow(a, FIELD_P - 2);
}

/* Return the generator of the group of roots of unity of order 2^log2_order (at most 2^24). */
static inline field field_root(unsigned log2_order)
{
    return field_pow(FIELD_GEN, (uint64_t)(FIELD_P - 1) >> log2_order);
}

#endif
