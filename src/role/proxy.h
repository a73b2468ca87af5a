/*
 * The proxy: routes sealed requests to the workers that dialled it. It can read none of them.
 *
 *   [proxy]   listen = 0.0.0.0:7443     clients (h2) and workers (cocoon-tunnel/1), TLS 1.3
 *             key = proxy.key           its ledger account: what it proves itself by to workers
 *             tls_key = proxy.tls       key of its TLS leaf, made if missing; clients pin it
 *             policy = policy.conf      which workers it lets in
 *             state = folder            the ledger's view last seen
 *   [ledger]  at = 127.0.0.1:7000
 */
#ifndef ROLE_PROXY_H
#define ROLE_PROXY_H

/* Run a proxy by the configuration at `path` until it is told to end; return an exit code. */
int role_proxy_run(const char *path);

#endif
