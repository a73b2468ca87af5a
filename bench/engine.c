/*
 * A trivial inference engine, to measure everything but inference: it answers any POST at once,
 * with one JSON object or, when the request says "stream":true, with a stream of server-sent
 * events.
 *
 *   bench-engine --listen ADDR [--chunks N] [--pause MS] [--tls-cert DER --tls-key DER]
 *
 * Speaks HTTP/1.1 and HTTP/2. Prints "listening ADDR" once it does. GET answers "ok".
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/http_server.h"

enum { ENGINE_BODY_MAX = 32 * 1024 * 1024, ENGINE_FILE_MAX = 64 * 1024 };

struct engine {
    struct loop *loop;
    uint64_t chunks, pause_ms;
};

/* One streamed answer. */
struct flow {
    struct engine *engine;
    struct http_exchange *x;
    struct loop_timer timer;
    uint64_t sent;
    bool full;
};

static const char completion[] =
    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,"
    "\"model\":\"bench\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
    "\"content\":\"One day, she saw a big, red ball. She wanted to play with it, but it was too "
    "high. She asked her mom for help.\"},\"finish_reason\":\"stop\"}],\"usage\":{"
    "\"prompt_tokens\":12,\"completion_tokens\":34,\"total_tokens\":46}}";

static const char event[] =
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
    "\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},"
    "\"finish_reason\":null}]}\n\n";

static const char last_events[] =
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
    "\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":50,\"total_tokens\":62}}\n\n"
    "data: [DONE]\n\n";

static void flow_more(void *owner)
{
    struct flow *f = owner;
    bool go_on = true;

    while (go_on && f->sent < f->engine->chunks) {
        f->sent++;
        go_on = http_exchange_write(f->x, slice_text(event));
        if (f->engine->pause_ms > 0) {
            loop_timer_set(&f->timer, f->engine->pause_ms);
            return;
        }
    }
    if (f->sent < f->engine->chunks)
        return; /* flow_drained goes on */
    http_exchange_write(f->x, slice_text(last_events));
    http_exchange_end(f->x, HTTP_NO_FIELDS);
}

static void flow_drained(void *owner)
{
    struct flow *f = owner;

    if (f->engine->pause_ms == 0)
        flow_more(f);
}

static void flow_done(void *owner, cocoon_err why)
{
    struct flow *f = owner;

    (void)why;
    loop_timer_stop(&f->timer);
}

static const struct http_exchange_events flow_events = {.on_drained = flow_drained,
                                                        .on_done = flow_done};

static void engine_answer(void *owner, struct slice body)
{
    static const struct http_field stream_fields[] = {
        {SLICE_INIT("content-type"), SLICE_INIT("text/event-stream")}};
    struct flow *f = owner;
    size_t at;

    if (!slice_find_slice(body, SLICE_LIT("\"stream\":true"), &at)) {
        http_answer(f->x, 200, "application/json", slice_text(completion));
        return;
    }
    http_exchange_bind(f->x, &flow_events, f);
    http_exchange_head(f->x, 200, HTTP_FIELDS(stream_fields));
    flow_more(f);
}

static void engine_handle(void *owner, struct http_exchange *x)
{
    struct flow *f = ARENA_NEW(http_exchange_arena(x), struct flow);

    if (slice_eq_text(http_exchange_request(x)->method, "GET")) {
        http_answer(x, 200, "text/plain", SLICE_LIT("ok\n"));
        return;
    }
    f->engine = owner;
    f->x = x;
    loop_timer_init(&f->timer, f->engine->loop, flow_more, f);
    http_exchange_collect(x, ENGINE_BODY_MAX, engine_answer, NULL, f);
}

static void fail(const char *what, cocoon_err err)
{
    fprintf(stderr, "bench-engine: %s: %s\n", what, cocoon_err_text(err));
    exit(EXIT_FAILURE);
}

static struct buf read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct buf out;
    int c;

    buf_init(&out, ENGINE_FILE_MAX);
    if (file == NULL)
        fail(path, ERR_NOT_FOUND);
    while ((c = getc(file)) != EOF)
        buf_put_u8(&out, (uint8_t)c);
    fclose(file);
    return out;
}

static struct tls_ctx *read_tls(const char *cert_path, const char *key_path)
{
    static const char *const alpn[] = {"h2", "http/1.1"};
    struct buf cert = read_file(cert_path), pkcs8 = read_file(key_path);
    struct tls_params params = {
        .acceptor = true, .cert_der = buf_slice(&cert), .alpn = alpn, .alpn_count = 2};
    struct tls_key *key;
    struct tls_ctx *tls;
    cocoon_err err;

    if ((err = tls_key_load(buf_slice(&pkcs8), &key)) != OK)
        fail(key_path, err);
    params.key = key;
    if ((err = tls_ctx_new(&params, &tls)) != OK)
        fail(cert_path, err);
    tls_key_free(key);
    buf_fini(&cert);
    buf_wipe(&pkcs8);
    return tls;
}

static void engine_stop(void *owner)
{
    loop_stop(owner);
}

static void engine_run(struct engine *engine, const struct addr *at, struct tls_ctx *tls)
{
    struct http_server_params params = {.handler = engine_handle, .owner = engine};
    struct http_server *server;
    struct loop_signal *stop;
    struct addr bound;
    char text[ADDR_TEXT_MAX];
    cocoon_err err;

    if ((err = loop_new(&engine->loop)) != OK)
        fail("loop", err);
    server = http_server_new(engine->loop, &params);
    if ((err = http_server_listen(server, at, tls, false, &bound)) != OK ||
        (err = loop_signal_new(engine->loop, SIGTERM, engine_stop, engine->loop, &stop)) != OK)
        fail("listen", err);
    addr_text(&bound, text);
    printf("listening %s\n", text);
    fflush(stdout);
    loop_run(engine->loop);
    http_server_free(server);
    loop_signal_free(stop);
    loop_free(engine->loop);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"listen", 1, NULL, 'l'},  {"chunks", 1, NULL, 'n'},
                                            {"pause", 1, NULL, 'p'},   {"tls-cert", 1, NULL, 'c'},
                                            {"tls-key", 1, NULL, 'k'}, {NULL, 0, NULL, 0}};
    struct engine engine = {.chunks = 50};
    const char *cert = NULL, *key = NULL;
    struct addr at = {.port = 0};
    struct tls_ctx *tls = NULL;
    cocoon_err err = ERR_MISSING;

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'l')
            err = addr_parse(slice_text(optarg), &at);
        else if (c == 'n')
            err = slice_u64(slice_text(optarg), &engine.chunks);
        else if (c == 'p')
            err = slice_u64(slice_text(optarg), &engine.pause_ms);
        else if (c == 'c')
            cert = optarg;
        else if (c == 'k')
            key = optarg;
        else
            err = ERR_UNKNOWN_NAME;
        if (err != OK)
            break;
    }
    if (err != OK || at.host[0] == '\0')
        fail("usage: --listen ADDR [--chunks N] [--pause MS] [--tls-cert DER --tls-key DER]", err);
    if (cert != NULL && key != NULL)
        tls = read_tls(cert, key);
    engine_run(&engine, &at, tls);
    tls_ctx_unref(tls);
    return EXIT_SUCCESS;
}
