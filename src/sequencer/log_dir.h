/* A log as a folder: checkpoint, genesis.json, tile/.. (what sequencer/journal.h writes as "log").
 */
#ifndef SEQUENCER_LOG_DIR_H
#define SEQUENCER_LOG_DIR_H

#include "ledger/tile.h"
#include "store/file.h"

struct log_dir {
    char path[FILE_PATH_MAX];
};

/* Set `d` to the folder `path`, or to where the log lies in the folder of a ledger or of `up`.
 * ERR_NOT_FOUND. */
cocoon_err log_dir_open(struct log_dir *d, const char *path) MUST_CHECK;

/* Append the content of a file of the folder. */
cocoon_err log_dir_read(const struct log_dir *d, const char *name, struct buf *out) MUST_CHECK;

/* Its tiles. A partial tile may lie there as the full one it became. */
struct tile_source log_dir_source(struct log_dir *d);

#endif
