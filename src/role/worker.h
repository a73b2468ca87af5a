/*
 * The worker: opens sealed requests inside the TEE, runs them on its engine, signs receipts.
 *
 * This header is for the worker's own files: worker.c starts and ends it, worker_keys.c makes and
 * renews what it is known by, worker_tunnel.c dials proxies, worker_request.c serves one request,
 * worker_http.c has the routes.
 */
#ifndef ROLE_WORKER_H
#define ROLE_WORKER_H

#include "backend/backend.h"
#include "channel/ohttp_keys.h"
#include "net/http_client.h"
#include "net/http_server.h"

enum {
    WORKER_JSON_MAX = 256 * 1024 * 1024, /* memory for reading one request body as JSON */
};

/* What one generation of keys is: replaced whole at renewal, kept while a request uses it. */
struct worker_identity {
    struct buf keyset_json;
    struct digest keyset_digest;
    struct ed25519_key receipt_key;
    char receipt_key_id[72];
    struct ed25519_key ohttp_signer;
    unsigned refs; /* requests that will sign under it, and the worker itself */
};

struct worker {
    struct loop *loop;

    /* what it is */
    uint8_t network_id[32];
    uint8_t worker_id[32];
    struct ed25519_key account;
    struct worker_identity *identity;
    struct ohttp_keys *ohttp_keys;

    /* what it serves */
    char model[128];
    struct digest model_digest, engine_digest, release_digest;
    struct backend *backend;

    uint32_t capacity, active;
    uint64_t served, refused;
};

/* Serve one sealed request (POST /v1/ohttp): the handler of that route; `owner` is the worker. */
void worker_request_handle(void *owner, struct http_exchange *x);

/* All routes of a worker, for its tunnels and its direct listener. */
void worker_http_handle(void *owner, struct http_exchange *x);

struct worker_identity *worker_identity_ref(struct worker_identity *identity);
void worker_identity_unref(struct worker_identity *identity);

#endif
