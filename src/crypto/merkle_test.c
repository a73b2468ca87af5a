/*
 * Against the definitions of RFC 6962 section 2.1 written down as they stand there, recursively,
 * for every tree of up to TREE_MAX leaves, every leaf and every pair of sizes; then proofs with one
 * thing wrong.
 */
#include "crypto/merkle.h"

#include "base/test.h"

enum { TREE_MAX = 70 };

static struct digest leaves[TREE_MAX];

static int make_leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < TREE_MAX; i++) {
        uint8_t data[3] = {(uint8_t)i, 0xaa, (uint8_t)(i * i)};

        merkle_leaf(slice_make(data, i % 4), &leaves[i]);
    }
    return 0;
}

static size_t naive_split(size_t n)
{
    size_t k = 1;

    while (2 * k < n)
        k *= 2;
    return k;
}

/* MTH(D[begin:begin+n]). */
static struct digest naive_root(size_t begin, size_t n)
{
    struct digest left, right, out;
    size_t k;

    if (n == 0) {
        merkle_empty(&out);
        return out;
    }
    if (n == 1)
        return leaves[begin];
    k = naive_split(n);
    left = naive_root(begin, k);
    right = naive_root(begin + k, n - k);
    merkle_node(&left, &right, &out);
    return out;
}

/* PATH(m, D[begin:begin+n]). */
static void naive_path(size_t m, size_t begin, size_t n, struct merkle_proof *out)
{
    size_t k;

    if (n <= 1)
        return;
    k = naive_split(n);
    if (m < k) {
        naive_path(m, begin, k, out);
        out->hashes[out->count++] = naive_root(begin + k, n - k);
    } else {
        naive_path(m - k, begin + k, n - k, out);
        out->hashes[out->count++] = naive_root(begin, k);
    }
}

/* SUBPROOF(m, D[begin:begin+n], known). */
static void naive_subproof(size_t m, size_t begin, size_t n, bool known, struct merkle_proof *out)
{
    size_t k;

    if (m == n) {
        if (!known)
            out->hashes[out->count++] = naive_root(begin, n);
        return;
    }
    k = naive_split(n);
    if (m <= k) {
        naive_subproof(m, begin, k, known, out);
        out->hashes[out->count++] = naive_root(begin + k, n - k);
    } else {
        naive_subproof(m - k, begin + k, n - k, false, out);
        out->hashes[out->count++] = naive_root(begin, k);
    }
}

static void assert_same_proof(const struct merkle_proof *a, const struct merkle_proof *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_true(digest_eq(&a->hashes[i], &b->hashes[i]));
}

/* Published: SHA-256 of nothing, and SHA-256 of the one byte 00 (the leaf of empty data), as in
 * certificate-transparency-go's reference tests. */
static void test_published(void **state)
{
    struct digest d;

    (void)state;
    merkle_empty(&d);
    test_assert_hex(digest_slice(&d),
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    merkle_leaf(slice_make(NULL, 0), &d);
    test_assert_hex(digest_slice(&d),
                    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

static void test_roots(void **state)
{
    struct merkle_frontier f = {0};

    (void)state;
    for (size_t n = 0; n <= TREE_MAX; n++) {
        struct digest expected = naive_root(0, n), got;

        merkle_root(&f, &got);
        assert_true(digest_eq(&expected, &got));
        merkle_root_of(leaves, n, &got);
        assert_true(digest_eq(&expected, &got));
        if (n < TREE_MAX)
            assert_int_equal(merkle_push(&f, &leaves[n]), OK);
    }
    f.size = ((uint64_t)1 << MERKLE_LEVELS) - 1;
    assert_int_equal(merkle_push(&f, &leaves[0]), ERR_LIMIT);
}

/* Flip, drop, double and swap each hash; move the index and the size: all must be refused. */
static void refuse_tampered_inclusion(const struct merkle_proof *good, size_t index, size_t size,
                                      const struct digest *root)
{
    struct merkle_proof bad;

    for (size_t i = 0; i < good->count; i++) {
        bad = *good;
        bad.hashes[i].bytes[i % 32] ^= 0x10;
        assert_int_equal(merkle_verify_inclusion(&leaves[index], index, size, root, &bad),
                         ERR_PROOF);
    }
    bad = *good;
    bad.hashes[bad.count++] = leaves[0];
    assert_int_equal(merkle_verify_inclusion(&leaves[index], index, size, root, &bad), ERR_PROOF);
    bad = *good;
    if (bad.count > 0) {
        bad.count--;
        assert_int_equal(merkle_verify_inclusion(&leaves[index], index, size, root, &bad),
                         ERR_PROOF);
    }
    for (size_t other = 0; other < size + 2; other++)
        if (other != index)
            assert_int_equal(merkle_verify_inclusion(&leaves[index], other, size, root, good),
                             ERR_PROOF);
    assert_int_equal(merkle_verify_inclusion(&leaves[index], index, 0, root, good), ERR_PROOF);
    bad = *good;
    bad.count = MERKLE_PROOF_MAX + 1;
    assert_int_equal(merkle_verify_inclusion(&leaves[index], index, size, root, &bad), ERR_PROOF);
}

static void test_inclusion(void **state)
{
    unsigned proofs = 0;

    (void)state;
    for (size_t size = 1; size <= TREE_MAX; size++) {
        struct digest root = naive_root(0, size);

        for (size_t index = 0; index < size; index++, proofs++) {
            struct merkle_proof expected = {0}, got;

            naive_path(index, 0, size, &expected);
            assert_int_equal(merkle_prove_inclusion_in(leaves, size, index, &got), OK);
            assert_same_proof(&expected, &got);
            assert_int_equal(merkle_verify_inclusion(&leaves[index], index, size, &root, &got), OK);
            refuse_tampered_inclusion(&got, index, size, &root);
        }
    }
    print_message("%u inclusion proofs\n", proofs);
}

static void refuse_tampered_consistency(const struct merkle_proof *good, size_t old_size,
                                        const struct digest *old_root, size_t size,
                                        const struct digest *root)
{
    struct merkle_proof bad;
    struct digest other = *old_root;

    for (size_t i = 0; i < good->count; i++) {
        bad = *good;
        bad.hashes[i].bytes[(i * 5) % 32] ^= 0x01;
        assert_int_equal(merkle_verify_consistency(old_size, old_root, size, root, &bad),
                         ERR_PROOF);
    }
    bad = *good;
    bad.hashes[bad.count++] = leaves[1];
    assert_int_equal(merkle_verify_consistency(old_size, old_root, size, root, &bad), ERR_PROOF);
    bad = *good;
    if (bad.count > 0) {
        bad.count--;
        assert_int_equal(merkle_verify_consistency(old_size, old_root, size, root, &bad),
                         ERR_PROOF);
    }
    other.bytes[31] ^= 0x80;
    assert_int_equal(merkle_verify_consistency(old_size, &other, size, root, good), ERR_PROOF);
    other = *root;
    other.bytes[0] ^= 0x80;
    if (old_size > 0)
        assert_int_equal(merkle_verify_consistency(old_size, old_root, size, &other, good),
                         ERR_PROOF);
}

static void test_consistency(void **state)
{
    unsigned proofs = 0;

    (void)state;
    for (size_t size = 1; size <= TREE_MAX; size++) {
        struct digest root = naive_root(0, size);

        for (size_t old_size = 0; old_size <= size; old_size++, proofs++) {
            struct digest old_root = naive_root(0, old_size);
            struct merkle_proof expected = {0}, got;

            if (old_size > 0)
                naive_subproof(old_size, 0, size, true, &expected);
            assert_int_equal(merkle_prove_consistency_in(leaves, size, old_size, &got), OK);
            assert_same_proof(&expected, &got);
            assert_int_equal(merkle_verify_consistency(old_size, &old_root, size, &root, &got), OK);
            refuse_tampered_consistency(&got, old_size, &old_root, size, &root);
            if (old_size < size)
                assert_int_equal(merkle_verify_consistency(size, &root, old_size, &old_root, &got),
                                 ERR_PROOF);
        }
    }
    print_message("%u consistency proofs\n", proofs);
}

/* A source that knows one hash for every node of a level: lets trees be as large as they may. */
static cocoon_err uniform_node(void *state, unsigned level, uint64_t index, struct digest *out)
{
    (void)index;
    *out = ((const struct digest *)state)[level];
    return OK;
}

/* The same, failing the read at which the counter at `state` reaches zero, and no other. */
static cocoon_err failing_node(void *state, unsigned level, uint64_t index, struct digest *out)
{
    return --*(int *)state == 0 ? ERR_IO : uniform_node(leaves, level, index, out);
}

/* All leaves equal, 2^63 - 1 of them: the largest proofs fit and verify. */
static void test_largest_tree(void **state)
{
    const uint64_t size = ((uint64_t)1 << MERKLE_LEVELS) - 1;
    const uint64_t odd[] = {0, 1, 2, 12345, size / 2, size / 2 + 1, size - 2, size - 1};
    struct digest levels[MERKLE_LEVELS], root, old_root;
    struct merkle_nodes nodes = {uniform_node, levels};
    struct merkle_proof proof;

    (void)state;
    levels[0] = leaves[0];
    for (size_t i = 1; i < MERKLE_LEVELS; i++)
        merkle_node(&levels[i - 1], &levels[i - 1], &levels[i]);
    assert_int_equal(merkle_root_at(&nodes, size, &root), OK);
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        assert_int_equal(merkle_prove_inclusion(&nodes, odd[i], size, &proof), OK);
        assert_int_equal(merkle_verify_inclusion(&leaves[0], odd[i], size, &root, &proof), OK);
        assert_int_equal(merkle_root_at(&nodes, odd[i], &old_root), OK);
        assert_int_equal(merkle_prove_consistency(&nodes, odd[i], size, &proof), OK);
        assert_int_equal(merkle_verify_consistency(odd[i], &old_root, size, &root, &proof), OK);
    }
}

static void test_refusals(void **state)
{
    struct merkle_nodes uniform = {uniform_node, leaves};
    struct merkle_proof proof;
    struct digest root;

    (void)state;
    assert_int_equal(merkle_prove_inclusion(&uniform, 5, 5, &proof), ERR_RANGE);
    assert_int_equal(merkle_prove_inclusion(&uniform, 0, 0, &proof), ERR_RANGE);
    assert_int_equal(merkle_prove_inclusion(&uniform, 0, UINT64_MAX, &proof), ERR_RANGE);
    assert_int_equal(merkle_prove_consistency(&uniform, 6, 5, &proof), ERR_RANGE);
    assert_int_equal(merkle_prove_consistency(&uniform, 1, UINT64_MAX, &proof), ERR_RANGE);
    assert_int_equal(merkle_root_at(&uniform, (uint64_t)1 << 63, &root), ERR_RANGE);
}

/* Count the reads that a prover makes: each of them failing alone fails the prover. */
static int count_reads(cocoon_err (*prove)(const struct merkle_nodes *nodes))
{
    for (int nth = 1;; nth++) {
        int left = nth;
        struct merkle_nodes nodes = {failing_node, &left};
        cocoon_err err = prove(&nodes);

        if (left > 0) { /* no read was the nth */
            assert_int_equal(err, OK);
            return nth - 1;
        }
        assert_int_equal(err, ERR_IO);
    }
}

static cocoon_err prove_inclusion(const struct merkle_nodes *nodes)
{
    struct merkle_proof proof;

    return merkle_prove_inclusion(nodes, 21, 55, &proof);
}

static cocoon_err prove_consistency(const struct merkle_nodes *nodes)
{
    struct merkle_proof proof;

    return merkle_prove_consistency(nodes, 21, 55, &proof);
}

static cocoon_err root_at(const struct merkle_nodes *nodes)
{
    struct digest root;

    return merkle_root_at(nodes, 55, &root);
}

static void test_failing_reads(void **state)
{
    (void)state;
    assert_true(count_reads(prove_inclusion) > 6);
    assert_true(count_reads(prove_consistency) > 5);
    assert_int_equal(count_reads(root_at), 5); /* 55 = 32 + 16 + 4 + 2 + 1 */
}

/* A path that goes on above the root of the tree it is for would prove something about a taller
 * tree: refused, although every hash along it is right. */
static void test_paths_past_the_root(void **state)
{
    struct merkle_proof path = {.count = 2, .hashes = {leaves[2], leaves[3]}};
    struct digest two, root, old_root;

    (void)state;
    merkle_node(&leaves[2], &leaves[0], &two);
    merkle_node(&leaves[3], &two, &root);
    assert_int_equal(merkle_verify_inclusion(&leaves[0], 0, 1, &root, &path), ERR_PROOF);
    path.hashes[0] = leaves[1];
    merkle_node(&leaves[0], &leaves[1], &two);
    merkle_node(&leaves[3], &two, &root);
    merkle_node(&leaves[3], &leaves[0], &old_root);
    assert_int_equal(merkle_verify_consistency(1, &old_root, 2, &root, &path), ERR_PROOF);
    path.count = 1;
    assert_int_equal(merkle_verify_consistency(1, &leaves[0], 2, &two, &path), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),     cmocka_unit_test(test_roots),
        cmocka_unit_test(test_inclusion),     cmocka_unit_test(test_consistency),
        cmocka_unit_test(test_largest_tree),  cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_failing_reads), cmocka_unit_test(test_paths_past_the_root),
    };

    return cmocka_run_group_tests(tests, make_leaves, NULL);
}
