#include "ledger/smt_proof.h"

#include "base/test.h"

/*
 * A tree of three leaves by hand: a = 00.., b = 40.., c = 80... Level 1: {a, b} | c; level 2: a |
 * b. Absent: 20.. ends in a's leaf, c0.. ends in c's leaf; nothing ends in an empty subtree here.
 */
static struct digest a, b, c, value, la, lb, lc, ab, root;

static int make_tree(void **state)
{
    (void)state;
    b.bytes[0] = 0x40;
    c.bytes[0] = 0x80;
    value.bytes[0] = 7;
    smt_leaf_hash(&a, &value, &la);
    smt_leaf_hash(&b, &value, &lb);
    smt_leaf_hash(&c, &value, &lc);
    smt_node_hash(&la, &lb, &ab);
    smt_node_hash(&ab, &lc, &root);
    return 0;
}

static struct slice wire(const struct smt_proof *p)
{
    static uint8_t bytes[SMT_PROOF_MAX];
    struct wr w = wr_init(bytes, sizeof bytes);
    struct slice out;

    smt_proof_put(&w, p);
    assert_int_equal(wr_end(&w, &out), OK);
    return out;
}

static void present_a(struct smt_proof *p)
{
    memset(p, 0, sizeof *p);
    p->kind = SMT_PRESENT;
    p->depth = 2;
    p->siblings[0] = lc;
    p->siblings[1] = lb;
}

static void test_presence(void **state)
{
    static struct smt_proof p;
    struct digest other = {{8}};

    (void)state;
    present_a(&p);
    assert_int_equal(smt_proof_verify(&root, &a, &value, wire(&p)), OK);
    assert_int_equal(smt_proof_verify(&root, &a, &other, wire(&p)), ERR_PROOF);
    assert_int_equal(smt_proof_verify(&root, &b, &value, wire(&p)), ERR_PROOF);
    assert_int_equal(smt_proof_verify(&ab, &a, &value, wire(&p)), ERR_PROOF);
    assert_int_equal(smt_proof_verify(&root, &a, NULL, wire(&p)), ERR_PROOF);
}

static void test_absence(void **state)
{
    static struct smt_proof p;
    struct digest near_a = {{0x20}}, near_c = {{0xc0}};

    (void)state;
    present_a(&p);
    p.kind = SMT_OTHER;
    p.other_key = a;
    p.other_value = value;
    assert_int_equal(smt_proof_verify(&root, &near_a, NULL, wire(&p)), OK);
    /* a's leaf says nothing of a itself, nor of a key on another path */
    assert_int_equal(smt_proof_verify(&root, &a, NULL, wire(&p)), ERR_PROOF);
    assert_int_equal(smt_proof_verify(&root, &near_c, NULL, wire(&p)), ERR_PROOF);
    assert_int_equal(smt_proof_verify(&root, &near_a, &value, wire(&p)), ERR_PROOF);

    memset(&p, 0, sizeof p);
    p.kind = SMT_OTHER;
    p.depth = 1;
    p.siblings[0] = ab;
    p.other_key = c;
    p.other_value = value;
    assert_int_equal(smt_proof_verify(&root, &near_c, NULL, wire(&p)), OK);
}

/* An empty place beside a subtree of two leaves. */
static void test_absence_in_the_empty(void **state)
{
    static struct smt_proof p;
    struct digest empty = {{0}}, tall, far = {{0xc0}};

    (void)state;
    smt_node_hash(&ab, &empty, &tall);
    memset(&p, 0, sizeof p);
    p.kind = SMT_EMPTY;
    p.depth = 1;
    p.siblings[0] = ab;
    assert_int_equal(smt_proof_verify(&tall, &far, NULL, wire(&p)), OK);
    assert_int_equal(smt_proof_verify(&root, &far, NULL, wire(&p)), ERR_PROOF);
    p.depth = 0;
    assert_int_equal(smt_proof_verify(&empty, &far, NULL, wire(&p)), OK);
    assert_int_equal(smt_proof_verify(&root, &far, NULL, wire(&p)), ERR_PROOF);
}

/* A leaf that stands deeper than it must: the tree has it in another place. */
static void test_leaf_too_deep(void **state)
{
    static struct smt_proof p;
    struct digest empty = {{0}}, deep;

    (void)state;
    smt_node_hash(&la, &empty, &deep);
    memset(&p, 0, sizeof p);
    p.kind = SMT_PRESENT;
    p.depth = 1;
    assert_int_equal(smt_proof_verify(&deep, &a, &value, wire(&p)), ERR_PROOF);
}

/* Whatever bit of a good proof is flipped, it proves nothing any more. */
static void test_tampered(void **state)
{
    static struct smt_proof p;
    uint8_t copy[SMT_PROOF_MAX];
    struct slice good;
    struct digest near_a = {{0x20}};

    (void)state;
    for (int other = 0; other < 2; other++) {
        present_a(&p);
        p.kind = other ? SMT_OTHER : SMT_PRESENT;
        p.other_key = a;
        p.other_value = value;
        good = wire(&p);
        memcpy(copy, good.ptr, good.len);
        for (size_t bit = 0; bit < 8 * good.len; bit++) {
            copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_not_equal(smt_proof_verify(&root, other ? &near_a : &a,
                                                  other ? NULL : &value,
                                                  slice_make(copy, good.len)),
                                 OK);
            copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        for (size_t len = 0; len < good.len; len++)
            assert_int_not_equal(smt_proof_verify(&root, other ? &near_a : &a,
                                                  other ? NULL : &value, slice_make(copy, len)),
                                 OK);
    }
}

static void test_one_spelling(void **state)
{
    static struct smt_proof p;
    static uint8_t bytes[SMT_PROOF_MAX];
    struct slice good;

    (void)state;
    present_a(&p);
    good = wire(&p);
    memcpy(bytes, good.ptr, good.len);
    bytes[3] |= 1; /* a spare bit of the bitmap */
    assert_int_equal(smt_proof_read(slice_make(bytes, good.len), &p), ERR_MALFORMED);
    bytes[3] &= 0xfe;
    memset(bytes + 4, 0, 32); /* an empty sibling spelled out */
    assert_int_equal(smt_proof_read(slice_make(bytes, good.len), &p), ERR_MALFORMED);
    bytes[0] = 4;
    assert_int_equal(smt_proof_read(slice_make(bytes, good.len), &p), ERR_MALFORMED);
    bytes[0] = SMT_PRESENT;
    bytes[1] = 0xff; /* depth */
    assert_int_equal(smt_proof_read(slice_make(bytes, good.len), &p), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presence),
        cmocka_unit_test(test_absence),
        cmocka_unit_test(test_absence_in_the_empty),
        cmocka_unit_test(test_leaf_too_deep),
        cmocka_unit_test(test_tampered),
        cmocka_unit_test(test_one_spelling),
    };

    return cmocka_run_group_tests(tests, make_tree, NULL);
}
