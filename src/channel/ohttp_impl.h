/* What client and gateway of OHTTP share. Used inside src/channel. */
#ifndef CHANNEL_OHTTP_IMPL_H
#define CHANNEL_OHTTP_IMPL_H

#include "channel/ohttp.h"

enum { OHTTP_HEADER_LEN = 7, OHTTP_COUNTER_LEN = 8 };

/* The header of an encapsulated request: key id and three algorithm ids. */
struct ohttp_header {
    uint8_t bytes[OHTTP_HEADER_LEN];
};

struct ohttp_header ohttp_header_make(uint8_t key_id, struct hpke_suite suite);

/* Write to `out` (OHTTP_INFO_MAX bytes) the HPKE info of `format` and `header`; return it. */
enum { OHTTP_INFO_MAX = 64 };
struct slice ohttp_info(enum ohttp_format format, const struct ohttp_header *header, uint8_t *out);

/*
 * Derive the exchange from the HPKE context of its own request (not OHTTP_SESSION): the request
 * lane takes over the context's AEAD. Sets s->request_id and s->response_secret.
 */
cocoon_err ohttp_derive_single(struct hpke *h, enum ohttp_format format, struct ohttp_secrets *s,
                               struct ohttp_lane *request) MUST_CHECK;

/* Derive exchange number `counter` of the session whose exporter `h` has. */
cocoon_err ohttp_derive_session(const struct hpke *h, uint64_t counter, struct ohttp_secrets *s,
                                struct ohttp_lane *request) MUST_CHECK;

/* Return the length of the response nonce: max(Nn, Nk). */
size_t ohttp_nonce_len(struct hpke_suite suite);

/* Key the response lane from `s` and the response's `nonce`. */
cocoon_err ohttp_derive_response(const struct ohttp_secrets *s, enum ohttp_format format,
                                 struct slice nonce, struct ohttp_lane *response) MUST_CHECK;

/* --- the gateway's keys --- */

struct ohttp_key;

/* Find the live key `key_id` of `kem`, NULL if there is none. */
struct ohttp_key *ohttp_keys_find(struct ohttp_keys *keys, uint8_t key_id, unsigned kem,
                                  unix_time now);

/* Find it again by its serial number, NULL if it has been erased. */
struct ohttp_key *ohttp_keys_by_serial(struct ohttp_keys *keys, uint64_t serial);

uint64_t ohttp_key_serial(const struct ohttp_key *key);
const struct ohttp_config *ohttp_key_config(const struct ohttp_key *key);
struct burn_set *ohttp_key_burned(const struct ohttp_key *key);

/* Open the HPKE context of `enc` under `info`. ERR_MALFORMED, ERR_CRYPTO. */
cocoon_err ohttp_key_receiver(const struct ohttp_key *key, struct hpke_suite suite,
                              struct slice enc, struct slice info, struct hpke *out) MUST_CHECK;

/*
 * Set `*out` to the session of `enc` under `info`, borrowed until the next call: known already, or
 * opened and remembered in place of another. Errors as above.
 */
cocoon_err ohttp_key_session(struct ohttp_key *key, struct hpke_suite suite, struct slice enc,
                             struct slice info, const struct hpke **out) MUST_CHECK;

#endif
