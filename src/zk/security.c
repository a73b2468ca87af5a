#include "zk/security.h"

#include <assert.h>

uint32_t security_log2(uint64_t a, uint64_t b)
{
    uint64_t x; /* a / b in 2^-30, rounded down; squaring rounds down too */
    uint32_t log = 0;

    assert(b > 0 && b <= a && a <= 2 * b && a < (uint64_t)1 << 34);
    x = (a << 30) / b;
    if (x >= (uint64_t)2 << 30)
        return SECURITY_UNIT;
    for (int i = 0; i < 16; i++) {
        x = x * x >> 30;
        log *= 2;
        if (x >= (uint64_t)2 << 30) {
            log++;
            x /= 2;
        }
    }
    return log;
}

uint32_t security_queries(size_t k, unsigned log_n)
{
    uint64_t n = (uint64_t)1 << log_n;
    uint64_t each = security_log2(2 * n, n + k);

    assert(k < n);
    return (uint32_t)(((uint64_t)SECURITY_QUERY_TARGET * SECURITY_UNIT + each - 1) / each);
}

/* Return the bits of an error of `terms` / |F|, rounded down. */
static uint32_t field_bits(uint64_t terms)
{
    uint64_t all = (uint64_t)SECURITY_FIELD_MILLI * SECURITY_UNIT / 1000, lost;
    unsigned whole = 0;

    while (whole < 33 && (uint64_t)2 << whole <= terms)
        whole++;
    if (terms >> whole > 1)
        return 0; /* more than 2^34: no proof is that large */
    lost = whole * (uint64_t)SECURITY_UNIT;
    if (terms > (uint64_t)1 << whole)
        lost += security_log2(terms, (uint64_t)1 << whole) + 1; /* + 1: rounded up */
    return (uint32_t)((all - lost) / SECURITY_UNIT);
}

static uint32_t query_bits(size_t k, unsigned log_n, uint32_t queries)
{
    uint64_t n = (uint64_t)1 << log_n;

    if (k >= n)
        return 0;
    return (uint32_t)((uint64_t)queries * security_log2(2 * n, n + k) / SECURITY_UNIT);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t security_bits(const struct security *s)
{
    uint32_t bits = field_bits(s->lookups * s->columns);

    if (s->lookups >= 0x7f000001) /* LogUp counts modulo p */
        return 0;
    bits = least(bits, field_bits(s->combined));
    bits = least(bits, field_bits(2 * s->products + 1));
    bits = least(bits, field_bits((uint64_t)1 << s->weights_log_n));
    bits = least(bits, field_bits((uint64_t)1 << s->data_log_n));
    bits = least(bits, query_bits(s->weights_k, s->weights_log_n, s->weights_queries));
    return least(bits, query_bits(s->data_k, s->data_log_n, s->data_queries));
}
