/*
 * Oblivious HTTP exchanges, client and gateway, pure: bytes in, bytes out, randomness and time as
 * arguments. docs/spec/ohttp.md has every byte.
 *
 *   OHTTP_WHOLE     RFC 9458: one sealed request, one sealed response
 *   OHTTP_CHUNKED   draft-ietf-ohai-chunked-ohttp: both stream, with a final chunk
 *   OHTTP_SESSION   ours: as chunked, but one key encapsulation serves many requests, each with
 * keys and an id of its own from the HPKE exporter and a counter
 *
 * Every exchange has a request id, which both ends derive and no other request shares. The gateway
 * burns it before it hands out the first byte and refuses it ever after. The response is sealed
 * under keys that mix in a nonce which the gateway draws, so no key ever meets two answers.
 *
 *   client:   ohttp_client_init(&c, ..., &wire); ohttp_client_seal(&c, plain, final, &wire); ...
 *             ohttp_client_open(&c, received, last, &plain, &fail); ... until c.response.ended
 *   gateway:  ohttp_gateway_init(&g, format, keys); ohttp_gateway_open(&g, now, received, last,
 *             &plain, &fail); ... ohttp_gateway_seal(&g, rng, plain, final, &wire); ...
 *
 * An exchange is owned by one thread. It needs the gateway's keys only until its first chunk was
 * opened, so a long stream outlives the key it came in under.
 */
#ifndef CHANNEL_OHTTP_H
#define CHANNEL_OHTTP_H

#include "channel/burn.h"
#include "channel/ohttp_chunk.h"
#include "channel/ohttp_config.h"
#include "channel/ohttp_keys.h"

enum ohttp_format { OHTTP_WHOLE, OHTTP_CHUNKED, OHTTP_SESSION };

enum {
    OHTTP_RESPONSE_NONCE_MAX = AEAD_KEY_MAX,
    OHTTP_SESSION_REQUESTS = 1024, /* of one session: what one encapsulation links together */
    OHTTP_SESSION_SECONDS = 600,
};

/* Return the media type of a request or response of `format`. */
const char *ohttp_media_request(enum ohttp_format format);
const char *ohttp_media_response(enum ohttp_format format);

/* Set `*out` to the format whose requests have `media_type` (no parameters) and return true. */
bool ohttp_format_find(struct slice media_type, enum ohttp_format *out);

/*
 * Return the size class of a message of `len` bytes: the smallest power of two from 1 KiB that
 * holds it. Padding the binary HTTP message with zeros up to its class (RFC 9292 3.8) hides its
 * length.
 */
size_t ohttp_size_class(size_t len);

/* What both ends of one exchange know once the request's header is made or read. */
struct ohttp_secrets {
    struct hpke_suite suite;
    struct kem_public enc;
    struct burn_id request_id;
    uint8_t response_secret[AEAD_KEY_MAX]; /* entropy_len of the specification: max(Nn, Nk) */
};

/* --- client --- */

struct ohttp_client {
    enum ohttp_format format;
    struct ohttp_secrets secrets;
    struct ohttp_lane request, response;
    struct ohttp_pending pending;
    bool response_keyed; /* the response nonce has been read */
};

/*
 * Start an exchange in `format` (not OHTTP_SESSION, asserted) to the gateway of `config` by
 * `suite`, which it offers (else ERR_ALGORITHM), and append the request's header to `out`. Release
 * with ohttp_client_fini, on failure too. ERR_MALFORMED (the public key), ERR_LIMIT, ERR_CRYPTO.
 */
cocoon_err ohttp_client_init(struct ohttp_client *c, enum ohttp_format format,
                             const struct ohttp_config *config, struct hpke_suite suite,
                             const struct rng *rng, struct buf *out) MUST_CHECK;

void ohttp_client_fini(struct ohttp_client *c);

/* Seal the next bytes of the request; see ohttp_lane_seal. */
cocoon_err ohttp_client_seal(struct ohttp_client *c, struct slice plain, bool final,
                             struct buf *out) MUST_CHECK;

/*
 * Open the next bytes of the response; see ohttp_lane_open. The answer is complete only when
 * c->response.ended; `last` before that is ERR_TRUNCATED.
 */
cocoon_err ohttp_client_open(struct ohttp_client *c, struct slice in, bool last, struct buf *out,
                             struct fail *fail) MUST_CHECK;

/* --- client's session --- */

struct ohttp_session {
    uint8_t key_id;
    struct hpke hpke; /* for its exporter */
    struct kem_public enc;
    uint64_t next;        /* counter of the next request */
    unix_time born, over; /* over: the key's not_after or OHTTP_SESSION_SECONDS on */
};

/* Start a session to the gateway of `s` by `suite`. Errors as ohttp_client_init. */
cocoon_err ohttp_session_init(struct ohttp_session *session, const struct ohttp_signed *s,
                              struct hpke_suite suite, const struct rng *rng,
                              unix_time now) MUST_CHECK;

void ohttp_session_fini(struct ohttp_session *session);

/* Tell whether it may carry another request at `now`; if not, start a new one. */
bool ohttp_session_usable(const struct ohttp_session *session, unix_time now);

/*
 * Start the session's next exchange: as ohttp_client_init. Uses up a counter whatever becomes of
 * it. ERR_EXPIRED if the session is not usable.
 */
cocoon_err ohttp_session_next(struct ohttp_session *session, unix_time now, struct ohttp_client *c,
                              struct buf *out) MUST_CHECK;

/* --- gateway --- */

struct ohttp_gateway {
    enum ohttp_format format;
    struct ohttp_keys *keys; /* borrowed until `burned` */
    uint64_t key_serial;
    struct ohttp_secrets secrets;
    struct ohttp_lane request, response;
    struct ohttp_pending pending;
    bool keyed;  /* the header has been read: request id and keys are known */
    bool burned; /* the first chunk was authentic and its id was new */
    bool response_keyed;
};

/* Start to receive a request in `format` for one of `keys`. Release with ohttp_gateway_fini. */
void ohttp_gateway_init(struct ohttp_gateway *g, enum ohttp_format format, struct ohttp_keys *keys);

void ohttp_gateway_fini(struct ohttp_gateway *g);

/*
 * Open the next bytes of the request; see ohttp_lane_open. Besides: ERR_ABSENT (no live key of that
 * id and KEM: the client should fetch a new configuration), ERR_ALGORITHM (a suite we do not
 * offer), ERR_MALFORMED (bad encapsulation), ERR_RANGE (session counter), ERR_REPLAY (the id was
 * used before), ERR_BUSY (burn set full). Nothing is appended to `out` on any of these. The request
 * is complete only when g->request.ended.
 */
cocoon_err ohttp_gateway_open(struct ohttp_gateway *g, unix_time now, struct slice in, bool last,
                              struct buf *out, struct fail *fail) MUST_CHECK;

/*
 * Seal the next bytes of the response, preceded on the first call by a fresh nonce from `rng`. May
 * be called once `burned` (asserted), before the request has ended. See ohttp_lane_seal.
 */
cocoon_err ohttp_gateway_seal(struct ohttp_gateway *g, const struct rng *rng, struct slice plain,
                              bool final, struct buf *out) MUST_CHECK;

#endif
