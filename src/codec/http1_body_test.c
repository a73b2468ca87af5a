#include "codec/http1_body.h"

#include "base/test.h"

/* Decode `text` given in pieces of at most `step` bytes; append the content to `out`. */
static cocoon_err decode(struct slice text, size_t step, struct buf *out, bool *done, size_t *left)
{
    struct http1_chunked c;
    cocoon_err err = OK;
    struct fail fail;

    http1_chunked_init(&c);
    while (text.len > 0 && !c.done && err == OK) {
        struct slice piece = slice_sub(text, 0, step < text.len ? step : text.len), data;
        size_t before = piece.len;

        do {
            err = http1_chunked_next(&c, &piece, &data, &fail);
            buf_put(out, data);
        } while (err == OK && data.len > 0);
        text = slice_skip(text, before - piece.len);
    }
    *done = c.done;
    *left = text.len;
    return err;
}

static const struct {
    const char *name;
    struct slice text;
    const char *content; /* NULL: refused */
} cases[] = {
    {"two chunks", SLICE_INIT("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "abcde"},
    {"empty body", SLICE_INIT("0\r\n\r\n"), ""},
    {"upper and lower hex", SLICE_INIT("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"),
     "01234567890123456789"},
    {"leading zeros", SLICE_INIT("0003\r\nabc\r\n000\r\n\r\n"), "abc"},
    {"extension", SLICE_INIT("3;a=b;c=\"d e\"\r\nabc\r\n0;x\r\n\r\n"), "abc"},
    {"quoted extension", SLICE_INIT("1;a=\"\\\"\t;\";b\r\nx\r\n0\r\n\r\n"), "x"},
    {"trailers", SLICE_INIT("0\r\nA: b\r\nC:\r\n\r\n"), ""},
    {"content that looks like framing", SLICE_INIT("5\r\n\r\n0\r\n\r\n0\r\n\r\n"), "\r\n0\r\n"},
    {"no digits", SLICE_INIT("\r\nabc\r\n0\r\n\r\n"), NULL},
    {"only an extension", SLICE_INIT(";a\r\n"), NULL},
    {"sign", SLICE_INIT("+3\r\nabc\r\n0\r\n\r\n"), NULL},
    {"0x", SLICE_INIT("0x3\r\nabc\r\n0\r\n\r\n"), NULL},
    {"space before the size", SLICE_INIT(" 3\r\nabc\r\n0\r\n\r\n"), NULL},
    {"space after the size", SLICE_INIT("3 \r\nabc\r\n0\r\n\r\n"), NULL},
    {"bare LF after the size", SLICE_INIT("3\nabc\r\n0\r\n\r\n"), NULL},
    {"CR in an extension", SLICE_INIT("3;a\rb\r\nabc\r\n0\r\n\r\n"), NULL},
    {"LF in an extension", SLICE_INIT("3;a\nb\r\nabc\r\n0\r\n\r\n"), NULL},
    {"empty extension", SLICE_INIT("3;\r\nabc\r\n0\r\n\r\n"), NULL},
    {"extension without value", SLICE_INIT("3;a=\r\nabc\r\n0\r\n\r\n"), NULL},
    {"extension with two values", SLICE_INIT("3;a=b=c\r\nabc\r\n0\r\n\r\n"), NULL},
    {"text after a quote", SLICE_INIT("3;a=\"b\"c\r\nabc\r\n0\r\n\r\n"), NULL},
    {"CR in quotes", SLICE_INIT("3;a=\"\r\nabc\r\n0\r\n\r\n"), NULL},
    {"extension beyond ASCII", SLICE_INIT("3;\xee=b\r\nabc\r\n0\r\n\r\n"), NULL},
    {"content too long", SLICE_INIT("3\r\nabcd\r\n0\r\n\r\n"), NULL},
    {"bare LF after content", SLICE_INIT("3\r\nabc\n0\r\n\r\n"), NULL},
    {"CR alone after content", SLICE_INIT("3\r\nabc\r0\r\n\r\n"), NULL},
    {"17 digits", SLICE_INIT("00000000000000003\r\nabc\r\n0\r\n\r\n"), NULL},
    {"trailer without name", SLICE_INIT("0\r\n: b\r\n\r\n"), NULL},
    {"trailer without colon", SLICE_INIT("0\r\nA\r\n\r\n"), NULL},
    {"space before the colon", SLICE_INIT("0\r\nA : b\r\n\r\n"), NULL},
    {"folded trailer", SLICE_INIT("0\r\nA: b\r\n c\r\n\r\n"), NULL},
    {"control byte in a trailer", SLICE_INIT("0\r\nA: \x01\r\n\r\n"), NULL},
    {"bare LF at the end", SLICE_INIT("0\r\n\n"), NULL},
    {"CR CR", SLICE_INIT("0\r\n\r\r\n"), NULL},
};

static void test_cases_in_all_pieces(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t step = 1; step <= cases[i].text.len; step++) {
            bool done;
            size_t left;
            cocoon_err err;

            buf_clear(&out);
            err = decode(cases[i].text, step, &out, &done, &left);
            if (cases[i].content == NULL ? err != ERR_MALFORMED
                                         : (err != OK || !done || left != 0 ||
                                            !slice_eq_text(buf_slice(&out), cases[i].content)))
                fail_msg("%s in steps of %zu: %s", cases[i].name, step, cocoon_err_name(err));
        }
    buf_fini(&out);
}

static void test_what_follows_is_left_alone(void **state)
{
    struct slice text = SLICE_LIT("1\r\nx\r\n0\r\n\r\nGET /");
    struct buf out;
    bool done;
    size_t left;

    (void)state;
    buf_init(&out, 64);
    assert_int_equal(decode(text, text.len, &out, &done, &left), OK);
    assert_true(done);
    assert_int_equal(left, 5);
    buf_fini(&out);
}

static void check_prefix(struct slice text, void *arg)
{
    struct buf out;
    bool done;
    size_t left;

    (void)arg;
    buf_init(&out, 4096);
    assert_int_equal(decode(text, text.len, &out, &done, &left), OK);
    assert_false(done);
    buf_fini(&out);
}

static void test_prefixes_are_not_done(void **state)
{
    (void)state;
    test_each_prefix(SLICE_LIT("3;x\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nA: b\r\n\r\n"),
                     check_prefix, NULL);
}

static void test_limits(void **state)
{
    struct buf text, out;
    bool done;
    size_t left;

    (void)state;
    buf_init(&out, 64);
    buf_init(&text, 1 << 20);
    buf_put_text(&text, "1;");
    while (text.len < HTTP1_CHUNK_LINE + 1)
        buf_put_u8(&text, 'x');
    assert_int_equal(decode(buf_slice(&text), text.len, &out, &done, &left), ERR_LIMIT);
    buf_clear(&text);
    buf_put_text(&text, "0\r\n");
    while (text.len < LIMIT_HTTP_HEAD + 10)
        buf_put_text(&text, "a: b\r\n");
    assert_int_equal(decode(buf_slice(&text), text.len, &out, &done, &left), ERR_LIMIT);
    /* Many chunks are no long line. */
    buf_clear(&text);
    for (int i = 0; i < 1000; i++)
        buf_put_text(&text, "1\r\nx\r\n");
    buf_put_text(&text, "0\r\n\r\n");
    out.max = 1000;
    assert_int_equal(decode(buf_slice(&text), text.len, &out, &done, &left), OK);
    assert_true(done);
    assert_int_equal(out.len, 1000);
    buf_fini(&text);
    buf_fini(&out);
}

static void test_encoder(void **state)
{
    struct buf text, out;
    bool done;
    size_t left;

    (void)state;
    buf_init(&text, 4096);
    buf_init(&out, 4096);
    http1_chunk_put(&text, SLICE_LIT("hello"));
    http1_chunk_put(&text, SLICE_LIT(""));
    http1_chunk_put(&text, SLICE_LIT("0123456789abcdef"));
    http1_chunk_end(&text);
    assert_string_equal(buf_cstr(&text), "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
    assert_int_equal(decode(buf_slice(&text), 3, &out, &done, &left), OK);
    assert_true(done && slice_eq_text(buf_slice(&out), "hello0123456789abcdef"));
    buf_fini(&text);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_in_all_pieces),
        cmocka_unit_test(test_what_follows_is_left_alone),
        cmocka_unit_test(test_prefixes_are_not_done),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_encoder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
