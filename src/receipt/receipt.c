/*
 * Reading and verifying receipts: aci/1 sections 7.2 to 7.4 and 9.3, and the rules of
 * docs/spec/receipt.md:
 *
 *  1. api_version is "aci/1"; every member of the document is there and of its type.
 *  2. event_log has 1 to RECEIPT_EVENTS_MAX events; the first is request.received;
 * response.returned is among them; no event of a type known here stands twice.
 *  3. An event of a type known here is well formed. Others are left alone.
 */
#include "receipt/receipt.h"

#include "codec/jcs.h"

/* ---- events ---- */

static cocoon_err read_received(const struct json *event, struct receipt *out)
{
    return json_get_sha256(event, "body_hash", out->received.bytes);
}

static cocoon_err read_returned(const struct json *event, struct receipt *out)
{
    return json_get_sha256(event, "body_hash", out->returned.bytes);
}

static cocoon_err read_forwarded(const struct json *event, struct receipt *out)
{
    out->has_forwarded = true;
    return json_get_sha256(event, "body_hash", out->forwarded.bytes);
}

static cocoon_err read_model(const struct json *event, struct receipt *out)
{
    cocoon_err err = json_get_sha256(event, "weights_digest", out->model.bytes);

    out->has_model = true;
    return err != OK ? err : json_get_sha256(event, "engine_digest", out->engine.bytes);
}

static cocoon_err read_gpu(const struct json *event, struct receipt *out)
{
    cocoon_err err = json_get_sha256(event, "digest", out->gpu_evidence.bytes);

    out->has_gpu = true;
    return err != OK ? err : json_get_u64(event, "devices", &out->gpu_devices);
}

static cocoon_err read_stream(const struct json *event, struct receipt *out)
{
    cocoon_err err = json_get_sha256(event, "chain_hash", out->stream.hash.bytes);

    out->has_stream = true;
    return err != OK ? err : json_get_u64(event, "count", &out->stream.count);
}

static cocoon_err read_usage(const struct json *event, struct receipt *out)
{
    struct receipt_usage *usage = &out->usage;
    struct slice price;
    cocoon_err err;

    out->has_usage = true;
    if ((err = json_get_u64(event, "prompt_tokens", &usage->prompt)) != OK ||
        (err = json_get_u64(event, "cached_tokens", &usage->cached)) != OK ||
        (err = json_get_u64(event, "completion_tokens", &usage->completion)) != OK ||
        (err = json_get_u64(event, "reasoning_tokens", &usage->reasoning)) != OK ||
        (err = json_get_text(event, "price", &price)) != OK)
        return err;
    return amount_read(price, &usage->price);
}

static cocoon_err read_zk(const struct json *event, struct receipt *out)
{
    cocoon_err err = json_get_sha256(event, "model_digest", out->zk_model.bytes);

    out->has_zk = true;
    return err != OK ? err : json_get_sha256(event, "salted_input_digest", out->zk_input.bytes);
}

static const struct event_type {
    const char *type;
    cocoon_err (*read)(const struct json *event, struct receipt *out);
} event_types[] = {
    {"request.received", read_received}, /* must be the first: rule 2 */
    {"response.returned", read_returned}, {"request.forwarded", read_forwarded},
    {"model.loaded", read_model},         {"gpu.attested", read_gpu},
    {"stream.chunks", read_stream},       {"usage.metered", read_usage},
    {"zk.commitment", read_zk},
};

enum {
    EVENT_TYPES = sizeof event_types / sizeof event_types[0],
    EVENT_RECEIVED = 0,
    EVENT_RETURNED = 1
};

/* Return the index of `type` in event_types, EVENT_TYPES if it is not known. */
static size_t find_type(struct slice type)
{
    size_t i = 0;

    while (i < EVENT_TYPES && !slice_eq_text(type, event_types[i].type))
        i++;
    return i;
}

/* Rules 2 and 3. */
static cocoon_err read_events(const struct json *events, struct receipt *out, struct fail *fail)
{
    bool seen[EVENT_TYPES] = {false};
    struct slice type;
    cocoon_err err;

    if (events->count == 0 || events->count > RECEIPT_EVENTS_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "no events, or too many");
    for (const struct json *e = events->first; e != NULL; e = e->next) {
        size_t i;

        if ((err = json_get_text(e, "type", &type)) != OK)
            return fail_set(fail, err, 0, "an event without type");
        i = find_type(type);
        if (e == events->first && i != EVENT_RECEIVED)
            return fail_set(fail, ERR_MALFORMED, 0, "the first event is not request.received");
        if (i == EVENT_TYPES)
            continue;
        if (seen[i])
            return fail_set(fail, ERR_DUPLICATE, 0, "an event stands twice");
        seen[i] = true;
        if ((err = event_types[i].read(e, out)) != OK)
            return fail_set(fail, err, 0, "an event is not well formed");
    }
    if (!seen[EVENT_RETURNED])
        return fail_set(fail, ERR_MISSING, 0, "no event response.returned");
    return OK;
}

/* ---- the document ---- */

/* Read a text of 1 to RECEIPT_TEXT_MAX bytes. */
static cocoon_err read_text(const struct json *document, const char *name, struct slice *out)
{
    cocoon_err err = json_get_text(document, name, out);

    if (err != OK)
        return err;
    return out->len > 0 && out->len <= RECEIPT_TEXT_MAX ? OK : ERR_LIMIT;
}

/* As read_text, or null, which leaves `*out` empty. */
static cocoon_err read_text_or_null(const struct json *document, const char *name,
                                    struct slice *out)
{
    const struct json *value;
    cocoon_err err = json_get(document, name, &value);

    if (err == OK && value->kind == JSON_NULL)
        return OK;
    return err != OK ? err : read_text(document, name, out);
}

/* Rule 1. */
static cocoon_err read_head(const struct json *document, struct receipt *out)
{
    struct receipt_head *head = &out->head;
    struct slice version;
    cocoon_err err;

    if ((err = json_get_text(document, "api_version", &version)) != OK)
        return err;
    if (!slice_eq_text(version, RECEIPT_API_VERSION))
        return ERR_VERSION;
    if ((err = read_text(document, "receipt_id", &head->receipt_id)) != OK ||
        (err = read_text_or_null(document, "chat_id", &head->chat_id)) != OK ||
        (err = read_text_or_null(document, "model", &head->model)) != OK ||
        (err = read_text(document, "endpoint", &head->endpoint)) != OK ||
        (err = read_text(document, "method", &head->method)) != OK ||
        (err = read_text(document, "key_id", &head->key_id)) != OK ||
        (err = json_get_i64(document, "served_at", &head->served_at)) != OK ||
        (err = json_get_sha256(document, "workload_keyset_digest", head->keyset.bytes)) != OK)
        return err;
    return json_get_hex(document, "signature", out->signature, sizeof out->signature);
}

/* Set out->covered and out->digest. */
static cocoon_err read_covered(const struct json *document, struct arena *arena,
                               struct receipt *out)
{
    struct buf covered;
    cocoon_err err;

    buf_init(&covered, RECEIPT_MAX);
    if ((err = jcs_put_without(&covered, document, "signature", arena)) == OK &&
        (err = arena_copy(arena, buf_slice(&covered), &out->covered)) == OK)
        sha256(out->covered, &out->digest);
    buf_fini(&covered);
    return err;
}

cocoon_err receipt_from_json(const struct json *document, struct arena *arena, struct receipt *out,
                             struct fail *fail)
{
    const struct json *events;
    cocoon_err err;

    *out = (struct receipt){0};
    if (document->source.len > RECEIPT_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "the receipt is too long");
    if ((err = read_head(document, out)) != OK)
        return fail_set(fail, err, 0, "a member of the receipt is missing or not well formed");
    if ((err = json_get_array(document, "event_log", &events)) != OK)
        return fail_set(fail, err, 0, "the receipt has no event log");
    if ((err = read_events(events, out, fail)) != OK)
        return err;
    if ((err = read_covered(document, arena, out)) != OK)
        return fail_set(fail, err, 0, "the receipt has no canonical form within the limits");
    return OK;
}

cocoon_err receipt_read(struct slice text, struct arena *arena, struct receipt *out,
                        struct fail *fail)
{
    const struct json *document;
    cocoon_err err;

    if (text.len > RECEIPT_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "the receipt is too long");
    if ((err = json_parse(text, arena, &document, fail)) != OK)
        return err;
    return receipt_from_json(document, arena, out, fail);
}

/* ---- verification ---- */

cocoon_err receipt_verify_with(const struct receipt *r, const struct digest *keyset,
                               const struct ed25519_public *key, struct fail *fail)
{
    cocoon_err err;

    if (!digest_eq(&r->head.keyset, keyset))
        return fail_set(fail, ERR_MISMATCH, 0, "the receipt names another keyset");
    if ((err = ed25519_verify(key, r->covered, SLICE_OF(r->signature))) != OK)
        return fail_set(fail, err, 0, "the receipt's signature does not verify");
    return OK;
}

cocoon_err receipt_verify(const struct receipt *r, const struct keyset *keyset, struct fail *fail)
{
    struct ed25519_public key;
    cocoon_err err;

    /* aci/1 9.3: the attested entry decides the algorithm; another one is no key for us. */
    if ((err = keyset_ed25519(&keyset->receipt, "ed25519", r->head.key_id, &key)) != OK)
        return fail_set(fail, err, 0, "the keyset has no such Ed25519 receipt key");
    return receipt_verify_with(r, &keyset->digest, &key, fail);
}

static bool same(struct slice wanted, struct slice found)
{
    return wanted.len == 0 || slice_eq(wanted, found);
}

cocoon_err receipt_matches(const struct receipt *r, const struct receipt_exchange *x,
                           struct fail *fail)
{
    if (!same(x->receipt_id, r->head.receipt_id))
        return fail_set(fail, ERR_MISMATCH, 0, "the receipt has another id");
    if (!same(x->method, r->head.method) || !same(x->endpoint, r->head.endpoint))
        return fail_set(fail, ERR_MISMATCH, 0, "the receipt is for another endpoint");
    if (x->request != NULL && !digest_eq(x->request, &r->received))
        return fail_set(fail, ERR_MISMATCH, 0, "the receipt is for another request");
    if (x->response != NULL && !digest_eq(x->response, &r->returned))
        return fail_set(fail, ERR_MISMATCH, 0, "the receipt is for another response");
    if (x->stream != NULL && (!r->has_stream || r->stream.count != x->stream->count ||
                              !digest_eq(&r->stream.hash, &x->stream->hash)))
        return fail_set(fail, ERR_MISMATCH, 0, "the receipt is for other pieces of the stream");
    return OK;
}

void receipt_zk_context(const struct receipt *r, const struct digest *model, struct digest *out)
{
    const struct slice parts[] = {r->head.receipt_id, digest_slice(&r->received),
                                  digest_slice(&r->returned), digest_slice(&r->head.keyset),
                                  digest_slice(model)};

    sha256_parts(parts, sizeof parts / sizeof parts[0], out);
}
