/*
 * Signed key configurations: what `GET /v1/ohttp/config` returns. The key in the attested keyset
 * under LABEL_ALGO_OHTTP_SIGNER vouches for an OHTTP key of at most an hour, so keys are renewed
 * and erased without a new quote. docs/spec/ohttp.md.
 *
 *   {"key_config": base64, "keyset_digest": "sha256:..", "not_after": unix, "not_before": unix,
 *    "signature": 128 hex digits}
 *
 * The signature is Ed25519 over the JCS form without the member `signature`.
 */
#ifndef CHANNEL_OHTTP_SIGNED_H
#define CHANNEL_OHTTP_SIGNED_H

#include "base/clock.h"
#include "channel/ohttp_config.h"
#include "crypto/sign.h"

enum {
    OHTTP_SIGNED_LIST_LEN_MAX = 16 * 1024, /* a list of them */
    OHTTP_KEY_LIFE_MAX = 3600,             /* seconds from not_before to not_after */
    OHTTP_SIGNED_LEN_MAX = 4096,           /* one signed configuration as JSON */
    OHTTP_CLOCK_SKEW = 60,                 /* how far ahead of ours a worker's clock may be */
};

struct ohttp_signed {
    struct ohttp_config config;
    struct digest keyset_digest;
    unix_time not_before, not_after; /* valid at t: not_before <= t < not_after */
};

/* Append the signed JSON of `s` in its JCS form. ERR_LIMIT. */
cocoon_err ohttp_signed_put(const struct ohttp_signed *s, const struct ed25519_key *signer,
                            struct buf *out) MUST_CHECK;

/*
 * Read and verify `json`: the signature by `signer`, that it is for the keyset `keyset_digest`,
 * that its life is at most OHTTP_KEY_LIFE_MAX, and that it is valid at `now`. ERR_SIGNATURE,
 * ERR_MISMATCH (keyset), ERR_RANGE (life), ERR_NOT_YET_VALID (over OHTTP_CLOCK_SKEW ahead),
 * ERR_EXPIRED, ERR_UNKNOWN_NAME (a further member), the errors of json_parse and
 * ohttp_config_read.
 */
cocoon_err ohttp_signed_read(struct slice json, const struct ed25519_public *signer,
                             const struct digest *keyset_digest, unix_time now,
                             struct ohttp_signed *out, struct fail *fail) MUST_CHECK;

/* Append {"keys": [..]} with the signed JSON of `count` configurations: what the endpoint returns.
 * ERR_LIMIT. */
cocoon_err ohttp_signed_list_put(const struct ohttp_signed *list, size_t count,
                                 const struct ed25519_key *signer, struct buf *out) MUST_CHECK;

/*
 * Set `*out` to the first entry of such a list that ohttp_signed_read accepts. If there is none,
 * the error of the first; ERR_MISSING when the list is empty.
 */
cocoon_err ohttp_signed_list_read(struct slice json, const struct ed25519_public *signer,
                                  const struct digest *keyset_digest, unix_time now,
                                  struct ohttp_signed *out, struct fail *fail) MUST_CHECK;

#endif
