/*
 * The workers that this client has verified: known from the ledger, appraised here, with a session
 * each.
 *
 * A worker is usable only while its registration stands in the newest accepted state, its evidence
 * passed the policy, and a key configuration signed under its attested keyset is in force.
 * Everything else is a reason why not, kept in words.
 */
#ifndef ROLE_CLIENT_POOL_H
#define ROLE_CLIENT_POOL_H

#include "channel/ohttp.h"

enum { POOL_NAME_MAX = 129, POOL_TRIED_MAX = 8, POOL_COOL_MS = 5000 };

/* What stays the same as long as a worker keeps its keyset; shared with the receipts made under it.
 */
struct pool_identity {
    unsigned refs;
    uint8_t worker_id[32];
    struct digest keyset_digest;
    struct digest model_digest;
    struct ed25519_public receipt_key;
    struct ed25519_public ohttp_signer;
    bool simulated;
    unix_time valid_until;    /* of the verdict */
    unix_time fresh_until;    /* of the ledger's word, renewed with every look at it */
    struct buf evidence_json; /* what it registered: part of every bundle */
    struct buf ledger_json;   /* the newest proof of its records: likewise */
};

struct pool_worker {
    struct pool_worker *next;
    uint8_t id[32];
    char id_hex[65];
    char model[POOL_NAME_MAX];
    struct pool_identity *identity; /* NULL until verified */
    struct buf why_not;             /* why it is not usable; empty when it is */

    struct ohttp_signed config;
    bool has_config;
    struct ohttp_session session;
    bool has_session;

    uint32_t active;         /* our own requests there now */
    uint32_t load, capacity; /* as the proxy last said */
    uint64_t cool_until;     /* loop time: not picked before, after a failure */
};

struct pool {
    struct pool_worker *first;
    const struct rng *rng;
};

enum pool_answer {
    POOL_OK,
    POOL_NO_MODEL,  /* the ledger has no worker with that model */
    POOL_UNUSABLE,  /* there are workers, none usable: pool_why says why */
    POOL_EXHAUSTED, /* all usable ones were tried or are cooling off */
};

/*
 * Draw one usable worker of `model` at random, leaving out the `tried` ones and, while there are
 * others, those that are full or cooling off at loop time `now`; `wall` is the time that verdicts
 * are held against.
 */
enum pool_answer pool_pick(struct pool *pool, struct slice model, const uint8_t (*tried)[32],
                           size_t tried_count, uint64_t now, unix_time wall,
                           struct pool_worker **out);

/* Make sure that `w` has a session that may carry a request at `now`. ERR_EXPIRED (no
 * configuration). */
cocoon_err pool_session(struct pool *pool, struct pool_worker *w, unix_time now) MUST_CHECK;

/* Find or add a worker; find only. */
struct pool_worker *pool_add(struct pool *pool, const uint8_t id[32]);
struct pool_worker *pool_find(struct pool *pool, const uint8_t id[32]);

/* Say that `w` is not usable and why (static text, and a detail that may be empty). */
void pool_refuse(struct pool_worker *w, const char *why, struct slice detail);

/* Take on a verified identity (owned from now on); drops session and configuration of the one
 * before. */
void pool_verified(struct pool_worker *w, struct pool_identity *take_identity);

/* Take on a key configuration that the identity signed; the session of the one before ends. */
void pool_configured(struct pool_worker *w, const struct ohttp_signed *config);

/* Set the reason why `w` is not usable, for people. */
void pool_why_set(struct pool_worker *w, const char *why, struct slice detail);

/* Leave `w` out for a while. */
void pool_cool(struct pool_worker *w, uint64_t now);

/* Append, for people, why no worker of `model` is usable. */
void pool_why(const struct pool *pool, struct slice model, unix_time wall, struct buf *out);

struct pool_identity *pool_identity_ref(struct pool_identity *identity);
void pool_identity_unref(struct pool_identity *identity);

void pool_fini(struct pool *pool);

#endif
