/*
 * The worker's end of an HTTP exchange inside OHTTP: read and open the request, then answer it
 * sealed.
 *
 * What cannot be opened is refused here, in the clear, without a word about why beyond what RFC
 * 9458 has: an unknown key (so that the caller fetches a new configuration) or a bad request. A
 * replayed request is refused before its first byte is shown to anyone.
 */
#ifndef CHANNEL_SEALED_EXCHANGE_H
#define CHANNEL_SEALED_EXCHANGE_H

#include "channel/ohttp.h"
#include "codec/bhttp.h"
#include "net/http_server.h"

struct sealed_exchange;

/* The opened request; all of it lives as long as the exchange. */
struct sealed_request {
    struct bhttp_control control;
    struct bhttp_fields fields;
    struct slice body;
    struct burn_id id;
};

struct sealed_exchange_events {
    /* The request is whole. Answer it now or later. */
    void (*on_request)(void *owner, const struct sealed_request *request);
    void (*on_drained)(void *owner); /* the answer's queue is low again; may be NULL */

    /* Over: OK when all of the answer was handed on. Comes exactly once; the exchange is dead
     * after. */
    void (*on_done)(void *owner, cocoon_err why);
};

struct sealed_exchange_params {
    struct ohttp_keys *keys;
    const struct rng *rng;
    size_t body_max;
};

/*
 * Take `x` over, whose content type is one of ours (else it is answered 415). Returns NULL, with
 * `x` answered and no callback to come, when it is not.
 */
struct sealed_exchange *sealed_exchange_start(struct http_exchange *x,
                                              const struct sealed_exchange_params *params,
                                              const struct sealed_exchange_events *events,
                                              void *owner);

/*
 * The sealed answer: head, pieces of body, end. sealed_exchange_write returns false when the caller
 * should pause until on_drained. An answer that cannot be sealed breaks the exchange off: on_done
 * says why.
 */
void sealed_exchange_head(struct sealed_exchange *s, unsigned status,
                          const struct bhttp_fields *fields);
bool sealed_exchange_write(struct sealed_exchange *s, struct slice bytes);
void sealed_exchange_end(struct sealed_exchange *s, const struct bhttp_fields *trailers);

/* True once sealed_exchange_head was called. */
bool sealed_exchange_answered(const struct sealed_exchange *s);

/* Break off: the caller sees that its answer is not complete. No callback follows. */
void sealed_exchange_abort(struct sealed_exchange *s);

#endif
