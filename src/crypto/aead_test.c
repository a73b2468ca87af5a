/*
 * Published cases (NIST GCM specification 13 and 14, RFC 8439 2.8.2), both directions in one
 * context, tampering at every byte. The Wycheproof sets are in wycheproof_test.c.
 */
#include "crypto/aead.h"

#include <openssl/err.h>

#include "base/test.h"

static const struct {
    enum aead_alg alg;
    const char *key, *nonce, *aad, *plain, *sealed;
} aead_cases[] = {
    {AEAD_AES_128_GCM, "00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000",
     "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
    {AEAD_AES_256_GCM, "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {AEAD_AES_256_GCM, "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {AEAD_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
     "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a20496620492"
     "0"
     "636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c20737"
     "5"
     "6e73637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da927"
     "2"
     "8b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b483"
     "1"
     "d7bc3ff4def08e4b7a9de576d26586cec64b6116"
     "1ae10b594f09e26a7e902ecbd0600691"},
};

static struct aead_nonce nonce_of(const char *hex)
{
    struct aead_nonce nonce;

    test_unhex(hex, nonce.bytes);
    return nonce;
}

static void test_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(aead_cases); i++) {
        uint8_t key_bytes[32], aad_bytes[16], plain_bytes[128], out[160], back[160];
        struct slice key = test_unhex(aead_cases[i].key, key_bytes);
        struct slice aad = test_unhex(aead_cases[i].aad, aad_bytes);
        struct slice plain = test_unhex(aead_cases[i].plain, plain_bytes);
        struct slice sealed = slice_make(out, plain.len + AEAD_TAG_LEN);
        struct aead_nonce nonce = nonce_of(aead_cases[i].nonce);
        struct aead a;

        assert_int_equal(aead_init(&a, aead_cases[i].alg, key), OK);
        for (int round = 0; round < 2; round++) { /* seal, open, and again with the same schedule */
            assert_int_equal(aead_seal(&a, &nonce, aad, plain, out), OK);
            test_assert_hex(sealed, aead_cases[i].sealed);
            assert_int_equal(aead_open(&a, &nonce, aad, sealed, back), OK);
            assert_memory_equal(back, plain_bytes, plain.len);
        }
        aead_fini(&a);
    }
}

static const enum aead_alg algs[] = {AEAD_AES_128_GCM, AEAD_AES_256_GCM, AEAD_CHACHA20_POLY1305};

static void start(struct aead *a, enum aead_alg alg)
{
    uint8_t key[AEAD_KEY_MAX];

    memset(key, 0x42, sizeof key);
    assert_int_equal(aead_init(a, alg, slice_make(key, aead_key_len(alg))), OK);
}

/* In place, for every length around the block sizes. */
static void test_in_place(void **state)
{
    struct aead_nonce nonce = {{7}};
    struct slice aad = SLICE_LIT("header");
    uint8_t text[200 + AEAD_TAG_LEN], kept[200];

    (void)state;
    for (size_t k = 0; k < COUNT_OF(algs); k++)
        for (size_t len = 0; len <= sizeof kept; len++) {
            struct aead a;

            start(&a, algs[k]);
            for (size_t i = 0; i < len; i++)
                text[i] = kept[i] = (uint8_t)(i + len);
            assert_int_equal(aead_seal(&a, &nonce, aad, slice_make(text, len), text), OK);
            if (len >= 8)
                assert_memory_not_equal(text, kept, len);
            assert_int_equal(aead_open(&a, &nonce, aad, slice_make(text, len + AEAD_TAG_LEN), text),
                             OK);
            assert_memory_equal(text, kept, len);
            aead_fini(&a);
        }
}

/* Whatever is changed, opening fails, leaves no plaintext, and the context still works. */
static void test_tampering(void **state)
{
    struct aead_nonce nonce = {{1, 2, 3}}, other = {{1, 2, 4}};
    struct slice aad = SLICE_LIT("aad"), plain = SLICE_LIT("a message of thirty-three bytes..");
    uint8_t sealed[64], out[64], zero[64] = {0};
    size_t sealed_len = plain.len + AEAD_TAG_LEN;

    (void)state;
    for (size_t k = 0; k < COUNT_OF(algs); k++) {
        struct aead a;

        start(&a, algs[k]);
        assert_int_equal(aead_seal(&a, &nonce, aad, plain, sealed), OK);
        for (size_t bit = 0; bit < 8 * sealed_len; bit++) {
            sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
            memset(out, 0xee, sizeof out);
            assert_int_equal(aead_open(&a, &nonce, aad, slice_make(sealed, sealed_len), out),
                             ERR_DECRYPT);
            assert_memory_equal(out, zero, plain.len);
            sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        for (size_t cut = 0; cut < sealed_len; cut++)
            assert_int_equal(aead_open(&a, &nonce, aad, slice_make(sealed, cut), out), ERR_DECRYPT);
        assert_int_equal(aead_open(&a, &other, aad, slice_make(sealed, sealed_len), out),
                         ERR_DECRYPT);
        assert_int_equal(
            aead_open(&a, &nonce, SLICE_LIT("aae"), slice_make(sealed, sealed_len), out),
            ERR_DECRYPT);
        assert_int_equal(aead_open(&a, &nonce, SLICE_LIT(""), slice_make(sealed, sealed_len), out),
                         ERR_DECRYPT);
        assert_int_equal(aead_open(&a, &nonce, aad, slice_make(sealed, sealed_len), out), OK);
        assert_memory_equal(out, plain.ptr, plain.len);
        assert_int_equal(ERR_peek_error(), 0); /* nothing left that TLS would trip over */
        aead_fini(&a);
    }
}

static void test_too_long(void **state)
{
    struct aead_nonce nonce = {{0}};
    struct aead a;
    uint8_t out[16];
    struct slice huge = slice_make(out, (size_t)INT32_MAX + 1); /* refused before it is read */

    (void)state;
    start(&a, AEAD_AES_128_GCM);
    assert_int_equal(aead_seal(&a, &nonce, SLICE_LIT(""), huge, out), ERR_LIMIT);
    assert_int_equal(aead_seal(&a, &nonce, huge, SLICE_LIT(""), out), ERR_LIMIT);
    assert_int_equal(aead_open(&a, &nonce, SLICE_LIT(""), huge, out), ERR_LIMIT);
    aead_fini(&a);
    aead_fini(&a); /* empty now: fine */
}

static void test_nonce(void **state)
{
    struct aead_nonce base = nonce_of("aabbccddeeff001122334455"), nonce;

    (void)state;
    nonce = aead_nonce(&base, 0);
    assert_memory_equal(nonce.bytes, base.bytes, AEAD_NONCE_LEN);
    nonce = aead_nonce(&base, 0x0102030405060708);
    test_assert_hex(SLICE_OF(nonce.bytes), "aabbccddeffd03152735435d");
}

static void test_ids(void **state)
{
    (void)state;
    assert_false(aead_known(0));
    assert_true(aead_known(1) && aead_known(2) && aead_known(3));
    assert_false(aead_known(4));
    assert_false(aead_known(0xffff)); /* HPKE's export-only */
    assert_int_equal(aead_key_len(AEAD_AES_128_GCM), 16);
    assert_int_equal(aead_key_len(AEAD_AES_256_GCM), 32);
    assert_int_equal(aead_key_len(AEAD_CHACHA20_POLY1305), 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published), cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_tampering), cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_nonce),     cmocka_unit_test(test_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
