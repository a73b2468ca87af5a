#include "codec/http1_wr.h"

#include "base/test.h"
#include "codec/http1.h"

static void test_heads(void **state)
{
    static struct http1_head head;
    struct http1_wr w;
    struct buf out;
    struct fail fail;
    size_t used;

    (void)state;
    buf_init(&out, 4096);
    w = http1_wr_request(&out, SLICE_LIT("POST"), SLICE_LIT("/v1/x?y"));
    http1_wr_field_text(&w, "host", "localhost");
    http1_wr_field_u64(&w, "content-length", 12);
    http1_wr_field_slice(&w, SLICE_LIT("x"), SLICE_LIT("y"));
    assert_int_equal(http1_wr_end(&w), OK);
    assert_string_equal(
        buf_cstr(&out),
        "POST /v1/x?y HTTP/1.1\r\nhost: localhost\r\ncontent-length: 12\r\nx: y\r\n\r\n");
    assert_int_equal(http1_request_parse(buf_slice(&out), &head, &used, &fail), OK);
    assert_int_equal(used, out.len);

    buf_clear(&out);
    w = http1_wr_response(&out, 429);
    http1_wr_field(&w, "retry-after", SLICE_LIT("1"));
    assert_int_equal(http1_wr_end(&w), OK);
    assert_string_equal(buf_cstr(&out), "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\n\r\n");
    assert_int_equal(http1_response_parse(buf_slice(&out), false, &head, &used, &fail), OK);
    assert_string_equal(http1_reason(299), "");
    buf_fini(&out);
}

static void test_nothing_can_be_split(void **state)
{
    static const struct {
        struct slice name, value;
    } bad[] = {
        {SLICE_INIT("a"), SLICE_INIT("b\r\nc: d")}, {SLICE_INIT("a"), SLICE_INIT("b\n")},
        {SLICE_INIT("a"), SLICE_INIT("\0")},        {SLICE_INIT("a: b\r\nc"), SLICE_INIT("d")},
        {SLICE_INIT(""), SLICE_INIT("b")},          {SLICE_INIT("a b"), SLICE_INIT("c")},
    };
    struct http1_wr w;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        w = http1_wr_response(&out, 200);
        http1_wr_field_slice(&w, bad[i].name, bad[i].value);
        http1_wr_field_text(&w, "fine", "fine");
        assert_int_equal(http1_wr_end(&w), ERR_MALFORMED);
    }
    w = http1_wr_request(&out, SLICE_LIT("GET"), SLICE_LIT("/ HTTP/1.1\r\n"));
    assert_int_equal(http1_wr_end(&w), ERR_MALFORMED);
    w = http1_wr_request(&out, SLICE_LIT("GET"), SLICE_LIT(""));
    assert_int_equal(http1_wr_end(&w), ERR_MALFORMED);
    w = http1_wr_request(&out, SLICE_LIT("GE T"), SLICE_LIT("/"));
    assert_int_equal(http1_wr_end(&w), ERR_MALFORMED);
    buf_fini(&out);

    buf_init(&out, 10);
    w = http1_wr_response(&out, 200);
    assert_int_equal(http1_wr_end(&w), ERR_LIMIT);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_nothing_can_be_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
