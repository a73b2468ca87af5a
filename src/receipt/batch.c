#include "receipt/batch.h"

#include <assert.h>
#include <string.h>

#include "attest/statement.h"
#include "base/b64.h"
#include "base/mem.h"
#include "codec/json_wr.h"
#include "ledger/block.h"
#include "ledger/tlog_proof.h"
#include "ledger/tx.h"
#include "ledger/tx_worker.h"

static void leaf_of(const struct digest *receipt, struct digest *leaf)
{
    merkle_leaf(digest_slice(receipt), leaf);
}

/* Return the leaf hashes of the batch, to be freed with mem_free. */
static struct digest *leaves_of(const struct digest *receipts, size_t count)
{
    struct digest *leaves = MEM_ARRAY(count, struct digest);

    assert(count >= 1 && count <= BATCH_MAX);
    for (size_t i = 0; i < count; i++)
        leaf_of(&receipts[i], &leaves[i]);
    return leaves;
}

void batch_root(const struct digest *receipts, size_t count, struct digest *root)
{
    struct digest *leaves = leaves_of(receipts, count);

    merkle_root_of(leaves, count, root);
    mem_free(leaves);
}

cocoon_err batch_prove(const struct digest *receipts, size_t count, size_t index,
                       struct merkle_proof *out)
{
    struct digest *leaves = leaves_of(receipts, count);
    cocoon_err err = merkle_prove_inclusion_in(leaves, count, index, out);

    mem_free(leaves);
    return err;
}

cocoon_err batch_verify(const struct digest *receipt, uint64_t index, uint64_t count,
                        const struct digest *root, const struct merkle_proof *path)
{
    struct digest leaf;

    leaf_of(receipt, &leaf);
    return merkle_verify_inclusion(&leaf, index, count, root, path);
}

cocoon_err batch_entry_put(struct buf *out, const struct batch_entry *e)
{
    struct json_wr json;

    json_wr_init(&json, out);
    json_wr_object(&json, NULL);
    json_wr_u64(&json, "index", e->index);
    json_wr_array(&json, "path");
    for (size_t i = 0; i < e->path.count; i++)
        json_wr_b64(&json, NULL, digest_slice(&e->path.hashes[i]));
    json_wr_close(&json);
    json_wr_text(&json, "proof", e->proof);
    json_wr_u64(&json, "size", e->size);
    json_wr_b64(&json, "transaction", e->transaction);
    json_wr_close(&json);
    return json_wr_end(&json);
}

static cocoon_err read_path(const struct json *array, struct merkle_proof *out)
{
    struct buf bytes;
    struct slice text;
    cocoon_err err = OK;

    out->count = 0;
    buf_init(&bytes, sizeof out->hashes[0]);
    for (const struct json *v = array->first; v != NULL && err == OK; v = v->next) {
        buf_clear(&bytes);
        if ((err = json_text(v, &text)) != OK || (err = b64_read(text, &bytes)) != OK)
            break;
        if (out->count == MERKLE_PROOF_MAX || bytes.len != sizeof out->hashes[0])
            err = ERR_MALFORMED;
        else
            memcpy(out->hashes[out->count++].bytes, bytes.ptr, bytes.len);
    }
    buf_fini(&bytes);
    return err;
}

cocoon_err batch_entry_from_json(const struct json *object, struct arena *arena,
                                 struct batch_entry *out, struct fail *fail)
{
    static const char *const names[] = {"index", "path", "proof", "size", "transaction"};
    const struct json *path;
    struct buf transaction;
    cocoon_err err;

    buf_init(&transaction, TX_MAX);
    if ((err = json_only(object, names, COUNT_OF(names))) == OK &&
        (err = json_get_u64(object, "index", &out->index)) == OK &&
        (err = json_get_u64(object, "size", &out->size)) == OK &&
        (err = json_get_array(object, "path", &path)) == OK &&
        (err = read_path(path, &out->path)) == OK &&
        (err = json_get_text(object, "proof", &out->proof)) == OK &&
        (err = json_get_b64(object, "transaction", &transaction)) == OK)
        err = arena_copy(arena, buf_slice(&transaction), &out->transaction);
    buf_fini(&transaction);
    return err == OK ? OK : fail_set(fail, err, 0, "the place in the log is not well formed");
}

/* Check that the transaction announces a batch of `owner`, and read it. */
static cocoon_err read_batch(struct slice transaction, const struct batch_owner *owner,
                             struct tx_receipts *out, struct fail *fail)
{
    uint8_t worker_id[32];
    struct tx tx;
    cocoon_err err;

    if ((err = tx_parse(transaction, &tx, fail)) != OK)
        return err;
    if (tx.type != TX_RECEIPTS)
        return fail_set(fail, ERR_TYPE, 0, "the transaction is no batch of receipts");
    if ((err = tx_receipts_read(tx.body, out)) != OK)
        return fail_set(fail, err, 0, "the batch is not well formed");
    if (!slice_eq(digest_slice(&tx.network_id), SLICE_OF(owner->network_id)))
        return fail_set(fail, ERR_MISMATCH, 0, "the batch is of another network");
    worker_id_make(tx.account.bytes, out->index, worker_id);
    if (!slice_eq(SLICE_OF(worker_id), SLICE_OF(owner->worker_id)))
        return fail_set(fail, ERR_MISMATCH, 0, "the batch is of another worker");
    if ((err = tx_check_signature(&tx)) != OK)
        return fail_set(fail, err, 0, "the batch is not signed by its account");
    return OK;
}

/* Check that the transaction stands in the log. */
static cocoon_err check_logged(const struct batch_entry *entry, const struct tlog_policy *policy,
                               uint64_t latest, struct arena *arena, uint64_t *time,
                               struct fail *fail)
{
    struct tlog_proof *proof = ARENA_NEW(arena, struct tlog_proof);
    struct buf leaf;
    cocoon_err err;

    if (proof == NULL)
        return fail_set(fail, ERR_NOMEM, 0, "the proof needs more memory than allowed");
    if ((err = tlog_proof_read(entry->proof, arena, proof, fail)) != OK)
        return err;
    buf_init(&leaf, 1 + TX_MAX);
    buf_put_u8(&leaf, LEAF_TX);
    buf_put(&leaf, entry->transaction);
    if ((err = buf_ok(&leaf)) == OK)
        err = tlog_proof_verify(proof, buf_slice(&leaf), policy, latest, time, fail);
    buf_fini(&leaf);
    return err;
}

cocoon_err batch_entry_verify(const struct batch_entry *entry, const struct digest *receipt,
                              const struct batch_owner *owner, const struct tlog_policy *policy,
                              uint64_t latest, struct arena *arena, uint64_t *time,
                              struct fail *fail)
{
    struct tx_receipts batch;
    cocoon_err err;

    if ((err = read_batch(entry->transaction, owner, &batch, fail)) != OK)
        return err;
    if (entry->size != batch.count)
        return fail_set(fail, ERR_MISMATCH, 0, "the batch has another number of receipts");
    if ((err = batch_verify(receipt, entry->index, entry->size, &batch.root, &entry->path)) != OK)
        return fail_set(fail, err, 0, "the receipt is not shown to stand in the batch");
    return check_logged(entry, policy, latest, arena, time, fail);
}
