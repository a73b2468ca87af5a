/* Ed25519 keys in files: the seed as 64 lower-case hex digits and a newline, readable by the owner
 * alone. */
#ifndef STORE_KEY_FILE_H
#define STORE_KEY_FILE_H

#include "crypto/sign.h"

/*
 * Read the key in `path`; wipe it after use. ERR_NOT_FOUND, ERR_UNAUTHORIZED (others can read the
 * file), ERR_MALFORMED, ERR_IO.
 */
cocoon_err key_file_read(const char *path, struct ed25519_key *out) MUST_CHECK;

/* Write `key` to `path`, which must not exist: a key is never overwritten. ERR_EXISTS, ERR_IO. */
cocoon_err key_file_write(const char *path, const struct ed25519_key *key) MUST_CHECK;

#endif
