#include "role/worker_receipt.h"

#include "base/b64.h"
#include "base/hex.h"
#include "codec/json.h"

enum { PEEK_ARENA_MAX = 64 * 1024 * 1024 };

void worker_receipt_begin(struct worker_receipt *r, struct worker *worker,
                          struct worker_identity *identity, const struct sealed_request *request)
{
    *r = (struct worker_receipt){
        .worker = worker, .identity = worker_identity_ref(identity), .request = request};
    hex_write(SLICE_OF(request->id.bytes), r->id);
    sha256(request->body, &r->request_digest);
    hash_init(&r->response, HASH_SHA256);
    buf_init(&r->peek, WORKER_PEEK_MAX);
    buf_init(&r->joined, WORKER_PEEK_MAX);
}

void worker_receipt_forwarded(struct worker_receipt *r)
{
    r->forwarded = true;
}

void worker_receipt_head(struct worker_receipt *r, bool streamed)
{
    r->streamed = streamed;
    sse_init(&r->sse);
}

/* Take the answer's own id ("chatcmpl-...") from JSON that the engine sent. */
static void read_chat_id(struct worker_receipt *r, struct slice text)
{
    const struct json *root;
    struct arena arena;
    struct slice id;
    struct fail fail;

    arena_init(&arena, PEEK_ARENA_MAX);
    if (json_parse(text, &arena, &root, &fail) == OK && json_get_text(root, "id", &id) == OK &&
        slice_cstr(id, r->chat_id, sizeof r->chat_id) != OK)
        r->chat_id[0] = '\0';
    arena_wipe(&arena);
}

/* Chain every whole event that stands in r->peek. */
static void chain_events(struct worker_receipt *r, bool last)
{
    struct sse_event event;
    size_t used = 0;

    while (sse_next(&r->sse, slice_skip(buf_slice(&r->peek), used), last, &r->joined, &event)) {
        receipt_chain_add(&r->chain, event.raw);
        if (r->chat_id[0] == '\0' && event.has_data)
            read_chat_id(r, event.data);
        used += event.raw.len;
    }
    buf_drop(&r->peek, used);
    if (last && r->peek.len > 0)
        receipt_chain_add(&r->chain, buf_slice(&r->peek));
}

void worker_receipt_piece(struct worker_receipt *r, struct slice bytes)
{
    hash_update(&r->response, bytes);
    buf_put(&r->peek, bytes);
    if (r->streamed)
        chain_events(r, false);
}

static void put_events(struct worker_receipt *r, const struct usage *usage, struct receipt_wr *w)
{
    const struct receipt_usage units = {
        .prompt = usage->prompt, .cached = usage->cached, .completion = usage->completion};
    struct digest response;

    sha256_final(&r->response, &response);
    receipt_wr_received(w, &r->request_digest);
    if (r->forwarded) {
        receipt_wr_forwarded(w, &r->request_digest);
        receipt_wr_model(w, &r->worker->model_digest, &r->worker->engine_digest);
    }
    if (r->streamed)
        receipt_wr_stream(w, &r->chain);
    if (r->forwarded)
        receipt_wr_usage(w, &units);
    receipt_wr_returned(w, &response);
}

cocoon_err worker_receipt_finish(struct worker_receipt *r, const struct usage *usage,
                                 struct buf *out)
{
    struct receipt_head head = {.receipt_id = slice_text(r->id),
                                .model = slice_text(r->worker->model),
                                .endpoint = r->request->control.path,
                                .method = r->request->control.method,
                                .key_id = slice_text(r->identity->receipt_key_id),
                                .served_at = loop_unix_now(),
                                .keyset = r->identity->keyset_digest};
    struct receipt_wr w;
    struct buf document;
    cocoon_err err;

    if (r->streamed)
        chain_events(r, true);
    else if (r->forwarded && buf_ok(&r->peek) == OK)
        read_chat_id(r, buf_slice(&r->peek));
    head.chat_id = slice_text(r->chat_id);
    buf_init(&document, RECEIPT_MAX);
    receipt_wr_init(&w);
    put_events(r, usage, &w);
    if ((err = receipt_wr_sign(&w, &head, &r->identity->receipt_key, &document, NULL)) == OK) {
        b64_put(out, buf_slice(&document));
        err = buf_ok(out);
    }
    receipt_wr_fini(&w);
    buf_fini(&document);
    worker_receipt_drop(r);
    return err;
}

void worker_receipt_drop(struct worker_receipt *r)
{
    if (r->identity == NULL)
        return;
    worker_identity_unref(r->identity);
    r->identity = NULL;
    buf_wipe(&r->peek);
    buf_wipe(&r->joined);
}
