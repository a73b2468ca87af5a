/*
 * Part of kern.c: sums of int8 weights against elements of F without a field multiplication a
 * weight.
 *
 * Each coordinate of a weight is cut into bytes (AVX-512: four of 8 bits, for VNNI's u8 x s8 sums;
 * AVX2: five of 7 bits, so that pairs of products fit 16 bits). Sums over rows are exact in 32
 * bits; only the limbs' sums are put together modulo p, once a column. Montgomery form is linear,
 * so words times plain integers stay words.
 */
#ifndef ZK_KERN_I8_H
#define ZK_KERN_I8_H

#if defined(__AVX2__)

#if defined(__AVX512F__)
enum { LIMBS = 4, LIMB_BITS = 8 };
#else
enum { LIMBS = 5, LIMB_BITS = 7 };
#endif

static void planes(uint8_t *out, struct ext_array weight, size_t rows)
{
    for (size_t p = 0; p < EXT_DEGREE * LIMBS; p++)
        for (size_t r = 0; r < rows; r++) {
            field word = weight.c[p / LIMBS][r];

            out[p * rows + r] =
                (uint8_t)(word >> (p % LIMBS * LIMB_BITS) & ((1U << LIMB_BITS) - 1));
        }
}

/* Return acc + the products of four unsigned and signed bytes a lane. */
static vec dot_bytes(vec acc, vec unsigned_bytes, vec signed_bytes)
{
#if defined(__AVX512F__)
    return _mm512_dpbusd_epi32(acc, unsigned_bytes, signed_bytes);
#else
    vec pairs = _mm256_maddubs_epi16(unsigned_bytes, signed_bytes);

    return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#endif
}

/* Put signed limb sums together: sum of limb[b] * 2^(b * LIMB_BITS) mod p. */
static vec join_limbs(const vec *limb)
{
    vec sum = vec_splat(0);

    for (unsigned b = 0; b < LIMBS; b++) {
        vec word = vec_min32(limb[b], vec_add32(limb[b], vec_splat(FIELD_P)));

        sum = vec_add(sum, vec_mul(word, vec_splat(field_from_u32(1U << (b * LIMB_BITS)))));
    }
    return sum;
}

/* The columns [c, c + VEC_WIDTH), coordinate j. */
static vec fold_tile(const int8_t *m, const uint8_t *plane, size_t rows, size_t c, unsigned j)
{
    const uint8_t *limbs = plane + (size_t)j * LIMBS * rows;
    const int8_t *tile = m + c / KERN_ROWS * rows * KERN_ROWS + c % KERN_ROWS * 4;
    vec acc[LIMBS];

    for (unsigned b = 0; b < LIMBS; b++)
        acc[b] = vec_splat(0);
    for (size_t r = 0; r < rows; r += 4) {
        vec weights = vec_load((const field *)(const void *)(tile + r * KERN_ROWS));

        for (unsigned b = 0; b < LIMBS; b++) {
            uint32_t four;

            memcpy(&four, limbs + b * rows + r, sizeof four);
            acc[b] = dot_bytes(acc[b], vec_splat(four), weights);
        }
    }
    return join_limbs(acc);
}

static void fold_i8(struct ext_array out, const int8_t *m, const uint8_t *plane, size_t rows,
                    size_t from, size_t to)
{
    assert(from % KERN_ROWS == 0 && to % KERN_ROWS == 0 && rows % 4 == 0);
    for (size_t c = from; c < to; c += VEC_WIDTH)
        for (unsigned j = 0; j < EXT_DEGREE; j++)
            vec_store(out.c[j] + c, fold_tile(m, plane, rows, c, j));
}

#else

static void planes(uint8_t *out, struct ext_array weight, size_t rows)
{
    for (unsigned j = 0; j < EXT_DEGREE; j++)
        memcpy(out + j * rows * sizeof(field), weight.c[j], rows * sizeof(field));
}

static void fold_i8(struct ext_array out, const int8_t *m, const uint8_t *plane, size_t rows,
                    size_t from, size_t to)
{
    for (size_t c = from; c < to; c++)
        for (unsigned j = 0; j < EXT_DEGREE; j++) {
            int64_t sum = 0;

            for (size_t r = 0; r < rows; r++) {
                field word;

                memcpy(&word, plane + (j * rows + r) * sizeof word, sizeof word);
                sum +=
                    (int64_t)word *
                    m[(c / KERN_ROWS * rows + r / 4 * 4) * KERN_ROWS + c % KERN_ROWS * 4 + r % 4];
            }
            sum %= (int64_t)FIELD_P;
            out.c[j][c] = (field)(sum + (sum < 0 ? (int64_t)FIELD_P : 0));
        }
}

#endif

#endif
