/* RFC 4231 test cases 1, 2 and 6, and OpenSSL's HMAC as oracle for every key length around a block.
 */
#include "crypto/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/test.h"

static void test_rfc4231(void **state)
{
    uint8_t key[131], out[HASH_LEN_MAX];
    struct slice hi = SLICE_LIT("Hi There");
    struct digest d;
    struct hmac h;

    (void)state;
    memset(key, 0x0b, 20);
    hmac_sha256(slice_make(key, 20), hi, &d);
    test_assert_hex(digest_slice(&d),
                    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac_init(&h, HASH_SHA384, slice_make(key, 20));
    hmac_parts(&h, &hi, 1, out);
    test_assert_hex(slice_make(out, 48),
                    "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
                    "faea9ea9076ede7f4af152e8b2fa9cb6");
    hmac_init(&h, HASH_SHA512, slice_make(key, 20));
    hmac_parts(&h, &hi, 1, out);
    test_assert_hex(slice_make(out, 64),
                    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
                    "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
    hmac_sha256(SLICE_LIT("Jefe"), SLICE_LIT("what do ya want for nothing?"), &d);
    test_assert_hex(digest_slice(&d),
                    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    hmac_sha256(SLICE_OF(key), SLICE_LIT("Test Using Larger Than Block-Size Key - Hash Key First"),
                &d);
    test_assert_hex(digest_slice(&d),
                    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    hmac_wipe(&h);
}

static void test_against_openssl(void **state)
{
    static const struct {
        enum hash_alg alg;
        const EVP_MD *(*md)(void);
    } algs[] = {{HASH_SHA256, EVP_sha256}, {HASH_SHA384, EVP_sha384}, {HASH_SHA512, EVP_sha512}};
    uint8_t key[260], ours[HASH_LEN_MAX], theirs[HASH_LEN_MAX];
    struct slice message = SLICE_LIT("in three parts");
    struct slice parts[] = {slice_sub(message, 0, 2), slice_sub(message, 2, 0),
                            slice_skip(message, 2)};

    (void)state;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(3 * i + 5);
    for (size_t a = 0; a < COUNT_OF(algs); a++)
        for (size_t len = 0; len <= sizeof key; len++) {
            struct hmac h;

            hmac_init(&h, algs[a].alg, slice_make(key, len));
            hmac_parts(&h, parts, COUNT_OF(parts), ours);
            assert_non_null(
                HMAC(algs[a].md(), key, (int)len, message.ptr, message.len, theirs, NULL));
            assert_memory_equal(ours, theirs, hash_len(algs[a].alg));
            hmac_parts(&h, parts, COUNT_OF(parts), ours); /* the key schedule is reusable */
            assert_memory_equal(ours, theirs, hash_len(algs[a].alg));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc4231),
        cmocka_unit_test(test_against_openssl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
