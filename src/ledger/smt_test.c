#include "ledger/smt.h"

#include "base/test.h"

enum { PAGES_MAX = 4096, KEYS_MAX = 400 };

/* Pages in a list: slow and obviously right. */
struct pages {
    struct {
        struct smt_path path;
        uint8_t bytes[SMT_PAGE_MAX];
        size_t len;
    } list[PAGES_MAX];
    size_t count;
};

static struct pages pages;

static size_t find(const struct smt_path *path)
{
    size_t i = 0;

    while (i < pages.count && memcmp(&pages.list[i].path, path, sizeof *path) != 0)
        i++;
    return i;
}

static cocoon_err page_read(void *state, const struct smt_path *path, struct smt_page *out)
{
    size_t i = find(path);

    (void)state;
    if (i == pages.count)
        return ERR_NOT_FOUND;
    return smt_page_read(slice_make(pages.list[i].bytes, pages.list[i].len), out);
}

static cocoon_err page_write(void *state, const struct smt_path *path, const struct smt_page *page)
{
    size_t i = find(path);
    struct slice written;
    struct wr w;

    (void)state;
    if (page == NULL) {
        assert_true(i < pages.count);
        pages.list[i] = pages.list[--pages.count];
        return OK;
    }
    assert_true(i < PAGES_MAX);
    w = wr_init(pages.list[i].bytes, SMT_PAGE_MAX);
    smt_page_put(&w, page);
    assert_int_equal(wr_end(&w, &written), OK);
    pages.list[i].path = *path;
    pages.list[i].len = written.len;
    pages.count += i == pages.count;
    return OK;
}

static const struct smt_store store = {page_read, page_write, NULL};

/* The model: a sorted list of (key, value hash), and the definition of the root, word for word. */
static struct smt_change model[KEYS_MAX];
static size_t model_count;

static void model_root(const struct smt_change *items, size_t count, unsigned depth,
                       struct digest *out)
{
    struct digest left, right;
    size_t split = 0;

    memset(out, 0, sizeof *out);
    if (count == 0)
        return;
    if (count == 1) {
        smt_leaf_hash(&items[0].key, &items[0].value, out);
        return;
    }
    while (split < count && smt_bit(&items[split].key, depth) == 0)
        split++;
    model_root(items, split, depth + 1, &left);
    model_root(items + split, count - split, depth + 1, &right);
    smt_node_hash(&left, &right, out);
}

static size_t model_find(const struct digest *key)
{
    size_t i = 0;

    while (i < model_count && memcmp(model[i].key.bytes, key->bytes, 32) < 0)
        i++;
    return i;
}

static void model_apply(const struct smt_change *change)
{
    size_t at = model_find(&change->key);
    bool there = at < model_count && digest_eq(&model[at].key, &change->key);

    if (change->gone && there)
        memmove(&model[at], &model[at + 1], (--model_count - at) * sizeof model[0]);
    if (change->gone || there) {
        if (!change->gone)
            model[at] = *change;
        return;
    }
    assert_true(model_count < KEYS_MAX);
    memmove(&model[at + 1], &model[at], (model_count++ - at) * sizeof model[0]);
    model[at] = *change;
}

static uint64_t seed;

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* A key with few free bits, spread over all depths, so that keys collide and share long prefixes.
 */
static struct digest random_key(void)
{
    struct digest key = {{0}};

    for (unsigned i = 0; i < 6; i++)
        if (next() % 2 == 0) {
            unsigned bit = (unsigned)(i < 4 ? next() % 8 : next() % 256);

            key.bytes[bit / 8] ^= (uint8_t)(0x80U >> bit % 8);
        }
    return key;
}

static int by_key(const void *a, const void *b)
{
    return memcmp(((const struct smt_change *)a)->key.bytes,
                  ((const struct smt_change *)b)->key.bytes, 32);
}

static size_t random_batch(struct smt_change *batch, size_t max)
{
    size_t count = 1 + (size_t)(next() % max), kept = 0;

    for (size_t i = 0; i < count; i++) {
        batch[i] = (struct smt_change){.key = random_key(), .gone = next() % 3 == 0};
        batch[i].value.bytes[next() % 32] = (uint8_t)(1 + next() % 255);
    }
    qsort(batch, count, sizeof batch[0], by_key);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || by_key(&batch[i - 1], &batch[i]) != 0)
            batch[kept++] = batch[i];
    return kept;
}

static void check_proof(const struct digest *root, const struct digest *key)
{
    static struct smt_proof proof;
    uint8_t bytes[SMT_PROOF_MAX];
    struct wr w = wr_init(bytes, sizeof bytes);
    size_t at = model_find(key);
    bool there = at < model_count && digest_eq(&model[at].key, key);
    const struct digest *value = there ? &model[at].value : NULL;
    struct digest other = {{9, 9}};
    struct slice wire;

    assert_int_equal(smt_prove(&store, key, &proof), OK);
    smt_proof_put(&w, &proof);
    assert_int_equal(wr_end(&w, &wire), OK);
    assert_int_equal(smt_proof_verify(root, key, value, wire), OK);
    assert_int_equal(smt_proof_verify(root, key, there ? NULL : &other, wire), ERR_PROOF);
    if (there)
        assert_int_equal(smt_proof_verify(root, key, &other, wire), ERR_PROOF);
}

static void test_against_model(void **state)
{
    (void)state;
    for (uint64_t run = 1; run <= 20; run++) {
        struct smt_change batch[16];
        struct digest root, expected, again;

        pages.count = model_count = 0;
        seed = run * 0x9e3779b97f4a7c15;
        for (unsigned step = 0; step < 60 && model_count < KEYS_MAX - 16; step++) {
            size_t count = random_batch(batch, 15);

            assert_int_equal(smt_update(&store, batch, count, &root), OK);
            for (size_t i = 0; i < count; i++)
                model_apply(&batch[i]);
            model_root(model, model_count, 0, &expected);
            assert_true(digest_eq(&root, &expected));
            assert_int_equal(smt_root(&store, &again), OK);
            assert_true(digest_eq(&root, &again));
            for (size_t i = 0; i < count; i++)
                check_proof(&root, &batch[i].key);
            batch[0].key = random_key();
            check_proof(&root, &batch[0].key);
        }
    }
}

/* One at a time, all at once, in either order: one root. And all gone again: the empty tree. */
static void test_order_does_not_matter(void **state)
{
    struct smt_change all[64];
    struct digest at_once, singly = {{0}};

    (void)state;
    seed = 77;
    for (size_t i = 0; i < 64; i++) {
        uint8_t byte = (uint8_t)i;

        all[i] = (struct smt_change){.gone = false};
        sha256(slice_make(&byte, 1), &all[i].key);
        sha256(digest_slice(&all[i].key), &all[i].value);
    }
    qsort(all, 64, sizeof all[0], by_key);
    pages.count = 0;
    assert_int_equal(smt_update(&store, all, 64, &at_once), OK);
    pages.count = 0;
    for (size_t i = 64; i-- > 0;)
        assert_int_equal(smt_update(&store, &all[i], 1, &singly), OK);
    assert_true(digest_eq(&at_once, &singly));
    for (size_t i = 0; i < 64; i++) {
        all[i].gone = true;
        assert_int_equal(smt_update(&store, &all[i], 1, &singly), OK);
    }
    assert_true(digest_is_zero(&singly));
    assert_int_equal(pages.count, 1);
}

/* Two keys that differ in their last bit alone stand at the foot of the tree. */
static void test_deepest(void **state)
{
    struct smt_change two[2] = {{.value = {{1}}}, {.value = {{2}}}};
    static struct smt_proof proof;
    struct digest root, expected;

    (void)state;
    pages.count = model_count = 0;
    two[1].key.bytes[31] = 1;
    model_apply(&two[0]);
    model_apply(&two[1]);
    model_root(model, 2, 0, &expected);
    assert_int_equal(smt_update(&store, two, 2, &root), OK);
    assert_true(digest_eq(&root, &expected));
    assert_int_equal(smt_prove(&store, &two[1].key, &proof), OK);
    assert_int_equal(proof.depth, 256);
    check_proof(&root, &two[0].key);
    check_proof(&root, &two[1].key);
    two[0].gone = true;
    assert_int_equal(smt_update(&store, two, 1, &root), OK);
    assert_int_equal(pages.count, 1);
    smt_leaf_hash(&two[1].key, &two[1].value, &expected);
    assert_true(digest_eq(&root, &expected));
}

static void test_missing_page_is_corruption(void **state)
{
    struct smt_change batch[3] = {{.value = {{1}}}, {.value = {{2}}}, {.value = {{3}}}};
    static struct smt_proof proof;
    struct digest root;

    (void)state;
    pages.count = 0;
    batch[1].key.bytes[1] = 1;
    batch[2].key.bytes[1] = 2;
    assert_int_equal(smt_update(&store, batch, 2, &root), OK);
    pages.count = 1;
    memset(&pages.list[0].path, 0, sizeof pages.list[0].path);
    assert_int_equal(smt_update(&store, &batch[2], 1, &root), OK);
    pages.count = 0;
    assert_int_equal(smt_update(&store, batch, 2, &root), OK);
    for (size_t i = 0; i < pages.count; i++)
        if (pages.list[i].path.nibbles == 1)
            pages.list[i] = pages.list[--pages.count];
    assert_int_equal(smt_prove(&store, &batch[0].key, &proof), ERR_CORRUPT);
    assert_int_equal(smt_update(&store, &batch[2], 1, &root), ERR_CORRUPT);
}

/* A page's bytes: exact, and nothing else is one. */
static void test_page_bytes(void **state)
{
    static struct smt_page page, again;
    uint8_t bytes[SMT_PAGE_MAX + 1];
    struct wr w = wr_init(bytes, sizeof bytes);
    struct slice wire;

    (void)state;
    page.slots[0] = (struct smt_slot){SMT_SLOT_LEAF, {{1}}, {{2}}};
    page.slots[15] = (struct smt_slot){SMT_SLOT_INNER, {{3}}, {{0}}};
    smt_page_put(&w, &page);
    assert_int_equal(wr_end(&w, &wire), OK);
    assert_int_equal(wire.len, 4 + 64 + 32);
    assert_int_equal(bytes[0], 0x40);
    assert_int_equal(bytes[3], 0x02);
    assert_int_equal(smt_page_read(wire, &again), OK);
    assert_memory_equal(&page, &again, sizeof page);
    for (size_t len = 0; len < wire.len; len++)
        assert_int_equal(smt_page_read(slice_make(bytes, len), &again), ERR_TRUNCATED);
    assert_int_equal(smt_page_read(slice_make(bytes, wire.len + 1), &again), ERR_TRAILING);
    bytes[0] |= 0xc0;
    assert_int_not_equal(smt_page_read(wire, &again), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_model), cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_deepest),       cmocka_unit_test(test_missing_page_is_corruption),
        cmocka_unit_test(test_page_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
