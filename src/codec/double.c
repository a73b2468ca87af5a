/*
 * Both directions work on exact integers of up to BIG_LIMBS * 32 bits, with a short cut for the
 * common small cases.
 *
 * Reading: text = D * 10^e. With num/den = D * 10^e, num is shifted by a power of two until the
 * quotient has 53 bits (fewer for subnormals); quotient and remainder give the rounding.
 *
 * Writing: the free-format algorithm of Steele and White as given by Burger and Dybvig (1996).
 * value = r/s; half the gaps to its neighbours are minus/s and plus/s; digits are produced until
 * what is left lies within a gap, which makes the text the shortest one and the last digit the
 * closest.
 */
#include "codec/double.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum {
    BIG_LIMBS = 128,
    SIGNIFICANT = 800,     /* digits beyond 767 matter only as "not zero" */
    MAGNITUDE_MAX = 330,   /* decimal; beyond it every value is infinite or zero */
    MANTISSA_BITS = 53,    /* the leading one included */
    LEAST_EXPONENT = 1074, /* the smallest positive double is 2^-1074 */
    DIGITS_MAX = 17,
};

static_assert(sizeof(double) == sizeof(uint64_t), "binary64");

/* A natural number, least significant limb first; limbs from len on are zero. */
struct big {
    uint32_t limb[BIG_LIMBS];
    size_t len;
};

static void big_set(struct big *b, uint64_t value)
{
    memset(b, 0, sizeof *b);
    b->limb[0] = (uint32_t)value;
    b->limb[1] = (uint32_t)(value >> 32);
    b->len = b->limb[1] != 0 ? 2 : b->limb[0] != 0;
}

/* b = b * factor + term. */
static void big_mul_add(struct big *b, uint32_t factor, uint32_t term)
{
    uint64_t carry = term;

    for (size_t i = 0; i < b->len; i++) {
        carry += (uint64_t)b->limb[i] * factor;
        b->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        assert(b->len < BIG_LIMBS);
        b->limb[b->len++] = (uint32_t)carry;
    }
}

static void big_mul_pow10(struct big *b, unsigned power)
{
    for (; power >= 9; power -= 9)
        big_mul_add(b, 1000000000, 0);
    for (; power > 0; power--)
        big_mul_add(b, 10, 0);
}

static void big_shift(struct big *b, unsigned bits)
{
    size_t limbs = bits / 32;

    if (b->len == 0)
        return;
    if (limbs > 0) {
        assert(b->len + limbs <= BIG_LIMBS);
        memmove(b->limb + limbs, b->limb, b->len * sizeof b->limb[0]);
        memset(b->limb, 0, limbs * sizeof b->limb[0]);
        b->len += limbs;
    }
    if (bits % 32 != 0)
        big_mul_add(b, (uint32_t)1 << bits % 32, 0);
}

static int big_cmp(const struct big *a, const struct big *b)
{
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    for (size_t i = a->len; i > 0; i--)
        if (a->limb[i - 1] != b->limb[i - 1])
            return a->limb[i - 1] < b->limb[i - 1] ? -1 : 1;
    return 0;
}

/* a = a - b, where a >= b. */
static void big_sub(struct big *a, const struct big *b)
{
    int64_t borrow = 0;

    for (size_t i = 0; i < a->len; i++) {
        borrow += (int64_t)a->limb[i] - (int64_t)b->limb[i];
        a->limb[i] = (uint32_t)borrow;
        borrow >>= 32; /* arithmetic: -1 or 0 */
    }
    assert(borrow == 0);
    while (a->len > 0 && a->limb[a->len - 1] == 0)
        a->len--;
}

static void big_add(struct big *a, const struct big *b)
{
    uint64_t carry = 0;
    size_t len = num_max(a->len, b->len);

    for (size_t i = 0; i < len; i++) {
        carry += (uint64_t)a->limb[i] + b->limb[i];
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    a->len = len;
    if (carry != 0) {
        assert(len < BIG_LIMBS);
        a->limb[a->len++] = (uint32_t)carry;
    }
}

/* Return the bits of `b`. */
static int big_bits(const struct big *b)
{
    if (b->len == 0)
        return 0;
    return (int)(b->len * 32) - __builtin_clz(b->limb[b->len - 1]);
}

/* A scanned number: sign, D as significant digits, and the exponent e. */
struct decimal {
    bool negative;
    uint8_t digits[SIGNIFICANT + 1];
    size_t count; /* without leading zeros; 0 for zero */
    int64_t exponent;
};

static uint8_t byte_at(struct slice s, size_t i)
{
    return i < s.len ? s.ptr[i] : 0;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static size_t skip_digits(struct slice s, size_t i)
{
    while (is_digit(byte_at(s, i)))
        i++;
    return i;
}

size_t double_scan(struct slice s)
{
    size_t i = byte_at(s, 0) == '-';
    size_t start;

    if (!is_digit(byte_at(s, i)))
        return 0;
    i = byte_at(s, i) == '0' ? i + 1 : skip_digits(s, i);
    if (byte_at(s, i) == '.') {
        start = i + 1;
        i = skip_digits(s, start);
        if (i == start)
            return 0;
    }
    if (byte_at(s, i) == 'e' || byte_at(s, i) == 'E') {
        start = i + 1;
        if (byte_at(s, start) == '+' || byte_at(s, start) == '-')
            start++;
        i = skip_digits(s, start);
        if (i == start)
            return 0;
    }
    return i;
}

/* Return the number after 'e', cut to what can still matter. */
static int64_t read_exponent(struct slice s)
{
    const int64_t huge = (int64_t)1 << 40; /* more than any digit count can make up for */
    bool negative = byte_at(s, 0) == '-';
    int64_t value = 0;

    for (size_t i = negative || byte_at(s, 0) == '+'; i < s.len; i++)
        value = value >= huge ? huge : value * 10 + (s.ptr[i] - '0');
    return negative ? -value : value;
}

static void add_digit(struct decimal *d, uint8_t digit, bool fraction)
{
    if (d->count < SIGNIFICANT) {
        if (d->count > 0 || digit != 0)
            d->digits[d->count++] = digit;
        d->exponent -= fraction;
        return;
    }
    if (digit != 0)
        d->digits[SIGNIFICANT - 1] |= 1; /* sticky: keeps a tie from looking exact */
    d->exponent += !fraction;
}

/* Split `s`, which double_scan accepted whole. */
static void decimal_read(struct slice s, struct decimal *d)
{
    bool fraction = false;
    size_t i = byte_at(s, 0) == '-';

    d->negative = i == 1;
    d->count = 0;
    d->exponent = 0;
    for (; i < s.len; i++) {
        if (s.ptr[i] == '.')
            fraction = true;
        else if (is_digit(s.ptr[i]))
            add_digit(d, (uint8_t)(s.ptr[i] - '0'), fraction);
        else
            break;
    }
    if (i < s.len)
        d->exponent += read_exponent(slice_skip(s, i + 1));
}

/* Set `*out` when D is below 2^53 and 10^|e| is exact too: one correctly rounded operation. */
static bool decimal_small(const struct decimal *d, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    uint64_t value = 0;

    if (d->count > 15 || d->exponent < -22 || d->exponent > 22)
        return false;
    for (size_t i = 0; i < d->count; i++)
        value = value * 10 + d->digits[i];
    *out = d->exponent < 0 ? (double)value / powers[-d->exponent]
                           : (double)value * powers[d->exponent];
    return true;
}

/*
 * Return the bits of the double nearest to num/den, both positive: quotient * 2^shift with a
 * quotient of 53 bits, or fewer where shift is at its least (subnormals). Changes both.
 */
static uint64_t nearest(struct big *num, struct big *den)
{
    struct big top;
    int shift;
    uint64_t quotient = 0;
    int order;

    shift = big_bits(num) - big_bits(den) - MANTISSA_BITS;
    shift = shift < -LEAST_EXPONENT ? -LEAST_EXPONENT : shift;
    big_shift(shift < 0 ? num : den, (unsigned)abs(shift));
    top = *den;
    big_shift(&top, MANTISSA_BITS);
    if (big_cmp(num, &top) >= 0) { /* the estimate was one too low */
        shift++;
        big_shift(den, 1);
    }
    big_shift(den, MANTISSA_BITS - 1);
    for (int i = 0; i < MANTISSA_BITS; i++) {
        bool bit = big_cmp(num, den) >= 0;

        if (bit)
            big_sub(num, den);
        big_shift(num, 1);
        quotient = quotient << 1 | bit;
    }
    order = big_cmp(num, den); /* twice the remainder against the divisor */
    if (order > 0 || (order == 0 && quotient % 2 == 1))
        quotient++;
    /* The leading bit of a normal quotient adds the one by which its exponent field is larger; so
     * does a carry out of the rounding. */
    return ((uint64_t)(shift + LEAST_EXPONENT) << (MANTISSA_BITS - 1)) + quotient;
}

static cocoon_err decimal_to_double(const struct decimal *d, double *out)
{
    const uint64_t infinity = (uint64_t)0x7ff << (MANTISSA_BITS - 1);
    int64_t magnitude = d->exponent + (int64_t)d->count; /* value < 10^magnitude */
    struct big num, den;
    uint64_t bits;

    if (decimal_small(d, out))
        return OK;
    if (d->count == 0 || magnitude < -MAGNITUDE_MAX) {
        *out = 0;
        return OK;
    }
    if (magnitude > MAGNITUDE_MAX)
        return ERR_RANGE;
    big_set(&num, 0);
    for (size_t i = 0; i < d->count; i++)
        big_mul_add(&num, 10, d->digits[i]);
    big_set(&den, 1);
    if (d->exponent < 0)
        big_mul_pow10(&den, (unsigned)-d->exponent);
    else
        big_mul_pow10(&num, (unsigned)d->exponent);
    bits = nearest(&num, &den);
    if (bits >= infinity)
        return ERR_RANGE;
    memcpy(out, &bits, sizeof *out);
    return OK;
}

cocoon_err double_read(struct slice text, double *out)
{
    struct decimal d;
    double value;
    cocoon_err err;

    if (text.len == 0 || double_scan(text) != text.len)
        return ERR_MALFORMED;
    decimal_read(text, &d);
    if ((err = decimal_to_double(&d, &value)) != OK)
        return err;
    *out = d.negative ? -value : value;
    return OK;
}

/* The state of digit generation: value = r/s, half gaps plus/s and minus/s. */
struct gap {
    struct big r, s, plus, minus;
    bool inclusive; /* an even mantissa owns the ends of its gap */
};

/* Set up `g` for mantissa * 2^exponent; `lowest` says that the gap below is half the one above. */
static void gap_init(struct gap *g, uint64_t mantissa, int exponent, bool lowest)
{
    unsigned up = exponent > 0 ? (unsigned)exponent : 0;
    unsigned down = exponent < 0 ? (unsigned)-exponent : 0;

    g->inclusive = mantissa % 2 == 0;
    big_set(&g->r, mantissa);
    big_set(&g->s, 1);
    big_set(&g->plus, 1);
    big_set(&g->minus, 1);
    big_shift(&g->r, up + 1 + lowest);
    big_shift(&g->s, down + 1 + lowest);
    big_shift(&g->plus, up + lowest);
    big_shift(&g->minus, up);
}

/* Tell whether the value, with its upper half gap, reaches s. */
static bool gap_reaches(const struct gap *g)
{
    struct big sum = g->r;
    int order;

    big_add(&sum, &g->plus);
    order = big_cmp(&sum, &g->s);
    return order > 0 || (order == 0 && g->inclusive);
}

static bool gap_low(const struct gap *g)
{
    int order = big_cmp(&g->r, &g->minus);

    return order < 0 || (order == 0 && g->inclusive);
}

static void gap_times_ten(struct gap *g)
{
    big_mul_add(&g->r, 10, 0);
    big_mul_add(&g->plus, 10, 0);
    big_mul_add(&g->minus, 10, 0);
}

/* Scale `g` into [1/10, 1) and return k: value = 0.digits * 10^k. `bits`: value < 2^bits. */
static int gap_scale(struct gap *g, int bits)
{
    int k = (bits - 1) * 1233 / 4096 - (bits < 1); /* at most floor(log10(value)) */

    if (k >= 0)
        big_mul_pow10(&g->s, (unsigned)k);
    for (int i = k; i < 0; i++)
        gap_times_ten(g);
    while (gap_reaches(g)) {
        big_mul_add(&g->s, 10, 0);
        k++;
    }
    return k;
}

/* Write the digits of `g` and return their number. */
static size_t gap_digits(struct gap *g, char *digits)
{
    size_t count = 0;
    bool low, high;

    do {
        char digit = '0';
        int half;

        gap_times_ten(g);
        for (; big_cmp(&g->r, &g->s) >= 0; digit++)
            big_sub(&g->r, &g->s);
        low = gap_low(g);
        high = gap_reaches(g);
        if (low && high) {
            big_shift(&g->r, 1);
            half = big_cmp(&g->r, &g->s);
            high = half > 0 || (half == 0 && digit % 2 == 1); /* ECMA-262: the even one of two */
        }
        assert(count < DIGITS_MAX);
        digits[count++] = (char)(digit + high);
    } while (!low && !high);
    return count;
}

/* Find the shortest digits of the positive `bits` of a double and return k as gap_scale does. */
static int shortest(uint64_t bits, char *digits, size_t *count)
{
    const uint64_t leading = (uint64_t)1 << (MANTISSA_BITS - 1);
    uint64_t mantissa = bits & (leading - 1);
    int exponent = (int)(bits >> (MANTISSA_BITS - 1));
    bool lowest = mantissa == 0 && exponent > 1;
    struct gap g;
    int k;

    if (exponent > 0)
        mantissa |= leading;
    exponent = (exponent > 0 ? exponent - 1 : 0) - LEAST_EXPONENT;
    gap_init(&g, mantissa, exponent, lowest);
    k = gap_scale(&g, 64 - __builtin_clzll(mantissa) + exponent);
    *count = gap_digits(&g, digits);
    return k;
}

static void put_zeros(struct buf *out, int n)
{
    for (; n > 0; n--)
        buf_put_u8(out, '0');
}

/* ECMA-262, Number::toString: the layout of `count` digits with value 0.digits * 10^k. */
static void put_layout(struct buf *out, struct slice digits, int k)
{
    int count = (int)digits.len;

    if (k > 21 || k <= -6) {
        buf_put(out, slice_sub(digits, 0, 1));
        if (count > 1)
            buf_put_u8(out, '.');
        buf_put(out, slice_skip(digits, 1));
        buf_put_text(out, k > 0 ? "e+" : "e-");
        buf_put_u64(out, (uint64_t)abs(k - 1));
    } else if (k <= 0) {
        buf_put_text(out, "0.");
        put_zeros(out, -k);
        buf_put(out, digits);
    } else if (k >= count) {
        buf_put(out, digits);
        put_zeros(out, k - count);
    } else {
        buf_put(out, slice_sub(digits, 0, (size_t)k));
        buf_put_u8(out, '.');
        buf_put(out, slice_skip(digits, (size_t)k));
    }
}

void double_put(struct buf *out, double value)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    char digits[DIGITS_MAX];
    size_t count;
    uint64_t bits;
    int k;

    assert(isfinite(value));
    if (value < 0)
        buf_put_u8(out, '-');
    value = fabs(value);
    if (value < exact && value == (double)(uint64_t)value) {
        buf_put_u64(out, (uint64_t)value);
        return;
    }
    memcpy(&bits, &value, sizeof bits);
    k = shortest(bits, digits, &count);
    put_layout(out, slice_make(digits, count), k);
}
