#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static cocoon_err file_open_error(void)
{
    return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
}

/* Read `fd` to its end into `out`. */
static cocoon_err file_drain(int fd, struct buf *out)
{
    uint8_t block[16 * 1024 - 512];
    cocoon_err err = OK;
    ssize_t n;

    while (err == OK && (n = read(fd, block, sizeof block)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        buf_put(out, slice_make(block, (size_t)n));
        err = buf_ok(out);
    }
    mem_wipe(block, sizeof block);
    return err;
}

static cocoon_err file_read_checked(const char *path, struct buf *out, bool secret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    cocoon_err err = OK;

    if (fd < 0)
        return file_open_error();
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        err = ERR_IO;
    else if (secret && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        err = ERR_UNAUTHORIZED;
    else
        err = file_drain(fd, out);
    close(fd);
    return err;
}

cocoon_err file_read(const char *path, struct buf *out)
{
    return file_read_checked(path, out, false);
}

cocoon_err file_read_secret(const char *path, struct buf *out)
{
    return file_read_checked(path, out, true);
}

static cocoon_err file_write_all(int fd, struct slice content)
{
    while (content.len > 0) {
        ssize_t n = write(fd, content.ptr, content.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        content = slice_skip(content, (size_t)n);
    }
    return OK;
}

/* Sync the folder that holds `path`, so that a rename in it survives a crash. */
static cocoon_err file_sync_dir(const char *path)
{
    char dir[FILE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    int fd, failed;

    if (slash == NULL || len == 0)
        snprintf(dir, sizeof dir, "%s", slash == NULL ? "." : "/");
    else
        snprintf(dir, sizeof dir, "%.*s", (int)len, path);
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    failed = fsync(fd);
    close(fd);
    return failed == 0 ? OK : ERR_IO;
}

cocoon_err file_write(const char *path, struct slice content, enum file_mode mode, bool durable)
{
    char beside[FILE_PATH_MAX];
    cocoon_err err;
    int fd, n = snprintf(beside, sizeof beside, "%s.%ld.new", path, (long)getpid());

    if (n < 0 || (size_t)n >= sizeof beside)
        return ERR_LIMIT;
    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
    if (fd < 0)
        return file_open_error();
    err = file_write_all(fd, content);
    if (err == OK && durable && fsync(fd) != 0)
        err = ERR_IO;
    if (close(fd) != 0 && err == OK)
        err = ERR_IO;
    if (err == OK && rename(beside, path) != 0)
        err = ERR_IO;
    if (err != OK)
        (void)unlink(beside);
    return err == OK && durable ? file_sync_dir(path) : err;
}

cocoon_err file_sync_all(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed;

    if (fd < 0)
        return ERR_IO;
    failed = syncfs(fd);
    close(fd);
    return failed == 0 ? OK : ERR_IO;
}

cocoon_err file_remove(const char *path)
{
    return unlink(path) == 0 || errno == ENOENT ? OK : ERR_IO;
}

static bool file_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

cocoon_err file_make_dir(const char *path)
{
    char part[FILE_PATH_MAX];
    cocoon_err err = slice_cstr(slice_text(path), part, sizeof part);

    for (char *at = part + 1; err == OK && part[0] != '\0'; at++) {
        bool end = *at == '\0';

        if (!end && *at != '/')
            continue;
        *at = '\0';
        if (mkdir(part, 0700) != 0 && !(errno == EEXIST && file_is_dir(part)))
            return ERR_IO;
        if (end)
            return OK;
        *at = '/';
    }
    return err == OK ? ERR_IO : err;
}

bool file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

cocoon_err file_join(char out[FILE_PATH_MAX], const char *dir, const char *name)
{
    int n = snprintf(out, FILE_PATH_MAX, "%s/%s", dir, name);

    return n < 0 || n >= FILE_PATH_MAX ? ERR_LIMIT : OK;
}
