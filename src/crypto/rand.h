/* The system's randomness: the kernel's generator, drawn on each call, nothing buffered here. */
#ifndef CRYPTO_RAND_H
#define CRYPTO_RAND_H

#include "base/rng.h"

/*
 * The system's generator as an argument for pure code. It aborts rather than return weak bytes.
 * Thread-safe; safe after fork and after a VM is cloned.
 */
extern const struct rng rand_system;

/* Fill `out` from rand_system. */
void rand_fill(void *out, size_t len);

#endif
