/*
 * Verifying a bundle, in this order (docs/spec/receipt.md, "verification"):
 *
 *  1. The bundle and the receipt in it are well formed.
 *  2. The ledger proof is of a checkpoint that the policy's log signed and its quorum cosigned. The
 * time asked for is the caller's, or that of the quorum; at a caller's time the quorum must be
 * fresh.
 *  3. The worker is registered in that state; its release, model, keyset and evidence are good at
 *     that time (receipt/worker_check.h).
 *  4. The receipt names the keyset, is signed by its receipt key, was made within LIGHT_MAX_AGE of
 * the quorum, and speaks of the registered model and engine.
 *  5. What else the bundle holds is good: the receipt's place in the log, the OHTTP key, manifests.
 *  6. The bodies, where the caller has them, are those of the receipt.
 *
 * Without a policy 2, 3 and the log are skipped, and the verdict is PARTIAL at best.
 */
#include <string.h>

#include "base/mem.h"
#include "codec/jcs.h"
#include "codec/sse.h"
#include "crypto/labels.h"
#include "ledger/tlog_policy.h"
#include "receipt/batch.h"
#include "receipt/bundle.h"
#include "receipt/worker_check.h"

enum { OHTTP_KEY_LIFE = 3600 };

static const unix_time latest_time = 253402300799; /* the end of year 9999 */

static const struct rule rule_form = {"bundle.form", "the bundle is well formed", "receipt.md"};
static const struct rule rule_receipt_form = {"receipt.form", "the receipt is well formed",
                                              "aci/1 7.3"};
static const struct rule rule_policy = {"bundle.policy", "trust anchors come from a policy",
                                        "receipt.md"};
static const struct rule rule_ledger = {
    "bundle.ledger", "the policy's log and witnesses stand behind the ledger's state", "ledger.md"};
static const struct rule rule_at = {"bundle.at", "time of the verdict", "receipt.md"};
static const struct rule rule_keyset = {"receipt.keyset", "the keyset is well formed", "aci/1 3.1"};
static const struct rule rule_signature = {
    "receipt.signature", "a receipt key of the keyset signed the receipt", "aci/1 9.3"};
static const struct rule rule_time = {
    "receipt.time", "the receipt was made when the state was fresh", "receipt.md"};
static const struct rule rule_model = {
    "receipt.model", "the receipt names the registered model and engine", "receipt.md"};
static const struct rule rule_name = {"receipt.model.name",
                                      "the model asked for is the registered one", "receipt.md"};
static const struct rule rule_gpu = {"receipt.gpu", "the receipt's GPUs are the registered ones",
                                     "receipt.md"};
static const struct rule rule_rewrite = {"receipt.rewrite", "bytes given to the engine",
                                         "aci/1 9.3"};
static const struct rule rule_request = {"receipt.request", "the request is the receipt's",
                                         "aci/1 9.3"};
static const struct rule rule_response = {"receipt.response", "the response is the receipt's",
                                          "aci/1 9.3"};
static const struct rule rule_stream = {"receipt.stream",
                                        "the pieces of the stream are the receipt's", "receipt.md"};
static const struct rule rule_log = {"receipt.log", "the receipt stands in the ledger's log",
                                     "receipt.md"};
static const struct rule rule_log_time = {
    "receipt.log.time", "it was logged no earlier than it was made", "receipt.md"};
static const struct rule rule_ohttp = {
    "bundle.ohttp", "the keyset's signer vouches for the key the request was sealed to",
    "ohttp.md"};
static const struct rule rule_release = {
    "bundle.release", "the release manifest is the registered one", "receipt.md"};
static const struct rule rule_manifest = {"bundle.model",
                                          "the model manifest is the registered one", "receipt.md"};

/* A verification under way. */
struct run {
    const struct bundle_question *q;
    struct bundle_answer *answer;
    struct result *r;
    struct tlog_policy *tlog;
    const struct json *evidence; /* what the worker registered */
    struct light_proof *proof;
    struct light_view view; /* zero before step 2 has passed */
    bool registered;
    struct record_worker worker; /* if registered */
    struct keyset keyset;
    unix_time at;
};

static cocoon_err no_memory(struct fail *fail)
{
    return fail_set(fail, ERR_NOMEM, 0, "the bundle needs more memory than allowed");
}

/* ---- steps 2 and 3 ---- */

static cocoon_err read_tlog(struct run *run, struct fail *fail)
{
    size_t line;

    if (run->q->policy->tlog.len == 0)
        return fail_set(fail, ERR_POLICY, 0, "the policy trusts no log");
    run->tlog = ARENA_NEW(run->q->arena, struct tlog_policy);
    if (run->tlog == NULL)
        return no_memory(fail);
    return tlog_policy_read(run->q->policy->tlog, run->tlog, &line, fail);
}

/* Set run->at to the caller's time, or to that of the newest quorum. */
static cocoon_err find_time(struct run *run, struct fail *fail)
{
    struct note *note = ARENA_NEW(run->q->arena, struct note);
    struct tlog_verdict verdict;
    cocoon_err err;

    if (run->q->has_at && (run->at < 0 || run->at > latest_time))
        return fail_set(fail, ERR_RANGE, 0, "the time asked for is out of range");
    if (run->q->has_at)
        return OK;
    if (note == NULL)
        return no_memory(fail);
    if ((err = note_parse(run->proof->checkpoint, note, fail)) != OK ||
        (err = tlog_policy_check(run->tlog, note, latest_time, &verdict, fail)) != OK)
        return err;
    if (verdict.complete == 0)
        return fail_set(fail, ERR_QUORUM, 0, "too few cosigners of the policy signed");
    run->at = (unix_time)verdict.complete;
    return OK;
}

/* Set run->view to the state that the policy's log and witnesses stand behind. */
static cocoon_err check_ledger(struct run *run, struct fail *fail)
{
    struct light_policy policy = {.max_age = LIGHT_MAX_AGE, .skew = LIGHT_SKEW};
    cocoon_err err;

    run->proof = ARENA_NEW(run->q->arena, struct light_proof);
    if (run->proof == NULL)
        return no_memory(fail);
    if ((err = read_tlog(run, fail)) != OK ||
        (err = light_proof_read(run->answer->bundle.ledger, run->q->arena, run->proof, fail)) !=
            OK ||
        (err = find_time(run, fail)) != OK)
        return err;
    policy.tlog = run->tlog;
    return light_advance(&policy, NULL, run->proof, run->at, &run->view, fail);
}

/* Step 3. Its transcript is the one that goes on. */
static cocoon_err check_worker(struct run *run, struct fail *fail)
{
    const struct bundle *b = &run->answer->bundle;
    struct worker_check *c = ARENA_NEW(run->q->arena, struct worker_check);
    struct fail why;

    if (c == NULL)
        return no_memory(fail);
    *c = (struct worker_check){.policy = run->q->policy,
                               .view = &run->view,
                               .proof = run->proof,
                               .worker_id = b->worker_id,
                               .evidence = b->evidence,
                               .now = run->at,
                               .arena = run->q->arena,
                               .cache = run->q->cache};
    worker_check(c);
    run->r = &c->appraisal.result;
    run->registered =
        light_worker(&run->view, run->proof, &b->worker_id, run->at, &run->worker, &why) == OK;
    return OK;
}

static void put_time(struct run *run, unix_time t)
{
    struct buf text;
    struct slice kept = {NULL, 0};

    buf_init(&text, 64);
    rfc3339_put(&text, t);
    if (arena_copy(run->q->arena, buf_slice(&text), &kept) != OK)
        run->r->bad = true;
    result_info(run->r, &rule_at, kept);
    buf_fini(&text);
}

/* Start the transcript: with a policy by steps 2 and 3. */
static void check_anchors(struct run *run)
{
    struct fail fail = {0};

    if (run->q->policy == NULL) {
        result_skip(run->r, &rule_policy, "no policy: nothing here stands on an anchor");
        return;
    }
    if (check_ledger(run, &fail) != OK || check_worker(run, &fail) != OK) {
        (void)result_fail(run->r, &rule_ledger, &fail);
        return;
    }
    (void)result_check(run->r, &rule_ledger, true, OK);
    put_time(run, run->at);
}

/* ---- step 4 ---- */

/* Read the keyset, whether or not the worker could be checked. */
static bool read_keyset(struct run *run)
{
    const struct json *keyset;
    struct fail fail = {0};
    cocoon_err err;

    if ((err = json_get_object(run->evidence, "keyset", &keyset)) == OK &&
        (err = keyset_read(keyset->source, run->q->arena, &run->keyset, &fail)) == OK)
        return true;
    if (fail.code == OK)
        fail_set(&fail, err, 0, "the evidence has no keyset");
    (void)result_fail(run->r, &rule_keyset, &fail);
    return false;
}

static void check_signature(struct run *run)
{
    struct fail fail = {0};

    if (receipt_verify(&run->answer->receipt, &run->keyset, &fail) != OK)
        (void)result_fail(run->r, &rule_signature, &fail);
    else
        (void)result_check(run->r, &rule_signature, true, OK);
}

static bool is_near(unix_time a, unix_time b, unix_time distance)
{
    return a <= latest_time && b <= latest_time && a >= 0 && b >= 0 && a - b <= distance &&
           b - a <= distance;
}

/* A refusal may name a model that this worker does not serve. */
static void check_name(struct run *run)
{
    const struct receipt *receipt = &run->answer->receipt;
    struct record_model model;
    struct fail fail;

    if (!receipt->has_forwarded || receipt->head.model.len == 0)
        return;
    (void)result_check_detail(
        run->r, &rule_name,
        light_model(&run->view, run->proof, &run->worker.model, run->at, &model, &fail) == OK &&
            slice_eq(model.name, receipt->head.model),
        ERR_MISMATCH, receipt->head.model);
}

/* The receipt against the registration: its time, and what it says of model and GPUs. */
static void check_registration(struct run *run)
{
    const struct receipt *receipt = &run->answer->receipt;

    (void)result_check(
        run->r, &rule_time,
        is_near(receipt->head.served_at, run->view.cosigned, LIGHT_MAX_AGE + LIGHT_SKEW),
        ERR_STALE);
    if (!receipt->has_model)
        result_info(run->r, &rule_model, SLICE_LIT("the receipt does not name a model"));
    else
        (void)result_check(run->r, &rule_model,
                           digest_eq(&receipt->model, &run->worker.model) &&
                               digest_eq(&receipt->engine, &run->worker.engine),
                           ERR_MISMATCH);
    check_name(run);
    if (receipt->has_gpu)
        result_skip(run->r, &rule_gpu, "the registration's GPU evidence is not appraised");
}

static void show_rewrite(struct run *run)
{
    const struct receipt *receipt = &run->answer->receipt;

    if (!receipt->has_forwarded)
        result_info(run->r, &rule_rewrite, SLICE_LIT("none: the request was refused"));
    else if (digest_eq(&receipt->forwarded, &receipt->received))
        result_info(run->r, &rule_rewrite, SLICE_LIT("the request's, unchanged"));
    else
        result_info(run->r, &rule_rewrite, SLICE_LIT("rewritten by the service"));
}

/* ---- step 5 ---- */

static cocoon_err verify_log(struct run *run, struct fail *fail)
{
    struct batch_entry *entry = ARENA_NEW(run->q->arena, struct batch_entry);
    struct batch_owner owner;
    const struct json *object;
    uint64_t time;
    cocoon_err err;

    if (entry == NULL)
        return no_memory(fail);
    memcpy(owner.network_id, run->q->policy->network_id, sizeof owner.network_id);
    memcpy(owner.worker_id, run->answer->bundle.worker_id.bytes, sizeof owner.worker_id);
    if ((err = json_parse(run->answer->bundle.receipt_log, run->q->arena, &object, fail)) != OK ||
        (err = batch_entry_from_json(object, run->q->arena, entry, fail)) != OK ||
        (err = batch_entry_verify(entry, &run->answer->receipt.digest, &owner, run->tlog,
                                  latest_time, run->q->arena, &time, fail)) != OK)
        return err;
    run->answer->logged_at = (unix_time)time;
    run->answer->logged = true;
    return OK;
}

static void check_log(struct run *run)
{
    struct fail fail = {0};

    if (run->answer->bundle.receipt_log.len == 0) {
        if (run->q->policy->require_receipt_log)
            (void)result_check_detail(run->r, &rule_log, false, ERR_POLICY,
                                      SLICE_LIT("it does not, and the policy asks for it"));
        else
            result_info(run->r, &rule_log, SLICE_LIT("not shown"));
        return;
    }
    if (verify_log(run, &fail) != OK) {
        (void)result_fail(run->r, &rule_log, &fail);
        return;
    }
    (void)result_check(run->r, &rule_log, true, OK);
    (void)result_check(run->r, &rule_log_time,
                       run->answer->logged_at + LIGHT_SKEW >= run->answer->receipt.head.served_at,
                       ERR_RULE);
}

/* A signed key configuration without its key, which nothing here uses. */
struct ohttp_key {
    struct digest keyset;
    unix_time not_before, not_after;
    uint8_t signature[ED25519_SIG_LEN];
};

static cocoon_err read_ohttp_key(const struct json *root, struct ohttp_key *out)
{
    static const char *const names[] = {"key_config", "keyset_digest", "not_after", "not_before",
                                        "signature"};
    cocoon_err err;

    if ((err = json_only(root, names, COUNT_OF(names))) != OK ||
        (err = json_get_sha256(root, "keyset_digest", out->keyset.bytes)) != OK ||
        (err = json_get_i64(root, "not_before", &out->not_before)) != OK ||
        (err = json_get_i64(root, "not_after", &out->not_after)) != OK)
        return err;
    if (out->not_before < 0 || out->not_after > latest_time || out->not_after < out->not_before ||
        out->not_after - out->not_before > OHTTP_KEY_LIFE)
        return ERR_RANGE;
    return json_get_hex(root, "signature", out->signature, sizeof out->signature);
}

/* docs/spec/ohttp.md 2, at the time of the receipt instead of now. */
static cocoon_err check_ohttp_terms(const struct run *run, const struct ohttp_key *key,
                                    struct slice covered, struct fail *fail)
{
    unix_time served = run->answer->receipt.head.served_at;
    struct ed25519_public signer;
    cocoon_err err;

    if ((err = keyset_ed25519(&run->keyset.e2ee, LABEL_ALGO_OHTTP_SIGNER, (struct slice){NULL, 0},
                              &signer)) != OK)
        return fail_set(fail, err, 0, "the keyset has no signer of such keys");
    if (!digest_eq(&key->keyset, &run->keyset.digest))
        return fail_set(fail, ERR_MISMATCH, 0, "it is of another keyset");
    if (served < key->not_before - LIGHT_SKEW || served > key->not_after + LIGHT_MAX_AGE)
        return fail_set(fail, ERR_EXPIRED, 0, "it was not in force when the answer was made");
    if ((err = ed25519_verify(&signer, covered, SLICE_OF(key->signature))) != OK)
        return fail_set(fail, err, 0, "its signature does not verify");
    return OK;
}

static cocoon_err verify_ohttp_key(struct run *run, struct fail *fail)
{
    struct ohttp_key key;
    const struct json *root;
    struct buf covered;
    cocoon_err err;

    buf_init(&covered, RECEIPT_MAX);
    if ((err = json_parse(run->answer->bundle.ohttp_key, run->q->arena, &root, fail)) != OK)
        goto done;
    if ((err = read_ohttp_key(root, &key)) != OK ||
        (err = jcs_put_without(&covered, root, "signature", run->q->arena)) != OK) {
        fail_set(fail, err, 0, "the signed key configuration is not well formed");
        goto done;
    }
    err = check_ohttp_terms(run, &key, buf_slice(&covered), fail);
done:
    buf_fini(&covered);
    return err;
}

static void check_ohttp_key(struct run *run)
{
    struct fail fail = {0};

    if (run->answer->bundle.ohttp_key.len == 0) {
        result_info(run->r, &rule_ohttp, SLICE_LIT("not in the bundle"));
        return;
    }
    if (verify_ohttp_key(run, &fail) == OK)
        (void)result_check(run->r, &rule_ohttp, true, OK);
    else
        (void)result_fail(run->r, &rule_ohttp, &fail);
}

/* Check that the JCS form of a manifest hashes to what was registered. */
static void check_manifest(struct run *run, const struct rule *rule, struct slice manifest,
                           const struct digest *registered)
{
    struct digest digest;
    struct fail fail = {0};
    struct buf jcs;

    if (manifest.len == 0) {
        result_info(run->r, rule, SLICE_LIT("not in the bundle"));
        return;
    }
    buf_init(&jcs, BUNDLE_MAX);
    if (jcs_canonicalize(manifest, &jcs, &fail) != OK) {
        (void)result_fail(run->r, rule, &fail);
    } else {
        sha256(buf_slice(&jcs), &digest);
        (void)result_check(run->r, rule, digest_eq(&digest, registered), ERR_MISMATCH);
    }
    buf_fini(&jcs);
}

/* ---- step 6 ---- */

static void check_body(struct run *run, const struct rule *rule, bool has, struct slice body,
                       const struct digest *want)
{
    struct digest digest;

    if (!has) {
        result_info(run->r, rule, SLICE_LIT("not compared: no body was given"));
        return;
    }
    sha256(body, &digest);
    (void)result_check(run->r, rule, digest_eq(&digest, want), ERR_MISMATCH);
}

static void check_stream(struct run *run)
{
    const struct receipt_chain *want = &run->answer->receipt.stream;
    struct slice rest = run->q->response;
    struct receipt_chain chain = {0};
    struct sse_event event;
    struct buf joined;
    struct sse sse;

    sse_init(&sse);
    buf_init(&joined, rest.len);
    while (sse_next(&sse, rest, true, &joined, &event)) {
        receipt_chain_add(&chain, event.raw);
        rest = slice_skip(rest, event.raw.len);
    }
    if (rest.len > 0)
        receipt_chain_add(&chain, rest);
    buf_fini(&joined);
    (void)result_check(run->r, &rule_stream,
                       chain.count == want->count && digest_eq(&chain.hash, &want->hash),
                       ERR_MISMATCH);
}

static void check_bodies(struct run *run)
{
    const struct bundle_question *q = run->q;
    const struct receipt *receipt = &run->answer->receipt;

    check_body(run, &rule_request, q->has_request, q->request, &receipt->received);
    check_body(run, &rule_response, q->has_response, q->response, &receipt->returned);
    if (q->has_response && receipt->has_stream)
        check_stream(run);
}

/* ---- all of it ---- */

/* Step 1. */
static bool read_all(struct run *run)
{
    struct bundle_answer *a = run->answer;
    struct fail fail = {0};

    if (bundle_read(run->q->text, run->q->arena, &a->bundle, &fail) != OK ||
        json_parse(a->bundle.evidence, run->q->arena, &run->evidence, &fail) != OK) {
        (void)result_fail(run->r, &rule_form, &fail);
        return false;
    }
    if (receipt_read(a->bundle.receipt, run->q->arena, &a->receipt, &fail) != OK) {
        (void)result_fail(run->r, &rule_receipt_form, &fail);
        return false;
    }
    return true;
}

/* Whatever a bundle with such evidence comes to, it says so. */
static void mark_simulated(struct run *run)
{
    const struct json *evidence;
    struct slice kind;

    if (json_get_object(run->evidence, "evidence", &evidence) == OK &&
        json_get_text(evidence, "kind", &kind) == OK && slice_eq_text(kind, "sim"))
        run->r->simulated = true;
}

void bundle_verify(const struct bundle_question *q, struct bundle_answer *answer)
{
    struct run run = {.q = q, .answer = answer, .r = &answer->own, .at = q->at};

    *answer = (struct bundle_answer){0};
    result_init(&answer->own, q->arena, q->at);
    if (read_all(&run)) {
        check_anchors(&run);
        (void)result_check(run.r, &rule_form, true, OK);
        (void)result_check(run.r, &rule_receipt_form, true, OK);
        if (read_keyset(&run)) {
            check_signature(&run);
            check_ohttp_key(&run);
        }
        if (run.registered) {
            check_registration(&run);
            check_log(&run);
            check_manifest(&run, &rule_release, answer->bundle.release_manifest,
                           &run.worker.release);
            check_manifest(&run, &rule_manifest, answer->bundle.model_manifest, &run.worker.model);
        }
        show_rewrite(&run);
        check_bodies(&run);
        mark_simulated(&run);
    }
    run.r->policy_applied = q->policy != NULL;
    run.r->policy_needed = true;
    answer->result = run.r;
}
