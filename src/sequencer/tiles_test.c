#include "sequencer/tiles.h"

#include "base/hex.h"
#include "base/test.h"
#include "codec/json.h"
#include "store/file.h"

static char dir[64];

static int new_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/cocoon-tiles-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static struct slice entry_text(uint64_t i)
{
    static char text[32];

    snprintf(text, sizeof text, "entry %llu", (unsigned long long)i);
    return slice_text(text);
}

static void push(struct tiles *t, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        assert_int_equal(tiles_push(t, entry_text(i)), OK);
}

/* Every entry, root and consistency proof of the tree, through the tiles, against the tree itself.
 */
static void check_tree(struct tiles *t, uint64_t size)
{
    struct merkle_frontier frontier = {0};
    struct tile_source source = tiles_source(t, size);
    struct merkle_nodes nodes = tile_nodes(&source);
    struct merkle_proof proof;
    struct digest leaf, root, at;

    for (uint64_t i = 0; i < size; i++) {
        merkle_leaf(entry_text(i), &leaf);
        assert_int_equal(merkle_push(&frontier, &leaf), OK);
    }
    merkle_root(&frontier, &root);
    assert_int_equal(merkle_root_at(&nodes, size, &at), OK);
    assert_true(digest_eq(&root, &at));
    for (uint64_t i = 0; i < size; i += 1 + size / 50) {
        struct buf entry;

        merkle_leaf(entry_text(i), &leaf);
        assert_int_equal(merkle_prove_inclusion(&nodes, i, size, &proof), OK);
        assert_int_equal(merkle_verify_inclusion(&leaf, i, size, &root, &proof), OK);
        buf_init(&entry, TILE_ENTRY_MAX);
        assert_int_equal(tiles_entry(t, i, &entry), OK);
        assert_true(slice_eq(buf_slice(&entry), entry_text(i)));
        buf_fini(&entry);
    }
}

static void test_growing(void **state)
{
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 512, 700, 65535, 65536, 66000};
    struct tiles *t;
    struct buf out;
    uint64_t at = 0;

    (void)state;
    assert_int_equal(tiles_open(&t, dir, 0), OK);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        push(t, at, sizes[i]);
        at = sizes[i];
        check_tree(t, at);
        check_tree(t, at - at / 3);
    }
    buf_init(&out, TILE_BUNDLE_MAX);
    assert_int_equal(tiles_entry(t, at, &out), ERR_NOT_FOUND);
    buf_fini(&out);
    tiles_close(t);
}

/* Opened again at what was synced, with the rest pushed again: the same log. */
static void test_reopen(void **state)
{
    struct tiles *t;
    uint64_t synced;

    (void)state;
    assert_int_equal(tiles_open(&t, dir, 0), OK);
    push(t, 0, 66000);
    assert_int_equal(tiles_sync(t, &synced), OK);
    assert_int_equal(synced, 66000 - 66000 % 256);
    tiles_close(t);
    assert_int_equal(tiles_open(&t, dir, synced), OK);
    push(t, synced, 66100);
    check_tree(t, 66100);
    tiles_close(t);
}

static void test_missing_tile(void **state)
{
    char path[FILE_PATH_MAX];
    struct tiles *t;

    (void)state;
    assert_int_equal(tiles_open(&t, dir, 0), OK);
    push(t, 0, 1024);
    tiles_close(t);
    assert_int_equal(file_join(path, dir, "tile/0/002"), OK);
    assert_int_equal(file_write(path, SLICE_LIT("short"), FILE_PUBLIC, false), OK);
    assert_int_equal(tiles_open(&t, dir, 1024), ERR_CORRUPT);
    assert_int_equal(file_remove(path), OK);
    assert_int_equal(tiles_open(&t, dir, 1024), ERR_CORRUPT);
}

/* What the vectors have of a tile: its SHA-256, and of a single hash itself. */
static void hash_tile(struct tiles *t, const char *path, char hex[65])
{
    struct digest digest;
    struct tile which;
    struct buf bytes;

    buf_init(&bytes, TILE_BUNDLE_MAX);
    assert_int_equal(tile_path_read(slice_text(path), &which), OK);
    assert_int_equal(tiles_read(t, &which, &bytes), OK);
    sha256(buf_slice(&bytes), &digest);
    hex_write(bytes.len == 32 ? buf_slice(&bytes) : digest_slice(&digest), hex);
    buf_fini(&bytes);
}

/* The log of vectors-ours: tiles, root, inclusion and consistency as another program made them. */
static void test_vectors(void **state)
{
    struct buf text;
    struct arena arena;
    const struct json *root, *tiles;
    struct fail fail;
    struct tiles *t;
    struct slice want;

    (void)state;
    if (!test_read_shared("data/vectors-ours/log.json", &text)) {
        buf_fini(&text);
        return;
    }
    arena_init(&arena, 1 << 20);
    assert_int_equal(json_parse(buf_slice(&text), &arena, &root, &fail), OK);
    assert_int_equal(json_get_object(root, "tiles", &tiles), OK);
    assert_int_equal(tiles_open(&t, dir, 0), OK);
    push(t, 0, 300);
    for (const struct json *e = tiles->first; e != NULL; e = e->next) {
        char path[TILE_PATH_MAX], hex[65];

        assert_int_equal(slice_cstr(e->name, path, sizeof path), OK);
        hash_tile(t, path, hex);
        assert_int_equal(json_text(e, &want), OK);
        assert_true(slice_eq_text(want, hex));
    }
    check_tree(t, 300);
    tiles_close(t);
    arena_fini(&arena);
    buf_fini(&text);
}

/* The folder alone is the log: full tiles and the partial ones of the size asked, no older ones. */
static void test_partial_files(void **state)
{
    char path[FILE_PATH_MAX];
    struct tiles *t;

    (void)state;
    assert_int_equal(tiles_open(&t, dir, 0), OK);
    push(t, 0, 300);
    assert_int_equal(tiles_write_partial(t, 290), OK);
    assert_int_equal(file_join(path, dir, "tile/entries/001.p/34"), OK);
    assert_true(file_exists(path));
    assert_int_equal(tiles_write_partial(t, 300), OK);
    assert_false(file_exists(path));
    assert_int_equal(file_join(path, dir, "tile/0/001.p/44"), OK);
    assert_true(file_exists(path));
    assert_int_equal(file_join(path, dir, "tile/1/000.p/1"), OK);
    assert_true(file_exists(path));
    tiles_close(t);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, new_dir)
    const struct CMUnitTest tests[] = {
        TEST(test_growing), TEST(test_reopen),        TEST(test_missing_tile),
        TEST(test_vectors), TEST(test_partial_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
