/*
 * `cocoon up`: a whole network on this machine, under one supervisor.
 *
 *   cocoon up [--dir DIR] [--workers N] [--model NAME] [--backend URL] [--port P] [--renew S]
 * [--json]
 *
 * Order: ledger, witnesses; then release and model are put on the ledger; then proxy, workers,
 * client. Runs in the foreground until Ctrl-C, SIGTERM or `cocoon down`. With --json the last line
 * on standard output is
 * {"base_url","explorer_url","ledger_url","dir"}.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/mem.h"
#include "cli/command.h"
#include "codec/json.h"
#include "codec/json_wr.h"
#include "net/http_client.h"
#include "role/devnet.h"
#include "role/process.h"
#include "role/supervisor.h"

enum {
    ANSWER_MAX = 64 * 1024,
    TX_ROOM = 64 * 1024,
    RETRY_MS = 200,
    RETRIES = 50,
    CHILD_NAME_MAX = 32
};

struct up {
    struct process process;
    struct devnet net;
    struct supervisor *supervisor;
    struct http_peer *ledger;
    char program[FILE_PATH_MAX];
    bool json, workers_added, failed, stopped;
    unsigned step; /* of the root contract's entries */
    unsigned retries;
    uint64_t nonce;
    struct loop_timer retry;
};

static void ask_nonce(void *owner);

/* --- the children --- */

static cocoon_err add_child(struct up *u, const char *name, const char *command)
{
    char conf[FILE_PATH_MAX + 128], log[FILE_PATH_MAX + 64];
    const char *argv[] = {u->program, command, "--config", conf, NULL};

    snprintf(conf, sizeof conf, "%s/%s/%s.conf", u->net.dir, name, command);
    snprintf(log, sizeof log, "%s/logs/%s.log", u->net.dir, name);
    return supervisor_add(u->supervisor, name, argv, log);
}

static cocoon_err add_first(struct up *u)
{
    cocoon_err err = add_child(u, "ledger", "ledger");

    if (err == OK)
        err = add_child(u, "witness-1", "witness");
    return err == OK ? add_child(u, "witness-2", "witness") : err;
}

static cocoon_err add_rest(struct up *u)
{
    cocoon_err err = add_child(u, "proxy", "proxy");

    for (unsigned i = 1; err == OK && i <= u->net.workers; i++) {
        char name[CHILD_NAME_MAX];

        snprintf(name, sizeof name, "worker-%u", i);
        err = add_child(u, name, "worker");
    }
    return err == OK ? add_child(u, "client", "client") : err;
}

static void give_up(struct up *u, const char *why)
{
    fprintf(stderr, "cocoon up: %s; see %s/logs\n", why, u->net.dir);
    u->failed = true;
    loop_stop(u->process.loop);
}

/* --- what the ledger must hold before a worker can register --- */

static void later(struct up *u)
{
    if (++u->retries == RETRIES)
        give_up(u, "the ledger does not take the first transactions");
    else
        loop_timer_set(&u->retry, RETRY_MS);
}

static void start_rest(struct up *u)
{
    u->workers_added = true;
    if (add_rest(u) == OK)
        supervisor_start(u->supervisor);
    else
        give_up(u, "too many processes");
}

static void tx_answered(void *owner, cocoon_err err, const struct http_response *head,
                        struct slice body)
{
    struct up *u = owner;

    (void)body;
    if (err != OK || head->status >= 500) {
        later(u);
        return;
    }
    /* What the ledger refuses stands there already: a network that was started before. */
    u->step++;
    ask_nonce(u);
}

static void submit_step(struct up *u)
{
    struct http_field type = HTTP_FIELD("content-type", SLICE_LIT("application/octet-stream"));
    struct buf tx;
    cocoon_err err;

    buf_init(&tx, TX_ROOM);
    err = devnet_root_tx(&u->net, u->step, u->nonce, &tx);
    if (err == ERR_NOT_FOUND)
        start_rest(u);
    else if (err != OK)
        give_up(u, cocoon_err_text(err));
    else
        http_fetch(u->ledger,
                   &(struct http_call_params){.method = SLICE_LIT("POST"),
                                              .target = SLICE_LIT("/v1/ledger/tx"),
                                              .fields = {&type, 1}},
                   buf_slice(&tx), ANSWER_MAX, tx_answered, u);
    buf_fini(&tx);
}

static void nonce_answered(void *owner, cocoon_err err, const struct http_response *head,
                           struct slice body)
{
    struct up *u = owner;
    const struct json *root;
    struct arena arena;
    struct fail fail;

    arena_init(&arena, ANSWER_MAX);
    if (err == OK && head->status != 200)
        err = ERR_NOT_FOUND;
    if (err == OK && (err = json_parse(body, &arena, &root, &fail)) == OK)
        err = json_get_u64(root, "nonce", &u->nonce);
    arena_fini(&arena);
    if (err == OK)
        submit_step(u);
    else
        later(u);
}

static void ask_nonce(void *owner)
{
    struct up *u = owner;
    struct ed25519_public account;
    char hex[65], path[128];

    if (devnet_owner(&u->net, &account) != OK) {
        give_up(u, "the owner's key cannot be read");
        return;
    }
    hex_write(ed25519_public_slice(&account), hex);
    snprintf(path, sizeof path, "/v1/ledger/account?id=%s", hex);
    http_fetch(u->ledger,
               &(struct http_call_params){
                   .method = SLICE_LIT("GET"), .target = slice_text(path), .no_body = true},
               SLICE_LIT(""), ANSWER_MAX, nonce_answered, u);
}

/* --- events --- */

static void put_process(const struct up *u, const char *name, struct json_wr *w)
{
    json_wr_object(w, NULL);
    json_wr_cstr(w, "name", name);
    json_wr_u64(w, "pid", (uint64_t)supervisor_pid(u->supervisor, name));
    json_wr_close(w);
}

/* Keep DIR/processes.json, for `cocoon status`. */
static void write_processes(const struct up *u)
{
    static const char *const names[] = {"ledger", "witness-1", "witness-2", "proxy", "client"};
    char path[FILE_PATH_MAX], worker[CHILD_NAME_MAX];
    struct json_wr w;
    struct buf out;

    buf_init(&out, ANSWER_MAX);
    json_wr_init(&w, &out);
    json_wr_array(&w, NULL);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        put_process(u, names[i], &w);
    for (unsigned i = 1; i <= u->net.workers; i++) {
        snprintf(worker, sizeof worker, "worker-%u", i);
        put_process(u, worker, &w);
    }
    json_wr_close(&w);
    if (json_wr_end(&w) != OK || file_join(path, u->net.dir, "processes.json") != OK ||
        file_write(path, buf_slice(&out), FILE_PUBLIC, false) != OK)
        fputs("cocoon up: processes.json cannot be written\n", stderr);
    buf_fini(&out);
}

static void on_ready(void *owner, const char *name)
{
    struct up *u = owner;

    if (!u->json)
        printf("  %-12s ready\n", name);
    fflush(stdout);
    write_processes(u);
}

static void on_death(void *owner, const char *name, int status)
{
    write_processes(owner);
    fprintf(stderr, "  %-12s died (status %d), starting it again\n", name, status);
}

static void print_json(const struct up *u)
{
    char url[64];
    struct json_wr w;
    struct buf out;

    buf_init(&out, ANSWER_MAX);
    json_wr_init(&w, &out);
    json_wr_object(&w, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/v1", u->net.client_port);
    json_wr_cstr(&w, "base_url", url);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", u->net.ledger_port);
    json_wr_cstr(&w, "explorer_url", url);
    json_wr_cstr(&w, "ledger_url", url);
    json_wr_cstr(&w, "dir", u->net.dir);
    json_wr_close(&w);
    if (json_wr_end(&w) == OK)
        puts(buf_cstr(&out));
    buf_fini(&out);
}

static void on_all_ready(void *owner)
{
    struct up *u = owner;

    if (!u->workers_added) {
        ask_nonce(u);
        return;
    }
    if (u->json)
        print_json(u);
    else
        printf("\nThe network is up. SIMULATED: no trusted hardware protects it.\n\n"
               "  OpenAI endpoint  http://127.0.0.1:%u/v1   (model %s)\n"
               "  ledger           http://127.0.0.1:%u/\n"
               "  receipts         %s/client/receipts\n\n"
               "  try              cocoon chat --url http://127.0.0.1:%u \"Who are you?\"\n"
               "  stop             Ctrl-C, or cocoon down --dir %s\n",
               u->net.client_port, u->net.model, u->net.ledger_port, u->net.dir, u->net.client_port,
               u->net.dir);
    fflush(stdout);
}

static void on_failed(void *owner, const char *name)
{
    char why[CHILD_NAME_MAX + 32];

    snprintf(why, sizeof why, "%s does not start", name);
    give_up(owner, why);
}

static void on_stopped(void *owner)
{
    struct up *u = owner;

    u->stopped = true;
    loop_stop(u->process.loop);
}

/* --- running --- */

/* Note our pid, for `cocoon down` and `status`. */
static cocoon_err write_pid(const struct up *u)
{
    char path[FILE_PATH_MAX], text[32];
    cocoon_err err = file_join(path, u->net.dir, "up.pid");

    snprintf(text, sizeof text, "%ld\n", (long)getpid());
    return err == OK ? file_write(path, slice_text(text), FILE_PUBLIC, false) : err;
}

static cocoon_err up_start(struct up *u)
{
    static const struct supervisor_events events = {.on_ready = on_ready,
                                                    .on_death = on_death,
                                                    .on_all_ready = on_all_ready,
                                                    .on_failed = on_failed};
    struct http_peer_params ledger = {0};
    char text[64];
    ssize_t len = readlink("/proc/self/exe", u->program, sizeof u->program - 1);
    cocoon_err err;

    if (len <= 0)
        return ERR_IO;
    u->program[len] = '\0';
    if ((err = process_init(&u->process, "up")) != OK || (err = write_pid(u)) != OK)
        return err;
    snprintf(text, sizeof text, "127.0.0.1:%u", u->net.ledger_port);
    if ((err = addr_parse(slice_text(text), &ledger.at)) != OK)
        return err;
    u->ledger = http_peer_new(u->process.loop, &ledger);
    loop_timer_init(&u->retry, u->process.loop, ask_nonce, u);
    u->supervisor = supervisor_new(u->process.loop, &events, u);
    if ((err = add_first(u)) == OK)
        supervisor_start(u->supervisor);
    return err;
}

static int up_run(struct up *u)
{
    cocoon_err err = up_start(u);
    char path[FILE_PATH_MAX];

    if (err == OK) {
        process_run(&u->process);
        if (!u->json && !u->failed)
            puts("stopping");
    } else {
        fprintf(stderr, "cocoon up: %s\n", cocoon_err_text(err));
    }
    if (u->supervisor != NULL) {
        loop_timer_stop(&u->retry);
        http_peer_free(u->ledger);
        supervisor_stop(u->supervisor, on_stopped, u);
        while (!u->stopped) /* a second Ctrl-C does not leave children behind */
            process_run(&u->process);
        supervisor_free(u->supervisor);
    }
    process_fini(&u->process);
    if (file_join(path, u->net.dir, "up.pid") == OK)
        (void)unlink(path);
    return err == OK && !u->failed ? EXIT_OK : EXIT_INTERNAL;
}

/* --- arguments --- */

static void usage(void)
{
    fputs("usage: cocoon up [--dir DIR] [--workers N] [--model NAME] [--backend URL] [--port P]\n"
          "                 [--renew SECONDS] [--json]\n",
          stderr);
}

/* Read a number in [least, most]; false says so. */
static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    if (slice_u64(slice_text(text), out) == OK && *out >= least && *out <= most)
        return true;
    fprintf(stderr, "cocoon up: \"%s\" is not a number from %llu to %llu\n", text,
            (unsigned long long)least, (unsigned long long)most);
    return false;
}

static bool read_option(struct up *u, int option, const char *value)
{
    uint64_t number = 0;

    switch (option) {
    case 'd':
        return slice_cstr(slice_text(value), u->net.dir, sizeof u->net.dir) == OK;
    case 'm':
        return slice_cstr(slice_text(value), u->net.model, sizeof u->net.model) == OK;
    case 'b':
        return slice_cstr(slice_text(value), u->net.backend, sizeof u->net.backend) == OK;
    case 'j':
        u->json = true;
        return true;
    case 'w':
        if (!read_number(value, 1, DEVNET_WORKERS_MAX, &number))
            return false;
        u->net.workers = (unsigned)number;
        return true;
    case 'p':
        if (!read_number(value, 0, 65535, &number))
            return false;
        u->net.client_port = (uint16_t)number;
        return true;
    case 'r':
        return read_number(value, 1, 86400, &u->net.renew_s);
    default:
        return false;
    }
}

static bool read_arguments(struct up *u, int argc, char **argv)
{
    static const struct option options[] = {
        {"dir", required_argument, NULL, 'd'},   {"workers", required_argument, NULL, 'w'},
        {"model", required_argument, NULL, 'm'}, {"backend", required_argument, NULL, 'b'},
        {"port", required_argument, NULL, 'p'},  {"renew", required_argument, NULL, 'r'},
        {"json", no_argument, NULL, 'j'},        {NULL, 0, NULL, 0}};
    int option;

    u->net.workers = 2;
    u->net.client_port = 10000;
    snprintf(u->net.dir, sizeof u->net.dir, "cocoon-network");
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!read_option(u, option, optarg))
            return false;
    if (u->net.model[0] == '\0')
        snprintf(u->net.model, sizeof u->net.model, "%s",
                 u->net.backend[0] == '\0' ? "smollm2-135m-instruct" : "default");
    return optind == argc;
}

/* Make the folder absolute: children run elsewhere one day. */
static cocoon_err absolute_dir(struct devnet *n)
{
    char *real;
    cocoon_err err = file_make_dir(n->dir);

    if (err != OK)
        return err;
    real = realpath(n->dir, NULL);
    if (real == NULL)
        return ERR_IO;
    err = slice_cstr(slice_text(real), n->dir, sizeof n->dir);
    free(real);
    return err;
}

int command_up(int argc, char **argv)
{
    struct up *u = MEM_NEW(struct up);
    cocoon_err err;
    int code;

    if (!read_arguments(u, argc, argv)) {
        usage();
        mem_free(u);
        return EXIT_USAGE;
    }
    if ((err = absolute_dir(&u->net)) == OK) {
        if (devnet_exists(u->net.dir))
            err = devnet_load(&u->net);
        else
            err = devnet_make(&u->net);
    }
    if (err == OK) {
        code = up_run(u);
    } else {
        fprintf(stderr, "cocoon up: %s: %s\n", u->net.dir, cocoon_err_text(err));
        code = EXIT_INTERNAL;
    }
    mem_free(u);
    return code;
}
