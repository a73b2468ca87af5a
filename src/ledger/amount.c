#include "ledger/amount.h"

enum { DIGITS_MAX = 39 }; /* 2^128 - 1 has 39 */

amount rd_amount(struct rd *r)
{
    amount high = rd_u64be(r);

    return high << 64 | rd_u64be(r);
}

void wr_amount(struct wr *w, amount value)
{
    wr_u64be(w, (uint64_t)(value >> 64));
    wr_u64be(w, (uint64_t)value);
}

void amount_put(struct buf *out, amount value)
{
    uint8_t digits[DIGITS_MAX];
    size_t at = DIGITS_MAX;

    do {
        digits[--at] = (uint8_t)('0' + (int)(value % 10));
        value /= 10;
    } while (value > 0);
    buf_put(out, slice_make(digits + at, DIGITS_MAX - at));
}

cocoon_err amount_read(struct slice text, amount *out)
{
    amount value = 0;

    if (text.len == 0 || (text.len > 1 && text.ptr[0] == '0'))
        return ERR_MALFORMED;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return ERR_MALFORMED;
        if (!amount_mul(value, 10, &value) ||
            !amount_add(value, (amount)(text.ptr[i] - '0'), &value))
            return ERR_RANGE;
    }
    *out = value;
    return OK;
}
