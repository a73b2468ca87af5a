#include "codec/json_wr.h"

#include "base/test.h"
#include "codec/json.h"

static void test_everything_once(void **state)
{
    static const uint8_t bytes[32] = {0, 0xff};
    struct json_wr w;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    json_wr_init(&w, &out);
    json_wr_object(&w, NULL);
    json_wr_null(&w, "null");
    json_wr_bool(&w, "t", true);
    json_wr_bool(&w, "f", false);
    json_wr_u64(&w, "u", UINT64_MAX);
    json_wr_i64(&w, "i", INT64_MIN);
    json_wr_i64(&w, "j", 7);
    json_wr_double(&w, "d", 0.1);
    json_wr_text(&w, "text", SLICE_LIT("\"\\\b\t\n\f\r\x01\x1f\x7f/\xc3\xa9\0x"));
    json_wr_cstr(&w, "c", "s");
    json_wr_hex(&w, "hex", slice_make(bytes, 2));
    json_wr_b64(&w, "b64", slice_make(bytes, 2));
    json_wr_sha256(&w, "h", SLICE_OF(bytes));
    json_wr_decimal(&w, "price", 12);
    json_wr_array(&w, "a");
    json_wr_u64(&w, NULL, 1);
    json_wr_array(&w, NULL);
    json_wr_close(&w);
    json_wr_object(&w, NULL);
    json_wr_close(&w);
    json_wr_raw(&w, NULL, SLICE_LIT("{ }"));
    json_wr_close(&w);
    json_wr_name(&w, SLICE_LIT("n\n"));
    json_wr_cstr(&w, NULL, "");
    json_wr_close(&w);
    assert_int_equal(json_wr_end(&w), OK);
    assert_string_equal(
        buf_cstr(&out),
        "{\"null\":null,\"t\":true,\"f\":false,\"u\":18446744073709551615,\"i\":-"
        "9223372036854775808,"
        "\"j\":7,\"d\":0.1,\"text\":\"\\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u001f\x7f/\xc3\xa9\\u0000x\","
        "\"c\":\"s\",\"hex\":\"00ff\",\"b64\":\"AP8=\",\"h\":\"sha256:"
        "00ff000000000000000000000000000000000000000000000000000000000000\",\"price\":\"12\","
        "\"a\":[1,[],{},{ }],\"n\\n\":\"\"}");
    buf_fini(&out);
}

static void test_a_scalar_alone(void **state)
{
    struct json_wr w;
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    json_wr_init(&w, &out);
    json_wr_u64(&w, NULL, 5);
    assert_int_equal(json_wr_end(&w), OK);
    assert_string_equal(buf_cstr(&out), "5");
    buf_fini(&out);
}

static void test_errors_stick(void **state)
{
    struct json_wr w;
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    json_wr_init(&w, &out);
    json_wr_array(&w, NULL);
    json_wr_text(&w, NULL, SLICE_LIT("\xff"));
    json_wr_text(&w, NULL, SLICE_LIT("good"));
    json_wr_close(&w);
    assert_int_equal(json_wr_end(&w), ERR_ENCODING);
    buf_fini(&out);

    buf_init(&out, 4);
    json_wr_init(&w, &out);
    json_wr_cstr(&w, NULL, "too long");
    assert_int_equal(json_wr_end(&w), ERR_LIMIT);
    buf_clear(&out);
    assert_int_equal(json_string_put(&out, SLICE_LIT("long")), ERR_LIMIT);
    buf_fini(&out);
}

static void test_every_byte_comes_back(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 0x80; c++) {
        uint8_t text[3] = {'a', (uint8_t)c, 'b'};
        struct arena arena;
        struct fail fail;
        const struct json *v;
        struct buf out;

        buf_init(&out, 64);
        arena_init(&arena, 4096);
        assert_int_equal(json_string_put(&out, SLICE_OF(text)), OK);
        assert_int_equal(json_parse(buf_slice(&out), &arena, &v, &fail), OK);
        assert_true(slice_eq(v->text, SLICE_OF(text)));
        arena_fini(&arena);
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_once),
        cmocka_unit_test(test_a_scalar_alone),
        cmocka_unit_test(test_errors_stick),
        cmocka_unit_test(test_every_byte_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
