#include "ledger/light.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "ledger/block.h"
#include "ledger/checkpoint.h"
#include "ledger/smt_proof.h"
#include "ledger/tlog_policy.h"

/* The hashes of a proof, 32 bytes each, as crypto/merkle.h wants them. */
static cocoon_err hashes_read(struct slice bytes, struct merkle_proof *out)
{
    if (bytes.len % 32 != 0 || bytes.len / 32 > MERKLE_PROOF_MAX)
        return ERR_MALFORMED;
    out->count = bytes.len / 32;
    if (out->count > 0)
        memcpy(out->hashes, bytes.ptr, bytes.len);
    return OK;
}

/* Check who signed, and when. */
static cocoon_err check_quorum(const struct light_policy *policy, const struct note *note,
                               unix_time now, struct light_view *next, struct fail *fail)
{
    uint64_t latest = (uint64_t)now + policy->skew;
    struct tlog_verdict verdict;
    cocoon_err err = tlog_policy_check(policy->tlog, note, latest, &verdict, fail);

    if (err != OK)
        return err;
    if (verdict.complete == 0)
        return fail_set(fail, ERR_QUORUM, 0, "too few cosigners of the policy signed");
    if (verdict.complete + policy->max_age < (uint64_t)now)
        return fail_set(fail, ERR_STALE, 0, "the quorum's cosignatures are too old");
    next->cosigned = (unix_time)verdict.complete;
    return OK;
}

/* Check that the BLOCK leaf is the last leaf, and take what it says. */
static cocoon_err check_block(const struct light_proof *proof, const struct checkpoint *checkpoint,
                              struct light_view *next, struct fail *fail)
{
    struct merkle_proof inclusion;
    struct digest leaf;
    struct block block;
    cocoon_err err;

    if ((err = block_read(proof->block, &block)) != OK)
        return fail_set(fail, err, 0, "not a BLOCK leaf");
    if ((err = hashes_read(proof->inclusion, &inclusion)) != OK)
        return fail_set(fail, err, 0, "the inclusion proof has no whole hashes");
    merkle_leaf(proof->block, &leaf);
    if (checkpoint->size == 0 ||
        merkle_verify_inclusion(&leaf, checkpoint->size - 1, checkpoint->size, &checkpoint->root,
                                &inclusion) != OK)
        return fail_set(fail, ERR_PROOF, 0, "the BLOCK leaf is not the last leaf of the log");
    next->height = block.height;
    next->time_ms = block.time_ms;
    next->state_root = block.state_root;
    return OK;
}

/* Check that the log only grew since `last`. */
static cocoon_err check_growth(const struct light_proof *proof, const struct light_view *last,
                               const struct light_view *next, struct fail *fail)
{
    struct merkle_proof consistency;
    cocoon_err err;

    if (next->size < last->size)
        return fail_set(fail, ERR_ROLLBACK, 0, "the log is shorter than last seen");
    if (next->size == last->size)
        return digest_eq(&next->root, &last->root)
                   ? OK
                   : fail_set(fail, ERR_FORK, 0, "another log of the size last seen");
    if ((err = hashes_read(proof->consistency, &consistency)) != OK)
        return fail_set(fail, err, 0, "the consistency proof has no whole hashes");
    if (proof->old_size != last->size)
        return fail_set(fail, ERR_PROOF, 0, "the consistency proof starts at another size");
    if (merkle_verify_consistency(last->size, &last->root, next->size, &next->root, &consistency) !=
        OK)
        return fail_set(fail, ERR_PROOF, 0, "the log does not extend the one last seen");
    if (next->height <= last->height || next->time_ms <= last->time_ms)
        return fail_set(fail, ERR_ROLLBACK, 0, "the log grew, but height or time did not");
    return OK;
}

cocoon_err light_advance(const struct light_policy *policy, const struct light_view *last,
                         const struct light_proof *proof, unix_time now, struct light_view *next,
                         struct fail *fail)
{
    struct note *note = MEM_NEW(struct note);
    struct checkpoint checkpoint;
    struct light_view view = {0};
    cocoon_err err;

    assert(now >= 0);
    if ((err = note_parse(proof->checkpoint, note, fail)) != OK)
        goto done;
    if ((err = check_quorum(policy, note, now, &view, fail)) != OK)
        goto done;
    err = checkpoint_read(note->text, &checkpoint);
    if (err == OK && checkpoint.extension.len > 0)
        err = ERR_MALFORMED;
    if (err != OK) {
        err = fail_set(fail, err, 0, "the note is no checkpoint of a ledger");
        goto done;
    }
    view.size = checkpoint.size;
    view.root = checkpoint.root;
    sha256(note->text, &view.checkpoint);
    if ((err = check_block(proof, &checkpoint, &view, fail)) != OK)
        goto done;
    if (last != NULL && last->size > 0 && (err = check_growth(proof, last, &view, fail)) != OK)
        goto done;
    *next = view;
done:
    mem_free(note);
    return err;
}

cocoon_err light_record_find(const struct light_view *view, const struct light_proof *proof,
                             enum record_type type, struct slice id, struct slice *value,
                             struct fail *fail)
{
    for (size_t i = 0; i < proof->count; i++) {
        const struct light_record *r = &proof->records[i];
        struct digest key, hash;

        if (r->type != type || !slice_eq(r->id, id))
            continue;
        record_key(type, id, &key);
        sha256(r->value, &hash);
        if (smt_proof_verify(&view->state_root, &key, r->present ? &hash : NULL, r->proof) != OK)
            return fail_set(fail, ERR_PROOF, 0, "the record's proof does not verify");
        if (!r->present)
            return fail_set(fail, ERR_ABSENT, 0, "the ledger holds no such record");
        *value = r->value;
        return OK;
    }
    return fail_set(fail, ERR_MISSING, 0, "the proof does not speak of this record");
}

/* Apply the window in which owners let something be used. */
static cocoon_err check_window(uint64_t from, uint64_t until, uint64_t revoked, unix_time now,
                               struct fail *fail)
{
    if ((uint64_t)now < from)
        return fail_set(fail, ERR_NOT_YET_VALID, 0, "not valid yet on the ledger");
    if (until != 0 && (uint64_t)now >= until)
        return fail_set(fail, ERR_EXPIRED, 0, "no longer valid on the ledger");
    if (revoked != 0 && (uint64_t)now >= revoked)
        return fail_set(fail, ERR_REVOKED, 0, "revoked on the ledger");
    return OK;
}

cocoon_err light_release(const struct light_view *view, const struct light_proof *proof,
                         const struct digest *release, unix_time now, struct record_release *out,
                         struct fail *fail)
{
    struct slice value;
    cocoon_err err =
        light_record_find(view, proof, RECORD_RELEASE, digest_slice(release), &value, fail);

    if (err != OK)
        return err;
    if ((err = record_get_release(value, out)) != OK)
        return fail_set(fail, err, 0, "the release's record cannot be read");
    return check_window(out->valid_from, out->valid_until, out->revoked_at, now, fail);
}

cocoon_err light_model(const struct light_view *view, const struct light_proof *proof,
                       const struct digest *model, unix_time now, struct record_model *out,
                       struct fail *fail)
{
    struct slice value;
    cocoon_err err =
        light_record_find(view, proof, RECORD_MODEL, digest_slice(model), &value, fail);

    if (err != OK)
        return err;
    if ((err = record_get_model(value, out)) != OK)
        return fail_set(fail, err, 0, "the model's record cannot be read");
    return check_window(out->valid_from, 0, out->revoked_at, now, fail);
}

cocoon_err light_worker(const struct light_view *view, const struct light_proof *proof,
                        const struct digest *worker_id, unix_time now, struct record_worker *out,
                        struct fail *fail)
{
    struct slice value;
    cocoon_err err =
        light_record_find(view, proof, RECORD_WORKER, digest_slice(worker_id), &value, fail);

    if (err != OK)
        return err;
    if ((err = record_get_worker(value, out)) != OK)
        return fail_set(fail, err, 0, "the worker's record cannot be read");
    if (out->status == WORKER_RETIRED)
        return fail_set(fail, ERR_REVOKED, 0, "the worker has retired");
    if ((uint64_t)now >= out->expires_at)
        return fail_set(fail, ERR_EXPIRED, 0, "the worker's registration has run out");
    return OK;
}
