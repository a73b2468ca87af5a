/*
 * The worker registry: registration, renewal, update, retirement, receipts.
 *
 * A worker is registered, and renewed, only if its evidence appraises as good here and now: by the
 * evidence and collateral that stand in the log, at the block's time, against the measurements of
 * the release it names, bound to a keyset and to a checkpoint not older than nonce_age. Each
 * registration starts a new lease epoch; what carries an older epoch is refused, so a cloned or
 * restored worker is fenced off.
 */
#include <assert.h>
#include <string.h>

#include "attest/keyset.h"
#include "attest/statement.h"
#include "base/limits.h"
#include "base/mem.h"
#include "ledger/exec.h"
#include "ledger/tx_worker.h"

/* One registration or renewal while it is judged. All of it is in the arena. */
struct candidate {
    struct tx_worker body;
    uint8_t id[32];
    bool known; /* `record` is what the ledger holds */
    struct record_worker record;
    struct record_release release;
    struct keyset keyset;
    struct digest checkpoint;
    struct digest gpu_digest;
    struct statement_worker statement;
    struct evidence evidence;
    struct ledger_answer answer;
    uint64_t expires_at;
};

static cocoon_err get_worker(struct exec *x, const uint8_t id[32], struct record_worker *out,
                             struct fail *fail)
{
    struct slice value;
    cocoon_err err = state_get(x->state, RECORD_WORKER, slice_make(id, 32), &value);

    if (err == ERR_ABSENT)
        return fail_set(fail, ERR_ABSENT, 83, "there is no such worker");
    if (err == OK)
        err = arena_copy(x->scratch, value, &value);
    if (err != OK)
        return err;
    return record_get_worker(value, out) == OK ? OK : ERR_CORRUPT;
}

static void put_worker(struct exec *x, const uint8_t id[32], const struct record_worker *worker)
{
    struct wr w = exec_wr(x);

    record_put_worker(&w, worker);
    exec_put(x, RECORD_WORKER, slice_make(id, 32), &w);
}

/* Apply the window in which the owners let something be used. */
static cocoon_err check_window(const struct exec *x, uint64_t from, uint64_t until,
                               uint64_t revoked, struct fail *fail)
{
    if (x->now < from)
        return fail_set(fail, ERR_NOT_YET_VALID, 83, "the owners' root contract allows it later");
    if (until != 0 && x->now >= until)
        return fail_set(fail, ERR_EXPIRED, 83, "the owners' root contract allows it no more");
    if (revoked != 0 && x->now >= revoked)
        return fail_set(fail, ERR_REVOKED, 83, "the owners' root contract revoked it");
    return OK;
}

static cocoon_err check_release(struct exec *x, struct candidate *c, struct fail *fail)
{
    struct slice value;
    cocoon_err err = state_get(x->state, RECORD_RELEASE, digest_slice(&c->body.release), &value);

    if (err == ERR_ABSENT)
        return fail_set(fail, ERR_ABSENT, 91, "the root contract has no such release");
    if (err != OK)
        return err;
    if (record_get_release(value, &c->release) != OK)
        return ERR_CORRUPT;
    return check_window(x, c->release.valid_from, c->release.valid_until, c->release.revoked_at,
                        fail);
}

static cocoon_err check_model(struct exec *x, const struct candidate *c, struct fail *fail)
{
    struct record_model model;
    struct slice value;
    cocoon_err err = state_get(x->state, RECORD_MODEL, digest_slice(&c->body.model), &value);

    if (err == ERR_ABSENT)
        return fail_set(fail, ERR_ABSENT, 123, "the root contract has no such model");
    if (err != OK)
        return err;
    if (record_get_model(value, &model) != OK)
        return ERR_CORRUPT;
    return check_window(x, model.valid_from, 0, model.revoked_at, fail);
}

static cocoon_err check_engine(struct exec *x, const struct candidate *c, struct fail *fail)
{
    struct record_engine engine;
    struct slice value;
    cocoon_err err;

    if (digest_is_zero(&c->body.engine))
        return OK;
    err = state_get(x->state, RECORD_ENGINE, digest_slice(&c->body.engine), &value);
    if (err == ERR_ABSENT)
        return fail_set(fail, ERR_ABSENT, 155, "the root contract has no such engine");
    if (err != OK)
        return err;
    if (record_get_engine(value, &engine) != OK)
        return ERR_CORRUPT;
    return check_window(x, engine.valid_from, 0, engine.revoked_at, fail);
}

/* The nonce: the checkpoint after block `height`, which was not long ago. */
static cocoon_err check_nonce(struct exec *x, struct candidate *c, struct fail *fail)
{
    struct record_recent recent;
    uint8_t slot[2];
    struct wr w = wr_init(slot, sizeof slot);
    struct slice value;
    cocoon_err err;

    wr_u16be(&w, (uint16_t)(c->body.height % RECENT_SLOTS));
    err = state_get(x->state, RECORD_RECENT, SLICE_OF(slot), &value);
    if (err != OK && err != ERR_ABSENT)
        return err;
    if (err == OK && record_get_recent(value, &recent) != OK)
        return ERR_CORRUPT;
    if (err == ERR_ABSENT || recent.height != c->body.height)
        return fail_set(fail, ERR_STALE, 187, "no recent checkpoint of this height is known");
    if (x->time_ms - recent.time_ms > 1000 * (uint64_t)x->params.nonce_age)
        return fail_set(fail, ERR_STALE, 187, "the evidence quotes too old a checkpoint");
    c->checkpoint = recent.checkpoint;
    return OK;
}

static cocoon_err check_keyset(struct exec *x, struct candidate *c, struct fail *fail)
{
    struct digest written;
    cocoon_err err = keyset_read(c->body.keyset, x->scratch, &c->keyset, fail);

    if (err != OK)
        return err;
    sha256(c->body.keyset, &written);
    if (!digest_eq(&written, &c->keyset.digest))
        return fail_set(fail, ERR_NONCANONICAL, 0, "the keyset is not in canonical form");
    return keyset_valid_at(&c->keyset, (unix_time)x->now, fail);
}

/* Append the content of the blob `digest`. */
static cocoon_err add_blob(struct exec *x, struct slice digest, struct buf *out, struct fail *fail)
{
    struct record_blob blob;
    struct slice value;
    struct buf leaf;
    struct tx tx;
    cocoon_err err = state_get(x->state, RECORD_BLOB, digest, &value);

    if (err == ERR_ABSENT)
        return fail_set(fail, ERR_ABSENT, 0, "evidence names a blob that the ledger has not");
    if (err != OK)
        return err;
    if (record_get_blob(value, &blob) != OK)
        return ERR_CORRUPT;
    if (out->len + blob.length > out->max)
        return fail_set(fail, ERR_LIMIT, 0, "the evidence is too long");
    buf_init(&leaf, TX_MAX);
    err = exec_leaf(x, blob.index, &leaf);
    if (err == OK && (tx_parse(buf_slice(&leaf), &tx, fail) != OK || tx.body.len != blob.length))
        err = ERR_CORRUPT;
    if (err == OK)
        buf_put(out, tx.body);
    buf_fini(&leaf);
    return err;
}

/* Gather the parts of `e` from their blobs. */
static cocoon_err gather(struct exec *x, const struct tx_evidence *e, struct evidence *out,
                         struct fail *fail)
{
    struct buf bytes;
    cocoon_err err = OK;

    evidence_init(out, e->kind);
    buf_init(&bytes, LIMIT_EVIDENCE);
    for (uint8_t i = 0; err == OK && i < e->count; i++) {
        struct slice pieces = e->parts[i].pieces, content;

        buf_clear(&bytes);
        for (size_t at = 0; err == OK && at < pieces.len; at += 32)
            err = add_blob(x, slice_sub(pieces, at, 32), &bytes, fail);
        if (err == OK)
            err = arena_copy(x->scratch, buf_slice(&bytes), &content);
        if (err == OK)
            err = evidence_add(out, e->parts[i].name, content);
    }
    buf_fini(&bytes);
    return err;
}

static cocoon_err ask(struct exec *x, struct candidate *c, struct slice report_data,
                      struct slice nonce, struct ledger_answer *answer, struct fail *fail)
{
    const struct rules *rules = rules_find(x->network.rules);
    struct ledger_question q = {
        .evidence = &c->evidence,
        .report_data = report_data,
        .nonce = nonce,
        .release = &c->release,
        .sim_root = x->network.has_sim_root ? x->network.sim_root : NULL,
        .now = (unix_time)x->now,
        .arena = x->scratch,
    };

    assert(rules != NULL);
    *answer = (struct ledger_answer){0};
    if (x->env->appraise != NULL)
        return x->env->appraise(x->env->appraise_ctx, &q, answer, fail);
    return rules->appraise(NULL, &q, answer, fail);
}

/* Collateral never goes back to an older evaluation than the ledger has seen. */
static cocoon_err check_evaluation(struct exec *x, const struct ledger_answer *answer,
                                   struct fail *fail)
{
    struct record_evaluation seen = {.number = answer->evaluation_number, .seen_at = x->now}, old;
    struct slice value;
    struct wr w = exec_wr(x);
    cocoon_err err;

    if (answer->evaluated.len == 0)
        return OK;
    if (answer->evaluated.len > RECORD_ID_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "the name of the collateral is too long");
    err = state_get(x->state, RECORD_EVALUATION, answer->evaluated, &value);
    if (err == OK && record_get_evaluation(value, &old) != OK)
        return ERR_CORRUPT;
    if (err == OK && old.number > seen.number)
        return fail_set(fail, ERR_ROLLBACK, 0, "the collateral is older than what was seen");
    if (err == OK && old.number == seen.number)
        return OK;
    if (err != OK && err != ERR_ABSENT)
        return err;
    record_put_evaluation(&w, &seen);
    exec_put(x, RECORD_EVALUATION, answer->evaluated, &w);
    return OK;
}

/* What the evidence must bind (DESIGN section 4). */
static void make_statement(const struct exec *x, struct candidate *c)
{
    struct statement_worker *s = &c->statement;

    s->gpu_evidence = c->body.gpu.count > 0 ? &c->gpu_digest : NULL;
    sha256(c->body.gpu.bytes, &c->gpu_digest);
    s->keyset = c->keyset.digest;
    s->model = c->body.model;
    s->release = c->body.release;
    s->role = ROLE_WORKER;
    memcpy(s->network_id, x->network.network_id.bytes, 32);
    memcpy(s->nonce, c->checkpoint.bytes, 32);
    memcpy(s->worker_id, c->id, 32);
}

static cocoon_err appraise_gpu(struct exec *x, struct candidate *c, struct fail *fail)
{
    struct ledger_answer answer;
    struct digest nonce;
    cocoon_err err;

    if (c->body.gpu.count == 0)
        return OK;
    statement_gpu_nonce(&c->statement, &nonce);
    if ((err = gather(x, &c->body.gpu, &c->evidence, fail)) != OK)
        return err;
    if ((err = ask(x, c, slice_make(NULL, 0), digest_slice(&nonce), &answer, fail)) != OK)
        return err;
    if (answer.valid_until < c->answer.valid_until)
        c->answer.valid_until = answer.valid_until;
    c->answer.simulated = c->answer.simulated || answer.simulated;
    return check_evaluation(x, &answer, fail);
}

static cocoon_err appraise(struct exec *x, struct candidate *c, struct fail *fail)
{
    uint8_t report_data[REPORT_DATA_LEN];
    cocoon_err err;

    make_statement(x, c);
    report_data_worker(&c->statement, report_data);
    if ((err = gather(x, &c->body.evidence, &c->evidence, fail)) != OK)
        return err;
    err = ask(x, c, SLICE_OF(report_data), slice_make(NULL, 0), &c->answer, fail);
    if (err != OK)
        return err;
    if ((err = check_evaluation(x, &c->answer, fail)) != OK)
        return err;
    return appraise_gpu(x, c, fail);
}

/* The end of the registration: the earliest of what it rests on. */
static cocoon_err set_expiry(const struct exec *x, struct candidate *c, struct fail *fail)
{
    uint64_t end = x->now + x->params.evidence_age;

    assert(c->keyset.not_after >= 0);
    if ((uint64_t)c->keyset.not_after < end)
        end = (uint64_t)c->keyset.not_after;
    if (c->answer.valid_until < 0 || (uint64_t)c->answer.valid_until < end)
        end = c->answer.valid_until < 0 ? 0 : (uint64_t)c->answer.valid_until;
    if (end <= x->now)
        return fail_set(fail, ERR_EXPIRED, 0, "the evidence has run out");
    c->expires_at = end;
    return OK;
}

/* Move the bond that the transaction brings from the account's free balance. */
static cocoon_err take_bond(struct exec *x, const struct tx *tx, struct candidate *c,
                            struct fail *fail)
{
    struct record_account account;
    cocoon_err err;

    if (!amount_add(c->record.bond, c->body.bond, &c->record.bond))
        return fail_set(fail, ERR_RANGE, 0, "the bond is too large");
    if (c->record.bond < x->params.worker_bond)
        return fail_set(fail, ERR_FUNDS, 0, "the bond is too small");
    if (c->body.bond == 0)
        return OK;
    if ((err = exec_account(x, tx->account.bytes, &account)) != OK)
        return err;
    if (!amount_sub(account.balance, c->body.bond, &account.balance))
        return fail_set(fail, ERR_FUNDS, 0, "the account has not the bond");
    if (!amount_add(account.bonded, c->body.bond, &account.bonded))
        return ERR_CORRUPT;
    exec_account_set(x, tx->account.bytes, &account);
    return OK;
}

/* Read the body and what the ledger holds of the worker. */
static cocoon_err open_candidate(struct exec *x, const struct tx *tx, struct candidate **out,
                                 struct fail *fail)
{
    struct candidate *c = ARENA_NEW(x->scratch, struct candidate);
    cocoon_err err;

    if (c == NULL)
        return ERR_NOMEM;
    *out = c;
    if ((err = tx_worker_read(tx->body, &c->body)) != OK)
        return fail_set(fail, err, 83, "not the body of a registration");
    worker_id_make(tx->account.bytes, c->body.index, c->id);
    err = get_worker(x, c->id, &c->record, fail);
    c->known = err == OK;
    if (err == ERR_ABSENT) {
        *fail = (struct fail){0};
        err = OK;
    }
    return err;
}

static cocoon_err judge(struct exec *x, const struct tx *tx, struct candidate *c, struct fail *fail)
{
    cocoon_err err;

    if ((err = exec_fee(x, tx->account.bytes, x->params.fee_appraisal, fail)) != OK)
        return err;
    if ((err = check_release(x, c, fail)) != OK)
        return err;
    if ((err = check_model(x, c, fail)) != OK)
        return err;
    if ((err = check_engine(x, c, fail)) != OK)
        return err;
    if ((err = check_nonce(x, c, fail)) != OK)
        return err;
    if ((err = check_keyset(x, c, fail)) != OK)
        return err;
    if ((err = take_bond(x, tx, c, fail)) != OK)
        return err;
    if (x->appraisals >= x->params.appraisals)
        return fail_set(fail, ERR_LIMIT, 0, "the block's appraisals are spent");
    x->appraisals++;
    if ((err = appraise(x, c, fail)) != OK)
        return err;
    return set_expiry(x, c, fail);
}

/* Write the worker's record as the judged candidate has it. */
static void enter(struct exec *x, struct candidate *c)
{
    struct record_worker *r = &c->record;
    struct slice sections[] = {c->body.evidence.bytes, c->body.gpu.bytes};

    r->renewed_at = x->now;
    r->expires_at = c->expires_at;
    r->release = c->body.release;
    r->model = c->body.model;
    r->engine = c->body.engine;
    r->keyset = c->keyset.digest;
    sha256_parts(sections, COUNT_OF(sections), &r->evidence);
    r->nonce = c->checkpoint;
    r->evidence_index = exec_index(x);
    r->simulated = c->answer.simulated;
    r->capacity = c->body.capacity;
    r->prices = c->body.prices;
    r->kind = c->body.evidence.kind;
    put_worker(x, c->id, r);
}

cocoon_err rule_worker_register(struct exec *x, const struct tx *tx, struct fail *fail)
{
    struct candidate *c;
    cocoon_err err;

    if ((err = open_candidate(x, tx, &c, fail)) != OK)
        return err;
    if (c->body.epoch != 0)
        return fail_set(fail, ERR_RULE, 87, "a registration starts a new epoch: it names none");
    if (c->record.epoch == UINT32_MAX)
        return fail_set(fail, ERR_RANGE, 87, "no epoch is left for this worker");
    if ((err = judge(x, tx, c, fail)) != OK)
        return err;
    memcpy(c->record.account, tx->account.bytes, 32);
    c->record.index = c->body.index;
    c->record.status = WORKER_ACTIVE;
    c->record.epoch++;
    c->record.registered_at = x->now;
    enter(x, c);
    return OK;
}

/* What a worker that goes on says of itself must be what it registered. */
static cocoon_err check_same(const struct candidate *c, struct fail *fail)
{
    const struct record_worker *r = &c->record;

    if (!c->known)
        return fail_set(fail, ERR_ABSENT, 83, "there is no such worker");
    if (r->status == WORKER_RETIRED)
        return fail_set(fail, ERR_RULE, 83, "the worker has retired");
    if (c->body.epoch != r->epoch)
        return fail_set(fail, ERR_ROLLBACK, 87, "another lease epoch is in force");
    if (!digest_eq(&c->body.release, &r->release) || !digest_eq(&c->body.model, &r->model) ||
        !digest_eq(&c->body.engine, &r->engine))
        return fail_set(fail, ERR_MISMATCH, 91, "another release, model or engine: register anew");
    return OK;
}

cocoon_err rule_worker_renew(struct exec *x, const struct tx *tx, struct fail *fail)
{
    struct candidate *c;
    cocoon_err err;

    if ((err = open_candidate(x, tx, &c, fail)) != OK)
        return err;
    if ((err = check_same(c, fail)) != OK)
        return err;
    if ((err = judge(x, tx, c, fail)) != OK)
        return err;
    enter(x, c);
    return OK;
}

/* Read the worker `index` of the transaction's account that holds the lease `epoch`. */
static cocoon_err get_holder(struct exec *x, const struct tx *tx, uint32_t index, uint32_t epoch,
                             uint8_t id[32], struct record_worker *out, struct fail *fail)
{
    cocoon_err err;

    worker_id_make(tx->account.bytes, index, id);
    if ((err = get_worker(x, id, out, fail)) != OK)
        return err;
    if (out->status == WORKER_RETIRED)
        return fail_set(fail, ERR_RULE, 83, "the worker has retired");
    if (out->epoch != epoch)
        return fail_set(fail, ERR_ROLLBACK, 87, "another lease epoch is in force");
    return OK;
}

cocoon_err rule_worker_update(struct exec *x, const struct tx *tx, struct fail *fail)
{
    struct tx_worker_update body;
    struct record_worker worker;
    uint8_t id[32];
    cocoon_err err;

    if ((err = tx_worker_update_read(tx->body, &body)) != OK)
        return fail_set(fail, err, 83, "not the body of an update");
    if ((err = get_holder(x, tx, body.index, body.epoch, id, &worker, fail)) != OK)
        return err;
    worker.status = body.status;
    worker.capacity = body.capacity;
    worker.prices = body.prices;
    put_worker(x, id, &worker);
    return OK;
}

/* Give a retired worker's bond back, once nothing can be held against it any more. */
static cocoon_err release_bond(struct exec *x, const struct tx *tx, struct record_worker *worker,
                               struct fail *fail)
{
    struct record_account account;
    cocoon_err err;

    if (worker->bond == 0)
        return fail_set(fail, ERR_RULE, 83, "the worker has retired and has no bond");
    if (x->now < worker->expires_at + x->params.unbond_delay)
        return fail_set(fail, ERR_NOT_YET_VALID, 83, "the bond is held for some time yet");
    if ((err = exec_account(x, tx->account.bytes, &account)) != OK)
        return err;
    if (!amount_sub(account.bonded, worker->bond, &account.bonded) ||
        !amount_add(account.balance, worker->bond, &account.balance))
        return ERR_CORRUPT;
    worker->bond = 0;
    exec_account_set(x, tx->account.bytes, &account);
    return OK;
}

cocoon_err rule_worker_retire(struct exec *x, const struct tx *tx, struct fail *fail)
{
    struct rd r = rd_init(tx->body);
    uint32_t index = rd_u32be(&r);
    struct record_worker worker;
    uint8_t id[32];
    cocoon_err err;

    if (rd_end(&r) != OK)
        return fail_set(fail, rd_end(&r), 83, "not the body of a retirement");
    worker_id_make(tx->account.bytes, index, id);
    if ((err = get_worker(x, id, &worker, fail)) != OK)
        return err;
    if (worker.status == WORKER_RETIRED) {
        err = release_bond(x, tx, &worker, fail);
    } else {
        worker.status = WORKER_RETIRED;
        worker.expires_at = x->now;
    }
    if (err == OK)
        put_worker(x, id, &worker);
    return err;
}

cocoon_err rule_receipts(struct exec *x, const struct tx *tx, struct fail *fail)
{
    struct record_receipts receipts = {0};
    struct record_worker worker;
    struct tx_receipts body;
    uint8_t id[32];
    struct slice value;
    struct wr w;
    cocoon_err err;

    if ((err = tx_receipts_read(tx->body, &body)) != OK)
        return fail_set(fail, err, 83, "not the body of a batch of receipts");
    if (body.count == 0)
        return fail_set(fail, ERR_RULE, 91, "a batch without receipts");
    if ((err = get_holder(x, tx, body.index, body.epoch, id, &worker, fail)) != OK)
        return err;
    err = state_get(x->state, RECORD_RECEIPTS, SLICE_OF(id), &value);
    if (err == OK && record_get_receipts(value, &receipts) != OK)
        return ERR_CORRUPT;
    if (err != OK && err != ERR_ABSENT)
        return err;
    receipts.batches++;
    receipts.receipts += body.count;
    receipts.last_root = body.root;
    receipts.last_index = exec_index(x);
    w = exec_wr(x);
    record_put_receipts(&w, &receipts);
    exec_put(x, RECORD_RECEIPTS, SLICE_OF(id), &w);
    return OK;
}
