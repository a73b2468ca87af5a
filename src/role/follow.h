/*
 * Follow the ledger over HTTP by light verification: proofs of single records under a checkpoint
 * that the policy accepts, each extending what was seen before. The newest view is kept in a file,
 * so that nobody can show this client an older ledger after a restart.
 *
 * Questions are answered one after the other, in the order asked.
 */
#ifndef ROLE_FOLLOW_H
#define ROLE_FOLLOW_H

#include "ledger/light.h"
#include "net/http_client.h"

struct follow;

struct follow_params {
    struct loop *loop;
    struct addr ledger;         /* plain HTTP: everything that comes is verified */
    struct light_policy policy; /* its tlog outlives the follower */
    const char *state_path;     /* where the view is kept; copied */
};

/* ERR_CORRUPT when the kept view cannot be read: it is never silently forgotten. */
cocoon_err follow_new(const struct follow_params *params, struct follow **out,
                      struct fail *fail) MUST_CHECK;

/* Free; questions under way get no answer. NULL is fine. */
void follow_free(struct follow *f);

/* The newest accepted view; its size is 0 before the first. */
const struct light_view *follow_view(const struct follow *f);

struct follow_key {
    enum record_type type;
    uint8_t id[32];
    size_t id_len; /* 0 or 32 */
};

/*
 * What the ledger proved, or why not. On OK `view` and `proof` hold the answer, and `text` its
 * JSON; all live until the return. Ask light_record_find and its kin for the records.
 */
typedef void follow_fn(void *owner, cocoon_err err, const struct fail *fail,
                       const struct light_view *view, const struct light_proof *proof,
                       struct slice text);

/* Ask for the records `keys` (copied, at most LIGHT_RECORDS_MAX). */
void follow_prove(struct follow *f, const struct follow_key *keys, size_t count, follow_fn *fn,
                  void *owner);

/*
 * GET `path` of the ledger: hints and content that the caller checks itself. `fn` comes exactly
 * once; anything but 200 is ERR_NOT_FOUND.
 */
typedef void follow_text_fn(void *owner, cocoon_err err, struct slice body);
void follow_get(struct follow *f, struct slice path, size_t max, follow_text_fn *fn, void *owner);

/*
 * Submit a signed transaction. `fn` comes once it is durable, or with ERR_RULE and the ledger's
 * answer when it was refused.
 */
void follow_submit(struct follow *f, struct slice tx, follow_text_fn *fn, void *owner);

#endif
