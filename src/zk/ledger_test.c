/* Equations between hidden scalars hold exactly when they hold between the scalars. */
#include "zk/ledger.h"

#include "zk/testing.h"

enum { HIDDEN = 12, PRODUCTS = 5, PADS = HIDDEN + 2 + 2 * PRODUCTS + 1, PROOF_MAX = 4096 };

struct side {
    struct ledger ledger;
    struct wire wire;
    struct ext sent[HIDDEN], coefficient[PADS];
    struct ledger_product product[PRODUCTS];
};

static void side_init(struct side *s, const struct ext *pads)
{
    s->ledger = (struct ledger){.sent = s->sent,
                                .coefficient = s->coefficient,
                                .product = s->product,
                                .hidden_max = HIDDEN,
                                .products_max = PRODUCTS};
    ledger_reset(&s->ledger, &s->wire, pads);
}

/* What a cheating prover changes. */
enum cheat { HONEST, WRONG_LINEAR, WRONG_PRODUCT, WRONG_TRIPLE, WRONG_TRIPLE_TAIL, CHEATS };

/*
 * Both sides' conversation: hide a, b, products of neighbours; check 3 a - 2 b = c and each
 * product.
 */
static void converse(struct ledger *l, struct testing_rng *r, enum cheat cheat)
{
    struct scalar m[HIDDEN];
    struct ext v[HIDDEN];
    struct term terms[HIDDEN];
    struct form f = form_init(terms, HIDDEN);

    for (size_t i = 0; i < HIDDEN; i++)
        v[i] = testing_ext(r);
    for (size_t i = 0; i < PRODUCTS; i++)
        v[PRODUCTS + 1 + i] = ext_mul(v[i], v[i + 1]);
    v[HIDDEN - 1] = ext_sub(ext_scale(v[0], field_from_u32(3)), ext_scale(v[1], field_from_u32(2)));
    if (cheat == WRONG_LINEAR)
        v[HIDDEN - 1] = ext_add(v[HIDDEN - 1], EXT_ONE);
    if (cheat == WRONG_PRODUCT)
        v[PRODUCTS + 3] = ext_add(v[PRODUCTS + 3], EXT_ONE);
    for (size_t i = 0; i < HIDDEN; i++)
        m[i] = ledger_hide(l, v[i]);
    form_add(&f, m[0], ext_from_i64(3));
    form_add(&f, m[1], ext_from_i64(-2));
    form_add_constant(&f, EXT_ONE);
    form_scale(&f, ext_from_i64(5));
    ledger_begin(l);
    ledger_add_form(l, &f, EXT_ONE);
    ledger_add(l, m[HIDDEN - 1], ext_from_i64(-5));
    ledger_add_constant(l, ext_from_i64(-5));
    for (size_t i = 0; i < PRODUCTS; i++) {
        ledger_begin(l);
        ledger_add_product(l, m[i], m[i + 1], ext_from_i64(7));
        ledger_add(l, m[PRODUCTS + 1 + i], ext_from_i64(-7));
    }
    ledger_check_products(l);
}

/* Draw pads for the products that converse uses. */
static void draw_pads(struct ext pads[PADS], struct testing_rng *r)
{
    struct ledger_product product[PRODUCTS];

    for (size_t i = 0; i < HIDDEN + 2; i++)
        pads[i] = testing_ext(r);
    for (size_t i = 0; i < PRODUCTS; i++)
        product[i] = (struct ledger_product){i, i + 1};
    ledger_fill_products(pads, HIDDEN, product, PRODUCTS);
}

/* Tell whether the verifier's running equation holds for the committed pads. */
static bool run(uint64_t seed, enum cheat cheat)
{
    static struct side prover, verifier;
    struct testing_rng r = {seed}, again;
    struct ext pads[PADS], sum;
    uint8_t proof[PROOF_MAX];
    struct wr out = wr_init(proof, sizeof proof);
    struct slice done;

    draw_pads(pads, &r);
    if (cheat == WRONG_TRIPLE)
        pads[HIDDEN + 2 + 1] = ext_add(pads[HIDDEN + 2 + 1], EXT_ONE);
    if (cheat == WRONG_TRIPLE_TAIL)
        pads[PADS - 1] = ext_add(pads[PADS - 1], EXT_ONE);
    for (size_t i = 0; i < PRODUCTS; i++)
        prover.product[i] = verifier.product[i] = (struct ledger_product){i, i + 1};
    wire_init_prover(&prover.wire, &out);
    side_init(&prover, pads);
    again = r;
    converse(&prover.ledger, &r, cheat);
    assert_int_equal(wr_end(&out, &done), OK);
    wire_init_verifier(&verifier.wire, done);
    side_init(&verifier, NULL);
    converse(&verifier.ledger, &again, HONEST);
    assert_int_equal(rd_end(&verifier.wire.in), OK);
    assert_true(ext_eq(prover.ledger.constant, verifier.ledger.constant));
    assert_memory_equal(prover.coefficient, verifier.coefficient, sizeof prover.coefficient);
    sum = verifier.ledger.constant;
    for (size_t i = 0; i < PADS; i++)
        sum = ext_add(sum, ext_mul(verifier.coefficient[i], pads[i]));
    return ext_is_zero(sum);
}

static void test_equations(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 50; seed++)
        for (int cheat = HONEST; cheat < CHEATS; cheat++)
            assert_int_equal(run(seed, (enum cheat)cheat), cheat == HONEST);
}

/* The value at z of the polynomial through (i, values[i]). */
static struct ext interpolate(const struct ext *values, size_t n, struct ext z)
{
    struct ext sum = EXT_ZERO;

    for (size_t i = 0; i < n; i++) {
        struct ext term = values[i];

        for (size_t j = 0; j < n; j++)
            if (j != i)
                term = ext_mul(term, ext_mul(ext_sub(z, ext_from_i64((int64_t)j)),
                                             ext_inv(ext_from_i64((int64_t)i - (int64_t)j))));
        sum = ext_add(sum, term);
    }
    return sum;
}

/*
 * A wrong product, and the evaluation of A (n = 0) or B (1) made to fit it: the other's is honest.
 * Then only the equation of the forged one can fail.
 */
static bool forge(size_t n)
{
    static struct side prover, verifier;
    struct testing_rng r = {99};
    struct ext pads[PADS], factor[2][PRODUCTS + 1], at[2], zeta, sum;
    struct scalar m[HIDDEN];
    uint8_t proof[PROOF_MAX];
    struct wr out = wr_init(proof, sizeof proof);
    struct slice done;

    draw_pads(pads, &r);
    pads[HIDDEN + 2] = ext_add(pads[HIDDEN + 2], EXT_ONE);
    for (size_t i = 0; i < PRODUCTS; i++) {
        prover.product[i] = verifier.product[i] = (struct ledger_product){i, i + 1};
        factor[0][i] = pads[i];
        factor[1][i] = pads[i + 1];
    }
    factor[0][PRODUCTS] = pads[HIDDEN];
    factor[1][PRODUCTS] = pads[HIDDEN + 1];
    wire_init_prover(&prover.wire, &out);
    side_init(&prover, pads);
    for (size_t i = 0; i < HIDDEN; i++)
        m[i] = ledger_hide(&prover.ledger, EXT_ZERO);
    for (size_t i = 0; i < PRODUCTS; i++) {
        ledger_begin(&prover.ledger);
        ledger_add_product(&prover.ledger, m[i], m[i + 1], EXT_ZERO);
    }
    zeta = transcript_ext(&prover.wire.transcript);
    at[1 - n] = interpolate(factor[1 - n], PRODUCTS + 1, zeta);
    at[n] = ext_mul(interpolate(pads + HIDDEN + 2, 2 * PRODUCTS + 1, zeta), ext_inv(at[1 - n]));
    wire_ext(&prover.wire, at[0]);
    wire_ext(&prover.wire, at[1]);
    assert_int_equal(wr_end(&out, &done), OK);
    wire_init_verifier(&verifier.wire, done);
    side_init(&verifier, NULL);
    for (size_t i = 0; i < HIDDEN; i++)
        m[i] = ledger_hide(&verifier.ledger, EXT_ZERO);
    for (size_t i = 0; i < PRODUCTS; i++) {
        ledger_begin(&verifier.ledger);
        ledger_add_product(&verifier.ledger, m[i], m[i + 1], EXT_ZERO);
    }
    ledger_check_products(&verifier.ledger);
    assert_int_equal(rd_end(&verifier.wire.in), OK);
    sum = verifier.ledger.constant;
    for (size_t i = 0; i < PADS; i++)
        sum = ext_add(sum, ext_mul(verifier.coefficient[i], pads[i]));
    return ext_is_zero(sum);
}

static void test_forged_evaluations(void **state)
{
    (void)state;
    assert_false(forge(0));
    assert_false(forge(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equations),
        cmocka_unit_test(test_forged_evaluations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
