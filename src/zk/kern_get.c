#include "zk/kern.h"

extern const struct kern kern_portable;

#if defined(__x86_64__)

extern const struct kern kern_avx2, kern_avx512;

const struct kern *kern_get(enum kern_isa limit)
{
    __builtin_cpu_init();
    if (limit >= KERN_AVX512 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni"))
        return &kern_avx512;
    if (limit >= KERN_AVX2 && __builtin_cpu_supports("avx2"))
        return &kern_avx2;
    return &kern_portable;
}

#else

const struct kern *kern_get(enum kern_isa limit)
{
    (void)limit;
    return &kern_portable;
}

#endif
