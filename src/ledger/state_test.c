#include "ledger/state.h"

#include "base/test.h"

enum { KEYS = 64, STEPS = 4000 };

/* The model: the value of each of a few keys, 0 meaning none. */
struct model {
    uint8_t value[KEYS];
};

static uint64_t seed = 5;

static unsigned next(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % below);
}

static struct digest key_of(unsigned i)
{
    uint8_t byte = (uint8_t)i;
    struct digest key;

    sha256(slice_make(&byte, 1), &key);
    return key;
}

static void set(struct state_layer *layer, struct model *m, unsigned i, uint8_t value)
{
    struct digest key = key_of(i);

    if (value == 0)
        state_remove(layer, &key);
    else
        state_write(layer, &key, slice_make(&value, 1));
    m->value[i] = value;
}

static void check(struct state_layer *layer, const struct model *m)
{
    for (unsigned i = 0; i < KEYS; i++) {
        struct digest key = key_of(i);
        struct slice value;
        cocoon_err err = state_read(layer, &key, &value);

        assert_int_equal(err, m->value[i] == 0 ? ERR_ABSENT : OK);
        if (err == OK)
            assert_int_equal(value.ptr[0], m->value[i]);
    }
}

/* The root that a fresh tree over the model's values has. */
static struct digest root_of(const struct model *m)
{
    struct state_layer *fresh = state_layer_new(&state_base_empty, NULL);
    struct model copy;
    struct digest root;

    for (unsigned i = 0; i < KEYS; i++)
        if (m->value[i] != 0)
            set(fresh, &copy, i, m->value[i]);
    assert_int_equal(state_seal(fresh, &root), OK);
    state_layer_free(fresh);
    return root;
}

/* A store made of a layer, so that reading falls through to something. */
static cocoon_err read_layer(void *ctx, const struct state_cell *cell, struct buf *out);

static struct {
    struct state_cell cells[8192];
    uint8_t bytes[8192][SMT_PAGE_MAX];
    size_t len[8192];
    size_t count;
} stored;

static size_t stored_at(const struct state_cell *cell)
{
    size_t i = 0;

    while (i < stored.count && memcmp(&stored.cells[i], cell, sizeof *cell) != 0)
        i++;
    return i;
}

static cocoon_err read_layer(void *ctx, const struct state_cell *cell, struct buf *out)
{
    size_t i = stored_at(cell);

    (void)ctx;
    if (i == stored.count)
        return ERR_NOT_FOUND;
    buf_put(out, slice_make(stored.bytes[i], stored.len[i]));
    return buf_ok(out);
}

static cocoon_err store_cell(void *ctx, const struct state_change *change)
{
    size_t i = stored_at(change->cell);

    (void)ctx;
    if (change->gone) {
        if (i < stored.count) {
            stored.count--;
            stored.cells[i] = stored.cells[stored.count];
            stored.len[i] = stored.len[stored.count];
            memcpy(stored.bytes[i], stored.bytes[stored.count], SMT_PAGE_MAX);
        }
        return OK;
    }
    assert_true(i < 8192);
    stored.cells[i] = *change->cell;
    stored.len[i] = change->value.len;
    memcpy(stored.bytes[i], change->value.ptr, change->value.len);
    stored.count += i == stored.count;
    return OK;
}

static const struct state_base base = {read_layer, NULL};

/* Blocks over pending layers over a store, transactions kept and undone: as the model, always. */
static void test_random_run(void **state)
{
    struct model m = {{0}}, before;
    struct state_layer *pending = state_layer_new(&base, NULL), *block;
    struct digest root, expected;

    (void)state;
    stored.count = 0;
    for (unsigned step = 0; step < STEPS / 40; step++) {
        block = state_layer_new(&base, pending);
        for (unsigned tx = 0; tx < 20; tx++) {
            state_mark(block);
            before = m;
            for (unsigned n = next(5); n > 0; n--)
                set(block, &m, next(KEYS), (uint8_t)next(4));
            check(block, &m);
            if (next(3) == 0) {
                state_undo(block);
                m = before;
            } else {
                state_keep(block);
            }
            check(block, &m);
        }
        assert_int_equal(state_seal(block, &root), OK);
        expected = root_of(&m);
        assert_true(digest_eq(&root, &expected));
        state_merge(block);
        check(pending, &m);
        if (next(3) == 0) {
            assert_int_equal(state_each(pending, store_cell, NULL), OK);
            state_layer_free(pending);
            pending = state_layer_new(&base, NULL);
        }
    }
    state_layer_free(pending);
}

/* Proofs speak for the layer asked, not for those above it. */
static void test_proofs_of_layers(void **state)
{
    struct model m = {{0}};
    struct state_layer *low, *high;
    struct digest low_root, high_root, key = key_of(1), value_low, value_high;
    static struct smt_proof proof;
    static uint8_t bytes[SMT_PROOF_MAX];
    uint8_t one = 1, two = 2;
    struct slice wire;
    struct wr w;

    (void)state;
    sha256(slice_make(&one, 1), &value_low);
    sha256(slice_make(&two, 1), &value_high);
    low = state_layer_new(&state_base_empty, NULL);
    for (unsigned i = 0; i < 20; i++)
        set(low, &m, i, 1);
    assert_int_equal(state_seal(low, &low_root), OK);
    high = state_layer_new(&state_base_empty, low);
    set(high, &m, 1, 2);
    assert_int_equal(state_seal(high, &high_root), OK);

    w = wr_init(bytes, sizeof bytes);
    assert_int_equal(state_prove(&state_base_empty, low, &key, &proof), OK);
    smt_proof_put(&w, &proof);
    assert_int_equal(wr_end(&w, &wire), OK);
    assert_int_equal(smt_proof_verify(&low_root, &key, &value_low, wire), OK);
    assert_int_equal(smt_proof_verify(&high_root, &key, &value_low, wire), ERR_PROOF);

    w = wr_init(bytes, sizeof bytes);
    assert_int_equal(state_prove(&state_base_empty, high, &key, &proof), OK);
    smt_proof_put(&w, &proof);
    assert_int_equal(wr_end(&w, &wire), OK);
    assert_int_equal(smt_proof_verify(&high_root, &key, &value_high, wire), OK);
    state_layer_free(high);
    state_layer_free(low);
}

/* A store that fails is an error, not an absent record. */
static cocoon_err read_fails(void *ctx, const struct state_cell *cell, struct buf *out)
{
    (void)ctx;
    (void)cell;
    (void)out;
    return ERR_IO;
}

static void test_store_failure(void **state)
{
    static const struct state_base broken = {read_fails, NULL};
    struct state_layer *layer = state_layer_new(&broken, NULL);
    struct digest key = key_of(1), root;
    static struct smt_proof proof;
    struct slice value;

    (void)state;
    assert_int_equal(state_read(layer, &key, &value), ERR_IO);
    assert_int_equal(state_prove(&broken, NULL, &key, &proof), ERR_IO);
    state_write(layer, &key, SLICE_LIT("x"));
    assert_int_equal(state_seal(layer, &root), ERR_IO);
    state_layer_free(layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_run),
        cmocka_unit_test(test_proofs_of_layers),
        cmocka_unit_test(test_store_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
