/*
 * Writing receipts. Members of the document and of every event are written in the order of JCS, so
 * what comes out is in canonical form without a sort.
 */
#include <assert.h>

#include "codec/json_wr.h"
#include "receipt/receipt.h"

void receipt_chain_add(struct receipt_chain *c, struct slice piece)
{
    const struct slice parts[] = {digest_slice(&c->hash), piece};
    struct digest next;

    sha256_parts(parts, 2, &next);
    c->hash = next;
    c->count++;
}

void receipt_wr_init(struct receipt_wr *w)
{
    buf_init(&w->events, RECEIPT_MAX);
    w->count = 0;
}

void receipt_wr_fini(struct receipt_wr *w)
{
    buf_fini(&w->events);
}

/* Start an event; its members follow, then end_event. */
static struct json_wr begin_event(struct receipt_wr *w)
{
    struct json_wr json;

    if (w->count++ > 0)
        buf_put_u8(&w->events, ',');
    json_wr_init(&json, &w->events);
    json_wr_object(&json, NULL);
    return json;
}

/* What did not fit stays noted in w->events, and receipt_wr_sign says so. */
static void end_event(struct json_wr *json)
{
    json_wr_close(json);
}

static void put_body_event(struct receipt_wr *w, const char *type, const struct digest *body)
{
    struct json_wr json = begin_event(w);

    json_wr_sha256(&json, "body_hash", digest_slice(body));
    json_wr_cstr(&json, "type", type);
    end_event(&json);
}

void receipt_wr_received(struct receipt_wr *w, const struct digest *body)
{
    assert(w->count == 0); /* aci/1 7.3: the first event */
    put_body_event(w, "request.received", body);
}

void receipt_wr_forwarded(struct receipt_wr *w, const struct digest *body)
{
    put_body_event(w, "request.forwarded", body);
}

void receipt_wr_returned(struct receipt_wr *w, const struct digest *body)
{
    put_body_event(w, "response.returned", body);
}

void receipt_wr_model(struct receipt_wr *w, const struct digest *model, const struct digest *engine)
{
    struct json_wr json = begin_event(w);

    json_wr_sha256(&json, "engine_digest", digest_slice(engine));
    json_wr_cstr(&json, "type", "model.loaded");
    json_wr_sha256(&json, "weights_digest", digest_slice(model));
    end_event(&json);
}

void receipt_wr_gpu(struct receipt_wr *w, const struct digest *evidence, uint64_t devices)
{
    struct json_wr json = begin_event(w);

    json_wr_u64(&json, "devices", devices);
    json_wr_sha256(&json, "digest", digest_slice(evidence));
    json_wr_cstr(&json, "type", "gpu.attested");
    end_event(&json);
}

void receipt_wr_stream(struct receipt_wr *w, const struct receipt_chain *chain)
{
    struct json_wr json = begin_event(w);

    json_wr_sha256(&json, "chain_hash", digest_slice(&chain->hash));
    json_wr_u64(&json, "count", chain->count);
    json_wr_cstr(&json, "type", "stream.chunks");
    end_event(&json);
}

void receipt_wr_usage(struct receipt_wr *w, const struct receipt_usage *usage)
{
    struct json_wr json = begin_event(w);
    struct buf price;

    buf_init(&price, 64);
    amount_put(&price, usage->price);
    json_wr_u64(&json, "cached_tokens", usage->cached);
    json_wr_u64(&json, "completion_tokens", usage->completion);
    json_wr_text(&json, "price", buf_slice(&price));
    json_wr_u64(&json, "prompt_tokens", usage->prompt);
    json_wr_u64(&json, "reasoning_tokens", usage->reasoning);
    json_wr_cstr(&json, "type", "usage.metered");
    end_event(&json);
    buf_fini(&price);
}

void receipt_wr_zk(struct receipt_wr *w, const struct digest *model,
                   const struct digest *salted_input)
{
    struct json_wr json = begin_event(w);

    json_wr_sha256(&json, "model_digest", digest_slice(model));
    json_wr_sha256(&json, "salted_input_digest", digest_slice(salted_input));
    json_wr_cstr(&json, "type", "zk.commitment");
    end_event(&json);
}

static void put_text_or_null(struct json_wr *json, const char *name, struct slice text)
{
    if (text.len == 0)
        json_wr_null(json, name);
    else
        json_wr_text(json, name, text);
}

/* Append the document, without `signature` when that is NULL. */
static cocoon_err put_document(const struct receipt_wr *w, const struct receipt_head *head,
                               const struct ed25519_sig *signature, struct buf *out)
{
    struct json_wr json;

    json_wr_init(&json, out);
    json_wr_object(&json, NULL);
    json_wr_cstr(&json, "api_version", RECEIPT_API_VERSION);
    put_text_or_null(&json, "chat_id", head->chat_id);
    json_wr_text(&json, "endpoint", head->endpoint);
    json_wr_array(&json, "event_log");
    json_wr_raw(&json, NULL, buf_slice(&w->events));
    json_wr_close(&json);
    json_wr_text(&json, "key_id", head->key_id);
    json_wr_text(&json, "method", head->method);
    put_text_or_null(&json, "model", head->model);
    json_wr_text(&json, "receipt_id", head->receipt_id);
    json_wr_i64(&json, "served_at", head->served_at);
    if (signature != NULL)
        json_wr_hex(&json, "signature", ed25519_sig_slice(signature));
    json_wr_sha256(&json, "workload_keyset_digest", digest_slice(&head->keyset));
    json_wr_close(&json);
    return json_wr_end(&json);
}

static bool head_fits(const struct receipt_head *head)
{
    return head->receipt_id.len <= RECEIPT_TEXT_MAX && head->chat_id.len <= RECEIPT_TEXT_MAX &&
           head->model.len <= RECEIPT_TEXT_MAX && head->endpoint.len <= RECEIPT_TEXT_MAX &&
           head->method.len <= RECEIPT_TEXT_MAX && head->key_id.len <= RECEIPT_TEXT_MAX;
}

cocoon_err receipt_wr_sign(const struct receipt_wr *w, const struct receipt_head *head,
                           const struct ed25519_key *key, struct buf *out, struct digest *digest)
{
    struct ed25519_sig signature;
    struct buf covered;
    cocoon_err err;

    assert(head->receipt_id.len > 0 && head->key_id.len > 0);
    buf_init(&covered, RECEIPT_MAX);
    if (!head_fits(head) || w->count > RECEIPT_EVENTS_MAX) {
        err = ERR_LIMIT;
        goto done;
    }
    if ((err = buf_ok(&w->events)) != OK || (err = put_document(w, head, NULL, &covered)) != OK)
        goto done;
    ed25519_sign(key, buf_slice(&covered), &signature);
    if (digest != NULL)
        sha256(buf_slice(&covered), digest);
    err = put_document(w, head, &signature, out);
done:
    buf_fini(&covered);
    return err;
}
