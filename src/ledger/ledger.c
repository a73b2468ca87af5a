#include "ledger/ledger.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "ledger/checkpoint.h"
#include "ledger/exec.h"
#include "ledger/tx.h"

static const struct slice no_id;

struct ledger {
    const struct genesis *genesis;
    struct ledger_env env;
    struct ledger_tip tip;

    /* base <- staged (may be NULL) <- head <- block (while one is open) */
    struct state_layer *staged;
    struct state_layer *head;
    struct state_layer *block;
    struct ledger_tip next; /* of the open block */

    struct exec exec;
    struct arena scratch;
    const struct slice *accepted; /* of the open block, only while it is executed */
};

static cocoon_err read_network(struct state_layer *state, struct record_network *out)
{
    struct slice value;
    cocoon_err err = state_get(state, RECORD_NETWORK, no_id, &value);

    if (err != OK)
        return err == ERR_ABSENT ? ERR_CORRUPT : err;
    return record_get_network(value, out) == OK ? OK : ERR_CORRUPT;
}

/* See that what the store holds is the state of the tip and of this network. */
static cocoon_err check_store(struct ledger *l)
{
    struct record_network network;
    struct smt_proof *proof = MEM_NEW(struct smt_proof);
    uint8_t *room = (uint8_t *)mem_new(SMT_PROOF_MAX);
    struct wr w = wr_init(room, SMT_PROOF_MAX);
    struct digest key, hash;
    struct slice wire, value;
    cocoon_err err;

    record_key(RECORD_NETWORK, no_id, &key);
    if ((err = state_prove(&l->env.base, NULL, &key, proof)) != OK)
        goto done;
    smt_proof_put(&w, proof);
    if ((err = wr_end(&w, &wire)) != OK)
        goto done;
    err = state_read(l->head, &key, &value);
    if (!l->tip.begun) {
        err = err == ERR_ABSENT ? OK : ERR_CORRUPT;
        goto done;
    }
    if (err != OK) {
        err = err == ERR_ABSENT ? ERR_CORRUPT : err;
        goto done;
    }
    sha256(value, &hash);
    if (smt_proof_verify(&l->tip.state_root, &key, &hash, wire) != OK) {
        err = ERR_CORRUPT;
        goto done;
    }
    if ((err = read_network(l->head, &network)) == OK &&
        !digest_eq(&network.network_id, &l->genesis->network_id))
        err = ERR_MISMATCH;
done:
    mem_free(room);
    mem_free(proof);
    return err;
}

cocoon_err ledger_new(const struct genesis *genesis, const struct ledger_env *env,
                      const struct ledger_tip *tip, struct ledger **out)
{
    struct ledger *l = MEM_NEW(struct ledger);
    cocoon_err err;

    l->genesis = genesis;
    l->env = *env;
    l->tip = *tip;
    l->head = state_layer_new(&l->env.base, NULL);
    arena_init(&l->scratch, LEDGER_SCRATCH);
    if ((err = check_store(l)) != OK) {
        ledger_free(l);
        return err;
    }
    *out = l;
    return OK;
}

void ledger_free(struct ledger *l)
{
    if (l == NULL)
        return;
    state_layer_free(l->block);
    state_layer_free(l->head);
    state_layer_free(l->staged);
    arena_fini(&l->scratch);
    mem_free(l);
}

const struct ledger_tip *ledger_tip(const struct ledger *l)
{
    return &l->tip;
}

struct slice ledger_origin(const struct ledger *l)
{
    return l->genesis->log.name;
}

enum leaf_type ledger_leaf_type(struct slice tx)
{
    struct rd r = rd_init(tx);

    rd_skip(&r, 5);
    return rd_u16be(&r) == TX_BLOB ? LEAF_BLOB : LEAF_TX;
}

/* Leaf hash of a transaction: of its type byte and it, without joining the two. */
static void tx_leaf_hash(struct slice tx, struct digest *out)
{
    uint8_t prefix[2] = {0, (uint8_t)ledger_leaf_type(tx)};
    struct slice parts[] = {SLICE_OF(prefix), tx};

    sha256_parts(parts, COUNT_OF(parts), out);
}

/* Write the records that the genesis file speaks of. */
static void put_genesis(struct exec *x, const struct genesis *g)
{
    struct record_network network = {.network_id = g->network_id,
                                     .rules = 1,
                                     .has_sim_root = g->has_sim_root,
                                     .log_vkey = g->log_vkey};
    struct wr w = exec_wr(x);

    memcpy(network.sim_root, g->sim_root, sizeof network.sim_root);
    record_put_network(&w, &network);
    exec_put(x, RECORD_NETWORK, no_id, &w);
    w = exec_wr(x);
    record_put_owners(&w, &g->owners);
    exec_put(x, RECORD_OWNERS, no_id, &w);
    w = exec_wr(x);
    record_put_params(&w, &g->params);
    exec_put(x, RECORD_PARAMS, no_id, &w);
    for (size_t i = 0; i < g->witness_count; i++) {
        const struct genesis_witness *from = &g->witnesses[i];
        struct record_witness witness = {.group = (uint8_t)from->group, .name = from->key.name};

        w = exec_wr(x);
        record_put_witness(&w, &witness);
        exec_put(x, RECORD_WITNESS, SLICE_OF(from->key.public_key), &w);
    }
    for (size_t i = 0; i < g->account_count; i++) {
        struct record_account account = {.balance = g->accounts[i].balance};

        exec_account_set(x, g->accounts[i].account, &account);
    }
}

/* Put the checkpoint after the block before among the recent ones. */
static void put_recent(struct ledger *l)
{
    struct record_recent recent = {
        .height = l->tip.height, .size = l->tip.log.size, .time_ms = l->tip.time_ms};
    uint8_t slot[2];
    struct wr w = wr_init(slot, sizeof slot), value = exec_wr(&l->exec);
    struct digest root;

    merkle_root(&l->tip.log, &root);
    checkpoint_hash(ledger_origin(l), recent.size, &root, &recent.checkpoint);
    wr_u16be(&w, (uint16_t)(recent.height % RECENT_SLOTS));
    record_put_recent(&value, &recent);
    exec_put(&l->exec, RECORD_RECENT, SLICE_OF(slot), &value);
}

/* Bring the rules that the root contract scheduled for this height into force. */
static cocoon_err start_rules(struct exec *x)
{
    struct wr w;

    if (x->network.next_rules != 0 && x->height >= x->network.next_height) {
        x->network.rules = x->network.next_rules;
        x->network.next_rules = 0;
        x->network.next_height = 0;
        w = exec_wr(x);
        record_put_network(&w, &x->network);
        exec_put(x, RECORD_NETWORK, no_id, &w);
    }
    return rules_find(x->network.rules) != NULL ? OK : ERR_VERSION;
}

/* Set up what rules see, over a new layer. */
static void open_block(struct ledger *l, uint64_t height, uint64_t time_ms)
{
    struct exec *x = &l->exec;

    assert(l->block == NULL);
    l->block = state_layer_new(&l->env.base, l->head);
    *x = (struct exec){.state = l->block, .env = &l->env, .scratch = &l->scratch};
    x->height = height;
    x->time_ms = time_ms;
    x->now = time_ms / 1000;
    x->last_ms = l->tip.time_ms;
    x->first_index = l->tip.log.size;
}

static cocoon_err load_block(struct ledger *l)
{
    struct exec *x = &l->exec;
    struct slice value;
    cocoon_err err;

    if ((err = read_network(x->state, &x->network)) != OK)
        return err;
    /* The slice must outlive the record it came from. */
    x->network.log_vkey = l->genesis->log_vkey;
    err = state_get(x->state, RECORD_PARAMS, no_id, &value);
    if (err != OK)
        return err == ERR_ABSENT ? ERR_CORRUPT : err;
    if (record_get_params(value, &x->params) != OK)
        return ERR_CORRUPT;
    put_recent(l);
    return start_rules(x);
}

static cocoon_err params_hash(struct state_layer *state, struct digest *out)
{
    struct slice value;
    cocoon_err err = state_get(state, RECORD_PARAMS, no_id, &value);

    if (err == OK)
        sha256(value, out);
    return err == ERR_ABSENT ? ERR_CORRUPT : err;
}

/* app_hash = SHA-256("CNAH" | size | root): what a consensus engine agrees on. */
static void set_app_hash(struct ledger_block *out)
{
    uint8_t room[4 + 8 + 32];
    struct wr w = wr_init(room, sizeof room);

    wr_slice(&w, SLICE_LIT("CNAH"));
    wr_u64be(&w, out->size);
    wr_slice(&w, digest_slice(&out->root));
    sha256(SLICE_OF(room), &out->app_hash);
}

/* Close the open block over `txs`: seal the state, write the BLOCK leaf, move the log on. */
static cocoon_err close_block(struct ledger *l, const struct slice *txs, size_t count,
                              struct ledger_block *out)
{
    struct ledger_tip *next = &l->next;
    struct block block = {.height = l->exec.height,
                          .time_ms = l->exec.time_ms,
                          .first_index = l->exec.first_index,
                          .tx_count = (uint32_t)count,
                          .prev_block_leaf =
                              l->tip.begun ? l->tip.block_leaf : l->genesis->network_id};
    struct wr w = wr_init(out->leaf, sizeof out->leaf);
    struct digest leaf;
    cocoon_err err;

    if ((err = state_seal(l->block, &block.state_root)) != OK)
        return err;
    if ((err = params_hash(l->block, &block.params_hash)) != OK)
        return err;
    merkle_empty(&block.payout_root);
    block_put(&w, &block);
    *next = l->tip;
    for (size_t i = 0; err == OK && i < count; i++) {
        tx_leaf_hash(txs[i], &leaf);
        err = merkle_push(&next->log, &leaf);
    }
    merkle_leaf(SLICE_OF(out->leaf), &next->block_leaf);
    if (err == OK)
        err = merkle_push(&next->log, &next->block_leaf);
    next->height = block.height;
    next->time_ms = block.time_ms;
    next->state_root = block.state_root;
    next->begun = true;
    out->height = block.height;
    out->first_index = block.first_index;
    out->accepted = (uint32_t)count;
    out->size = next->log.size;
    merkle_root(&next->log, &out->root);
    set_app_hash(out);
    return err;
}

cocoon_err ledger_begin(struct ledger *l, uint64_t time_ms, struct ledger_block *out)
{
    cocoon_err err;

    if (l->tip.begun)
        return ERR_EXISTS;
    open_block(l, 0, time_ms);
    put_genesis(&l->exec, l->genesis);
    err = close_block(l, NULL, 0, out);
    if (err != OK)
        ledger_abandon(l);
    return err;
}

/* Tell whether `err` says that this machine could not execute, rather than that a rule refused. No
 * rule refuses with one of these. */
static bool is_failure(cocoon_err err)
{
    return err == ERR_IO || err == ERR_DB || err == ERR_CORRUPT || err == ERR_CRYPTO ||
           err == ERR_INTERNAL;
}

static cocoon_err check_size(const struct slice *txs, size_t count)
{
    size_t bytes = 0;

    if (count > LEDGER_BLOCK_TXS)
        return ERR_LIMIT;
    for (size_t i = 0; i < count; i++)
        bytes += txs[i].len;
    return bytes > LEDGER_BLOCK_BYTES ? ERR_LIMIT : OK;
}

/* Execute `txs`; those that are accepted come to stand in `kept`. */
static cocoon_err execute(struct ledger *l, const struct slice *txs, size_t count,
                          const bool *known, struct ledger_result *results, struct slice *kept,
                          size_t *kept_count)
{
    struct exec *x = &l->exec;
    struct fail fail;

    x->leaves = kept;
    for (size_t i = 0; i < count; i++) {
        struct ledger_result *r = &results[i];

        r->err = exec_tx(x, txs[i], known != NULL && known[i], &fail);
        if (is_failure(r->err))
            return r->err;
        tx_id(txs[i], &r->id);
        r->what = r->err == OK ? NULL : fail.what;
        r->index = exec_index(x);
        if (r->err == OK)
            kept[x->leaf_count++] = txs[i];
    }
    *kept_count = x->leaf_count;
    return OK;
}

cocoon_err ledger_finalize(struct ledger *l, const struct slice *txs, size_t count,
                           const bool *known, uint64_t time_ms, struct ledger_result *results,
                           struct ledger_block *out)
{
    struct slice *kept;
    size_t kept_count = 0;
    cocoon_err err;

    assert(l->tip.begun);
    if (time_ms <= l->tip.time_ms)
        return ERR_RULE;
    if ((err = check_size(txs, count)) != OK)
        return err;
    memset(out, 0, sizeof *out);
    kept = MEM_ARRAY(count + 1, struct slice);
    open_block(l, l->tip.height + 1, time_ms);
    if ((err = load_block(l)) == OK)
        err = execute(l, txs, count, known, results, kept, &kept_count);
    if (err == OK && kept_count > 0)
        err = close_block(l, kept, kept_count, out);
    l->exec.leaves = NULL;
    if (err != OK || kept_count == 0)
        ledger_abandon(l);
    mem_free(kept);
    return err;
}

void ledger_commit(struct ledger *l)
{
    assert(l->block != NULL);
    state_merge(l->block);
    l->block = NULL;
    l->tip = l->next;
}

void ledger_abandon(struct ledger *l)
{
    state_layer_free(l->block);
    l->block = NULL;
}

/* Execute the leaves of one block again, but for its BLOCK leaf. */
static cocoon_err replay_txs(struct ledger *l, const struct slice *leaves, size_t count,
                             uint64_t time_ms, struct ledger_block *block, struct fail *fail)
{
    struct slice *txs = MEM_ARRAY(count + 1, struct slice);
    struct ledger_result *results = MEM_ARRAY(count + 1, struct ledger_result);
    cocoon_err err = OK;

    for (size_t i = 0; err == OK && i < count; i++) {
        txs[i] = leaves[i].len > 0 ? slice_skip(leaves[i], 1) : leaves[i];
        if (leaves[i].len == 0 || leaves[i].ptr[0] != ledger_leaf_type(txs[i]))
            err = fail_set(fail, ERR_MISMATCH, i, "a leaf has the wrong type");
    }
    if (err == OK) {
        err = ledger_finalize(l, txs, count, NULL, time_ms, results, block);
        if (err != OK)
            (void)fail_set(fail, err, 0, "the block cannot be executed");
    }
    for (size_t i = 0; err == OK && i < count; i++)
        if (results[i].err != OK)
            err = fail_set(fail, results[i].err, i, results[i].what);
    mem_free(results);
    mem_free(txs);
    return err;
}

cocoon_err ledger_replay(struct ledger *l, const struct slice *leaves, size_t count,
                         struct fail *fail)
{
    struct ledger_block again;
    struct block logged;
    cocoon_err err;

    if (count == 0 || block_read(leaves[count - 1], &logged) != OK)
        return fail_set(fail, ERR_MALFORMED, count, "a block without its BLOCK leaf");
    if ((count == 1) != !l->tip.begun)
        return fail_set(fail, ERR_MISMATCH, 0, "only the first block, and it, has no transactions");
    if (count == 1)
        err = ledger_begin(l, logged.time_ms, &again);
    else
        err = replay_txs(l, leaves, count - 1, logged.time_ms, &again, fail);
    if (err == OK && !slice_eq(SLICE_OF(again.leaf), leaves[count - 1]))
        err = fail_set(fail, ERR_MISMATCH, count - 1, "executing gave another BLOCK leaf");
    if (err == OK)
        ledger_commit(l);
    else if (l->block != NULL)
        ledger_abandon(l);
    return err;
}

cocoon_err ledger_check(struct ledger *l, struct slice bytes, struct fail *fail)
{
    struct slice value;
    struct record_account account = {0};
    struct tx tx;
    cocoon_err err;

    if ((err = tx_parse(bytes, &tx, fail)) != OK)
        return err;
    if (!digest_eq(&tx.network_id, &l->genesis->network_id))
        return fail_set(fail, ERR_MISMATCH, 7, "a transaction of another network");
    err = state_get(l->head, RECORD_ACCOUNT, ed25519_public_slice(&tx.account), &value);
    if (err == OK && record_get_account(value, &account) != OK)
        err = ERR_CORRUPT;
    if (err != OK && err != ERR_ABSENT)
        return fail_set(fail, err, 0, "the state cannot be read");
    if (tx.nonce < account.nonce)
        return fail_set(fail, ERR_REPLAY, 71, "the nonce was used already");
    if (tx_check_signature(&tx) != OK)
        return fail_set(fail, ERR_SIGNATURE, 83, "the transaction's signature does not verify");
    return OK;
}

void ledger_stage(struct ledger *l)
{
    assert(l->block == NULL);
    if (l->staged != NULL)
        state_merge(l->head);
    else
        l->staged = l->head;
    l->head = state_layer_new(&l->env.base, l->staged);
}

cocoon_err ledger_staged_each(const struct ledger *l, state_fn *fn, void *ctx)
{
    return l->staged != NULL ? state_each(l->staged, fn, ctx) : OK;
}

void ledger_settle(struct ledger *l)
{
    assert(l->block == NULL);
    state_rebase(l->head, NULL);
    state_layer_free(l->staged);
    l->staged = NULL;
}

/* Return the layer of a view; NULL: the store itself. */
static struct state_layer *layer_of(struct ledger *l, enum ledger_view view)
{
    if (view == LEDGER_SETTLED)
        return NULL;
    return view == LEDGER_STAGED ? l->staged : l->head;
}

/* Append the value under `key` in a view, without keeping a copy in memory. */
static cocoon_err view_read(struct ledger *l, enum ledger_view view, const struct digest *key,
                            struct buf *value)
{
    struct state_layer *peek = state_layer_new(&l->env.base, layer_of(l, view));
    struct slice found;
    cocoon_err err = state_read(peek, key, &found);

    if (err == OK) {
        buf_put(value, found);
        err = buf_ok(value);
    }
    state_layer_free(peek);
    return err;
}

cocoon_err ledger_get(struct ledger *l, enum ledger_view view, enum record_type type,
                      struct slice id, struct buf *value)
{
    struct digest key;

    record_key(type, id, &key);
    return view_read(l, view, &key, value);
}

cocoon_err ledger_prove(struct ledger *l, enum ledger_view view, enum record_type type,
                        struct slice id, struct buf *value, struct buf *proof)
{
    struct smt_proof *p = MEM_NEW(struct smt_proof);
    uint8_t *room = (uint8_t *)mem_new(SMT_PROOF_MAX);
    struct wr w = wr_init(room, SMT_PROOF_MAX);
    struct slice wire;
    struct digest key;
    cocoon_err err, found;

    record_key(type, id, &key);
    if ((err = state_prove(&l->env.base, layer_of(l, view), &key, p)) != OK)
        goto done;
    smt_proof_put(&w, p);
    if ((err = wr_end(&w, &wire)) != OK)
        goto done;
    buf_put(proof, wire);
    found = view_read(l, view, &key, value);
    err = found != OK ? found : buf_ok(proof);
    if ((found == OK) != (p->kind == SMT_PRESENT) && (found == OK || found == ERR_ABSENT))
        err = ERR_CORRUPT;
done:
    mem_free(room);
    mem_free(p);
    return err;
}
