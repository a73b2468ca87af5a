/*
 * The client's verified view. One round:
 *
 *   list of worker ids (a hint) → for each: its records, proved together under an accepted
 * checkpoint → registered anew? its evidence → appraisal on a pool thread → key configuration
 * through the proxy
 *
 * A worker that fails anywhere is refused with the reason; one that passed stays usable until its
 * verdict or its registration ends, or a round finds it gone.
 */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/json.h"
#include "crypto/labels.h"
#include "crypto/rand.h"
#include "receipt/worker_check.h"
#include "role/client.h"
#include "role/follow_worker.h"

enum {
    ROUND_WORKERS_MAX = 1024,
    LIST_MAX = 256 * 1024,
    EVIDENCE_JSON_MAX = 4 * 1024 * 1024,
    CONFIGS_MAX = 64 * 1024,
    HURRY_MS = 250,
    CONFIG_SPARE_S = 120, /* fetch a new key configuration this long before the old one ends */
    CONFIG_WAIT_MS = 5000,
    CACHED_SIGNATURES = 4096,
};

struct client_follow {
    struct client *client;
    uint64_t refresh_ms;
    void (*on_first)(struct client *client);
    struct loop_timer timer;
    struct obligation_cache *cache;
    bool told;

    /* the round under way: which worker is looked at */
    uint8_t ids[ROUND_WORKERS_MAX][32];
    size_t count, next;
    struct pool_worker *worker;
    struct http_fetch *fetch;
    struct loop_job *job;
    bool stopped;

    /* of the worker at hand */
    struct arena arena;
    struct light_view view;
    struct light_proof *proof;
    struct slice proof_text;
    struct worker_check check;
    struct pool_identity *identity; /* verified anew, waiting for its key configuration */
};

static void next_worker(struct client_follow *f);

static void follow_free_now(struct client_follow *f)
{
    obligation_cache_free(f->cache);
    if (f->worker != NULL)
        arena_fini(&f->arena);
    mem_free(f);
}

static void log_refused(const struct pool_worker *w)
{
    struct log_line line = log_begin(LOG_WARN, "worker_refused");

    log_id(&line, "worker", SLICE_OF(w->id));
    log_text(&line, "why", buf_slice(&w->why_not));
    log_end(&line);
}

/* Done with the worker at hand: forget what was gathered, go on with the next. */
static void worker_done(struct client_follow *f)
{
    arena_fini(&f->arena);
    pool_identity_unref(f->identity);
    f->identity = NULL;
    f->worker = NULL;
    next_worker(f);
}

static void worker_refused(struct client_follow *f, const char *why, struct slice detail)
{
    pool_refuse(f->worker, why, detail);
    log_refused(f->worker);
    worker_done(f);
}

/* Something could not be had now: that is no verdict. What was verified before stays so until it
 * ends. */
static void worker_unanswered(struct client_follow *f, const char *what, cocoon_err err)
{
    if (f->worker->identity == NULL) {
        worker_refused(f, what, slice_text(cocoon_err_text(err)));
        return;
    }
    worker_done(f);
}

/* Errors that say "not now" rather than "no". */
static bool is_outage(cocoon_err err)
{
    return cocoon_err_exit(err) == 1;
}

/* --- key configuration --- */

/* Find the first configuration of the array that `id` signed and that is in force. */
static cocoon_err config_find(const struct pool_identity *id, struct slice body,
                              struct arena *arena, struct ohttp_signed *out)
{
    const struct json *root;
    struct fail fail;
    cocoon_err err;

    if ((err = json_parse(body, arena, &root, &fail)) != OK)
        return err;
    err = ERR_MISSING;
    for (const struct json *item = root->first; item != NULL && err != OK; item = item->next)
        err = ohttp_signed_read(item->source, &id->ohttp_signer, &id->keyset_digest,
                                loop_unix_now(), out, &fail);
    return err;
}

static void config_came(void *owner, cocoon_err err, const struct http_response *head,
                        struct slice body)
{
    struct client_follow *f = owner;
    struct pool_worker *w = f->worker;
    struct ohttp_signed found;

    f->fetch = NULL;
    if (err == OK && head->status != 200)
        err = ERR_NOT_FOUND;
    if (err == OK)
        err = config_find(f->identity != NULL ? f->identity : w->identity, body, &f->arena, &found);
    if (err == OK) {
        if (f->identity != NULL)
            pool_verified(w, pool_identity_ref(f->identity));
        pool_configured(w, &found);
    } else if (!w->has_config) {
        pool_why_set(w, "its key configuration cannot be had through the proxy",
                     slice_text(cocoon_err_text(err)));
    }
    if (w->has_config && !f->told) {
        f->told = true;
        f->on_first(f->client);
    }
    worker_done(f);
}

static void config_fetch(struct client_follow *f)
{
    struct pool_worker *w = f->worker;
    char path[128];

    if (f->identity == NULL && w->has_config &&
        w->config.not_after > loop_unix_now() + CONFIG_SPARE_S) {
        worker_done(f);
        return;
    }
    snprintf(path, sizeof path, "/v1/ohttp/config?worker=%s", w->id_hex);
    f->fetch = http_fetch(f->client->proxy,
                          &(struct http_call_params){.method = SLICE_LIT("GET"),
                                                     .target = slice_text(path),
                                                     .no_body = true,
                                                     .whole_ms = CONFIG_WAIT_MS},
                          SLICE_LIT(""), CONFIGS_MAX, config_came, f);
}

/* --- appraisal --- */

/* What stays of a good check. ERR_ABSENT when the keyset lacks a key we need. */
static cocoon_err identity_make(struct client_follow *f, struct pool_identity **out)
{
    const struct worker_check *c = &f->check;
    struct pool_identity *id = MEM_NEW(struct pool_identity);
    cocoon_err err;

    id->refs = 1;
    memcpy(id->worker_id, c->worker_id.bytes, sizeof id->worker_id);
    id->keyset_digest = c->keyset.digest;
    id->model_digest = c->worker.model;
    id->simulated = c->appraisal.result.simulated;
    id->valid_until = c->appraisal.result.valid_until;
    id->fresh_until = f->view.cosigned + LIGHT_MAX_AGE;
    buf_init(&id->evidence_json, EVIDENCE_JSON_MAX);
    buf_init(&id->ledger_json, LIGHT_PROOF_MAX);
    buf_put(&id->evidence_json, c->evidence);
    buf_put(&id->ledger_json, f->proof_text);
    if ((err = keyset_ed25519(&c->keyset.receipt, "ed25519", SLICE_LIT(""), &id->receipt_key)) !=
            OK ||
        (err = keyset_ed25519(&c->keyset.e2ee, LABEL_ALGO_OHTTP_SIGNER, SLICE_LIT(""),
                              &id->ohttp_signer)) != OK)
        pool_identity_unref(id);
    else
        *out = id;
    return err;
}

static void appraise_work(void *owner)
{
    struct client_follow *f = owner;

    worker_check(&f->check);
}

/* The first failed check, in words. */
static struct slice first_failure(const struct result *r, const char **rule)
{
    *rule = "its evidence does not verify";
    for (const struct check *c = r->first; c != NULL; c = c->next)
        if (c->status == CHECK_FAIL) {
            *rule = c->rule->text;
            return c->detail;
        }
    return SLICE_LIT("");
}

static void appraised(void *owner, cocoon_err err)
{
    struct client_follow *f = owner;
    const struct result *result = &f->check.appraisal.result;
    struct pool_identity *identity = NULL;
    struct slice name;

    f->job = NULL;
    if (f->stopped) {
        follow_free_now(f);
        return;
    }
    if (err != OK || result_verdict(result) != VERDICT_VERIFIED) {
        const char *rule;
        struct slice detail = first_failure(result, &rule);

        worker_refused(f, rule, detail);
        return;
    }
    if ((err = identity_make(f, &identity)) != OK) {
        worker_refused(f, "its keyset lacks a key", slice_text(cocoon_err_text(err)));
        return;
    }
    name = f->check.model.name;
    if (slice_cstr(name, f->worker->model, sizeof f->worker->model) != OK)
        f->worker->model[0] = '\0';
    f->identity = identity;
    config_fetch(f);
}

static void evidence_came(void *owner, cocoon_err err, struct slice body)
{
    struct client_follow *f = owner;
    struct slice evidence;

    if (err == OK)
        err = arena_copy(&f->arena, body, &evidence);
    if (err != OK) {
        worker_unanswered(f, "its evidence cannot be had from the ledger", err);
        return;
    }
    f->check = (struct worker_check){.policy = &f->client->trust.policy,
                                     .view = &f->view,
                                     .proof = f->proof,
                                     .evidence = evidence,
                                     .now = loop_unix_now(),
                                     .arena = &f->arena,
                                     .cache = f->cache};
    memcpy(f->check.worker_id.bytes, f->worker->id, sizeof f->check.worker_id.bytes);
    f->job = loop_work(f->client->process.loop, appraise_work, appraised, f);
}

/* --- records --- */

/* Is the worker still what we verified, by these records? Then its proof is the newest we have. */
static bool still_verified(struct client_follow *f)
{
    struct pool_identity *id = f->worker->identity;
    struct record_worker worker;
    struct record_release release;
    struct record_model model;
    struct digest worker_id;
    struct fail fail;
    unix_time now = loop_unix_now();

    memcpy(worker_id.bytes, f->worker->id, sizeof worker_id.bytes);
    if (id == NULL || id->valid_until <= now ||
        light_worker(&f->view, f->proof, &worker_id, now, &worker, &fail) != OK ||
        light_release(&f->view, f->proof, &worker.release, now, &release, &fail) != OK ||
        light_model(&f->view, f->proof, &worker.model, now, &model, &fail) != OK ||
        !digest_eq(&worker.keyset, &id->keyset_digest))
        return false;
    buf_clear(&id->ledger_json);
    buf_put(&id->ledger_json, f->proof_text);
    id->fresh_until = f->view.cosigned + LIGHT_MAX_AGE;
    return true;
}

static void records_came(void *owner, cocoon_err err, const struct fail *fail,
                         const struct light_view *view, const struct light_proof *proof,
                         struct slice text)
{
    struct client_follow *f = owner;
    struct fail why = *fail;
    char path[128];

    (void)proof;
    if (err == OK) {
        f->view = *view;
        f->proof = ARENA_NEW(&f->arena, struct light_proof);
        if (f->proof == NULL || arena_copy(&f->arena, text, &f->proof_text) != OK)
            err = ERR_NOMEM;
        else
            err = light_proof_read(f->proof_text, &f->arena, f->proof, &why);
    }
    if (is_outage(err)) {
        worker_unanswered(f, "the ledger does not answer", err);
        return;
    }
    if (err != OK) {
        worker_refused(f, "the ledger does not vouch for it",
                       slice_text(why.what == NULL ? cocoon_err_text(err) : why.what));
        return;
    }
    if (still_verified(f)) {
        config_fetch(f);
        return;
    }
    snprintf(path, sizeof path, "/v1/ledger/evidence?worker=%s", f->worker->id_hex);
    follow_get(f->client->ledger, slice_text(path), EVIDENCE_JSON_MAX, evidence_came, f);
}

/* --- the round --- */

/* Workers that the list no longer names are asked for all the same: the list is only a hint. */
static void add_known(struct client_follow *f)
{
    for (const struct pool_worker *w = f->client->pool.first;
         w != NULL && f->count < ROUND_WORKERS_MAX; w = w->next) {
        bool listed = false;

        for (size_t i = 0; i < f->count && !listed; i++)
            listed = memcmp(f->ids[i], w->id, sizeof w->id) == 0;
        if (!listed)
            memcpy(f->ids[f->count++], w->id, sizeof w->id);
    }
}

static void next_worker(struct client_follow *f)
{
    if (f->next == f->count) {
        loop_timer_set(&f->timer, f->told ? f->refresh_ms : HURRY_MS);
        return;
    }
    f->worker = pool_add(&f->client->pool, f->ids[f->next++]);
    arena_init(&f->arena, WORKER_CHECK_ARENA);
    follow_worker(f->client->ledger, f->worker->id, records_came, f);
}

static void list_came(void *owner, cocoon_err err, struct slice body)
{
    struct client_follow *f = owner;
    const struct json *root, *list;
    struct arena arena;
    struct fail fail;

    f->count = f->next = 0;
    arena_init(&arena, 4 * LIST_MAX);
    if (err == OK && json_parse(body, &arena, &root, &fail) == OK &&
        json_get_array(root, "workers", &list) == OK)
        for (const struct json *item = list->first; item != NULL && f->count < ROUND_WORKERS_MAX;
             item = item->next)
            if (item->kind == JSON_STRING && hex_read(item->text, f->ids[f->count], 32) == OK)
                f->count++;
    arena_fini(&arena);
    add_known(f);
    next_worker(f);
}

static void round_start(void *owner)
{
    struct client_follow *f = owner;

    follow_get(f->client->ledger, SLICE_LIT("/v1/ledger/workers"), LIST_MAX, list_came, f);
}

/* --- life --- */

struct client_follow *client_follow_start(struct client *client, uint64_t refresh_ms,
                                          void (*on_first)(struct client *client))
{
    struct client_follow *f = MEM_NEW(struct client_follow);

    f->client = client;
    f->refresh_ms = refresh_ms;
    f->on_first = on_first;
    f->cache = obligation_cache_new(CACHED_SIGNATURES);
    loop_timer_init(&f->timer, client->process.loop, round_start, f);
    loop_timer_set(&f->timer, 0);
    return f;
}

void client_follow_hurry(struct client_follow *f)
{
    if (loop_timer_is_set(&f->timer))
        loop_timer_set(&f->timer, HURRY_MS);
}

/* The ledger's follower must be freed first: none of its answers comes any more then. */
void client_follow_stop(struct client_follow *f)
{
    if (f == NULL)
        return;
    loop_timer_stop(&f->timer);
    if (f->fetch != NULL)
        http_fetch_cancel(f->fetch);
    f->stopped = true;
    if (f->job == NULL)
        follow_free_now(f); /* else appraised() does */
}
