/*
 * A stand-in for llama.cpp's server that misbehaves on demand. It takes the same arguments and uses
 * two of them: the socket (--host) and the model file (--model), whose first word says how it
 * lives: "well"; "slow" (200 ms until healthy); "crash" (dies at once, with a complaint); "mute"
 * (never answers after the first health check); "mortal" (dies at the first request).
 *
 * A request's body says how it is answered, by a word in it. Connections promise keep-alive and are
 * closed after a stream all the same, as the real server's are. GET /counters tells how many
 * requests came and how many answers were cut off by the caller.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 8192, BODY_MAX = 65536, HUGE_PIECE = 1 << 20 };

struct counters {
    atomic_uint calls, cut, looks;
};

static struct counters *counters; /* shared by all processes */
static char life[16];
static struct timespec born;

struct request {
    char head[HEAD_MAX];
    char body[BODY_MAX + 1];
};

static bool put(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static bool put_text(int fd, const char *text)
{
    return put(fd, text, strlen(text));
}

static bool answer(int fd, const char *status, const char *body)
{
    char head[256];

    snprintf(head, sizeof head,
             "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
             "Keep-Alive: timeout=5, max=100\r\n\r\n",
             status, strlen(body));
    return put_text(fd, head) && put_text(fd, body);
}

/* Read one request. False at the end of the connection. */
static bool read_request(int fd, struct request *r)
{
    size_t len = 0, body = 0, wanted = 0;
    char *end = NULL, *length;

    memset(r, 0, sizeof *r);
    while (end == NULL) {
        ssize_t n =
            recv(fd, r->head + len, 1, 0); /* one byte at a time: what follows is the body */

        if (n <= 0 || ++len == sizeof r->head - 1)
            return false;
        end = len >= 4 && memcmp(r->head + len - 4, "\r\n\r\n", 4) == 0 ? r->head + len : NULL;
    }
    length = strstr(r->head, "content-length: ");
    if (length == NULL)
        length = strstr(r->head, "Content-Length: ");
    wanted = length == NULL ? 0 : strtoul(length + 16, NULL, 10);
    while (body < wanted && body < BODY_MAX) {
        ssize_t n = recv(fd, r->body + body, wanted - body, 0);

        if (n <= 0)
            return false;
        body += (size_t)n;
    }
    return true;
}

static bool chunk(int fd, const char *text)
{
    char size[24];

    snprintf(size, sizeof size, "%zx\r\n", strlen(text));
    return put_text(fd, size) && put_text(fd, text) && put_text(fd, "\r\n");
}

static bool stream_head(int fd)
{
    return put_text(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                        "Keep-Alive: timeout=5, max=100\r\nTransfer-Encoding: chunked\r\n\r\n");
}

#define WORD(text)                                                                                 \
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}],\"object\":"          \
    "\"chat.completion.chunk\"}\n\n"

static void stream(int fd)
{
    (void)(stream_head(fd) && chunk(fd, WORD("Hello")) && chunk(fd, WORD(" there")) &&
           chunk(fd, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,"
                     "\"completion_tokens\":2}}\n\n") &&
           chunk(fd, "data: [DONE]\n\n") && put_text(fd, "0\r\n\r\n"));
}

/* Wait until the caller goes away, and count it. */
static void stall(int fd)
{
    char byte;

    while (recv(fd, &byte, 1, 0) > 0)
        continue;
    atomic_fetch_add(&counters->cut, 1);
}

/* Words without end. */
static void endless(int fd)
{
    bool open = stream_head(fd);

    while (open)
        open = chunk(fd, WORD("x"));
    atomic_fetch_add(&counters->cut, 1);
}

static void huge(int fd)
{
    static char piece[HUGE_PIECE];
    bool open = put_text(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");

    memset(piece, ' ', sizeof piece);
    while (open)
        open = put(fd, piece, sizeof piece);
    atomic_fetch_add(&counters->cut, 1);
}

/* Answer a POST as its body asks. True if the connection may be used again. */
static bool post(int fd, const struct request *r)
{
    if (strstr(r->body, "hang up") != NULL)
        return false;
    if (strstr(r->body, "\"stream\":true") == NULL) {
        if (strstr(r->body, "refuse") != NULL)
            return answer(fd, "400 Bad Request", "{\"error\":{\"message\":\"no\",\"code\":400}}");
        if (strstr(r->body, "stall") != NULL)
            stall(fd);
        else if (strstr(r->body, "huge") != NULL)
            huge(fd);
        else if (strstr(r->body, "babble") != NULL)
            put_text(fd, "I am no server of yours\r\n\r\n");
        else
            return answer(fd, "200 OK",
                          "{\"choices\":[{\"message\":{\"content\":\"Hi\"}}],\"usage\":{"
                          "\"prompt_tokens\":4,\"completion_tokens\":1}}");
    } else if (strstr(r->body, "break off") != NULL) {
        (void)(stream_head(fd) && chunk(fd, WORD("Hel")));
    } else if (strstr(r->body, "stall") != NULL) {
        if (stream_head(fd) && chunk(fd, WORD("Hel")))
            stall(fd);
    } else if (strstr(r->body, "endless") != NULL) {
        endless(fd);
    } else {
        stream(fd);
    }
    return false;
}

static bool health(int fd)
{
    struct timespec now;

    if (strcmp(life, "mute") == 0 && atomic_fetch_add(&counters->looks, 1) > 0) {
        stall(fd);
        return false;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (strcmp(life, "slow") == 0 &&
        (now.tv_sec - born.tv_sec) * 1000 + (now.tv_nsec - born.tv_nsec) / 1000000 < 200)
        return answer(fd, "503 Service Unavailable", "{\"error\":{\"message\":\"Loading model\"}}");
    return answer(fd, "200 OK", "{\"status\":\"ok\"}");
}

static bool get(int fd, const struct request *r)
{
    char body[128];

    if (strncmp(r->head, "GET /health ", 12) == 0)
        return health(fd);
    if (strncmp(r->head, "GET /counters ", 14) == 0) {
        snprintf(body, sizeof body, "{\"calls\":%u,\"cut\":%u}", atomic_load(&counters->calls),
                 atomic_load(&counters->cut));
        return answer(fd, "200 OK", body);
    }
    if (strncmp(r->head, "GET /whoami ", 12) == 0)
        return answer(fd, "200 OK",
                      strstr(r->head, "Bearer") != NULL ? "\"known\"" : "\"unknown\"");
    if (strstr(r->head, "/v1/models ") != NULL) {
        answer(fd, "200 OK",
               "{\"object\":\"list\",\"data\":[]}"); /* and then closes, unannounced */
        return false;
    }
    return answer(fd, "404 Not Found", "{\"error\":{\"message\":\"none\"}}");
}

static void serve(int fd)
{
    static struct request r;
    bool open = true;

    while (open && read_request(fd, &r)) {
        if (strncmp(r.head, "POST ", 5) == 0) {
            atomic_fetch_add(&counters->calls, 1);
            open = post(fd, &r);
        } else {
            open = get(fd, &r);
        }
    }
}

static const char *argument(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return "";
}

static int listen_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 64) != 0)
        exit(1);
    return fd;
}

int main(int argc, char **argv)
{
    FILE *model = fopen(argument(argc, argv, "--model"), "r");
    int fd, peer;

    if (model == NULL || fscanf(model, "%15s", life) != 1)
        return 1;
    fclose(model);
    if (strcmp(life, "crash") == 0) {
        fprintf(stderr, "loading\ncannot load the model: no such tensor\n");
        return 3;
    }
    counters =
        mmap(NULL, sizeof *counters, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    clock_gettime(CLOCK_MONOTONIC, &born);
    signal(SIGCHLD, SIG_IGN);
    fd = listen_at(argument(argc, argv, "--host"));
    while ((peer = accept(fd, NULL, NULL)) >= 0) {
        struct pollfd first = {.fd = peer, .events = POLLIN};
        char word[5] = "";

        /* The one process that can end this world is this one. */
        if (strcmp(life, "mortal") == 0 && poll(&first, 1, 1000) == 1 &&
            recv(peer, word, 4, MSG_PEEK) == 4 && strcmp(word, "POST") == 0)
            return 9;
        if (fork() == 0) {
            serve(peer);
            _exit(0);
        }
        close(peer);
    }
    return 0;
}
