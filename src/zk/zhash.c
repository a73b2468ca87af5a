#include "zk/zhash.h"

#include <string.h>

#include "zk/zhash_ni.h"

enum { LANES = 4 };

static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

const uint32_t zhash_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static bool portable_only;

void zhash_portable_only(bool only)
{
    portable_only = only;
}

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static uint32_t load_be(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store_be(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void compress_portable(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64], s[8];

    memcpy(s, state, sizeof s);
    for (unsigned i = 0; i < 16; i++)
        w[i] = load_be(block + (size_t)i * 4);
    for (unsigned i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];

        w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    for (unsigned i = 0; i < 64; i++) {
        uint32_t t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
                      ((s[4] & s[5]) ^ (~s[4] & s[6])) + zhash_constants[i] + w[i];
        uint32_t t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
                      ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += s[i];
}

/* Compress one block into each of `lanes` states (1 or LANES). */
static void compress(uint32_t state[][8], const uint8_t *const block[], size_t lanes)
{
    if (!portable_only && zhash_ni_usable()) {
        if (lanes == LANES)
            zhash_ni_compress4(state, block);
        else
            zhash_ni_compress1(state[0], block[0]);
        return;
    }
    for (size_t i = 0; i < lanes; i++)
        compress_portable(state[i], block[i]);
}

static void compress_one(struct zhash *h, const uint8_t *block)
{
    compress(&h->state, &block, 1);
}

void zhash_init(struct zhash *h)
{
    memcpy(h->state, initial, sizeof initial);
    h->len = 0;
}

void zhash_update(struct zhash *h, struct slice bytes)
{
    size_t held = (size_t)(h->len % ZHASH_BLOCK);

    h->len += bytes.len;
    if (held > 0) {
        size_t take = bytes.len < ZHASH_BLOCK - held ? bytes.len : ZHASH_BLOCK - held;

        memcpy(h->block + held, bytes.ptr, take);
        bytes = slice_skip(bytes, take);
        if (held + take < ZHASH_BLOCK)
            return;
        compress_one(h, h->block);
    }
    for (; bytes.len >= ZHASH_BLOCK; bytes = slice_skip(bytes, ZHASH_BLOCK))
        compress_one(h, bytes.ptr);
    if (bytes.len > 0)
        memcpy(h->block, bytes.ptr, bytes.len);
}

/* Write the padding of a message of `len` bytes after the `held` bytes of its last block; return
 * the number of blocks (1 or 2) that `tail` now holds. */
static size_t pad(uint8_t tail[2 * ZHASH_BLOCK], size_t held, uint64_t len)
{
    size_t blocks = held + 9 <= ZHASH_BLOCK ? 1 : 2;

    memset(tail + held, 0, blocks * ZHASH_BLOCK - held);
    tail[held] = 0x80;
    store_be(tail + blocks * ZHASH_BLOCK - 8, (uint32_t)(len >> 29));
    store_be(tail + blocks * ZHASH_BLOCK - 4, (uint32_t)(len << 3));
    return blocks;
}

static void put_digest(const uint32_t state[8], struct digest *out)
{
    for (unsigned i = 0; i < 8; i++)
        store_be(out->bytes + (size_t)i * 4, state[i]);
}

void zhash_final(struct zhash *h, struct digest *out)
{
    uint8_t tail[2 * ZHASH_BLOCK];
    size_t held = (size_t)(h->len % ZHASH_BLOCK), blocks;

    memcpy(tail, h->block, held);
    blocks = pad(tail, held, h->len);
    for (size_t i = 0; i < blocks; i++)
        compress_one(h, tail + i * ZHASH_BLOCK);
    put_digest(h->state, out);
}

/* Hash `lanes` messages of `len` bytes in step. */
static void hash_lanes(const uint8_t *messages, size_t stride, size_t len, size_t lanes,
                       struct digest *out)
{
    uint32_t state[LANES][8];
    uint8_t tail[LANES][2 * ZHASH_BLOCK];
    const uint8_t *block[LANES];
    size_t held = len % ZHASH_BLOCK, whole = len - held, blocks = 0;

    for (size_t i = 0; i < lanes; i++) {
        memcpy(state[i], initial, sizeof initial);
        memcpy(tail[i], messages + i * stride + whole, held);
        blocks = pad(tail[i], held, len);
    }
    for (size_t at = 0; at < whole; at += ZHASH_BLOCK) {
        for (size_t i = 0; i < lanes; i++)
            block[i] = messages + i * stride + at;
        compress(state, block, lanes);
    }
    for (size_t b = 0; b < blocks; b++) {
        for (size_t i = 0; i < lanes; i++)
            block[i] = tail[i] + b * ZHASH_BLOCK;
        compress(state, block, lanes);
    }
    for (size_t i = 0; i < lanes; i++)
        put_digest(state[i], &out[i]);
}

void zhash_many(const uint8_t *messages, size_t stride, size_t len, size_t count,
                struct digest *out)
{
    size_t i = 0;

    for (; i + LANES <= count; i += LANES)
        hash_lanes(messages + i * stride, stride, len, LANES, out + i);
    for (; i < count; i++)
        hash_lanes(messages + i * stride, stride, len, 1, out + i);
}
