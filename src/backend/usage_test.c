#include "backend/usage.h"

#include "base/test.h"

#define CHUNK(text)                                                                                \
    "data: {\"choices\":[{\"finish_reason\":null,\"index\":0,\"delta\":{\"content\":\"" text       \
    "\"}}],\"object\":\"chat.completion.chunk\"}\n\n"
#define OPENING                                                                                    \
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n"
#define BILL                                                                                       \
    "data: {\"choices\":[],\"usage\":{\"completion_tokens\":3,\"prompt_tokens\":31,"               \
    "\"prompt_tokens_details\":{\"cached_tokens\":7}},\"timings\":{\"cache_n\":1,\"prompt_n\":1,"  \
    "\"predicted_n\":1}}\n\n"
#define TIMINGS                                                                                    \
    "data: "                                                                                       \
    "{\"choices\":[{\"delta\":{}}],\"timings\":{\"cache_n\":4,\"prompt_n\":6,\"predicted_n\":9}}"  \
    "\n\n"
#define DONE "data: [DONE]\n\n"

static struct usage count(bool streamed, struct slice body, size_t piece)
{
    struct usage_counter *c = usage_new(streamed, 1 << 24);
    struct usage sum;

    for (size_t at = 0; at < body.len; at += piece)
        usage_feed(c, slice_sub(body, at, body.len - at < piece ? body.len - at : piece));
    usage_end(c, &sum);
    usage_free(c);
    return sum;
}

static void test_stream(void **state)
{
    const struct slice body =
        SLICE_LIT(OPENING CHUNK("Hel") ": ping\n\n" CHUNK("lo") CHUNK("!") BILL DONE);

    (void)state;
    for (size_t piece = 1; piece <= body.len; piece += 13) { /* however it is cut */
        struct usage sum = count(true, body, piece);

        assert_int_equal(sum.source, USAGE_ENGINE);
        assert_int_equal(sum.prompt, 31);
        assert_int_equal(sum.completion, 3);
        assert_int_equal(sum.cached, 7);
        assert_int_equal(sum.chunks, 3);
        assert_int_equal(sum.text, 6);
        assert_int_equal(sum.bytes, body.len);
        assert_true(sum.done);
        assert_true(usage_plausible(&sum));
    }
}

static void test_sources(void **state)
{
    struct usage sum = count(true, SLICE_LIT(OPENING CHUNK("a") TIMINGS DONE), 1000);

    (void)state;
    assert_int_equal(sum.source, USAGE_TIMINGS);
    assert_int_equal(sum.prompt, 10);
    assert_int_equal(sum.cached, 4);
    assert_int_equal(sum.completion, 9);
    sum = count(true, SLICE_LIT(OPENING CHUNK("a") CHUNK("b") DONE), 1000);
    assert_int_equal(sum.source, USAGE_COUNTED);
    assert_int_equal(sum.completion, 2);
    sum = count(true, SLICE_LIT(OPENING CHUNK("a")), 1000);
    assert_false(sum.done);
    sum = count(true, SLICE_LIT(""), 1);
    assert_int_equal(sum.source, USAGE_NONE);
}

/* Only what is a value of the engine's counts, not what the text says. */
static void test_text_is_no_bill(void **state)
{
    struct usage sum =
        count(true, SLICE_LIT(CHUNK("\\\"usage\\\":{\\\"prompt_tokens\\\":1}") DONE), 1000);

    (void)state;
    assert_int_equal(sum.source, USAGE_COUNTED);
    sum = count(
        false,
        SLICE_LIT(
            "{\"choices\":[{\"message\":{\"content\":\"x\",\"usage\":{\"prompt_tokens\":1}}}]}"),
        1000);
    assert_int_equal(sum.source, USAGE_NONE);
}

static void test_other_shapes(void **state)
{
    static const struct {
        const char *name;
        bool streamed;
        struct slice body;
        uint64_t prompt, completion, text;
    } cases[] = {
        {"chat", false,
         SLICE_INIT(
             "{\"choices\":[{\"message\":{\"content\":\"four\"}}],\"usage\":{\"prompt_tokens\":2,"
             "\"completion_tokens\":1}}"),
         2, 1, 4},
        {"completion", false,
         SLICE_INIT("{\"choices\":[{\"text\":\"four\"}],\"usage\":{\"prompt_tokens\":2,"
                    "\"completion_tokens\":1}}"),
         2, 1, 4},
        {"embeddings", false,
         SLICE_INIT("{\"data\":[{\"embedding\":[0.5]}],\"usage\":{\"prompt_tokens\":5,\"total_"
                    "tokens\":5}}"),
         5, 0, 0},
        {"tool call", false,
         SLICE_INIT(
             "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"function\":{\"name\":"
             "\"get\",\"arguments\":\"{}\"}}]}}],\"usage\":{\"prompt_tokens\":2,"
             "\"completion_tokens\":8}}"),
         2, 8, 5},
        {"completion stream", true,
         SLICE_INIT("data: {\"choices\": [{\"text\": \"ab\"}]}\r\n\r\ndata: "
                    "{\"usage\":{\"prompt_tokens\":1,"
                    "\"completion_tokens\":2}}\r\n\r\n"),
         1, 2, 2},
        {"responses stream", true,
         SLICE_INIT(
             "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\","
             "\"delta\":\"abc\"}\n\nevent: response.completed\ndata: {\"response\":{\"usage\":{"
             "\"input_tokens\":9,\"output_tokens\":1}}}\n\n"),
         9, 1, 3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct usage sum = count(cases[i].streamed, cases[i].body, 7);

        if (sum.source != USAGE_ENGINE || sum.prompt != cases[i].prompt ||
            sum.completion != cases[i].completion || sum.text != cases[i].text)
            fail_msg("%s: %u %lu %lu %lu", cases[i].name, sum.source, sum.prompt, sum.completion,
                     sum.text);
    }
}

/* A batch of embeddings is larger than any tree we make. */
static void test_large_answer(void **state)
{
    struct usage sum;
    struct buf body;

    (void)state;
    buf_init(&body, 1 << 24);
    buf_put_text(&body, "{\"data\":[{\"usage\":{\"prompt_tokens\":1}},");
    for (int i = 0; i < 300000; i++)
        buf_put_text(&body, "0.125,");
    buf_put_text(&body, "\"\\\"usage\\\":{\"],\"usage\":{\"prompt_tokens\":77}}");
    sum = count(false, buf_slice(&body), 65536);
    assert_int_equal(sum.source, USAGE_ENGINE);
    assert_int_equal(sum.prompt, 77);
    buf_fini(&body);
}

static void test_hostile(void **state)
{
    const struct slice body = SLICE_LIT(OPENING CHUNK("a") BILL DONE);
    struct usage_counter *c = usage_new(false, 10);
    uint8_t copy[1024];
    struct usage sum;

    (void)state;
    usage_feed(c, body); /* longer than its cap */
    usage_end(c, &sum);
    assert_int_equal(sum.source, USAGE_NONE);
    assert_int_equal(sum.bytes, body.len);
    usage_free(c);
    assert_true(body.len <= sizeof copy);
    for (size_t bit = 0; bit < body.len * 8; bit++) {
        memcpy(copy, body.ptr, body.len);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sum = count(true, slice_make(copy, body.len), 64);
        assert_int_equal(sum.bytes, body.len);
        sum = count(false, slice_make(copy, body.len), 64);
        assert_int_equal(sum.source, USAGE_NONE);
    }
    for (size_t len = 0; len < body.len; len++)
        assert_int_equal(count(true, slice_sub(body, 0, len), 64).bytes, len);
}

static void test_plausible(void **state)
{
    struct usage u = {.source = USAGE_ENGINE, .prompt = 5, .completion = 20, .text = 4};

    (void)state;
    assert_true(usage_plausible(&u));
    u.completion = 21;
    assert_false(usage_plausible(&u));
    u.completion = 1;
    u.cached = 6;
    assert_false(usage_plausible(&u));
    u.source = USAGE_COUNTED;
    assert_true(usage_plausible(&u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream),          cmocka_unit_test(test_sources),
        cmocka_unit_test(test_text_is_no_bill), cmocka_unit_test(test_other_shapes),
        cmocka_unit_test(test_large_answer),    cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_plausible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
