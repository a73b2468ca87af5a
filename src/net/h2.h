/*
 * What both ends of an HTTP/2 connection share: a nghttp2 session on a stream, its streams with
 * their queues, flow control, liveness and end. h2_server.c and h2_client.c give it meaning.
 *
 * Flow control: a stream's window opens only as its consumer takes the bytes, the connection's as
 * they come, so a slow stream costs at most H2_WINDOW bytes and never holds up the others.
 */
#ifndef NET_H2_H
#define NET_H2_H

#include <nghttp2/nghttp2.h>

#include "net/http_impl.h"
#include "net/queue.h"
#include "net/stream.h"

enum {
    H2_WINDOW = 128 * 1024,          /* a stream's: the most that is held for one that is paused */
    H2_CONN_WINDOW = 4 * 1024 * 1024 /* all streams': covers 100 ms at 40 MB/s */
};

struct h2;

/* One stream; the head of the server's and the client's own kind. */
struct h2_stream {
    struct h2 *h2;
    struct h2_stream *next, **link; /* of all; link is NULL once freed */
    int32_t id;
    struct queue out;            /* body not yet framed */
    struct buf in;               /* body that came while paused */
    struct arena *arena;         /* where fields go; NULL: they are thrown away */
    struct http_fields trailers; /* to send */
    struct loop_task turn;       /* tells of `drained`, and shows `in` after a pause */
    struct loop_task bury;
    bool paused;
    bool peer_ended; /* END_STREAM came */
    bool end_told;   /* and was passed on */
    bool ended;      /* our END_STREAM is wanted after `out` */
    bool end_sent;   /* and was sent */
    bool full;       /* our writer was told to pause */
    bool waiting;    /* nghttp2 waits for h2_stream_write or h2_stream_end */
    bool too_long;   /* the fields exceed the limits */
    bool closed;     /* nghttp2 has forgotten it */
};

/* What the two ends do differently. */
struct h2_role {
    bool server;

    /* A request begins (server only): make its stream. */
    struct h2_stream *(*begin)(struct h2 *h2, int32_t id);

    /* A pseudo-field, ":path" and its like. */
    void (*pseudo)(struct h2_stream *s, struct slice name, struct slice value);

    /* A block of fields is complete: a head, or trailers. */
    void (*head)(struct h2_stream *s);

    void (*body)(struct h2_stream *s, struct slice bytes);
    void (*end)(struct h2_stream *s);
    void (*drained)(struct h2_stream *s);

    /*
     * nghttp2 has forgotten the stream: OK when both sides ended it, else why not. `untouched`: the
     * server says that it never began. Ends in h2_stream_free, now or later.
     */
    void (*closed)(struct h2_stream *s, cocoon_err why, bool untouched);

    /* The other side goes away: no new streams. */
    void (*goaway)(struct h2 *h2);

    /* The connection is gone, for `why` if that was an error; its streams were closed before. */
    void (*gone)(struct h2 *h2, cocoon_err why);

    /* Free the memory of a stream, and of the connection when its last stream is freed. */
    void (*free_stream)(struct h2_stream *s);
    void (*free)(struct h2 *h2);
};

struct h2 {
    const struct h2_role *role;
    struct loop *loop;
    struct stream *stream; /* NULL when it is gone */
    nghttp2_session *session;
    struct http_limits limits;
    struct h2_stream *streams;
    struct http_field_list fields; /* of the head or trailers being read: one at a time */
    struct loop_task send;         /* once a turn */
    struct loop_task bury;
    struct loop_timer ping, idle;
    bool pinged;   /* a PING awaits its answer */
    bool draining; /* GOAWAY was sent or received: gone when the last stream is */
};

/*
 * Start a session on `s`, which is open. `patient`: one peer speaks for many (a tunnel), so it may
 * reset many streams, and is never idle.
 */
void h2_init(struct h2 *h2, const struct h2_role *role, struct stream *s,
             const struct http_limits *limits, bool patient);

/* End the connection for `why`: streams are closed, then role->gone. */
void h2_die(struct h2 *h2, cocoon_err why);

/* As h2_die, without role->gone; streams hear ERR_CANCELED. */
void h2_close(struct h2 *h2);

/* Send GOAWAY and be gone when the last stream is. */
void h2_drain(struct h2 *h2);

/* Something was submitted: send it this turn. */
void h2_wake(struct h2 *h2);

/* No stream is left: wait for another, or free what is gone. */
void h2_empty(struct h2 *h2);

void h2_stream_init(struct h2_stream *s, struct h2 *h2, struct arena *arena);
void h2_stream_free(struct h2_stream *s);

/* Queue body; false when more than STREAM_HIGH_WATER waits. Then the end, with trailers. */
bool h2_stream_write(struct h2_stream *s, struct slice bytes);
void h2_stream_end(struct h2_stream *s, struct http_fields trailers);

/* Open the stream's window by what its consumer took. */
void h2_stream_took(struct h2_stream *s, size_t n);

/* Pass on the peer's end, once all before it was. */
void h2_stream_tell_end(struct h2_stream *s);

void h2_stream_set_paused(struct h2_stream *s, bool paused);

/* Break the stream off; `error` as in RST_STREAM. */
void h2_stream_reset(struct h2_stream *s, uint32_t error);

/* What nghttp2 reads body from. */
nghttp2_data_provider h2_stream_body(struct h2_stream *s);

/* A pair for nghttp2, which copies both. */
nghttp2_nv h2_nv(struct slice name, struct slice value);

#endif
