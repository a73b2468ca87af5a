/*
 * The attestation documents of aci/1, made on request: fresh evidence over the caller's nonce.
 *
 *   GET /v1/aci/attestation?nonce=<64 hex>       the attestation report
 *   GET /v1/attestation/report?nonce=<64 hex>    the older shape that existing tools read
 *
 * A quote costs the TEE tens of milliseconds, so it is made on a pool thread, and their rate is
 * limited.
 */
#include <string.h>

#include "attest/statement.h"
#include "base/mem.h"
#include "receipt/aci.h"
#include "role/router.h"
#include "role/worker.h"

enum { ACI_ARENA_MAX = 4 * 1024 * 1024, ACI_DOCUMENT_MAX = 4 * 1024 * 1024 };

/* One document under way. */
struct asked {
    struct worker *worker;
    struct worker_identity *identity;
    struct http_exchange *x; /* NULL once the caller went away */
    bool legacy, has_nonce;
    bool answered; /* the evidence came: only the exchange's end is awaited */
    uint8_t nonce[32];
    struct arena arena;
    struct tee_evidence made;
    cocoon_err err;
};

static void asked_free(struct asked *a)
{
    worker_identity_unref(a->identity);
    arena_fini(&a->arena);
    mem_free(a);
}

static void evidence_work(void *owner)
{
    struct asked *a = owner;
    uint8_t report_data[REPORT_DATA_LEN];

    report_data_aci(&a->identity->keyset_digest, a->has_nonce ? a->nonce : NULL, report_data);
    a->err = tee_evidence(a->worker->tee, report_data, loop_unix_now(), &a->arena, &a->made);
}

/* The caller went away, or has its answer: nobody may answer any more. */
static void caller_done(void *owner, cocoon_err why)
{
    struct asked *a = owner;

    (void)why;
    a->x = NULL;
    if (a->answered)
        asked_free(a);
}

static cocoon_err document_put(struct asked *a, struct buf *out)
{
    struct evidence *evidence = ARENA_NEW(&a->arena, struct evidence);
    struct aci_report report = {.tee_type = slice_text(tee_name(a->worker->tee)),
                                .keyset = buf_slice(&a->identity->keyset_json),
                                .keyset_digest = a->identity->keyset_digest,
                                .nonce = a->has_nonce ? a->nonce : NULL,
                                .evidence = evidence};
    cocoon_err err = evidence == NULL ? ERR_NOMEM : OK;

    if (err == OK)
        evidence_init(evidence, slice_text(a->made.kind));
    for (size_t i = 0; err == OK && i < a->made.count; i++)
        err = evidence_add(evidence, slice_text(a->made.parts[i].name), a->made.parts[i].bytes);
    if (err != OK)
        return err;
    if (a->legacy)
        return aci_legacy_report_put(out, &report, &a->identity->receipt_key.public);
    return aci_report_put(out, &report);
}

static void evidence_done(void *owner, cocoon_err err)
{
    struct asked *a = owner;
    struct buf out;

    a->answered = true;
    if (a->x == NULL) {
        asked_free(a);
        return;
    }
    buf_init(&out, ACI_DOCUMENT_MAX);
    if (err == OK && (err = a->err) == OK)
        err = document_put(a, &out);
    if (err == OK)
        http_answer(a->x, 200, "application/json", buf_slice(&out));
    else
        http_answer_error(a->x, 503, "attestation_failed", cocoon_err_text(err));
    buf_fini(&out);
}

static const struct http_exchange_events caller_events = {.on_done = caller_done};

static void handle(struct worker *w, struct http_exchange *x, bool legacy)
{
    struct slice nonce;
    struct asked *a;

    if (w->identity == NULL) {
        http_answer_error(x, 503, "not_ready", "this worker is not registered yet");
        return;
    }
    a = MEM_NEW(struct asked);
    a->has_nonce = query_get(http_exchange_request(x)->query, "nonce", &nonce);
    if (a->has_nonce && aci_nonce_read(nonce, a->nonce) != OK) {
        mem_free(a);
        http_answer_error(x, 400, "bad_nonce", "a nonce is 64 lower-case hex digits");
        return;
    }
    if (!quota_take(&w->documents, loop_now(w->process.loop))) {
        mem_free(a);
        http_answer_error(x, 429, "too_many_quotes",
                          "evidence is made at a limited rate: try again");
        return;
    }
    a->worker = w;
    a->identity = worker_identity_ref(w->identity);
    a->x = x;
    a->legacy = legacy;
    arena_init(&a->arena, ACI_ARENA_MAX);
    http_exchange_bind(x, &caller_events, a);
    (void)loop_work(w->process.loop, evidence_work, evidence_done, a);
}

void worker_aci_handle(void *owner, struct http_exchange *x)
{
    handle(owner, x, false);
}

void worker_aci_legacy_handle(void *owner, struct http_exchange *x)
{
    handle(owner, x, true);
}
