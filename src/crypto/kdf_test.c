/* RFC 5869 appendix A.1 to A.3, and OpenSSL's HKDF as oracle for the other hashes and lengths. */
#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/test.h"

static const struct {
    const char *ikm, *salt, *info, *prk, *okm;
} kdf_cases[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
     "f0f1f2f3f4f5f6f7f8f9", "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2"
     "e"
     "2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8"
     "e"
     "8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcddd"
     "e"
     "dfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590"
     "e"
     "09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
     "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

static void test_rfc5869(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kdf_cases); i++) {
        uint8_t ikm_bytes[80], salt_bytes[80], info_bytes[80], prk[32], okm[82];
        struct slice ikm = test_unhex(kdf_cases[i].ikm, ikm_bytes);
        struct slice salt = test_unhex(kdf_cases[i].salt, salt_bytes);
        struct slice info = test_unhex(kdf_cases[i].info, info_bytes);
        size_t len = strlen(kdf_cases[i].okm) / 2;

        hkdf_extract(HASH_SHA256, salt, &ikm, 1, prk);
        test_assert_hex(SLICE_OF(prk), kdf_cases[i].prk);
        assert_int_equal(hkdf_expand(HASH_SHA256, SLICE_OF(prk), &info, 1, okm, len), OK);
        test_assert_hex(slice_make(okm, len), kdf_cases[i].okm);
        assert_int_equal(hkdf(HASH_SHA256, salt, ikm, info, okm, len), OK);
        test_assert_hex(slice_make(okm, len), kdf_cases[i].okm);
    }
}

static void openssl_hkdf(const char *hash, struct slice salt, struct slice ikm, struct slice info,
                         uint8_t *out, size_t len)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    char name[16];
    OSSL_PARAM params[5];

    snprintf(name, sizeof name, "%s", hash);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt.ptr,
                                                  salt.len);
    params[2] =
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)ikm.ptr, ikm.len);
    params[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info.ptr,
                                                  info.len);
    params[4] = OSSL_PARAM_construct_end();
    assert_int_equal(EVP_KDF_derive(ctx, out, len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static void test_against_openssl(void **state)
{
    static const struct {
        enum hash_alg alg;
        const char *name;
    } algs[] = {{HASH_SHA256, "SHA256"}, {HASH_SHA384, "SHA384"}, {HASH_SHA512, "SHA512"}};
    static const size_t lens[] = {1, 31, 32, 33, 48, 64, 65, 200, 255 * 32};
    static uint8_t ours[255 * 64], theirs[255 * 64];
    struct slice salt = SLICE_LIT("salt"), ikm = SLICE_LIT("key material"), info = SLICE_LIT("why");

    (void)state;
    for (size_t a = 0; a < COUNT_OF(algs); a++) {
        for (size_t i = 0; i < COUNT_OF(lens); i++) {
            assert_int_equal(hkdf(algs[a].alg, salt, ikm, info, ours, lens[i]), OK);
            openssl_hkdf(algs[a].name, salt, ikm, info, theirs, lens[i]);
            assert_memory_equal(ours, theirs, lens[i]);
        }
        assert_int_equal(hkdf(algs[a].alg, salt, ikm, info, ours, 255 * hash_len(algs[a].alg)), OK);
    }
}

static void test_parts_join(void **state)
{
    const struct slice ikm[] = {SLICE_LIT("ab"), SLICE_LIT("c")}, whole = SLICE_LIT("abc");
    uint8_t one[32], two[32], out_one[50], out_two[50];

    (void)state;
    hkdf_extract(HASH_SHA256, SLICE_LIT("s"), ikm, 2, one);
    hkdf_extract(HASH_SHA256, SLICE_LIT("s"), &whole, 1, two);
    assert_memory_equal(one, two, sizeof one);
    assert_int_equal(hkdf_expand(HASH_SHA256, SLICE_OF(one), ikm, 2, out_one, 50), OK);
    assert_int_equal(hkdf_expand(HASH_SHA256, SLICE_OF(one), &whole, 1, out_two, 50), OK);
    assert_memory_equal(out_one, out_two, 50);
}

static void test_too_long(void **state)
{
    uint8_t prk[32] = {1}, out[4] = {9, 9, 9, 9};

    (void)state;
    assert_int_equal(hkdf_expand(HASH_SHA256, SLICE_OF(prk), NULL, 0, out, 255 * 32 + 1),
                     ERR_RANGE);
    assert_int_equal(out[0], 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc5869),
        cmocka_unit_test(test_against_openssl),
        cmocka_unit_test(test_parts_join),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
