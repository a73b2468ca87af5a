/* Landlock alone, without the namespaces and the filter that cover the same ground. */
#include "sandbox/landlock.h"

#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char box[] = "/tmp/landlock_test.XXXXXX";
static char file[] = "/tmp/landlock_file.XXXXXX";

static int opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int connects_to_tcp(void)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof at) == 0 ? 0
                                                                                            : errno;
}

/* In a process of its own: return the number of the first check that fails, 0 when all hold. */
static int checks(int version)
{
    const struct sandbox_mount mounts[] = {
        {"", file, SANDBOX_READ, 0},
        {"", "/usr", SANDBOX_READ | SANDBOX_EXEC, 0},
        {"", box, SANDBOX_WRITE, 0},
    };
    char path[64];

    snprintf(path, sizeof path, "%s/new", box);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || landlock_enter(version, mounts, 3) != 0)
        return 1;
    if (opens(file, O_RDONLY) != 0 || opens("/usr/bin", O_RDONLY) != 0)
        return 2;
    if (opens("/etc/passwd", O_RDONLY) != EACCES || opens("/etc", O_RDONLY) != EACCES)
        return 3;
    if (opens(file, O_WRONLY) != EACCES)
        return 4;
    if (opens(path, O_WRONLY | O_CREAT) != 0 || chmod(path, 0700) != 0)
        return 5;
    if (access("/usr/bin/env", X_OK) != 0 || execl(path, path, NULL) == 0 || errno != EACCES)
        return 6;
    if (version >= 3 && (truncate(file, 0) == 0 || errno != EACCES))
        return 7;
    if (version >= 4 && connects_to_tcp() != EACCES)
        return 8;
    if (version >= 6 && (kill(getppid(), 0) == 0 || errno != EPERM))
        return 9;
    return 0;
}

static void run(int version)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(checks(version));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Older interfaces too: what a version does not know must not be asked of it. */
static void test_every_version(void **state)
{
    char path[64];
    int newest = landlock_version(), fd;

    (void)state;
    if (newest == 0) {
        fprintf(stderr, "SKIPPED: this kernel has no Landlock\n");
        return;
    }
    assert_non_null(mkdtemp(box));
    fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    for (int version = 1; version <= newest; version++)
        run(version);
    snprintf(path, sizeof path, "%s/new", box);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(box), 0);
    assert_int_equal(unlink(file), 0);
}

static void test_missing_path(void **state)
{
    const struct sandbox_mount mount = {"", "/not/there", SANDBOX_READ, 0};

    (void)state;
    if (landlock_version() > 0)
        assert_int_equal(landlock_enter(1, &mount, 1), ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_version),
        cmocka_unit_test(test_missing_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
