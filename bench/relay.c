/*
 * A hop that only forwards: what the network layer costs by itself. Three of them, client, proxy
 * and worker, make the road of a request without any sealing, checking or accounting.
 *
 *   bench-relay client ADDR PROXY             HTTP/1.1 in, HTTP/2 over TLS out
 *   bench-relay proxy  ADDR CERT KEY          HTTP/2 over TLS in, the worker's tunnel out
 *   bench-relay worker PROXY ENGINE           dials the proxy, serves the tunnel, HTTP/1.1 out
 *
 * CERT and KEY are DER. Prints "ready" once it can forward.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/http_client.h"
#include "net/http_server.h"

enum { RELAY_FILE_MAX = 64 * 1024, RELAY_CONNECT_MS = 10 * 1000 };

#define TUNNEL_ALPN "cocoon-tunnel/1"

struct relay {
    struct loop *loop;
    struct http_server *server;
    struct http_tunnel *tunnel;
    struct http_peer *peer;
    struct stream *dialling;
};

/* One request on its way. */
struct hop {
    struct http_exchange *x; /* NULL once over */
    struct http_call *call;  /* NULL once over */
};

static void fail(const char *what, cocoon_err err)
{
    fprintf(stderr, "bench-relay: %s: %s\n", what, cocoon_err_text(err));
    exit(EXIT_FAILURE);
}

static void ready(void)
{
    puts("ready");
    fflush(stdout);
}

static void hop_request_body(void *owner, struct slice bytes)
{
    struct hop *h = owner;

    if (h->call != NULL && !http_call_write(h->call, bytes))
        http_exchange_pause(h->x);
}

static void hop_request_end(void *owner, struct http_fields trailers)
{
    struct hop *h = owner;

    if (h->call != NULL)
        http_call_end(h->call, trailers);
}

static void hop_answer_drained(void *owner)
{
    struct hop *h = owner;

    if (h->call != NULL)
        http_call_resume(h->call);
}

static void hop_done(void *owner, cocoon_err why)
{
    struct hop *h = owner;

    (void)why;
    http_call_cancel(h->call);
    h->call = NULL;
}

static const struct http_exchange_events hop_exchange_events = {
    .on_body = hop_request_body,
    .on_end = hop_request_end,
    .on_drained = hop_answer_drained,
    .on_done = hop_done,
};

static void hop_head(void *owner, const struct http_response *head)
{
    struct hop *h = owner;

    http_exchange_head(h->x, head->status, head->fields);
}

static void hop_answer_body(void *owner, struct slice bytes)
{
    struct hop *h = owner;

    if (!http_exchange_write(h->x, bytes))
        http_call_pause(h->call);
}

static void hop_request_drained(void *owner)
{
    struct hop *h = owner;

    http_exchange_resume(h->x);
}

static void hop_answer_end(void *owner, struct http_fields trailers)
{
    struct hop *h = owner;

    h->call = NULL;
    http_exchange_end(h->x, trailers);
}

static void hop_error(void *owner, cocoon_err why)
{
    struct hop *h = owner;

    h->call = NULL;
    if (http_exchange_answered(h->x))
        http_exchange_abort(h->x);
    else
        http_answer_error(h->x, 502, "upstream", cocoon_err_text(why));
}

static const struct http_call_events hop_call_events = {
    .on_head = hop_head,
    .on_body = hop_answer_body,
    .on_drained = hop_request_drained,
    .on_end = hop_answer_end,
    .on_error = hop_error,
};

static void relay_handle(void *owner, struct http_exchange *x)
{
    struct relay *relay = owner;
    const struct http_request *request = http_exchange_request(x);
    struct hop *h = ARENA_NEW(http_exchange_arena(x), struct hop);
    struct http_call_params params = {
        .method = request->method, .target = request->target, .fields = request->fields};

    if (relay->peer == NULL) {
        http_answer_error(x, 503, "no_worker", "no worker has dialled");
        return;
    }
    h->x = x;
    http_exchange_bind(x, &hop_exchange_events, h);
    h->call = http_call_start(relay->peer, &params, &hop_call_events, h);
}

static struct buf read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct buf out;
    int c;

    buf_init(&out, RELAY_FILE_MAX);
    if (file == NULL)
        fail(path, ERR_NOT_FOUND);
    while ((c = getc(file)) != EOF)
        buf_put_u8(&out, (uint8_t)c);
    fclose(file);
    return out;
}

static struct addr read_addr(const char *text)
{
    struct addr addr;
    cocoon_err err = addr_parse(slice_text(text), &addr);

    if (err != OK)
        fail(text, err);
    return addr;
}

static struct tls_ctx *acceptor_tls(const char *cert_path, const char *key_path)
{
    static const char *const alpn[] = {"h2", TUNNEL_ALPN};
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

static struct tls_ctx *dialler_tls(const char *protocol)
{
    const char *const alpn[] = {protocol};
    struct tls_params params = {.accept = TLS_ACCEPT_ANY, .alpn = alpn, .alpn_count = 1};
    struct tls_ctx *tls;
    cocoon_err err = tls_ctx_new(&params, &tls);

    if (err != OK)
        fail("TLS", err);
    return tls;
}

static void relay_listen(struct relay *relay, const struct http_server_params *params,
                         const char *at, struct tls_ctx *tls)
{
    struct addr addr = read_addr(at);
    cocoon_err err;

    relay->server = http_server_new(relay->loop, params);
    if ((err = http_server_listen(relay->server, &addr, tls, false, NULL)) != OK)
        fail(at, err);
    tls_ctx_unref(tls);
}

static void relay_client(struct relay *relay, char **args)
{
    struct http_server_params params = {.handler = relay_handle, .owner = relay};
    struct http_peer_params peer = {.at = read_addr(args[1]), .http2 = true};

    peer.tls = dialler_tls("h2");
    relay->peer = http_peer_new(relay->loop, &peer);
    tls_ctx_unref(peer.tls);
    relay_listen(relay, &params, args[0], NULL);
    ready();
}

static void proxy_lost(void *owner, cocoon_err why)
{
    (void)owner;
    (void)why; /* calls are answered 502 until the bench is over */
}

static void proxy_tunnel(void *owner, struct stream *s)
{
    struct relay *relay = owner;

    if (relay->peer != NULL) {
        stream_close(s);
        return;
    }
    relay->peer = http_peer_on_stream(s, NULL, proxy_lost, relay);
}

static void relay_proxy(struct relay *relay, char **args)
{
    struct http_server_params params = {
        .handler = relay_handle, .raw_alpn = TUNNEL_ALPN, .on_raw = proxy_tunnel, .owner = relay};

    relay_listen(relay, &params, args[0], acceptor_tls(args[1], args[2]));
    ready();
}

static void worker_down(void *owner, cocoon_err why)
{
    struct relay *relay = owner;

    (void)why;
    loop_stop(relay->loop);
}

static void worker_open(void *owner)
{
    struct relay *relay = owner;

    relay->tunnel = http_tunnel_serve(relay->dialling, NULL, relay_handle, worker_down, relay);
    ready();
}

static size_t worker_data(void *owner, struct slice bytes)
{
    (void)owner;
    (void)bytes;
    return 0; /* kept for the tunnel */
}

static void worker_lost(void *owner, cocoon_err why)
{
    (void)owner;
    fail("the proxy", why);
}

static const struct stream_events worker_events = {
    .on_open = worker_open, .on_data = worker_data, .on_close = worker_lost};

static void relay_worker(struct relay *relay, char **args)
{
    struct http_peer_params peer = {.at = read_addr(args[1]), .connections = 1024};
    struct addr proxy = read_addr(args[0]);
    struct tls_ctx *tls = dialler_tls(TUNNEL_ALPN);

    relay->peer = http_peer_new(relay->loop, &peer);
    relay->dialling =
        stream_connect(relay->loop, &proxy, tls, RELAY_CONNECT_MS, &worker_events, relay);
    tls_ctx_unref(tls);
}

static void relay_stop(void *owner)
{
    loop_stop(owner);
}

int main(int argc, char **argv)
{
    struct relay relay = {.loop = NULL};
    struct loop_signal *stop;
    struct slice role = slice_text(argc > 1 ? argv[1] : "");

    if (loop_new(&relay.loop) != OK ||
        loop_signal_new(relay.loop, SIGTERM, relay_stop, relay.loop, &stop) != OK)
        fail("loop", ERR_IO);
    if (slice_eq_text(role, "client") && argc == 4)
        relay_client(&relay, argv + 2);
    else if (slice_eq_text(role, "proxy") && argc == 5)
        relay_proxy(&relay, argv + 2);
    else if (slice_eq_text(role, "worker") && argc == 4)
        relay_worker(&relay, argv + 2);
    else
        fail("usage: client ADDR PROXY | proxy ADDR CERT KEY | worker PROXY ENGINE", ERR_MISSING);
    loop_run(relay.loop);
    http_server_free(relay.server);
    http_tunnel_free(relay.tunnel);
    http_peer_free(relay.peer);
    loop_signal_free(stop);
    loop_free(relay.loop);
    return EXIT_SUCCESS;
}
