/*
 * Messages on a bare stream: u32 big-endian length, then that many bytes. What the attested channel
 * speaks before HTTP/2 takes the stream over.
 */
#ifndef NET_FRAME_H
#define NET_FRAME_H

#include "net/stream.h"

struct frame_reader;

struct frame_events {
    /* One whole message; it lives until the return. May close the reader or take the stream back.
     */
    void (*on_frame)(void *owner, struct slice message);

    /* The stream died, or broke the framing (ERR_LIMIT: longer than `max`). The reader is dead. */
    void (*on_close)(void *owner, cocoon_err why);
};

/* Take over the open stream `s`: messages of at most `max` bytes go to `events`. */
struct frame_reader *frame_reader_new(struct stream *s, size_t max,
                                      const struct frame_events *events, void *owner);

/* Queue one message. */
void frame_send(struct frame_reader *r, struct slice message);

/* Free the reader and give the stream back to be bound by the caller, bytes not yet read included.
 */
struct stream *frame_reader_take(struct frame_reader *r);

/* Free the reader and close its stream. NULL is fine. */
void frame_reader_close(struct frame_reader *r);

#endif
