/*
 * TLS contexts over OpenSSL.
 *
 * A certificate is judged in OpenSSL's verify callback on both sides, never later: the function
 * that would put a verdict off (SSL_set_retry_verify) makes a server accept the client unjudged.
 * OpenSSL has by then not yet checked the peer's signature over the handshake; it does before the
 * handshake completes, so a stolen certificate without its key gets no further.
 */
#include "net/tls.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/tls_impl.h"

enum { TLS_ALPN_WIRE_MAX = 64 };

/* Only what our leaves have, P-256 and Ed25519: P-384 would cost ten times as much. */
static const char tls_own_sigalgs[] = "ECDSA+SHA256:ed25519";

struct tls_ctx {
    atomic_uint refs; /* contexts are shared by the loops of several threads */
    SSL_CTX *library;
    bool acceptor;
    enum tls_accept accept;
    struct digest pins[TLS_PINS_MAX];
    size_t pin_count;
    cocoon_err (*check)(void *owner, struct slice leaf_der);
    void *check_owner;
    bool has_own;
    struct digest own_spki;
    uint8_t alpn[TLS_ALPN_WIRE_MAX]; /* as on the wire: u8 length, name */
    size_t alpn_len;
};

struct ssl_ctx_st *tls_ctx_library(const struct tls_ctx *ctx)
{
    return ctx->library;
}

bool tls_ctx_acceptor(const struct tls_ctx *ctx)
{
    return ctx->acceptor;
}

enum tls_accept tls_ctx_accept(const struct tls_ctx *ctx)
{
    return ctx->accept;
}

static cocoon_err x509_spki_digest(X509 *cert, struct digest *out)
{
    uint8_t *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

    if (len <= 0)
        return ERR_MALFORMED;
    sha256(slice_make(der, (size_t)len), out);
    OPENSSL_free(der);
    return OK;
}

static X509 *x509_parse(struct slice der)
{
    const unsigned char *at = der.ptr;
    X509 *cert = d2i_X509(NULL, &at, (long)der.len);

    if (cert != NULL && at != der.ptr + der.len) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

cocoon_err tls_spki_digest(struct slice cert_der, struct digest *out)
{
    X509 *cert = x509_parse(cert_der);
    cocoon_err err = cert == NULL ? ERR_MALFORMED : x509_spki_digest(cert, out);

    ERR_clear_error();
    X509_free(cert);
    return err;
}

static cocoon_err judge_pin(const struct tls_ctx *ctx, struct slice leaf_der)
{
    struct digest spki;

    if (tls_spki_digest(leaf_der, &spki) != OK)
        return ERR_TLS;
    for (size_t i = 0; i < ctx->pin_count; i++)
        if (digest_eq(&ctx->pins[i], &spki))
            return OK;
    return ERR_UNTRUSTED;
}

cocoon_err tls_ctx_judge(const struct tls_ctx *ctx, struct slice leaf_der)
{
    switch (ctx->accept) {
    case TLS_ACCEPT_ANY:
        return OK;
    case TLS_ACCEPT_PIN:
        return judge_pin(ctx, leaf_der);
    case TLS_ACCEPT_CHECK:
        return ctx->check(ctx->check_owner, leaf_der);
    case TLS_ACCEPT_WEB:
        break;
    }
    return ERR_UNTRUSTED; /* the web's way is judged by OpenSSL */
}

static bool ctx_use_own(struct tls_ctx *ctx, const struct tls_params *params)
{
    X509 *cert = x509_parse(params->cert_der);
    bool good;

    good = cert != NULL && x509_spki_digest(cert, &ctx->own_spki) == OK &&
           SSL_CTX_use_certificate(ctx->library, cert) == 1 &&
           SSL_CTX_use_PrivateKey(ctx->library, tls_key_handle(params->key)) == 1 &&
           SSL_CTX_check_private_key(ctx->library) == 1;
    X509_free(cert);
    ctx->has_own = good;
    return good;
}

static void ctx_write_alpn(struct tls_ctx *ctx, const struct tls_params *params)
{
    for (size_t i = 0; i < params->alpn_count; i++) {
        size_t len = strlen(params->alpn[i]);

        assert(len > 0 && ctx->alpn_len + 1 + len <= sizeof ctx->alpn);
        ctx->alpn[ctx->alpn_len++] = (uint8_t)len;
        memcpy(ctx->alpn + ctx->alpn_len, params->alpn[i], len);
        ctx->alpn_len += len;
    }
}

/* The acceptor's choice: the first of ours that the peer offers too. */
static int ctx_choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *offered, unsigned offered_len, void *arg)
{
    const struct tls_ctx *ctx = arg;
    unsigned char *chosen;

    (void)ssl;
    if (SSL_select_next_proto(&chosen, out_len, ctx->alpn, (unsigned)ctx->alpn_len, offered,
                              offered_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool ctx_use_alpn(struct tls_ctx *ctx, const struct tls_params *params)
{
    ctx_write_alpn(ctx, params);
    if (ctx->alpn_len == 0)
        return true;
    if (ctx->acceptor)
        SSL_CTX_set_alpn_select_cb(ctx->library, ctx_choose_alpn, ctx);
    else if (SSL_CTX_set_alpn_protos(ctx->library, ctx->alpn, (unsigned)ctx->alpn_len) != 0)
        return false; /* this call alone returns 0 on success */
    return true;
}

static bool ctx_use_policy(struct tls_ctx *ctx, const struct tls_params *params)
{
    int mode = SSL_VERIFY_NONE;

    if (!ctx->acceptor)
        mode = SSL_VERIFY_PEER;
    else if (ctx->accept != TLS_ACCEPT_ANY)
        mode = SSL_VERIFY_PEER | (params->optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
    SSL_CTX_set_verify(ctx->library, mode, NULL);
    SSL_CTX_set_cert_verify_callback(ctx->library, tls_conn_verify, NULL);
    SSL_CTX_set_max_cert_list(ctx->library, LIMIT_EVIDENCE);
    if (ctx->accept == TLS_ACCEPT_WEB)
        return SSL_CTX_set_default_verify_paths(ctx->library) == 1;
    return SSL_CTX_set1_sigalgs_list(ctx->library, tls_own_sigalgs) == 1;
}

/* TLS 1.3 and nothing that outlives a connection. */
static bool ctx_use_protocol(struct tls_ctx *ctx)
{
    SSL_CTX_set_session_cache_mode(ctx->library, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx->library, SSL_MODE_RELEASE_BUFFERS);
    return SSL_CTX_set_min_proto_version(ctx->library, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ctx->library, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(ctx->library, 0) == 1 &&
           SSL_CTX_set1_groups_list(ctx->library, "X25519:P-256") == 1;
}

cocoon_err tls_ctx_new(const struct tls_params *params, struct tls_ctx **out)
{
    struct tls_ctx *ctx = MEM_NEW(struct tls_ctx);

    assert(params->alpn_count <= TLS_ALPN_MAX && params->pin_count <= TLS_PINS_MAX);
    assert((params->accept == TLS_ACCEPT_PIN) == (params->pin_count > 0));
    assert((params->accept == TLS_ACCEPT_CHECK) == (params->check != NULL));
    assert(!params->acceptor || (params->key != NULL && params->accept != TLS_ACCEPT_WEB));
    atomic_init(&ctx->refs, 1);
    ctx->acceptor = params->acceptor;
    ctx->accept = params->accept;
    ctx->check = params->check;
    ctx->check_owner = params->check_owner;
    ctx->pin_count = params->pin_count;
    for (size_t i = 0; i < params->pin_count; i++)
        ctx->pins[i] = params->pins[i];
    ctx->library = SSL_CTX_new(params->acceptor ? TLS_server_method() : TLS_client_method());
    if (ctx->library == NULL || !ctx_use_protocol(ctx) || !ctx_use_policy(ctx, params) ||
        !ctx_use_alpn(ctx, params) || (params->key != NULL && !ctx_use_own(ctx, params))) {
        ERR_clear_error();
        tls_ctx_unref(ctx);
        return ERR_TLS;
    }
    *out = ctx;
    return OK;
}

struct tls_ctx *tls_ctx_ref(struct tls_ctx *ctx)
{
    atomic_fetch_add(&ctx->refs, 1);
    return ctx;
}

void tls_ctx_unref(struct tls_ctx *ctx)
{
    if (ctx == NULL || atomic_fetch_sub(&ctx->refs, 1) > 1)
        return;
    SSL_CTX_free(ctx->library);
    mem_free(ctx);
}

bool tls_ctx_own_spki(const struct tls_ctx *ctx, struct digest *out)
{
    if (ctx->has_own)
        *out = ctx->own_spki;
    return ctx->has_own;
}
