/* Roots against hashing written out; multiproofs of random sets; every flipped byte refused. */
#include "zk/tree.h"

#include "zk/testing.h"

enum { LOG_N = 5, N = 1 << LOG_N, WORDS = 10, STRIDE = 16, PROOF_MAX = N * 32 };

struct fixture {
    field columns[N * STRIDE];
    struct digest nodes[2 * N];
    struct tree tree;
};

static void fixture_fill(struct fixture *f)
{
    struct testing_rng r = {11};

    for (size_t i = 0; i < N * STRIDE; i++)
        f->columns[i] = testing_field(&r);
    f->tree = (struct tree){f->nodes, LOG_N};
    tree_build(&f->tree, NULL, f->columns, STRIDE, WORDS);
}

static void naive_root(const struct fixture *f, size_t i, struct digest *out)
{
    struct digest child[2];

    if (i >= N) {
        sha256(slice_make(f->columns + (i - N) * STRIDE, WORDS * sizeof(field)), out);
        return;
    }
    naive_root(f, 2 * i, &child[0]);
    naive_root(f, 2 * i + 1, &child[1]);
    sha256(slice_make(child, sizeof child), out);
}

static void test_root(void **state)
{
    static struct fixture f;
    struct digest want;

    (void)state;
    fixture_fill(&f);
    naive_root(&f, 1, &want);
    assert_true(digest_eq(tree_root(&f.tree), &want));
}

/* Recompute the root from `proof` for the positions in the bits of `set`. */
static bool accepts(const struct fixture *f, uint32_t set, struct slice proof)
{
    uint32_t positions[N];
    struct digest leaves[N], root;
    struct rd in = rd_init(proof);
    size_t count = 0;

    for (uint32_t i = 0; i < N; i++)
        if ((set >> i & 1) != 0) {
            positions[count] = i;
            leaves[count++] = f->nodes[N + i];
        }
    tree_recompute(LOG_N, positions, leaves, count, &in, &root);
    return rd_end(&in) == OK && digest_eq(&root, tree_root(&f->tree));
}

static struct slice prove(const struct fixture *f, uint32_t set, uint8_t room[PROOF_MAX])
{
    uint32_t positions[N], work[N];
    struct wr out = wr_init(room, PROOF_MAX);
    struct slice proof;
    size_t count = 0;

    for (uint32_t i = 0; i < N; i++)
        if ((set >> i & 1) != 0)
            positions[count++] = i;
    tree_prove(&f->tree, positions, count, work, &out);
    assert_int_equal(wr_end(&out, &proof), OK);
    return proof;
}

static void test_multiproof(void **state)
{
    static struct fixture f;
    struct testing_rng r = {12};
    uint8_t room[PROOF_MAX];

    (void)state;
    fixture_fill(&f);
    for (int i = 0; i < 500; i++) {
        uint32_t set = (uint32_t)(testing_u64(&r) & testing_u64(&r)) | 1U << i % N;
        struct slice proof = prove(&f, set, room);

        assert_true(accepts(&f, set, proof));
        for (size_t at = 0; at < proof.len; at += 1 + proof.len / 40) {
            room[at] ^= (uint8_t)(1 << i % 8);
            assert_false(accepts(&f, set, proof));
            assert_false(accepts(&f, set, slice_sub(proof, 0, at)));
            room[at] ^= (uint8_t)(1 << i % 8);
        }
    }
    assert_int_equal(prove(&f, 0xffffffff, room).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_multiproof),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
