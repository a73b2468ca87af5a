/*
 * One direction of an OHTTP message: a stream of AEAD-protected chunks
 * (draft-ietf-ohai-chunked-ohttp section 3 to 6).
 *
 *   non-final chunk   varint length (1..) | sealed, AAD ""        plaintext is not empty
 *   final chunk       varint 0            | sealed, AAD "final"   up to the end of the outer stream
 *
 * Chunk i is sealed under nonce base XOR i. So chunks cannot be dropped, doubled, reordered or
 * moved to another message, and a stream that was cut off never looks complete. The whole-message
 * form of RFC 9458 is the same without framing: one chunk, AAD "".
 */
#ifndef CHANNEL_OHTTP_CHUNK_H
#define CHANNEL_OHTTP_CHUNK_H

#include "base/buf.h"
#include "crypto/aead.h"

enum {
    OHTTP_CHUNK = 16384,          /* plaintext of one chunk that we send: all must take it */
    OHTTP_CHUNK_MAX = 256 * 1024, /* plaintext of one chunk that we take */
};

/* Key material of one direction. */
struct ohttp_lane {
    struct aead aead;
    struct aead_nonce base_nonce;
    uint64_t counter;
    bool whole; /* RFC 9458 without chunks */
    bool ended; /* the final chunk has been sealed or opened */
};

void ohttp_lane_fini(struct ohttp_lane *lane);

/*
 * Seal `plain`, cut into chunks of OHTTP_CHUNK, and append them to `out`; `final` makes the last
 * one (which may be empty) the final chunk. Nothing is appended for an empty `plain` that is not
 * final. A `whole` lane takes exactly one call, and it is final. ERR_CLOSED after the final chunk,
 * ERR_LIMIT (out is full), ERR_CRYPTO.
 */
cocoon_err ohttp_lane_seal(struct ohttp_lane *lane, struct slice plain, bool final,
                           struct buf *out) MUST_CHECK;

/* Bytes of a stream that were received and not opened yet. */
struct ohttp_pending {
    struct buf bytes;
    cocoon_err failed; /* the first error, which every later call returns */
};

/* Start with at most `max` plaintext bytes in one chunk. */
void ohttp_pending_init(struct ohttp_pending *p, size_t max);
void ohttp_pending_fini(struct ohttp_pending *p);

/*
 * Take `in`, the next bytes of the outer stream; `last` says that it ends with them. Append the
 * plaintext of every chunk that is complete to `out`. lane->ended says whether the final chunk was
 * among them: the message is complete only then. ERR_TRUNCATED (`last` without a final chunk),
 * ERR_DECRYPT, ERR_MALFORMED (an empty chunk that is not final), ERR_LIMIT (a chunk too long, or
 * `out` full), ERR_TRAILING. After an error nothing more is opened.
 */
cocoon_err ohttp_lane_open(struct ohttp_lane *lane, struct ohttp_pending *p, struct slice in,
                           bool last, struct buf *out, struct fail *fail) MUST_CHECK;

#endif
