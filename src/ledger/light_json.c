/* Proofs and views of the light client as JSON. */
#include <string.h>

#include "base/b64.h"
#include "base/hex.h"
#include "base/mem.h"
#include "codec/json.h"
#include "codec/json_wr.h"
#include "crypto/merkle.h"
#include "ledger/light.h"
#include "ledger/smt_proof.h"

enum { BLOCK_MAX = 1024 };

/* Decode the base64 member `name` into the arena. */
static cocoon_err get_b64(const struct json *object, const char *name, size_t max,
                          struct arena *arena, struct slice *out)
{
    struct buf bytes;
    cocoon_err err;

    buf_init(&bytes, max);
    err = json_get_b64(object, name, &bytes);
    if (err == OK)
        err = arena_copy(arena, buf_slice(&bytes), out);
    buf_fini(&bytes);
    return err;
}

/* Decode the array `name` of base64 hashes into the arena, one after the other. */
static cocoon_err get_hashes(const struct json *object, const char *name, struct arena *arena,
                             struct slice *out)
{
    const struct json *array;
    struct buf bytes;
    cocoon_err err;

    buf_init(&bytes, 32 * MERKLE_PROOF_MAX);
    err = json_get_array(object, name, &array);
    for (const struct json *e = err == OK ? array->first : NULL; err == OK && e != NULL;
         e = e->next) {
        struct slice text;
        size_t before = bytes.len;

        if ((err = json_text(e, &text)) == OK)
            err = b64_read(text, &bytes);
        if (err == OK && bytes.len != before + 32)
            err = ERR_MALFORMED;
    }
    if (err == OK)
        err = arena_copy(arena, buf_slice(&bytes), out);
    buf_fini(&bytes);
    return err;
}

static cocoon_err get_id(const struct json *object, struct arena *arena, struct slice *out)
{
    struct slice text;
    uint8_t bytes[RECORD_ID_MAX];
    cocoon_err err = json_get_text(object, "id", &text);

    if (err != OK)
        return err;
    if (text.len % 2 != 0 || text.len / 2 > sizeof bytes)
        return ERR_MALFORMED;
    if ((err = hex_read(text, bytes, text.len / 2)) != OK)
        return err;
    return arena_copy(arena, slice_make(bytes, text.len / 2), out);
}

static cocoon_err get_record(const struct json *object, struct arena *arena,
                             struct light_record *out)
{
    static const char *const names[] = {"id", "proof", "type", "value"};
    const struct json *value;
    struct slice type;
    cocoon_err err;

    if ((err = json_only(object, names, COUNT_OF(names))) != OK)
        return err;
    if ((err = get_id(object, arena, &out->id)) != OK)
        return err;
    if ((err = get_b64(object, "proof", SMT_PROOF_MAX, arena, &out->proof)) != OK)
        return err;
    if ((err = json_get_text(object, "type", &type)) != OK)
        return err;
    if ((err = record_type_read(type, &out->type)) != OK)
        return err;
    if ((err = json_get(object, "value", &value)) != OK)
        return err;
    out->value = slice_make(NULL, 0);
    out->present = value->kind != JSON_NULL;
    return out->present ? get_b64(object, "value", RECORD_MAX, arena, &out->value) : OK;
}

static cocoon_err get_records(const struct json *object, struct arena *arena,
                              struct light_proof *out)
{
    const struct json *array;
    cocoon_err err = json_get_array(object, "records", &array);

    out->count = 0;
    if (err != OK)
        return err;
    if (array->count > LIGHT_RECORDS_MAX)
        return ERR_LIMIT;
    for (const struct json *e = array->first; err == OK && e != NULL; e = e->next)
        err = get_record(e, arena, &out->records[out->count++]);
    return err;
}

cocoon_err light_proof_from_json(const struct json *object, struct arena *arena,
                                 struct light_proof *out, struct fail *fail)
{
    static const char *const names[] = {"block",     "checkpoint", "consistency",
                                        "inclusion", "old_size",   "records"};
    cocoon_err err;

    if ((err = json_only(object, names, COUNT_OF(names))) != OK)
        return fail_set(fail, err, 0, "an unknown member in a state proof");
    if ((err = get_b64(object, "block", BLOCK_MAX, arena, &out->block)) != OK)
        return fail_set(fail, err, 0, "member \"block\" of a state proof");
    if ((err = json_get_text(object, "checkpoint", &out->checkpoint)) != OK)
        return fail_set(fail, err, 0, "member \"checkpoint\" of a state proof");
    if ((err = get_hashes(object, "consistency", arena, &out->consistency)) != OK)
        return fail_set(fail, err, 0, "member \"consistency\" of a state proof");
    if ((err = get_hashes(object, "inclusion", arena, &out->inclusion)) != OK)
        return fail_set(fail, err, 0, "member \"inclusion\" of a state proof");
    if ((err = json_get_u64(object, "old_size", &out->old_size)) != OK)
        return fail_set(fail, err, 0, "member \"old_size\" of a state proof");
    if ((err = get_records(object, arena, out)) != OK)
        return fail_set(fail, err, 0, "member \"records\" of a state proof");
    return OK;
}

cocoon_err light_proof_read(struct slice text, struct arena *arena, struct light_proof *out,
                            struct fail *fail)
{
    const struct json *root;
    cocoon_err err;

    if (text.len > LIGHT_PROOF_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "the state proof is too long");
    if ((err = json_parse(text, arena, &root, fail)) != OK)
        return err;
    return light_proof_from_json(root, arena, out, fail);
}

static void put_hashes(struct json_wr *w, const char *name, struct slice hashes)
{
    json_wr_array(w, name);
    for (size_t at = 0; at + 32 <= hashes.len; at += 32)
        json_wr_b64(w, NULL, slice_sub(hashes, at, 32));
    json_wr_close(w);
}

static void put_record(struct json_wr *w, const struct light_record *r)
{
    json_wr_object(w, NULL);
    json_wr_hex(w, "id", r->id);
    json_wr_b64(w, "proof", r->proof);
    json_wr_cstr(w, "type", record_type_name(r->type));
    if (r->present)
        json_wr_b64(w, "value", r->value);
    else
        json_wr_null(w, "value");
    json_wr_close(w);
}

cocoon_err light_proof_put(struct buf *out, const struct light_proof *proof)
{
    struct json_wr w;

    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    json_wr_b64(&w, "block", proof->block);
    json_wr_text(&w, "checkpoint", proof->checkpoint);
    put_hashes(&w, "consistency", proof->consistency);
    put_hashes(&w, "inclusion", proof->inclusion);
    json_wr_u64(&w, "old_size", proof->old_size);
    json_wr_array(&w, "records");
    for (size_t i = 0; i < proof->count; i++)
        put_record(&w, &proof->records[i]);
    json_wr_close(&w);
    json_wr_close(&w);
    return json_wr_end(&w);
}

cocoon_err light_view_put(struct buf *out, const struct light_view *view)
{
    struct json_wr w;

    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    json_wr_sha256(&w, "checkpoint", digest_slice(&view->checkpoint));
    json_wr_i64(&w, "cosigned", view->cosigned);
    json_wr_u64(&w, "height", view->height);
    json_wr_sha256(&w, "root", digest_slice(&view->root));
    json_wr_u64(&w, "size", view->size);
    json_wr_sha256(&w, "state_root", digest_slice(&view->state_root));
    json_wr_u64(&w, "time_ms", view->time_ms);
    json_wr_close(&w);
    return json_wr_end(&w);
}

static cocoon_err view_from_json(const struct json *root, struct light_view *out)
{
    static const char *const names[] = {"checkpoint", "cosigned",   "height", "root",
                                        "size",       "state_root", "time_ms"};
    cocoon_err err;

    if ((err = json_only(root, names, COUNT_OF(names))) != OK)
        return err;
    if ((err = json_get_sha256(root, "checkpoint", out->checkpoint.bytes)) != OK)
        return err;
    if ((err = json_get_i64(root, "cosigned", &out->cosigned)) != OK)
        return err;
    if ((err = json_get_u64(root, "height", &out->height)) != OK)
        return err;
    if ((err = json_get_sha256(root, "root", out->root.bytes)) != OK)
        return err;
    if ((err = json_get_u64(root, "size", &out->size)) != OK)
        return err;
    if ((err = json_get_sha256(root, "state_root", out->state_root.bytes)) != OK)
        return err;
    return json_get_u64(root, "time_ms", &out->time_ms);
}

cocoon_err light_view_read(struct slice text, struct light_view *out, struct fail *fail)
{
    const struct json *root;
    struct arena arena;
    cocoon_err err;

    arena_init(&arena, LIGHT_PROOF_MAX);
    err = json_parse(text, &arena, &root, fail);
    if (err == OK && (err = view_from_json(root, out)) != OK)
        err = fail_set(fail, err, 0, "not a view of a ledger");
    arena_fini(&arena);
    return err;
}
