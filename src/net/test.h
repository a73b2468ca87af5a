/* What the tests of this folder share: running a loop until something happened, and certificates.
 */
#ifndef NET_TEST_H
#define NET_TEST_H

#include "base/test.h"

#include <openssl/x509.h>

#include "net/loop_impl.h"
#include "net/stream.h"

enum { TEST_PATIENCE_MS = 20 * 1000, TEST_TICK_MS = 5 };

struct test_clock {
    struct loop_timer timer;
    unsigned ticks;
};

static inline void test_tick(void *owner)
{
    struct test_clock *clock = owner;

    clock->ticks++;
    loop_timer_set(&clock->timer, TEST_TICK_MS);
}

/*
 * Run `loop` until `*done`; fail the test when that takes too long. The clock keeps the loop from
 * waiting for input when it was a task just before that set `*done`.
 */
static inline void test_until(struct loop *loop, const bool *done)
{
    struct test_clock clock = {.ticks = 0};

    loop_timer_init(&clock.timer, loop, test_tick, &clock);
    loop_timer_set(&clock.timer, TEST_TICK_MS);
    while (!*done && clock.ticks < TEST_PATIENCE_MS / TEST_TICK_MS)
        uv_run(&loop->uv, UV_RUN_ONCE);
    loop_timer_stop(&clock.timer);
    assert_true(*done);
}

/* Run one turn of `loop` without waiting for anything. */
static inline void test_turn(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_NOWAIT);
}

/* A fresh key and a self-signed certificate of it; `pad` bytes make it longer. */
struct test_identity {
    struct tls_key *key;
    struct buf cert;
    struct digest spki;
};

static inline void test_pad_certificate(X509 *x509, size_t pad)
{
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.55555.1", 1);
    uint8_t *zeros = mem_new(pad);
    X509_EXTENSION *extension;

    ASN1_OCTET_STRING_set(value, zeros, (int)pad);
    extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
    ASN1_OBJECT_free(oid);
    ASN1_OCTET_STRING_free(value);
    mem_free(zeros);
}

static inline void test_identity_make(struct test_identity *id, enum tls_key_kind kind, size_t pad)
{
    X509 *x509 = X509_new();
    uint8_t *der = NULL;
    int len;

    assert_int_equal(tls_key_new(&id->key, kind), OK);
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -60);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                               (const uint8_t *)"test", -1, -1, 0);
    X509_set_issuer_name(x509, X509_get_subject_name(x509));
    X509_set_pubkey(x509, tls_key_handle(id->key));
    if (pad > 0)
        test_pad_certificate(x509, pad);
    assert_true(
        X509_sign(x509, tls_key_handle(id->key), kind == TLS_KEY_P256 ? EVP_sha256() : NULL) > 0);
    len = i2d_X509(x509, &der);
    assert_true(len > 0);
    buf_init(&id->cert, (size_t)len);
    buf_put(&id->cert, slice_make(der, (size_t)len));
    OPENSSL_free(der);
    X509_free(x509);
    assert_int_equal(tls_spki_digest(buf_slice(&id->cert), &id->spki), OK);
}

static inline void test_identity_free(struct test_identity *id)
{
    tls_key_free(id->key);
    buf_fini(&id->cert);
}

#endif
