/*
 * Fuzz what peers can send to an HTTP server, or to an HTTP/2 client, of ours: everything between
 * the socket and the handlers. The first byte chooses the end, the second how the rest is cut into
 * pieces. Whatever comes, nothing may be left behind when the peer has gone.
 */
#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/num.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/loop_impl.h"
#include "net/stream_impl.h"

enum { FUZZ_TURNS = 4, FUZZ_END_TURNS = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One end under test, on one side of a socket pair. */
struct subject {
    struct loop *loop;
    struct http_server *server;
    struct http_peer *peer;
    struct stream *stream; /* until it is open */
    bool client;
    int calls; /* under way */
};

static void echo_body(void *owner, struct slice bytes)
{
    http_exchange_write(owner, bytes);
}

static void echo_end(void *owner, struct http_fields trailers)
{
    http_exchange_end(owner, trailers);
}

static void echo_done(void *owner, cocoon_err why)
{
    (void)owner;
    (void)why;
}

static const struct http_exchange_events echo_events = {
    .on_body = echo_body, .on_end = echo_end, .on_done = echo_done};

static void collected(void *owner, struct slice body)
{
    http_answer(owner, 200, "text/plain", body);
}

/* Every way to answer, by the length of the path. */
static void handle(void *owner, struct http_exchange *x)
{
    (void)owner;
    switch (http_exchange_request(x)->path.len % 4) {
    case 0:
        http_answer(x, 200, "text/plain", SLICE_LIT("ok"));
        break;
    case 1:
        http_exchange_bind(x, &echo_events, x);
        http_exchange_head(x, 200, http_exchange_request(x)->fields);
        break;
    case 2:
        http_exchange_collect(x, 100, collected, NULL, x);
        break;
    default:
        break; /* never answered */
    }
}

static void call_head(void *owner, const struct http_response *head)
{
    (void)owner;
    assert(head->status >= 200);
}

static void call_body(void *owner, struct slice bytes)
{
    (void)owner;
    (void)bytes;
}

static void call_end(void *owner, struct http_fields trailers)
{
    (void)trailers;
    ((struct subject *)owner)->calls--;
}

static void call_error(void *owner, cocoon_err why)
{
    assert(why != OK);
    ((struct subject *)owner)->calls--;
}

static const struct http_call_events call_events = {
    .on_head = call_head, .on_body = call_body, .on_end = call_end, .on_error = call_error};

static void subject_open(void *owner)
{
    struct subject *s = owner;
    struct stream *stream = s->stream;
    struct http_call_params params = {.method = SLICE_LIT("GET"), .target = SLICE_LIT("/")};

    s->stream = NULL;
    if (!s->client) {
        http_server_adopt(s->server, stream);
        return;
    }
    s->peer = http_peer_on_stream(stream, NULL, NULL, NULL);
    for (int i = 0; i < 3; i++) {
        params.no_body = i < 2;
        http_call_start(s->peer, &params, &call_events, s);
        s->calls++;
    }
}

static size_t subject_data(void *owner, struct slice bytes)
{
    (void)owner;
    (void)bytes;
    return 0;
}

static void subject_gone(void *owner, cocoon_err why)
{
    (void)owner;
    (void)why;
}

static const struct stream_events subject_events = {
    .on_open = subject_open, .on_data = subject_data, .on_close = subject_gone};

static void turns(struct subject *s, int count)
{
    for (int i = 0; i < count; i++)
        uv_run(&s->loop->uv, UV_RUN_NOWAIT);
}

/* Send `bytes`, `piece` at a time, throwing away what comes back. */
static void feed(struct subject *s, int fd, struct slice bytes, size_t piece)
{
    static uint8_t back[64 * 1024];

    while (bytes.len > 0) {
        size_t n = num_min(piece, bytes.len);

        if (send(fd, bytes.ptr, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
        bytes = slice_skip(bytes, n);
        turns(s, FUZZ_TURNS);
        while (recv(fd, back, sizeof back, MSG_DONTWAIT) == sizeof back)
            ;
    }
}

static struct subject *subject_once(void)
{
    static struct subject s;
    const struct http_server_params params = {.handler = handle};

    if (s.loop == NULL) {
        if (loop_new(&s.loop) != OK)
            return NULL;
        s.server = http_server_new(s.loop, &params);
    }
    return &s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct subject *s = subject_once();
    int ends[2];

    if (size < 2 || s == NULL ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        return 0;
    s->client = data[0] % 2 == 1;
    s->stream = stream_new(s->loop, ends[0], NULL);
    stream_bind(s->stream, &subject_events, s);
    turns(s, FUZZ_TURNS);
    feed(s, ends[1], slice_make(data + 2, size - 2), (size_t)data[1] * 16 + 1);
    shutdown(ends[1], SHUT_WR);
    turns(s, FUZZ_END_TURNS);
    close(ends[1]);
    http_peer_free(s->peer);
    s->peer = NULL;
    turns(s, FUZZ_END_TURNS);
    assert(s->calls == 0);
    assert(http_server_metrics(s->server)->open == 0);
    assert(http_server_metrics(s->server)->active == 0);
    return 0;
}
