#include "ledger/checkpoint.h"

#include <assert.h>
#include <string.h>

#include "base/b64.h"
#include "base/rd.h"
#include "base/wr.h"

void checkpoint_put(struct buf *out, struct slice origin, uint64_t size, const struct digest *root)
{
    buf_put(out, origin);
    buf_put_text(out, "\n");
    buf_put_u64(out, size);
    buf_put_text(out, "\n");
    b64_put(out, digest_slice(root));
    buf_put_text(out, "\n");
}

static cocoon_err read_root(struct slice text, struct digest *out)
{
    struct buf bytes;
    cocoon_err err;

    buf_init(&bytes, sizeof out->bytes);
    err = b64_read(text, &bytes);
    if (err == OK && bytes.len == sizeof out->bytes)
        memcpy(out->bytes, bytes.ptr, sizeof out->bytes);
    else
        err = ERR_MALFORMED;
    buf_fini(&bytes);
    return err;
}

/* Tell whether `lines` are whole lines, none of them empty. */
static bool lines_ok(struct slice lines)
{
    while (lines.len > 0)
        if (slice_cut(&lines, '\n').len == 0)
            return false;
    return true;
}

cocoon_err checkpoint_read(struct slice text, struct checkpoint *out)
{
    struct slice rest = text, size;

    if (text.len == 0 || text.ptr[text.len - 1] != '\n')
        return ERR_TRUNCATED;
    out->origin = slice_cut(&rest, '\n');
    size = slice_cut(&rest, '\n');
    if (out->origin.len == 0 || slice_u64(size, &out->size) != OK)
        return ERR_MALFORMED;
    if (out->size > INT64_MAX || read_root(slice_cut(&rest, '\n'), &out->root) != OK)
        return ERR_MALFORMED;
    out->extension = rest;
    return lines_ok(rest) ? OK : ERR_MALFORMED;
}

void checkpoint_hash(struct slice origin, uint64_t size, const struct digest *root,
                     struct digest *out)
{
    struct buf text;

    buf_init(&text, CHECKPOINT_TEXT_MAX);
    checkpoint_put(&text, origin, size, root);
    assert(buf_ok(&text) == OK);
    sha256(buf_slice(&text), out);
    buf_fini(&text);
}

uint32_t note_key_id(struct slice name, uint8_t type, struct slice public_key)
{
    struct buf input;
    struct digest hash;
    struct rd r = rd_init(digest_slice(&hash));

    buf_init(&input, NOTE_NAME_MAX + 64);
    note_key_input(&input, name, type, public_key);
    assert(buf_ok(&input) == OK);
    sha256(buf_slice(&input), &hash);
    buf_fini(&input);
    return rd_u32be(&r);
}

cocoon_err note_vkey_check(const struct note_vkey *vkey)
{
    return vkey->key_id == note_key_id(vkey->name, vkey->type, SLICE_OF(vkey->public_key))
               ? OK
               : ERR_MALFORMED;
}

cocoon_err note_vkey_read(struct slice text, uint8_t type, struct note_vkey *out, struct fail *fail)
{
    cocoon_err err = note_vkey_parse(text, out, fail);

    if (err != OK)
        return err;
    if (out->type != type)
        return fail_set(fail, ERR_ALGORITHM, 0, "the verifier key has the wrong signature type");
    if (note_vkey_check(out) != OK)
        return fail_set(fail, ERR_MALFORMED, 0, "the verifier key's id is not that of its key");
    return OK;
}

cocoon_err note_signer_init(struct note_signer *s, struct slice name, uint8_t type,
                            const struct ed25519_key *key)
{
    cocoon_err err = slice_cstr(name, s->name, sizeof s->name);

    assert(type == NOTE_ED25519 || type == NOTE_COSIGNATURE);
    if (err != OK || !note_name_ok(name))
        return ERR_MALFORMED;
    s->type = type;
    s->key = *key;
    s->key_id = note_key_id(name, type, ed25519_public_slice(&key->public));
    return OK;
}

void note_signer_wipe(struct note_signer *s)
{
    ed25519_wipe(&s->key);
}

void note_signer_vkey(const struct note_signer *s, struct buf *out)
{
    struct note_vkey vkey = {.name = slice_text(s->name), .key_id = s->key_id, .type = s->type};

    memcpy(vkey.public_key, s->key.public.bytes, sizeof vkey.public_key);
    note_vkey_put(out, &vkey);
}

cocoon_err note_signer_sign(const struct note_signer *s, struct slice text, uint64_t time,
                            struct buf *out)
{
    uint8_t room[NOTE_COSIGNATURE_LEN];
    struct wr w = wr_init(room, sizeof room);
    struct ed25519_sig sig;
    struct buf message;
    cocoon_err err;

    buf_init(&message, CHECKPOINT_NOTE_MAX);
    if (s->type == NOTE_COSIGNATURE) {
        wr_u64be(&w, time);
        note_cosigned(&message, time, text);
    } else {
        buf_put(&message, text);
    }
    if ((err = buf_ok(&message)) == OK) {
        ed25519_sign(&s->key, buf_slice(&message), &sig);
        wr_slice(&w, ed25519_sig_slice(&sig));
        err = note_put_signature(out, slice_text(s->name), s->key_id, slice_make(room, w.len));
    }
    buf_fini(&message);
    return err;
}

/* Check one signature by `key` over the text of `note`. */
static cocoon_err verify_one(const struct note *note, const struct note_vkey *key,
                             const struct note_signature *sig, uint64_t *time)
{
    struct ed25519_public public;
    struct rd r = rd_init(slice_make(sig->bytes, sig->len));
    struct buf message;
    cocoon_err err;

    memcpy(public.bytes, key->public_key, sizeof public.bytes);
    *time = 0;
    if (key->type == NOTE_ED25519)
        return ed25519_verify(&public, note->text, rd_rest(&r));
    *time = rd_u64be(&r);
    if (r.bad || *time > INT64_MAX)
        return ERR_SIGNATURE;
    buf_init(&message, NOTE_MAX + 64);
    note_cosigned(&message, *time, note->text);
    err = buf_ok(&message);
    if (err == OK)
        err = ed25519_verify(&public, buf_slice(&message), rd_rest(&r));
    buf_fini(&message);
    return err;
}

cocoon_err note_verify(const struct note *note, const struct note_vkey *key, uint64_t *time)
{
    const struct note_signature *sig = NULL;
    uint64_t latest = 0;
    cocoon_err err = ERR_MISSING;

    while ((sig = note_find(note, key->name, key->key_id, sig)) != NULL) {
        uint64_t at;

        if ((err = verify_one(note, key, sig, &at)) != OK)
            return err;
        latest = at > latest ? at : latest;
    }
    if (time != NULL)
        *time = latest;
    return err;
}
