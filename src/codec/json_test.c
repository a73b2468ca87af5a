#include "codec/json.h"

#include "base/test.h"
#include "codec/json_oracle_test.h"

enum { ARENA_MAX = 1 << 22 };

static const char chat_request[] =
    "{\"model\":\"m\",\"stream\":true,\"temperature\":0.7,\"max_tokens\":-0,\"n\":1e2,\n"
    " \"messages\":[{\"role\":\"user\",\"content\":\"h\\u00e9 \\ud83d\\ude00 \\\"q\\\" "
    "\xe2\x82\xac\\n\"},\r\n"
    "\t{\"role\":\"tool\",\"content\":null}],\"stop\":[],\"tools\":{},\"logprobs\":false}";

static void test_tree(void **state)
{
    struct arena arena;
    struct fail fail;
    const struct json *root, *messages, *m;
    struct slice text;
    uint64_t number;
    double real;
    bool flag;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    assert_int_equal(json_parse(slice_text(chat_request), &arena, &root, &fail), OK);
    assert_int_equal(root->kind, JSON_OBJECT);
    assert_int_equal(root->count, 9);
    assert_true(slice_eq_text(root->source, chat_request));
    assert_int_equal(json_get_text(root, "model", &text), OK);
    assert_true(slice_eq_text(text, "m"));
    assert_int_equal(json_get_bool(root, "stream", &flag), OK);
    assert_true(flag);
    assert_int_equal(json_get_bool(root, "logprobs", &flag), OK);
    assert_false(flag);
    assert_int_equal(json_get_double(root, "temperature", &real), OK);
    assert_true(real == 0.7);
    assert_int_equal(json_get_u64(root, "n", &number), ERR_RANGE);
    assert_int_equal(json_get_array(root, "messages", &messages), OK);
    assert_int_equal(messages->count, 2);
    m = messages->first;
    assert_int_equal(json_get_text(m, "content", &text), OK);
    assert_true(slice_eq_text(text, "h\xc3\xa9 \xf0\x9f\x98\x80 \"q\" \xe2\x82\xac\n"));
    assert_true(slice_eq_text(m->next->source, "{\"role\":\"tool\",\"content\":null}"));
    assert_null(m->next->next);
    assert_int_equal(json_find(m->next, "content")->kind, JSON_NULL);
    assert_int_equal(json_get_text(m->next, "content", &text), ERR_TYPE);
    assert_int_equal(json_get_text(root, "absent", &text), ERR_MISSING);
    assert_int_equal(json_get_text(messages, "role", &text), ERR_TYPE);
    assert_null(json_find(messages, "role"));
    assert_int_equal(json_get_object(root, "tools", &m), OK);
    assert_null(m->first);
    assert_true(slice_eq_text(m->source, "{}"));
    assert_int_equal(json_get_array(root, "tools", &m), ERR_TYPE);
    arena_fini(&arena);
}

static void test_strings_without_escapes_are_borrowed(void **state)
{
    struct slice text = SLICE_LIT("[\"abc\"]");
    struct arena arena;
    struct fail fail;
    const struct json *root;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    assert_int_equal(json_parse(text, &arena, &root, &fail), OK);
    assert_ptr_equal(root->first->text.ptr, text.ptr + 2);
    assert_ptr_equal(root->first->source.ptr, text.ptr + 1);
    arena_fini(&arena);
}

static const struct {
    const char *name;
    struct slice text;
    cocoon_err err;
    size_t offset;
} verdicts[] = {
    {"scalar root", SLICE_INIT(" 1 "), OK, 0},
    {"null root", SLICE_INIT("null"), OK, 0},
    {"NUL escape", SLICE_INIT("\"\\u0000\""), OK, 0},
    {"same name in different objects", SLICE_INIT("[{\"a\":1},{\"a\":1}]"), OK, 0},
    {"names that differ by case", SLICE_INIT("{\"a\":1,\"A\":1}"), OK, 0},
    {"empty name", SLICE_INIT("{\"\":0}"), OK, 0},
    {"replacement character", SLICE_INIT("\"\xef\xbf\xbd\""), OK, 0},
    {"DEL", SLICE_INIT("\"\x7f\""), OK, 0},

    {"nothing", SLICE_INIT(""), ERR_TRUNCATED, 0},
    {"space only", SLICE_INIT(" \n"), ERR_TRUNCATED, 2},
    {"open array", SLICE_INIT("[1"), ERR_TRUNCATED, 2},
    {"open string", SLICE_INIT("\"ab"), ERR_TRUNCATED, 3},
    {"cut word", SLICE_INIT("tru"), ERR_TRUNCATED, 0},
    {"trailing bytes", SLICE_INIT("{} x"), ERR_TRAILING, 3},
    {"two values", SLICE_INIT("1 2"), ERR_TRAILING, 2},
    {"trailing NUL", SLICE_INIT("1\0"), ERR_TRAILING, 1},
    {"leading zero", SLICE_INIT("[01]"), ERR_MALFORMED, 2},
    {"plus", SLICE_INIT("+1"), ERR_MALFORMED, 0},
    {"bare point", SLICE_INIT("[.5]"), ERR_MALFORMED, 1},
    {"point without digits", SLICE_INIT("[1.]"), ERR_MALFORMED, 1},
    {"NaN", SLICE_INIT("NaN"), ERR_MALFORMED, 0},
    {"Infinity", SLICE_INIT("-Infinity"), ERR_MALFORMED, 0},
    {"wrong word", SLICE_INIT("nul1"), ERR_MALFORMED, 0},
    {"single quotes", SLICE_INIT("'a'"), ERR_MALFORMED, 0},
    {"comment", SLICE_INIT("/**/1"), ERR_MALFORMED, 0},
    {"comma at the end of an array", SLICE_INIT("[1,]"), ERR_MALFORMED, 3},
    {"comma at the start of an array", SLICE_INIT("[,1]"), ERR_MALFORMED, 1},
    {"comma at the end of an object", SLICE_INIT("{\"a\":1,}"), ERR_MALFORMED, 7},
    {"no comma", SLICE_INIT("[1 2]"), ERR_MALFORMED, 3},
    {"no colon", SLICE_INIT("{\"a\" 1}"), ERR_MALFORMED, 5},
    {"no value", SLICE_INIT("{\"a\":}"), ERR_MALFORMED, 5},
    {"unquoted name", SLICE_INIT("{a:1}"), ERR_MALFORMED, 1},
    {"crossed brackets", SLICE_INIT("[1}"), ERR_MALFORMED, 2},
    {"closing bracket alone", SLICE_INIT("]"), ERR_MALFORMED, 0},
    {"raw newline in a string", SLICE_INIT("\"\n\""), ERR_MALFORMED, 1},
    {"raw tab after eight letters", SLICE_INIT("\"abcdefgh\tabcdefgh\""), ERR_MALFORMED, 9},
    {"raw NUL in a string", SLICE_INIT("\"\0\""), ERR_MALFORMED, 1},
    {"unknown escape", SLICE_INIT("\"\\x\""), ERR_MALFORMED, 1},
    {"NUL as escape", SLICE_INIT("\"\\\0\""), ERR_MALFORMED, 1},
    {"short escape", SLICE_INIT("\"\\u12g4\""), ERR_MALFORMED, 1},
    {"lone high surrogate", SLICE_INIT("\"\\ud800\""), ERR_MALFORMED, 1},
    {"lone low surrogate", SLICE_INIT("\"\\udc00\\ud800\""), ERR_MALFORMED, 1},
    {"high surrogate, then no low", SLICE_INIT("\"\\ud800\\u0041\""), ERR_MALFORMED, 1},
    {"high surrogate, then letters", SLICE_INIT("\"\\ud800abcdef\""), ERR_MALFORMED, 1},
    {"raw surrogate", SLICE_INIT("\"\xed\xa0\x80\""), ERR_ENCODING, 1},
    {"overlong", SLICE_INIT("\"\xc0\x80\""), ERR_ENCODING, 1},
    {"bad UTF-8 in a name", SLICE_INIT("{\"a\xff\":1}"), ERR_ENCODING, 3},
    {"byte order mark", SLICE_INIT("\xef\xbb\xbf{}"), ERR_MALFORMED, 0},
    {"noncharacter", SLICE_INIT("\"\xef\xbf\xbf\""), ERR_ENCODING, 1},
    {"noncharacter of a higher plane", SLICE_INIT("\"\xf0\x9f\xbf\xbe\""), ERR_ENCODING, 1},
    {"noncharacter escaped", SLICE_INIT("\"\\ufdd0\""), ERR_ENCODING, 1},
    {"noncharacter escaped as a pair", SLICE_INIT("\"\\udbff\\udfff\""), ERR_ENCODING, 1},
    {"twins", SLICE_INIT("{\"a\":1,\"b\":2,\"a\":1}"), ERR_DUPLICATE, 19},
    {"twins by escape", SLICE_INIT("{\"a\":1,\"\\u0061\":1}"), ERR_DUPLICATE, 18},
    {"form feed is no white space", SLICE_INIT("\f1"), ERR_MALFORMED, 0},
};

static void test_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        struct arena arena;
        struct fail fail = {0};
        const struct json *root;
        cocoon_err err;

        arena_init(&arena, ARENA_MAX);
        err = json_parse(verdicts[i].text, &arena, &root, &fail);
        if (err != verdicts[i].err || fail.offset != verdicts[i].offset || fail.code != err)
            fail_msg("%s: %s at %zu", verdicts[i].name, cocoon_err_name(err), fail.offset);
        arena_fini(&arena);
    }
}

static cocoon_err parse_nested(size_t depth, char open, char close)
{
    char text[2 * (LIMIT_JSON_DEPTH + 1)];
    struct arena arena;
    struct fail fail;
    const struct json *root;
    cocoon_err err;

    memset(text, open, depth);
    memset(text + depth, close, depth);
    arena_init(&arena, ARENA_MAX);
    err = json_parse(slice_make(text, 2 * depth), &arena, &root, &fail);
    arena_fini(&arena);
    return err;
}

static void test_depth(void **state)
{
    (void)state;
    assert_int_equal(parse_nested(LIMIT_JSON_DEPTH, '[', ']'), OK);
    assert_int_equal(parse_nested(LIMIT_JSON_DEPTH + 1, '[', ']'), ERR_LIMIT);
}

/* Many members take the sorting way to find twins. */
static void test_twins_among_many(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 20);
    for (int twin = 0; twin < 2; twin++) {
        struct arena arena;
        struct fail fail;
        const struct json *root;

        buf_clear(&text);
        buf_put_text(&text, "{");
        for (int i = 0; i < 5000; i++)
            buf_printf(&text, "\"n%d\":%d,", i * 7919 % 5000, i);
        buf_put_text(&text, twin == 0 ? "\"x\":1}" : "\"n4321\":1}");
        arena_init(&arena, ARENA_MAX);
        assert_int_equal(json_parse(buf_slice(&text), &arena, &root, &fail),
                         twin == 0 ? OK : ERR_DUPLICATE);
        if (twin == 0)
            assert_int_equal(root->count, 5001);
        arena_fini(&arena);
    }
    buf_fini(&text);
}

static void test_a_full_arena_is_an_error(void **state)
{
    size_t max;
    cocoon_err err = ERR_NOMEM;

    (void)state;
    for (max = 0; err == ERR_NOMEM; max += 16) {
        struct arena arena;
        struct fail fail = {0};
        const struct json *root;

        arena_init(&arena, max);
        err = json_parse(slice_text(chat_request), &arena, &root, &fail);
        assert_true(err == OK || (err == ERR_NOMEM && fail.code == ERR_NOMEM));
        arena_fini(&arena);
    }
    assert_true(max > 500);
}

static void test_numbers(void **state)
{
    static const char text[] = "[0,18446744073709551615,18446744073709551616,-1,"
                               "9223372036854775807,9223372036854775808,-9223372036854775808,"
                               "-9223372036854775809,1.0,1e1,-0,1e999]";
    static const cocoon_err as_u64[] = {OK,        OK,        ERR_RANGE, ERR_RANGE,
                                        OK,        OK,        ERR_RANGE, ERR_RANGE,
                                        ERR_RANGE, ERR_RANGE, ERR_RANGE, ERR_RANGE};
    static const cocoon_err as_i64[] = {OK, ERR_RANGE, ERR_RANGE, OK,        OK,        ERR_RANGE,
                                        OK, ERR_RANGE, ERR_RANGE, ERR_RANGE, ERR_RANGE, ERR_RANGE};
    struct arena arena;
    struct fail fail;
    const struct json *root, *v;
    uint64_t u;
    int64_t i;
    double d;
    size_t n = 0;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    assert_int_equal(json_parse(slice_text(text), &arena, &root, &fail), OK);
    for (v = root->first; v != NULL; v = v->next, n++) {
        assert_int_equal(json_u64(v, &u), as_u64[n]);
        assert_int_equal(json_i64(v, &i), as_i64[n]);
        assert_int_equal(json_double(v, &d), n == 11 ? ERR_RANGE : OK);
        if (n == 1)
            assert_true(u == UINT64_MAX);
        if (n == 6)
            assert_true(i == INT64_MIN);
        if (n == 3)
            assert_true(i == -1 && d == -1.0);
    }
    assert_int_equal(json_u64(root, &u), ERR_TYPE);
    assert_int_equal(json_i64(root, &i), ERR_TYPE);
    assert_int_equal(json_double(root, &d), ERR_TYPE);
    arena_fini(&arena);
}

static void test_bytes_in_strings(void **state)
{
    static const char text[] =
        "{\"h\":\"00ff\",\"u\":\"00FF\",\"b\":\"AP8=\",\"n\":1,\"s\":\"sha256:"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"p\":"
        "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}";
    static const char *const all[] = {"b", "h", "n", "p", "s", "u"};
    struct arena arena;
    struct fail fail;
    const struct json *root;
    uint8_t bytes[32];
    struct buf out;

    (void)state;
    buf_init(&out, 10);
    arena_init(&arena, ARENA_MAX);
    assert_int_equal(json_parse(slice_text(text), &arena, &root, &fail), OK);
    assert_int_equal(json_get_hex(root, "h", bytes, 2), OK);
    assert_int_equal(bytes[1], 0xff);
    assert_int_equal(json_get_hex(root, "h", bytes, 3), ERR_MALFORMED);
    assert_int_equal(json_get_hex(root, "u", bytes, 2), ERR_MALFORMED);
    assert_int_equal(json_get_hex(root, "n", bytes, 2), ERR_TYPE);
    assert_int_equal(json_get_sha256(root, "s", bytes), OK);
    assert_int_equal(bytes[31], 0x55);
    assert_int_equal(json_get_sha256(root, "p", bytes), ERR_MALFORMED);
    assert_int_equal(json_get_sha256(root, "x", bytes), ERR_MISSING);
    assert_int_equal(json_get_b64(root, "b", &out), OK);
    assert_true(slice_eq(buf_slice(&out), SLICE_LIT("\0\xff")));
    assert_int_equal(json_get_b64(root, "n", &out), ERR_TYPE);
    assert_int_equal(json_only(root, all, COUNT_OF(all)), OK);
    assert_int_equal(json_only(root, all, COUNT_OF(all) - 1), ERR_UNKNOWN_NAME);
    assert_int_equal(json_only(root->first, all, COUNT_OF(all)), ERR_TYPE);
    arena_fini(&arena);
    buf_fini(&out);
}

/* Dump our tree in the form that json_oracle_test.h describes. */
static void dump(const struct json *v, struct buf *out)
{
    double real = 0;

    switch (v->kind) {
    case JSON_NULL:
        buf_put_text(out, "n");
        break;
    case JSON_BOOL:
        buf_put_text(out, v->truth ? "t" : "f");
        break;
    case JSON_NUMBER:
        assert_int_equal(json_double(v, &real), OK);
        oracle_put_number(out, real);
        break;
    case JSON_STRING:
        oracle_put_string(out, v->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        buf_put_text(out, v->kind == JSON_ARRAY ? "[" : "{");
        for (const struct json *m = v->first; m != NULL; m = m->next) {
            if (v->kind == JSON_OBJECT)
                oracle_put_string(out, m->name);
            dump(m, out);
        }
        buf_put_text(out, v->kind == JSON_ARRAY ? "]" : "}");
        break;
    }
}

/* Return `text` with what cannot be printed as "\xNN"; static memory. */
static const char *shown(struct slice text)
{
    static char out[4096];
    size_t len = 0;

    for (size_t i = 0; i < text.len && len < sizeof out - 5; i++)
        len += (size_t)snprintf(
            out + len, 5, text.ptr[i] < 0x20 || text.ptr[i] > 0x7e ? "\\x%02x" : "%c", text.ptr[i]);
    return out;
}

/* What test_against_oracle counts, so that it cannot pass by comparing nothing. */
struct tally {
    size_t accepted, refused;
};

/* Same verdict as jansson but for the limits of either, same values. */
static void compare(struct slice text, void *arg)
{
    struct tally *tally = arg;
    struct arena arena;
    struct fail fail = {0};
    const struct json *root;
    struct buf ours, theirs;
    enum oracle_verdict verdict;
    cocoon_err err;

    arena_init(&arena, ARENA_MAX);
    buf_init(&ours, 1 << 20);
    buf_init(&theirs, 1 << 20);
    err = json_parse(text, &arena, &root, &fail);
    verdict = oracle_parse(text, &theirs);
    if (err == OK && verdict == ORACLE_ACCEPTS) {
        dump(root, &ours);
        assert_string_equal(buf_cstr(&ours), buf_cstr(&theirs));
    } else if (err == OK && verdict == ORACLE_REFUSES) {
        fail_msg("only we accept %s", shown(text));
    } else if (err != OK && verdict == ORACLE_ACCEPTS &&
               strstr(fail.what, "noncharacter") == NULL) {
        fail_msg("only jansson accepts %s: %s", shown(text), fail.what);
    }
    *(err == OK ? &tally->accepted : &tally->refused) += 1;
    buf_fini(&ours);
    buf_fini(&theirs);
    arena_fini(&arena);
}

static const char *const seeds[] = {
    chat_request,
    "{\"a\":[1,-2.5e-3,0.1E+4,12345678901234567,1e22,-0.0],\"b\":{\"\":\"\",\"c\":[[],{},[{}]]}}",
    "[\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\/"
    "\\b\\f\\n\\r\\t\\\\\",\"\xf0\x9f\x98\x80\xe2\x82\xac\"]",
    " [ true , false , null , \"x\" ] ",
};

static void test_against_oracle(void **state)
{
    static const char letters[] = "{}[]\",:\\u0dD8c9e+-.tfn \n\x80\xef\xbf";
    uint64_t seed = 3;
    struct tally tally = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(seeds); i++) {
        char text[512];
        size_t len = strlen(seeds[i]);

        compare(slice_text(seeds[i]), &tally);
        test_each_prefix(slice_text(seeds[i]), compare, &tally);
        test_each_bit_flip(slice_text(seeds[i]), compare, &tally);
        for (int round = 0; round < 10000; round++) {
            memcpy(text, seeds[i], len);
            for (uint64_t n = test_random(&seed) % 3; n < 2; n++)
                text[test_random(&seed) % len] = letters[test_random(&seed) % (sizeof letters - 1)];
            test_with_copy(slice_make(text, len), compare, &tally);
        }
    }
    assert_true(tally.accepted > 1000 && tally.refused > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_strings_without_escapes_are_borrowed),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_twins_among_many),
        cmocka_unit_test(test_a_full_arena_is_an_error),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_bytes_in_strings),
        cmocka_unit_test(test_against_oracle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
