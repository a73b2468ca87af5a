/*
 * struct wr: a writer into memory the caller owns, bounded, with a sticky overflow.
 *
 * Length prefixes are back-patched: wr_open reserves one, wr_close fills it in. wr_end says whether
 * all fitted and every block was closed.
 */
#ifndef BASE_WR_H
#define BASE_WR_H

#include "base/slice.h"

struct wr {
    uint8_t *ptr;
    size_t room;
    size_t len;
    size_t open; /* blocks not yet closed */
    bool over;
};

struct wr_block {
    size_t at;    /* where the prefix stands */
    size_t width; /* bytes of the prefix */
};

static inline struct wr wr_init(void *ptr, size_t room)
{
    return (struct wr){.ptr = (uint8_t *)ptr, .room = room};
}

void wr_u8(struct wr *w, uint8_t value);
void wr_u16be(struct wr *w, uint16_t value);
void wr_u32be(struct wr *w, uint32_t value);
void wr_u64be(struct wr *w, uint64_t value);
void wr_u16le(struct wr *w, uint16_t value);
void wr_u32le(struct wr *w, uint32_t value);
void wr_u64le(struct wr *w, uint64_t value);

/* Write `value` as the shortest QUIC variable-length integer (RFC 9000 section 16); value < 2^62.
 */
void wr_varint(struct wr *w, uint64_t value);

void wr_slice(struct wr *w, struct slice s);
void wr_zero(struct wr *w, size_t n);

/* Reserve a big-endian length prefix of `width` bytes (1..8) for what is written until wr_close. */
struct wr_block wr_open(struct wr *w, size_t width);

/* Fill in the prefix of `block`. Sets `over` if the length does not fit its width. */
void wr_close(struct wr *w, struct wr_block block);

/* Open a gap of `n` zero bytes at `at` (at <= len, asserted), moving what follows: for prefixes
 * whose width depends on their value. No wr_open block may begin after `at` and still be open. */
void wr_insert(struct wr *w, size_t at, size_t n);

/* Overwrite what was written at `at` (within it, asserted) with `byte`. */
void wr_patch(struct wr *w, size_t at, uint8_t byte);

/* Set `*out` to what was written, borrowed from the caller's memory. ERR_LIMIT if it did not fit.
 */
cocoon_err wr_end(const struct wr *w, struct slice *out) MUST_CHECK;

#endif
