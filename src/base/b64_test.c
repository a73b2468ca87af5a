#include "base/b64.h"

#include "base/test.h"

/* RFC 4648 section 10, and its section 5 forms. */
static const struct {
    const char *plain, *std, *url;
} pairs[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/", "-_-_"},
};

static void test_known_pairs(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        buf_clear(&out);
        b64_put(&out, slice_text(pairs[i].plain));
        assert_string_equal(buf_cstr(&out), pairs[i].std);
        buf_clear(&out);
        b64url_put(&out, slice_text(pairs[i].plain));
        assert_string_equal(buf_cstr(&out), pairs[i].url);
        buf_clear(&out);
        assert_int_equal(b64_read(slice_text(pairs[i].std), &out), OK);
        assert_string_equal(buf_cstr(&out), pairs[i].plain);
        buf_clear(&out);
        assert_int_equal(b64url_read(slice_text(pairs[i].url), &out), OK);
        assert_string_equal(buf_cstr(&out), pairs[i].plain);
    }
    buf_fini(&out);
}

static void test_every_length_and_byte_round_trips(void **state)
{
    uint8_t bytes[256];
    struct buf text, back;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    buf_init(&text, 1024);
    buf_init(&back, 1024);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        buf_clear(&text);
        buf_clear(&back);
        b64_put(&text, slice_make(bytes, len));
        assert_int_equal(text.len, (len + 2) / 3 * 4);
        assert_int_equal(b64_read(buf_slice(&text), &back), OK);
        assert_true(slice_eq(buf_slice(&back), slice_make(bytes, len)));
    }
    buf_fini(&text);
    buf_fini(&back);
}

static void test_only_one_spelling_is_read(void **state)
{
    static const char *const bad_std[] = {"Zg",   "Zg=",      "Zg===",  "Zh==",  "Zm9=", "Zm8",
                                          "Z===", "====",     "Zg==\n", "Zg ==", "Z g=", "Zm9-",
                                          "Zm9_", "Zg==Zg==", "=Zg=",   "Z"};
    static const char *const bad_url[] = {"Zg==", "Zh", "Zm9", "Z", "Zm8=", "Zm9+", "Zm9/", "Zm8 "};
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    for (size_t i = 0; i < COUNT_OF(bad_std); i++)
        if (b64_read(slice_text(bad_std[i]), &out) != ERR_MALFORMED)
            fail_msg("b64 read \"%s\"", bad_std[i]);
    for (size_t i = 0; i < COUNT_OF(bad_url); i++)
        if (b64url_read(slice_text(bad_url[i]), &out) != ERR_MALFORMED)
            fail_msg("b64url read \"%s\"", bad_url[i]);
    buf_fini(&out);
}

static void test_full_buffer(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 5);
    assert_int_equal(b64_read(SLICE_LIT("Zm9vYmFy"), &out), ERR_LIMIT);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_pairs),
        cmocka_unit_test(test_every_length_and_byte_round_trips),
        cmocka_unit_test(test_only_one_spelling_is_read),
        cmocka_unit_test(test_full_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
