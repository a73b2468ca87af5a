/*
 * The real engine with the real model. This fails, never skips, when they are missing:
 * tools/get-engine and tools/get-model bring them.
 */
#include "backend/engine.h"

#include "backend/test.h"

#include <math.h>
#include <signal.h>

#include "backend/openai.h"
#include "codec/json.h"

#define QUESTION "\"messages\":[{\"role\":\"user\",\"content\":\"Name three colours.\"}]"
#define GREEDY   "\"temperature\":0,\"max_tokens\":16," QUESTION

static struct loop *loop;
static struct engine *engine, *second;
static struct backend *backend, *other;
static unsigned ready;

static void on_ready(void *owner)
{
    (void)owner;
    ready++;
    loop_stop(loop);
}

static void on_down(void *owner, cocoon_err why)
{
    (void)owner;
    fail_msg("the engine went down: %s", cocoon_err_name(why));
}

static const struct engine_events engine_events = {on_ready, on_down};

struct got {
    unsigned status;
    bool ended, streamed;
    struct buf body;
    struct usage usage;
};

static void got_head(void *owner, const struct openai_head *head)
{
    struct got *g = owner;

    g->status = head->status;
    g->streamed = head->streamed;
}

static void got_body(void *owner, struct slice bytes)
{
    buf_put(&((struct got *)owner)->body, bytes);
}

static void got_end(void *owner, const struct usage *usage)
{
    struct got *g = owner;

    g->usage = *usage;
    g->ended = true;
    loop_stop(loop);
}

static void got_abort(void *owner, cocoon_err why, const struct usage *usage)
{
    (void)owner;
    (void)usage;
    fail_msg("the answer broke off: %s", cocoon_err_name(why));
}

static void ask(struct backend *b, const char *target, const char *body, struct got *g)
{
    static const struct openai_events events = {got_head, got_body, got_end, got_abort};
    const struct openai_request request = {
        .method = slice_text(body[0] == '\0' ? "GET" : "POST"),
        .target = slice_text(target),
        .content_type = SLICE_LIT("application/json"),
        .body = slice_text(body),
    };

    *g = (struct got){.ended = false};
    buf_init(&g->body, 1 << 22);
    (void)openai_start(b, &request, &events, g);
    while (!g->ended)
        test_run(loop, 120);
}

/* The text of a chat answer: whole or streamed. */
static void put_text(struct slice json, const char *part, struct buf *out)
{
    const struct json *root, *choices, *message;
    struct arena arena;
    struct fail fail;
    struct slice text;

    arena_init(&arena, 1 << 22);
    assert_int_equal(json_parse(json, &arena, &root, &fail), OK);
    if (json_get_array(root, "choices", &choices) == OK && choices->first != NULL &&
        json_get_object(choices->first, part, &message) == OK &&
        json_get_text(message, "content", &text) == OK)
        buf_put(out, text);
    arena_fini(&arena);
}

static void chat(struct backend *b, bool streamed, struct buf *out, struct usage *usage)
{
    struct buf joined;
    struct sse_event event;
    struct sse sse;
    struct got g;

    ask(b, "/v1/chat/completions", streamed ? "{\"stream\":true," GREEDY "}" : "{" GREEDY "}", &g);
    assert_int_equal(g.status, 200);
    assert_int_equal(g.streamed, streamed);
    *usage = g.usage;
    buf_init(out, 4096);
    buf_init(&joined, 4096);
    sse_init(&sse);
    if (!streamed)
        put_text(buf_slice(&g.body), "message", out);
    while (streamed && sse_next(&sse, buf_slice(&g.body), true, &joined, &event)) {
        if (event.has_data && !slice_eq_text(event.data, "[DONE]"))
            put_text(event.data, "delta", out);
        buf_drop(&g.body, event.raw.len);
    }
    buf_fini(&joined);
    buf_fini(&g.body);
}

/* Whole, streamed, asked again, and asked of another instance: always the same words. */
static void test_same_answer(void **state)
{
    struct buf first, again;
    struct usage usage, usage_again;

    (void)state;
    chat(backend, false, &first, &usage);
    assert_true(first.len > 10);
    assert_int_equal(usage.source, USAGE_ENGINE);
    assert_true(usage.prompt > 10 && usage.completion > 0 && usage.completion <= 16);
    assert_int_equal(usage.cached, 0);
    for (int i = 0; i < 3; i++) {
        chat(i == 2 ? other : backend, i == 1, &again, &usage_again);
        assert_true(slice_eq(buf_slice(&first), buf_slice(&again)));
        assert_int_equal(usage_again.prompt, usage.prompt);
        assert_int_equal(usage_again.completion, usage.completion);
        assert_true(usage_plausible(&usage_again));
        buf_fini(&again);
    }
    buf_fini(&first);
}

/* Chat and embeddings from one process: vectors of length 1, alike for like texts. */
static void test_embeddings(void **state)
{
    const struct json *root, *data, *one;
    struct arena arena;
    struct fail fail;
    struct got g;
    double sum, x;

    (void)state;
    ask(backend, "/v1/embeddings", "{\"input\":[\"a cat\",\"a dog\"],\"model\":\"chat\"}", &g);
    assert_int_equal(g.status, 200);
    arena_init(&arena, 1 << 24);
    assert_int_equal(json_parse(buf_slice(&g.body), &arena, &root, &fail), OK);
    assert_int_equal(json_get_array(root, "data", &data), OK);
    assert_int_equal(data->count, 2);
    for (const struct json *item = data->first; item != NULL; item = item->next) {
        assert_int_equal(json_get_array(item, "embedding", &one), OK);
        assert_int_equal(one->count, 576);
        sum = 0;
        for (const struct json *v = one->first; v != NULL; v = v->next) {
            assert_int_equal(json_double(v, &x), OK);
            sum += x * x;
        }
        assert_true(fabs(sum - 1) < 1e-3);
    }
    assert_int_equal(g.usage.source, USAGE_ENGINE);
    assert_int_equal(g.usage.completion, 0);
    arena_fini(&arena);
    buf_fini(&g.body);
}

static void test_name_and_errors(void **state)
{
    struct got g;
    size_t at;

    (void)state;
    ask(backend, "/v1/models", "", &g);
    assert_true(slice_find_slice(buf_slice(&g.body), SLICE_LIT("\"id\":\"chat\""), &at));
    buf_fini(&g.body);
    ask(backend, "/v1/chat/completions", "{\"messages\":1}", &g);
    assert_true(g.status >= 400 && g.status < 500);
    assert_true(slice_find_slice(buf_slice(&g.body), SLICE_LIT("\"error\""), &at));
    buf_fini(&g.body);
    ask(backend, "/slots", "", &g); /* would show one caller's words to another */
    assert_true(g.status >= 400);
    buf_fini(&g.body);
}

static void leave_at_first_byte(void *owner, struct slice bytes)
{
    (void)bytes;
    openai_cancel(*(struct openai_call **)owner);
    loop_stop(loop);
}

static void ignore_head(void *owner, const struct openai_head *head)
{
    (void)owner;
    assert_int_equal(head->status, 200);
}

static uint64_t time_of_answer(void)
{
    struct usage usage;
    struct buf text;
    uint64_t from = loop_now(loop);

    chat(backend, false, &text, &usage);
    buf_fini(&text);
    return loop_now(loop) - from;
}

/* A caller who leaves gives the only slot back: the next one does not wait for 900 tokens. */
static void test_cancel(void **state)
{
    static const struct openai_events events = {ignore_head, leave_at_first_byte, got_end,
                                                got_abort};
    const struct openai_request request = {
        .method = SLICE_LIT("POST"),
        .target = SLICE_LIT("/v1/chat/completions"),
        .body = SLICE_LIT("{\"stream\":true,\"ignore_eos\":true,\"max_tokens\":900," QUESTION "}"),
    };
    uint64_t alone = time_of_answer();
    struct openai_call *call;

    (void)state;
    call = openai_start(backend, &request, &events, &call);
    test_run(loop, 120);
    assert_true(time_of_answer() < 20 * alone + 1000);
}

/* docs/spec/model.md prints this digest. */
static void test_digest(void **state)
{
    struct digest digest;
    struct buf text;

    (void)state;
    (void)engine_model_manifest(engine, &digest);
    buf_init(&text, 100);
    digest_put(&text, &digest);
    assert_string_equal(buf_cstr(&text),
                        "sha256:de77e9875e1fb787459b1fbf2366f35cfa6a856aa4125a432ccff919dd96b4d9");
    buf_fini(&text);
}

/* The kernel's own account of what holds the child. */
static void test_confined(void **state)
{
    static const char *const lines[] = {"\nNoNewPrivs:\t1\n", "\nSeccomp:\t2\n",
                                        "\nCapPrm:\t0000000000000000\n",
                                        "\nCapBnd:\t0000000000000000\n"};
    static const char *const worlds[] = {"mnt", "pid", "net", "ipc", "uts"};
    char path[64], ours[64], theirs[64];
    struct buf status;
    ssize_t n, m;

    (void)state;
    snprintf(path, sizeof path, "/proc/%d/status", (int)engine_pid(engine));
    assert_true(test_read_file(path, &status));
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        if (strstr(buf_cstr(&status), lines[i]) == NULL)
            fail_msg("not in its status: %s", lines[i]);
    buf_fini(&status);
    for (size_t i = 0; i < COUNT_OF(worlds); i++) {
        snprintf(path, sizeof path, "/proc/self/ns/%s", worlds[i]);
        n = readlink(path, ours, sizeof ours);
        snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)engine_pid(engine), worlds[i]);
        m = readlink(path, theirs, sizeof theirs);
        assert_true(n > 0 && m > 0);
        assert_false(n == m && memcmp(ours, theirs, (size_t)n) == 0);
    }
}

static struct engine *begin(const char *dir)
{
    char program[ENGINE_PATH_MAX], model[ENGINE_PATH_MAX];
    struct engine_params params = {.alias = "chat", .dir = dir, .context = 1024};
    struct engine *e = NULL;
    struct fail fail = {OK, 0, ""};

    if (engine_find_program(program) != OK || engine_find_model(model) != OK) {
        fprintf(stderr, "FAILED: no %s and %s: run tools/get-engine and tools/get-model\n", program,
                model);
        exit(1);
    }
    params.program = program;
    params.model = model;
    if (engine_new(loop, &params, &engine_events, NULL, &e, &fail) != OK)
        fail_msg("%s (%zu)", fail.what, fail.offset);
    return e;
}

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(test_place));
    assert_int_equal(loop_new(&loop), OK);
    engine = begin(test_path("one"));
    second = begin(test_path("two"));
    backend = backend_of_engine(loop, engine);
    other = backend_of_engine(loop, second);
    while (ready < 2)
        test_run(loop, 60);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    backend_free(other);
    backend_free(backend);
    engine_free(second);
    engine_free(engine);
    loop_free(loop);
    (void)rmdir(test_path("one"));
    (void)rmdir(test_path("two"));
    (void)rmdir(test_place);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_answer),     cmocka_unit_test(test_embeddings),
        cmocka_unit_test(test_name_and_errors), cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_digest),          cmocka_unit_test(test_confined),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, setup, teardown);
}
