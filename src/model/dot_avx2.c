#include <immintrin.h>

#include "model/dot.h"

enum { STEP = 16 };

int32_t dot_avx2(const int8_t *w, const int16_t *x, size_t count)
{
    __m256i sum = _mm256_setzero_si256();
    size_t whole = count - count % STEP;
    __m128i half;

    for (size_t i = 0; i < whole; i += STEP) {
        __m256i ww =
            _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i_u *)(const void *)(w + i)));
        __m256i xx = _mm256_loadu_si256((const __m256i_u *)(const void *)(x + i));

        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(ww, xx));
    }
    half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    return _mm_cvtsi128_si32(half) + dot_portable(w + whole, x + whole, count - whole);
}
