#include "channel/quota.h"

#include <assert.h>

void quota_init(struct quota *q, uint32_t burst, uint32_t interval_ms, uint64_t now_ms)
{
    assert(burst > 0 && interval_ms > 0);
    *q = (struct quota){
        .burst = burst, .interval_ms = interval_ms, .tokens = burst, .counted_ms = now_ms};
}

/* Add the tokens that fell due up to `now_ms`; time that stands still or goes back adds none. */
static void refill(struct quota *q, uint64_t now_ms)
{
    uint64_t due;

    if (now_ms <= q->counted_ms)
        return;
    due = (now_ms - q->counted_ms) / q->interval_ms;
    q->counted_ms += due * q->interval_ms;
    q->tokens = due >= q->burst - q->tokens ? q->burst : q->tokens + (uint32_t)due;
}

bool quota_take(struct quota *q, uint64_t now_ms)
{
    refill(q, now_ms);
    if (q->tokens == 0)
        return false;
    if (q->tokens == q->burst) /* a full bucket was not filling */
        q->counted_ms = now_ms;
    q->tokens--;
    return true;
}
