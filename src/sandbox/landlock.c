/*
 * Landlock (Documentation/userspace-api/landlock.rst of the kernel). What each version added:
 *
 *   1  files: the first thirteen rights      4  TCP: bind, connect
 *   2  REFER                                 5  IOCTL_DEV
 *   3  TRUNCATE                              6  scopes: abstract unix sockets, signals
 *
 * A right that is handled is denied where no rule grants it, so the rule of a mount grants what the
 * mount allows and everything else is refused. The numbers stand here because system headers may be
 * older than the kernel.
 */
#include "sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    CALL_CREATE = 444,
    CALL_ADD_RULE = 445,
    CALL_RESTRICT = 446,
    CREATE_VERSION = 1, /* flag of CALL_CREATE: tell the version */
    RULE_PATH_BENEATH = 1,
};

#define RIGHT(bit) (UINT64_C(1) << (bit))

static const uint64_t fs_execute = RIGHT(0);
static const uint64_t fs_write_file = RIGHT(1);
static const uint64_t fs_read_file = RIGHT(2);
static const uint64_t fs_read_dir = RIGHT(3);
static const uint64_t fs_first = RIGHT(13) - 1; /* all of version 1 */
static const uint64_t fs_refer = RIGHT(13);
static const uint64_t fs_truncate = RIGHT(14);
static const uint64_t fs_ioctl_dev = RIGHT(15);
static const uint64_t fs_make_char = RIGHT(6);
static const uint64_t fs_make_block = RIGHT(11);
static const uint64_t net_tcp = RIGHT(0) | RIGHT(1);
static const uint64_t scope_all = RIGHT(0) | RIGHT(1);

struct ruleset_attr {
    uint64_t fs, net, scoped;
};

struct path_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

int landlock_version(void)
{
    long version = syscall(CALL_CREATE, NULL, 0, CREATE_VERSION);

    return version < 0 ? 0 : (int)version;
}

/* All file rights that `version` knows. */
static uint64_t fs_known(int version)
{
    uint64_t rights = fs_first;

    if (version >= 2)
        rights |= fs_refer;
    if (version >= 3)
        rights |= fs_truncate;
    if (version >= 5)
        rights |= fs_ioctl_dev;
    return rights;
}

/* What a mount with `rights` grants on a folder or on a file. */
static uint64_t fs_granted(unsigned rights, bool folder, uint64_t known)
{
    const uint64_t files_only = fs_execute | fs_write_file | fs_read_file | fs_truncate;
    uint64_t granted = fs_read_file | fs_read_dir;

    if ((rights & SANDBOX_EXEC) != 0)
        granted |= fs_execute;
    if ((rights & SANDBOX_WRITE) != 0)
        granted |= known & ~(fs_execute | fs_make_char | fs_make_block | fs_ioctl_dev);
    return granted & known & (folder ? UINT64_MAX : files_only);
}

static int add_mount(int ruleset, const struct sandbox_mount *mount, uint64_t known)
{
    struct path_beneath rule = {.parent = open(mount->to, O_PATH | O_CLOEXEC)};
    struct stat st;
    int bad = 0;

    if (rule.parent < 0)
        return errno;
    if (fstat(rule.parent, &st) != 0)
        bad = errno;
    rule.allowed = fs_granted(mount->rights, S_ISDIR(st.st_mode), known);
    if (bad == 0 && syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0)
        bad = errno;
    close(rule.parent);
    return bad;
}

int landlock_enter(int version, const struct sandbox_mount *mounts, size_t count)
{
    struct ruleset_attr attr = {.fs = fs_known(version)};
    size_t size = sizeof attr.fs;
    int ruleset, bad = 0;

    if (version >= 4) {
        attr.net = net_tcp;
        size += sizeof attr.net;
    }
    if (version >= 6) {
        attr.scoped = scope_all;
        size += sizeof attr.scoped;
    }
    ruleset = (int)syscall(CALL_CREATE, &attr, size, 0);
    if (ruleset < 0)
        return errno;
    for (size_t i = 0; i < count && bad == 0; i++)
        bad = add_mount(ruleset, &mounts[i], attr.fs);
    if (bad == 0 && syscall(CALL_RESTRICT, ruleset, 0) != 0)
        bad = errno;
    close(ruleset);
    return bad;
}
