/*
 * The client sidecar: an OpenAI endpoint on loopback that verifies workers, seals requests to them,
 * and keeps the receipts.
 *
 * This header is for the client's own files: client.c starts and ends it, client_follow.c keeps the
 * verified view of the ledger and of the workers, client_pool.c draws one of them, client_request.c
 * carries one request, client_receipts.c checks and stores receipts, client_http.c has the routes.
 */
#ifndef ROLE_CLIENT_H
#define ROLE_CLIENT_H

#include "net/http_client.h"
#include "net/http_server.h"
#include "role/client_pool.h"

struct client_receipts;
struct client_follow;

struct client {
    struct loop *loop;
    struct pool pool;
    struct http_peer *proxy;
    struct client_follow *follow;
    struct client_receipts *receipts;
    bool pad; /* requests up to their size class */
    uint64_t requests, retries, failures;
};

/* All routes of the sidecar; `owner` is the client. */
void client_http_handle(void *owner, struct http_exchange *x);

/* Carry a request for a model: the handler of those routes. */
void client_request_handle(void *owner, struct http_exchange *x);

#endif
