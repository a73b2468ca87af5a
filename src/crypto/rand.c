#include "crypto/rand.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

static void rand_system_fill(void *state, void *out, size_t len)
{
    uint8_t *at = out;

    (void)state;
    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            abort();
        at += n;
        len -= (size_t)n;
    }
}

const struct rng rand_system = {rand_system_fill, NULL};

void rand_fill(void *out, size_t len)
{
    rng_fill(&rand_system, out, len);
}
