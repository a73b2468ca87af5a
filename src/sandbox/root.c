/*
 * A root from nothing: a small tmpfs, the mounts moved into it, then made read-only and swapped for
 * the host's root, which is let go.
 *
 * The copies are taken as detached mounts (open_tree) before anything is covered, so no path means
 * two things, and their attributes are set before they can be reached: never set-user-ID, never
 * device nodes, read-only unless writing was granted, no execution unless that was. The tmpfs lies
 * over "/" until pivot_root swaps the two: no folder of the host is needed to build on.
 */
#include "sandbox/root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_MAX_INSIDE = 256 };

static int set_attributes(int fd, uint64_t attributes, unsigned flags)
{
    struct mount_attr attr = {.attr_set = attributes};

    return mount_setattr(fd, "", AT_EMPTY_PATH | flags, &attr, sizeof attr) == 0 ? 0 : errno;
}

/* Tell whether `st` is the file that the caller opened, read and means. */
static bool is_meant(const struct stat *st, int same_as)
{
    struct stat meant;

    return same_as == 0 || (fstat(same_as, &meant) == 0 && st->st_dev == meant.st_dev &&
                            st->st_ino == meant.st_ino);
}

static int open_one(struct root *r, const struct sandbox_mount *mount)
{
    uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    struct stat st;
    int fd = open_tree(AT_FDCWD, mount->from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

    if (fd < 0)
        return errno;
    r->tree[r->count] = fd;
    if (fstat(fd, &st) != 0)
        return errno;
    r->folder[r->count++] = S_ISDIR(st.st_mode);
    if (!is_meant(&st, mount->same_as))
        return ESTALE;
    if ((mount->rights & SANDBOX_WRITE) == 0)
        attributes |= MOUNT_ATTR_RDONLY;
    if ((mount->rights & SANDBOX_EXEC) == 0)
        attributes |= MOUNT_ATTR_NOEXEC;
    return set_attributes(fd, attributes, AT_RECURSIVE);
}

int root_open(struct root *r, const struct sandbox_mount *mounts, size_t count)
{
    int bad = 0;

    *r = (struct root){.base = -1};
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return errno;
    for (size_t i = 0; i < count && bad == 0; i++)
        bad = open_one(r, &mounts[i]);
    return bad;
}

/* A tmpfs for folders and mount points only. */
static int make_base(struct root *r)
{
    int fs = fsopen("tmpfs", FSOPEN_CLOEXEC), bad = 0;

    if (fs < 0)
        return errno;
    if (fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) != 0 ||
        fsconfig(fs, FSCONFIG_SET_STRING, "size", "64k", 0) != 0 ||
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
        bad = errno;
    if (bad == 0) {
        r->base = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
        if (r->base < 0 || move_mount(r->base, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) != 0)
            bad = errno;
    }
    close(fs);
    return bad;
}

/* Make every folder on the way to `path` (relative to the base) and, at its end, a folder or an
 * empty file to mount upon. */
static int make_point(int base, char *path, bool folder)
{
    for (char *p = path; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        if (mkdirat(base, path, 0755) != 0 && errno != EEXIST)
            return errno;
        *p = '/';
    }
    if (folder)
        return mkdirat(base, path, 0755) == 0 || errno == EEXIST ? 0 : errno;
    int fd = openat(base, path, O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0444);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int attach(const struct root *r, size_t i, const char *to)
{
    char path[PATH_MAX_INSIDE];
    size_t len = strlen(to);
    int bad;

    if (len < 2 || len > sizeof path || to[0] != '/')
        return EINVAL;
    memcpy(path, to + 1, len);
    bad = make_point(r->base, path, r->folder[i]);
    if (bad == 0 && move_mount(r->tree[i], "", r->base, path, MOVE_MOUNT_F_EMPTY_PATH) != 0)
        bad = errno;
    return bad;
}

int root_enter(struct root *r, const struct sandbox_mount *mounts)
{
    int bad = make_base(r);

    for (size_t i = 0; i < r->count && bad == 0; i++)
        bad = attach(r, i, mounts[i].to);
    if (bad == 0)
        bad = set_attributes(r->base, MOUNT_ATTR_RDONLY, 0);
    if (bad != 0)
        return bad;
    /* pivot_root(2), NOTES: with both arguments ".", the old root ends up over the new one. */
    if (fchdir(r->base) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
        umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
        return errno;
    return 0;
}
