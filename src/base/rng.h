/*
 * Randomness as an argument: pure code draws from a struct rng that its caller chose, so simulators
 * and tests can repeat a run. The system's generator is crypto/rand.h.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>

struct rng {
    void (*fill)(void *state, void *out,
                 size_t len); /* never fails: it aborts rather than weaken */
    void *state;
};

static inline void rng_fill(const struct rng *rng, void *out, size_t len)
{
    rng->fill(rng->state, out, len);
}

#endif
