/*
 * Compiled three times (meson.build), with KERN_TABLE naming the table that each build fills.
 * Ranges shorter than a vector go to the portable build, so each loop is written once.
 */
#include "zk/kern.h"

#include <assert.h>
#include <string.h>

#include "zk/vec.h"

extern const struct kern kern_portable, kern_avx2, kern_avx512;

static void eq_grow(struct ext_array e, size_t size, struct ext r)
{
    struct vext rr = vext_splat(r);
    struct ext_array top = ext_array_from(e, size);

    if (size < VEC_WIDTH) {
        kern_portable.eq_grow(e, size, r);
        return;
    }
    for (size_t i = 0; i < size; i += VEC_WIDTH) {
        struct vext low = vext_load(e, i), high = vext_mul(low, rr);

        vext_store(top, i, high);
        vext_store(e, i, vext_sub(low, high));
    }
}

static void add(struct ext_array a, struct ext_array b, size_t size)
{
    if (size < VEC_WIDTH) {
        kern_portable.add(a, b, size);
        return;
    }
    for (size_t i = 0; i < size; i += VEC_WIDTH)
        vext_store(a, i, vext_add(vext_load(a, i), vext_load(b, i)));
}

static void halve(struct ext_array e, size_t half)
{
    add(e, ext_array_from(e, half), half);
}

static void add_scaled(struct ext_array a, struct ext_array b, struct ext factor, size_t size)
{
    struct vext f = vext_splat(factor);

    if (size < VEC_WIDTH) {
        kern_portable.add_scaled(a, b, factor, size);
        return;
    }
    for (size_t i = 0; i < size; i += VEC_WIDTH)
        vext_store(a, i, vext_add(vext_load(a, i), vext_mul(f, vext_load(b, i))));
}

/* a[i] += factor[0..3] by the tables at `powers`, which lie `KERN_POWERS` apart; whole vectors. */
static void add_four_powers(struct ext_array a, const field *powers, const struct ext *factor,
                            size_t size)
{
    struct vext f0 = vext_splat(factor[0]), f1 = vext_splat(factor[1]);
    struct vext f2 = vext_splat(factor[2]), f3 = vext_splat(factor[3]);

    for (size_t i = 0; i < size; i += VEC_WIDTH) {
        vec p0 = vec_load(powers + i), p1 = vec_load(powers + KERN_POWERS + i);
        vec p2 = vec_load(powers + (size_t)2 * KERN_POWERS + i);
        vec p3 = vec_load(powers + (size_t)3 * KERN_POWERS + i);

        for (unsigned j = 0; j < EXT_DEGREE; j++)
            vec_store(a.c[j] + i,
                      vec_add(vec_load(a.c[j] + i),
                              vec_dot4(p0, f0.c[j], p1, f1.c[j], p2, f2.c[j], p3, f3.c[j])));
    }
}

static void add_powers(struct ext_array a, const field *x, struct ext *factor, size_t count,
                       size_t size, field *scratch)
{
    size_t fours = count - count % 4;

    for (size_t j = 0; j < count; j++) {
        scratch[j * KERN_POWERS] = FIELD_ONE;
        for (size_t i = 1; i < KERN_POWERS; i++)
            scratch[j * KERN_POWERS + i] = field_mul(scratch[j * KERN_POWERS + i - 1], x[j]);
    }
    for (size_t from = 0; from < size; from += KERN_POWERS) {
        size_t n = size - from < KERN_POWERS ? size - from : KERN_POWERS, whole = n - n % VEC_WIDTH;
        struct ext_array at = ext_array_from(a, from);

        for (size_t j = 0; j < fours; j += 4)
            add_four_powers(at, scratch + j * KERN_POWERS, factor + j, whole);
        for (size_t j = 0; j < count; j++) {
            const field *powers = scratch + j * KERN_POWERS;

            for (size_t i = j < fours ? whole : 0; i < n; i++)
                ext_array_set(at, i,
                              ext_add(ext_array_get(at, i), ext_scale(factor[j], powers[i])));
            factor[j] = ext_scale(factor[j], field_mul(powers[KERN_POWERS - 1], x[j]));
        }
    }
}

/* Load integers of absolute value below p as elements. */
static vec load_i32(const int32_t *v)
{
#if !defined(__AVX2__)
    return field_from_i64(*v);
#else
    vec word = vec_load((const field *)v);

    word = vec_min32(word, vec_add32(word, vec_splat(FIELD_P)));
    return vec_mul(word, vec_splat(FIELD_SQUARE));
#endif
}

static void denominators(struct ext_array out, struct ext base, const struct ext b[3],
                         const int32_t *const v[3], size_t size)
{
    struct vext k = vext_splat(base);
    size_t whole = size - size % VEC_WIDTH;
    const int32_t *rest[3];

    for (size_t i = 0; i < whole; i += VEC_WIDTH) {
        struct vext d = k;

        for (unsigned j = 0; j < 3; j++)
            if (v[j] != NULL)
                d = vext_sub(d, vext_scale(vext_splat(b[j]), load_i32(v[j] + i)));
        vext_store(out, i, d);
    }
    for (unsigned j = 0; j < 3; j++)
        rest[j] = v[j] == NULL ? NULL : v[j] + whole;
    if (whole < size)
        kern_portable.denominators(ext_array_from(out, whole), base, b, rest, size - whole);
}

static void add_i32(struct ext_array a, struct ext factor, const int32_t *v, size_t size)
{
    struct vext f = vext_splat(factor);
    size_t whole = size - size % VEC_WIDTH;

    for (size_t i = 0; i < whole; i += VEC_WIDTH)
        vext_store(a, i, vext_add(vext_load(a, i), vext_scale(f, load_i32(v + i))));
    if (whole < size)
        kern_portable.add_i32(ext_array_from(a, whole), factor, v + whole, size - whole);
}

static struct ext dot_i32(struct ext_array e, const int32_t *v, size_t size)
{
    struct vext sum = vext_zero();

    if (size < VEC_WIDTH)
        return kern_portable.dot_i32(e, v, size);
    for (size_t i = 0; i < size; i += VEC_WIDTH)
        sum = vext_add(sum, vext_scale(vext_load(e, i), load_i32(v + i)));
    return vext_sum(sum);
}

static void from_i32(field *out, const int32_t *v, size_t size)
{
    size_t whole = size - size % VEC_WIDTH;

    for (size_t i = 0; i < whole; i += VEC_WIDTH)
        vec_store(out + i, load_i32(v + i));
    if (whole < size)
        kern_portable.from_i32(out + whole, v + whole, size - whole);
}

static void fraction_add(struct ext_array p, struct ext_array q, const struct kern_halves *c,
                         size_t from, size_t to)
{
    if (to - from < VEC_WIDTH) {
        kern_portable.fraction_add(p, q, c, from, to);
        return;
    }
    for (size_t i = from; i < to; i += VEC_WIDTH) {
        struct vext q0 = vext_load(c->q0, i), q1 = vext_load(c->q1, i);
        struct vext p0 = vext_load(c->p0, i), p1 = vext_load(c->p1, i);

        vext_store(p, i, vext_add(vext_mul(p0, q1), vext_mul(p1, q0)));
        vext_store(q, i, vext_mul(q0, q1));
    }
}

/* The values at 0 and 1 of one array's line over pair x, folded first if asked. */
struct pair {
    struct vext at0, at1;
};

static inline __attribute__((always_inline)) struct pair
pair_load(struct ext_array a, size_t x, size_t half, const struct vext *fold)
{
    struct pair p = {vext_load(a, x), vext_load(a, x + half)};

    if (fold == NULL)
        return p;
    p.at0 = vext_lerp(p.at0, vext_load(a, x + 2 * half), *fold);
    p.at1 = vext_lerp(p.at1, vext_load(a, x + 3 * half), *fold);
    vext_store(a, x, p.at0);
    vext_store(a, x + half, p.at1);
    return p;
}

static struct vext pair_delta(const struct pair *p)
{
    return vext_sub(p->at1, p->at0);
}

static void fraction_round(const struct kern_halves *a, struct ext_array e, size_t half,
                           const struct ext *fold, size_t from, size_t to, struct ext sums[2])
{
    struct vext s0 = vext_zero(), s2 = vext_zero(), r, *folding = NULL;

    if (to - from < VEC_WIDTH) {
        kern_portable.fraction_round(a, e, half, fold, from, to, sums);
        return;
    }
    if (fold != NULL) {
        r = vext_splat(*fold);
        folding = &r;
    }
    for (size_t x = from; x < to; x += VEC_WIDTH) {
        struct pair p0 = pair_load(a->p0, x, half, folding);
        struct pair q1 = pair_load(a->q1, x, half, folding);
        struct pair q0 = pair_load(a->q0, x, half, folding);
        struct pair p1 = pair_load(a->p1, x, half, folding);
        struct vext weight = vext_load(e, x);
        struct vext at0 = vext_add(vext_mul(p0.at0, q1.at0), vext_mul(q0.at0, p1.at0));
        struct vext top = vext_add(vext_mul(pair_delta(&p0), pair_delta(&q1)),
                                   vext_mul(pair_delta(&q0), pair_delta(&p1)));

        s0 = vext_add(s0, vext_mul(weight, at0));
        s2 = vext_add(s2, vext_mul(weight, top));
    }
    sums[0] = ext_add(sums[0], vext_sum(s0));
    sums[1] = ext_add(sums[1], vext_sum(s2));
}

static void dot_round(struct ext_array e, struct ext_array f, size_t half, const struct ext *fold,
                      size_t from, size_t to, struct ext sums[2])
{
    struct vext s0 = vext_zero(), s2 = vext_zero(), r, *folding = NULL;

    if (to - from < VEC_WIDTH) {
        kern_portable.dot_round(e, f, half, fold, from, to, sums);
        return;
    }
    if (fold != NULL) {
        r = vext_splat(*fold);
        folding = &r;
    }
    for (size_t x = from; x < to; x += VEC_WIDTH) {
        struct pair pe = pair_load(e, x, half, folding), pf = pair_load(f, x, half, folding);

        s0 = vext_add(s0, vext_mul(pe.at0, pf.at0));
        s2 = vext_add(s2, vext_mul(pair_delta(&pe), pair_delta(&pf)));
    }
    sums[0] = ext_add(sums[0], vext_sum(s0));
    sums[1] = ext_add(sums[1], vext_sum(s2));
}

static void dot_round_base(struct ext_array e, const field *f, size_t half, size_t from, size_t to,
                           struct ext sums[2])
{
    struct vext s0 = vext_zero(), s2 = vext_zero();

    if (to - from < VEC_WIDTH) {
        kern_portable.dot_round_base(e, f, half, from, to, sums);
        return;
    }
    for (size_t x = from; x < to; x += VEC_WIDTH) {
        struct vext e0 = vext_load(e, x), e1 = vext_load(e, x + half);
        vec f0 = vec_load(f + x), f1 = vec_load(f + x + half);

        s0 = vext_add(s0, vext_scale(e0, f0));
        s2 = vext_add(s2, vext_scale(vext_sub(e1, e0), vec_sub(f1, f0)));
    }
    sums[0] = ext_add(sums[0], vext_sum(s0));
    sums[1] = ext_add(sums[1], vext_sum(s2));
}

static void fold_base(struct ext_array out, const field *f, size_t half, struct ext r, size_t from,
                      size_t to)
{
    struct vext rr = vext_splat(r);

    if (to - from < VEC_WIDTH) {
        kern_portable.fold_base(out, f, half, r, from, to);
        return;
    }
    for (size_t x = from; x < to; x += VEC_WIDTH) {
        vec f0 = vec_load(f + x);
        struct vext line = vext_scale(rr, vec_sub(vec_load(f + x + half), f0));

        line.c[0] = vec_add(line.c[0], f0);
        vext_store(out, x, line);
    }
}

static void fold(struct ext_array a, size_t half, struct ext r, size_t from, size_t to)
{
    struct vext rr = vext_splat(r);

    if (to - from < VEC_WIDTH) {
        kern_portable.fold(a, half, r, from, to);
        return;
    }
    for (size_t x = from; x < to; x += VEC_WIDTH)
        vext_store(a, x, vext_lerp(vext_load(a, x), vext_load(a, x + half), rr));
}

static void fold_rows(struct ext_array out, const field *m, size_t stride, struct ext_array weight,
                      size_t rows, size_t from, size_t to)
{
    assert(rows % KERN_ROWS == 0);
    for (size_t c = from; c < to; c++) {
        struct vext sum = vext_zero();

        for (size_t r = 0; r < rows; r += VEC_WIDTH)
            sum = vext_add(sum, vext_scale(vext_load(weight, r), vec_load(m + c * stride + r)));
        ext_array_set(out, c, vext_sum(sum));
    }
}

#include "zk/kern_i8.h"
#include "zk/kern_ntt.h"

const struct kern KERN_TABLE = {
    .isa = KERN_ISA,
    .eq_grow = eq_grow,
    .halve = halve,
    .add = add,
    .add_scaled = add_scaled,
    .add_powers = add_powers,
    .denominators = denominators,
    .add_i32 = add_i32,
    .dot_i32 = dot_i32,
    .from_i32 = from_i32,
    .fraction_add = fraction_add,
    .fraction_round = fraction_round,
    .dot_round = dot_round,
    .dot_round_base = dot_round_base,
    .fold_base = fold_base,
    .fold = fold,
    .fold_rows = fold_rows,
    .planes = planes,
    .fold_i8 = fold_i8,
    .ntt = ntt,
};
