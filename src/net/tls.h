/*
 * TLS 1.3 contexts: who we are, and whom we accept. Streams carry the connections (net/stream.h).
 *
 * TLS 1.3 only; X25519 or P-256; no tickets, no resumption, no 0-RTT. A context is immutable once
 * made, counted by reference and thread-safe: renewing a certificate is making a new context and
 * using it for what comes next.
 *
 * In TLS 1.3 the dialler is done before the acceptor has judged its certificate: "open" on the
 * dialling side does not mean that the other side accepted. Wait for its first bytes.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "crypto/hash.h"
#include "crypto/tls_key.h"

struct tls_ctx;

enum { TLS_ALPN_MAX = 4, TLS_PINS_MAX = 8 };

enum tls_accept {
    TLS_ACCEPT_ANY,   /* do not ask for a certificate (acceptor), accept any (dialler) */
    TLS_ACCEPT_PIN,   /* leaf key's SHA-256 must be one of `pins` */
    TLS_ACCEPT_CHECK, /* `check` judges the leaf: structure only, quickly, in the handshake */
    TLS_ACCEPT_WEB    /* dialler only: the system's roots, and the host's name */
};

struct tls_params {
    bool acceptor;             /* which end this context is for */
    struct slice cert_der;     /* own leaf, X.509; may be empty for a dialler */
    const struct tls_key *key; /* its key; NULL with an empty certificate */
    const char *const *alpn;   /* protocols in order of preference; see alpn_count */
    size_t alpn_count;         /* 0: no ALPN; else a peer that shares none is refused */

    enum tls_accept accept;
    bool optional; /* acceptor with PIN or CHECK: a peer without certificate is let in */
    const struct digest *pins; /* SHA-256 of SubjectPublicKeyInfo */
    size_t pin_count;          /* 1..TLS_PINS_MAX */

    /*
     * Return OK to let the handshake go on. Only proof of possession of the leaf's key and this
     * call stand behind the peer then: appraise in full before acting on its bytes.
     */
    cocoon_err (*check)(void *owner, struct slice leaf_der);
    void *check_owner;
};

/* Make a context; copies all of `params` but check_owner. ERR_TLS when certificate and key are no
 * pair or do not parse. */
cocoon_err tls_ctx_new(const struct tls_params *params, struct tls_ctx **out) MUST_CHECK;

struct tls_ctx *tls_ctx_ref(struct tls_ctx *ctx);
void tls_ctx_unref(struct tls_ctx *ctx); /* NULL is fine */

/* SHA-256 of our own leaf's SubjectPublicKeyInfo; false when the context has no certificate. */
bool tls_ctx_own_spki(const struct tls_ctx *ctx, struct digest *out);

/* SHA-256 of the SubjectPublicKeyInfo of any certificate. ERR_MALFORMED. */
cocoon_err tls_spki_digest(struct slice cert_der, struct digest *out) MUST_CHECK;

#endif
