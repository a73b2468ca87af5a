#include "ledger/tile.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"

void tile_path_put(struct buf *out, const struct tile *t)
{
    unsigned groups[7]; /* 2^64 has 20 digits */
    size_t count = 0;
    uint64_t left = t->index;

    assert(t->width >= 1 && t->width <= TILE_WIDTH && t->level < TILE_LEVELS);
    do {
        groups[count++] = (unsigned)(left % 1000);
        left /= 1000;
    } while (left > 0);
    if (t->entries)
        buf_put_text(out, "tile/entries");
    else
        buf_printf(out, "tile/%u", t->level);
    while (count-- > 0)
        buf_printf(out, count > 0 ? "/x%03u" : "/%03u", groups[count]);
    if (t->width < TILE_WIDTH)
        buf_printf(out, ".p/%u", t->width);
}

static cocoon_err read_group(struct slice text, uint64_t *index)
{
    uint64_t next, group = 0;

    if (text.len != 3)
        return ERR_MALFORMED;
    for (size_t i = 0; i < 3; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return ERR_MALFORMED;
        group = 10 * group + (uint64_t)(text.ptr[i] - '0');
    }
    if (!num_mul_u64(*index, 1000, &next) || !num_add_u64(next, group, index))
        return ERR_MALFORMED;
    return OK;
}

/* Read "x001/x234/067" from the front of `*rest`, up to "/" after a group without "x", or the end.
 */
static cocoon_err read_index(struct slice *rest, uint64_t *index)
{
    cocoon_err err = OK;
    bool more = true;

    *index = 0;
    while (err == OK && more) {
        struct slice part = slice_cut(rest, '/');

        more = part.len > 0 && part.ptr[0] == 'x';
        err = read_group(more ? slice_skip(part, 1) : part, index);
    }
    return err;
}

/* Take ".p/<W>" off the end of `*path`. */
static cocoon_err read_width(struct slice *path, unsigned *width)
{
    size_t at;
    uint64_t value;

    *width = TILE_WIDTH;
    if (!slice_find_slice(*path, SLICE_LIT(".p/"), &at))
        return OK;
    if (slice_u64(slice_skip(*path, at + 3), &value) != OK || value < 1 || value >= TILE_WIDTH)
        return ERR_MALFORMED;
    *width = (unsigned)value;
    *path = slice_sub(*path, 0, at);
    return OK;
}

/* Tell whether `path` is how tile_path_put spells `t`. */
static bool is_spelling(struct slice path, const struct tile *t)
{
    struct buf again;
    bool same;

    buf_init(&again, TILE_PATH_MAX);
    tile_path_put(&again, t);
    same = buf_ok(&again) == OK && slice_eq(buf_slice(&again), path);
    buf_fini(&again);
    return same;
}

cocoon_err tile_path_read(struct slice path, struct tile *out)
{
    struct slice rest = path, level;
    uint64_t value = 0;
    cocoon_err err;

    if ((err = read_width(&rest, &out->width)) != OK)
        return err;
    if (!slice_eq_text(slice_cut(&rest, '/'), "tile"))
        return ERR_MALFORMED;
    level = slice_cut(&rest, '/');
    out->entries = slice_eq_text(level, "entries");
    if (!out->entries && (slice_u64(level, &value) != OK || value >= TILE_LEVELS))
        return ERR_MALFORMED;
    out->level = (unsigned)value;
    if ((err = read_index(&rest, &out->index)) != OK)
        return err;
    return is_spelling(path, out) ? OK : ERR_MALFORMED;
}

unsigned tile_width(uint64_t size, unsigned level, uint64_t index)
{
    uint64_t hashes = level < TILE_LEVELS ? size >> (TILE_BITS * level) : 0;

    if (index >= hashes / TILE_WIDTH + (hashes % TILE_WIDTH != 0))
        return 0;
    return index < hashes / TILE_WIDTH ? TILE_WIDTH : (unsigned)(hashes % TILE_WIDTH);
}

cocoon_err tile_edge_push(struct tile_edge *e, const struct digest *leaf, tile_full_fn *full,
                          void *ctx)
{
    struct digest hash = *leaf;
    cocoon_err err;

    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        uint64_t at = e->size >> (TILE_BITS * level);
        struct tile t = {.level = level, .index = at / TILE_WIDTH, .width = TILE_WIDTH};

        e->hashes[level][at % TILE_WIDTH] = hash;
        if (at % TILE_WIDTH != TILE_WIDTH - 1)
            break;
        if ((err = full(ctx, &t, e->hashes[level])) != OK)
            return err;
        merkle_root_of(e->hashes[level], TILE_WIDTH, &hash);
    }
    e->size++;
    return OK;
}

void tile_entry_put(struct buf *bundle, struct slice entry)
{
    assert(entry.len <= TILE_ENTRY_MAX);
    buf_put_u8(bundle, (uint8_t)(entry.len >> 8));
    buf_put_u8(bundle, (uint8_t)entry.len);
    buf_put(bundle, entry);
}

struct slice tile_entry_next(struct rd *bundle)
{
    return rd_slice(bundle, rd_u16be(bundle));
}

cocoon_err tile_narrow(struct slice bytes, const struct tile *which, struct buf *out)
{
    struct rd r = rd_init(bytes);

    if (!which->entries)
        rd_skip(&r, 32 * (size_t)which->width);
    for (unsigned i = 0; which->entries && i < which->width; i++)
        (void)tile_entry_next(&r);
    if (r.bad)
        return ERR_CORRUPT;
    buf_put(out, slice_sub(bytes, 0, r.at));
    return buf_ok(out);
}

static cocoon_err read_node(void *state, unsigned level, uint64_t index, struct digest *out)
{
    struct tile_source *source = (struct tile_source *)state;
    struct tile t = {.level = level / TILE_BITS};
    unsigned within = level % TILE_BITS;
    uint64_t first = index << within;
    struct digest hashes[TILE_WIDTH];
    struct buf bytes;
    cocoon_err err;

    assert(level < 64);
    if (level >= TILE_BITS * TILE_LEVELS || first >> within != index)
        return ERR_RANGE;
    t.index = first / TILE_WIDTH;
    t.width = tile_width(source->size, t.level, t.index);
    if (first % TILE_WIDTH + ((uint64_t)1 << within) > t.width)
        return ERR_RANGE;
    buf_init(&bytes, TILE_BYTES_MAX);
    err = source->read(source->ctx, &t, &bytes);
    if (err == OK && bytes.len != 32 * (size_t)t.width)
        err = ERR_CORRUPT;
    if (err == OK) {
        memcpy(hashes, bytes.ptr, bytes.len);
        merkle_root_of(&hashes[first % TILE_WIDTH], (size_t)1 << within, out);
    }
    buf_fini(&bytes);
    return err;
}

struct merkle_nodes tile_nodes(struct tile_source *source)
{
    return (struct merkle_nodes){read_node, source};
}
