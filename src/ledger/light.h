/*
 * Light client: from a policy and what was last seen to records that can be relied on.
 *
 * A proof travels as one JSON object (docs/spec/ledger.md, "state proof"):
 *
 *   {"block": b64 of the BLOCK leaf, "checkpoint": signed note, "consistency": [b64 ..],
 *    "inclusion": [b64 ..], "old_size": n,
 *    "records": [{"id": hex, "proof": b64, "type": "worker", "value": b64 or null} ..]}
 *
 * The checks, in order: the note is signed by a log of the policy; enough cosigners of the policy's
 * quorum signed it not longer than max_age ago; it extends the checkpoint last seen; the BLOCK leaf
 * is the last leaf of the tree; each record stands, or is shown absent, under that leaf's state
 * root. A record is never trusted for being in the log: only for being in the state.
 *
 * Pure: `now` is an argument, keys come from the policy alone, nothing is taken from the proof but
 * what the policy's keys signed.
 */
#ifndef LEDGER_LIGHT_H
#define LEDGER_LIGHT_H

#include "base/arena.h"
#include "base/clock.h"
#include "ledger/record.h"

struct tlog_policy;

enum {
    LIGHT_MAX_AGE = 600,    /* seconds: DESIGN section 7 */
    LIGHT_SKEW = 60,        /* seconds a cosigner's clock may be ahead of ours */
    LIGHT_RECORDS_MAX = 64, /* records of one proof */
    LIGHT_PROOF_MAX = 1024 * 1024,
};

struct light_policy {
    const struct tlog_policy *tlog; /* ledger/tlog_policy.h: logs, cosigners, quorum */
    uint32_t max_age;               /* of the quorum's cosignatures; LIGHT_MAX_AGE */
    uint32_t skew;                  /* LIGHT_SKEW */
};

/* What a client remembers. Zeroed: nothing was ever seen. */
struct light_view {
    uint64_t size;            /* of the log */
    struct digest root;       /* of the log */
    struct digest checkpoint; /* SHA-256 of the checkpoint's text: the nonce for fresh evidence */
    uint64_t height;
    uint64_t time_ms;   /* of the last block */
    unix_time cosigned; /* the quorum held at this time: youngest time by which it was complete */
    struct digest state_root;
};

struct light_record {
    enum record_type type;
    struct slice id;
    bool present;
    struct slice value; /* empty when absent */
    struct slice proof; /* ledger/smt_proof.h */
};

struct light_proof {
    struct slice checkpoint;
    uint64_t old_size;        /* where `consistency` starts; 0: none is given */
    struct slice consistency; /* hashes of 32 bytes */
    struct slice block;
    struct slice inclusion; /* hashes of 32 bytes */
    struct light_record records[LIGHT_RECORDS_MAX];
    size_t count;
};

/* Read a proof's JSON (from the network or out of a bundle); slices live as long as `arena` and
 * `text`. Nothing is verified. ERR_MALFORMED and the errors of json_parse. */
cocoon_err light_proof_read(struct slice text, struct arena *arena, struct light_proof *out,
                            struct fail *fail) MUST_CHECK;

/* As light_proof_read for an object that is already parsed. */
struct json;
cocoon_err light_proof_from_json(const struct json *object, struct arena *arena,
                                 struct light_proof *out, struct fail *fail) MUST_CHECK;

/* Append `proof` as canonical JSON. ERR_LIMIT. */
cocoon_err light_proof_put(struct buf *out, const struct light_proof *proof) MUST_CHECK;

/*
 * Verify all of `proof` but its records and set `*next` to the view it shows. `last` is the view to
 * extend; NULL (a bundle, or a policy's first use) skips that check alone.
 *
 * ERR_SIGNATURE  no log of the policy signed the note, or a known key's signature fails
 * ERR_QUORUM     too few cosigners, at any age
 * ERR_STALE      enough cosigners, but not within max_age of `now`
 * ERR_ROLLBACK   the log or the height is smaller than last seen
 * ERR_FORK       another root or block at the size last seen
 * ERR_PROOF      consistency or inclusion does not verify
 * ERR_MALFORMED and the like for bytes that are no checkpoint or BLOCK leaf
 */
cocoon_err light_advance(const struct light_policy *policy, const struct light_view *last,
                         const struct light_proof *proof, unix_time now, struct light_view *next,
                         struct fail *fail) MUST_CHECK;

/*
 * Set `*value` to the bytes of the record (type, id) that `proof` shows under view->state_root.
 * ERR_ABSENT if it is shown absent, ERR_MISSING if the proof does not speak of it, ERR_PROOF if
 * what it says does not verify. The view must come from light_advance over this very proof, or over
 * one with the same state root.
 */
cocoon_err light_record_find(const struct light_view *view, const struct light_proof *proof,
                             enum record_type type, struct slice id, struct slice *value,
                             struct fail *fail) MUST_CHECK;

/*
 * The same, decoded, and fit for use at `now`: ERR_REVOKED, ERR_NOT_YET_VALID, ERR_EXPIRED besides
 * the errors of light_record_find and of decoding. A worker must be active or draining.
 */
cocoon_err light_release(const struct light_view *view, const struct light_proof *proof,
                         const struct digest *release, unix_time now, struct record_release *out,
                         struct fail *fail) MUST_CHECK;
cocoon_err light_model(const struct light_view *view, const struct light_proof *proof,
                       const struct digest *model, unix_time now, struct record_model *out,
                       struct fail *fail) MUST_CHECK;
cocoon_err light_worker(const struct light_view *view, const struct light_proof *proof,
                        const struct digest *worker_id, unix_time now, struct record_worker *out,
                        struct fail *fail) MUST_CHECK;

/* Append a view as JSON, for the file that keeps it; read it back. ERR_MALFORMED. */
cocoon_err light_view_put(struct buf *out, const struct light_view *view) MUST_CHECK;
cocoon_err light_view_read(struct slice text, struct light_view *out, struct fail *fail) MUST_CHECK;

#endif
