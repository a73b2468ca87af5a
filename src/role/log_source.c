#include "role/log_source.h"

#include <string.h>

#include "base/mem.h"
#include "net/http_client.h"
#include "sequencer/log_dir.h"

enum { WAIT_MS = 30000 };

static const struct slice scheme = SLICE_INIT("http://");

struct log_source {
    struct log_dir dir; /* without a peer */
    struct loop *loop;
    struct http_peer *peer;

    /* of the fetch under way */
    struct buf *out;
    cocoon_err err;
};

static cocoon_err open_url(struct log_source *s, struct slice rest)
{
    struct http_peer_params params = {.connections = 1};
    cocoon_err err;

    if (slice_ends(rest, SLICE_LIT("/")))
        rest.len--;
    if ((err = addr_parse(rest, &params.at)) != OK)
        return err;
    if ((err = loop_new(&s->loop)) != OK)
        return err;
    s->peer = http_peer_new(s->loop, &params);
    return OK;
}

cocoon_err log_source_open(struct log_source **out, const char *where)
{
    struct log_source *s = MEM_NEW(struct log_source);
    struct slice text = slice_text(where);
    cocoon_err err = slice_starts(text, scheme) ? open_url(s, slice_skip(text, scheme.len))
                                                : log_dir_open(&s->dir, where);

    if (err != OK) {
        log_source_close(s);
        return err;
    }
    *out = s;
    return OK;
}

void log_source_close(struct log_source *s)
{
    if (s == NULL)
        return;
    http_peer_free(s->peer);
    if (s->loop != NULL)
        loop_free(s->loop);
    mem_free(s);
}

static void on_answer(void *owner, cocoon_err err, const struct http_response *head,
                      struct slice body)
{
    struct log_source *s = owner;

    s->err = err;
    if (err == OK && head->status != 200)
        s->err = head->status == 404 ? ERR_NOT_FOUND : ERR_PROTOCOL;
    if (s->err == OK) {
        buf_put(s->out, body);
        s->err = buf_ok(s->out);
    }
    loop_stop(s->loop);
}

static cocoon_err fetch(struct log_source *s, struct slice path, struct buf *out)
{
    struct http_call_params params = {
        .method = SLICE_LIT("GET"), .target = path, .no_body = true, .whole_ms = WAIT_MS};

    s->out = out;
    s->err = ERR_CANCELED;
    (void)http_fetch(s->peer, &params, slice_make(NULL, 0), out->max - out->len, on_answer, s);
    loop_run(s->loop);
    return s->err;
}

cocoon_err log_source_read(struct log_source *s, const char *name, struct buf *out)
{
    struct buf path;
    cocoon_err err;

    if (s->peer == NULL)
        return log_dir_read(&s->dir, name, out);
    buf_init(&path, 256);
    buf_put_u8(&path, '/');
    buf_put_text(&path, name);
    err = buf_ok(&path);
    if (err == OK)
        err = fetch(s, buf_slice(&path), out);
    buf_fini(&path);
    return err;
}

static cocoon_err read_tile(void *ctx, const struct tile *which, struct buf *out)
{
    struct log_source *s = ctx;
    struct tile_source dir = log_dir_source(&s->dir);
    struct buf path;
    cocoon_err err;

    if (s->peer == NULL)
        return dir.read(dir.ctx, which, out);
    buf_init(&path, 1 + TILE_PATH_MAX);
    buf_put_u8(&path, '/');
    tile_path_put(&path, which);
    err = fetch(s, buf_slice(&path), out);
    buf_fini(&path);
    return err;
}

struct tile_source log_source_tiles(struct log_source *s)
{
    return (struct tile_source){read_tile, s, 0};
}
