/*
 * Provers that lie about the proof itself: each hidden scalar, each pad, commitments that are no
 * codewords, one zone's columns carried in another's, folds that are not those of the weights.
 */
#include "zk/cheating.h"
#include "zk/mle.h"

/* ---- scalars: what is sent is not what the committed pad makes of it ---- */

static void lie_scalar(struct rig *r, size_t n)
{
    r->data.pads[n] = ext_add(r->data.pads[n], ext_basis((unsigned)(n % EXT_DEGREE)));
}

static void lie_tail(struct rig *r, size_t n)
{
    r->data.tail[n] = ext_add(r->data.tail[n], EXT_ONE);
}

static void check_all(const struct cheat *c, enum plan_kind kind, bool tail)
{
    static struct rig r;
    size_t count;

    sample_cnn(&r.sample, 8);
    rig_init(&r, kind);
    count = tail ? r.plan->tail_pads : ledger_uniform(r.plan->hidden, r.plan->products);
    for (size_t n = 0; n < count; n++)
        if (accepted(&r, c, n))
            fail_msg("accepted: %s, %zu of %zu", c->name, n, count);
    rig_fini(&r);
}

static void test_every_scalar(void **state)
{
    static const struct cheat lie = {.name = "lie about a scalar", .said = lie_scalar};

    (void)state;
    check_all(&lie, PLAN_HIDDEN_INPUT, false);
    check_all(&lie, PLAN_PUBLIC_INPUT, false);
    check_all(&lie, PLAN_REGISTRATION, false);
    check_all(&lie, PLAN_REFRESH, false);
}

static void test_every_tail_scalar(void **state)
{
    static const struct cheat lie = {.name = "lie about a scalar of the tail", .said = lie_tail};

    (void)state;
    check_all(&lie, PLAN_HIDDEN_INPUT, true);
}

/* ---- pads committed wrongly, and used as committed ---- */

/* Change entry n of P in the data as well: for C_k this is a wrong product. */
static void wrong_pad(struct rig *r, size_t n)
{
    const struct plan *p = r->plan;
    size_t at = p->hidden + 2 + n;

    for (unsigned i = 0; i < p->pads.pieces; i++) {
        const struct space_piece *piece = &p->pads.piece[i];

        if (at < piece->from || at >= piece->from + ((size_t)1 << piece->bits))
            continue;
        r->data.pads[at].c[0] = field_add(r->data.pads[at].c[0], FIELD_ONE);
        r->data.space[p->space.block[piece->block[0]].at + at - piece->from] =
            r->data.pads[at].c[0];
    }
}

static void test_every_product(void **state)
{
    static const struct cheat lie = {.name = "wrong product", .drawn = wrong_pad};
    static struct rig r;

    (void)state;
    sample_mlp(&r.sample, 8, 30, 12, 4);
    rig_init(&r, PLAN_HIDDEN_INPUT);
    for (size_t n = 0; n < 2 * r.plan->products + 1; n++)
        if (accepted(&r, &lie, n))
            fail_msg("accepted: wrong product %zu", n);
    rig_fini(&r);
}

/* ---- commitments ---- */

/* Replace word `row` of every column but each `keep`-th by nonsense. */
static void spoil(struct rig *r, enum space_zone zone, size_t row, size_t keep)
{
    struct code_matrix *m = &r->data.zone[zone].codeword;

    for (size_t i = 0; i < (size_t)1 << r->plan->data.log_n; i++)
        if (i % keep != 0)
            m->at[i * m->stride + row] = testing_field(&r->rng);
}

/* n: how few columns are left as they were. */
static void spoil_a(struct rig *r, size_t n)
{
    spoil(r, SPACE_A, 3, n + 2);
}

static void spoil_tail(struct rig *r, size_t n)
{
    spoil(r, SPACE_A, r->plan->data.rows + 1, n + 2);
}

static void spoil_mask(struct rig *r, size_t n)
{
    spoil(r, SPACE_A, r->plan->data.rows + OPENING_TAIL_ROWS + 2, n + 2);
}

static void spoil_b(struct rig *r, size_t n)
{
    spoil(r, SPACE_B, 5, n + 2);
}

/* Encode a zone again after its message was changed. */
static void encode_again(struct rig *r, enum space_zone zone)
{
    struct data_zone *z = &r->data.zone[zone];

    code_encode(&r->opening.code, r->kern, NULL, z->message, z->codeword, z->words);
}

/* Zone A is committed with a wrong value; zone B carries the difference in A's column. */
static void wrong_then(struct rig *r, size_t n)
{
    r->data.space[n] = field_add(r->data.space[n], FIELD_ONE);
}

static void right_again(struct rig *r, size_t n)
{
    r->data.space[n] = field_sub(r->data.space[n], FIELD_ONE);
}

static void carry_in_b(struct rig *r, size_t n)
{
    struct code_matrix *m = &r->data.zone[SPACE_B].message;
    size_t rows = r->plan->data.rows;
    field *word = &m->at[n / rows * m->stride + n % rows];

    *word = field_sub(*word, FIELD_ONE);
    encode_again(r, SPACE_B);
}

/* The tail's row carries the difference instead, whatever the row point makes of it: a guess. */
static void carry_in_tail(struct rig *r, size_t n)
{
    struct code_matrix *m = &r->data.zone[SPACE_A].message;
    size_t rows = r->plan->data.rows;
    field *word = &m->at[n / rows * m->stride + rows];

    *word = field_sub(*word, FIELD_ONE);
    encode_again(r, SPACE_A);
}

/* The mask that combines is not the one committed. */
static void other_mask(struct rig *r, size_t n)
{
    struct code_matrix *m = &r->data.zone[SPACE_A].message;
    field *word = &m->at[n * m->stride + r->plan->data.rows + OPENING_TAIL_ROWS];

    *word = field_add(*word, FIELD_ONE);
}

/* ---- the fold of the weights ---- */

/* n: a data column, a bias, a pad. */
static void wrong_fold(struct rig *r, size_t n)
{
    const struct layout *l = r->layout;
    size_t column = n == 0 ? 2 : n == 1 ? l->matrix[0].bias : l->data_columns + 1;
    field *word = &r->witness.folded[0].c[n % EXT_DEGREE][column];

    *word = field_add(*word, FIELD_ONE);
}

/* Use other weights of the same shape all through; open the registered ones. */
static struct weights other_weights;

static void swap_weights(struct rig *r, size_t n)
{
    (void)n;
    r->witness.weights[0] = &other_weights;
}

static void swap_back(struct rig *r, size_t n)
{
    (void)n;
    r->witness.weights[0] = &r->weights[0];
}

/* ---- registration and refresh ---- */

/* Add `by` to the committed element (column, row), as whoever commits could. */
static void patch_commitment(struct rig *r, struct weights *w, size_t column, size_t row, field by)
{
    const struct code_shape *s = &r->layout->code;
    struct code code;

    code_init(&code, s->k, s->log_n, 1);
    for (size_t i = 0; i < code_length(&code); i++) {
        field *word = &w->codeword[i * s->rows + row];

        *word = field_add(*word, field_mul(by, field_pow(code_point(&code, i), column)));
    }
    code_fini(&code);
    tree_build(&w->tree, NULL, w->codeword, s->rows, s->rows);
}

static size_t patch_column;
static int32_t patch_by;

/* The fold of what was really committed. */
static void fold_patch(struct rig *r, size_t row)
{
    struct ext add = ext_scale(mle_at(r->run.row_point, mle_bits(r->layout->code.rows), row),
                               field_from_i64(patch_by));
    struct ext was = ext_array_get(r->witness.folded[0], patch_column);

    ext_array_set(r->witness.folded[0], patch_column, ext_add(was, add));
}

static void check_patch(const char *name, size_t column, size_t row, int32_t by)
{
    static struct rig r;
    const struct cheat patch = {.name = name, .fold = fold_patch};

    sample_cnn(&r.sample, 9);
    rig_init(&r, PLAN_REGISTRATION);
    patch_column = column == SIZE_MAX ? r.layout->data_columns - 1 : column;
    patch_by = by;
    patch_commitment(&r, &r.weights[0], patch_column, row, field_from_i64(by));
    if (accepted(&r, &patch, row))
        fail_msg("accepted: %s", name);
    rig_fini(&r);
}

static void test_registration(void **state)
{
    (void)state;
    check_patch("a weight that is no byte", 3, 1, 1000);
    check_patch("a weight that is no integer", 3, 1, (int32_t)(FIELD_P / 2));
    check_patch("something between weights: a row", 3, 40, 1);
    check_patch("something between weights: a column", SIZE_MAX, 0, -1);
}

static const struct {
    struct cheat cheat;
    size_t count;
    enum plan_kind kind;
} cases[] = {
    {{.name = "zone A is no codeword", .zone_a = spoil_a}, 3, PLAN_HIDDEN_INPUT},
    {{.name = "the tail is no codeword", .zone_a = spoil_tail}, 3, PLAN_HIDDEN_INPUT},
    {{.name = "the mask is no codeword", .zone_a = spoil_mask}, 3, PLAN_HIDDEN_INPUT},
    {{.name = "zone B is no codeword", .zone_b = spoil_b}, 3, PLAN_HIDDEN_INPUT},
    {{.name = "zone B carries zone A",
      .drawn = wrong_then,
      .said = right_again,
      .zone_b = carry_in_b},
     4,
     PLAN_HIDDEN_INPUT},
    {{.name = "the tail carries zone A",
      .drawn = wrong_then,
      .said = right_again,
      .zone_a = carry_in_tail},
     2,
     PLAN_HIDDEN_INPUT},
    {{.name = "zone A differs from what is used", .drawn = wrong_then, .said = right_again},
     4,
     PLAN_HIDDEN_INPUT},
    {{.name = "another mask", .said = other_mask}, 2, PLAN_HIDDEN_INPUT},
    {{.name = "wrong fold", .fold = wrong_fold}, 3, PLAN_HIDDEN_INPUT},
    {{.name = "wrong fold, registration", .fold = wrong_fold}, 3, PLAN_REGISTRATION},
    {{.name = "wrong fold, refresh", .fold = wrong_fold}, 3, PLAN_REFRESH},
};

static void test_commitments(void **state)
{
    static struct rig r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t n = 0; n < cases[i].count; n++) {
            sample_cnn(&r.sample, 10);
            rig_init(&r, cases[i].kind);
            if (accepted(&r, &cases[i].cheat, n))
                fail_msg("accepted: %s, %zu", cases[i].cheat.name, n);
            rig_fini(&r);
        }
}

/* Another model of the same architecture, in place of the registered one. */
static void check_swap(enum plan_kind kind)
{
    static const struct cheat swap = {
        .name = "other weights", .witness = swap_weights, .fold = swap_back};
    static const struct cheat nothing = {.name = "nothing"};
    static struct rig r, other;

    sample_mlp(&other.sample, 12, 40, 20, 6);
    rig_init(&other, kind);
    sample_mlp(&r.sample, 11, 40, 20, 6);
    rig_init(&r, kind);
    other_weights = other.weights[0];
    other_weights.layout = r.layout;
    assert_true(accepted(&r, &nothing, 0));
    r.witness.engine = other.engine;
    assert_false(accepted(&r, &swap, 0));
    r.witness.engine = r.engine;
    rig_fini(&r);
    rig_fini(&other);
}

/* A refresh to the weights of another model. */
static void test_refresh(void **state)
{
    static const struct cheat nothing = {.name = "nothing"};
    static struct rig r, other;
    struct weights kept;

    (void)state;
    sample_mlp(&other.sample, 12, 40, 20, 6);
    rig_init(&other, PLAN_REFRESH);
    sample_mlp(&r.sample, 11, 40, 20, 6);
    rig_init(&r, PLAN_REFRESH);
    assert_true(accepted(&r, &nothing, 0));
    kept = r.weights[1];
    r.weights[1] = other.weights[1];
    r.weights[1].layout = r.layout;
    assert_false(accepted(&r, &nothing, 0));
    r.weights[1] = kept;
    rig_fini(&r);
    rig_fini(&other);
}

static void test_other_weights(void **state)
{
    (void)state;
    check_swap(PLAN_HIDDEN_INPUT);
    check_swap(PLAN_PUBLIC_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_scalar),  cmocka_unit_test(test_every_tail_scalar),
        cmocka_unit_test(test_every_product), cmocka_unit_test(test_registration),
        cmocka_unit_test(test_commitments),   cmocka_unit_test(test_other_weights),
        cmocka_unit_test(test_refresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
