/*
 * struct rd: a cursor over borrowed bytes with a sticky error.
 *
 * Reading past the end yields zeros and sets `bad`; from then on everything yields zeros. A parser
 * reads straight through and ends in rd_end, which demands that no read failed and every byte was
 * consumed. Loops over counts that come from the input test `bad`.
 */
#ifndef BASE_RD_H
#define BASE_RD_H

#include "base/slice.h"

struct rd {
    struct slice all;
    size_t at;
    bool bad;
};

static inline struct rd rd_init(struct slice s)
{
    return (struct rd){s, 0, false};
}

static inline size_t rd_left(const struct rd *r)
{
    return r->bad ? 0 : r->all.len - r->at;
}

uint8_t rd_u8(struct rd *r);
uint16_t rd_u16be(struct rd *r);
uint32_t rd_u24be(struct rd *r);
uint32_t rd_u32be(struct rd *r);
uint64_t rd_u64be(struct rd *r);
uint16_t rd_u16le(struct rd *r);
uint32_t rd_u32le(struct rd *r);
uint64_t rd_u64le(struct rd *r);

/* Read a QUIC variable-length integer (RFC 9000 section 16). */
uint64_t rd_varint(struct rd *r);

/* Return the next `n` bytes, borrowed; an empty slice and `bad` if there are fewer. */
struct slice rd_slice(struct rd *r, size_t n);

/* Return all that is left. */
struct slice rd_rest(struct rd *r);

/* Copy the next `n` bytes to `out`; zeros and `bad` if there are fewer. */
void rd_copy(struct rd *r, void *out, size_t n);

/* Return a cursor over the next `n` bytes and step over them. A failed one is bad from the start.
 */
struct rd rd_sub(struct rd *r, size_t n);

void rd_skip(struct rd *r, size_t n);

/* Mark the cursor bad: for a rule of the format that the bytes break. */
void rd_fail(struct rd *r);

/* Return the next byte without consuming it; 0 at the end, without setting `bad`. */
uint8_t rd_peek(const struct rd *r);

/* Return OK if nothing failed and all was consumed; ERR_TRUNCATED if bad; ERR_TRAILING if bytes are
 * left. */
cocoon_err rd_end(const struct rd *r) MUST_CHECK;

#endif
