/* A token bucket: how many quotes may be made, because each costs the TEE tens of milliseconds. */
#ifndef CHANNEL_QUOTA_H
#define CHANNEL_QUOTA_H

#include "base/num.h"

struct quota {
    uint32_t burst;       /* tokens when full */
    uint32_t interval_ms; /* until one more */
    uint32_t tokens;
    uint64_t counted_ms; /* up to when refills have been counted */
};

/* Start full at `now_ms` (a monotonic clock). `burst` and `interval_ms` are at least 1. */
void quota_init(struct quota *q, uint32_t burst, uint32_t interval_ms, uint64_t now_ms);

/* Take one token at `now_ms` and return true, or return false. */
bool quota_take(struct quota *q, uint64_t now_ms);

#endif
