/*
 * `cocoon status` and `cocoon down`: what runs in a network's folder, and its end.
 *
 *   cocoon status [--dir DIR] [--json]
 *   cocoon down   [--dir DIR]
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/command.h"
#include "codec/json_wr.h"
#include "net/http_client.h"
#include "role/devnet.h"

enum { TEXT_MAX = 1024 * 1024, DOWN_WAIT_MS = 15 * 1000, POLL_MS = 50, ASK_MS = 2000 };

static cocoon_err read_pid(const char *dir, pid_t *out)
{
    char path[FILE_PATH_MAX];
    struct buf text;
    uint64_t pid = 0;
    cocoon_err err;

    buf_init(&text, 64);
    if ((err = file_join(path, dir, "up.pid")) == OK && (err = file_read(path, &text)) == OK) {
        struct slice rest = buf_slice(&text);

        err = slice_u64(slice_cut(&rest, '\n'), &pid);
    }
    *out = (pid_t)pid;
    buf_fini(&text);
    return err;
}

/* --- what `up` wrote down --- */

/* Put the content of DIR/processes.json, which the supervisor keeps, or null. */
static void put_processes(const char *dir, struct json_wr *w)
{
    char path[FILE_PATH_MAX];
    struct buf text;

    buf_init(&text, TEXT_MAX);
    if (file_join(path, dir, "processes.json") == OK && file_read(path, &text) == OK)
        json_wr_raw(w, "processes", buf_slice(&text));
    else
        json_wr_null(w, "processes");
    buf_fini(&text);
}

/* --- what the roles say --- */

struct question {
    struct loop *loop;
    struct buf answer;
    bool good;
};

static void answered(void *owner, cocoon_err err, const struct http_response *head,
                     struct slice body)
{
    struct question *q = owner;

    q->good = err == OK && head->status == 200;
    if (q->good)
        buf_put(&q->answer, body);
    loop_stop(q->loop);
}

/* GET `path` from 127.0.0.1:`port` into `out`; false when it does not answer 200. */
static bool ask(uint16_t port, const char *path, struct buf *out)
{
    struct question q = {0};
    struct http_peer_params params = {0};
    struct http_peer *peer;
    char at[32];

    snprintf(at, sizeof at, "127.0.0.1:%u", port);
    if (addr_parse(slice_text(at), &params.at) != OK || loop_new(&q.loop) != OK)
        return false;
    buf_init(&q.answer, TEXT_MAX);
    peer = http_peer_new(q.loop, &params);
    http_fetch(peer,
               &(struct http_call_params){.method = SLICE_LIT("GET"),
                                          .target = slice_text(path),
                                          .no_body = true,
                                          .whole_ms = ASK_MS},
               SLICE_LIT(""), TEXT_MAX, answered, &q);
    loop_run(q.loop);
    if (q.good)
        buf_put(out, buf_slice(&q.answer));
    http_peer_free(peer);
    loop_free(q.loop);
    buf_fini(&q.answer);
    return q.good;
}

/* Put the answer to one question under `name`, or null. */
static void put_answer(uint16_t port, const char *name, const char *path, struct json_wr *w)
{
    struct buf text;

    buf_init(&text, TEXT_MAX);
    if (ask(port, path, &text))
        json_wr_raw(w, name, buf_slice(&text));
    else
        json_wr_null(w, name);
    buf_fini(&text);
}

/* --- the commands --- */

static int status_json(const struct devnet *n)
{
    struct json_wr w;
    struct buf out;
    cocoon_err err;

    buf_init(&out, 4 * TEXT_MAX);
    json_wr_init(&w, &out);
    json_wr_object(&w, NULL);
    json_wr_cstr(&w, "dir", n->dir);
    put_processes(n->dir, &w);
    put_answer(n->ledger_port, "ledger", "/v1/ledger/status", &w);
    put_answer(n->client_port, "workers", "/v1/cocoon/workers", &w);
    json_wr_close(&w);
    if ((err = json_wr_end(&w)) == OK)
        puts(buf_cstr(&out));
    buf_fini(&out);
    return err == OK ? EXIT_OK : EXIT_INTERNAL;
}

static int down(const char *dir)
{
    const struct timespec pause = {0, POLL_MS * 1000000L};
    pid_t pid;

    if (read_pid(dir, &pid) != OK || kill(pid, SIGTERM) != 0) {
        fprintf(stderr, "cocoon down: nothing runs in %s\n", dir);
        return EXIT_INTERNAL;
    }
    for (int waited = 0; waited < DOWN_WAIT_MS; waited += POLL_MS) {
        if (kill(pid, 0) != 0 && errno == ESRCH)
            return EXIT_OK;
        nanosleep(&pause, NULL);
    }
    fprintf(stderr, "cocoon down: process %ld does not end\n", (long)pid);
    return EXIT_INTERNAL;
}

/* Read [--dir DIR] [--json]; false for anything else. */
static bool read_arguments(int argc, char **argv, const char **dir, bool *json)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    int option;

    *dir = "cocoon-network";
    *json = false;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'd')
            *dir = optarg;
        else if (option == 'j')
            *json = true;
        else
            return false;
    }
    return optind == argc;
}

int command_down(int argc, char **argv)
{
    const char *dir;
    bool json;

    if (!read_arguments(argc, argv, &dir, &json) || json) {
        fputs("usage: cocoon down [--dir DIR]\n", stderr);
        return EXIT_USAGE;
    }
    return down(dir);
}

static int status_text(const struct devnet *n)
{
    pid_t pid;
    bool up = read_pid(n->dir, &pid) == OK && kill(pid, 0) == 0;
    struct buf text;

    buf_init(&text, TEXT_MAX);
    printf("%s: %s\n", n->dir, up ? "up" : "down");
    printf("  OpenAI endpoint  http://127.0.0.1:%u/v1   %s\n", n->client_port,
           ask(n->client_port, "/readyz", &text) ? "ready" : "not ready");
    printf("  ledger           http://127.0.0.1:%u/     %s\n", n->ledger_port,
           ask(n->ledger_port, "/v1/ledger/status", &text) ? "answers" : "does not answer");
    buf_fini(&text);
    return up ? EXIT_OK : EXIT_INTERNAL;
}

int command_status(int argc, char **argv)
{
    struct devnet *n = MEM_NEW(struct devnet);
    const char *dir;
    cocoon_err err;
    bool json;
    int code;

    if (!read_arguments(argc, argv, &dir, &json)) {
        fputs("usage: cocoon status [--dir DIR] [--json]\n", stderr);
        code = EXIT_USAGE;
    } else if ((err = slice_cstr(slice_text(dir), n->dir, sizeof n->dir)) != OK ||
               (err = devnet_ports(n)) != OK) {
        fprintf(stderr, "cocoon status: %s holds no network\n", dir);
        code = EXIT_INTERNAL;
    } else {
        code = json ? status_json(n) : status_text(n);
    }
    mem_free(n);
    return code;
}
