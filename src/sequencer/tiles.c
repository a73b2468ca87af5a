#include "sequencer/tiles.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "store/file.h"

enum { DIR_MAX = FILE_PATH_MAX - TILE_PATH_MAX - 2, PARTIAL_MAX = TILE_LEVELS + 1 };

struct tiles {
    char dir[DIR_MAX];
    struct tile_edge edge;
    struct buf bundle;             /* the entries of the last bundle while it is not full */
    size_t starts[TILE_WIDTH + 1]; /* where each begins in it */
    char partial[PARTIAL_MAX][FILE_PATH_MAX]; /* files of the last tiles_write_partial */
    size_t partial_count;
};

static void path_of(const struct tiles *t, const struct tile *which, char out[FILE_PATH_MAX])
{
    struct buf path;

    buf_init(&path, FILE_PATH_MAX - 1);
    buf_put_text(&path, t->dir);
    buf_put_text(&path, "/");
    tile_path_put(&path, which);
    if (slice_cstr(buf_slice(&path), out, FILE_PATH_MAX) != OK)
        assert(false);
    buf_fini(&path);
}

/* Write a file and the folders it needs. */
static cocoon_err write_file(const char *path, struct slice content)
{
    cocoon_err err = file_write(path, content, FILE_PUBLIC, false);
    char dir[FILE_PATH_MAX];

    if (err != ERR_NOT_FOUND)
        return err;
    if (slice_cstr(slice_text(path), dir, sizeof dir) != OK)
        return ERR_LIMIT;
    *strrchr(dir, '/') = '\0';
    if ((err = file_make_dir(dir)) != OK)
        return err;
    return file_write(path, content, FILE_PUBLIC, false);
}

static cocoon_err write_tile(const struct tiles *t, const struct tile *which, struct slice content)
{
    char path[FILE_PATH_MAX];

    path_of(t, which, path);
    return write_file(path, content);
}

static cocoon_err read_file(const struct tiles *t, const struct tile *which, struct buf *out)
{
    char path[FILE_PATH_MAX];

    path_of(t, which, path);
    return file_read(path, out);
}

/* Set `*root` to the root of full tile `index` of `level`, read from its file. */
static cocoon_err full_root(const struct tiles *t, unsigned level, uint64_t index,
                            struct digest *root)
{
    struct tile which = {.level = level, .index = index, .width = TILE_WIDTH};
    struct digest hashes[TILE_WIDTH];
    struct buf bytes;
    cocoon_err err;

    buf_init(&bytes, TILE_BYTES_MAX);
    err = read_file(t, &which, &bytes);
    if (err == ERR_NOT_FOUND || (err == OK && bytes.len != TILE_BYTES_MAX))
        err = ERR_CORRUPT;
    if (err == OK) {
        memcpy(hashes, bytes.ptr, bytes.len);
        merkle_root_of(hashes, TILE_WIDTH, root);
    }
    buf_fini(&bytes);
    return err;
}

/* Fill the edge of a log whose entries stand in full bundles. */
static cocoon_err load_edge(struct tiles *t)
{
    cocoon_err err = OK;

    for (unsigned level = 1; err == OK && level < TILE_LEVELS; level++) {
        uint64_t hashes = t->edge.size >> (TILE_BITS * level);
        unsigned width = tile_edge_width(&t->edge, level);

        for (unsigned i = 0; err == OK && i < width; i++)
            err = full_root(t, level - 1, hashes - width + i, &t->edge.hashes[level][i]);
    }
    return err;
}

cocoon_err tiles_open(struct tiles **out, const char *dir, uint64_t size)
{
    struct tiles *t = MEM_NEW(struct tiles);
    cocoon_err err;

    assert(size % TILE_WIDTH == 0);
    t->edge.size = size;
    buf_init(&t->bundle, TILE_BUNDLE_MAX);
    if ((err = slice_cstr(slice_text(dir), t->dir, sizeof t->dir)) != OK)
        goto fail;
    if ((err = file_make_dir(dir)) != OK)
        goto fail;
    if ((err = load_edge(t)) != OK)
        goto fail;
    *out = t;
    return OK;
fail:
    tiles_close(t);
    return err;
}

void tiles_close(struct tiles *t)
{
    if (t == NULL)
        return;
    buf_fini(&t->bundle);
    mem_free(t);
}

uint64_t tiles_size(const struct tiles *t)
{
    return t->edge.size;
}

static cocoon_err write_bundle(struct tiles *t, uint64_t index)
{
    struct tile which = {.entries = true, .index = index, .width = TILE_WIDTH};
    cocoon_err err = write_tile(t, &which, buf_slice(&t->bundle));

    buf_clear(&t->bundle);
    return err;
}

static cocoon_err write_full(void *ctx, const struct tile *which, const struct digest *hashes)
{
    return write_tile(ctx, which, slice_make(hashes, TILE_BYTES_MAX));
}

cocoon_err tiles_push(struct tiles *t, struct slice entry)
{
    unsigned at = tile_edge_width(&t->edge, 0);
    struct digest leaf;
    cocoon_err err;

    t->starts[at] = t->bundle.len;
    tile_entry_put(&t->bundle, entry);
    t->starts[at + 1] = t->bundle.len;
    if ((err = buf_ok(&t->bundle)) != OK)
        return err;
    merkle_leaf(entry, &leaf);
    if (at == TILE_WIDTH - 1 && (err = write_bundle(t, t->edge.size / TILE_WIDTH)) != OK)
        return err;
    return tile_edge_push(&t->edge, &leaf, write_full, t);
}

cocoon_err tiles_sync(struct tiles *t, uint64_t *size)
{
    *size = t->edge.size - t->edge.size % TILE_WIDTH;
    return file_sync_all(t->dir);
}

/* Append the first `width` entries of the last bundle, or hashes of the last tile of a level. */
static void put_edge(const struct tiles *t, const struct tile *which, struct buf *out)
{
    if (which->entries)
        buf_put(out, slice_sub(buf_slice(&t->bundle), 0, t->starts[which->width]));
    else
        buf_put(out, slice_make(t->edge.hashes[which->level], 32 * (size_t)which->width));
}

static cocoon_err put_full(const struct tiles *t, const struct tile *which, struct buf *out)
{
    struct tile whole = *which;
    struct buf bytes;
    cocoon_err err;

    whole.width = TILE_WIDTH;
    buf_init(&bytes, which->entries ? TILE_BUNDLE_MAX : TILE_BYTES_MAX);
    err = read_file(t, &whole, &bytes);
    if (err == ERR_NOT_FOUND || err == ERR_LIMIT)
        err = ERR_CORRUPT;
    if (err == OK && !which->entries && bytes.len != TILE_BYTES_MAX)
        err = ERR_CORRUPT;
    if (err == OK)
        err = tile_narrow(buf_slice(&bytes), which, out);
    buf_fini(&bytes);
    return err;
}

cocoon_err tiles_read(struct tiles *t, const struct tile *which, struct buf *out)
{
    unsigned there = tile_width(t->edge.size, which->entries ? 0 : which->level, which->index);

    if (which->width > there)
        return ERR_NOT_FOUND;
    if (there == TILE_WIDTH)
        return put_full(t, which, out);
    put_edge(t, which, out);
    return buf_ok(out);
}

cocoon_err tiles_entry(struct tiles *t, uint64_t index, struct buf *out)
{
    struct tile which = {.entries = true, .index = index / TILE_WIDTH};
    struct buf bundle;
    struct slice entry = {0};
    struct rd r;
    cocoon_err err;

    if (index >= t->edge.size)
        return ERR_NOT_FOUND;
    which.width = (unsigned)(index % TILE_WIDTH) + 1;
    buf_init(&bundle, TILE_BUNDLE_MAX);
    if ((err = tiles_read(t, &which, &bundle)) == OK) {
        r = rd_init(buf_slice(&bundle));
        for (unsigned i = 0; i < which.width; i++)
            entry = tile_entry_next(&r);
        buf_put(out, entry);
        err = r.bad ? ERR_CORRUPT : buf_ok(out);
    }
    buf_fini(&bundle);
    return err;
}

/* Write one tile that is not full, and note its file. */
static cocoon_err write_partial(struct tiles *t, const struct tile *which)
{
    char *path = t->partial[t->partial_count];
    struct buf bytes;
    cocoon_err err;

    assert(t->partial_count < PARTIAL_MAX);
    buf_init(&bytes, TILE_BUNDLE_MAX);
    path_of(t, which, path);
    err = tiles_read(t, which, &bytes);
    if (err == OK)
        err = write_file(path, buf_slice(&bytes));
    if (err == OK)
        t->partial_count++;
    buf_fini(&bytes);
    return err;
}

cocoon_err tiles_write_partial(struct tiles *t, uint64_t size)
{
    cocoon_err err = OK;

    assert(size <= t->edge.size);
    while (err == OK && t->partial_count > 0)
        err = file_remove(t->partial[--t->partial_count]);
    for (unsigned level = 0; err == OK && level < TILE_LEVELS; level++) {
        uint64_t hashes = size >> (TILE_BITS * level);
        struct tile which = {.level = level, .index = hashes / TILE_WIDTH};

        which.width = (unsigned)(hashes % TILE_WIDTH);
        if (which.width == 0)
            continue;
        err = write_partial(t, &which);
        if (err == OK && level == 0) {
            which.entries = true;
            err = write_partial(t, &which);
        }
    }
    return err;
}

static cocoon_err source_read(void *ctx, const struct tile *which, struct buf *out)
{
    return tiles_read((struct tiles *)ctx, which, out);
}

struct tile_source tiles_source(struct tiles *t, uint64_t size)
{
    assert(size <= t->edge.size);
    return (struct tile_source){source_read, t, size};
}
