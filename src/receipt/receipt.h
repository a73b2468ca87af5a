/*
 * Inference receipts: aci/1 section 7 with events of our own (docs/spec/receipt.md).
 *
 * A receipt is a JSON document {api_version, chat_id, endpoint, event_log, key_id, method, model,
 * receipt_id, served_at, signature, workload_keyset_digest}; the signature is Ed25519 over its JCS
 * form without `signature`. What a worker writes is in JCS form; what a verifier reads may be any
 * encoding of it. Events that it does not know are covered by the signature and otherwise ignored.
 *
 * Worker:  receipt_wr_init, an event at a time as things happen, receipt_wr_sign, receipt_wr_fini.
 * Client:  receipt_read, receipt_verify with the attested keyset, receipt_matches.
 */
#ifndef RECEIPT_RECEIPT_H
#define RECEIPT_RECEIPT_H

#include "attest/keyset.h"
#include "codec/json.h"
#include "ledger/amount.h"

enum {
    RECEIPT_MAX = 64 * 1024, /* one receipt: ours have about 1.5 KB */
    RECEIPT_TEXT_MAX = 256,  /* an id, a model name, an endpoint */
    RECEIPT_EVENTS_MAX = 64,
};

#define RECEIPT_API_VERSION "aci/1"

/* ---- what a stream was, for stream.chunks ---- */

/*
 * A hash over the pieces of a stream, in order: c = 32 zero bytes, then for each piece
 * c = SHA-256(c | piece). A piece is one server-sent event as codec/sse.h splits them, raw; bytes
 * after the last whole event are one more. Zeroed: no pieces yet.
 */
struct receipt_chain {
    uint64_t count;
    struct digest hash;
};

void receipt_chain_add(struct receipt_chain *c, struct slice piece);

/* ---- writing ---- */

/* What all receipts say. Empty `chat_id` or `model`: null. */
struct receipt_head {
    struct slice receipt_id, chat_id, model, endpoint, method, key_id;
    unix_time served_at;
    struct digest keyset;
};

struct receipt_usage {
    uint64_t prompt, cached, completion, reasoning; /* tokens */
    amount price;
};

struct receipt_wr {
    struct buf events; /* as they will stand in event_log */
    size_t count;
};

void receipt_wr_init(struct receipt_wr *w);
void receipt_wr_fini(struct receipt_wr *w);

/* The events of aci/1, with the SHA-256 of a body. request.received comes first (asserted). */
void receipt_wr_received(struct receipt_wr *w, const struct digest *body);
void receipt_wr_forwarded(struct receipt_wr *w, const struct digest *body);
void receipt_wr_returned(struct receipt_wr *w, const struct digest *body);

/* Ours. `model` and `engine` are the digests registered on the ledger. */
void receipt_wr_model(struct receipt_wr *w, const struct digest *model,
                      const struct digest *engine);
void receipt_wr_gpu(struct receipt_wr *w, const struct digest *evidence, uint64_t devices);
void receipt_wr_stream(struct receipt_wr *w, const struct receipt_chain *chain);
void receipt_wr_usage(struct receipt_wr *w, const struct receipt_usage *usage);
void receipt_wr_zk(struct receipt_wr *w, const struct digest *model,
                   const struct digest *salted_input);

/*
 * Append the signed document to `out`; `w` may be dropped then. Set `*digest` (may be NULL) to what
 * batches and bills name it by. `key` is the one that key_id names in the keyset. ERR_LIMIT,
 * ERR_ENCODING (a text of `head` is not UTF-8).
 */
cocoon_err receipt_wr_sign(const struct receipt_wr *w, const struct receipt_head *head,
                           const struct ed25519_key *key, struct buf *out,
                           struct digest *digest) MUST_CHECK;

/* ---- reading ---- */

struct receipt {
    struct receipt_head head;
    struct digest digest; /* SHA-256 of what is signed */
    struct slice covered; /* what is signed: JCS without `signature` */
    uint8_t signature[ED25519_SIG_LEN];

    struct digest received, returned;
    bool has_forwarded; /* not in a refusal */
    struct digest forwarded;
    bool has_model;
    struct digest model, engine;
    bool has_gpu;
    struct digest gpu_evidence;
    uint64_t gpu_devices;
    bool has_stream;
    struct receipt_chain stream;
    bool has_usage;
    struct receipt_usage usage;
    bool has_zk;
    struct digest zk_model, zk_input;
};

/*
 * Read a receipt; it borrows from `text` and `arena`. Nothing is verified. ERR_MALFORMED,
 * ERR_MISSING, ERR_TYPE, ERR_RANGE, ERR_VERSION (api_version), ERR_DUPLICATE (an event of a known
 * type twice), ERR_LIMIT, ERR_NOMEM, and json_parse's.
 */
cocoon_err receipt_read(struct slice text, struct arena *arena, struct receipt *out,
                        struct fail *fail) MUST_CHECK;

/* As receipt_read for a document that is parsed already. */
cocoon_err receipt_from_json(const struct json *document, struct arena *arena, struct receipt *out,
                             struct fail *fail) MUST_CHECK;

/*
 * Verify that the keyset is the one the receipt names and that its receipt key signed. ERR_MISMATCH
 * (keyset), ERR_ABSENT (key_id), ERR_ALGORITHM, ERR_SIGNATURE.
 */
cocoon_err receipt_verify(const struct receipt *r, const struct keyset *keyset,
                          struct fail *fail) MUST_CHECK;

/* As receipt_verify for a caller that looked the key up before. */
cocoon_err receipt_verify_with(const struct receipt *r, const struct digest *keyset,
                               const struct ed25519_public *key, struct fail *fail) MUST_CHECK;

/* What a client knows of its own exchange. Empty slices and NULL: not compared. */
struct receipt_exchange {
    struct slice receipt_id, method, endpoint;
    const struct digest *request, *response; /* SHA-256 of the bodies */
    const struct receipt_chain *stream;      /* of a streamed answer */
};

/* ERR_MISMATCH if the receipt is of another exchange; `fail` says in what. */
cocoon_err receipt_matches(const struct receipt *r, const struct receipt_exchange *exchange,
                           struct fail *fail) MUST_CHECK;

/*
 * Set `*out` to the context of a ZK certificate for this answer (DESIGN section 6): SHA-256 of
 * receipt_id | request hash | response hash | keyset digest | `model`.
 */
void receipt_zk_context(const struct receipt *r, const struct digest *model, struct digest *out);

#endif
