#include "net/frame.h"

#include <assert.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rd.h"
#include "base/wr.h"

enum { FRAME_PREFIX = 4 };

struct frame_reader {
    struct stream *stream; /* NULL once taken, closed or dead */
    size_t max;
    struct buf message; /* what came so far of a message that did not come in one piece */
    size_t left;        /* bytes of it still to come; 0 between messages */
    const struct frame_events *events;
    void *owner;
    struct loop_task bury; /* the reader's own code may be on the stack when it is freed */
};

static void frame_free(void *owner)
{
    struct frame_reader *r = owner;

    buf_fini(&r->message);
    mem_free(r);
}

static void frame_bury(struct frame_reader *r)
{
    assert(r->stream != NULL);
    r->stream = NULL;
    loop_task_queue(&r->bury);
}

static void frame_die(struct frame_reader *r, cocoon_err why)
{
    frame_bury(r);
    r->events->on_close(r->owner, why);
}

/* Go on with a message that came in pieces. */
static size_t frame_continue(struct frame_reader *r, struct slice bytes)
{
    size_t n = num_min(r->left, bytes.len);

    buf_put(&r->message, slice_sub(bytes, 0, n));
    r->left -= n;
    if (r->left == 0) {
        r->events->on_frame(r->owner, buf_slice(&r->message));
        buf_clear(&r->message);
    }
    return n;
}

/* Begin a message: show it where it lies if it is whole. Returns 0 when its prefix is not there. */
static size_t frame_begin(struct frame_reader *r, struct slice bytes)
{
    struct rd rd = rd_init(bytes);
    uint32_t len = rd_u32be(&rd);
    struct slice rest = rd_rest(&rd);

    if (rd.bad)
        return 0;
    if (len > r->max) {
        stream_close(r->stream);
        frame_die(r, ERR_LIMIT);
        return FRAME_PREFIX;
    }
    if (rest.len >= len) {
        r->events->on_frame(r->owner, slice_sub(rest, 0, len));
        return FRAME_PREFIX + (size_t)len;
    }
    r->left = len;
    return FRAME_PREFIX;
}

static size_t frame_data(void *owner, struct slice bytes)
{
    struct frame_reader *r = owner;
    size_t taken = 0, n = 1;

    while (r->stream != NULL && n > 0 && taken < bytes.len) {
        struct slice rest = slice_skip(bytes, taken);

        n = r->left > 0 ? frame_continue(r, rest) : frame_begin(r, rest);
        taken += n;
    }
    return taken;
}

static void frame_closed(void *owner, cocoon_err why)
{
    frame_die(owner, why == OK ? ERR_CLOSED : why);
}

static const struct stream_events frame_stream_events = {
    .on_data = frame_data,
    .on_close = frame_closed,
};

struct frame_reader *frame_reader_new(struct stream *s, size_t max,
                                      const struct frame_events *events, void *owner)
{
    struct frame_reader *r = MEM_NEW(struct frame_reader);

    r->stream = s;
    r->max = max;
    r->events = events;
    r->owner = owner;
    buf_init(&r->message, max);
    loop_task_init(&r->bury, stream_loop(s), frame_free, r);
    stream_bind(s, &frame_stream_events, r);
    return r;
}

void frame_send(struct frame_reader *r, struct slice message)
{
    uint8_t prefix[FRAME_PREFIX];
    struct wr w = wr_init(prefix, sizeof prefix);

    assert(r->stream != NULL && message.len <= UINT32_MAX);
    wr_u32be(&w, (uint32_t)message.len);
    stream_write(r->stream, SLICE_OF(prefix));
    stream_write(r->stream, message);
}

struct stream *frame_reader_take(struct frame_reader *r)
{
    struct stream *s = r->stream;

    frame_bury(r);
    return s;
}

void frame_reader_close(struct frame_reader *r)
{
    if (r != NULL && r->stream != NULL) {
        stream_close(r->stream);
        frame_bury(r);
    }
}
