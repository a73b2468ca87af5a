/*
 * Put the worker on the ledger and keep it there. One cycle, started at once and then every renew_s
 * seconds:
 *
 *   new identity → ask account and records → evidence over the newest checkpoint (pool thread) →
 * evidence as blobs → register or renew → wait until an accepted checkpoint holds it → the identity
 * is current
 *
 * Anything that fails starts the cycle again after a pause; the identity in force stays so
 * meanwhile.
 */
#include <stdio.h>
#include <string.h>

#include "attest/attestation.h"
#include "attest/statement.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/json.h"
#include "crypto/rand.h"
#include "ledger/tx.h"
#include "ledger/tx_worker.h"
#include "role/follow_worker.h"
#include "role/worker.h"

enum {
    REGISTER_PAUSE_FIRST_MS = 500,
    REGISTER_PAUSE_LAST_MS = 15 * 1000,
    REGISTER_POLL_MS = 200,
    REGISTER_POLLS_MAX = 300,
    REGISTER_ARENA_MAX = 16 * 1024 * 1024,
    BLOBS_MAX = 128,
};

struct worker_register {
    struct worker *worker;
    void (*on_current)(struct worker *w);
    struct loop_timer timer;
    uint32_t pause_ms;
    struct loop_job *job;
    bool stopped;

    /* of the cycle under way */
    struct worker_identity *identity;
    struct arena arena;
    uint64_t nonce;
    uint64_t height;
    uint32_t epoch; /* 0: register */
    struct digest checkpoint;
    struct tee_evidence evidence;
    cocoon_err evidence_err;
    struct tx_evidence encoded;
    struct slice blobs[BLOBS_MAX];
    size_t blob_count, blob_next;
    unsigned polls;
};

static void cycle_start(void *owner);
static void submit_next(struct worker_register *r);

static void cycle_clear(struct worker_register *r)
{
    worker_identity_unref(r->identity);
    r->identity = NULL;
    arena_fini(&r->arena);
    r->blob_count = r->blob_next = 0;
    r->polls = 0;
    r->encoded = (struct tx_evidence){0};
}

static void cycle_failed(struct worker_register *r, const char *step, cocoon_err err,
                         const char *what)
{
    struct log_line line = log_begin(LOG_WARN, "registration_failed");

    log_word(&line, "step", step);
    log_err(&line, err);
    log_word(&line, "what", what == NULL ? "" : what);
    log_end(&line);
    cycle_clear(r);
    loop_timer_set(&r->timer, r->pause_ms);
    r->pause_ms =
        r->pause_ms * 2 > REGISTER_PAUSE_LAST_MS ? REGISTER_PAUSE_LAST_MS : r->pause_ms * 2;
}

/* --- waiting for the record --- */

static void cycle_done(struct worker_register *r)
{
    struct worker *w = r->worker;
    struct log_line line = log_begin(LOG_INFO, "registered");

    log_id(&line, "worker", SLICE_OF(w->worker_id));
    log_id(&line, "keyset", digest_slice(&r->identity->keyset_digest));
    log_end(&line);
    worker_identity_unref(w->previous);
    w->previous = w->identity;
    w->identity = worker_identity_ref(r->identity);
    cycle_clear(r);
    r->pause_ms = REGISTER_PAUSE_FIRST_MS;
    loop_timer_set(&r->timer, r->worker->renew_s * 1000);
    r->on_current(w);
}

static void poll_record(void *owner);

static void record_came(void *owner, cocoon_err err, const struct fail *fail,
                        const struct light_view *view, const struct light_proof *proof,
                        struct slice text)
{
    struct worker_register *r = owner;
    struct record_worker record;
    struct fail why = {0};
    struct digest id;

    (void)fail;
    (void)text;
    memcpy(id.bytes, r->worker->worker_id, sizeof id.bytes);
    if (err == OK && light_worker(view, proof, &id, loop_unix_now(), &record, &why) == OK &&
        digest_eq(&record.keyset, &r->identity->keyset_digest)) {
        cycle_done(r);
    } else if (++r->polls == REGISTER_POLLS_MAX) {
        cycle_failed(r, "wait", ERR_TIMEOUT, "no accepted checkpoint holds the registration");
    } else {
        loop_timer_init(&r->timer, r->worker->process.loop, poll_record, r);
        loop_timer_set(&r->timer, REGISTER_POLL_MS);
    }
}

static void poll_record(void *owner)
{
    struct worker_register *r = owner;

    loop_timer_init(&r->timer, r->worker->process.loop, cycle_start, r);
    follow_worker(r->worker->follow, r->worker->worker_id, record_came, r);
}

/* --- submitting --- */

/* The body of the registration, in the arena. ERR_NOMEM, ERR_LIMIT. */
static cocoon_err registration_body(struct worker_register *r, struct slice *out)
{
    struct worker *w = r->worker;
    uint8_t *room = arena_new(&r->arena, TX_BODY_MAX);
    struct tx_worker tx = {.index = w->index,
                           .epoch = r->epoch,
                           .release = w->release_digest,
                           .model = w->model_digest,
                           .engine = w->engine_digest,
                           .height = r->height,
                           .capacity = w->capacity,
                           .keyset = buf_slice(&r->identity->keyset_json),
                           .evidence = r->encoded};
    struct wr wr = wr_init(room, TX_BODY_MAX);

    if (room == NULL)
        return ERR_NOMEM;
    tx_worker_put(&wr, &tx);
    return wr_end(&wr, out);
}

static cocoon_err sign_tx(struct worker_register *r, enum tx_type type, struct slice body,
                          struct buf *out)
{
    struct digest network;

    memcpy(network.bytes, r->worker->trust.policy.network_id, sizeof network.bytes);
    return tx_sign(out, &r->worker->account, type, &network, r->nonce, body);
}

static void tx_answered(void *owner, cocoon_err err, struct slice body)
{
    struct worker_register *r = owner;
    bool blob = r->blob_next < r->blob_count;

    if (err == OK)
        r->nonce++;
    if (blob && (err == OK || err == ERR_RULE)) {
        r->blob_next++; /* one that was refused stands in the log already, or the registration will
                           say so */
        submit_next(r);
    } else if (err != OK) {
        struct log_line line = log_begin(LOG_WARN, "transaction_refused");

        log_text(&line, "answer", body);
        log_end(&line);
        cycle_failed(r, "submit", err, "the ledger refused the transaction");
    } else {
        poll_record(r);
    }
}

/* Submit the next blob, or the registration when all blobs are there. */
static void submit_next(struct worker_register *r)
{
    struct slice body;
    struct buf tx;
    cocoon_err err = OK;

    buf_init(&tx, TX_MAX);
    if (r->blob_next < r->blob_count) {
        err = sign_tx(r, TX_BLOB, r->blobs[r->blob_next], &tx);
    } else if ((err = registration_body(r, &body)) == OK) {
        err = sign_tx(r, r->epoch == 0 ? TX_WORKER_REGISTER : TX_WORKER_RENEW, body, &tx);
    }
    if (err == OK)
        follow_submit(r->worker->follow, buf_slice(&tx), tx_answered, r);
    else
        cycle_failed(r, "sign", err, NULL);
    buf_fini(&tx);
}

/* --- evidence --- */

/* Cut one part into blobs and note their digests. ERR_NOMEM, ERR_LIMIT. */
static cocoon_err encode_part(struct worker_register *r, const struct tee_part *part)
{
    struct tx_part *out = &r->encoded.parts[r->encoded.count];
    size_t count = (part->bytes.len + TX_BLOB_MAX - 1) / TX_BLOB_MAX;
    struct digest *digests = ARENA_ARRAY(&r->arena, count, struct digest);
    struct slice rest = part->bytes;

    if (digests == NULL)
        return ERR_NOMEM;
    if (count > TX_PIECES_MAX || r->blob_count + count > BLOBS_MAX ||
        r->encoded.count == EVIDENCE_PARTS_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < count; i++) {
        size_t len = rest.len < TX_BLOB_MAX ? rest.len : TX_BLOB_MAX;

        r->blobs[r->blob_count] = slice_sub(rest, 0, len);
        sha256(r->blobs[r->blob_count++], &digests[i]);
        rest = slice_skip(rest, len);
    }
    out->name = slice_text(part->name);
    out->pieces = slice_make(digests, count * sizeof *digests);
    r->encoded.count++;
    return OK;
}

/* The certificate of the identity's leaf carries evidence without a nonce (aci.report_data.v1). */
static cocoon_err certify_leaf(struct worker_register *r, struct arena *arena)
{
    struct worker *w = r->worker;
    struct worker_identity *id = r->identity;
    uint8_t report_data[REPORT_DATA_LEN];
    struct evidence *item = ARENA_NEW(arena, struct evidence);
    struct tee_evidence made;
    struct buf attestation;
    cocoon_err err;

    if (item == NULL)
        return ERR_NOMEM;
    buf_init(&attestation, ATTESTATION_MAX);
    report_data_aci(&id->keyset_digest, NULL, report_data);
    if ((err = tee_evidence(w->tee, report_data, loop_unix_now(), arena, &made)) != OK)
        goto done;
    evidence_init(item, slice_text(made.kind));
    for (size_t i = 0; i < made.count; i++)
        if ((err = evidence_add(item, slice_text(made.parts[i].name), made.parts[i].bytes)) != OK)
            goto done;
    if ((err = attestation_put(&attestation,
                               &(struct attestation){.keyset = buf_slice(&id->keyset_json),
                                                     .items = item,
                                                     .count = 1})) == OK)
        err = ratls_leaf_certify(&id->leaf, SLICE_LIT("cocoon worker"), buf_slice(&attestation),
                                 loop_unix_now(), RATLS_LIFE_MAX, &rand_system);
done:
    buf_fini(&attestation);
    return err;
}

/* On a pool thread: evidence over the statement of this registration, and the leaf's own. */
static void evidence_make(void *owner)
{
    struct worker_register *r = owner;
    struct worker *w = r->worker;
    struct statement_worker statement = {.keyset = r->identity->keyset_digest,
                                         .model = w->model_digest,
                                         .release = w->release_digest,
                                         .role = ROLE_WORKER};
    uint8_t report_data[REPORT_DATA_LEN];

    memcpy(statement.network_id, w->trust.policy.network_id, sizeof statement.network_id);
    memcpy(statement.nonce, r->checkpoint.bytes, sizeof statement.nonce);
    memcpy(statement.worker_id, w->worker_id, sizeof statement.worker_id);
    report_data_worker(&statement, report_data);
    r->evidence_err = tee_evidence(w->tee, report_data, loop_unix_now(), &r->arena, &r->evidence);
    if (r->evidence_err == OK)
        r->evidence_err = certify_leaf(r, &r->arena);
}

static void evidence_made(void *owner, cocoon_err err)
{
    struct worker_register *r = owner;

    r->job = NULL;
    if (r->stopped) {
        cycle_clear(r);
        mem_free(r);
        return;
    }
    if (err == OK)
        err = r->evidence_err;
    r->encoded.kind = slice_text(r->evidence.kind == NULL ? "" : r->evidence.kind);
    for (size_t i = 0; err == OK && i < r->evidence.count; i++)
        err = encode_part(r, &r->evidence.parts[i]);
    if (err == OK)
        submit_next(r);
    else
        cycle_failed(r, "evidence", err, NULL);
}

/* --- where the ledger stands --- */

static void records_came(void *owner, cocoon_err err, const struct fail *fail,
                         const struct light_view *view, const struct light_proof *proof,
                         struct slice text)
{
    struct worker_register *r = owner;
    struct record_worker record;
    struct slice value;
    struct fail why = {0};

    (void)text;
    if (err == OK) {
        err = light_record_find(view, proof, RECORD_WORKER, SLICE_OF(r->worker->worker_id), &value,
                                &why);
        r->epoch = 0;
        if (err == OK && (err = record_get_worker(value, &record)) == OK &&
            record.status != WORKER_RETIRED)
            r->epoch = record.epoch;
        else if (err == ERR_ABSENT)
            err = OK;
    }
    if (err != OK) {
        cycle_failed(r, "ask", err, fail->what);
        return;
    }
    r->height = view->height;
    r->checkpoint = view->checkpoint;
    r->job = loop_work(r->worker->process.loop, evidence_make, evidence_made, r);
}

static void account_came(void *owner, cocoon_err err, struct slice body)
{
    struct worker_register *r = owner;
    struct follow_key key = {.type = RECORD_WORKER, .id_len = 32};
    const struct json *root;
    struct arena arena;
    struct fail fail;

    arena_init(&arena, 64 * 1024);
    if (err == OK && (err = json_parse(body, &arena, &root, &fail)) == OK)
        err = json_get_u64(root, "nonce", &r->nonce);
    arena_fini(&arena);
    if (err != OK) {
        cycle_failed(r, "account", err, "the ledger does not know this account");
        return;
    }
    memcpy(key.id, r->worker->worker_id, sizeof key.id);
    follow_prove(r->worker->follow, &key, 1, records_came, r);
}

static void cycle_start(void *owner)
{
    struct worker_register *r = owner;
    char hex[65], path[128];
    cocoon_err err;

    arena_init(&r->arena, REGISTER_ARENA_MAX);
    if ((err = worker_identity_new(r->worker, &r->identity)) != OK) {
        cycle_failed(r, "identity", err, NULL);
        return;
    }
    hex_write(ed25519_public_slice(&r->worker->account.public), hex);
    snprintf(path, sizeof path, "/v1/ledger/account?id=%s", hex);
    follow_get(r->worker->follow, slice_text(path), 4096, account_came, r);
}

/* --- life --- */

struct worker_register *worker_register_start(struct worker *w,
                                              void (*on_current)(struct worker *w))
{
    struct worker_register *r = MEM_NEW(struct worker_register);

    r->worker = w;
    r->on_current = on_current;
    r->pause_ms = REGISTER_PAUSE_FIRST_MS;
    loop_timer_init(&r->timer, w->process.loop, cycle_start, r);
    loop_timer_set(&r->timer, 0);
    return r;
}

/* Its follower must be freed first: no answer comes any more then. */
void worker_register_stop(struct worker_register *r)
{
    if (r == NULL)
        return;
    loop_timer_stop(&r->timer);
    r->stopped = true;
    if (r->job != NULL)
        return; /* evidence_made frees it */
    cycle_clear(r);
    mem_free(r);
}
