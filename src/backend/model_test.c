#include "backend/model.h"

#include "base/test.h"

#include "codec/jcs.h"

#include <sys/stat.h>
#include <unistd.h>

static char place[] = "/tmp/model_test.XXXXXX";
static char path[96];

static int make_place(void **state)
{
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(place));
    snprintf(path, sizeof path, "%s/weights.gguf", place);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite("abc", 1, 3, file), 3);
    assert_int_equal(fclose(file), 0);
    return 0;
}

static int remove_place(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)rmdir(place);
    return 0;
}

/* FIPS 180-2 appendix B.1: the digest of "abc". */
#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_file(void **state)
{
    struct model_file file;
    struct buf text;

    (void)state;
    buf_init(&text, 100);
    assert_int_equal(model_file_open(path, &file), OK);
    assert_string_equal(file.name, "weights.gguf");
    assert_int_equal(file.size, 3);
    digest_put(&text, &file.sha256);
    assert_string_equal(buf_cstr(&text), ABC);
    model_file_close(&file);
    model_file_close(&file);
    buf_fini(&text);
}

static void test_no_file(void **state)
{
    struct model_file file;
    char long_name[600];

    (void)state;
    assert_int_equal(model_file_open("/tmp/model_test_none", &file), ERR_NOT_FOUND);
    assert_int_equal(file.fd, -1);
    assert_int_equal(model_file_open(place, &file), ERR_TYPE);
    assert_int_equal(model_file_open("/tmp/\xff", &file), ERR_ENCODING);
    memset(long_name, 'a', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(model_file_open(long_name, &file), ERR_LIMIT);
}

static void test_model_manifest(void **state)
{
    struct model_file file;
    struct model_manifest_params params = {.files = &file, .count = 1};
    struct buf out, again;
    struct digest digest, expected;
    struct fail fail;

    (void)state;
    buf_init(&out, MODEL_MANIFEST_MAX);
    buf_init(&again, MODEL_MANIFEST_MAX);
    assert_int_equal(model_file_open(path, &file), OK);
    assert_int_equal(model_manifest(&params, &out, &digest), OK);
    assert_string_equal(buf_cstr(&out),
                        "{\"chat_template\":null,\"files\":[{\"name\":\"weights.gguf\",\"sha256\":"
                        "\"" ABC "\",\"size\":3}],\"tokenizer\":null,\"verity_root\":null}");
    sha256(buf_slice(&out), &expected);
    assert_true(digest_eq(&digest, &expected));
    assert_int_equal(jcs_canonicalize(buf_slice(&out), &again, &fail), OK);
    assert_true(slice_eq(buf_slice(&out), buf_slice(&again)));
    buf_clear(&out);
    params.tokenizer = &file.sha256;
    assert_int_equal(model_manifest(&params, &out, &digest), OK);
    assert_false(digest_eq(&digest, &expected));
    model_file_close(&file);
    buf_fini(&out);
    buf_fini(&again);
}

static void test_engine_manifest(void **state)
{
    const char *const argv[] = {"/bin/engine", "-m", "/model/\"x\"", NULL};
    struct model_file file;
    struct buf out, again;
    struct digest digest, expected;
    struct fail fail;

    (void)state;
    buf_init(&out, MODEL_MANIFEST_MAX);
    buf_init(&again, MODEL_MANIFEST_MAX);
    assert_int_equal(model_file_open(path, &file), OK);
    buf_put_text(&out, "x"); /* a manifest is hashed from where it begins */
    assert_int_equal(engine_manifest(&file, 1, argv, &out, &digest), OK);
    buf_drop(&out, 1);
    sha256(buf_slice(&out), &expected);
    assert_true(digest_eq(&digest, &expected));
    assert_int_equal(jcs_canonicalize(buf_slice(&out), &again, &fail), OK);
    assert_true(slice_eq(buf_slice(&out), buf_slice(&again)));
    model_file_close(&file);
    buf_fini(&out);
    buf_fini(&again);
}

static void test_bad_manifests(void **state)
{
    struct model_file files[2] = {{.fd = -1, .name = "a"}, {.fd = -1, .name = "a"}};
    struct model_manifest_params params = {.files = files, .count = 2};
    struct buf out;
    struct digest digest;

    (void)state;
    buf_init(&out, MODEL_MANIFEST_MAX);
    assert_int_equal(model_manifest(&params, &out, &digest), ERR_DUPLICATE);
    files[1].name[0] = 'b';
    assert_int_equal(model_manifest(&params, &out, &digest), OK);
    files[1].size = (UINT64_C(1) << 53) + 1;
    assert_int_equal(model_manifest(&params, &out, &digest), ERR_LIMIT);
    params.count = MODEL_FILES_MAX + 1;
    assert_int_equal(model_manifest(&params, &out, &digest), ERR_LIMIT);
    buf_fini(&out);
    buf_init(&out, 20);
    params.count = 1;
    assert_int_equal(model_manifest(&params, &out, &digest), ERR_LIMIT);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),           cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_model_manifest), cmocka_unit_test(test_engine_manifest),
        cmocka_unit_test(test_bad_manifests),
    };

    return cmocka_run_group_tests(tests, make_place, remove_place);
}
