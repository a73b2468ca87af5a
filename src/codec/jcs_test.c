#include "codec/jcs.h"

#include "base/test.h"

/* Source and canonical form. The first two are the examples of RFC 8785 sections 3.2.2 and 3.2.3.
 */
static const struct {
    const char *source, *canonical;
} pairs[] = {
    {"{\n  \"numbers\": [333333333.33333329, 1E30, 4.50,\n 2e-3, 0.000000000000000000000000001],\n"
     "  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
     "  \"literals\": [null, true, false]\n}",
     "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
     "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"},
    {"{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet "
     "With "
     "Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
     "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
     "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\",\"\xc3\xb6\":\"Latin "
     "Small "
     "Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji: "
     "Grinning "
     "Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}"},
    {" [ ] ", "[]"},
    {"{\"b\":{\"d\":1,\"c\":2},\"a\":[{\"z\":0,\"y\":-0}],\"aa\":0,\"\":1}",
     "{\"\":1,\"a\":[{\"y\":0,\"z\":0}],\"aa\":0,\"b\":{\"c\":2,\"d\":1}}"},
    {"9007199254740992", "9007199254740992"},
    {"-9007199254740991", "-9007199254740991"},
    {"295147905179352830000", "295147905179352830000"},
    {"1e0", "1"},
};

static void test_pairs(void **state)
{
    struct buf out;
    struct fail fail;

    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        buf_clear(&out);
        assert_int_equal(jcs_canonicalize(slice_text(pairs[i].source), &out, &fail), OK);
        assert_string_equal(buf_cstr(&out), pairs[i].canonical);
    }
    buf_fini(&out);
}

static cocoon_err check(const char *text)
{
    struct arena arena;
    struct fail fail;
    const struct json *value;
    cocoon_err err;

    arena_init(&arena, 1 << 20);
    assert_int_equal(json_parse(slice_text(text), &arena, &value, &fail), OK);
    err = jcs_check(value, &arena);
    arena_fini(&arena);
    return err;
}

static void test_only_canonical_bytes_pass_the_check(void **state)
{
    static const char *const other[] = {
        "{\"b\":1,\"a\":2}",
        "[1, 2]",
        "[1.0]",
        "[1e2]",
        "[-0]",
        "[\"\\u0041\"]",
        "[\"\\/\"]",
        "[\"\\u000A\"]",
        "[\"\\u001F\"]",
        "{\"a\":[ ]}",
        "[0.10]",
        "[1E400000]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        assert_int_equal(check(pairs[i].canonical), OK);
    for (size_t i = 0; i < COUNT_OF(other); i++)
        if (check(other[i]) == OK)
            fail_msg("%s passes as canonical", other[i]);
    assert_int_equal(check(" [] "), OK); /* space around a value is not part of it */
}

/* Two integers must not share a canonical form, or a signature over one would hold for the other.
 */
static void test_integers_that_a_double_would_change(void **state)
{
    static const char *const texts[] = {"9007199254740993", "-9007199254740993",
                                        "18446744073709551615", "18446744073709551616",
                                        "100000000000000000000000"};
    struct buf out;
    struct fail fail;

    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_int_equal(jcs_canonicalize(slice_text(texts[i]), &out, &fail), ERR_RANGE);
    buf_fini(&out);
}

static void test_without_a_member(void **state)
{
    struct arena arena;
    struct fail fail;
    const struct json *value;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    arena_init(&arena, 1 << 20);
    assert_int_equal(json_parse(SLICE_LIT("{\"z\":{\"signature\":1},\"signature\":2,\"a\":3}"),
                                &arena, &value, &fail),
                     OK);
    assert_int_equal(jcs_put_without(&out, value, "signature", &arena), OK);
    assert_string_equal(buf_cstr(&out), "{\"a\":3,\"z\":{\"signature\":1}}");
    buf_clear(&out);
    assert_int_equal(jcs_put_without(&out, value, "absent", &arena), OK);
    assert_string_equal(buf_cstr(&out), "{\"a\":3,\"signature\":2,\"z\":{\"signature\":1}}");
    assert_int_equal(jcs_put_without(&out, value->first->next, "a", &arena), ERR_TYPE);
    arena_fini(&arena);
    buf_fini(&out);
}

static void test_limits(void **state)
{
    struct arena arena;
    struct fail fail;
    const struct json *value;
    struct buf out;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_int_equal(json_parse(SLICE_LIT("{\"a\":[1,2,3]}"), &arena, &value, &fail), OK);
    for (size_t max = 0; max < 13; max++) {
        buf_init(&out, max);
        assert_int_equal(jcs_put(&out, value, &arena), ERR_LIMIT);
        buf_fini(&out);
    }
    buf_init(&out, 13);
    arena.max = arena.used;
    assert_int_equal(jcs_put(&out, value, &arena), ERR_NOMEM);
    assert_int_equal(jcs_canonicalize(SLICE_LIT("[1,]"), &out, &fail), ERR_MALFORMED);
    assert_int_equal(fail.offset, 3);
    buf_fini(&out);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_only_canonical_bytes_pass_the_check),
        cmocka_unit_test(test_integers_that_a_double_would_change),
        cmocka_unit_test(test_without_a_member),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
