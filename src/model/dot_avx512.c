#include <immintrin.h>

#include "model/dot.h"

enum { STEP = 32 };

int32_t dot_avx512(const int8_t *w, const int16_t *x, size_t count)
{
    __m512i sum = _mm512_setzero_si512();
    size_t whole = count - count % STEP;

    for (size_t i = 0; i < whole; i += STEP) {
        __m512i ww =
            _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i_u *)(const void *)(w + i)));

        sum = _mm512_add_epi32(sum, _mm512_madd_epi16(ww, _mm512_loadu_si512(x + i)));
    }
    return _mm512_reduce_add_epi32(sum) + dot_portable(w + whole, x + whole, count - whole);
}
