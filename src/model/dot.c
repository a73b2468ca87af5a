#include "model/dot.h"

int32_t dot_portable(const int8_t *w, const int16_t *x, size_t count)
{
    int32_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += w[i] * x[i];
    return sum;
}

#if defined(__x86_64__)

dot_fn *dot_get(enum dot_isa limit)
{
    __builtin_cpu_init();
    if (limit >= DOT_AVX512 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw"))
        return dot_avx512;
    if (limit >= DOT_AVX2 && __builtin_cpu_supports("avx2"))
        return dot_avx2;
    return dot_portable;
}

#else

dot_fn *dot_get(enum dot_isa limit)
{
    (void)limit;
    return dot_portable;
}

#endif
