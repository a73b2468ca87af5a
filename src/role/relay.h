/*
 * Join a caller's exchange to a call on a peer: bytes go both ways untouched, as they come.
 *
 * Backpressure and cancellation run through: a slow reader on either side holds the other side
 * back, a caller that goes away resets the call, a peer that breaks off mid-answer breaks the
 * caller's answer off too. What the proxy does to sealed requests, and nothing else.
 */
#ifndef ROLE_RELAY_H
#define ROLE_RELAY_H

#include "net/http_client.h"
#include "net/http_server.h"

struct relay_params {
    struct http_peer *peer;
    struct slice target;             /* path and query on the peer; empty: as the caller asked */
    struct http_fields request_add;  /* more request fields; copied */
    struct http_fields response_add; /* more answer fields, borrowed until on_done */
    uint32_t first_ms, whole_ms;     /* deadlines of the call */

    /*
     * The relay is over: OK when the whole answer was handed on. Comes exactly once. When the peer
     * failed before it answered, `x` was answered 502 worker_lost or 504 by the relay itself.
     */
    void (*on_done)(void *owner, cocoon_err why);
    void *owner;
};

/* Relay `x`, whose body has not been read; takes it over. */
void relay_start(struct http_exchange *x, const struct relay_params *params);

#endif
