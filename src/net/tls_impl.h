/* What streams see of TLS: one connection that turns wire bytes into plain ones and back. */
#ifndef NET_TLS_IMPL_H
#define NET_TLS_IMPL_H

#include "base/buf.h"
#include "net/tls.h"

struct tls_conn;
struct ssl_ctx_st;
struct x509_store_ctx_st;

/*
 * Start a connection that appends what it has to send to `wire_out`. `host` is the name a dialler
 * wants to reach ("" for none). References `ctx`. ERR_TLS.
 */
cocoon_err tls_conn_new(struct tls_ctx *ctx, const char *host, struct buf *wire_out,
                        struct tls_conn **out) MUST_CHECK;
void tls_conn_free(struct tls_conn *c); /* NULL is fine */

/*
 * Lend bytes that came from the wire; handshake and read take them. All must be taken (by reading
 * until nothing comes) before they go away and more are lent.
 */
void tls_conn_feed(struct tls_conn *c, struct slice wire);

/*
 * Go on with the handshake. OK with `*done` still false: more bytes are needed. Else what `check`
 * returned, ERR_UNTRUSTED for a wrong pin or name, or ERR_TLS; an alert may be in `wire_out`.
 */
cocoon_err tls_conn_handshake(struct tls_conn *c, bool *done) MUST_CHECK;

/* Decrypt into `out`: `*n` bytes, 0 when more wire bytes are needed; `*eof` on close_notify. */
cocoon_err tls_conn_read(struct tls_conn *c, uint8_t *out, size_t room, size_t *n,
                         bool *eof) MUST_CHECK;

/* Encrypt `plain`, and end our side with close_notify. */
cocoon_err tls_conn_write(struct tls_conn *c, struct slice plain) MUST_CHECK;
void tls_conn_shut(struct tls_conn *c);

struct slice tls_conn_alpn(const struct tls_conn *c);
struct slice tls_conn_peer_cert(const struct tls_conn *c);
const struct tls_ctx *tls_conn_ctx(const struct tls_conn *c);
cocoon_err tls_conn_export(const struct tls_conn *c, const char *label, struct slice context,
                           struct digest *out) MUST_CHECK;

/* The library's context and our view of it, for tls_conn.c. */
struct ssl_ctx_st *tls_ctx_library(const struct tls_ctx *ctx);
enum tls_accept tls_ctx_accept(const struct tls_ctx *ctx);
bool tls_ctx_acceptor(const struct tls_ctx *ctx);

/* Judge the peer's leaf. */
cocoon_err tls_ctx_judge(const struct tls_ctx *ctx, struct slice leaf_der);

/* OpenSSL's verify callback for every context. */
int tls_conn_verify(struct x509_store_ctx_st *store, void *unused);

#endif
