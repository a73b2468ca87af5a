/*
 * Amounts of money: unsigned 128-bit counts of the network's smallest unit, never negative, never
 * wrapped. 16 bytes big-endian in hashed bytes, a decimal string in JSON.
 */
#ifndef LEDGER_AMOUNT_H
#define LEDGER_AMOUNT_H

#include "base/buf.h"
#include "base/rd.h"
#include "base/wr.h"

__extension__ typedef unsigned __int128 amount;

/* Set `*out` to a + b, or a - b, or a * b, and return true; leave it alone and return false if the
 * result is no amount. */
static inline bool amount_add(amount a, amount b, amount *out)
{
    amount sum;

    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

static inline bool amount_sub(amount a, amount b, amount *out)
{
    if (a < b)
        return false;
    *out = a - b;
    return true;
}

static inline bool amount_mul(amount a, amount b, amount *out)
{
    amount product;

    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

amount rd_amount(struct rd *r);
void wr_amount(struct wr *w, amount value);

/* Append `value` in decimal. */
void amount_put(struct buf *out, amount value);

/* Parse all of `text` as a decimal without sign or leading zeros. ERR_MALFORMED, ERR_RANGE. */
cocoon_err amount_read(struct slice text, amount *out) MUST_CHECK;

#endif
