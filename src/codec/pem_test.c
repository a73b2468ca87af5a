#include "codec/pem.h"

#include "base/test.h"

#define BLOCK "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----"

static void test_forms(void **state)
{
    static const struct {
        const char *name;
        struct slice text;
        cocoon_err err;
        size_t count;
    } cases[] = {
        {"one", SLICE_INIT(BLOCK "\n"), OK, 1},
        {"no last line end", SLICE_INIT(BLOCK), OK, 1},
        {"two", SLICE_INIT(BLOCK "\n" BLOCK "\n"), OK, 2},
        {"white space around", SLICE_INIT(" \n" BLOCK "\n\n\t" BLOCK "\r\n "), OK, 2},
        {"carriage returns",
         SLICE_INIT("-----BEGIN CERTIFICATE-----\r\nAQ\r\nID\r\n"
                    "-----END CERTIFICATE-----\r\n"),
         OK, 1},
        {"a NUL at the end", SLICE_INIT(BLOCK "\n\0"), OK, 1},
        {"two NULs", SLICE_INIT(BLOCK "\n\0\0"), ERR_MALFORMED, 1},
        {"empty", SLICE_INIT(""), ERR_MISSING, 0},
        {"only white space", SLICE_INIT("\n"), ERR_MISSING, 0},
        {"text before", SLICE_INIT("subject=x\n" BLOCK), ERR_MALFORMED, 0},
        {"text between", SLICE_INIT(BLOCK "\nx\n" BLOCK), ERR_MALFORMED, 1},
        {"another label", SLICE_INIT("-----BEGIN KEY-----\nAQID\n-----END KEY-----\n"),
         ERR_MALFORMED, 0},
        {"labels differ", SLICE_INIT("-----BEGIN CERTIFICATE-----\nAQID\n-----END KEY-----\n"),
         ERR_MALFORMED, 0},
        {"no line end after BEGIN",
         SLICE_INIT("-----BEGIN CERTIFICATE-----AQID\n"
                    "-----END CERTIFICATE-----\n"),
         ERR_MALFORMED, 0},
        {"no line end before END",
         SLICE_INIT("-----BEGIN CERTIFICATE-----\nAQID"
                    "-----END CERTIFICATE-----\n"),
         ERR_MALFORMED, 0},
        {"no END", SLICE_INIT("-----BEGIN CERTIFICATE-----\nAQID\n"), ERR_TRUNCATED, 0},
        {"not base64", SLICE_INIT("-----BEGIN CERTIFICATE-----\nA?ID\n-----END CERTIFICATE-----"),
         ERR_MALFORMED, 0},
        {"spare bits", SLICE_INIT("-----BEGIN CERTIFICATE-----\nAR==\n-----END CERTIFICATE-----"),
         ERR_MALFORMED, 0},
        {"a header",
         SLICE_INIT("-----BEGIN CERTIFICATE-----\nX: y\n\nAQID\n"
                    "-----END CERTIFICATE-----"),
         ERR_MALFORMED, 0},
        {"three where two fit", SLICE_INIT(BLOCK BLOCK BLOCK), ERR_LIMIT, 2},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct slice out[2];
        struct fail fail;
        size_t count;
        cocoon_err err = pem_read(cases[i].text, "CERTIFICATE", &arena, out, 2, &count, &fail);

        if (err != cases[i].err || count != cases[i].count)
            fail_msg("%s: %s, %zu blocks", cases[i].name, cocoon_err_name(err), count);
        if (err == OK)
            assert_true(slice_eq_text(out[count - 1], "\x01\x02\x03"));
        else
            assert_int_equal(fail.code, err);
    }
    arena_fini(&arena);
}

static void test_round_trip(void **state)
{
    uint8_t bytes[200];
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 16);
    for (size_t n = 0; n < sizeof bytes; n++) {
        struct buf text;
        struct slice out;
        struct fail fail;
        size_t count;

        bytes[n] = (uint8_t)(n * 37);
        buf_init(&text, 1 << 12);
        pem_put(&text, "X Y", slice_make(bytes, n + 1));
        assert_int_equal(pem_read(buf_slice(&text), "X Y", &arena, &out, 1, &count, &fail), OK);
        assert_true(slice_eq(out, slice_make(bytes, n + 1)));
        buf_fini(&text);
    }
    arena_fini(&arena);
}

static void test_arena_full(void **state)
{
    struct arena arena;
    struct slice out;
    struct fail fail;
    size_t count;

    (void)state;
    arena_init(&arena, 0);
    assert_int_equal(pem_read(SLICE_LIT(BLOCK), "CERTIFICATE", &arena, &out, 1, &count, &fail),
                     ERR_NOMEM);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_arena_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
