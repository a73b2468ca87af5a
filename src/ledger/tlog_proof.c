#include "ledger/tlog_proof.h"

#include <string.h>

#include "base/b64.h"
#include "base/mem.h"
#include "ledger/tlog_policy.h"

static const struct slice first_line = SLICE_INIT("c2sp.org/tlog-proof@v1");
static const struct slice extra_word = SLICE_INIT("extra ");
static const struct slice index_word = SLICE_INIT("index ");

cocoon_err tlog_proof_put(struct buf *out, const struct tlog_proof *p)
{
    buf_put(out, first_line);
    if (p->extra.len > 0) {
        buf_put_text(out, "\n");
        buf_put(out, extra_word);
        b64_put(out, p->extra);
    }
    buf_put_text(out, "\n");
    buf_put(out, index_word);
    buf_put_u64(out, p->index);
    for (size_t i = 0; i < p->inclusion.count; i++) {
        buf_put_text(out, "\n");
        b64_put(out, digest_slice(&p->inclusion.hashes[i]));
    }
    buf_put_text(out, "\n\n");
    buf_put(out, p->checkpoint);
    return buf_ok(out);
}

static cocoon_err read_extra(struct slice text, struct arena *arena, struct slice *out)
{
    struct buf bytes;
    cocoon_err err;

    buf_init(&bytes, TLOG_EXTRA_MAX);
    err = b64_read(text, &bytes);
    if (err == OK && bytes.len == 0)
        err = ERR_MALFORMED;
    if (err == OK)
        err = arena_copy(arena, buf_slice(&bytes), out);
    buf_fini(&bytes);
    return err;
}

static cocoon_err read_hash(struct slice text, struct merkle_proof *out)
{
    struct buf bytes;
    cocoon_err err;

    if (out->count == MERKLE_PROOF_MAX)
        return ERR_LIMIT;
    buf_init(&bytes, 32);
    err = b64_read(text, &bytes);
    if (err == OK && bytes.len == 32)
        memcpy(out->hashes[out->count++].bytes, bytes.ptr, 32);
    else
        err = ERR_MALFORMED;
    buf_fini(&bytes);
    return err;
}

cocoon_err tlog_proof_read(struct slice text, struct arena *arena, struct tlog_proof *out,
                           struct fail *fail)
{
    struct slice rest = text, line;
    cocoon_err err;

    if (text.len > TLOG_PROOF_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "the proof of logging is too long");
    if (!slice_eq(slice_cut(&rest, '\n'), first_line))
        return fail_set(fail, ERR_MALFORMED, 0, "not a proof of logging");
    line = slice_cut(&rest, '\n');
    out->extra = slice_make(NULL, 0);
    if (slice_starts(line, extra_word)) {
        if ((err = read_extra(slice_skip(line, extra_word.len), arena, &out->extra)) != OK)
            return fail_set(fail, err, 0, "the extra data of a proof of logging");
        line = slice_cut(&rest, '\n');
    }
    if (!slice_starts(line, index_word) ||
        slice_u64(slice_skip(line, index_word.len), &out->index) != OK)
        return fail_set(fail, ERR_MALFORMED, 0, "the index line of a proof of logging");
    out->inclusion.count = 0;
    while ((line = slice_cut(&rest, '\n')).len > 0)
        if ((err = read_hash(line, &out->inclusion)) != OK)
            return fail_set(fail, err, text.len - rest.len, "a hash of a proof of logging");
    out->checkpoint = rest;
    return rest.len > 0 ? OK : fail_set(fail, ERR_TRUNCATED, text.len, "no checkpoint");
}

cocoon_err tlog_proof_verify(const struct tlog_proof *p, struct slice entry,
                             const struct tlog_policy *policy, uint64_t latest, uint64_t *time,
                             struct fail *fail)
{
    struct note *note = MEM_NEW(struct note);
    struct tlog_verdict verdict;
    struct checkpoint checkpoint;
    struct digest leaf;
    cocoon_err err;

    if ((err = note_parse(p->checkpoint, note, fail)) != OK)
        goto done;
    if ((err = tlog_policy_check(policy, note, latest, &verdict, fail)) != OK)
        goto done;
    if (verdict.complete == 0) {
        err = fail_set(fail, ERR_QUORUM, 0, "too few cosigners of the policy signed");
        goto done;
    }
    if ((err = checkpoint_read(note->text, &checkpoint)) != OK) {
        err = fail_set(fail, err, 0, "the note is no checkpoint");
        goto done;
    }
    merkle_leaf(entry, &leaf);
    err =
        merkle_verify_inclusion(&leaf, p->index, checkpoint.size, &checkpoint.root, &p->inclusion);
    if (err != OK)
        err = fail_set(fail, err, 0, "the entry is not in the log at this place");
    if (err == OK && time != NULL)
        *time = verdict.complete;
done:
    mem_free(note);
    return err;
}
