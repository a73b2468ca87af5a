/*
 * What is served, by digest: the model manifest and the engine manifest.
 *
 *   model   {"chat_template":null,"files":[{"name","sha256","size"}],"tokenizer":null,
 *            "verity_root":null}
 *   engine  {"args":[...],"files":[{"name","sha256","size"}]}
 *
 * in JCS; the digest of either is the SHA-256 of those bytes. A member is null where the weights
 * file itself holds the thing (GGUF holds its template and tokenizer); else it is the digest of a
 * separate file, as text. `name` is the last part of the path; files stand in the order given.
 */
#ifndef BACKEND_MODEL_H
#define BACKEND_MODEL_H

#include "crypto/hash.h"

enum {
    MODEL_FILES_MAX = 256,           /* shards of one model */
    MODEL_MANIFEST_MAX = 128 * 1024, /* bytes of one manifest */
    MODEL_NAME_MAX = 255             /* bytes of one file name */
};

/* A file that was hashed and is held open, so that what is served later is what was hashed. */
struct model_file {
    int fd;
    char name[MODEL_NAME_MAX + 1];
    uint64_t size;
    struct digest sha256;
};

/* Open and hash the file at `path`. Reads it whole: run it on a pool thread when it is large.
 * ERR_NOT_FOUND, ERR_IO; ERR_LIMIT when its name is too long, ERR_ENCODING when it is not UTF-8,
 * ERR_TYPE when it is no regular file. */
cocoon_err model_file_open(const char *path, struct model_file *out) MUST_CHECK;

/* Close it. */
void model_file_close(struct model_file *file);

struct model_manifest_params {
    const struct model_file *files;
    size_t count;
    const struct digest *chat_template; /* each NULL where it stands inside the weights file */
    const struct digest *tokenizer;
    const struct digest *verity_root;
};

/* Append the manifest in JCS to `out` and set `*digest`. ERR_LIMIT, ERR_ENCODING; ERR_DUPLICATE
 * when two files have one name. */
cocoon_err model_manifest(const struct model_manifest_params *params, struct buf *out,
                          struct digest *digest) MUST_CHECK;

/* As model_manifest for an engine: its program files and the arguments it is started with. */
cocoon_err engine_manifest(const struct model_file *files, size_t count, const char *const *argv,
                           struct buf *out, struct digest *digest) MUST_CHECK;

#endif
