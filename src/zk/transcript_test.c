/* Challenges against the construction written out with crypto/hash.h, and their dependence on all
 * that was absorbed. */
#include "zk/transcript.h"

#include "zk/testing.h"

static void test_construction(void **state)
{
    static const uint8_t pending[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   0,   0,  0,
                                      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   0,   0,  0,
                                      0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 'c'};
    struct transcript t;
    uint8_t message[41] = {1};
    struct digest st, out;
    struct ext e;

    (void)state;
    transcript_init(&t);
    transcript_absorb(&t, SLICE_LIT("abc"));
    e = transcript_ext(&t);
    sha256(SLICE_OF(pending), &st);
    memcpy(message + 1, st.bytes, sizeof st.bytes);
    sha256(SLICE_OF(message), &out);
    for (unsigned i = 0; i < EXT_DEGREE; i++) {
        uint32_t word;

        memcpy(&word, out.bytes + (size_t)i * 4, sizeof word);
        assert_int_equal(e.c[i], word & 0x7fffffff);
    }
}

/* Two transcripts that differ in anything give different challenges ever after. */
static void test_binding(void **state)
{
    struct transcript a, b;

    (void)state;
    transcript_init(&a);
    transcript_init(&b);
    assert_true(ext_eq(transcript_ext(&a), transcript_ext(&b)));
    assert_false(ext_eq(transcript_ext(&a), transcript_ext(&a)));
    transcript_ext(&b);
    transcript_ext(&b);
    transcript_absorb(&a, SLICE_LIT("ab"));
    transcript_absorb(&b, SLICE_LIT("a"));
    transcript_absorb(&b, SLICE_LIT("b"));
    assert_false(ext_eq(transcript_ext(&a), transcript_ext(&b)));
    transcript_absorb(&a, SLICE_LIT("same"));
    transcript_absorb(&b, SLICE_LIT("same"));
    assert_false(ext_eq(transcript_ext(&a), transcript_ext(&b)));
}

static void test_positions(void **state)
{
    struct transcript t;
    uint32_t at[64];
    uint64_t mean = 0;

    (void)state;
    transcript_init(&t);
    for (int round = 0; round < 200; round++) {
        transcript_positions(&t, 7, at, 64);
        for (size_t i = 0; i < 64; i++) {
            assert_true(at[i] < 128 && (i == 0 || at[i - 1] < at[i]));
            mean += at[i];
        }
    }
    mean /= 200 * 64;
    assert_in_range(mean, 60, 67);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_construction),
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_positions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
