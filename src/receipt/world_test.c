#include "receipt/world_test.h"

#include "attest/sim.h"
#include "attest/statement.h"
#include "base/test.h"
#include "codec/jcs.h"
#include "codec/json_wr.h"
#include "codec/sse.h"
#include "crypto/labels.h"
#include "ledger/tlog_proof.h"
#include "receipt/batch.h"

enum { WORKER_INDEX = 3, TEXT_MAX = 1 << 20 };

static uint8_t measurement[48] = {0xa7};

/* ---- the root contract's records ---- */

static void put_release(struct world *w)
{
    static uint8_t room[RECORD_MAX];
    struct wr value = wr_init(room, sizeof room);
    struct record_release r = {.valid_from = 1, .name = SLICE_INIT("cocoon test"), .count = 1};

    r.measures[0].tee = SLICE_LIT("sim");
    r.measures[0].count = 1;
    r.measures[0].fields[0] =
        (struct record_field){SLICE_LIT("measurement"), SLICE_OF(measurement)};
    record_put_release(&value, &r);
    assert_int_equal(kit_put(&w->ledger, RECORD_RELEASE, digest_slice(&w->release), &value), OK);
}

static void put_model(struct world *w)
{
    uint8_t room[RECORD_MAX];
    struct wr value = wr_init(room, sizeof room);
    struct record_model m = {.valid_from = 1, .kind = MODEL_OPEN, .name = SLICE_INIT("demo")};

    record_put_model(&value, &m);
    assert_int_equal(kit_put(&w->ledger, RECORD_MODEL, digest_slice(&w->model), &value), OK);
}

static void put_engine(struct world *w)
{
    uint8_t room[RECORD_MAX];
    struct wr value = wr_init(room, sizeof room);
    struct record_engine e = {.valid_from = 1, .name = SLICE_INIT("llama.cpp")};

    record_put_engine(&value, &e);
    assert_int_equal(kit_put(&w->ledger, RECORD_ENGINE, digest_slice(&w->engine), &value), OK);
}

/* ---- the worker ---- */

static void make_keyset(struct world *w)
{
    static char receipt_hex[65], ohttp_hex[65];

    hex_write(ed25519_public_slice(&w->receipt_key.public), receipt_hex);
    hex_write(ed25519_public_slice(&w->ohttp_signer.public), ohttp_hex);
    w->keyset = (struct keyset){.not_after = KIT_TIME + 20 * 3600};
    w->keyset.receipt.keys[0] =
        (struct keyset_key){SLICE_LIT("receipt-1"), SLICE_LIT("ed25519"), slice_text(receipt_hex)};
    w->keyset.receipt.count = 1;
    w->keyset.e2ee.keys[0] = (struct keyset_key){
        SLICE_LIT("ohttp-1"), SLICE_LIT(LABEL_ALGO_OHTTP_SIGNER), slice_text(ohttp_hex)};
    w->keyset.e2ee.count = 1;
    assert_int_equal(keyset_put(&w->keyset, &w->keyset_json), OK);
}

/* Simulated evidence that binds the statement of this worker. */
static void make_evidence(struct world *w, const struct digest *nonce,
                          uint8_t out[SIM_EVIDENCE_LEN])
{
    struct sim_evidence e = {.svn = 1, .issued = KIT_TIME};
    struct statement_worker s = {
        .keyset = w->keyset.digest, .model = w->model, .release = w->release, .role = ROLE_WORKER};

    memcpy(s.network_id, w->net.genesis.network_id.bytes, 32);
    memcpy(s.nonce, nonce->bytes, 32);
    memcpy(s.worker_id, w->worker_id.bytes, 32);
    memcpy(e.measurement, measurement, sizeof measurement);
    report_data_worker(&s, e.report_data);
    sim_make(&e, &w->net.sim, out);
}

static void keep_evidence(struct world *w, const struct digest *nonce, struct slice evidence)
{
    struct json_wr json;

    json_wr_init(&json, &w->evidence);
    json_wr_object(&json, NULL);
    json_wr_object(&json, "evidence");
    json_wr_cstr(&json, "kind", "sim");
    json_wr_object(&json, "parts");
    json_wr_b64(&json, "evidence", evidence);
    json_wr_close(&json);
    json_wr_close(&json);
    json_wr_null(&json, "gpu_evidence");
    json_wr_raw(&json, "keyset", buf_slice(&w->keyset_json));
    json_wr_hex(&json, "nonce", digest_slice(nonce));
    json_wr_close(&json);
    assert_int_equal(json_wr_end(&json), OK);
}

static void register_worker(struct world *w)
{
    static struct tx_worker body;
    static uint8_t room[TX_BODY_MAX];
    uint8_t evidence[SIM_EVIDENCE_LEN];
    struct wr value = wr_init(room, sizeof room);
    struct digest nonce, blob;
    struct slice bytes;

    checkpoint_hash(ledger_origin(w->ledger.ledger), w->ledger.block.size, &w->ledger.block.root,
                    &nonce);
    body = (struct tx_worker){.index = WORKER_INDEX,
                              .release = w->release,
                              .model = w->model,
                              .engine = w->engine,
                              .height = w->ledger.block.height,
                              .capacity = 4,
                              .bond = 10,
                              .keyset = buf_slice(&w->keyset_json)};
    make_evidence(w, &nonce, evidence);
    keep_evidence(w, &nonce, SLICE_OF(evidence));
    assert_int_equal(kit_send(&w->ledger, &w->account, TX_BLOB, SLICE_OF(evidence), NULL), OK);
    sha256(SLICE_OF(evidence), &blob);
    body.evidence.kind = SLICE_LIT("sim");
    body.evidence.count = 1;
    body.evidence.parts[0] = (struct tx_part){SLICE_LIT("evidence"), digest_slice(&blob)};
    tx_worker_put(&value, &body);
    assert_int_equal(wr_end(&value, &bytes), OK);
    assert_int_equal(kit_send(&w->ledger, &w->account, TX_WORKER_REGISTER, bytes, NULL), OK);
}

/* ---- the policy ---- */

static void put_vkey_line(struct buf *out, const char *word, const struct note_signer *s)
{
    buf_put_text(out, word);
    note_signer_vkey(s, out);
    buf_put_text(out, "\n");
}

static void make_policy(struct world *w)
{
    put_vkey_line(&w->tlog, "log ", &w->net.log);
    put_vkey_line(&w->tlog, "witness operator ", &w->net.operator);
    put_vkey_line(&w->tlog, "witness w0 ", &w->net.witnesses[0]);
    put_vkey_line(&w->tlog, "witness w1 ", &w->net.witnesses[1]);
    buf_put_text(&w->tlog, "group plain 1 w0 w1\ngroup both all operator plain\nquorum both\n");
    policy_init(&w->policy);
    w->policy.has_network = true;
    memcpy(w->policy.network_id, w->net.genesis.network_id.bytes, 32);
    w->policy.sim_allowed = true;
    memcpy(w->policy.sim_root, w->net.sim.public.bytes, 32);
    w->policy.tlog = buf_slice(&w->tlog);
    w->policy.release_from_log = true;
}

static void make_manifest(struct buf *json, const char *text, struct digest *digest)
{
    struct buf jcs;
    struct fail fail;

    buf_init(json, TEXT_MAX);
    buf_init(&jcs, TEXT_MAX);
    buf_put_text(json, text);
    assert_int_equal(jcs_canonicalize(buf_slice(json), &jcs, &fail), OK);
    sha256(buf_slice(&jcs), digest);
    buf_fini(&jcs);
}

void world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    kit_net_init(&w->net, 1, 0);
    kit_ledger_init(&w->ledger, &w->net, NULL, NULL);
    arena_init(&w->arena, 1 << 26);
    buf_init(&w->keyset_json, TEXT_MAX);
    buf_init(&w->evidence, TEXT_MAX);
    buf_init(&w->tlog, TEXT_MAX);
    w->account = w->net.users[0];
    w->receipt_key = kit_key(100);
    w->ohttp_signer = kit_key(101);
    worker_id_make(w->account.public.bytes, WORKER_INDEX, w->worker_id.bytes);
    make_manifest(&w->release_manifest, "{\"name\": \"cocoon test\"}", &w->release);
    make_manifest(&w->model_manifest, "{\"files\": [], \"tokenizer\": null}", &w->model);
    w->engine = (struct digest){{0xe1}};
    make_keyset(w);
    put_release(w);
    put_model(w);
    put_engine(w);
    register_worker(w);
    make_policy(w);
    w->now = KIT_TIME + 100;
}

void world_fini(struct world *w)
{
    kit_ledger_fini(&w->ledger);
    kit_net_fini(&w->net);
    arena_fini(&w->arena);
    buf_fini(&w->keyset_json);
    buf_fini(&w->evidence);
    buf_fini(&w->tlog);
    buf_fini(&w->release_manifest);
    buf_fini(&w->model_manifest);
}

/* ---- proofs ---- */

void world_checkpoint(struct world *w, struct buf *out)
{
    struct buf text;

    buf_init(&text, CHECKPOINT_TEXT_MAX);
    checkpoint_put(&text, ledger_origin(w->ledger.ledger), w->ledger.block.size,
                   &w->ledger.block.root);
    buf_put(out, buf_slice(&text));
    buf_put_text(out, "\n");
    assert_int_equal(note_signer_sign(&w->net.log, buf_slice(&text), 0, out), OK);
    assert_int_equal(note_signer_sign(&w->net.operator, buf_slice(&text), (uint64_t)w->now, out),
                     OK);
    assert_int_equal(
        note_signer_sign(&w->net.witnesses[0], buf_slice(&text), (uint64_t)w->now, out), OK);
    buf_fini(&text);
}

/* Prove that leaf `index` stands in the log. */
static void prove_leaf(struct world *w, size_t index, struct merkle_proof *out)
{
    struct digest *leaves = mem_array(w->ledger.count, sizeof *leaves);

    for (size_t i = 0; i < w->ledger.count; i++)
        merkle_leaf(kit_leaf(&w->ledger, i), &leaves[i]);
    assert_int_equal(merkle_prove_inclusion_in(leaves, w->ledger.count, index, out), OK);
    mem_free(leaves);
}

static void add_record(struct world *w, struct light_proof *p, enum record_type type,
                       const struct digest *id)
{
    struct light_record *r = &p->records[p->count++];
    struct buf value, proof;

    buf_init(&value, RECORD_MAX);
    buf_init(&proof, SMT_PROOF_MAX);
    assert_int_equal(
        ledger_prove(w->ledger.ledger, LEDGER_HEAD, type, digest_slice(id), &value, &proof), OK);
    *r = (struct light_record){.type = type, .id = digest_slice(id), .present = true};
    assert_int_equal(arena_copy(&w->arena, buf_slice(&value), &r->value), OK);
    assert_int_equal(arena_copy(&w->arena, buf_slice(&proof), &r->proof), OK);
    buf_fini(&value);
    buf_fini(&proof);
}

void world_light_proof(struct world *w, struct buf *out)
{
    static struct light_proof p;
    struct merkle_proof inclusion;
    struct buf checkpoint;

    p.count = 0;
    p.block = SLICE_OF(w->ledger.block.leaf);
    prove_leaf(w, w->ledger.count - 1, &inclusion);
    p.inclusion = slice_make(inclusion.hashes, 32 * inclusion.count);
    buf_init(&checkpoint, TEXT_MAX);
    world_checkpoint(w, &checkpoint);
    p.checkpoint = buf_slice(&checkpoint);
    add_record(w, &p, RECORD_WORKER, &w->worker_id);
    add_record(w, &p, RECORD_RELEASE, &w->release);
    add_record(w, &p, RECORD_MODEL, &w->model);
    assert_int_equal(light_proof_put(out, &p), OK);
    buf_fini(&checkpoint);
}

void world_log_receipts(struct world *w, const struct digest *receipts, size_t count, size_t index,
                        struct buf *out)
{
    static struct tlog_proof proof;
    struct tx_receipts batch = {.index = WORKER_INDEX, .epoch = 1, .count = (uint32_t)count};
    struct batch_entry entry = {.index = index, .size = count};
    uint8_t room[64];
    struct wr body = wr_init(room, sizeof room);
    struct slice bytes, leaf;
    struct buf checkpoint, text;

    batch_root(receipts, count, &batch.root);
    tx_receipts_put(&body, &batch);
    assert_int_equal(wr_end(&body, &bytes), OK);
    assert_int_equal(kit_send(&w->ledger, &w->account, TX_RECEIPTS, bytes, NULL), OK);
    leaf = kit_leaf(&w->ledger, w->ledger.count - 2); /* the BLOCK leaf is the last */
    entry.transaction = slice_skip(leaf, 1);

    buf_init(&checkpoint, TEXT_MAX);
    buf_init(&text, TEXT_MAX);
    world_checkpoint(w, &checkpoint);
    proof = (struct tlog_proof){.index = w->ledger.count - 2, .checkpoint = buf_slice(&checkpoint)};
    prove_leaf(w, w->ledger.count - 2, &proof.inclusion);
    assert_int_equal(tlog_proof_put(&text, &proof), OK);
    entry.proof = buf_slice(&text);
    assert_int_equal(batch_prove(receipts, count, index, &entry.path), OK);
    assert_int_equal(batch_entry_put(out, &entry), OK);
    buf_fini(&checkpoint);
    buf_fini(&text);
}

/* ---- what the worker signs ---- */

static void chain_of(struct slice response, struct receipt_chain *chain)
{
    struct sse_event event;
    struct buf joined;
    struct sse sse;

    sse_init(&sse);
    buf_init(&joined, response.len);
    while (sse_next(&sse, response, true, &joined, &event)) {
        receipt_chain_add(chain, event.raw);
        response = slice_skip(response, event.raw.len);
    }
    buf_fini(&joined);
}

void world_receipt(struct world *w, struct slice request, struct slice response, unix_time at,
                   struct buf *out, struct digest *digest)
{
    struct receipt_head head = {.receipt_id = SLICE_INIT("rcpt-1"),
                                .chat_id = SLICE_INIT("chatcmpl-1"),
                                .model = SLICE_INIT("demo"),
                                .endpoint = SLICE_INIT("/v1/chat/completions"),
                                .method = SLICE_INIT("POST"),
                                .key_id = SLICE_INIT("receipt-1"),
                                .served_at = at,
                                .keyset = w->keyset.digest};
    const struct receipt_usage usage = {3, 0, 5, 0, 0};
    struct receipt_chain chain = {0};
    struct digest asked, answered;
    struct receipt_wr wr;

    sha256(request, &asked);
    sha256(response, &answered);
    chain_of(response, &chain);
    receipt_wr_init(&wr);
    receipt_wr_received(&wr, &asked);
    receipt_wr_forwarded(&wr, &asked);
    receipt_wr_model(&wr, &w->model, &w->engine);
    receipt_wr_stream(&wr, &chain);
    receipt_wr_usage(&wr, &usage);
    receipt_wr_returned(&wr, &answered);
    assert_int_equal(receipt_wr_sign(&wr, &head, &w->receipt_key, out, digest), OK);
    receipt_wr_fini(&wr);
}

/* Append the configuration's JSON, without `signature` when that is NULL. */
static void put_ohttp_key(struct world *w, unix_time from, const struct ed25519_sig *signature,
                          struct buf *out)
{
    struct json_wr json;

    json_wr_init(&json, out);
    json_wr_object(&json, NULL);
    json_wr_b64(&json, "key_config", SLICE_LIT("the key itself is not looked at"));
    json_wr_sha256(&json, "keyset_digest", digest_slice(&w->keyset.digest));
    json_wr_i64(&json, "not_after", from + 3600);
    json_wr_i64(&json, "not_before", from);
    if (signature != NULL)
        json_wr_hex(&json, "signature", ed25519_sig_slice(signature));
    json_wr_close(&json);
    assert_int_equal(json_wr_end(&json), OK);
}

void world_ohttp_key(struct world *w, unix_time from, struct buf *out)
{
    struct ed25519_sig signature;
    struct buf covered;

    buf_init(&covered, TEXT_MAX);
    put_ohttp_key(w, from, NULL, &covered);
    ed25519_sign(&w->ohttp_signer, buf_slice(&covered), &signature);
    put_ohttp_key(w, from, &signature, out);
    buf_fini(&covered);
}
