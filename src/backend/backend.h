/*
 * struct backend: where inference happens, as the worker sees it.
 *
 * Two kinds: an engine of ours (backend/engine.h), a sandboxed child whose weights and program were
 * hashed; and any OpenAI-compatible server behind a URL, about which nothing is known. Only the
 * first may claim model provenance.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include "crypto/hash.h"
#include "net/http_client.h"

struct backend;
struct engine;

enum backend_state {
    BACKEND_STARTING, /* loading, or waiting before another start */
    BACKEND_READY,
};

/* The backend that `engine` is; `engine` must outlive it. */
struct backend *backend_of_engine(struct loop *loop, struct engine *engine);

/*
 * A server at `url`: http://host:port[/prefix] or https://…, or unix:/path for HTTP on a unix
 * socket. `api_key` is sent as a bearer token when not empty. Requests go to prefix + path.
 * ERR_CONFIG when the URL makes no sense, ERR_TLS.
 */
cocoon_err backend_of_url(struct loop *loop, struct slice url, struct slice api_key,
                          struct backend **out) MUST_CHECK;

void backend_free(struct backend *b);

enum backend_state backend_state(const struct backend *b);

/* The digests to claim; NULL when nothing is known about what runs there. */
const struct digest *backend_model_digest(const struct backend *b);
const struct digest *backend_engine_digest(const struct backend *b);

#endif
