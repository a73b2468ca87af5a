/*
 * The inner loop of inference: int8 weights by 16-bit values into 32 bits, exactly. Three builds of
 * one function; sums are exact integers, so all give the same bits.
 */
#ifndef MODEL_DOT_H
#define MODEL_DOT_H

#include <stddef.h>
#include <stdint.h>

/* Return sum of w[i] * x[i], i < count. The caller guarantees that no partial sum leaves 32 bits:
 * cmod_infer does. */
typedef int32_t dot_fn(const int8_t *w, const int16_t *x, size_t count);

dot_fn dot_portable;

#if defined(__x86_64__)
dot_fn dot_avx2, dot_avx512;
#endif

enum dot_isa { DOT_PORTABLE, DOT_AVX2, DOT_AVX512 };

/* Return the fastest build that this machine runs, of at most `limit`. */
dot_fn *dot_get(enum dot_isa limit);

#endif
