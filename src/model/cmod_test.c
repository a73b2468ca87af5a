/* The format: round trips, every truncation and bit flip, every rule of docs/spec/cmod.md. */
#include "model/cmod.h"

#include "model/testing.h"

enum { ROOM = 1 << 20 };

static cocoon_err parse(struct slice file, struct cmod *m, struct arena *arena)
{
    struct fail fail = {OK, 0, NULL};
    cocoon_err err = cmod_parse(file, arena, m, &fail);

    assert_true((err == OK) == (fail.code == OK));
    assert_true(err == OK || (fail.code == err && fail.what != NULL));
    return err;
}

/* Whatever parses is written back byte for byte. */
static void check_echo(struct slice file, const struct cmod *m)
{
    static uint8_t room[ROOM];
    struct wr w = wr_init(room, sizeof room);
    struct slice again;

    cmod_write(m, &w);
    assert_int_equal(wr_end(&w, &again), OK);
    assert_true(slice_eq(file, again));
}

static void test_round_trip(void **state)
{
    struct sample s;
    struct cmod m;

    (void)state;
    sample_cnn(&s, 1);
    sample_parse(&s, &m);
    check_echo(sample_file(&s), &m);
    assert_int_equal(m.ops, s.m.ops);
    assert_memory_equal(m.tensor, s.tensor, (m.ops + 1U) * sizeof *m.tensor);
    sample_fini(&s);
}

static void test_truncated_and_extended(void **state)
{
    struct sample s;
    struct slice file;

    (void)state;
    sample_mlp(&s, 2, 9, 5, 3);
    file = sample_file(&s);
    for (size_t len = 0; len <= file.len; len++) {
        struct arena arena;
        struct cmod m;

        arena_init(&arena, ROOM);
        if (len < file.len) {
            assert_int_not_equal(parse(slice_sub(file, 0, len), &m, &arena), OK);
        } else {
            uint8_t *longer = (uint8_t *)arena_new(&arena, len + 1);

            memcpy(longer, file.ptr, len);
            assert_int_equal(parse(slice_make(longer, len + 1), &m, &arena), ERR_TRAILING);
        }
        arena_fini(&arena);
    }
    sample_fini(&s);
}

static void test_bit_flips(void **state)
{
    struct sample s;
    struct slice file;
    uint8_t *copy;
    size_t refused = 0;

    (void)state;
    sample_mlp(&s, 3, 9, 5, 3);
    file = sample_file(&s);
    copy = (uint8_t *)arena_new(&s.arena, file.len);
    memcpy(copy, file.ptr, file.len);
    for (size_t bit = 0; bit < file.len * 8; bit++) {
        struct arena arena;
        struct cmod m;

        arena_init(&arena, ROOM);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (parse(slice_make(copy, file.len), &m, &arena) == OK)
            check_echo(slice_make(copy, file.len), &m);
        else
            refused++;
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        arena_fini(&arena);
    }
    /* Most of the file is weights, tables and biases, whose every value is some model. */
    assert_true(refused > 200);
    sample_fini(&s);
}

/* Rules of section 4, each broken in an otherwise good model. */
static void break_input_bits(struct sample *s)
{
    s->m.input_bits = 17;
}
static void break_input_range(struct sample *s)
{
    s->m.input_low = 32767;
}
static void break_input_shape(struct sample *s)
{
    s->m.input.w = 0;
}
static void break_side(struct sample *s)
{
    s->m.input.h = CMOD_SIDE_MAX + 1;
}
static void break_table_domain(struct sample *s)
{
    s->table[0].low = INT16_MAX;
}
static void break_weight_shape(struct sample *s)
{
    s->weight[0].inputs++;
}
static void break_weight_number(struct sample *s)
{
    s->op[0].weight = 9;
}
static void break_weight_use(struct sample *s)
{
    s->op[0].weight = 1;
}
static void break_bias_bytes(struct sample *s)
{
    s->weight[0].bias_bytes = CMOD_BIAS_BYTES_MAX + 1;
}
static void break_order(struct sample *s)
{
    s->op[0].in[0] = 1;
}
static void break_second_operand(struct sample *s)
{
    s->op[5].in[1] = 6;
}
static void break_kind(struct sample *s)
{
    s->op[3].in[0] = 1;
}
static void break_pool_kind(struct sample *s)
{
    s->op[2].in[0] = 1;
}
static void break_add_kind(struct sample *s)
{
    s->op[5].in[1] = 4;
}
static void break_add_shape(struct sample *s)
{
    s->op[5].in[0] = 2;
}
static void break_table_number(struct sample *s)
{
    s->op[1].table = 2;
}
static void break_shift(struct sample *s)
{
    s->op[1].shift = CMOD_SHIFT_MAX + 1;
}
static void break_pad(struct sample *s)
{
    s->op[0].pad = 3;
}
static void break_stride(struct sample *s)
{
    s->op[0].stride = 0;
}
static void break_window(struct sample *s)
{
    s->op[2].kh = 10;
    s->op[2].kw = 10;
}
static void break_output(struct sample *s)
{
    s->m.output = 0;
}
static void break_output_number(struct sample *s)
{
    s->m.output = 99;
}
static void break_accumulator(struct sample *s)
{
    s->weight[0].bias_bytes = 3;
    s->m.input_low = 0;
    s->m.input_bits = 15;
    s->m.input.c = 3;
    s->op[0].kh = 16;
    s->op[0].kw = 16;
    s->op[0].pad = 15;
    s->weight[0].inputs = 768;
}

static void test_rules(void **state)
{
    static const struct {
        const char *name;
        void (*apply)(struct sample *s);
        cocoon_err err;
    } cases[] = {
        {"input bits", break_input_bits, ERR_LIMIT},
        {"input range", break_input_range, ERR_RANGE},
        {"input shape", break_input_shape, ERR_LIMIT},
        {"input side", break_side, ERR_LIMIT},
        {"table domain", break_table_domain, ERR_RANGE},
        {"weight shape", break_weight_shape, ERR_RANGE},
        {"weight number", break_weight_number, ERR_RANGE},
        {"weight unused", break_weight_use, ERR_RANGE},
        {"bias bytes", break_bias_bytes, ERR_LIMIT},
        {"operand made later", break_order, ERR_RANGE},
        {"second operand made later", break_second_operand, ERR_RANGE},
        {"matrix by accumulator", break_kind, ERR_TYPE},
        {"pool of accumulator", break_pool_kind, ERR_TYPE},
        {"sum of accumulator", break_add_kind, ERR_TYPE},
        {"sum of two shapes", break_add_shape, ERR_RANGE},
        {"table number", break_table_number, ERR_RANGE},
        {"shift", break_shift, ERR_LIMIT},
        {"padding", break_pad, ERR_LIMIT},
        {"stride", break_stride, ERR_LIMIT},
        {"window", break_window, ERR_RANGE},
        {"output is the input", break_output, ERR_RANGE},
        {"output number", break_output_number, ERR_RANGE},
        {"accumulator too large", break_accumulator, ERR_RANGE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct sample s;
        struct fail fail;

        sample_cnn(&s, 4);
        cases[i].apply(&s);
        if (cmod_infer(&s.m, &fail) != cases[i].err)
            fail_msg("%s", cases[i].name);
        sample_fini(&s);
    }
}

static void test_header(void **state)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
        cocoon_err err;
    } cases[] = {
        {"magic", 0, 'c', ERR_MALFORMED},           {"version", 5, 2, ERR_VERSION},
        {"reserved", 7, 1, ERR_NONCANONICAL},       {"name length", 12, 0, ERR_LIMIT},
        {"name not UTF-8", 13, 0xff, ERR_ENCODING}, {"name control", 13, 7, ERR_ENCODING},
    };
    struct sample s;
    struct slice file;

    (void)state;
    sample_mlp(&s, 5, 4, 4, 4);
    file = sample_file(&s);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t *copy = (uint8_t *)arena_new(&s.arena, file.len);
        struct cmod m;

        memcpy(copy, file.ptr, file.len);
        copy[cases[i].at] = cases[i].value;
        if (parse(slice_make(copy, file.len), &m, &s.arena) != cases[i].err)
            fail_msg("%s", cases[i].name);
    }
    sample_fini(&s);
}

/* A bias out of the declared range is refused although it fits its 32 bits. */
static void test_bias_range(void **state)
{
    struct sample s;
    struct cmod m;

    (void)state;
    sample_mlp(&s, 6, 4, 4, 4);
    s.weight[0].bias[1] = 127 * 257 + 1;
    assert_int_equal(parse(sample_file(&s), &m, &s.arena), ERR_RANGE);
    s.weight[0].bias[1] = -128 * 257 - 1;
    assert_int_equal(parse(sample_file(&s), &m, &s.arena), ERR_RANGE);
    s.weight[0].bias[1] = -128 * 257;
    assert_int_equal(parse(sample_file(&s), &m, &s.arena), OK);
    sample_fini(&s);
}

static void test_memory_cap(void **state)
{
    struct arena arena;
    struct sample s;
    struct cmod m;

    (void)state;
    sample_mlp(&s, 7, 40, 40, 4);
    arena_init(&arena, 100);
    assert_int_equal(parse(sample_file(&s), &m, &arena), ERR_NOMEM);
    arena_fini(&arena);
    sample_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_truncated_and_extended),
        cmocka_unit_test(test_bit_flips),  cmocka_unit_test(test_rules),
        cmocka_unit_test(test_header),     cmocka_unit_test(test_bias_range),
        cmocka_unit_test(test_memory_cap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
