/*
 * The client sidecar: an OpenAI endpoint on loopback that verifies workers, seals requests to them,
 * and keeps the receipts.
 *
 *   [client]  listen = 127.0.0.1:10000
 *             proxy = https://host:port#<spki sha256>
 *             policy = policy.conf     what it believes: the only trust anchors
 *             state = folder           the ledger's view last seen; never delete it lightly
 *             receipts = folder        where bundles are kept
 *             pad = no                 pad requests to their size class
 *             refresh = 10             seconds between looks at the ledger
 *   [ledger]  at = 127.0.0.1:7000
 *
 * Files: client.c starts and ends it, client_follow.c keeps the verified view of the ledger and of
 * the workers, client_pool.c draws one of them, client_request.c carries one request,
 * client_receipts.c checks and keeps receipts, client_http.c has the routes.
 */
#ifndef ROLE_CLIENT_H
#define ROLE_CLIENT_H

#include "net/http_client.h"
#include "net/http_server.h"
#include "role/client_pool.h"
#include "role/follow.h"
#include "role/process.h"
#include "role/trust.h"

struct client_receipts;
struct client_follow;

struct client {
    struct process process;
    struct config config;
    struct trust trust;
    struct http_server *server;
    struct http_peer *proxy;
    struct follow *ledger;
    struct client_follow *follow;
    struct client_receipts *receipts;
    struct pool pool;
    bool pad;
    uint64_t requests, retries, failures;
};

/* Run a client by the configuration at `path` until it is told to end; return an exit code. */
int role_client_run(const char *path);

/* client_http.c: all routes of the sidecar; `owner` is the client. */
void client_http_handle(void *owner, struct http_exchange *x);

/* client_request.c: carry a request for a model. */
void client_request_handle(void *owner, struct http_exchange *x);

/*
 * client_follow.c: look at the ledger now and every `refresh_ms`: who is registered, and is that to
 * be trusted. `on_first` comes once, when the first worker is usable.
 */
struct client_follow *client_follow_start(struct client *client, uint64_t refresh_ms,
                                          void (*on_first)(struct client *client));
void client_follow_stop(struct client_follow *f);

/* Look again soon: a worker's keys seem to have changed. */
void client_follow_hurry(struct client_follow *f);

#endif
