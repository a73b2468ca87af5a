#include "codec/sse.h"

#include "base/test.h"

/* Split `stream`, coming in pieces of `step` bytes; write "name|data;" for each event to `text` and
 * all raw bytes to `raw`. */
static void split(struct slice stream, size_t step, struct buf *text, struct buf *raw)
{
    struct buf pending, joined;
    struct sse_event event;
    struct sse s;

    sse_init(&s);
    buf_clear(text);
    buf_clear(raw);
    buf_init(&pending, 1 << 20);
    buf_init(&joined, 1 << 20);
    while (stream.len > 0) {
        struct slice piece = slice_sub(stream, 0, step < stream.len ? step : stream.len);

        buf_put(&pending, piece);
        stream = slice_skip(stream, piece.len);
        while (sse_next(&s, buf_slice(&pending), stream.len == 0, &joined, &event)) {
            buf_put(text, event.name);
            buf_put_u8(text, '|');
            if (event.has_data)
                buf_put(text, event.data);
            else
                buf_put_text(text, "none");
            buf_put_u8(text, ';');
            buf_put(raw, event.raw);
            buf_drop(&pending, event.raw.len);
        }
    }
    buf_put(raw, buf_slice(&pending));
    buf_fini(&pending);
    buf_fini(&joined);
}

static const struct {
    const char *name, *stream, *want;
} cases[] = {
    {"OpenAI", "data: {\"a\":1}\n\ndata: [DONE]\n\n", "|{\"a\":1};|[DONE];"},
    {"Anthropic", "event: message_start\ndata: {}\n\nevent: ping\ndata: {}\n\n",
     "message_start|{};ping|{};"},
    {"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", "|a;|b;"},
    {"CR", "data: a\r\rdata: b\r\r", "|a;|b;"},
    {"mixed", "data: a\r\n\ndata: b\n\r\ndata: c\r\r\n", "|a;|b;|c;"},
    {"two lines", "data: a\ndata: b\ndata:\ndata: c\n\n", "|a\nb\n\nc;"},
    {"empty first line", "data\ndata: b\n\n", "|\nb;"},
    {"no space", "data:a\n\n", "|a;"},
    {"two spaces", "data:  a\n\n", "| a;"},
    {"colons", "data: a:b:c\n\n", "|a:b:c;"},
    {"name only", "data\n\n", "|;"},
    {"comment", ": keep-alive\n\ndata: a\n\n", "|none;|a;"},
    {"other fields", "id: 1\nretry: 5\nDATA: x\ndatax: y\n\n", "|none;"},
    {"blank lines", "\n\ndata: a\n\n\n", "|none;|none;|a;|none;"},
    {"byte order mark",
     "\xef\xbb\xbf"
     "data: a\n\n",
     "|a;"},
    {"second mark is text",
     "data: a\n\n\xef\xbb\xbf"
     "data: b\n\n",
     "|a;|none;"},
    {"unfinished", "data: a\n\ndata: b\n", "|a;"},
    {"last event name wins", "event: x\nevent: y\ndata: a\n\n", "y|a;"},
};

static void test_cases_in_all_pieces(void **state)
{
    struct buf text, raw;

    (void)state;
    buf_init(&text, 4096);
    buf_init(&raw, 4096);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t step = 1; step <= strlen(cases[i].stream); step++) {
            split(slice_text(cases[i].stream), step, &text, &raw);
            if (!slice_eq_text(buf_slice(&text), cases[i].want))
                fail_msg("%s in steps of %zu: %s", cases[i].name, step, buf_cstr(&text));
            assert_true(slice_eq_text(buf_slice(&raw), cases[i].stream));
        }
    buf_fini(&text);
    buf_fini(&raw);
}

/* However it is damaged or cut, no byte is lost or changed, and pieces do not matter. */
static void check_any(struct slice stream, void *arg)
{
    struct buf text, raw, other;

    (void)arg;
    buf_init(&text, 4096);
    buf_init(&other, 4096);
    buf_init(&raw, 4096);
    split(stream, stream.len, &text, &raw);
    assert_true(slice_eq(buf_slice(&raw), stream));
    split(stream, 1, &other, &raw);
    assert_true(slice_eq(buf_slice(&raw), stream));
    assert_true(slice_eq(buf_slice(&text), buf_slice(&other)));
    buf_fini(&text);
    buf_fini(&other);
    buf_fini(&raw);
}

static void test_damage(void **state)
{
    struct slice stream = SLICE_LIT("event: x\r\ndata: a\ndata: b\r\n\r\n: c\n\ndata: d\r\rdata");

    (void)state;
    test_each_prefix(stream, check_any, NULL);
    test_each_bit_flip(stream, check_any, NULL);
}

/* An event answers as soon as its blank line is there, without what follows. */
static void test_no_delay(void **state)
{
    struct buf joined;
    struct sse_event event;
    struct sse s;

    (void)state;
    buf_init(&joined, 64);
    sse_init(&s);
    assert_false(sse_next(&s, SLICE_LIT("data: a\n"), false, &joined, &event));
    assert_true(sse_next(&s, SLICE_LIT("data: a\n\n"), false, &joined, &event));
    assert_int_equal(event.raw.len, 9);
    assert_true(sse_next(&s, SLICE_LIT("data: a\r\n\r\n"), false, &joined, &event));
    buf_fini(&joined);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_in_all_pieces),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_no_delay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
