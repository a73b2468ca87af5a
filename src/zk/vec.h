/*
 * A vector of VEC_WIDTH field elements, in the widest registers that this translation unit was
 * compiled for: 16 (AVX-512), 8 (AVX2) or 1 (any machine). Only kern.c includes this file; it is
 * compiled once for each, and kern_test.c holds the three against each other.
 *
 * Products of 32-bit lanes are 64 bits wide, so a multiplication works on the even lanes and on the
 * odd lanes (shifted down) and blends the two reductions.
 */
#ifndef ZK_VEC_H
#define ZK_VEC_H

#include "zk/ext_array.h"

#if defined(__AVX512F__) && defined(__AVX512BW__)

#include <immintrin.h>

enum { VEC_WIDTH = 16 };
typedef __m512i vec;

static inline vec vec_splat(field a)
{
    return _mm512_set1_epi32((int)a);
}

static inline vec vec_load(const field *p)
{
    return _mm512_loadu_si512((const void *)p);
}

static inline void vec_store(field *p, vec a)
{
    _mm512_storeu_si512((void *)p, a);
}

static inline vec vec_add32(vec a, vec b)
{
    return _mm512_add_epi32(a, b);
}

static inline vec vec_sub32(vec a, vec b)
{
    return _mm512_sub_epi32(a, b);
}

static inline vec vec_min32(vec a, vec b)
{
    return _mm512_min_epu32(a, b);
}

static inline vec vec_add64(vec a, vec b)
{
    return _mm512_add_epi64(a, b);
}

/* Multiply the even 32-bit lanes to 64 bits. */
static inline vec vec_mul_even(vec a, vec b)
{
    return _mm512_mul_epu32(a, b);
}

/* Move the odd lanes to the even places. */
static inline vec vec_odd(vec a)
{
    return _mm512_srli_epi64(a, 32);
}

/* Take the high halves of the 64-bit lanes of `even` and of `odd`, back in their places. */
static inline vec vec_blend_high(vec even, vec odd)
{
    return _mm512_mask_blend_epi32(0xaaaa, vec_odd(even), odd);
}

#elif defined(__AVX2__)

#include <immintrin.h>

enum { VEC_WIDTH = 8 };
typedef __m256i vec;

static inline vec vec_splat(field a)
{
    return _mm256_set1_epi32((int)a);
}

static inline vec vec_load(const field *p)
{
    return _mm256_loadu_si256((const __m256i_u *)p);
}

static inline void vec_store(field *p, vec a)
{
    _mm256_storeu_si256((__m256i_u *)p, a);
}

static inline vec vec_add32(vec a, vec b)
{
    return _mm256_add_epi32(a, b);
}

static inline vec vec_sub32(vec a, vec b)
{
    return _mm256_sub_epi32(a, b);
}

static inline vec vec_min32(vec a, vec b)
{
    return _mm256_min_epu32(a, b);
}

static inline vec vec_add64(vec a, vec b)
{
    return _mm256_add_epi64(a, b);
}

static inline vec vec_mul_even(vec a, vec b)
{
    return _mm256_mul_epu32(a, b);
}

static inline vec vec_odd(vec a)
{
    return _mm256_srli_epi64(a, 32);
}

static inline vec vec_blend_high(vec even, vec odd)
{
    return _mm256_blend_epi32(vec_odd(even), odd, 0xaa);
}

#else

enum { VEC_WIDTH = 1 };
typedef field vec;

#endif

#if defined(__AVX2__)

/* As field_reduce in each lane, given the products of the even and of the odd lanes. */
static inline vec vec_reduce(vec even, vec odd)
{
    vec p = vec_splat(FIELD_P), inv = vec_splat(FIELD_P_INV);
    vec back = vec_blend_high(vec_mul_even(vec_mul_even(even, inv), p),
                              vec_mul_even(vec_mul_even(odd, inv), p));
    vec diff = vec_sub32(vec_blend_high(even, odd), back);

    return vec_min32(diff, vec_add32(diff, p));
}

/* As field_reduce4. */
static inline vec vec_reduce4(vec even, vec odd)
{
    vec p = vec_splat(FIELD_P), inv = vec_splat(FIELD_P_INV);
    vec back = vec_blend_high(vec_mul_even(vec_mul_even(even, inv), p),
                              vec_mul_even(vec_mul_even(odd, inv), p));
    vec high = vec_blend_high(even, odd);
    vec diff;

    high = vec_min32(high, vec_sub32(high, p));
    diff = vec_sub32(high, back);
    return vec_min32(diff, vec_add32(diff, p));
}

static inline vec vec_add(vec a, vec b)
{
    vec sum = vec_add32(a, b);

    return vec_min32(sum, vec_sub32(sum, vec_splat(FIELD_P)));
}

static inline vec vec_sub(vec a, vec b)
{
    vec diff = vec_sub32(a, b);

    return vec_min32(diff, vec_add32(diff, vec_splat(FIELD_P)));
}

static inline vec vec_mul(vec a, vec b)
{
    return vec_reduce(vec_mul_even(a, b), vec_mul_even(vec_odd(a), vec_odd(b)));
}

/* Return the sum of four products, reduced once. */
static inline vec vec_dot4(vec a0, vec b0, vec a1, vec b1, vec a2, vec b2, vec a3, vec b3)
{
    vec even = vec_add64(vec_add64(vec_mul_even(a0, b0), vec_mul_even(a1, b1)),
                         vec_add64(vec_mul_even(a2, b2), vec_mul_even(a3, b3)));
    vec odd = vec_add64(
        vec_add64(vec_mul_even(vec_odd(a0), vec_odd(b0)), vec_mul_even(vec_odd(a1), vec_odd(b1))),
        vec_add64(vec_mul_even(vec_odd(a2), vec_odd(b2)), vec_mul_even(vec_odd(a3), vec_odd(b3))));

    return vec_reduce4(even, odd);
}

#else

static inline vec vec_splat(field a)
{
    return a;
}

static inline vec vec_load(const field *p)
{
    return *p;
}

static inline void vec_store(field *p, vec a)
{
    *p = a;
}

static inline vec vec_add(vec a, vec b)
{
    return field_add(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return field_sub(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return field_mul(a, b);
}

static inline vec vec_dot4(vec a0, vec b0, vec a1, vec b1, vec a2, vec b2, vec a3, vec b3)
{
    return field_reduce4((uint64_t)a0 * b0 + (uint64_t)a1 * b1 + (uint64_t)a2 * b2 +
                         (uint64_t)a3 * b3);
}

#endif

/* VEC_WIDTH elements of F, coordinate by coordinate. */
struct vext {
    vec c[EXT_DEGREE];
};

static inline struct vext vext_zero(void)
{
    vec z = vec_splat(0);

    return (struct vext){{z, z, z, z}};
}

static inline struct vext vext_splat(struct ext a)
{
    return (struct vext){
        {vec_splat(a.c[0]), vec_splat(a.c[1]), vec_splat(a.c[2]), vec_splat(a.c[3])}};
}

static inline struct vext vext_load(struct ext_array a, size_t i)
{
    return (struct vext){
        {vec_load(a.c[0] + i), vec_load(a.c[1] + i), vec_load(a.c[2] + i), vec_load(a.c[3] + i)}};
}

static inline void vext_store(struct ext_array a, size_t i, struct vext v)
{
    for (unsigned j = 0; j < EXT_DEGREE; j++)
        vec_store(a.c[j] + i, v.c[j]);
}

/* Return the sum of the VEC_WIDTH elements of `v`. */
static inline struct ext vext_sum(struct vext v)
{
    field lanes[VEC_WIDTH];
    struct ext sum;

    for (unsigned j = 0; j < EXT_DEGREE; j++) {
        uint64_t total = 0;

        vec_store(lanes, v.c[j]);
        for (unsigned i = 0; i < VEC_WIDTH; i++)
            total += lanes[i];
        sum.c[j] = (field)(total % FIELD_P);
    }
    return sum;
}

static inline struct vext vext_add(struct vext a, struct vext b)
{
    return (struct vext){{vec_add(a.c[0], b.c[0]), vec_add(a.c[1], b.c[1]), vec_add(a.c[2], b.c[2]),
                          vec_add(a.c[3], b.c[3])}};
}

static inline struct vext vext_sub(struct vext a, struct vext b)
{
    return (struct vext){{vec_sub(a.c[0], b.c[0]), vec_sub(a.c[1], b.c[1]), vec_sub(a.c[2], b.c[2]),
                          vec_sub(a.c[3], b.c[3])}};
}

static inline struct vext vext_scale(struct vext a, vec b)
{
    return (struct vext){
        {vec_mul(a.c[0], b), vec_mul(a.c[1], b), vec_mul(a.c[2], b), vec_mul(a.c[3], b)}};
}

static inline vec vec_triple(vec a)
{
    return vec_add(a, vec_add(a, a));
}

static inline struct vext vext_mul(struct vext a, struct vext b)
{
    vec t1 = vec_triple(b.c[1]), t2 = vec_triple(b.c[2]), t3 = vec_triple(b.c[3]);

    return (struct vext){{
        vec_dot4(a.c[0], b.c[0], a.c[1], t3, a.c[2], t2, a.c[3], t1),
        vec_dot4(a.c[0], b.c[1], a.c[1], b.c[0], a.c[2], t3, a.c[3], t2),
        vec_dot4(a.c[0], b.c[2], a.c[1], b.c[1], a.c[2], b.c[0], a.c[3], t3),
        vec_dot4(a.c[0], b.c[3], a.c[1], b.c[2], a.c[2], b.c[1], a.c[3], b.c[0]),
    }};
}

/* Return a + r (b - a). */
static inline struct vext vext_lerp(struct vext a, struct vext b, struct vext r)
{
    return vext_add(a, vext_mul(r, vext_sub(b, a)));
}

#endif
