/*
 * The worker: opens sealed requests inside the TEE, runs them on its engine, signs receipts.
 *
 *   [worker]  account = worker.key         its ledger account
 *             index = 0                    which worker of that account
 *             model = smollm2-135m         the name requests call its model by
 *             release = <64 hex>           the release on the ledger that this program is
 *             capacity = 8                 requests at once
 *             policy = policy.conf         network, log and witnesses it believes
 *             state = folder               the ledger's view last seen
 *             listen = 127.0.0.1:7500      direct, for OHTTP clients without a proxy; may be left
 * out renew = 43200                seconds between renewals of evidence and keyset [ledger]  at =
 * 127.0.0.1:7000 [proxy]   at = https://host:port#spki  several [tee]     sim_root = sim.key the
 * software attester, SIMULATED [engine]  program, weights             a sandboxed engine of ours;
 * or backend = URL                any OpenAI-compatible server (egress)
 *
 * Files: worker.c starts and ends it, worker_identity.c makes what it is known by,
 * worker_register.c puts that on the ledger, worker_tunnel.c dials proxies, worker_http.c has the
 * routes, worker_request.c serves one request, worker_receipt.c signs its receipt.
 */
#ifndef ROLE_WORKER_H
#define ROLE_WORKER_H

#include "backend/engine.h"
#include "backend/openai.h"
#include "channel/ohttp_keys.h"
#include "channel/quota.h"
#include "channel/ratls.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "role/follow.h"
#include "role/process.h"
#include "role/trust.h"
#include "tee/tee.h"

enum {
    WORKER_JSON_MAX = 256 * 1024 * 1024, /* memory for reading one request body as JSON */
    WORKER_PROXIES_MAX = 8,
    WORKER_KEY_ID_LEN = 16,
    WORKER_RENEW_S = 12 * 3600,
    WORKER_KEY_LIFE_S = 3600,  /* of an OHTTP key */
    WORKER_DOCUMENTS = 16,     /* attestation documents at once .. */
    WORKER_DOCUMENT_MS = 1000, /* .. and then one in this time */
};

/* One generation of keys: replaced whole at renewal, kept while a request was sealed under it. */
struct worker_identity {
    unsigned refs;
    struct buf keyset_json;
    struct digest keyset_digest;
    unix_time not_after;
    struct ed25519_key receipt_key, ohttp_signer, channel_signer;
    char receipt_key_id[WORKER_KEY_ID_LEN + 1];
    struct ratls_leaf leaf;
};

struct worker_tunnels;
struct worker_register;

struct worker {
    struct process process;
    struct config config;
    struct trust trust;
    struct follow *follow;
    struct http_server *direct;

    struct ed25519_key account;
    uint32_t index;
    uint8_t worker_id[32];
    struct tee *tee;
    struct worker_identity *identity; /* registered and current; NULL until then */
    struct worker_identity *previous; /* what clients may still have sealed to */
    struct worker_register *registration;
    struct worker_tunnels *tunnels;
    struct ohttp_keys *ohttp_keys;
    struct loop_timer key_timer;

    char model[MODEL_NAME_MAX + 1];
    struct digest release_digest, model_digest, engine_digest;
    struct engine *engine; /* NULL with a backend URL */
    struct backend *backend;
    uint32_t capacity, active;
    uint64_t renew_s;
    struct quota documents; /* how many attestation documents may be made */
    uint64_t served, refused;
};

/* Run a worker by the configuration at `path` until it is told to end; return an exit code. */
int role_worker_run(const char *path);

/* worker_identity.c. ERR_CRYPTO, ERR_LIMIT. */
cocoon_err worker_identity_new(struct worker *w, struct worker_identity **out) MUST_CHECK;
struct worker_identity *worker_identity_ref(struct worker_identity *identity);
void worker_identity_unref(struct worker_identity *identity);

/* Return the current identity, or the previous one if `keyset_digest` (text, may be empty) names
 * it. */
struct worker_identity *worker_identity_for(struct worker *w, struct slice keyset_digest);

/*
 * worker_register.c: put a new identity on the ledger now and every renew_s seconds, and make it
 * the current one once a checkpoint that the policy accepts holds it. `on_current` comes each time.
 */
struct worker_register *worker_register_start(struct worker *w,
                                              void (*on_current)(struct worker *w));
void worker_register_stop(struct worker_register *r);

/* worker_tunnel.c: keep a tunnel to each proxy under the current identity. */
struct worker_tunnels *worker_tunnels_start(struct worker *w);
void worker_tunnels_renew(
    struct worker_tunnels *t); /* the identity changed: dial anew, then drain the old */
bool worker_tunnels_up(const struct worker_tunnels *t);
void worker_tunnels_stop(struct worker_tunnels *t);
void worker_tunnels_free(struct worker_tunnels *t); /* once the loop is gone */

/* worker_http.c: all routes, for tunnels and the direct listener; `owner` is the worker. */
void worker_http_handle(void *owner, struct http_exchange *x);

/* worker_aci.c: GET /v1/aci/attestation and /v1/attestation/report. */
void worker_aci_handle(void *owner, struct http_exchange *x);
void worker_aci_legacy_handle(void *owner, struct http_exchange *x);

/* worker_request.c: POST /v1/ohttp. */
void worker_request_handle(void *owner, struct http_exchange *x);

#endif
