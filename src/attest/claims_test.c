#include "attest/claims.h"

#include "base/test.h"

static void test_tree(void **state)
{
    struct arena arena;
    struct claims c;
    struct claim *root, *map, *list;
    struct slice bytes;
    struct buf out;
    int64_t number;
    bool yes;

    (void)state;
    arena_init(&arena, 1 << 16);
    claims_init(&c, &arena);
    root = claims_root(&c);
    claim_bool(&c, root, "debug", true);
    claim_int(&c, root, "svn", -3);
    claim_hex(&c, root, "mr_td", SLICE_LIT("\x01\xab"));
    claim_word(&c, root, "tee", "tdx");
    claim_text(&c, root, "odd", SLICE_LIT("a\"\x1b[2J\xff"));
    claim_time(&c, root, "date", 0);
    claim_null(&c, root, "none");
    map = claim_map(&c, root, "pcrs");
    claim_hex_indexed(&c, map, 10, SLICE_LIT("\x02"));
    list = claim_list(&c, claim_map_named(&c, map, SLICE_LIT("deep")), "ids");
    claim_word(&c, list, NULL, "one");
    claim_int(&c, list, NULL, 2);

    assert_true(claims_get_bool(&c, "debug", &yes) && yes);
    assert_true(claims_get_int(&c, "svn", &number) && number == -3);
    assert_true(claims_get_hex(&c, "pcrs.10", &bytes) && slice_eq_text(bytes, "\x02"));
    assert_true(claims_get_text(&c, "tee", &bytes) && slice_eq_text(bytes, "tdx"));
    assert_false(claims_get_hex(&c, "tee", &bytes)); /* another kind */
    assert_false(claims_get_int(&c, "pcrs.11", &number));
    assert_null(claims_find(&c, "tee.x"));
    assert_non_null(claims_find(&c, "pcrs.deep.ids"));

    buf_init(&out, 1 << 16);
    claims_json(&c, &out);
    assert_string_equal(buf_cstr(&out),
                        "{\"debug\":true,\"svn\":-3,\"mr_td\":\"01ab\",\"tee\":\"tdx\","
                        "\"odd\":\"a\\\"\\\\x1b[2J\\\\xff\",\"date\":\"1970-01-01T00:00:00Z\","
                        "\"none\":null,\"pcrs\":{\"10\":\"02\",\"deep\":{\"ids\":[\"one\",2]}}}");
    buf_fini(&out);
    arena_fini(&arena);
}

/* A tree that ran out of memory says so, and adders take what failed ones return. */
static void test_out_of_memory(void **state)
{
    struct arena arena;
    struct claims c;

    (void)state;
    arena_init(&arena, 0);
    claims_init(&c, &arena);
    claim_int(&c, claim_map(&c, claims_root(&c), "map"), "x", 1);
    assert_true(c.bad);
    assert_null(claims_root(&c)->first);
    arena_fini(&arena);
}

/* Nesting beyond what any format has is shown empty, not followed. */
static void test_depth(void **state)
{
    struct arena arena;
    struct claims c;
    struct claim *at;
    struct buf out;

    (void)state;
    arena_init(&arena, 1 << 16);
    claims_init(&c, &arena);
    at = claims_root(&c);
    for (int i = 0; i < 20; i++)
        at = claim_map(&c, at, "m");
    buf_init(&out, 1 << 16);
    claims_json(&c, &out);
    assert_string_equal(buf_cstr(&out),
                        "{\"m\":{\"m\":{\"m\":{\"m\":{\"m\":{\"m\":{\"m\":{\"m\":{}}}}}}}}}");
    buf_fini(&out);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
