/* FIPS 180-4 examples (NIST "Cryptographic Standards: Example Values") and OpenSSL's EVP as oracle.
 */
#include "crypto/hash.h"

#include <openssl/evp.h>

#include "base/test.h"

static const struct {
    enum hash_alg alg;
    const char *message;
    const char *hex;
} hash_cases[] = {
    {HASH_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HASH_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {HASH_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {HASH_SHA384, "abc",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c8"
     "25a7"},
    {HASH_SHA512, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fe"
     "ebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {HASH_SHA1_PCR, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
};

static void test_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hash_cases); i++) {
        uint8_t out[HASH_LEN_MAX];

        hash_once(hash_cases[i].alg, slice_text(hash_cases[i].message), out);
        test_assert_hex(slice_make(out, hash_len(hash_cases[i].alg)), hash_cases[i].hex);
    }
}

/* Every length around the block sizes, streamed in odd pieces, against EVP. */
static void test_streaming_against_evp(void **state)
{
    static const struct {
        enum hash_alg alg;
        const EVP_MD *(*md)(void);
    } algs[] = {{HASH_SHA256, EVP_sha256},
                {HASH_SHA384, EVP_sha384},
                {HASH_SHA512, EVP_sha512},
                {HASH_SHA1_PCR, EVP_sha1}};
    uint8_t data[300], ours[HASH_LEN_MAX], theirs[HASH_LEN_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + 1);
    for (size_t a = 0; a < COUNT_OF(algs); a++)
        for (size_t len = 0; len <= sizeof data; len++) {
            struct slice rest = slice_make(data, len);
            struct hash_ctx h;

            hash_init(&h, algs[a].alg);
            for (size_t step = 1; rest.len > 0; step = step % 70 + 3) {
                size_t n = step < rest.len ? step : rest.len;

                hash_update(&h, slice_sub(rest, 0, n));
                rest = slice_skip(rest, n);
            }
            hash_final(&h, ours);
            assert_int_equal(EVP_Digest(data, len, theirs, NULL, algs[a].md(), NULL), 1);
            assert_memory_equal(ours, theirs, hash_len(algs[a].alg));
        }
}

static void test_parts_and_copies(void **state)
{
    const struct slice parts[] = {SLICE_LIT("a"), SLICE_LIT(""), SLICE_LIT("bc")};
    struct hash_ctx begun, copy;
    struct digest whole, joined, first, second;

    (void)state;
    sha256(SLICE_LIT("abc"), &whole);
    sha256_parts(parts, COUNT_OF(parts), &joined);
    assert_true(digest_eq(&whole, &joined));
    hash_init(&begun, HASH_SHA256);
    hash_update(&begun, SLICE_LIT("ab"));
    copy = begun;
    hash_update(&begun, SLICE_LIT("c"));
    sha256_final(&begun, &first);
    hash_update(&copy, SLICE_LIT("d"));
    sha256_final(&copy, &second);
    assert_true(digest_eq(&whole, &first));
    assert_false(digest_eq(&whole, &second));
}

static void test_digest_text(void **state)
{
    struct digest d, back;
    struct buf text;

    (void)state;
    sha256(SLICE_LIT("abc"), &d);
    buf_init(&text, 100);
    digest_put(&text, &d);
    assert_string_equal(buf_cstr(&text),
                        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(digest_read(buf_slice(&text), &back), OK);
    assert_true(digest_eq(&d, &back));
    assert_false(digest_is_zero(&d));
    for (size_t cut = 0; cut < text.len; cut++)
        assert_int_equal(digest_read(slice_sub(buf_slice(&text), 0, cut), &back), ERR_MALFORMED);
    assert_int_equal(digest_read(slice_skip(buf_slice(&text), 7), &back), ERR_MALFORMED);
    text.ptr[8] = 'A';
    assert_int_equal(digest_read(buf_slice(&text), &back), ERR_MALFORMED);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_streaming_against_evp),
        cmocka_unit_test(test_parts_and_copies),
        cmocka_unit_test(test_digest_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
