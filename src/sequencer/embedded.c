#include "sequencer/embedded.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "ledger/tx.h"
#include "sequencer/replay.h"

struct waiting {
    struct waiting *next;
    embedded_done_fn *done;
    void *owner;
    size_t len;
    uint8_t tx[];
};

struct embedded {
    struct embedded_params params;
    struct journal *journal;
    struct ledger_env env;
    struct ledger *ledger;
    struct waiting *first, **last;
    size_t count, bytes; /* of what waits */
    struct ledger_tip proposed;
};

/* Store the block that was just finalized, and make it the present. */
static cocoon_err store_block(struct embedded *e, const struct slice *txs,
                              const struct ledger_result *results, size_t count,
                              const struct ledger_block *block)
{
    uint8_t *heads = MEM_ARRAY(count + 1, uint8_t);
    struct slice *rests = MEM_ARRAY(count + 1, struct slice);
    size_t n = 0;
    cocoon_err err;

    for (size_t i = 0; i < count; i++)
        if (results[i].err == OK) {
            heads[n] = (uint8_t)ledger_leaf_type(txs[i]);
            rests[n++] = txs[i];
        }
    assert(n == block->accepted && block->leaf[0] == LEAF_BLOCK);
    heads[n] = LEAF_BLOCK;
    rests[n++] = slice_make(block->leaf + 1, sizeof block->leaf - 1);
    err = journal_append(e->journal, heads, rests, n);
    if (err == OK)
        ledger_commit(e->ledger);
    else
        ledger_abandon(e->ledger);
    mem_free(rests);
    mem_free(heads);
    return err;
}

/* Give a new folder its first block. */
static cocoon_err begin(struct embedded *e)
{
    struct ledger_block block;
    cocoon_err err = ledger_begin(e->ledger, e->params.now_ms, &block);

    return err == OK ? store_block(e, NULL, NULL, 0, &block) : err;
}

/* Execute again what stands behind the settled state. */
static cocoon_err catch_up(struct embedded *e, struct fail *fail)
{
    struct tile_source source = tiles_source(journal_tiles(e->journal), journal_size(e->journal));
    struct replay_stats stats = {0};

    return replay_run(e->ledger, &source, NULL, NULL, &stats, fail);
}

static cocoon_err check_key(const struct embedded_params *p, struct fail *fail)
{
    struct buf vkey;
    cocoon_err err = OK;

    buf_init(&vkey, NOTE_NAME_MAX + 128);
    note_signer_vkey(p->log, &vkey);
    if (!slice_eq(buf_slice(&vkey), p->genesis->log_vkey))
        err = fail_set(fail, ERR_MISMATCH, 0, "the log's key is not that of genesis.json");
    buf_fini(&vkey);
    return err;
}

static cocoon_err load(struct embedded *e, struct fail *fail)
{
    const struct embedded_params *p = &e->params;
    cocoon_err err;

    if ((err = check_key(p, fail)) != OK)
        return err;
    if ((err = journal_open(&e->journal, p->dir, p->genesis,
                            p->keeps > 0 ? p->keeps : JOURNAL_KEEPS)) != OK)
        return fail_set(fail, err, 0, "the ledger's folder cannot be opened");
    e->env = (struct ledger_env){.base = journal_base(e->journal),
                                 .leaf = journal_leaf,
                                 .ctx = e->journal,
                                 .appraise = p->appraise,
                                 .appraise_ctx = p->appraise_ctx};
    err = ledger_new(p->genesis, &e->env, journal_tip(e->journal), &e->ledger);
    if (err != OK)
        return fail_set(fail, err, 0, "the stored state is not that of the log");
    if (journal_size(e->journal) == 0) {
        err = begin(e);
        return err == OK ? OK : fail_set(fail, err, 0, "the first block cannot be stored");
    }
    return catch_up(e, fail);
}

cocoon_err embedded_open(struct embedded **out, const struct embedded_params *params,
                         struct fail *fail)
{
    struct embedded *e = MEM_NEW(struct embedded);
    cocoon_err err;

    e->params = *params;
    e->last = &e->first;
    if ((err = load(e, fail)) != OK) {
        embedded_close(e);
        return err;
    }
    *out = e;
    return OK;
}

/* Take the first one that waits out of the queue. */
static struct waiting *take_waiting(struct embedded *e)
{
    struct waiting *w = e->first;

    e->first = w->next;
    if (e->first == NULL)
        e->last = &e->first;
    e->count--;
    e->bytes -= w->len;
    return w;
}

static void answer(struct waiting *w, const struct ledger_result *result)
{
    w->done(w->owner, result);
    mem_free(w);
}

void embedded_close(struct embedded *e)
{
    static const struct ledger_result canceled = {.err = ERR_CANCELED, .what = "shutting down"};

    if (e == NULL)
        return;
    while (e->first != NULL)
        answer(take_waiting(e), &canceled);
    ledger_free(e->ledger);
    journal_close(e->journal);
    mem_free(e);
}

cocoon_err embedded_submit(struct embedded *e, struct slice tx, embedded_done_fn *done, void *owner,
                           struct fail *fail)
{
    struct waiting *w;
    cocoon_err err;

    if (e->count == EMBEDDED_QUEUE_MAX || e->bytes + tx.len > EMBEDDED_QUEUE_BYTES)
        return fail_set(fail, ERR_BUSY, 0, "too many transactions wait");
    if ((err = ledger_check(e->ledger, tx, fail)) != OK)
        return err;
    w = (struct waiting *)mem_new(sizeof *w + tx.len);
    w->done = done;
    w->owner = owner;
    w->len = tx.len;
    memcpy(w->tx, tx.ptr, tx.len);
    *e->last = w;
    e->last = &w->next;
    e->count++;
    e->bytes += tx.len;
    return OK;
}

size_t embedded_waiting(const struct embedded *e)
{
    return e->count;
}

/* A batch: what one block takes from the queue. */
struct batch {
    struct waiting **list;
    struct slice *txs;
    bool *known;
    struct ledger_result *results;
    size_t count;
};

static void batch_take(struct embedded *e, struct batch *b)
{
    size_t room = e->count < LEDGER_BLOCK_TXS ? e->count : LEDGER_BLOCK_TXS, bytes = 0;

    b->list = MEM_ARRAY(room, struct waiting *);
    b->txs = MEM_ARRAY(room, struct slice);
    b->known = MEM_ARRAY(room, bool);
    b->results = MEM_ARRAY(room, struct ledger_result);
    b->count = 0;
    while (b->count < room && bytes + e->first->len <= LEDGER_BLOCK_BYTES) {
        struct waiting *w = take_waiting(e);

        bytes += w->len;
        b->list[b->count] = w;
        b->txs[b->count] = slice_make(w->tx, w->len);
        b->known[b->count++] = true; /* ledger_check saw the signature */
    }
}

static void batch_answer(struct batch *b, cocoon_err err)
{
    const struct ledger_result lost = {.err = err, .what = "the ledger could not store it"};

    for (size_t i = 0; i < b->count; i++)
        answer(b->list[i], err == OK ? &b->results[i] : &lost);
    mem_free(b->results);
    mem_free(b->known);
    mem_free(b->txs);
    mem_free(b->list);
}

cocoon_err embedded_block(struct embedded *e, uint64_t now_ms)
{
    uint64_t after = ledger_tip(e->ledger)->time_ms + 1;
    struct ledger_block block;
    struct batch b;
    cocoon_err err;

    if (e->count == 0)
        return OK;
    batch_take(e, &b);
    /* A clock set back does not stop us: time goes on by the least step. */
    err = ledger_finalize(e->ledger, b.txs, b.count, b.known, now_ms > after ? now_ms : after,
                          b.results, &block);
    if (err == OK && block.accepted > 0)
        err = store_block(e, b.txs, b.results, b.count, &block);
    batch_answer(&b, err);
    return err;
}

bool embedded_has_news(const struct embedded *e)
{
    return ledger_tip(e->ledger)->log.size != embedded_published(e);
}

cocoon_err embedded_propose(struct embedded *e, unix_time now, uint64_t *size, struct buf *note)
{
    struct buf text;
    struct digest root;
    cocoon_err err;

    e->proposed = *ledger_tip(e->ledger);
    if (embedded_has_news(e))
        ledger_stage(e->ledger);
    *size = e->proposed.log.size;
    merkle_root(&e->proposed.log, &root);
    buf_init(&text, CHECKPOINT_TEXT_MAX);
    checkpoint_put(&text, ledger_origin(e->ledger), *size, &root);
    buf_put(note, buf_slice(&text));
    buf_put_text(note, "\n");
    if ((err = buf_ok(&text)) == OK)
        err = note_signer_sign(e->params.log, buf_slice(&text), 0, note);
    if (err == OK && e->params.cosigner != NULL)
        err = note_signer_sign(e->params.cosigner, buf_slice(&text), (uint64_t)now, note);
    buf_fini(&text);
    return err;
}

cocoon_err embedded_publish(struct embedded *e, struct slice note)
{
    cocoon_err err;

    assert(e->proposed.begun);
    if (e->proposed.log.size == embedded_published(e))
        return journal_renote(e->journal, note);
    err = journal_settle(e->journal, e->ledger, &e->proposed, note);
    if (err == OK)
        ledger_settle(e->ledger);
    return err;
}

struct slice embedded_note(const struct embedded *e)
{
    return journal_note(e->journal);
}

uint64_t embedded_published(const struct embedded *e)
{
    return journal_tip(e->journal)->log.size;
}

cocoon_err embedded_consistency(struct embedded *e, uint64_t old_size, uint64_t size,
                                struct merkle_proof *out)
{
    struct tile_source source;
    struct merkle_nodes nodes;

    if (size > journal_size(e->journal))
        return ERR_RANGE;
    source = tiles_source(journal_tiles(e->journal), size);
    nodes = tile_nodes(&source);
    return merkle_prove_consistency(&nodes, old_size, size, out);
}

static struct slice proof_bytes(const struct merkle_proof *p)
{
    return slice_make(p->hashes, sizeof p->hashes[0] * p->count);
}

/* The parts of a proof while its JSON is written. */
struct proving {
    struct light_proof proof;
    struct merkle_proof consistency, inclusion;
    struct buf block;
    struct buf values[LIGHT_RECORDS_MAX], proofs[LIGHT_RECORDS_MAX];
};

static cocoon_err prove_log(struct embedded *e, uint64_t old_size, struct proving *p)
{
    uint64_t size = embedded_published(e);
    struct tile_source source = tiles_source(journal_tiles(e->journal), size);
    struct merkle_nodes nodes = tile_nodes(&source);
    cocoon_err err;

    if ((err = tiles_entry(journal_tiles(e->journal), size - 1, &p->block)) != OK)
        return err;
    if ((err = merkle_prove_inclusion(&nodes, size - 1, size, &p->inclusion)) != OK)
        return err;
    if (old_size > 0 && old_size < size) {
        p->proof.old_size = old_size;
        err = merkle_prove_consistency(&nodes, old_size, size, &p->consistency);
    }
    return err;
}

static cocoon_err prove_records(struct embedded *e, const struct embedded_ask *asks, size_t count,
                                struct proving *p)
{
    cocoon_err err = OK;

    for (size_t i = 0; err == OK && i < count; i++) {
        struct light_record *r = &p->proof.records[i];

        buf_init(&p->values[i], RECORD_MAX);
        buf_init(&p->proofs[i], SMT_PROOF_MAX);
        p->proof.count++;
        err = ledger_prove(e->ledger, LEDGER_SETTLED, asks[i].type, asks[i].id, &p->values[i],
                           &p->proofs[i]);
        *r = (struct light_record){.type = asks[i].type, .id = asks[i].id, .present = err == OK};
        r->value = buf_slice(&p->values[i]);
        r->proof = buf_slice(&p->proofs[i]);
        err = err == ERR_ABSENT ? OK : err;
    }
    return err;
}

cocoon_err embedded_prove(struct embedded *e, uint64_t old_size, const struct embedded_ask *asks,
                          size_t count, struct buf *out)
{
    struct proving *p;
    cocoon_err err;

    if (embedded_published(e) == 0)
        return ERR_NOT_FOUND;
    if (count > LIGHT_RECORDS_MAX)
        return ERR_LIMIT;
    p = MEM_NEW(struct proving);
    buf_init(&p->block, TILE_ENTRY_MAX);
    if ((err = prove_log(e, old_size, p)) == OK)
        err = prove_records(e, asks, count, p);
    p->proof.checkpoint = embedded_note(e);
    p->proof.block = buf_slice(&p->block);
    p->proof.consistency = proof_bytes(&p->consistency);
    p->proof.inclusion = proof_bytes(&p->inclusion);
    if (err == OK)
        err = light_proof_put(out, &p->proof);
    for (size_t i = 0; i < p->proof.count; i++) {
        buf_fini(&p->values[i]);
        buf_fini(&p->proofs[i]);
    }
    buf_fini(&p->block);
    mem_free(p);
    return err;
}

struct ledger *embedded_ledger(struct embedded *e)
{
    return e->ledger;
}

struct journal *embedded_journal(struct embedded *e)
{
    return e->journal;
}
