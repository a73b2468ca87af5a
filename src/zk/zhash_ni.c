/*
 * The instructions keep the state as ABEF and CDGH; four rounds take one group of four message
 * words. Compiled with -msha; called only where zhash_ni_usable() says so.
 */
#include "zk/zhash_ni.h"

#include <cpuid.h>
#include <immintrin.h>
#include <stddef.h>

enum { STREAMS_MAX = 4, GROUPS = 16 };

struct state {
    __m128i abef, cdgh;
};

bool zhash_ni_usable(void)
{
    static int known; /* 0 unknown, 1 yes, -1 no; racing threads store the same value */
    unsigned a, b, c, d;

    if (known == 0)
        known = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0 ? 1 : -1;
    return known > 0;
}

static inline __m128i load(const void *p)
{
    return _mm_loadu_si128((const __m128i_u *)p);
}

static inline struct state state_load(const uint32_t h[8])
{
    __m128i badc = _mm_shuffle_epi32(load(h), 0xb1), hgfe = _mm_shuffle_epi32(load(h + 4), 0x1b);

    return (struct state){_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0)};
}

static inline void state_store(struct state s, uint32_t h[8])
{
    __m128i feba = _mm_shuffle_epi32(s.abef, 0x1b), dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);

    _mm_storeu_si128((__m128i_u *)(void *)h, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i_u *)(void *)(h + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Words of group g + 4 from those of groups g .. g + 3. */
static inline __m128i schedule(__m128i g0, __m128i g1, __m128i g2, __m128i g3)
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(g0, g1), _mm_alignr_epi8(g3, g2, 4));

    return _mm_sha256msg2_epu32(sum, g3);
}

static inline __attribute__((always_inline)) void
compress(uint32_t state[][8], const uint8_t *const block[], const size_t streams)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i w[STREAMS_MAX][4];
    struct state s[STREAMS_MAX], start[STREAMS_MAX];

    for (size_t i = 0; i < streams; i++) {
        start[i] = s[i] = state_load(state[i]);
        for (size_t g = 0; g < 4; g++)
            w[i][g] = _mm_shuffle_epi8(load(block[i] + g * 16), swap);
    }
#pragma GCC unroll 16
    for (size_t g = 0; g < GROUPS; g++) {
        __m128i k = load(zhash_constants + g * 4);

        for (size_t i = 0; i < streams; i++) {
            __m128i x = _mm_add_epi32(w[i][g % 4], k);

            s[i].cdgh = _mm_sha256rnds2_epu32(s[i].cdgh, s[i].abef, x);
            s[i].abef = _mm_sha256rnds2_epu32(s[i].abef, s[i].cdgh, _mm_shuffle_epi32(x, 0x0e));
            if (g + 4 < GROUPS)
                w[i][g % 4] =
                    schedule(w[i][g % 4], w[i][(g + 1) % 4], w[i][(g + 2) % 4], w[i][(g + 3) % 4]);
        }
    }
    for (size_t i = 0; i < streams; i++) {
        s[i].abef = _mm_add_epi32(s[i].abef, start[i].abef);
        s[i].cdgh = _mm_add_epi32(s[i].cdgh, start[i].cdgh);
        state_store(s[i], state[i]);
    }
}

void zhash_ni_compress1(uint32_t state[8], const uint8_t *block)
{
    compress((uint32_t(*)[8])state, &block, 1);
}

void zhash_ni_compress4(uint32_t state[4][8], const uint8_t *const block[4])
{
    compress(state, block, STREAMS_MAX);
}
