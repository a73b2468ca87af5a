#include "sequencer/log_dir.h"

#include "ledger/tile.h"

cocoon_err log_dir_open(struct log_dir *d, const char *path)
{
    static const char *const below[] = {"", "/log", "/data/log", "/ledger/data/log"};
    char name[FILE_PATH_MAX];
    cocoon_err err;

    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        struct buf text;

        buf_init(&text, FILE_PATH_MAX - 1);
        buf_put_text(&text, path);
        buf_put_text(&text, below[i]);
        err = slice_cstr(buf_slice(&text), d->path, sizeof d->path);
        buf_fini(&text);
        if (err != OK || (err = file_join(name, d->path, "checkpoint")) != OK)
            return err;
        if (file_exists(name))
            return OK;
    }
    return ERR_NOT_FOUND;
}

cocoon_err log_dir_read(const struct log_dir *d, const char *name, struct buf *out)
{
    char path[FILE_PATH_MAX];
    cocoon_err err = file_join(path, d->path, name);

    return err == OK ? file_read(path, out) : err;
}

static cocoon_err read_named(const struct log_dir *d, const struct tile *which, struct buf *out)
{
    char name[TILE_PATH_MAX + 1];
    struct buf path;
    cocoon_err err;

    buf_init(&path, TILE_PATH_MAX);
    tile_path_put(&path, which);
    err = slice_cstr(buf_slice(&path), name, sizeof name);
    buf_fini(&path);
    return err == OK ? log_dir_read(d, name, out) : err;
}

static cocoon_err read_tile(void *ctx, const struct tile *which, struct buf *out)
{
    struct tile full = *which;
    struct buf bytes;
    cocoon_err err = read_named(ctx, which, out);

    if (err != ERR_NOT_FOUND || which->width == TILE_WIDTH)
        return err;
    full.width = TILE_WIDTH;
    buf_init(&bytes, TILE_BUNDLE_MAX);
    err = read_named(ctx, &full, &bytes);
    if (err == OK)
        err = tile_narrow(buf_slice(&bytes), which, out);
    buf_fini(&bytes);
    return err;
}

struct tile_source log_dir_source(struct log_dir *d)
{
    return (struct tile_source){read_tile, d, 0};
}
