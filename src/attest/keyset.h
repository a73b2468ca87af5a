/*
 * Workload keysets, exactly as aci/1 section 3.1 has them (docs/spec/keyset.md): the keys that a
 * worker's evidence vouches for. The keyset is the identity; its digest is what report data binds.
 *
 * Stricter than aci/1 in three points, for keysets that we rely on: no further members, one key has
 * one role, and every key of ours is well formed.
 */
#ifndef ATTEST_KEYSET_H
#define ATTEST_KEYSET_H

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/hash.h"
#include "crypto/sign.h"

enum {
    KEYSET_KEYS_MAX = 16,             /* of one role */
    KEYSET_TEXT_MAX = 64 * 1024,      /* one keyset as JSON */
    KEYSET_LIFE_MAX = 90 * 24 * 3600, /* a not_after further off is implausible */
};

struct keyset_key {
    struct slice key_id;
    struct slice algo;
    struct slice public_key; /* as written: hex for our algorithms */
};

struct keyset_tls {
    uint8_t spki_sha256[32];
    struct slice domain; /* empty: any */
};

struct keyset_keys {
    struct keyset_key keys[KEYSET_KEYS_MAX];
    size_t count;
};

struct keyset {
    struct slice subject; /* empty: null */
    bool has_subject;
    unix_time not_after;
    struct keyset_keys receipt; /* receipt_signing_keys */
    struct keyset_keys e2ee;    /* e2ee_public_keys */
    struct keyset_tls tls[KEYSET_KEYS_MAX];
    size_t tls_count;
    struct digest digest; /* SHA-256 of the JCS form */
};

/*
 * Read `json` into `out`, which borrows from it and `arena`, and compute its digest.
 * ERR_MALFORMED, ERR_MISSING, ERR_TYPE, ERR_UNKNOWN_NAME, ERR_DUPLICATE (key or id twice),
 * ERR_LIMIT, ERR_NOMEM, and json_parse's.
 */
cocoon_err keyset_read(struct slice json, struct arena *arena, struct keyset *out,
                       struct fail *fail) MUST_CHECK;

/* Append the JCS form of `k` to `out` and set k->digest. ERR_LIMIT, ERR_ENCODING. */
cocoon_err keyset_put(struct keyset *k, struct buf *out) MUST_CHECK;

/* ERR_EXPIRED after not_after, ERR_RANGE when not_after is more than KEYSET_LIFE_MAX away. */
cocoon_err keyset_valid_at(const struct keyset *k, unix_time now, struct fail *fail) MUST_CHECK;

/*
 * Find the Ed25519 key `key_id` (empty: the first of that algorithm) under `algo` in `keys`.
 * ERR_ABSENT, ERR_MALFORMED.
 */
cocoon_err keyset_ed25519(const struct keyset_keys *keys, const char *algo, struct slice key_id,
                          struct ed25519_public *out) MUST_CHECK;

/* Tell whether `spki_sha256` is listed for `domain` (empty: entries without a domain, and any). */
bool keyset_has_tls(const struct keyset *k, const uint8_t spki_sha256[32], struct slice domain);

#endif
