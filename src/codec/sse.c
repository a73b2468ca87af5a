/*
 * WHATWG HTML section 9.2.5 and 9.2.6:
 *
 *     stream  = [ U+FEFF ] *event
 *     event   = *( comment / field ) end-of-line
 *     comment = ":" text end-of-line
 *     field   = name [ ":" [ " " ] value ] end-of-line
 *
 * and an end of line is CRLF, LF or CR. A CR at the very end of what has come may be half of a
 * CRLF, so it ends a line only when the next byte is there.
 */
#include "codec/sse.h"

#include <assert.h>

void sse_init(struct sse *s)
{
    *s = (struct sse){0};
}

/* Return the first index from `at` on where a line may end, or in.len. */
static size_t find_end(struct slice in, size_t at)
{
    while (at < in.len && in.ptr[at] != '\n' && in.ptr[at] != '\r')
        at++;
    return at;
}

/* Return the length of the end of line at `end`: 0 if there is none, or it may not be whole. */
static size_t end_len(struct slice in, size_t end, bool last)
{
    if (end == in.len)
        return 0;
    if (in.ptr[end] == '\n')
        return 1;
    if (end + 1 == in.len)
        return last ? 1 : 0;
    return in.ptr[end + 1] == '\n' ? 2 : 1;
}

/* Append a data value to what the event has: the first is borrowed, more are joined by LF. */
static void add_data(struct sse_event *event, struct slice value, struct buf *joined)
{
    if (!event->has_data) {
        event->data = value;
        event->has_data = true;
        return;
    }
    if (joined->len == 0)
        buf_put(joined, event->data);
    buf_put_u8(joined, '\n');
    buf_put(joined, value);
    event->data = buf_slice(joined);
}

static void read_field(struct sse_event *event, struct slice line, struct buf *joined)
{
    struct slice value = line;
    struct slice name = slice_cut(&value, ':');

    if (slice_starts(value, SLICE_LIT(" ")))
        value = slice_skip(value, 1);
    if (slice_eq_text(name, "data"))
        add_data(event, value, joined);
    else if (slice_eq_text(name, "event"))
        event->name = value;
}

/* Interpret the lines of `raw`, a whole event. */
static void read_event(struct slice raw, bool first, struct buf *joined, struct sse_event *out)
{
    size_t at = first && slice_starts(raw, SLICE_LIT("\xef\xbb\xbf")) ? 3 : 0;

    buf_clear(joined);
    *out = (struct sse_event){.raw = raw};
    while (at < raw.len) {
        size_t end = find_end(raw, at);

        read_field(out, slice_sub(raw, at, end - at), joined);
        at = end + end_len(raw, end, true);
    }
    assert(!joined->over);
}

bool sse_next(struct sse *s, struct slice in, bool last, struct buf *joined, struct sse_event *out)
{
    bool blank = false;

    while (!blank) {
        size_t len;

        s->scanned = find_end(in, s->scanned);
        len = end_len(in, s->scanned, last);
        if (len == 0)
            return false;
        blank = s->scanned == s->line;
        s->scanned += len;
        s->line = s->scanned;
    }
    read_event(slice_sub(in, 0, s->line), !s->started, joined, out);
    *s = (struct sse){.started = true};
    return true;
}
