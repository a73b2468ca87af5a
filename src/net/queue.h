/* Bytes that leave at the front and grow at the back; contiguous, so that one send takes them all.
 */
#ifndef NET_QUEUE_H
#define NET_QUEUE_H

#include "base/buf.h"

struct queue {
    struct buf bytes; /* append to it */
    size_t at;        /* gone so far */
};

void queue_init(struct queue *q, size_t max);
void queue_fini(struct queue *q); /* wipes */

static inline size_t queue_len(const struct queue *q)
{
    return q->bytes.len - q->at;
}

/* What waits, borrowed until the next change. */
struct slice queue_slice(const struct queue *q);

/* The first `n` bytes are gone. */
void queue_gone(struct queue *q, size_t n);

#endif
