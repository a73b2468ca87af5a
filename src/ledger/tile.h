/*
 * Tiles: how the log is served and stored (c2sp.org/tlog-tiles).
 *
 *   tile/<L>/<N>[.p/<W>]         hashes, 32 bytes each: the n-th 256 of level L, where a hash of
 *                                level L > 0 is the root of a full tile of the level below
 *   tile/entries/<N>[.p/<W>]     entries, each u16 length | bytes, in bundles of 256
 *
 * N is written in groups of three digits, all but the last after an "x": x001/x234/067. W, 1..255,
 * stands for tiles that are not full yet.
 */
#ifndef LEDGER_TILE_H
#define LEDGER_TILE_H

#include "base/buf.h"
#include "base/rd.h"
#include "crypto/merkle.h"

enum {
    TILE_WIDTH = 256,
    TILE_BITS = 8,
    TILE_LEVELS = 8, /* of a log of fewer than 2^63 entries */
    TILE_ENTRY_MAX = 65535,
    TILE_BYTES_MAX = TILE_WIDTH * 32,
    TILE_BUNDLE_MAX = TILE_WIDTH * (2 + TILE_ENTRY_MAX),
    TILE_PATH_MAX = 64,
};

struct tile {
    bool entries;   /* a bundle of entries; its level is 0 */
    unsigned level; /* 0..TILE_LEVELS - 1 */
    uint64_t index;
    unsigned width; /* 1..TILE_WIDTH */
};

/* Append the path of `t`, without a leading slash. */
void tile_path_put(struct buf *out, const struct tile *t);

/* Parse such a path. ERR_MALFORMED: also for spellings that tile_path_put does not write. */
cocoon_err tile_path_read(struct slice path, struct tile *out) MUST_CHECK;

/* Return how many hashes tile `index` of `level` has in a log of `size` entries: 0..TILE_WIDTH. */
unsigned tile_width(uint64_t size, unsigned level, uint64_t index);

/*
 * The right edge of a growing log: the last tile of each level while it is not full.
 */
struct tile_edge {
    uint64_t size; /* entries */
    struct digest hashes[TILE_LEVELS][TILE_WIDTH];
};

/* Return how many hashes stand in the last tile of `level`: 0..TILE_WIDTH - 1. */
static inline unsigned tile_edge_width(const struct tile_edge *e, unsigned level)
{
    return (unsigned)(e->size >> (TILE_BITS * level)) % TILE_WIDTH;
}

/* Add a leaf hash; call `full` for each tile that it fills, from level 0 up, with its TILE_WIDTH
 * hashes. On an error of `full` nothing was added. */
typedef cocoon_err tile_full_fn(void *ctx, const struct tile *t, const struct digest *hashes);
cocoon_err tile_edge_push(struct tile_edge *e, const struct digest *leaf, tile_full_fn *full,
                          void *ctx) MUST_CHECK;

/* Append `entry` to a bundle. It has at most TILE_ENTRY_MAX bytes (asserted). */
void tile_entry_put(struct buf *bundle, struct slice entry);

/* Return the next entry of a bundle; on its end or malformed bytes `r` is bad or done as usual. */
struct slice tile_entry_next(struct rd *bundle);

/* Append the first which->width hashes or entries of the wider tile in `bytes`. ERR_CORRUPT if it
 * has fewer, ERR_LIMIT. */
cocoon_err tile_narrow(struct slice bytes, const struct tile *which, struct buf *out) MUST_CHECK;

/*
 * Nodes of the Merkle tree, read from tiles: what the provers of crypto/merkle.h ask. `read`
 * appends the bytes of a tile of hashes, of the width that a log of `size` entries has, to `out`.
 */
struct tile_source {
    cocoon_err (*read)(void *ctx, const struct tile *t, struct buf *out);
    void *ctx;
    uint64_t size;
};

/* Return the nodes of the tree that `source` has; it must outlive them. A tile of the wrong length
 * is ERR_CORRUPT, a node beyond the tree ERR_RANGE. */
struct merkle_nodes tile_nodes(struct tile_source *source);

#endif
