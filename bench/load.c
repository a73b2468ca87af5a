/*
 * Load generator, closed loop: N callers, each with a connection of its own, each sending its next
 * request when the answer to the last one has come.
 *
 *   bench-load --to ADDR [--path /v1/chat/completions] [--callers N] [--seconds S] [--warm S]
 *              [--stream] [--header "name: value"]... [--expect TEXT] [--pid NAME=PID]...
 *
 * Prints one JSON object: requests, errors, requests/s, latencies in µs (p50, p99, max, and for
 * streams the time to the first byte), and for every --pid CPU µs a request and RSS in KiB, as
 * /proc tells them. Every answer must be 200 and contain TEXT.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/json_wr.h"
#include "net/http_client.h"

enum { LOAD_PIDS = 16, LOAD_CALLERS = 4096, LOAD_HEADERS = 16, LOAD_SAMPLES = 4 * 1000 * 1000 };

struct process {
    const char *name;
    long pid;
    double cpu_s; /* at the start of the measurement */
};

struct load {
    struct loop *loop;
    struct http_peer *peer;
    const char *path, *expect;
    struct http_field headers[LOAD_HEADERS];
    size_t header_count;
    struct slice body;
    struct process processes[LOAD_PIDS];
    size_t process_count;
    bool measuring, stopping;
    size_t running;
    uint64_t errors;
    uint32_t *latency, *first; /* µs, in order of arrival */
    size_t samples;
    double began, ended; /* seconds */
};

struct caller {
    struct load *load;
    double sent, first;
    unsigned status;
    struct buf answer;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench-load: %s\n", what);
    exit(EXIT_FAILURE);
}

/* CPU seconds of a process: fields 14 and 15 of /proc/PID/stat, after the name in parentheses. */
static double process_cpu(long pid)
{
    char path[64], line[1024];
    unsigned long user = 0, kernel = 0;
    const char *after;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    file = fopen(path, "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL)
        fail("a process to be measured is gone");
    fclose(file);
    after = strrchr(line, ')');
    if (after == NULL || sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                                &user, &kernel) != 2)
        fail("/proc/PID/stat has another form");
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static uint64_t process_rss_kib(long pid)
{
    char path[64], line[256];
    unsigned long kib = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    file = fopen(path, "r");
    if (file == NULL)
        fail("a process to be measured is gone");
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmRSS: %lu", &kib) == 1)
            break;
    fclose(file);
    return kib;
}

static void caller_send(struct caller *c);

static void caller_over(struct caller *c, bool good)
{
    struct load *l = c->load;
    double at = now();

    if (l->measuring && !good)
        l->errors++;
    if (l->measuring && good && l->samples < LOAD_SAMPLES) {
        l->latency[l->samples] = (uint32_t)((at - c->sent) * 1e6);
        l->first[l->samples++] = (uint32_t)((c->first - c->sent) * 1e6);
    }
    if (!l->stopping) {
        caller_send(c);
        return;
    }
    if (--l->running == 0)
        loop_stop(l->loop);
}

static void caller_head(void *owner, const struct http_response *head)
{
    ((struct caller *)owner)->status = head->status;
}

static void caller_body(void *owner, struct slice bytes)
{
    struct caller *c = owner;

    if (c->answer.len == 0)
        c->first = now();
    buf_put(&c->answer, bytes);
}

static void caller_end(void *owner, struct http_fields trailers)
{
    struct caller *c = owner;
    size_t at;

    (void)trailers;
    caller_over(c, c->status == 200 &&
                       slice_find_slice(buf_slice(&c->answer), slice_text(c->load->expect), &at));
}

static void caller_error(void *owner, cocoon_err why)
{
    (void)why;
    caller_over(owner, false);
}

static const struct http_call_events caller_events = {
    .on_head = caller_head,
    .on_body = caller_body,
    .on_end = caller_end,
    .on_error = caller_error,
};

static void caller_send(struct caller *c)
{
    struct load *l = c->load;
    struct http_call_params params = {
        .method = SLICE_LIT("POST"),
        .target = slice_text(l->path),
        .fields = {l->headers, l->header_count},
    };
    struct http_call *call;

    buf_clear(&c->answer);
    c->status = 0;
    c->sent = c->first = now();
    call = http_call_start(l->peer, &params, &caller_events, c);
    http_call_write(call, l->body);
    http_call_end(call, HTTP_NO_FIELDS);
}

static void load_measure(void *owner)
{
    struct load *l = owner;

    for (size_t i = 0; i < l->process_count; i++)
        l->processes[i].cpu_s = process_cpu(l->processes[i].pid);
    l->measuring = true;
    l->began = now();
}

/* The time is over: take the figures before the callers run out. */
static void load_end(void *owner)
{
    struct load *l = owner;

    l->ended = now();
    l->measuring = false;
    l->stopping = true;
    for (size_t i = 0; i < l->process_count; i++)
        l->processes[i].cpu_s = process_cpu(l->processes[i].pid) - l->processes[i].cpu_s;
}

static int by_value(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return left < right ? -1 : left > right;
}

static uint64_t quantile(const uint32_t *sorted, size_t count, unsigned permille)
{
    return count == 0 ? 0 : sorted[(count - 1) * permille / 1000];
}

static void report_latency(struct json_wr *w, const char *name, uint32_t *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    json_wr_object(w, name);
    json_wr_u64(w, "p50", quantile(values, count, 500));
    json_wr_u64(w, "p99", quantile(values, count, 990));
    json_wr_u64(w, "max", quantile(values, count, 1000));
    json_wr_close(w);
}

static void load_report(struct load *l)
{
    struct buf out;
    struct json_wr w;

    buf_init(&out, 64 * 1024);
    json_wr_init(&w, &out);
    json_wr_object(&w, NULL);
    json_wr_u64(&w, "requests", l->samples);
    json_wr_u64(&w, "errors", l->errors);
    json_wr_u64(&w, "requests_per_second", (uint64_t)((double)l->samples / (l->ended - l->began)));
    report_latency(&w, "latency_us", l->latency, l->samples);
    report_latency(&w, "first_byte_us", l->first, l->samples);
    json_wr_object(&w, "processes");
    for (size_t i = 0; i < l->process_count && l->samples > 0; i++) {
        const struct process *p = &l->processes[i];

        json_wr_object(&w, p->name);
        json_wr_u64(&w, "cpu_us_per_request", (uint64_t)(p->cpu_s * 1e6 / (double)l->samples));
        json_wr_u64(&w, "rss_kib", process_rss_kib(p->pid));
        json_wr_close(&w);
    }
    json_wr_close(&w);
    json_wr_close(&w);
    if (json_wr_end(&w) != OK)
        fail("the report does not fit");
    puts(buf_cstr(&out));
    buf_fini(&out);
}

static void load_run(struct load *l, const struct addr *to, size_t callers, uint64_t warm_s,
                     uint64_t seconds)
{
    struct http_peer_params params = {.at = *to, .connections = (uint32_t)callers};
    struct caller *list = MEM_ARRAY(callers, struct caller);
    struct loop_timer begin, end;

    if (loop_new(&l->loop) != OK)
        fail("no loop");
    l->peer = http_peer_new(l->loop, &params);
    loop_timer_init(&begin, l->loop, load_measure, l);
    loop_timer_init(&end, l->loop, load_end, l);
    loop_timer_set(&begin, warm_s * 1000);
    loop_timer_set(&end, (warm_s + seconds) * 1000);
    l->running = callers;
    for (size_t i = 0; i < callers; i++) {
        list[i].load = l;
        buf_init(&list[i].answer, 64 * 1024 * 1024);
        caller_send(&list[i]);
    }
    loop_run(l->loop);
    for (size_t i = 0; i < callers; i++)
        buf_fini(&list[i].answer);
    http_peer_free(l->peer);
    loop_free(l->loop);
    mem_free(list);
}

static cocoon_err add_process(struct load *l, char *text)
{
    char *equals = strchr(text, '=');
    uint64_t pid;
    cocoon_err err = ERR_MALFORMED;

    if (equals == NULL || l->process_count == LOAD_PIDS)
        return err;
    *equals = '\0';
    err = slice_u64(slice_text(equals + 1), &pid);
    l->processes[l->process_count++] = (struct process){.name = text, .pid = (long)pid};
    return err;
}

static cocoon_err add_header(struct load *l, const char *text)
{
    struct slice value = slice_text(text), name = slice_cut(&value, ':');

    if (l->header_count == LOAD_HEADERS || value.len == 0)
        return ERR_MALFORMED;
    l->headers[l->header_count++] = (struct http_field){name, slice_trim(value)};
    return OK;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"to", 1, NULL, 't'},      {"path", 1, NULL, 'p'},
                                            {"callers", 1, NULL, 'c'}, {"seconds", 1, NULL, 's'},
                                            {"warm", 1, NULL, 'w'},    {"stream", 0, NULL, 'S'},
                                            {"header", 1, NULL, 'h'},  {"expect", 1, NULL, 'e'},
                                            {"pid", 1, NULL, 'P'},     {NULL, 0, NULL, 0}};
    static struct load load = {.path = "/v1/chat/completions", .expect = "\"usage\""};
    static struct buf body;
    uint64_t callers = 30, seconds = 5, warm = 1;
    char length[24];
    struct addr to = {.port = 0};
    bool stream = false;
    cocoon_err err = OK;

    for (int c; err == OK && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 't')
            err = addr_parse(slice_text(optarg), &to);
        else if (c == 'p')
            load.path = optarg;
        else if (c == 'c')
            err = slice_u64(slice_text(optarg), &callers);
        else if (c == 's')
            err = slice_u64(slice_text(optarg), &seconds);
        else if (c == 'w')
            err = slice_u64(slice_text(optarg), &warm);
        else if (c == 'S')
            stream = true;
        else if (c == 'h')
            err = add_header(&load, optarg);
        else if (c == 'e')
            load.expect = optarg;
        else if (c == 'P')
            err = add_process(&load, optarg);
        else
            err = ERR_UNKNOWN_NAME;
    }
    if (err != OK || to.host[0] == '\0' || callers == 0 || callers > LOAD_CALLERS || seconds == 0)
        fail("usage: --to ADDR [--path P] [--callers N] [--seconds S] [--warm S] [--stream] "
             "[--header 'name: value']... [--expect TEXT] [--pid NAME=PID]...");
    buf_init(&body, 64 * 1024);
    buf_printf(&body,
               "{\"model\":\"bench\",%s\"messages\":[{\"role\":\"system\",\"content\":\"You tell "
               "stories to children, in short sentences and plain words.\"},{\"role\":\"user\","
               "\"content\":\"Tell me about the girl and the ball, and why the tree was so "
               "tall.\"}],\"temperature\":0,\"max_tokens\":64}",
               stream ? "\"stream\":true," : "");
    load.body = buf_slice(&body);
    snprintf(length, sizeof length, "%zu", body.len);
    load.headers[load.header_count++] = HTTP_FIELD("content-type", SLICE_LIT("application/json"));
    load.headers[load.header_count++] = HTTP_FIELD("content-length", slice_text(length));
    load.latency = MEM_ARRAY(LOAD_SAMPLES, uint32_t);
    load.first = MEM_ARRAY(LOAD_SAMPLES, uint32_t);
    load_run(&load, &to, callers, warm, seconds);
    load_report(&load);
    mem_free(load.latency);
    mem_free(load.first);
    buf_fini(&body);
    return load.errors == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
