#include "ledger/add_checkpoint.h"

#include "base/test.h"

static void test_put_then_read(void **state)
{
    struct add_checkpoint sent = {.old_size = 7,
                                  .note = SLICE_LIT("origin\n8\nroot\n\nsignature\n")},
                          got;
    struct fail fail;
    struct buf out;

    (void)state;
    buf_init(&out, ADD_CHECKPOINT_MAX);
    for (size_t n = 0; n <= MERKLE_PROOF_MAX; n++) {
        buf_clear(&out);
        sent.proof.count = n;
        for (size_t i = 0; i < n; i++)
            memset(sent.proof.hashes[i].bytes, (int)i, 32);
        assert_int_equal(add_checkpoint_put(&out, &sent), OK);
        assert_int_equal(add_checkpoint_read(buf_slice(&out), &got, &fail), OK);
        assert_int_equal(got.old_size, 7);
        assert_int_equal(got.proof.count, n);
        assert_memory_equal(got.proof.hashes, sent.proof.hashes, n * 32);
        assert_true(slice_eq(got.note, sent.note));
    }
    buf_fini(&out);
}

static void test_malformed(void **state)
{
    static const char *const cases[] = {
        "",
        "old",
        "old \n\nnote",
        "old -1\n\nnote",
        "old 01\n\nnote",
        "new 1\n\nnote",
        "old 1\n",
        "old 1\n\n",
        "old 1\nAAAA\n\nnote",
        "old 1\n*\n\nnote",
        "old 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    };
    struct add_checkpoint got;
    struct fail fail;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (add_checkpoint_read(slice_text(cases[i]), &got, &fail) != ERR_MALFORMED)
            fail_msg("accepted: %s", cases[i]);
}

static void test_too_many_hashes(void **state)
{
    struct add_checkpoint got;
    struct fail fail;
    struct buf out;

    (void)state;
    buf_init(&out, ADD_CHECKPOINT_MAX);
    buf_put_text(&out, "old 1\n");
    for (size_t i = 0; i <= MERKLE_PROOF_MAX; i++)
        buf_put_text(&out, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    buf_put_text(&out, "\nnote\n");
    assert_int_equal(add_checkpoint_read(buf_slice(&out), &got, &fail), ERR_LIMIT);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_then_read),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_too_many_hashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
