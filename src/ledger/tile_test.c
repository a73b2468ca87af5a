#include "ledger/tile.h"

#include "base/test.h"

static void test_paths(void **state)
{
    static const struct {
        const char *path;
        struct tile tile;
    } cases[] = {
        {"tile/0/000", {false, 0, 0, 256}},
        {"tile/0/x001/x234/067", {false, 0, 1234067, 256}},
        {"tile/1/005.p/7", {false, 1, 5, 7}},
        {"tile/entries/x001/000.p/255", {true, 0, 1000, 255}},
        {"tile/7/999", {false, 7, 999, 256}},
        {"tile/0/x018/x446/x744/x073/x709/x551/615", {false, 0, UINT64_MAX, 256}},
    };
    struct tile tile;
    struct buf out;

    (void)state;
    buf_init(&out, TILE_PATH_MAX);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        buf_clear(&out);
        tile_path_put(&out, &cases[i].tile);
        assert_true(slice_eq_text(buf_slice(&out), cases[i].path));
        assert_int_equal(tile_path_read(slice_text(cases[i].path), &tile), OK);
        assert_true(tile.entries == cases[i].tile.entries && tile.level == cases[i].tile.level &&
                    tile.index == cases[i].tile.index && tile.width == cases[i].tile.width);
    }
    buf_fini(&out);
}

static void test_path_refusals(void **state)
{
    static const char *const bad[] = {
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/8/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/000/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1/2",
        "/tile/0/000",
        "tile/0/0a0",
        "tile/entries",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
    };
    struct tile tile;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (tile_path_read(slice_text(bad[i]), &tile) != ERR_MALFORMED)
            fail_msg("%s", bad[i]);
}

/* The example of c2sp.org/tlog-tiles: 70,000 entries. */
static void test_widths(void **state)
{
    (void)state;
    assert_int_equal(tile_width(70000, 0, 272), 256);
    assert_int_equal(tile_width(70000, 0, 273), 112);
    assert_int_equal(tile_width(70000, 0, 274), 0);
    assert_int_equal(tile_width(70000, 1, 0), 256);
    assert_int_equal(tile_width(70000, 1, 1), 17);
    assert_int_equal(tile_width(70000, 2, 0), 1);
    assert_int_equal(tile_width(70000, 3, 0), 0);
    assert_int_equal(tile_width(256, 0, 0), 256);
    assert_int_equal(tile_width(256, 0, 1), 0);
    assert_int_equal(tile_width(256, 1, 0), 1);
    assert_int_equal(tile_width(0, 0, 0), 0);
    assert_int_equal(tile_width(UINT64_MAX, 8, 0), 0);
}

static cocoon_err read_short(void *ctx, const struct tile *t, struct buf *out)
{
    (void)ctx;
    (void)t;
    buf_put_u8(out, 1);
    return OK;
}

static void test_nodes(void **state)
{
    struct tile_source source = {read_short, NULL, 300};
    struct merkle_nodes nodes = tile_nodes(&source);
    struct digest out;

    (void)state;
    assert_int_equal(nodes.node(nodes.state, 0, 0, &out), ERR_CORRUPT);
    assert_int_equal(nodes.node(nodes.state, 0, 300, &out), ERR_RANGE);
    assert_int_equal(nodes.node(nodes.state, 9, 0, &out), ERR_RANGE);
    assert_int_equal(nodes.node(nodes.state, 5, 9, &out), ERR_RANGE);
    assert_int_equal(nodes.node(nodes.state, 63, UINT64_MAX, &out), ERR_RANGE);
}

static void test_bundle(void **state)
{
    struct buf bundle;
    struct rd r;

    (void)state;
    buf_init(&bundle, 1024);
    tile_entry_put(&bundle, SLICE_LIT("one"));
    tile_entry_put(&bundle, SLICE_LIT(""));
    assert_true(slice_eq(buf_slice(&bundle), SLICE_LIT("\0\3one\0\0")));
    r = rd_init(buf_slice(&bundle));
    assert_true(slice_eq_text(tile_entry_next(&r), "one"));
    assert_true(slice_eq_text(tile_entry_next(&r), ""));
    assert_int_equal(rd_end(&r), OK);
    buf_fini(&bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),  cmocka_unit_test(test_path_refusals),
        cmocka_unit_test(test_widths), cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_bundle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
