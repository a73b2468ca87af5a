/*
 * One TLS connection, without a socket: OpenSSL reads from the bytes lent by tls_conn_feed and
 * writes into the stream's buffer, through a BIO of ours. Neither direction ever blocks, so the
 * only thing OpenSSL can ask for is more input.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "net/tls_impl.h"

struct tls_conn {
    SSL *ssl;
    struct tls_ctx *ctx;
    struct slice wire_in; /* lent, not yet taken */
    struct buf *wire_out;
    struct buf peer_cert;
    cocoon_err verdict; /* why the peer's certificate was refused */
};

static int bio_read(BIO *bio, char *out, size_t room, size_t *n)
{
    struct tls_conn *c = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    *n = num_min(room, c->wire_in.len);
    if (*n == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(out, c->wire_in.ptr, *n);
    c->wire_in = slice_skip(c->wire_in, *n);
    return 1;
}

static int bio_write(BIO *bio, const char *bytes, size_t len, size_t *n)
{
    struct tls_conn *c = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    buf_put(c->wire_out, slice_make(bytes, len));
    *n = len;
    return buf_ok(c->wire_out) == OK;
}

static long bio_ctrl(BIO *bio, int command, long number, void *ptr)
{
    (void)bio;
    (void)number;
    (void)ptr;
    return command == BIO_CTRL_FLUSH; /* all else is not supported */
}

static BIO_METHOD *bio_method;

static void bio_method_make(void)
{
    bio_method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream");
    if (bio_method != NULL) {
        BIO_meth_set_read_ex(bio_method, bio_read);
        BIO_meth_set_write_ex(bio_method, bio_write);
        BIO_meth_set_ctrl(bio_method, bio_ctrl);
    }
}

static BIO *bio_new(struct tls_conn *c)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    BIO *bio;

    pthread_once(&once, bio_method_make);
    bio = bio_method == NULL ? NULL : BIO_new(bio_method);
    if (bio != NULL) {
        BIO_set_data(bio, c);
        BIO_set_init(bio, 1);
    }
    return bio;
}

/* Runs on whichever side was shown a certificate; 1 lets the handshake go on. */
int tls_conn_verify(X509_STORE_CTX *store, void *unused)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_conn *c = SSL_get_app_data(ssl);
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    unsigned char *der = NULL;
    int len = i2d_X509(leaf, &der);

    (void)unused;
    c->verdict = ERR_TLS;
    if (len > 0) {
        buf_clear(&c->peer_cert);
        buf_put(&c->peer_cert, slice_make(der, (size_t)len));
        OPENSSL_free(der);
        c->verdict = buf_ok(&c->peer_cert);
    }
    if (c->verdict == OK && tls_ctx_accept(c->ctx) == TLS_ACCEPT_WEB)
        c->verdict = X509_verify_cert(store) == 1 ? OK : ERR_UNTRUSTED;
    else if (c->verdict == OK)
        c->verdict = tls_ctx_judge(c->ctx, buf_slice(&c->peer_cert));
    if (c->verdict != OK)
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return c->verdict == OK;
}

static bool host_is_numeric(const char *host)
{
    uint8_t bytes[16];

    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* Name the server we want (RFC 6066 3: names only) and, on the web, the name it must prove. */
static bool conn_set_host(struct tls_conn *c, const char *host)
{
    bool numeric = host_is_numeric(host);

    if (host[0] == '\0')
        return tls_ctx_accept(c->ctx) != TLS_ACCEPT_WEB;
    if (!numeric && SSL_set_tlsext_host_name(c->ssl, host) != 1)
        return false;
    if (tls_ctx_accept(c->ctx) != TLS_ACCEPT_WEB)
        return true;
    if (numeric)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), host) == 1;
    return SSL_set1_host(c->ssl, host) == 1;
}

cocoon_err tls_conn_new(struct tls_ctx *ctx, const char *host, struct buf *wire_out,
                        struct tls_conn **out)
{
    struct tls_conn *c = MEM_NEW(struct tls_conn);
    BIO *bio = NULL;
    cocoon_err err = ERR_TLS;

    c->ctx = tls_ctx_ref(ctx);
    c->wire_out = wire_out;
    buf_init(&c->peer_cert, LIMIT_EVIDENCE);
    c->ssl = SSL_new(tls_ctx_library(ctx));
    bio = bio_new(c);
    if (c->ssl == NULL || bio == NULL)
        goto done;
    SSL_set_bio(c->ssl, bio, bio); /* takes one reference, being the same for both */
    bio = NULL;
    SSL_set_app_data(c->ssl, c);
    if (tls_ctx_acceptor(ctx)) {
        SSL_set_accept_state(c->ssl);
    } else {
        SSL_set_connect_state(c->ssl);
        if (!conn_set_host(c, host))
            goto done;
    }
    err = OK;
    *out = c;
done:
    BIO_free(bio);
    if (err != OK)
        tls_conn_free(c);
    return err;
}

void tls_conn_free(struct tls_conn *c)
{
    if (c == NULL)
        return;
    SSL_free(c->ssl);
    buf_fini(&c->peer_cert);
    tls_ctx_unref(c->ctx);
    mem_free(c);
}

void tls_conn_feed(struct tls_conn *c, struct slice wire)
{
    assert(c->wire_in.len == 0);
    c->wire_in = wire;
}

cocoon_err tls_conn_handshake(struct tls_conn *c, bool *done)
{
    int rc;

    ERR_clear_error();
    rc = SSL_do_handshake(c->ssl);
    *done = rc == 1;
    if (rc == 1 || SSL_get_error(c->ssl, rc) == SSL_ERROR_WANT_READ)
        return OK;
    ERR_clear_error();
    return c->verdict != OK ? c->verdict : ERR_TLS;
}

cocoon_err tls_conn_read(struct tls_conn *c, uint8_t *out, size_t room, size_t *n, bool *eof)
{
    cocoon_err err = OK;
    size_t got;

    *n = 0;
    *eof = false;
    ERR_clear_error();
    while (*n < room && SSL_read_ex(c->ssl, out + *n, room - *n, &got) == 1)
        *n += got;
    if (*n == room)
        return OK;
    switch (SSL_get_error(c->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
        break;
    case SSL_ERROR_ZERO_RETURN:
        *eof = true;
        c->wire_in = slice_skip(c->wire_in, c->wire_in.len); /* nothing after the end counts */
        break;
    default:
        ERR_clear_error();
        err = ERR_TLS;
    }
    return err;
}

cocoon_err tls_conn_write(struct tls_conn *c, struct slice plain)
{
    size_t done;

    if (plain.len == 0)
        return OK;
    ERR_clear_error();
    if (SSL_write_ex(c->ssl, plain.ptr, plain.len, &done) == 1) {
        assert(done == plain.len); /* partial writes are not enabled */
        return OK;
    }
    ERR_clear_error();
    return ERR_TLS;
}

void tls_conn_shut(struct tls_conn *c)
{
    ERR_clear_error();
    SSL_shutdown(c->ssl); /* whether the peer answers is not waited for */
    ERR_clear_error();
}

struct slice tls_conn_alpn(const struct tls_conn *c)
{
    const unsigned char *name;
    unsigned len;

    SSL_get0_alpn_selected(c->ssl, &name, &len);
    return slice_make(name, len);
}

struct slice tls_conn_peer_cert(const struct tls_conn *c)
{
    return buf_slice(&c->peer_cert);
}

const struct tls_ctx *tls_conn_ctx(const struct tls_conn *c)
{
    return c->ctx;
}

cocoon_err tls_conn_export(const struct tls_conn *c, const char *label, struct slice context,
                           struct digest *out)
{
    if (SSL_export_keying_material(c->ssl, out->bytes, sizeof out->bytes, label, strlen(label),
                                   context.ptr, context.len, 1) == 1)
        return OK;
    ERR_clear_error();
    return ERR_TLS;
}
