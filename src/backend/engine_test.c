/* The life of an engine, with a stand-in that dies, dawdles and goes deaf. */
#include "backend/engine.h"

#include "backend/test.h"

#include <fcntl.h>
#include <signal.h>

#include "backend/openai.h"
#include "codec/json.h"

static const char *fake_engine; /* argv[1] */
static struct loop *loop;

struct seen {
    unsigned ready, down;
    cocoon_err why;
};

static void on_ready(void *owner)
{
    struct seen *seen = owner;

    seen->ready++;
    loop_stop(loop);
}

static void on_down(void *owner, cocoon_err why)
{
    struct seen *seen = owner;

    seen->down++;
    seen->why = why;
    loop_stop(loop);
}

static const struct engine_events events = {on_ready, on_down};

static struct engine *begin(const char *life, struct seen *seen)
{
    struct engine *e = NULL;
    struct fail fail = {OK, 0, ""};
    const struct engine_params params = {
        .program = fake_engine,
        .model = test_path("model"),
        .alias = "fake",
        .dir = test_path("run"),
        .check_ms = 50,
    };

    *seen = (struct seen){0};
    test_write(test_path("model"), life);
    if (engine_new(loop, &params, &events, seen, &e, &fail) != OK)
        fail_msg("%s (%zu)", fail.what, fail.offset);
    return e;
}

static void test_starts_and_restarts(void **state)
{
    struct seen seen;
    struct engine *e = begin("well", &seen);
    pid_t first;

    (void)state;
    assert_false(engine_ready(e));
    test_run(loop, 20);
    assert_int_equal(seen.ready, 1);
    assert_true(engine_ready(e));
    first = engine_pid(e);
    assert_true(first > 0);
    kill(first, SIGKILL);
    test_run(loop, 20);
    assert_int_equal(seen.down, 1);
    assert_int_equal(seen.why, ERR_ENGINE);
    assert_false(engine_ready(e));
    assert_int_equal(engine_pid(e), 0);
    test_run(loop, 20);
    assert_int_equal(seen.ready, 2);
    assert_int_not_equal(engine_pid(e), first);
    engine_free(e);
    assert_int_equal(kill(first, 0), -1);
    assert_int_equal(access(test_path("run/engine.sock"), F_OK), -1);
}

static void test_slow_start(void **state)
{
    struct seen seen;
    struct engine *e = begin("slow", &seen);
    uint64_t from = loop_now(loop);

    (void)state;
    test_run(loop, 20);
    assert_int_equal(seen.ready, 1);
    assert_true(loop_now(loop) - from >= 150);
    engine_free(e);
}

/* It still runs, but answers nobody: the same as dead. */
static void test_deaf(void **state)
{
    struct seen seen;
    struct engine *e = begin("mute", &seen);

    (void)state;
    test_run(loop, 20);
    assert_int_equal(seen.ready, 1);
    test_run(loop, 30);
    assert_int_equal(seen.down, 1);
    assert_int_equal(seen.why, ERR_TIMEOUT);
    engine_free(e);
}

static void stop(void *owner)
{
    (void)owner;
    loop_stop(loop);
}

/* Each rest is twice the last: in 1.5 s there is time for starts at 0, 250 and 750 ms. */
static void test_backs_off(void **state)
{
    struct loop_timer timer;
    struct seen seen;
    struct engine *e = begin("crash", &seen);
    char text[4096];
    int pair[2], kept = dup(STDERR_FILENO);
    ssize_t n;

    (void)state;
    assert_int_equal(pipe2(pair, O_NONBLOCK), 0);
    dup2(pair[1], STDERR_FILENO);
    loop_timer_init(&timer, loop, stop, NULL);
    loop_timer_set(&timer, 1500);
    test_run(loop, 20);
    dup2(kept, STDERR_FILENO);
    close(kept);
    n = read(pair[0], text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "engine_down"));
    assert_non_null(strstr(text, "deaths=1"));
    assert_non_null(strstr(text, "deaths=2"));
    assert_null(strstr(text, "deaths=5"));
    assert_non_null(strstr(text, "no such tensor")); /* why, in its own words */
    assert_int_equal(seen.ready, 0);
    assert_int_equal(seen.down, 0);
    close(pair[0]);
    close(pair[1]);
    engine_free(e);
}

struct answer {
    unsigned status;
    bool ended;
};

static void answer_head(void *owner, const struct openai_head *head)
{
    ((struct answer *)owner)->status = head->status;
}

static void answer_body(void *owner, struct slice bytes)
{
    (void)owner;
    (void)bytes;
}

static void answer_end(void *owner, const struct usage *usage)
{
    (void)usage;
    ((struct answer *)owner)->ended = true;
    loop_stop(loop);
}

static void answer_abort(void *owner, cocoon_err why, const struct usage *usage)
{
    (void)owner;
    (void)why;
    (void)usage;
    loop_stop(loop);
}

static unsigned ask(struct backend *b)
{
    static const struct openai_events answer_events = {answer_head, answer_body, answer_end,
                                                       answer_abort};
    const struct openai_request request = {
        .method = SLICE_LIT("POST"),
        .target = SLICE_LIT("/v1/chat/completions"),
        .body = SLICE_LIT("{}"),
    };
    struct answer answer = {0, false};

    (void)openai_start(b, &request, &answer_events, &answer);
    while (!answer.ended)
        test_run(loop, 20);
    return answer.status;
}

/* A caller is told at once that there is no engine, and served again when it is back. */
static void test_backend(void **state)
{
    struct seen seen;
    struct engine *e = begin("well", &seen);
    struct backend *b = backend_of_engine(loop, e);
    struct digest model, program;

    (void)state;
    assert_int_equal(backend_state(b), BACKEND_STARTING);
    assert_int_equal(ask(b), 503);
    while (seen.ready < 1)
        test_run(loop, 20);
    assert_int_equal(backend_state(b), BACKEND_READY);
    assert_int_equal(ask(b), 200);
    kill(engine_pid(e), SIGKILL);
    while (seen.down < 1)
        test_run(loop, 20);
    assert_int_equal(ask(b), 503);
    while (seen.ready < 2)
        test_run(loop, 20);
    assert_int_equal(ask(b), 200);
    (void)engine_model_manifest(e, &model);
    (void)engine_program_manifest(e, &program);
    assert_true(digest_eq(backend_model_digest(b), &model));
    assert_true(digest_eq(backend_engine_digest(b), &program));
    backend_free(b);
    engine_free(e);
}

/* It dies in the middle of a request: the caller hears, and it comes back. */
static void test_mortal(void **state)
{
    struct seen seen;
    struct engine *e = begin("mortal", &seen);
    struct backend *b = backend_of_engine(loop, e);

    (void)state;
    while (seen.ready < 1)
        test_run(loop, 20);
    assert_int_equal(ask(b), 503);
    while (seen.ready < 2)
        test_run(loop, 20);
    assert_int_equal(seen.down, 1);
    backend_free(b);
    engine_free(e);
}

static void test_manifests(void **state)
{
    struct seen seen;
    struct engine *e = begin("well", &seen);
    struct digest digest, expected;
    struct slice text = engine_model_manifest(e, &digest);
    const struct json *root, *args;
    struct arena arena;
    struct fail fail;
    size_t at;

    (void)state;
    sha256(text, &expected);
    assert_true(digest_eq(&digest, &expected));
    assert_true(slice_find_slice(text, SLICE_LIT("\"name\":\"model\""), &at));
    text = engine_program_manifest(e, &digest);
    arena_init(&arena, 1 << 20);
    assert_int_equal(json_parse(text, &arena, &root, &fail), OK);
    assert_int_equal(json_get_array(root, "args", &args), OK);
    assert_false(slice_find_slice(text, slice_text(test_place), &at)); /* no path of the host */
    assert_false(slice_find_slice(text, SLICE_LIT("THREADS"), &at));
    arena_fini(&arena);
    engine_free(e);
}

static void test_refusals(void **state)
{
    struct engine_params params = {.program = fake_engine,
                                   .model = "/tmp/backend_test_none",
                                   .alias = "x",
                                   .dir = test_path("run")};
    struct engine *e;
    struct fail fail;
    struct seen seen;

    (void)state;
    assert_int_equal(engine_new(loop, &params, &events, &seen, &e, &fail), ERR_NOT_FOUND);
    assert_string_equal(fail.what, "the model file");
    params.model = test_path("model");
    params.program = "/tmp/backend_test_none";
    assert_int_equal(engine_new(loop, &params, &events, &seen, &e, &fail), ERR_NOT_FOUND);
    assert_string_equal(fail.what, "the engine's program");
    params.program = test_path("model"); /* not a program */
    assert_int_equal(engine_new(loop, &params, &events, &seen, &e, &fail), ERR_SANDBOX);
    params.dir = "/proc/none/run";
    assert_int_equal(engine_new(loop, &params, &events, &seen, &e, &fail), ERR_IO);
}

static void test_find(void **state)
{
    char path[ENGINE_PATH_MAX];

    (void)state;
    setenv("COCOON_MODEL", test_path("model"), 1);
    assert_int_equal(engine_find_model(path), OK);
    assert_string_equal(path, test_path("model"));
    unsetenv("COCOON_MODEL");
    setenv("COCOON_CACHE", test_place, 1);
    assert_int_equal(engine_find_program(path), ERR_NOT_FOUND);
    assert_string_equal(path, test_path("engine/llama-server"));
    unsetenv("COCOON_CACHE");
    setenv("XDG_CACHE_HOME", test_place, 1);
    assert_int_equal(engine_find_model(path), ERR_NOT_FOUND);
    assert_string_equal(path, test_path("cocoon/models/SmolLM2-135M-Instruct.Q4_1.gguf"));
    unsetenv("XDG_CACHE_HOME");
}

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(test_place));
    test_write(test_path("model"), "well");
    return loop_new(&loop) == OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loop_free(loop);
    (void)unlink(test_path("model"));
    (void)rmdir(test_path("run"));
    (void)rmdir(test_place);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_and_restarts),
        cmocka_unit_test(test_slow_start),
        cmocka_unit_test(test_deaf),
        cmocka_unit_test(test_backs_off),
        cmocka_unit_test(test_backend),
        cmocka_unit_test(test_mortal),
        cmocka_unit_test(test_manifests),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_find),
    };

    if (argc != 2)
        return 2;
    fake_engine = argv[1];
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, setup, teardown);
}
