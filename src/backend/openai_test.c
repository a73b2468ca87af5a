#include "backend/openai.h"

#include "backend/test.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/limits.h"

static const char *fake_engine; /* argv[1] */
static pid_t engine;
static struct loop *loop;
static struct backend *backend;

/* What one call brought. */
struct got {
    struct openai_call *call;
    unsigned status, heads;
    bool ours, streamed, ended, aborted;
    cocoon_err why;
    struct buf body;
    struct usage usage;
    bool pause_first;
    struct loop_timer later;
};

static void over(struct got *g)
{
    g->call = NULL;
    loop_stop(loop);
}

static void on_head(void *owner, const struct openai_head *head)
{
    struct got *g = owner;

    g->heads++;
    g->status = head->status;
    g->ours = head->ours;
    g->streamed = head->streamed;
    if (g->pause_first) {
        openai_pause(g->call);
        loop_timer_set(&g->later, 50);
    }
}

static void on_body(void *owner, struct slice bytes)
{
    struct got *g = owner;

    buf_put(&g->body, bytes);
}

static void on_end(void *owner, const struct usage *usage)
{
    struct got *g = owner;

    g->ended = true;
    g->usage = *usage;
    over(g);
}

static void on_abort(void *owner, cocoon_err why, const struct usage *usage)
{
    struct got *g = owner;

    g->aborted = true;
    g->why = why;
    g->usage = *usage;
    over(g);
}

static const struct openai_events events = {on_head, on_body, on_end, on_abort};

static void resume(void *owner)
{
    struct got *g = owner;

    assert_int_equal(g->body.len, 0);
    openai_resume(g->call);
}

static void got_init(struct got *g)
{
    *g = (struct got){.heads = 0};
    buf_init(&g->body, LIMIT_RESPONSE_BODY);
    loop_timer_init(&g->later, loop, resume, g);
}

static void run(struct got *g, const char *method, const char *target, const char *body,
                uint32_t first_ms)
{
    const struct openai_request request = {
        .method = slice_text(method),
        .target = slice_text(target),
        .content_type = SLICE_LIT("application/json"),
        .body = slice_text(body),
        .first_ms = first_ms,
    };

    g->call = openai_start(backend, &request, &events, g);
    test_run(loop, 20);
}

static void chat(struct got *g, const char *body)
{
    run(g, "POST", "/v1/chat/completions", body, 0);
}

/* The fake engine's own counts. */
static void counters(uint64_t *calls, uint64_t *cut)
{
    struct got g;
    char text[64];

    got_init(&g);
    run(&g, "GET", "/counters", "", 0);
    assert_int_equal(slice_cstr(buf_slice(&g.body), text, sizeof text), OK);
    assert_int_equal(sscanf(text, "{\"calls\":%lu,\"cut\":%lu}", calls, cut), 2);
    buf_fini(&g.body);
}

static void test_whole(void **state)
{
    struct got g;

    (void)state;
    got_init(&g);
    chat(&g, "{\"messages\":[]}");
    assert_true(g.ended && !g.ours && !g.streamed);
    assert_int_equal(g.status, 200);
    assert_int_equal(g.usage.source, USAGE_ENGINE);
    assert_int_equal(g.usage.prompt, 4);
    assert_int_equal(g.usage.completion, 1);
    buf_fini(&g.body);
}

static void test_stream(void **state)
{
    struct got g;
    size_t at;

    (void)state;
    got_init(&g);
    g.pause_first = true;
    chat(&g, "{\"stream\":true}");
    assert_true(g.ended && g.streamed);
    assert_true(slice_find_slice(buf_slice(&g.body), SLICE_LIT("Hello"), &at));
    assert_true(slice_ends(buf_slice(&g.body), SLICE_LIT("data: [DONE]\n\n")));
    assert_int_equal(g.usage.chunks, 2);
    assert_int_equal(g.usage.completion, 2);
    assert_true(g.usage.done);
    buf_fini(&g.body);
}

/* The engine promises to keep connections and closes them: no request may be lost by it. */
static void test_quirk(void **state)
{
    static const char *const bodies[] = {"{\"stream\":true}", "{\"a\":1}"};
    uint64_t before, after, cut;

    (void)state;
    counters(&before, &cut);
    for (int i = 0; i < 20; i++) {
        struct got g;

        got_init(&g);
        if (i % 3 == 2)
            run(&g, "GET", "/v1/models", "", 0);
        else
            chat(&g, bodies[i % 3]);
        assert_true(g.ended);
        assert_int_equal(g.status, 200);
        buf_fini(&g.body);
    }
    counters(&after, &cut);
    assert_int_equal(after - before, 14); /* each POST reached it exactly once */
}

/* What the engine says about a request is the caller's to read. */
static void test_engine_refuses(void **state)
{
    struct got g;

    (void)state;
    got_init(&g);
    chat(&g, "refuse");
    assert_int_equal(g.status, 400);
    assert_false(g.ours);
    assert_true(slice_eq_text(buf_slice(&g.body), "{\"error\":{\"message\":\"no\",\"code\":400}}"));
    buf_clear(&g.body);
    run(&g, "GET", "/v1/none", "", 0);
    assert_int_equal(g.status, 404);
    buf_fini(&g.body);
}

/* Wait until the engine noticed `more` callers leave since `before`. */
static void wait_for_cuts(uint64_t before, uint64_t more)
{
    uint64_t calls, now = before;

    for (int i = 0; i < 1000 && now < before + more; i++) {
        poll(NULL, 0, 10);
        counters(&calls, &now);
    }
    assert_int_equal(now - before, more);
}

static void test_own_errors(void **state)
{
    static const struct {
        const char *body;
        unsigned status;
        const char *code;
    } cases[] = {
        {"hang up", 503, "\"code\":\"engine_unavailable\""},
        {"{\"stream\":true,\"x\":\"hang up\"}", 503, "\"code\":\"engine_unavailable\""},
        {"stall", 504, "\"code\":\"engine_timeout\""},
        {"babble", 502, "\"code\":\"engine_error\""},
    };
    uint64_t calls, cut;
    size_t at;

    (void)state;
    counters(&calls, &cut);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct got g;

        got_init(&g);
        run(&g, "POST", "/v1/chat/completions", cases[i].body, 300);
        assert_true(g.ended && g.ours);
        assert_int_equal(g.status, cases[i].status);
        assert_true(slice_find_slice(buf_slice(&g.body), slice_text(cases[i].code), &at));
        assert_int_equal(g.usage.source, USAGE_NONE);
        buf_fini(&g.body);
    }
    wait_for_cuts(cut, 1); /* the deadline stops the engine as well */
}

static void test_breaks_off(void **state)
{
    struct got g;

    (void)state;
    got_init(&g);
    chat(&g, "{\"stream\":true,\"x\":\"break off\"}");
    assert_true(g.aborted);
    assert_int_equal(g.why, ERR_CLOSED);
    assert_int_equal(g.heads, 1);
    assert_int_equal(g.usage.chunks, 1);
    assert_false(g.usage.done);
    buf_fini(&g.body);
}

static void test_huge(void **state)
{
    uint64_t calls, cut;
    struct got g;

    (void)state;
    counters(&calls, &cut);
    got_init(&g);
    chat(&g, "huge");
    assert_true(g.aborted);
    assert_int_equal(g.why, ERR_LIMIT);
    assert_true(g.usage.bytes <= LIMIT_RESPONSE_BODY);
    buf_fini(&g.body);
    wait_for_cuts(cut, 1);
}

static void test_nobody_there(void **state)
{
    struct backend *there = backend;
    struct got g;

    (void)state;
    assert_int_equal(backend_of_url(loop, SLICE_LIT("unix:/tmp/backend_test_none"),
                                    (struct slice){NULL, 0}, &backend),
                     OK);
    got_init(&g);
    chat(&g, "{}");
    assert_true(g.ours);
    assert_int_equal(g.status, 503);
    buf_fini(&g.body);
    backend_free(backend);
    backend = there;
}

static void test_urls(void **state)
{
    static const struct {
        const char *url;
        cocoon_err err;
    } cases[] = {
        {"http://127.0.0.1:8000", OK},
        {"http://127.0.0.1:8000/v1/", OK},
        {"http://name.example", OK},
        {"http://[::1]", OK},
        {"http://[::1]:80/prefix", OK},
        {"https://name.example/a/b", OK},
        {"", ERR_CONFIG},
        {"ftp://x", ERR_CONFIG},
        {"http://", ERR_CONFIG},
        {"http:///v1", ERR_CONFIG},
        {"http://user@host", ERR_CONFIG},
        {"http://host?x", ERR_CONFIG},
        {"http://host:99999", ERR_CONFIG},
        {"unix:", ERR_CONFIG},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct backend *b = NULL;

        if (backend_of_url(loop, slice_text(cases[i].url), (struct slice){NULL, 0}, &b) !=
            cases[i].err)
            fail_msg("%s", cases[i].url);
        backend_free(b);
    }
}

static void test_key(void **state)
{
    struct backend *without = backend, *bad;
    char url[160];
    struct got g;

    (void)state;
    snprintf(url, sizeof url, "unix:%s", test_path("sock"));
    assert_int_equal(backend_of_url(loop, slice_text(url), SLICE_LIT("a\r\nb"), &bad), ERR_CONFIG);
    assert_int_equal(backend_of_url(loop, slice_text(url), SLICE_LIT("key"), &backend), OK);
    assert_null(backend_model_digest(backend));
    assert_null(backend_engine_digest(backend));
    got_init(&g);
    run(&g, "GET", "/whoami", "", 0);
    assert_true(slice_eq_text(buf_slice(&g.body), "\"known\""));
    backend_free(backend);
    backend = without;
    buf_clear(&g.body);
    run(&g, "GET", "/whoami", "", 0);
    assert_true(slice_eq_text(buf_slice(&g.body), "\"unknown\""));
    buf_fini(&g.body);
}

static int setup(void **state)
{
    char url[160];

    (void)state;
    assert_non_null(mkdtemp(test_place));
    test_write(test_path("model"), "well");
    engine = fork();
    if (engine == 0) {
        execl(fake_engine, fake_engine, "--model", test_path("model"), "--host", test_path("sock"),
              NULL);
        _exit(127);
    }
    for (int i = 0; i < 1000 && access(test_path("sock"), F_OK) != 0; i++)
        poll(NULL, 0, 10);
    assert_int_equal(loop_new(&loop), OK);
    snprintf(url, sizeof url, "unix:%s", test_path("sock"));
    assert_int_equal(backend_of_url(loop, slice_text(url), (struct slice){NULL, 0}, &backend), OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    backend_free(backend);
    loop_free(loop);
    kill(engine, SIGKILL);
    waitpid(engine, NULL, 0);
    (void)unlink(test_path("sock"));
    (void)unlink(test_path("model"));
    (void)rmdir(test_place);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),      cmocka_unit_test(test_stream),
        cmocka_unit_test(test_quirk),      cmocka_unit_test(test_engine_refuses),
        cmocka_unit_test(test_own_errors), cmocka_unit_test(test_breaks_off),
        cmocka_unit_test(test_huge),       cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_urls),       cmocka_unit_test(test_key),
    };

    if (argc != 2)
        return 2;
    fake_engine = argv[1];
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, setup, teardown);
}
