#include "net/queue.h"

#include <assert.h>

enum { QUEUE_KEEP = 16 * 1024 }; /* largest memory an empty queue keeps */

void queue_init(struct queue *q, size_t max)
{
    buf_init(&q->bytes, max);
    q->at = 0;
}

void queue_fini(struct queue *q)
{
    buf_wipe(&q->bytes);
    q->at = 0;
}

struct slice queue_slice(const struct queue *q)
{
    return slice_skip(buf_slice(&q->bytes), q->at);
}

void queue_gone(struct queue *q, size_t n)
{
    q->at += n;
    assert(q->at <= q->bytes.len);
    if (q->at == q->bytes.len) {
        if (q->bytes.room > QUEUE_KEEP)
            buf_wipe(&q->bytes);
        buf_clear(&q->bytes);
        q->at = 0;
    } else if (q->at > q->bytes.len / 2) { /* moves less than is gone: O(1) a byte */
        buf_drop(&q->bytes, q->at);
        q->at = 0;
    }
}
