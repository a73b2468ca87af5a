#include "ledger/add_checkpoint.h"

#include <string.h>

#include "base/b64.h"

cocoon_err add_checkpoint_put(struct buf *out, const struct add_checkpoint *request)
{
    buf_put_text(out, "old ");
    buf_put_u64(out, request->old_size);
    buf_put_u8(out, '\n');
    for (size_t i = 0; i < request->proof.count; i++) {
        b64_put(out, digest_slice(&request->proof.hashes[i]));
        buf_put_u8(out, '\n');
    }
    buf_put_u8(out, '\n');
    buf_put(out, request->note);
    return buf_ok(out);
}

/* Decode one line of the proof. */
static cocoon_err read_hash(struct slice line, struct digest *out)
{
    struct buf bytes;
    cocoon_err err;

    buf_init(&bytes, sizeof out->bytes);
    err = b64_read(line, &bytes);
    if (err == OK && bytes.len != sizeof out->bytes)
        err = ERR_MALFORMED;
    if (err == OK)
        memcpy(out->bytes, bytes.ptr, sizeof out->bytes);
    buf_fini(&bytes);
    return err;
}

cocoon_err add_checkpoint_read(struct slice body, struct add_checkpoint *out, struct fail *fail)
{
    const struct slice word = SLICE_LIT("old ");
    struct slice rest = body, line = slice_cut(&rest, '\n');

    *out = (struct add_checkpoint){0};
    if (body.len > ADD_CHECKPOINT_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "the request is too long");
    if (!slice_starts(line, word) || slice_u64(slice_skip(line, word.len), &out->old_size) != OK)
        return fail_set(fail, ERR_MALFORMED, 0, "the first line must be \"old <size>\"");
    for (;;) {
        size_t offset = body.len - rest.len;

        if (rest.len == 0)
            return fail_set(fail, ERR_MALFORMED, offset, "there is no checkpoint");
        line = slice_cut(&rest, '\n');
        if (line.len == 0)
            break;
        if (out->proof.count == MERKLE_PROOF_MAX)
            return fail_set(fail, ERR_LIMIT, offset, "the proof has too many hashes");
        if (read_hash(line, &out->proof.hashes[out->proof.count++]) != OK)
            return fail_set(fail, ERR_MALFORMED, offset, "a line of the proof is no base64 hash");
    }
    if (rest.len == 0)
        return fail_set(fail, ERR_MALFORMED, body.len, "there is no checkpoint");
    out->note = rest;
    return OK;
}
