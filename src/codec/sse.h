/*
 * Server-sent events (WHATWG HTML section 9.2): splits a stream into events without changing a
 * byte.
 *
 * The caller keeps unconsumed bytes in one buffer. Each event is handed out as the raw bytes it
 * occupies, its blank line included, so that the raw parts joined give the stream back exactly.
 * Lines end in LF, CRLF or CR.
 */
#ifndef CODEC_SSE_H
#define CODEC_SSE_H

#include "base/buf.h"

struct sse {
    size_t scanned; /* bytes of the event at hand that were looked at */
    size_t line;    /* where its current line starts */
    bool started;   /* the byte order mark, if any, has gone by */
};

struct sse_event {
    struct slice raw;  /* all its bytes */
    struct slice name; /* value of its last `event` line, empty if none */
    struct slice data; /* value of its `data` lines joined by LF */
    bool has_data;     /* false for comments (keep-alives) and the like */
};

void sse_init(struct sse *s);

/*
 * Look for a whole event at the start of `in`, the bytes not consumed yet; more may have been
 * appended since the last call. Return true with its slices in `*out`, borrowed from `in`, and from
 * `*joined` when it has several data lines (`joined` is overwritten, and may hold in.len bytes);
 * the caller then drops out->raw.len bytes. Return false if more bytes are needed. `last` says that
 * none will come: what is left then is no event (WHATWG drops it), but still bytes to pass on. Each
 * byte is searched once.
 */
bool sse_next(struct sse *s, struct slice in, bool last, struct buf *joined, struct sse_event *out);

#endif
