#include "zk/transcript.h"

#include <assert.h>
#include <string.h>

enum { TAG_ABSORB = 0, TAG_DRAW = 1, WORDS_A_DRAW = 8 };

static void begin(struct transcript *t)
{
    static const uint8_t tag = TAG_ABSORB;

    zhash_init(&t->pending);
    zhash_update(&t->pending, slice_make(&tag, 1));
    zhash_update(&t->pending, digest_slice(&t->st));
    t->fresh = false;
}

void transcript_init(struct transcript *t)
{
    memset(t, 0, sizeof *t);
    begin(t);
}

static void put_u64le(uint8_t out[8], uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (8 * i));
}

void transcript_absorb(struct transcript *t, struct slice bytes)
{
    uint8_t len[8];

    put_u64le(len, bytes.len);
    zhash_update(&t->pending, SLICE_OF(len));
    zhash_update(&t->pending, bytes);
    t->fresh = true;
}

static void draw(struct transcript *t, uint32_t words[WORDS_A_DRAW])
{
    uint8_t message[1 + sizeof t->st.bytes + 8] = {TAG_DRAW};
    struct digest out;

    if (t->fresh) {
        zhash_final(&t->pending, &t->st);
        t->counter = 0;
        begin(t);
    }
    memcpy(message + 1, t->st.bytes, sizeof t->st.bytes);
    put_u64le(message + 1 + sizeof t->st.bytes, t->counter++);
    zhash_many(message, sizeof message, sizeof message, 1, &out);
    for (unsigned i = 0; i < WORDS_A_DRAW; i++) {
        const uint8_t *b = out.bytes + (size_t)i * 4;

        words[i] = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
                   (uint32_t)(b[3] & 0x7f) << 24;
    }
}

struct ext transcript_ext(struct transcript *t)
{
    struct ext e = EXT_ZERO;
    unsigned have = 0;

    while (have < EXT_DEGREE) {
        uint32_t words[WORDS_A_DRAW];

        draw(t, words);
        for (unsigned i = 0; i < WORDS_A_DRAW && have < EXT_DEGREE; i++)
            if (field_valid(words[i]))
                e.c[have++] = words[i];
    }
    return e;
}

struct ext transcript_nonzero(struct transcript *t)
{
    struct ext e;

    do
        e = transcript_ext(t);
    while (ext_is_zero(e));
    return e;
}

/* Insert `v` into the `count` ascending `positions` unless it is there; return the new count. */
static size_t insert(uint32_t *positions, size_t count, uint32_t v)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (positions[mid] == v)
            return count;
        if (positions[mid] < v)
            low = mid + 1;
        else
            high = mid;
    }
    memmove(positions + low + 1, positions + low, (count - low) * sizeof *positions);
    positions[low] = v;
    return count + 1;
}

void transcript_positions(struct transcript *t, unsigned log_n, uint32_t *positions, size_t count)
{
    uint32_t mask;
    size_t have = 0;

    assert(log_n <= 31 && count <= ((size_t)1 << log_n) / 2);
    mask = ((uint32_t)1 << log_n) - 1;
    while (have < count) {
        uint32_t words[WORDS_A_DRAW];

        draw(t, words);
        for (unsigned i = 0; i < WORDS_A_DRAW && have < count; i++)
            have = insert(positions, have, words[i] & mask);
    }
}
