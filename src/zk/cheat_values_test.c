/* Provers that lie about values: a wrong tensor, a wrong look-up, a wrong count, a wrong statement.
 */
#include "zk/cheating.h"
#include "zk/layer.h"
#include "zk/table.h"

/* Element of the tensors below that is lied about: not the first, and no padding. */
enum { AT = 1 };

/* ---- making the rest of the witness follow ---- */

static void redo_matrix(struct rig *r, size_t op)
{
    const struct cmod_op *o = &r->m.op[op];
    const struct cmod_weight *w = &r->m.weight[o->weight];
    const struct plan_tensor *in = &r->plan->tensor[o->in[0]], *out = &r->plan->tensor[op + 1];
    const int32_t *x = r->witness.tensor[o->in[0]];
    size_t taps = o->code == CMOD_CONV ? (size_t)o->kh * o->kw : in->positions;

    for (size_t p = 0; p < out->positions; p++)
        for (size_t n = 0; n < out->channels; n++) {
            int32_t sum = w->bias_bytes == 0 ? 0 : w->bias[n];

            for (size_t t = 0; t < taps; t++) {
                size_t from = o->code == CMOD_CONV ? window_position(&r->m, op, p, t) : t;

                for (size_t c = 0; from < in->positions && c < in->channels; c++)
                    sum += w->matrix[n * w->inputs + t * in->channels + c] *
                           x[(from << in->c_bits) + c];
            }
            r->witness.tensor[op + 1][(p << out->c_bits) + n] = sum;
        }
}

static void redo_from(struct rig *r, size_t op)
{
    for (; op < r->m.ops; op++)
        if (r->m.op[op].code == CMOD_DENSE || r->m.op[op].code == CMOD_CONV)
            redo_matrix(r, op);
        else
            layer_of(r->plan, op)->witness(&r->witness, op);
}

/* The row that a tuple is; any row for one that is none. */
static size_t row_or_any(struct rig *r, const struct plan_table *t, const int32_t tuple[3])
{
    static int32_t column[3][1 << 16];
    size_t rows = (size_t)1 << t->bits;

    for (unsigned f = 0; f < table_fields(t); f++)
        table_column(&r->m, t, f, column[f]);
    for (size_t i = 0; i < rows; i++) {
        bool same = true;

        for (unsigned f = 0; f < table_fields(t); f++)
            same &= column[f][i] == tuple[f];
        if (same)
            return i;
    }
    return rows / 2;
}

static void count_site(void *arg, size_t site, const int32_t *const fields[3])
{
    struct rig *r = (struct rig *)arg;
    const struct plan_site *s = &r->plan->site[site];
    const struct plan_table *t = &r->plan->table[s->table];

    for (size_t i = 0; i < (size_t)1 << s->bits; i++) {
        int32_t tuple[3] = {0, 0, 0};

        for (unsigned f = 0; f < table_fields(t); f++)
            tuple[f] = fields[f][i];
        witness_block(&r->witness, t->block)[row_or_any(r, t, tuple)]++;
    }
}

static void recount(struct rig *r)
{
    for (size_t i = 0; i < r->plan->tables; i++)
        memset(witness_block(&r->witness, r->plan->table[i].block), 0,
               sizeof(int32_t) << r->plan->table[i].bits);
    witness_sites(&r->witness, count_site, r);
}

/* Make tensor t wrong in one element and all that follows consistent. */
static void shift(struct rig *r, size_t t, size_t at, int32_t by)
{
    r->witness.tensor[t][at] += by;
    redo_from(r, t);
    recount(r);
}

/* ---- the network of every operation (model/testing.h, sample_cnn) ---- */

enum {
    CONV1,
    REQUANT1,
    MAXPOOL,
    CONV2,
    REQUANT2,
    ADD,
    CONV3,
    REQUANT3,
    SUMPOOL,
    REQUANT4,
    DENSE,
};

static void conv_with_padding(struct rig *r, size_t n)
{
    shift(r, CONV1 + 1, AT, 1 << (7 + n));
}

static void conv_one_by_one(struct rig *r, size_t n)
{
    shift(r, CONV3 + 1, AT, 1 << (6 + n));
}

static void dense_output(struct rig *r, size_t n)
{
    shift(r, DENSE + 1, AT, 1 - 2 * (int32_t)n);
}

static void sum_pool(struct rig *r, size_t n)
{
    (void)n;
    shift(r, SUMPOOL + 1, AT, 4);
}

static void add(struct rig *r, size_t n)
{
    (void)n;
    shift(r, ADD + 1, AT, 1);
}

static void requant_value(struct rig *r, size_t n)
{
    shift(r, (n == 0 ? REQUANT1 : REQUANT3) + 1, AT, 1);
}

/* A place beyond the channels: no value of the model, but bound like one. */
static void requant_padding(struct rig *r, size_t n)
{
    (void)n;
    shift(r, REQUANT1 + 1, 5, 1);
}

/* The quotient one too high, its value looked up honestly: the remainder is negative. */
static void requant_quotient(struct rig *r, size_t n)
{
    int32_t *q = witness_block(&r->witness, r->plan->op[REQUANT1].block[0]);

    (void)n;
    q[AT] += 1;
    r->witness.tensor[REQUANT1 + 1][AT] = cmod_table_at(&r->m.table[0], q[AT]);
    redo_from(r, REQUANT1 + 1);
    recount(r);
}

/* The greatest is said to be one more; n: with no tap, or with the first, claiming equality. */
static void max_too_high(struct rig *r, size_t n)
{
    const struct plan_op *o = &r->plan->op[MAXPOOL];

    r->witness.tensor[MAXPOOL + 1][AT] += 1;
    for (size_t t = 0; t < 4; t++)
        witness_block(&r->witness, o->block[t])[AT] = n == 1 && t == 0;
    redo_from(r, MAXPOOL + 1);
    recount(r);
}

static void max_too_low(struct rig *r, size_t n)
{
    (void)n;
    r->witness.tensor[MAXPOOL + 1][AT] -= 1;
    redo_from(r, MAXPOOL + 1);
    recount(r);
}

/* A tap equal to the greatest, said not to be. */
static void max_flag(struct rig *r, size_t n)
{
    int32_t *flag;

    for (size_t t = 0; t < 4; t++) {
        flag = witness_block(&r->witness, r->plan->op[MAXPOOL].block[t]);
        if (flag[AT] == 1)
            break;
    }
    flag[AT] = (int32_t)n * 2; /* 0, or counted twice */
    recount(r);
}

static void input_range(struct rig *r, size_t n)
{
    r->witness.tensor[0][AT] = n == 0 ? r->m.tensor[0].high + 1 : r->m.tensor[0].low - 1;
    redo_from(r, 0);
    recount(r);
}

static void count_moved(struct rig *r, size_t n)
{
    int32_t *count = witness_block(&r->witness, r->plan->table[n].block);

    count[0] += 1;
    count[1] -= 1;
}

/* No lie: all is computed again the way that the cheats above do it. */
static void nothing(struct rig *r, size_t n)
{
    shift(r, CONV1 + 1, n, 0);
}

/* All through the proof the output is said to be another. */
static void other_output(struct rig *r, size_t n)
{
    r->output[n] -= 1;
}

static void wrong_output(struct rig *r, struct statement *s)
{
    r->output[2] += 1;
    s->output = r->output;
}

static void wrong_input(struct rig *r, struct statement *s)
{
    r->input[3] ^= 1;
    s->input = r->input;
}

static void wrong_context(struct rig *r, struct statement *s)
{
    (void)r;
    s->context = SLICE_LIT("cheau");
}

static void wrong_root(struct rig *r, struct statement *s)
{
    (void)r;
    s->weights[0].bytes[31] ^= 1;
}

static const struct {
    struct cheat cheat;
    size_t count; /* how many n */
    enum plan_kind kind;
} cases[] = {
    {{.name = "conv with padding", .witness = conv_with_padding}, 3, PLAN_HIDDEN_INPUT},
    {{.name = "conv 1 x 1", .witness = conv_one_by_one}, 3, PLAN_HIDDEN_INPUT},
    {{.name = "dense, output", .witness = dense_output}, 2, PLAN_HIDDEN_INPUT},
    {{.name = "dense, public input", .witness = dense_output}, 2, PLAN_PUBLIC_INPUT},
    {{.name = "sum pool", .witness = sum_pool}, 1, PLAN_HIDDEN_INPUT},
    {{.name = "add", .witness = add}, 1, PLAN_HIDDEN_INPUT},
    {{.name = "requant value", .witness = requant_value}, 2, PLAN_HIDDEN_INPUT},
    {{.name = "requant padding", .witness = requant_padding}, 1, PLAN_HIDDEN_INPUT},
    {{.name = "requant quotient", .witness = requant_quotient}, 1, PLAN_HIDDEN_INPUT},
    {{.name = "max too high", .witness = max_too_high}, 2, PLAN_HIDDEN_INPUT},
    {{.name = "max too low", .witness = max_too_low}, 1, PLAN_HIDDEN_INPUT},
    {{.name = "max flag", .witness = max_flag}, 2, PLAN_HIDDEN_INPUT},
    {{.name = "input range", .witness = input_range}, 2, PLAN_HIDDEN_INPUT},
    {{.name = "count moved", .witness = count_moved}, 3, PLAN_HIDDEN_INPUT},
    {{.name = "other output", .output = other_output}, 3, PLAN_HIDDEN_INPUT},
    {{.name = "wrong output", .statement = wrong_output}, 1, PLAN_HIDDEN_INPUT},
    {{.name = "wrong input", .statement = wrong_input}, 1, PLAN_PUBLIC_INPUT},
    {{.name = "wrong context", .statement = wrong_context}, 1, PLAN_HIDDEN_INPUT},
    {{.name = "wrong root", .statement = wrong_root}, 1, PLAN_HIDDEN_INPUT},
};

static void test_every_operation(void **state)
{
    static struct rig r;
    static const struct cheat honest = {.name = "nothing", .witness = nothing};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t n = 0; n < cases[i].count; n++) {
            sample_cnn(&r.sample, 5);
            rig_init(&r, cases[i].kind);
            if (!accepted(&r, &honest, AT))
                fail_msg("honest prover refused");
            if (accepted(&r, &cases[i].cheat, n))
                fail_msg("accepted: %s, %zu", cases[i].cheat.name, n);
            rig_fini(&r);
        }
}

/* ---- clamping proven apart (sample_mlp: its hidden layer is small) ---- */

enum { HIDDEN_REQUANT = 1, BLOCK_Q = 0, BLOCK_SIGN, BLOCK_LIMB0, BLOCK_LIMB1 };

static int32_t *clamp_block(struct rig *r, size_t block)
{
    return witness_block(&r->witness, r->plan->op[HIDDEN_REQUANT].block[block]);
}

/* Cut off `units` of the quotient that belong to it, with sign `sign`. */
static void cut_more(struct rig *r, int32_t units, int32_t sign)
{
    size_t i = 0;

    while (clamp_block(r, BLOCK_SIGN)[i] != 0)
        i++;
    clamp_block(r, BLOCK_Q)[i] -= units;
    clamp_block(r, BLOCK_LIMB0)[i] += units;
    clamp_block(r, BLOCK_SIGN)[i] = sign;
    r->witness.tensor[HIDDEN_REQUANT + 1][i] =
        cmod_table_at(&r->m.table[0], clamp_block(r, BLOCK_Q)[i]);
    redo_from(r, HIDDEN_REQUANT + 1);
    recount(r);
}

static void cut_inside(struct rig *r, size_t n)
{
    cut_more(r, 1, (int32_t)n - 1);
}

static void cut_inwards(struct rig *r, size_t n)
{
    cut_more(r, -1, (int32_t)n - 1);
}

static void test_clamping(void **state)
{
    static const struct cheat cheats[] = {{.name = "cut inside", .witness = cut_inside},
                                          {.name = "cut inwards", .witness = cut_inwards}};
    static struct rig r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cheats); i++)
        for (size_t n = 0; n < 3; n++) {
            sample_mlp(&r.sample, 6, 50, 20, 4);
            rig_init(&r, PLAN_HIDDEN_INPUT);
            assert_true(r.plan->op[HIDDEN_REQUANT].clamps);
            if (accepted(&r, &cheats[i], n))
                fail_msg("accepted: %s, %zu", cheats[i].name, n);
            rig_fini(&r);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation),
        cmocka_unit_test(test_clamping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
