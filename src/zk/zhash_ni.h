/* SHA-256's compression function by the x86 SHA instructions, one stream or four interleaved. */
#ifndef ZK_ZHASH_NI_H
#define ZK_ZHASH_NI_H

#include <stdbool.h>
#include <stdint.h>

extern const uint32_t zhash_constants[64];

#if defined(__x86_64__)

/* Tell whether this machine has the instructions. */
bool zhash_ni_usable(void);

void zhash_ni_compress1(uint32_t state[8], const uint8_t *block);
void zhash_ni_compress4(uint32_t state[4][8], const uint8_t *const block[4]);

#else

static inline bool zhash_ni_usable(void)
{
    return false;
}

static inline void zhash_ni_compress1(uint32_t state[8], const uint8_t *block)
{
    (void)state, (void)block;
}

static inline void zhash_ni_compress4(uint32_t state[4][8], const uint8_t *const block[4])
{
    (void)state, (void)block;
}

#endif

#endif
