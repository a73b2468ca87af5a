#include "crypto/hmac.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

/* Start `h` with the key block XORed with `pad` in every byte (RFC 2104 section 2). */
static void hmac_pad(struct hash_ctx *h, enum hash_alg alg, const uint8_t *block, uint8_t pad)
{
    uint8_t padded[HASH_BLOCK_MAX];
    size_t len = hash_block_len(alg);

    for (size_t i = 0; i < len; i++)
        padded[i] = block[i] ^ pad;
    hash_init(h, alg);
    hash_update(h, slice_make(padded, len));
    mem_wipe(padded, sizeof padded);
}

void hmac_init(struct hmac *h, enum hash_alg alg, struct slice key)
{
    uint8_t block[HASH_BLOCK_MAX] = {0};

    assert(alg != HASH_SHA1_PCR);
    if (key.len > hash_block_len(alg))
        hash_once(alg, key, block);
    else if (key.len > 0)
        memcpy(block, key.ptr, key.len);
    hmac_pad(&h->inner, alg, block, 0x36);
    hmac_pad(&h->outer, alg, block, 0x5c);
    mem_wipe(block, sizeof block);
}

void hmac_wipe(struct hmac *h)
{
    mem_wipe(h, sizeof *h);
}

void hmac_parts(const struct hmac *h, const struct slice *parts, size_t count, void *out)
{
    struct hash_ctx ctx = h->inner;
    uint8_t inner[HASH_LEN_MAX];

    for (size_t i = 0; i < count; i++)
        hash_update(&ctx, parts[i]);
    hash_final(&ctx, inner);
    ctx = h->outer;
    hash_update(&ctx, slice_make(inner, hash_len(h->inner.alg)));
    hash_final(&ctx, out);
    mem_wipe(inner, sizeof inner);
}

void hmac_sha256(struct slice key, struct slice message, struct digest *out)
{
    struct hmac h;

    hmac_init(&h, HASH_SHA256, key);
    hmac_parts(&h, &message, 1, out->bytes);
    hmac_wipe(&h);
}
