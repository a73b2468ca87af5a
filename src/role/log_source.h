/*
 * A log to read from: a folder, or http://host:port of whoever serves it. Blocks: for commands, not
 * for roles.
 */
#ifndef ROLE_LOG_SOURCE_H
#define ROLE_LOG_SOURCE_H

#include "ledger/tile.h"

struct log_source;

/* Open `where`. ERR_NOT_FOUND (no log there), ERR_MALFORMED (an address that is none). */
cocoon_err log_source_open(struct log_source **out, const char *where) MUST_CHECK;
void log_source_close(struct log_source *s);

/* Append what stands under `name`: "checkpoint", "genesis.json". ERR_NOT_FOUND, ERR_LIMIT, ERR_IO,
 * and those of http_fetch. */
cocoon_err log_source_read(struct log_source *s, const char *name, struct buf *out) MUST_CHECK;

/* Its tiles; `s` must outlive them. */
struct tile_source log_source_tiles(struct log_source *s);

#endif
