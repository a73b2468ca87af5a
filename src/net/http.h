/*
 * HTTP as its users see it: the same for HTTP/1.1 and HTTP/2, for servers and clients.
 *
 * A message is a head (fields), a body that flows, and trailers. Each direction has backpressure: a
 * writer pauses when a body function returns false and goes on at on_drained; a reader calls a
 * pause function and later resume, and the peer is held back (HTTP/2 windows open only as bytes are
 * taken). Every exchange ends in exactly one terminal callback.
 *
 * Fields that belong to the connection (connection, keep-alive, proxy-connection, te, upgrade,
 * transfer-encoding, expect) never reach the users and are dropped when they send them, so a
 * forwarder may pass on what it got. Content-length is kept and must agree with the body. Names
 * come in lower case and are sent in lower case.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "codec/http_field.h"

struct http_request {
    struct slice method;
    struct slice target;    /* path and query, to pass on */
    struct slice path;      /* begins with '/', or is "*"; not decoded */
    struct slice query;     /* after '?', empty without */
    struct slice authority; /* host[:port], from :authority or Host */
    struct http_fields fields;
};

struct http_response {
    unsigned status; /* 200..599: interim answers are handled inside */
    struct http_fields fields;
};

/* Deadlines in milliseconds (0: none) and sizes, for one connection and its exchanges. */
struct http_limits {
    uint32_t head_ms;  /* from the first byte of a head (or the start of a call) to its last */
    uint32_t body_ms;  /* between two pieces of a body that is wanted */
    uint32_t whole_ms; /* from the head to the end of the exchange */
    uint32_t idle_ms;  /* a connection without exchanges */
    uint32_t ping_ms;  /* HTTP/2: quiet time before a PING, and time to answer it */
    size_t body_max;   /* longest body taken; more is 413 (server) or ERR_LIMIT (client) */
    uint32_t streams;  /* HTTP/2 exchanges at once on one connection */
};

/* What a server on the open Internet should use, and a client of ours. */
extern const struct http_limits http_server_limits;
extern const struct http_limits http_client_limits;

/* Counters of one server or peer; they only rise, but for the two that say so. */
struct http_metrics {
    uint64_t connections; /* opened */
    uint64_t open;        /* open now (gauge) */
    uint64_t failed;      /* connections that died in an error, handshakes included */
    uint64_t exchanges;   /* begun */
    uint64_t active;      /* under way now (gauge) */
    uint64_t aborted;     /* exchanges that ended early */
    uint64_t timeouts;    /* of them, by a deadline */
    uint64_t retried;     /* calls sent again because a reused connection was dead */
    uint64_t status[6];   /* answers by first digit of the status; [0] is unused */
    uint64_t body_in, body_out;
};

#endif
