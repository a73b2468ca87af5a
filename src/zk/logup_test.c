/*
 * Both sides of the protocol over random fractions: sums of zero are accepted with a true claim on
 * the leaves, others are not.
 */
#include "zk/logup.h"

#include "zk/mle.h"
#include "zk/testing.h"

enum { DEPTH = 7, HIDDEN = 200, PRODUCTS = 64, PADS = HIDDEN + 3 + 2 * PRODUCTS, PROOF_MAX = 8192 };

struct side {
    struct ledger ledger;
    struct wire wire;
    struct ext sent[HIDDEN], coefficient[PADS];
    struct ledger_product product[PRODUCTS];
};

static void side_init(struct side *s, const struct ext *pads, size_t hidden, size_t products)
{
    s->ledger = (struct ledger){.sent = s->sent,
                                .coefficient = s->coefficient,
                                .product = s->product,
                                .hidden_max = hidden,
                                .products_max = products};
    ledger_reset(&s->ledger, &s->wire, pads);
}

/* Find the numbers of scalars and products, as a plan does. */
static void rehearse(unsigned depth, struct side *s)
{
    struct logup_claim claim;

    wire_init_rehearsal(&s->wire);
    side_init(s, NULL, HIDDEN, PRODUCTS);
    s->ledger.coefficient = NULL;
    logup_run(&s->ledger, depth, NULL, &claim);
}

/* Leaves whose fractions sum to zero: pairs 1/q and -1/q, shuffled by an odd multiplier. */
static void fill_leaves(struct logup_tree *t, struct testing_rng *r)
{
    size_t n = (size_t)1 << t->depth;

    for (size_t i = 0; i < n; i += 2) {
        struct ext q = ext_add(testing_ext(r), EXT_ONE), p = testing_ext(r);
        size_t a = i * 5 % n, b = (i + 1) * 5 % n;

        ext_array_set(t->q[t->depth], a, q);
        ext_array_set(t->q[t->depth], b, q);
        ext_array_set(t->p[t->depth], a, p);
        ext_array_set(t->p[t->depth], b, ext_neg(p));
    }
}

/* The leaves' extension at the claim's point, against what the prover's scalars say. */
static bool claim_true(const struct ext_array leaves, unsigned depth, const struct logup_claim *c,
                       const struct scalar s[2])
{
    struct ext sum = EXT_ZERO;

    for (size_t i = 0; i < (size_t)1 << depth; i++)
        sum = ext_add(sum, ext_mul(ext_array_get(leaves, i), mle_at(c->point, depth, i)));
    return ext_eq(sum, ext_lerp(s[0].value, s[1].value, c->top));
}

static bool run(unsigned depth, enum kern_isa isa, struct par *par, bool cheat)
{
    static struct side rehearsal, prover, verifier;
    struct testing_rng r = {depth + 1};
    struct logup_tree tree;
    struct logup_claim claim, seen;
    struct ext_array p, q;
    static struct ext pads[PADS];
    struct ext sum;
    uint8_t proof[PROOF_MAX];
    struct wr out = wr_init(proof, sizeof proof);
    struct slice done;
    size_t hidden, products;
    static field copy[2][EXT_DEGREE << DEPTH];

    rehearse(depth, &rehearsal);
    hidden = rehearsal.ledger.hidden;
    products = rehearsal.ledger.products;
    for (size_t i = 0; i < hidden + 2; i++)
        pads[i] = testing_ext(&r);
    ledger_fill_products(pads, hidden, rehearsal.product, products);
    logup_tree_init(&tree, depth, kern_get(isa), par);
    fill_leaves(&tree, &r);
    if (cheat)
        ext_array_set(tree.p[depth], 1, ext_add(ext_array_get(tree.p[depth], 1), EXT_ONE));
    p = ext_array_at(copy[0], (size_t)1 << depth);
    q = ext_array_at(copy[1], (size_t)1 << depth);
    for (size_t i = 0; i < (size_t)1 << depth; i++) {
        ext_array_set(p, i, ext_array_get(tree.p[depth], i));
        ext_array_set(q, i, ext_array_get(tree.q[depth], i));
    }
    memcpy(prover.product, rehearsal.product, sizeof prover.product);
    memcpy(verifier.product, rehearsal.product, sizeof verifier.product);
    wire_init_prover(&prover.wire, &out);
    side_init(&prover, pads, hidden, products);
    logup_run(&prover.ledger, depth, &tree, &claim);
    ledger_check_products(&prover.ledger);
    assert_int_equal(wr_end(&out, &done), OK);
    wire_init_verifier(&verifier.wire, done);
    side_init(&verifier, NULL, hidden, products);
    logup_run(&verifier.ledger, depth, NULL, &seen);
    ledger_check_products(&verifier.ledger);
    assert_int_equal(rd_end(&verifier.wire.in), OK);
    assert_memory_equal(claim.point, seen.point, depth * sizeof *claim.point);
    assert_true(claim_true(p, depth, &claim, claim.p) && claim_true(q, depth, &claim, claim.q));
    sum = verifier.ledger.constant;
    for (size_t i = 0; i < ledger_pads(hidden, products); i++)
        sum = ext_add(sum, ext_mul(verifier.coefficient[i], pads[i]));
    logup_tree_fini(&tree);
    return ext_is_zero(sum);
}

static void test_protocol(void **state)
{
    struct par *par = NULL;

    (void)state;
    assert_int_equal(par_new(2, &par), OK);
    for (unsigned depth = 1; depth <= DEPTH; depth++)
        for (int isa = KERN_PORTABLE; isa <= KERN_AVX512; isa++) {
            assert_true(run(depth, (enum kern_isa)isa, par, false));
            assert_false(run(depth, (enum kern_isa)isa, NULL, true));
        }
    par_free(par);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_protocol)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
