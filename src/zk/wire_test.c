/* What is read is what was written, word for word, and is absorbed; words of p and more are
 * refused.
 */
#include "zk/wire.h"

#include "zk/testing.h"

enum { WORDS = 9 };

static void test_round_trip(void **state)
{
    struct testing_rng r = {5};
    uint8_t bytes[256];
    struct wr out = wr_init(bytes, sizeof bytes);
    struct wire prover, verifier;
    struct ext e = testing_ext(&r);
    struct digest d = {{1, 2, 3}}, got;
    field words[WORDS], read[WORDS];
    struct slice proof;

    (void)state;
    for (size_t i = 0; i < WORDS; i++)
        words[i] = testing_field(&r);
    wire_init_prover(&prover, &out);
    wire_digest(&prover, &d);
    wire_ext(&prover, e);
    wire_fields(&prover, words, WORDS);
    assert_int_equal(wr_end(&out, &proof), OK);
    assert_int_equal(proof.len, 32 + 16 + 4 * WORDS);
    wire_init_verifier(&verifier, proof);
    got = wire_digest(&verifier, NULL);
    assert_true(digest_eq(&got, &d));
    assert_true(ext_eq(wire_ext(&verifier, EXT_ZERO), e));
    wire_fields(&verifier, read, WORDS);
    assert_memory_equal(read, words, sizeof words);
    assert_int_equal(rd_end(&verifier.in), OK);
    assert_true(ext_eq(transcript_ext(&prover.transcript), transcript_ext(&verifier.transcript)));
}

static bool reads(uint32_t word)
{
    uint8_t bytes[4];
    struct wr w = wr_init(bytes, sizeof bytes);
    struct wire verifier;
    field got = 1;

    wr_u32le(&w, word);
    wire_init_verifier(&verifier, SLICE_OF(bytes));
    wire_fields(&verifier, &got, 1);
    assert_true(field_valid(got));
    return !verifier.in.bad;
}

static void test_not_canonical(void **state)
{
    struct wire verifier;
    field word = 7;

    (void)state;
    assert_true(reads(0));
    assert_true(reads(FIELD_P - 1));
    assert_false(reads(FIELD_P));
    assert_false(reads(FIELD_P + 1));
    assert_false(reads(UINT32_MAX));
    wire_init_verifier(&verifier, SLICE_LIT("abc"));
    wire_fields(&verifier, &word, 1);
    assert_true(verifier.in.bad && word == 0);
}

/* Every message changes every later challenge. */
static void test_absorbed(void **state)
{
    static const uint8_t zero[48];
    struct wire a, b;
    uint8_t bytes[48];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        memcpy(bytes, zero, sizeof bytes);
        bytes[i] = 1;
        wire_init_verifier(&a, SLICE_OF(zero));
        wire_init_verifier(&b, SLICE_OF(bytes));
        wire_digest(&a, NULL);
        wire_digest(&b, NULL);
        wire_ext(&a, EXT_ZERO);
        wire_ext(&b, EXT_ZERO);
        assert_false(ext_eq(transcript_ext(&a.transcript), transcript_ext(&b.transcript)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_not_canonical),
        cmocka_unit_test(test_absorbed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
