#include "store/key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "crypto/rand.h"
#include "store/file.h"

static char dir[] = "/tmp/cocoon-key-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/k", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void test_written_key_comes_back(void **state)
{
    struct ed25519_key made, got;

    (void)state;
    ed25519_keygen(&made, &rand_system);
    assert_int_equal(key_file_read(path, &got), ERR_NOT_FOUND);
    assert_int_equal(key_file_write(path, &made), OK);
    assert_int_equal(key_file_read(path, &got), OK);
    assert_memory_equal(&made, &got, sizeof made);
    assert_int_equal(key_file_write(path, &made), ERR_EXISTS);
}

static void test_bad_files(void **state)
{
    struct ed25519_key got;

    (void)state;
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(key_file_read(path, &got), ERR_UNAUTHORIZED);
    assert_int_equal(file_write(path, SLICE_LIT("abc\n"), FILE_SECRET, false), OK);
    assert_int_equal(key_file_read(path, &got), ERR_MALFORMED);
    assert_int_equal(
        file_write(path,
                   SLICE_LIT("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0\n"),
                   FILE_SECRET, false),
        OK);
    assert_int_equal(key_file_read(path, &got), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_key_comes_back),
        cmocka_unit_test(test_bad_files),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
