/*
 * Part of kern.c: number-theoretic transforms of many polynomials at once, one a lane.
 *
 * Decimation in frequency, natural order in, bit-reversed order out. Zero coefficients above k cost
 * nothing because a code of rate 2^-b is 2^b cosets of a transform of the message's own length. The
 * recursion is cache-oblivious: after one radix-4 pass the four quarters are independent.
 */
#ifndef ZK_KERN_NTT_H
#define ZK_KERN_NTT_H

/* Transform v[0 .. 2^log_len) in place; roots[i << shift] are the powers of its root. */
static void transform(vec *v, unsigned log_len, const field *roots, unsigned shift)
{
    size_t quarter = ((size_t)1 << log_len) / 4;
    vec fourth;

    if (log_len == 0)
        return;
    if (log_len == 1) {
        vec a = v[0], b = v[1];

        v[0] = vec_add(a, b);
        v[1] = vec_sub(a, b);
        return;
    }
    fourth = vec_splat(roots[quarter << shift]);
    for (size_t j = 0; j < quarter; j++) {
        field w1 = roots[j << shift], w2 = roots[2 * j << shift], w3 = field_mul(w1, w2);
        vec a = v[j], b = v[j + quarter], c = v[j + 2 * quarter], d = v[j + 3 * quarter];
        vec ac = vec_add(a, c), bd = vec_add(b, d);
        vec da = vec_sub(a, c), db = vec_mul(vec_sub(b, d), fourth);

        v[j] = vec_add(ac, bd);
        v[j + quarter] = vec_mul(vec_sub(ac, bd), vec_splat(w2));
        v[j + 2 * quarter] = vec_mul(vec_add(da, db), vec_splat(w1));
        v[j + 3 * quarter] = vec_mul(vec_sub(da, db), vec_splat(w3));
    }
    for (size_t i = 0; i < 4; i++)
        transform(v + i * quarter, log_len - 2, roots, shift + 2);
}

static void ntt(const field *in, size_t in_stride, size_t k, field *out, size_t out_stride,
                size_t lanes, unsigned log_m, unsigned log_n, size_t coset, const field *roots,
                field *scratch)
{
    size_t m = (size_t)1 << log_m, mask = ((size_t)1 << log_n) - 1;
    vec *v = (vec *)(void *)scratch;

    assert(k <= m && log_m <= log_n && (uintptr_t)scratch % sizeof(vec) == 0);
    for (size_t lane = 0; lane < lanes; lane += VEC_WIDTH) {
        for (size_t i = 0; i < k; i++)
            v[i] = vec_mul(vec_load(in + i * in_stride + lane), vec_splat(roots[i * coset & mask]));
        for (size_t i = k; i < m; i++)
            v[i] = vec_splat(0);
        transform(v, log_m, roots, log_n - log_m);
        for (size_t i = 0; i < m; i++)
            vec_store(out + i * out_stride + lane, v[i]);
    }
}

#endif
