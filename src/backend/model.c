#include "backend/model.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/json_wr.h"

enum { READ_SIZE = 1024 * 1024 };

/* Hash what `file` is open on, and count it: the size belongs to the bytes that were hashed. */
static cocoon_err hash_file(struct model_file *file)
{
    uint8_t *block = mem_new(READ_SIZE);
    struct hash_ctx h;
    ssize_t n;

    hash_init(&h, HASH_SHA256);
    file->size = 0;
    while ((n = pread(file->fd, block, READ_SIZE, (off_t)file->size)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        hash_update(&h, slice_make(block, (size_t)n));
        file->size += (uint64_t)n;
    }
    sha256_final(&h, &file->sha256);
    mem_free(block);
    return n == 0 ? OK : ERR_IO;
}

static cocoon_err take_name(struct model_file *file, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct slice name = slice_text(slash == NULL ? path : slash + 1);

    if (!slice_is_utf8(name))
        return ERR_ENCODING;
    return slice_cstr(name, file->name, sizeof file->name);
}

cocoon_err model_file_open(const char *path, struct model_file *out)
{
    struct stat st;
    cocoon_err err;

    *out = (struct model_file){.fd = -1};
    if ((err = take_name(out, path)) != OK)
        return err;
    out->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (out->fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    if (fstat(out->fd, &st) != 0)
        err = ERR_IO;
    else if (!S_ISREG(st.st_mode))
        err = ERR_TYPE;
    else
        err = hash_file(out);
    if (err != OK)
        model_file_close(out);
    return err;
}

void model_file_close(struct model_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

static void put_files(struct json_wr *w, const struct model_file *files, size_t count)
{
    json_wr_array(w, "files");
    for (size_t i = 0; i < count; i++) {
        json_wr_object(w, NULL);
        json_wr_cstr(w, "name", files[i].name);
        json_wr_sha256(w, "sha256", digest_slice(&files[i].sha256));
        json_wr_u64(w, "size", files[i].size);
        json_wr_close(w);
    }
    json_wr_close(w);
}

/* Two files of one name could be swapped without a trace. O(n^2) of at most MODEL_FILES_MAX. */
static cocoon_err check_files(const struct model_file *files, size_t count)
{
    if (count > MODEL_FILES_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < count; i++) {
        if (files[i].size > (UINT64_C(1) << 53)) /* JCS: what every reader of JSON can hold */
            return ERR_LIMIT;
        for (size_t j = 0; j < i; j++)
            if (strcmp(files[i].name, files[j].name) == 0)
                return ERR_DUPLICATE;
    }
    return OK;
}

static void put_digest(struct json_wr *w, const char *name, const struct digest *digest)
{
    if (digest == NULL)
        json_wr_null(w, name);
    else
        json_wr_sha256(w, name, digest_slice(digest));
}

/* Close the manifest that begins at `start` of `out` and hash it. */
static cocoon_err finish(struct json_wr *w, const struct buf *out, size_t start,
                         struct digest *digest)
{
    cocoon_err err;

    json_wr_close(w);
    if ((err = json_wr_end(w)) != OK)
        return err;
    sha256(slice_skip(buf_slice(out), start), digest);
    return OK;
}

cocoon_err model_manifest(const struct model_manifest_params *params, struct buf *out,
                          struct digest *digest)
{
    size_t start = out->len;
    struct json_wr w;
    cocoon_err err = check_files(params->files, params->count);

    if (err != OK)
        return err;
    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    put_digest(&w, "chat_template", params->chat_template);
    put_files(&w, params->files, params->count);
    put_digest(&w, "tokenizer", params->tokenizer);
    put_digest(&w, "verity_root", params->verity_root);
    return finish(&w, out, start, digest);
}

cocoon_err engine_manifest(const struct model_file *files, size_t count, const char *const *argv,
                           struct buf *out, struct digest *digest)
{
    size_t start = out->len;
    struct json_wr w;
    cocoon_err err = check_files(files, count);

    assert(count > 0);
    if (err != OK)
        return err;
    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    json_wr_array(&w, "args");
    for (; *argv != NULL; argv++)
        json_wr_cstr(&w, NULL, *argv);
    json_wr_close(&w);
    put_files(&w, files, count);
    return finish(&w, out, start, digest);
}
