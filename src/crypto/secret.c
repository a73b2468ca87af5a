#include "crypto/secret.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/mem.h"
#include "crypto/sodium_once.h"

void secret32_fill(struct secret32 *s, const struct rng *rng)
{
    rng_fill(rng, s->bytes, sizeof s->bytes);
}

void secret32_wipe(struct secret32 *s)
{
    mem_wipe(s, sizeof *s);
}

bool secret32_eq(const struct secret32 *a, const struct secret32 *b)
{
    return slice_eq_ct(secret32_slice(a), secret32_slice(b));
}

void *secret_pages(size_t size)
{
    void *ptr;

    sodium_once();
    ptr = sodium_malloc(size); /* locks as far as RLIMIT_MEMLOCK allows, MADV_DONTDUMP */
    if (ptr == NULL)
        abort();
    mem_wipe(ptr, size); /* sodium fills with 0xdb */
    return ptr;
}

void secret_pages_free(void *ptr)
{
    sodium_free(ptr);
}
