#include "backend/backend.h"

#include "backend/backend_impl.h"
#include "backend/engine.h"
#include "base/mem.h"

enum {
    /* Each connection holds a thread of llama.cpp's server (64: engine_launch.c). */
    CONNECTIONS_MAX = 48,
};

static void open_peer(struct backend *b, const struct addr *at, struct tls_ctx *tls)
{
    b->peer = http_peer_new(
        b->loop, &(struct http_peer_params){.at = *at, .tls = tls, .connections = CONNECTIONS_MAX});
}

struct backend *backend_of_engine(struct loop *loop, struct engine *engine)
{
    struct backend *b = MEM_NEW(struct backend);

    b->loop = loop;
    b->engine = engine;
    (void)engine_model_manifest(engine, &b->model_digest);
    (void)engine_program_manifest(engine, &b->engine_digest);
    buf_init(&b->prefix, BACKEND_TEXT_MAX);
    buf_init(&b->authority, BACKEND_TEXT_MAX);
    buf_init(&b->bearer, BACKEND_TEXT_MAX);
    buf_put_text(&b->authority, "engine");
    open_peer(b, engine_addr(engine), NULL);
    return b;
}

/* Cut "host[:port]" off `url` and make it an address with the scheme's port. */
static cocoon_err read_host(struct backend *b, struct slice host, bool secure, struct addr *at)
{
    struct buf text;
    cocoon_err err;
    size_t colon;
    bool port = slice_find(host, ':', &colon);

    if (host.len > 0 && host.ptr[0] == '[') /* [::1], with or without a port */
        port = slice_find_slice(host, SLICE_LIT("]:"), &colon);
    buf_put(&b->authority, host);
    buf_init(&text, BACKEND_TEXT_MAX);
    buf_put(&text, host);
    if (!port)
        buf_put_text(&text, secure ? ":443" : ":80");
    err = buf_ok(&text) == OK ? addr_parse(buf_slice(&text), at) : ERR_CONFIG;
    buf_fini(&text);
    return err == OK && at->kind == ADDR_TCP ? OK : ERR_CONFIG;
}

/* What follows the host. Requests name /v1 themselves, so a base URL that ends in it loses it. */
static void read_prefix(struct backend *b, struct slice path)
{
    while (slice_ends(path, SLICE_LIT("/")))
        path = slice_sub(path, 0, path.len - 1);
    if (slice_ends(path, SLICE_LIT("/v1")))
        path = slice_sub(path, 0, path.len - 3);
    buf_put(&b->prefix, path);
}

static cocoon_err read_url(struct backend *b, struct slice url, struct addr *at, bool *secure)
{
    size_t slash;

    *secure = slice_starts(url, SLICE_LIT("https://"));
    if (slice_starts(url, SLICE_LIT("unix:"))) {
        buf_put_text(&b->authority, "localhost");
        return addr_parse(url, at) == OK ? OK : ERR_CONFIG;
    }
    if (!*secure && !slice_starts(url, SLICE_LIT("http://")))
        return ERR_CONFIG;
    url = slice_skip(url, *secure ? 8 : 7);
    if (slice_find(url, '?', &slash) || slice_find(url, '#', &slash) ||
        slice_find(url, '@', &slash))
        return ERR_CONFIG;
    if (slice_find(url, '/', &slash)) {
        read_prefix(b, slice_skip(url, slash));
        url = slice_sub(url, 0, slash);
    }
    return read_host(b, url, *secure, at);
}

/* A key travels in a header: visible ASCII only. */
static cocoon_err read_key(struct backend *b, struct slice key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] > '~')
            return ERR_CONFIG;
    if (key.len > 0)
        buf_put_text(&b->bearer, "Bearer ");
    buf_put(&b->bearer, key);
    return OK;
}

cocoon_err backend_of_url(struct loop *loop, struct slice url, struct slice api_key,
                          struct backend **out)
{
    const struct tls_params web = {.accept = TLS_ACCEPT_WEB};
    struct backend *b = MEM_NEW(struct backend);
    struct tls_ctx *tls = NULL;
    struct addr at;
    bool secure = false;
    cocoon_err err;

    b->loop = loop;
    buf_init(&b->prefix, BACKEND_TEXT_MAX);
    buf_init(&b->authority, BACKEND_TEXT_MAX);
    buf_init(&b->bearer, BACKEND_TEXT_MAX);
    err = read_url(b, url, &at, &secure);
    if (err == OK)
        err = read_key(b, api_key);
    if (err == OK && (b->prefix.over || b->authority.over || b->bearer.over))
        err = ERR_CONFIG;
    if (err == OK && secure)
        err = tls_ctx_new(&web, &tls);
    if (err != OK) {
        backend_free(b);
        return err;
    }
    open_peer(b, &at, tls);
    tls_ctx_unref(tls);
    *out = b;
    return OK;
}

void backend_free(struct backend *b)
{
    if (b == NULL)
        return;
    http_peer_free(b->peer);
    buf_fini(&b->prefix);
    buf_fini(&b->authority);
    buf_wipe(&b->bearer);
    mem_free(b);
}

enum backend_state backend_state(const struct backend *b)
{
    return b->engine == NULL || engine_ready(b->engine) ? BACKEND_READY : BACKEND_STARTING;
}

const struct digest *backend_model_digest(const struct backend *b)
{
    return b->engine == NULL ? NULL : &b->model_digest;
}

const struct digest *backend_engine_digest(const struct backend *b)
{
    return b->engine == NULL ? NULL : &b->engine_digest;
}
