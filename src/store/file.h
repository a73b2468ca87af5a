/*
 * Whole files: read within a cap, write so that a crash leaves the old content or the new.
 *
 * Paths are NUL-terminated. Secrets are written with mode 0600 and read only if nobody else may.
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "base/buf.h"

enum { FILE_PATH_MAX = 4096 };

/*
 * Append the content of `path` to `out`. ERR_NOT_FOUND, ERR_LIMIT when it is longer than the buffer
 * may hold, ERR_IO.
 */
cocoon_err file_read(const char *path, struct buf *out) MUST_CHECK;

/* As file_read for a secret: ERR_UNAUTHORIZED when group or others may read the file. */
cocoon_err file_read_secret(const char *path, struct buf *out) MUST_CHECK;

enum file_mode { FILE_PUBLIC = 0644, FILE_SECRET = 0600 };

/*
 * Replace the content of `path` by `content`: written beside it, synced, renamed over it, and the
 * folder synced when `durable`. On return the old or the new content is there, whole. ERR_IO.
 */
cocoon_err file_write(const char *path, struct slice content, enum file_mode mode,
                      bool durable) MUST_CHECK;

/* Sync everything written so far on the file system that holds `dir`: many files at one price.
 * ERR_IO. */
cocoon_err file_sync_all(const char *dir) MUST_CHECK;

/* Remove the file `path`; fine if there is none. ERR_IO. */
cocoon_err file_remove(const char *path) MUST_CHECK;

/* Make the folder `path` and its parents, mode 0700; fine if it is there. ERR_IO. */
cocoon_err file_make_dir(const char *path) MUST_CHECK;

bool file_exists(const char *path);

/* Write "dir/name" to `out`. ERR_LIMIT when it does not fit. */
cocoon_err file_join(char out[FILE_PATH_MAX], const char *dir, const char *name) MUST_CHECK;

#endif
