/*
 * An HTTP call inside OHTTP: seal a whole request, send it through a peer that cannot read it, open
 * the answer as it comes.
 *
 * Exactly one of on_end, on_refused and on_error ends a call; after sealed_call_cancel nothing
 * comes. What on_head and on_body show is authentic, but complete only at on_end: an answer that
 * was cut off ends in on_error, never in on_end.
 */
#ifndef CHANNEL_SEALED_CALL_H
#define CHANNEL_SEALED_CALL_H

#include "channel/ohttp.h"
#include "codec/bhttp.h"
#include "net/http_client.h"

struct sealed_call;

struct sealed_call_events {
    /* The sealed answer begins: status and fields of the inner response, which live until the
     * return. */
    void (*on_head)(void *owner, unsigned status, const struct bhttp_fields *fields);
    void (*on_body)(void *owner, struct slice bytes); /* lives until the return */

    void (*on_trailers)(void *owner, const struct bhttp_fields *fields); /* if there are any */
    void (*on_end)(void *owner); /* the answer is complete to its final chunk */

    /* Somebody on the way answered in the clear instead: `body` is at most SEALED_REFUSAL_MAX
     * bytes. */
    void (*on_refused)(void *owner, unsigned status, struct slice body);

    /*
     * ERR_TRUNCATED: the answer was cut off. ERR_DECRYPT, ERR_MALFORMED and the like: it is not
     * what the worker sealed. The rest as http_call's on_error.
     */
    void (*on_error)(void *owner, cocoon_err why);
};

enum { SEALED_REFUSAL_MAX = 64 * 1024 };

struct sealed_call_params {
    struct http_peer *peer;
    struct http_fields outer; /* beside content-type and incremental, readable by the peer */
    struct bhttp_control control;
    const struct bhttp_fields *fields;
    struct slice body;
    bool pad;          /* up to the size class */
    uint32_t first_ms; /* to the head of the outer answer */
    uint32_t whole_ms;
};

/*
 * Seal the request under the next exchange of `session` and send it. Everything in `params` is used
 * up on return. Callbacks come later, never from here. ERR_EXPIRED (the session is not usable),
 * ERR_LIMIT, ERR_MALFORMED (a field may not stand in a message), ERR_CRYPTO.
 */
cocoon_err sealed_call_start(struct ohttp_session *session, const struct sealed_call_params *params,
                             unix_time now, const struct sealed_call_events *events, void *owner,
                             struct sealed_call **out) MUST_CHECK;

/* The id that worker and client derived for this request. */
const struct burn_id *sealed_call_id(const struct sealed_call *call);

/* Hold back, and let come again, the answer's body. */
void sealed_call_pause(struct sealed_call *call);
void sealed_call_resume(struct sealed_call *call);

/* Break the call off. NULL is fine. */
void sealed_call_cancel(struct sealed_call *call);

#endif
