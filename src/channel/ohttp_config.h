/*
 * OHTTP key configurations (RFC 9458 section 3.1), the application/ohttp-keys collection of them
 * (3.2), and which algorithms we pick from one.
 */
#ifndef CHANNEL_OHTTP_CONFIG_H
#define CHANNEL_OHTTP_CONFIG_H

#include "crypto/hpke.h"

#define OHTTP_MEDIA_KEYS "application/ohttp-keys"

enum {
    OHTTP_ALGS_MAX = 8,          /* pairs of KDF and AEAD kept of one configuration */
    OHTTP_CONFIGS_MAX = 8,       /* configurations of one collection */
    OHTTP_CONFIG_LEN_MAX = 2048, /* one configuration: an X-Wing key and a few pairs */
};

struct ohttp_alg {
    enum hpke_kdf kdf;
    enum aead_alg aead;
};

struct ohttp_config {
    uint8_t key_id;
    enum kem_id kem;
    struct kem_public public;
    struct ohttp_alg algs[OHTTP_ALGS_MAX]; /* only those that this build can do, in order */
    size_t alg_count;
};

/* Set `*out` up for `key` with the pairs that we offer: HKDF-SHA256 with AES-256-GCM first, then
 * AES-128-GCM, then ChaCha20-Poly1305. */
void ohttp_config_make(struct ohttp_config *out, uint8_t key_id, const struct kem_key *key);

/* Append the encoding of `c`. ERR_LIMIT. */
cocoon_err ohttp_config_put(const struct ohttp_config *c, struct buf *out) MUST_CHECK;

/*
 * Read one configuration, all of `bytes`. ERR_TRUNCATED, ERR_TRAILING, ERR_MALFORMED (list of pairs
 * empty or not whole), ERR_LIMIT (more pairs than OHTTP_ALGS_MAX that we know), ERR_UNSUPPORTED (a
 * KEM, or only pairs, that this build cannot do).
 */
cocoon_err ohttp_config_read(struct slice bytes, struct ohttp_config *out,
                             struct fail *fail) MUST_CHECK;

/* Append the collection of `count` configurations. ERR_LIMIT. */
cocoon_err ohttp_configs_put(const struct ohttp_config *configs, size_t count,
                             struct buf *out) MUST_CHECK;

/*
 * Read a collection into `out` (OHTTP_CONFIGS_MAX of them), leaving out those that this build
 * cannot do. One encoding error discards them all, as RFC 9458 3.2 demands. Errors as
 * ohttp_config_read; ERR_UNSUPPORTED if none is left, ERR_LIMIT if there are too many.
 */
cocoon_err ohttp_configs_read(struct slice bytes, struct ohttp_config *out, size_t *count,
                              struct fail *fail) MUST_CHECK;

/* Return the suite of `c` with its first pair: the gateway's order is a preference among equals. */
struct hpke_suite ohttp_config_suite(const struct ohttp_config *c);

/* Tell whether `c` lists the pair of `suite`, and is of its KEM. */
bool ohttp_config_offers(const struct ohttp_config *c, struct hpke_suite suite);

#endif
