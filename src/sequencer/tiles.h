/*
 * The log as files: full tiles and bundles, each written once and never changed, and the edge of
 * the tree in memory (ledger/tile.h says what they hold and how they are called).
 *
 * Files are written as tiles fill, without waiting for the disk; tiles_sync makes all of them
 * durable at once and says how far. Whoever keeps the entries (the journal) lets go of those before
 * that point only; after a crash it pushes the others again, which writes the same bytes.
 */
#ifndef SEQUENCER_TILES_H
#define SEQUENCER_TILES_H

#include "ledger/tile.h"

struct tiles;

/*
 * Open the tiles under `dir` (made if absent) as those of a log of `size` entries, a multiple of
 * TILE_WIDTH. ERR_CORRUPT if a tile that must be there is missing or of the wrong length, ERR_IO.
 */
cocoon_err tiles_open(struct tiles **out, const char *dir, uint64_t size) MUST_CHECK;
void tiles_close(struct tiles *t);

uint64_t tiles_size(const struct tiles *t);

/* Add the next entry. ERR_IO when a file cannot be written: the log must stop. */
cocoon_err tiles_push(struct tiles *t, struct slice entry) MUST_CHECK;

/* Make every full tile durable and set `*size` to how many entries stand in full bundles. */
cocoon_err tiles_sync(struct tiles *t, uint64_t *size) MUST_CHECK;

/* Append tile `which` to `out`: of any width that the log had or has. ERR_NOT_FOUND, ERR_CORRUPT,
 * ERR_IO. */
cocoon_err tiles_read(struct tiles *t, const struct tile *which, struct buf *out) MUST_CHECK;

/* Append entry `index` to `out`. ERR_NOT_FOUND. */
cocoon_err tiles_entry(struct tiles *t, uint64_t index, struct buf *out) MUST_CHECK;

/* Write the partial tiles that a log of `size` entries, now or before, has: so that the folder
 * alone is a whole log. Those of the last call are removed. */
cocoon_err tiles_write_partial(struct tiles *t, uint64_t size) MUST_CHECK;

/* The tree's nodes, for the provers of crypto/merkle.h: of the first `size` entries. */
struct tile_source tiles_source(struct tiles *t, uint64_t size);

#endif
