/*
 * The life of an engine:
 *
 *      start ──▶ LOADING ──/health says 200──▶ READY
 *        ▲          │ died, or too slow          │ died, or three checks missed
 *        └──────────┴───── RESTING ◀─────────────┘
 *
 * RESTING waits a back-off. One timer serves all states: the next look at /health, or the end of
 * the rest. The child's pidfd tells of its death.
 */
#include "backend/engine.h"

#include <fcntl.h>
#include <unistd.h>

#include "backend/engine_launch.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

enum {
    HEALTH_MS = 2 * 1000,  /* for one answer of /health */
    HEALTH_MAX = 4 * 1024, /* bytes of it */
    MISSES_MAX = 3,
    SAID_MAX = 16 * 1024, /* kept of what it says while it loads */
    LAST_READS = 16,      /* of what it said before it died */
    BACKOFF_STEPS = 16,   /* doublings: beyond any maximum */
};

enum engine_state { ENGINE_RESTING, ENGINE_LOADING, ENGINE_READY };

struct engine {
    struct loop *loop;
    const struct engine_events *events;
    void *owner;
    struct engine_launch launch;
    enum engine_state state;
    struct sandbox_child child;
    struct loop_fd *death;  /* watches the child */
    struct loop_fd *output; /* what it prints: output_fd */
    int output_fd;
    unsigned check_ms;
    struct loop_timer timer;
    struct http_peer *peer;
    struct http_fetch *look; /* at /health, under way */
    uint64_t since;          /* when the present state began */
    unsigned misses;         /* checks without an answer, in a row */
    unsigned deaths;         /* in a row, for the back-off */
    struct buf said;
};

static void set_state(struct engine *e, enum engine_state state)
{
    e->state = state;
    e->since = loop_now(e->loop);
    e->misses = 0;
}

/* End the present life and its watches. */
static void let_go(struct engine *e)
{
    http_fetch_cancel(e->look);
    e->look = NULL;
    loop_fd_free(e->death);
    e->death = NULL;
    loop_fd_free(e->output);
    e->output = NULL;
    sandbox_kill(&e->child);
}

/*
 * Keep what it says until it is ready: no caller has spoken yet. Later lines may hold callers'
 * words, so they are thrown away, but read, or it would wait for its reader some day.
 */
static bool read_output(struct engine *e)
{
    uint8_t block[4096];
    ssize_t n = read(e->output_fd, block, sizeof block);

    if (n > 0 && e->state == ENGINE_LOADING) {
        if (e->said.len + (size_t)n > SAID_MAX)
            buf_clear(&e->said);
        buf_put(&e->said, slice_make(block, (size_t)n));
    }
    return n > 0;
}

static void on_output(void *owner, unsigned ready)
{
    struct engine *e = owner;

    (void)ready;
    if (!read_output(e))
        loop_fd_want(e->output, 0); /* it closed its output; its death comes by another way */
}

/* The last line of `text` that is not empty. */
static struct slice last_line(struct slice text)
{
    struct slice last = {NULL, 0}, line;

    while (text.len > 0) {
        line = slice_trim(slice_cut(&text, '\n'));
        if (line.len > 0)
            last = line;
    }
    return last;
}

static void log_fall(struct engine *e, cocoon_err why)
{
    struct log_line line = log_begin(LOG_WARN, "engine_down");

    for (int i = 0; i < LAST_READS && e->output != NULL && read_output(e); i++)
        continue;
    log_err(&line, why);
    log_u64(&line, "deaths", e->deaths + 1);
    if (e->said.len > 0)
        log_text(&line, "said", last_line(buf_slice(&e->said)));
    log_end(&line);
}

/* This life is over: rest, then start again. */
static void fall(struct engine *e, cocoon_err why)
{
    bool was_ready = e->state == ENGINE_READY;
    uint64_t rest;

    if (was_ready && loop_now(e->loop) - e->since >= ENGINE_WELL_MS)
        e->deaths = 0;
    log_fall(e, why);
    let_go(e);
    rest = (uint64_t)ENGINE_BACKOFF_MIN_MS << num_min(e->deaths, BACKOFF_STEPS);
    e->deaths++;
    set_state(e, ENGINE_RESTING);
    loop_timer_set(&e->timer, num_min(rest, ENGINE_BACKOFF_MAX_MS));
    if (was_ready)
        e->events->on_down(e->owner, why);
}

static void on_death(void *owner, unsigned ready)
{
    (void)ready;
    fall(owner, ERR_ENGINE);
}

static void rise(struct engine *e)
{
    struct log_line line = log_begin(LOG_INFO, "engine_ready");

    log_u64(&line, "load_ms", loop_now(e->loop) - e->since);
    log_end(&line);
    buf_clear(&e->said);
    set_state(e, ENGINE_READY);
    loop_timer_set(&e->timer, e->check_ms);
    e->events->on_ready(e->owner);
}

static void on_health(void *owner, cocoon_err err, const struct http_response *head,
                      struct slice body)
{
    struct engine *e = owner;
    bool well = err == OK && head->status == 200;

    (void)body;
    e->look = NULL;
    if (e->state == ENGINE_LOADING && well) {
        rise(e);
    } else if (e->state == ENGINE_LOADING) {
        loop_timer_set(&e->timer, ENGINE_POLL_MS);
    } else {
        e->misses = well ? 0 : e->misses + 1;
        if (e->misses == MISSES_MAX)
            fall(e, ERR_TIMEOUT);
        else
            loop_timer_set(&e->timer, e->check_ms);
    }
}

static void look_at_health(struct engine *e)
{
    const struct http_call_params get = {
        .method = SLICE_LIT("GET"),
        .target = SLICE_LIT("/health"),
        .authority = SLICE_LIT("engine"),
        .fresh = true,
        .first_ms = HEALTH_MS,
        .whole_ms = HEALTH_MS,
    };

    e->look = http_fetch(e->peer, &get, (struct slice){NULL, 0}, HEALTH_MAX, on_health, e);
}

/* Watch the child's death and what it prints to `output`; the loop closes what it watches. */
static cocoon_err watch(struct engine *e, int output)
{
    int copy = fcntl(e->child.pidfd, F_DUPFD_CLOEXEC, 0);
    cocoon_err err = loop_fd_new(e->loop, copy, on_death, e, &e->death);

    if (err == OK)
        loop_fd_want(e->death, LOOP_READ);
    else
        close(copy);
    if (err == OK)
        err = loop_fd_new(e->loop, output, on_output, e, &e->output);
    if (err != OK) {
        close(output);
        return err;
    }
    e->output_fd = output;
    loop_fd_want(e->output, LOOP_READ);
    return OK;
}

/* Begin a life. On error nothing runs. */
static cocoon_err live(struct engine *e, struct fail *fail)
{
    int pair[2];
    cocoon_err err;

    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) != 0)
        return fail_set(fail, ERR_IO, 0, "a pipe for the engine's output");
    err = engine_launch_start(&e->launch, pair[1], &e->child, fail);
    close(pair[1]);
    if (err != OK) {
        close(pair[0]);
        return err;
    }
    if ((err = watch(e, pair[0])) != OK) {
        let_go(e);
        return fail_set(fail, err, 0, "watching the engine");
    }
    buf_clear(&e->said);
    set_state(e, ENGINE_LOADING);
    loop_timer_set(&e->timer, ENGINE_POLL_MS);
    return OK;
}

static void on_timer(void *owner)
{
    struct engine *e = owner;
    struct fail fail;

    if (e->state == ENGINE_RESTING && live(e, &fail) != OK)
        fall(e, fail.code);
    else if (e->state == ENGINE_LOADING && loop_now(e->loop) - e->since > ENGINE_START_MS)
        fall(e, ERR_TIMEOUT);
    else if (e->state != ENGINE_RESTING && e->look == NULL)
        look_at_health(e);
}

cocoon_err engine_new(struct loop *loop, const struct engine_params *params,
                      const struct engine_events *events, void *owner, struct engine **out,
                      struct fail *fail)
{
    struct engine *e = MEM_NEW(struct engine);
    cocoon_err err;

    e->loop = loop;
    e->events = events;
    e->owner = owner;
    e->child.pidfd = -1;
    e->check_ms = params->check_ms != 0 ? params->check_ms : ENGINE_CHECK_MS;
    buf_init(&e->said, SAID_MAX);
    loop_timer_init(&e->timer, loop, on_timer, e);
    if ((err = engine_launch_prepare(&e->launch, params, fail)) != OK)
        goto done;
    e->peer = http_peer_new(loop, &(struct http_peer_params){.at = e->launch.at});
    err = live(e, fail);
done:
    if (err != OK)
        engine_free(e);
    else
        *out = e;
    return err;
}

cocoon_err engine_describe(const struct engine_params *params, struct digest *model,
                           struct digest *engine, struct fail *fail)
{
    struct engine_launch *launch = MEM_NEW(struct engine_launch);
    cocoon_err err = engine_launch_describe(launch, params, fail);

    *model = launch->model_digest;
    *engine = launch->program_digest;
    engine_launch_fini(launch);
    mem_free(launch);
    return err;
}

void engine_free(struct engine *e)
{
    if (e == NULL)
        return;
    let_go(e);
    loop_timer_stop(&e->timer);
    http_peer_free(e->peer);
    engine_launch_fini(&e->launch);
    buf_fini(&e->said);
    mem_free(e);
}

bool engine_ready(const struct engine *e)
{
    return e->state == ENGINE_READY;
}

const struct addr *engine_addr(const struct engine *e)
{
    return &e->launch.at;
}

pid_t engine_pid(const struct engine *e)
{
    return e->child.pid;
}

struct slice engine_model_manifest(const struct engine *e, struct digest *digest)
{
    *digest = e->launch.model_digest;
    return buf_slice(&e->launch.model_manifest);
}

struct slice engine_program_manifest(const struct engine *e, struct digest *digest)
{
    *digest = e->launch.program_digest;
    return buf_slice(&e->launch.program_manifest);
}
