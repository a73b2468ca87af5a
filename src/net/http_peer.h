/*
 * Between a peer and its connections. An h1_link carries one call at a time and tells the peer when
 * it is free or gone; an h2_peer carries many and tells when it can take calls, or no more.
 */
#ifndef NET_HTTP_PEER_H
#define NET_HTTP_PEER_H

#include "net/http_call.h"

/* What a peer's lists hold: the head of struct h1_link and of struct h2_peer. */
struct peer_conn {
    struct peer_conn *next, **link;
};

struct h1_link;

/* Dial the peer; the link is ready to be sent a call at once. */
struct h1_link *h1_link_dial(struct http_peer *peer);

/* Send `call` on a link that carries none. */
void h1_link_send(struct h1_link *link, struct http_call *call);

/* Close; its call is not told, nor the peer. */
void h1_link_close(struct h1_link *link);

/* Raised when the peer's TLS context is replaced. */
unsigned peer_epoch(const struct http_peer *peer);

/* What a link tells its peer. */
void peer_link_free(struct http_peer *peer, struct h1_link *link);
void peer_link_gone(struct http_peer *peer, struct h1_link *link, cocoon_err why);

struct h2_peer;

/* Speak HTTP/2 as the client on `s`, which is open. `patient`: see h2_init. */
struct h2_peer *h2_peer_start(struct http_peer *peer, struct stream *s, bool patient);

/* Send `call`. */
void h2_peer_send(struct h2_peer *h2, struct http_call *call);

/* Close; calls hear ERR_CANCELED. No peer_h2_gone follows. */
void h2_peer_close(struct h2_peer *h2);

/* Take no more calls and be gone when those under way are over. */
void h2_peer_drain(struct h2_peer *h2);

/* What an h2_peer tells: it takes no more calls (once); it is gone (once, last). */
void peer_h2_full(struct http_peer *peer, struct h2_peer *h2);
void peer_h2_gone(struct http_peer *peer, struct h2_peer *h2, cocoon_err why);

/* "http" or "https". */
struct slice peer_scheme(const struct http_peer *peer);

/* How a peer dials. */
struct stream *peer_dial(struct http_peer *peer, const struct stream_events *events, void *owner);

#endif
