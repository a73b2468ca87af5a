/*
 * Statements are written member by member in JCS order (RFC 8785: names ascend), so the text is its
 * own canonical form: every value is a fixed word, hex, or null, and nothing needs an escape.
 */
#include "attest/statement.h"

#include <assert.h>
#include <string.h>

#include "base/wr.h"
#include "codec/json_wr.h"

static const char *const role_names[ROLES] = {
    [ROLE_CLIENT] = "client", [ROLE_PROXY] = "proxy",       [ROLE_WORKER] = "worker",
    [ROLE_KEEPER] = "keeper", [ROLE_CONTRACT] = "contract", [ROLE_LEDGER] = "ledger",
};

const char *role_name(enum role role)
{
    assert((unsigned)role < ROLES);
    return role_names[role];
}

cocoon_err role_read(struct slice name, enum role *out)
{
    for (unsigned i = 0; i < ROLES; i++)
        if (slice_eq_text(name, role_names[i])) {
            *out = (enum role)i;
            return OK;
        }
    return ERR_UNKNOWN_NAME;
}

static void put_digest(struct json_wr *w, const char *name, const struct digest *d)
{
    if (d == NULL)
        json_wr_null(w, name);
    else
        json_wr_sha256(w, name, digest_slice(d));
}

static void put_id(struct json_wr *w, const char *name, const uint8_t id[32])
{
    if (id == NULL)
        json_wr_null(w, name);
    else
        json_wr_hex(w, name, slice_make(id, 32));
}

cocoon_err statement_put_aci(struct buf *out, const struct digest *keyset, const uint8_t *nonce)
{
    struct json_wr w;

    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    put_digest(&w, "keyset_digest", keyset);
    put_id(&w, "nonce", nonce);
    json_wr_cstr(&w, "purpose", LABEL_PURPOSE_ACI);
    json_wr_close(&w);
    return json_wr_end(&w);
}

/* The members of cocoon.worker.v1 after the first. */
static void put_worker_rest(struct json_wr *w, const struct statement_worker *s)
{
    put_digest(w, "keyset_digest", &s->keyset);
    put_digest(w, "model_digest", &s->model);
    put_id(w, "network_id", s->network_id);
    put_id(w, "nonce", s->nonce);
    json_wr_cstr(w, "purpose", LABEL_PURPOSE_WORKER);
    put_digest(w, "release_digest", &s->release);
    json_wr_cstr(w, "role", role_name(s->role));
    put_id(w, "worker_id", s->worker_id);
}

cocoon_err statement_put_worker(struct buf *out, const struct statement_worker *s)
{
    struct json_wr w;

    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    put_digest(&w, "gpu_evidence_digest", s->gpu_evidence);
    put_worker_rest(&w, s);
    json_wr_close(&w);
    return json_wr_end(&w);
}

void statement_gpu_nonce(const struct statement_worker *s, struct digest *out)
{
    struct slice parts[2] = {SLICE_LIT(LABEL_GPU_NONCE)};
    struct json_wr w;
    struct buf text;
    cocoon_err err;

    buf_init(&text, STATEMENT_MAX);
    json_wr_init(&w, &text);
    json_wr_object(&w, NULL);
    put_worker_rest(&w, s);
    json_wr_close(&w);
    err = json_wr_end(&w);
    assert(err == OK); /* all lengths are fixed, far below STATEMENT_MAX */
    (void)err;
    parts[1] = buf_slice(&text);
    sha256_parts(parts, 2, out);
    buf_fini(&text);
}

cocoon_err statement_put_channel(struct buf *out, const struct statement_channel *s)
{
    struct json_wr w;

    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    put_id(&w, "exporter", s->exporter);
    put_digest(&w, "keyset_digest", s->keyset);
    put_id(&w, "network_id", s->network_id);
    put_id(&w, "nonce", s->nonce);
    put_digest(&w, "peer_spki", &s->peer_spki);
    json_wr_cstr(&w, "purpose", s->purpose);
    json_wr_cstr(&w, "role", role_name(s->role));
    put_id(&w, "worker_id", s->worker_id);
    json_wr_close(&w);
    return json_wr_end(&w);
}

void statement_report_data(struct slice statement, uint8_t out[REPORT_DATA_LEN])
{
    struct digest d;

    sha256(statement, &d);
    memset(out, 0, REPORT_DATA_LEN);
    memcpy(out, d.bytes, sizeof d.bytes);
}

/* Finish one of the three below: the statement in `text` was written with result `err`. */
static void finish(cocoon_err err, struct buf *text, uint8_t out[REPORT_DATA_LEN])
{
    assert(err == OK); /* all lengths are fixed, far below STATEMENT_MAX */
    (void)err;
    statement_report_data(buf_slice(text), out);
    buf_fini(text);
}

void report_data_aci(const struct digest *keyset, const uint8_t *nonce,
                     uint8_t out[REPORT_DATA_LEN])
{
    struct buf text;

    buf_init(&text, STATEMENT_MAX);
    finish(statement_put_aci(&text, keyset, nonce), &text, out);
}

void report_data_worker(const struct statement_worker *s, uint8_t out[REPORT_DATA_LEN])
{
    struct buf text;

    buf_init(&text, STATEMENT_MAX);
    finish(statement_put_worker(&text, s), &text, out);
}

void report_data_channel(const struct statement_channel *s, uint8_t out[REPORT_DATA_LEN])
{
    struct buf text;

    buf_init(&text, STATEMENT_MAX);
    finish(statement_put_channel(&text, s), &text, out);
}

void worker_id_make(const uint8_t account[32], uint32_t index, uint8_t out[32])
{
    uint8_t number[4];
    struct wr w = wr_init(number, sizeof number);
    struct slice parts[] = {SLICE_LIT(LABEL_WORKER_ID), slice_make(account, 32), SLICE_OF(number)};
    struct digest d;

    wr_u32be(&w, index);
    sha256_parts(parts, sizeof parts / sizeof parts[0], &d);
    memcpy(out, d.bytes, sizeof d.bytes);
}
