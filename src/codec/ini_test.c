#include "codec/ini.h"

#include "base/test.h"

static const struct ini_known known[] = {
    {"network", "id", INI_ONE},     {"network", "port", INI_ONE}, {"network", "fresh", INI_ONE},
    {"release", "allow", INI_MANY}, {"tlog", NULL, INI_LINES},    {"empty", "x", INI_ONE},
};

static cocoon_err parse(const char *text, struct arena *arena, struct ini *out, struct fail *fail)
{
    return ini_parse(slice_text(text), known, COUNT_OF(known), arena, out, fail);
}

static void test_a_whole_file(void **state)
{
    static const char text[] = "# a comment\n"
                               "\n"
                               "[network]\r\n"
                               "id = ab12\r\n"
                               "  port=443\t\n"
                               "  # indented comment\n"
                               "[release]\n"
                               "allow = sha256:aa bb # no comment\n"
                               "allow =\n"
                               "[tlog]\n"
                               "log example.org/log+1+abc\n"
                               "# kept = too\n"
                               "\n"
                               "  quorum 1\n"
                               "[empty]\n";
    struct arena arena;
    struct ini ini;
    struct fail fail;
    struct slice value;
    const struct ini_entry *e;
    uint64_t number;
    bool flag;

    (void)state;
    arena_init(&arena, 1 << 16);
    assert_int_equal(parse(text, &arena, &ini, &fail), OK);
    assert_int_equal(ini_get(&ini, "network", "id", &value), OK);
    assert_true(slice_eq_text(value, "ab12"));
    assert_int_equal(ini_get_u64(&ini, "network", "port", 1, &number, &fail), OK);
    assert_int_equal(number, 443);
    assert_int_equal(ini_get_u64(&ini, "empty", "x", 7, &number, &fail), OK);
    assert_int_equal(number, 7);
    assert_int_equal(ini_get_bool(&ini, "network", "fresh", true, &flag, &fail), OK);
    assert_true(flag);
    e = ini_next(&ini, "release", "allow", NULL);
    assert_true(slice_eq_text(e->value, "sha256:aa bb # no comment"));
    assert_int_equal(e->line, 8);
    e = ini_next(&ini, "release", "allow", e);
    assert_int_equal(e->value.len, 0);
    assert_int_equal(e->line, 9);
    assert_null(ini_next(&ini, "release", "allow", e));
    e = ini_next(&ini, "tlog", NULL, NULL);
    assert_true(slice_eq_text(e->value, "log example.org/log+1+abc\n# kept = too\n\n  quorum 1\n"));
    assert_int_equal(e->line, 11);
    assert_int_equal(ini_get(&ini, "empty", "x", &value), ERR_MISSING);
    arena_fini(&arena);
}

static const struct {
    const char *name, *text;
    cocoon_err err;
    size_t line;
} refused[] = {
    {"unknown section", "[network]\n[bogus]\n", ERR_UNKNOWN_NAME, 2},
    {"unknown key", "[network]\nid = 1\n\nidd = 2\n", ERR_UNKNOWN_NAME, 4},
    {"key of another section", "[network]\nallow = 1\n", ERR_UNKNOWN_NAME, 2},
    {"key before any section", "id = 1\n", ERR_UNKNOWN_NAME, 1},
    {"key twice", "[network]\nid = 1\nid = 1\n", ERR_DUPLICATE, 3},
    {"section twice", "[network]\nid = 1\n[release]\n[network]\n", ERR_DUPLICATE, 4},
    {"no equals sign", "[network]\nid\n", ERR_MALFORMED, 2},
    {"no key", "[network]\n= x\n", ERR_MALFORMED, 2},
    {"upper-case key", "[network]\nID = x\n", ERR_MALFORMED, 2},
    {"space in key", "[network]\ni d = x\n", ERR_MALFORMED, 2},
    {"open section", "[network\n", ERR_MALFORMED, 1},
    {"bracket alone", "[\n", ERR_MALFORMED, 1},
    {"no section name", "[]\n", ERR_UNKNOWN_NAME, 1},
    {"text after a section", "[network] x\n", ERR_MALFORMED, 1},
    {"comment after a section", "[network] # x\n", ERR_MALFORMED, 1},
    {"control character", "[network]\nid = a\x01\n", ERR_ENCODING, 2},
    {"CR inside a line", "[network]\nid = a\rb\n", ERR_ENCODING, 2},
    {"bad UTF-8", "[network]\nid = \xff\n", ERR_ENCODING, 2},
    {"bad UTF-8 in a comment", "# \xff\n", ERR_ENCODING, 1},
    {"bad UTF-8 in verbatim lines", "[tlog]\nx\n\xff\n", ERR_ENCODING, 3},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct arena arena;
        struct ini ini;
        struct fail fail = {0};
        cocoon_err err;

        arena_init(&arena, 1 << 16);
        err = parse(refused[i].text, &arena, &ini, &fail);
        if (err != refused[i].err || fail.offset != refused[i].line)
            fail_msg("%s: %s in line %zu", refused[i].name, cocoon_err_name(err), fail.offset);
        arena_fini(&arena);
    }
}

static void test_conversions(void **state)
{
    struct arena arena;
    struct ini ini;
    struct fail fail;
    uint64_t number;
    bool flag;

    (void)state;
    arena_init(&arena, 1 << 16);
    assert_int_equal(parse("[network]\nport = 0x10\nfresh = true\nid = no", &arena, &ini, &fail),
                     OK);
    assert_int_equal(ini_get_u64(&ini, "network", "port", 1, &number, &fail), ERR_MALFORMED);
    assert_int_equal(fail.offset, 2);
    assert_int_equal(ini_get_bool(&ini, "network", "fresh", false, &flag, &fail), ERR_MALFORMED);
    assert_int_equal(fail.offset, 3);
    assert_int_equal(ini_get_bool(&ini, "network", "id", true, &flag, &fail), OK);
    assert_false(flag);
    arena_fini(&arena);
}

static void test_limits(void **state)
{
    struct arena arena;
    struct ini ini;
    struct fail fail;
    struct buf text;

    (void)state;
    buf_init(&text, 2 * INI_FILE_MAX);
    arena_init(&arena, 1 << 24);
    buf_put_text(&text, "[release]\n");
    for (int i = 0; i <= INI_ENTRY_MAX; i++)
        buf_put_text(&text, "allow = x\n");
    assert_int_equal(ini_parse(buf_slice(&text), known, COUNT_OF(known), &arena, &ini, &fail),
                     ERR_LIMIT);
    assert_int_equal(fail.offset, INI_ENTRY_MAX + 2);
    while (text.len <= INI_FILE_MAX)
        buf_put_text(&text, "#\n");
    assert_int_equal(ini_parse(buf_slice(&text), known, COUNT_OF(known), &arena, &ini, &fail),
                     ERR_LIMIT);
    arena_fini(&arena);
    arena_init(&arena, 64);
    assert_int_equal(parse("[release]\nallow = 1\nallow = 2\n", &arena, &ini, &fail), ERR_NOMEM);
    arena_fini(&arena);
    arena_init(&arena, 0);
    assert_int_equal(parse("", &arena, &ini, &fail), ERR_NOMEM);
    arena_fini(&arena);
    buf_fini(&text);
}

static void check_any(struct slice text, void *arg)
{
    struct arena arena;
    struct ini ini;
    struct fail fail;

    (void)arg;
    arena_init(&arena, 1 << 16);
    if (ini_parse(text, known, COUNT_OF(known), &arena, &ini, &fail) != OK)
        assert_true(fail.offset >= 1 && fail.offset <= 9);
    arena_fini(&arena);
}

static void test_damage(void **state)
{
    struct slice text =
        SLICE_LIT("# c\n[network]\nid = ab12\r\nport=443\n[tlog]\na b\n[release]\nallow = 1\n");

    (void)state;
    test_each_prefix(text, check_any, NULL);
    test_each_bit_flip(text, check_any, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_file), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_conversions),  cmocka_unit_test(test_limits),
        cmocka_unit_test(test_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
