#include "backend/member.h"

#include "base/test.h"

static void test_table(void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"{\"x\":true}", "true"},
        {" { \"x\" : true } ", "true"},
        {"{\"a\":1,\"x\":-2.5e3,\"b\":2}", "-2.5e3"},
        {"{\"x\":\"a\\\"}b\"}", "\"a\\\"}b\""},
        {"{\"x\":{\"x\":[1,{}]},\"y\":0}", "{\"x\":[1,{}]}"},
        {"{\"x\":[]}", "[]"},
        {"{\"x\":1,\"x\":2}", "1"},
        {"{\"a\":{\"x\":1}}", ""},
        {"{\"a\":\"x\\\":1\"}", ""},
        {"{\"a\":[\"x\",1]}", ""},
        {"[\"x\",1]", ""},
        {"{\"x\"}", ""},
        {"{\"a\":1 \"x\":2}", ""},
        {"{}", ""},
        {"", ""},
        {"x", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (!slice_eq_text(member_find(slice_text(cases[i].text), "x"), cases[i].value))
            fail_msg("%s", cases[i].text);
}

/* However it is damaged, what comes back lies within. */
static void test_damage(void **state)
{
    const struct slice good = SLICE_LIT("{\"a\":[{\"b\":\"\\\\\"}],\"x\":{\"c\":\"d\"}}");
    uint8_t copy[64];

    (void)state;
    assert_true(good.len <= sizeof copy);
    for (size_t len = 0; len < good.len - 1; len++)
        (void)member_find(slice_sub(good, 0, len), "x");
    for (size_t bit = 0; bit < good.len * 8; bit++) {
        struct slice found;

        memcpy(copy, good.ptr, good.len);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        found = member_find(slice_make(copy, good.len), "x");
        assert_true(found.len <= good.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
