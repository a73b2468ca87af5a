#include "receipt/bundle.h"

#include "base/mem.h"
#include "codec/json_wr.h"

#define BUNDLE_VERSION "cocoon.bundle.v1"

static void put_or_null(struct json_wr *json, const char *name, struct slice text)
{
    if (text.len == 0)
        json_wr_null(json, name);
    else
        json_wr_raw(json, name, text);
}

cocoon_err bundle_put(struct buf *out, const struct bundle *b)
{
    struct json_wr json;

    json_wr_init(&json, out);
    json_wr_object(&json, NULL);
    json_wr_cstr(&json, "api_version", BUNDLE_VERSION);
    json_wr_raw(&json, "evidence", b->evidence);
    json_wr_raw(&json, "ledger", b->ledger);
    put_or_null(&json, "model_manifest", b->model_manifest);
    put_or_null(&json, "ohttp_key", b->ohttp_key);
    json_wr_raw(&json, "receipt", b->receipt);
    put_or_null(&json, "receipt_log", b->receipt_log);
    put_or_null(&json, "release_manifest", b->release_manifest);
    json_wr_hex(&json, "worker_id", digest_slice(&b->worker_id));
    json_wr_close(&json);
    return json_wr_end(&json);
}

static cocoon_err get_source(const struct json *root, const char *name, struct slice *out)
{
    const struct json *member;
    cocoon_err err = json_get_object(root, name, &member);

    if (err == OK)
        *out = member->source;
    return err;
}

/* As get_source; null leaves `*out` empty. */
static cocoon_err get_source_or_null(const struct json *root, const char *name, struct slice *out)
{
    const struct json *member;
    cocoon_err err = json_get(root, name, &member);

    if (err == OK && member->kind == JSON_NULL)
        return OK;
    return err != OK ? err : get_source(root, name, out);
}

static cocoon_err read_members(const struct json *root, struct bundle *out)
{
    static const char *const names[] = {"api_version",    "evidence",         "ledger",
                                        "model_manifest", "ohttp_key",        "receipt",
                                        "receipt_log",    "release_manifest", "worker_id"};
    struct slice version;
    cocoon_err err;

    if ((err = json_get_text(root, "api_version", &version)) != OK)
        return err;
    if (!slice_eq_text(version, BUNDLE_VERSION))
        return ERR_VERSION;
    if ((err = json_only(root, names, COUNT_OF(names))) != OK ||
        (err = get_source(root, "evidence", &out->evidence)) != OK ||
        (err = get_source(root, "ledger", &out->ledger)) != OK ||
        (err = get_source_or_null(root, "model_manifest", &out->model_manifest)) != OK ||
        (err = get_source_or_null(root, "ohttp_key", &out->ohttp_key)) != OK ||
        (err = get_source(root, "receipt", &out->receipt)) != OK ||
        (err = get_source_or_null(root, "receipt_log", &out->receipt_log)) != OK ||
        (err = get_source_or_null(root, "release_manifest", &out->release_manifest)) != OK)
        return err;
    return json_get_hex(root, "worker_id", out->worker_id.bytes, sizeof out->worker_id.bytes);
}

cocoon_err bundle_read(struct slice text, struct arena *arena, struct bundle *out,
                       struct fail *fail)
{
    const struct json *root;
    cocoon_err err;

    *out = (struct bundle){0};
    if (text.len > BUNDLE_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "the bundle is too long");
    if ((err = json_parse(text, arena, &root, fail)) != OK)
        return err;
    if ((err = read_members(root, out)) != OK)
        return fail_set(fail, err, 0, "a member of the bundle is missing, unknown or wrong");
    return OK;
}
