#include "store/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"

static char dir[] = "/tmp/cocoon-file-XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
    char path[FILE_PATH_MAX];
    static const char *const left[] = {"a", "secret", "one/two", "one"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(left); i++)
        if (file_join(path, dir, left[i]) == OK && unlink(path) != 0)
            (void)rmdir(path);
    return rmdir(dir);
}

static void test_write_then_read(void **state)
{
    char path[FILE_PATH_MAX];
    struct buf got;

    (void)state;
    buf_init(&got, 100);
    assert_int_equal(file_join(path, dir, "a"), OK);
    assert_int_equal(file_read(path, &got), ERR_NOT_FOUND);
    assert_false(file_exists(path));
    assert_int_equal(file_write(path, SLICE_LIT("first"), FILE_PUBLIC, true), OK);
    assert_int_equal(file_write(path, SLICE_LIT("second"), FILE_PUBLIC, true), OK);
    assert_true(file_exists(path));
    assert_int_equal(file_read(path, &got), OK);
    assert_true(slice_eq_text(buf_slice(&got), "second"));
    buf_fini(&got);
}

static void test_read_respects_cap(void **state)
{
    char path[FILE_PATH_MAX];
    struct buf got;

    (void)state;
    buf_init(&got, 4);
    assert_int_equal(file_join(path, dir, "a"), OK);
    assert_int_equal(file_write(path, SLICE_LIT("12345"), FILE_PUBLIC, false), OK);
    assert_int_equal(file_read(path, &got), ERR_LIMIT);
    buf_fini(&got);
}

static void test_secret_must_be_private(void **state)
{
    char path[FILE_PATH_MAX];
    struct buf got;

    (void)state;
    buf_init(&got, 100);
    assert_int_equal(file_join(path, dir, "secret"), OK);
    assert_int_equal(file_write(path, SLICE_LIT("s"), FILE_SECRET, false), OK);
    assert_int_equal(file_read_secret(path, &got), OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(file_read_secret(path, &got), ERR_UNAUTHORIZED);
    buf_fini(&got);
}

static void test_make_dir(void **state)
{
    char path[FILE_PATH_MAX];

    (void)state;
    assert_int_equal(file_join(path, dir, "one/two"), OK);
    assert_int_equal(file_make_dir(path), OK);
    assert_int_equal(file_make_dir(path), OK);
    assert_int_equal(file_join(path, dir, "a/b"), OK);
    assert_int_equal(file_make_dir(path), ERR_IO); /* "a" is a file */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_then_read),
        cmocka_unit_test(test_read_respects_cap),
        cmocka_unit_test(test_secret_must_be_private),
        cmocka_unit_test(test_make_dir),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
