#include "crypto/tls_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/test.h"

static const enum tls_key_kind kinds[] = {TLS_KEY_P256, TLS_KEY_ED25519};

/* What we sign verifies under the public key that we write, by OpenSSL from the bytes alone. */
static void assert_signs_under(const struct tls_key *key, struct slice spki)
{
    const uint8_t *at = spki.ptr;
    EVP_PKEY *public = d2i_PUBKEY(NULL, &at, (long)spki.len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct slice text = SLICE_LIT("to be signed");
    struct buf sig;

    assert_non_null(public);
    assert_ptr_equal(at, spki.ptr + spki.len);
    buf_init(&sig, 100);
    assert_int_equal(tls_key_sign(key, text, &sig), OK);
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL,
                                          tls_key_kind(key) == TLS_KEY_P256 ? EVP_sha256() : NULL,
                                          NULL, public),
                     1);
    assert_int_equal(EVP_DigestVerify(ctx, sig.ptr, sig.len, text.ptr, text.len), 1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(public);
    buf_fini(&sig);
}

static void test_sign_save_load(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct tls_key *key, *loaded;
        struct buf spki, again, pkcs8;

        buf_init(&spki, 200);
        buf_init(&again, 200);
        buf_init(&pkcs8, 300);
        assert_int_equal(tls_key_new(&key, kinds[i]), OK);
        assert_int_equal(tls_key_kind(key), kinds[i]);
        assert_int_equal(tls_key_spki(key, &spki), OK);
        assert_int_equal(spki.len, kinds[i] == TLS_KEY_P256 ? 91 : 44);
        assert_signs_under(key, buf_slice(&spki));
        assert_int_equal(tls_key_save(key, &pkcs8), OK);
        assert_int_equal(tls_key_load(buf_slice(&pkcs8), &loaded), OK);
        assert_int_equal(tls_key_kind(loaded), kinds[i]);
        assert_int_equal(tls_key_spki(loaded, &again), OK);
        assert_true(slice_eq(buf_slice(&spki), buf_slice(&again)));
        assert_signs_under(loaded, buf_slice(&spki));
        assert_int_equal(EVP_PKEY_eq(tls_key_handle(key), tls_key_handle(loaded)), 1);
        tls_key_free(loaded);
        for (size_t cut = 0; cut < pkcs8.len; cut++)
            assert_int_equal(tls_key_load(slice_make(pkcs8.ptr, cut), &loaded), ERR_MALFORMED);
        buf_put_u8(&pkcs8, 0);
        assert_int_equal(tls_key_load(buf_slice(&pkcs8), &loaded), ERR_MALFORMED);
        assert_int_equal(ERR_peek_error(), 0);
        tls_key_free(key);
        buf_wipe(&pkcs8);
        buf_fini(&spki);
        buf_fini(&again);
    }
    tls_key_free(NULL);
}

static void test_two_keys_differ(void **state)
{
    struct tls_key *a, *b;

    (void)state;
    assert_int_equal(tls_key_new(&a, TLS_KEY_P256), OK);
    assert_int_equal(tls_key_new(&b, TLS_KEY_P256), OK);
    assert_int_not_equal(EVP_PKEY_eq(tls_key_handle(a), tls_key_handle(b)), 1);
    tls_key_free(a);
    tls_key_free(b);
}

/* Other curves and algorithms are no TLS keys of ours. */
static void test_other_kinds(void **state)
{
    EVP_PKEY *const others[] = {EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"),
                                EVP_PKEY_Q_keygen(NULL, NULL, "X25519")};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(others[i]);
        uint8_t *der = NULL;
        int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
        struct tls_key *key;

        assert_int_equal(tls_key_load(slice_make(der, (size_t)len), &key), ERR_ALGORITHM);
        OPENSSL_free(der);
        PKCS8_PRIV_KEY_INFO_free(info);
        EVP_PKEY_free(others[i]);
    }
}

static void test_no_room(void **state)
{
    struct tls_key *key;
    struct buf small;

    (void)state;
    assert_int_equal(tls_key_new(&key, TLS_KEY_ED25519), OK);
    buf_init(&small, 20);
    assert_int_equal(tls_key_spki(key, &small), ERR_LIMIT);
    assert_int_equal(tls_key_sign(key, SLICE_LIT("x"), &small), ERR_LIMIT);
    assert_int_equal(tls_key_save(key, &small), ERR_LIMIT);
    buf_fini(&small);
    tls_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign_save_load),
        cmocka_unit_test(test_two_keys_differ),
        cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
