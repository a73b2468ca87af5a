/*
 * The hot loops of prover and verifier, in three builds of one source (kern.c): portable, AVX2 and
 * AVX-512. All give the same words. A build is chosen once, at start, and passed on; tests pass
 * each in turn.
 *
 * A function that takes `from` and `to` does the part [from, to) of its loop, so that two threads
 * can share it; both are multiples of 16 or the whole range is shorter than that. Sizes are powers
 * of two unless said otherwise. Arrays do not overlap unless said otherwise.
 */
#ifndef ZK_KERN_H
#define ZK_KERN_H

#include "zk/ext_array.h"

/* Rows are processed in groups of this many; matrices have a multiple of it. */
enum { KERN_ROWS = 16 };

/* Powers that add_powers tabulates of each base. */
enum { KERN_POWERS = 256 };

enum kern_isa { KERN_PORTABLE, KERN_AVX2, KERN_AVX512 };

/* One layer of the fraction tree during its sumcheck: numerators and denominators of both halves.
 */
struct kern_halves {
    struct ext_array p0, q0, p1, q1;
};

/* Bytes of the planes that fold_i8 reads for a column of `rows` rows. */
#define KERN_PLANES_BYTES(rows) ((rows)*20)

struct kern {
    enum kern_isa isa;

    /* e[size + i] = e[i] * r and e[i] -= e[size + i], i < size: one more variable of an eq table.
     */
    void (*eq_grow)(struct ext_array e, size_t size, struct ext r);

    /* e[i] += e[half + i]: sum the top variable away. */
    void (*halve)(struct ext_array e, size_t half);

    /* a[i] += b[i], i < size. */
    void (*add)(struct ext_array a, struct ext_array b, size_t size);

    /* a[i] += factor * b[i]. */
    void (*add_scaled)(struct ext_array a, struct ext_array b, struct ext factor, size_t size);

    /*
     * a[i] += sum of factor[j] * x[j]^i, j < count, i < size (any size, any count). `scratch` holds
     * count * KERN_POWERS words. Overwrites `factor`.
     */
    void (*add_powers)(struct ext_array a, const field *x, struct ext *factor, size_t count,
                       size_t size, field *scratch);

    /* out[i] = base - sum of b[j] v[j][i] for integers |v| < p, j < 3; a v[j] may be NULL. Any
     * size. */
    void (*denominators)(struct ext_array out, struct ext base, const struct ext b[3],
                         const int32_t *const v[3], size_t size);

    /* a[i] += factor * v[i] for integers |v| < p. Any size. */
    void (*add_i32)(struct ext_array a, struct ext factor, const int32_t *v, size_t size);

    /* Return sum of e[i] v[i] for integers |v| < p. */
    struct ext (*dot_i32)(struct ext_array e, const int32_t *v, size_t size);

    /* out[i] = v[i] as elements of GF(p), |v| < p. Any size. */
    void (*from_i32)(field *out, const int32_t *v, size_t size);

    /* One layer up: p[i] = c.p0 c.q1 + c.p1 c.q0 and q[i] = c.q0 c.q1. */
    void (*fraction_add)(struct ext_array p, struct ext_array q, const struct kern_halves *c,
                         size_t from, size_t to);

    /*
     * One round of a layer's sumcheck (docs/spec/zk.md 6.2) over pairs x < half. With `fold`, the
     * arrays hold 4 * half elements, which are first folded at *fold to 2 * half in place. sums[0]
     * += sum e (p0 q1 + q0 p1) at 0 and sums[1] += its coefficient of X^2.
     */
    void (*fraction_round)(const struct kern_halves *a, struct ext_array e, size_t half,
                           const struct ext *fold, size_t from, size_t to, struct ext sums[2]);

    /* As fraction_round for sum e f: the round polynomial at 0 and its coefficient of X^2. */
    void (*dot_round)(struct ext_array e, struct ext_array f, size_t half, const struct ext *fold,
                      size_t from, size_t to, struct ext sums[2]);

    /* The first dot_round, f being in GF(p). */
    void (*dot_round_base)(struct ext_array e, const field *f, size_t half, size_t from, size_t to,
                           struct ext sums[2]);

    /* out[i] = f[i] + r (f[half + i] - f[i]). */
    void (*fold_base)(struct ext_array out, const field *f, size_t half, struct ext r, size_t from,
                      size_t to);

    /* a[i] += r (a[half + i] - a[i]). */
    void (*fold)(struct ext_array a, size_t half, struct ext r, size_t from, size_t to);

    /* out[c] = sum of weight[r] * m[c * stride + r] over `rows` rows (a multiple of KERN_ROWS). */
    void (*fold_rows)(struct ext_array out, const field *m, size_t stride, struct ext_array weight,
                      size_t rows, size_t from, size_t to);

    /* Lay out the weights of `rows` rows for fold_i8: KERN_PLANES_BYTES(rows) bytes, aligned to 4.
     */
    void (*planes)(uint8_t *out, struct ext_array weight, size_t rows);

    /*
     * As fold_rows for a matrix of bytes in tiles of 16 columns by 4 rows: byte (c, r) lies at
     * (c / 16 * rows + r / 4 * 4) * 16 + c % 16 * 4 + r % 4. `from` and `to` are multiples of 16.
     */
    void (*fold_i8)(struct ext_array out, const int8_t *m, const uint8_t *planes, size_t rows,
                    size_t from, size_t to);

    /*
     * Evaluate polynomials of `k` coefficients at one coset of roots of unity (ntt.h): lane r of
     * in[i * in_stride + r] is coefficient i of polynomial r, r < lanes <= KERN_ROWS. Writes
     * out[j * out_stride + r], j < 2^log_m, in bit-reversed order. `roots` are the 2^log_n powers
     * of the root of order 2^log_n; the coset is that of roots[coset]. `scratch` holds
     * KERN_ROWS << log_m words. Rows of `in` and `out` are KERN_ROWS wide from the given pointer.
     */
    void (*ntt)(const field *in, size_t in_stride, size_t k, field *out, size_t out_stride,
                size_t lanes, unsigned log_m, unsigned log_n, size_t coset, const field *roots,
                field *scratch);
};

/* Return the best build that this machine runs, of at most `limit`. */
const struct kern *kern_get(enum kern_isa limit);

#endif
