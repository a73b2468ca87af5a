/*
 * Models for tests: built operation by operation with seeded random weights, then written and
 * parsed like any other file.
 */
#ifndef MODEL_TESTING_H
#define MODEL_TESTING_H

#include "base/test.h"
#include "model/cmod.h"

enum { SAMPLE_OPS = 32, SAMPLE_TABLES = 8, SAMPLE_FILE_MAX = 64 * 1024 * 1024 };

struct sample {
    struct cmod m;
    struct cmod_op op[SAMPLE_OPS];
    struct cmod_tensor tensor[SAMPLE_OPS + 1];
    struct cmod_table table[SAMPLE_TABLES];
    struct cmod_weight weight[SAMPLE_OPS];
    struct arena arena;
    uint64_t seed;
};

static inline uint64_t sample_u64(struct sample *s)
{
    s->seed ^= s->seed >> 12;
    s->seed ^= s->seed << 25;
    s->seed ^= s->seed >> 27;
    return s->seed * 0x2545f4914f6cdd1d >> 8;
}

static inline void sample_init(struct sample *s, uint64_t seed, struct cmod_shape input,
                               int32_t low, uint8_t bits)
{
    memset(s, 0, sizeof *s);
    arena_init(&s->arena, SAMPLE_FILE_MAX);
    s->seed = seed * 2 + 1;
    s->m = (struct cmod){.name = SLICE_LIT("sample"),
                         .input = input,
                         .input_low = low,
                         .input_bits = bits,
                         .table = s->table,
                         .weight = s->weight,
                         .op = s->op,
                         .tensor = s->tensor};
    s->tensor[0].shape = input;
}

/* Add a table on [low, low + 2^bits): values clamped to [from, to]. Return its number. */
static inline uint16_t sample_table(struct sample *s, uint8_t bits, int32_t low, int32_t from,
                                    int32_t to)
{
    struct cmod_table *t = &s->table[s->m.tables];

    *t = (struct cmod_table){bits, low, ARENA_ARRAY(&s->arena, (size_t)1 << bits, int16_t)};
    for (int32_t i = 0; i < 1 << bits; i++)
        t->values[i] = (int16_t)(low + i < from ? from : low + i > to ? to : low + i);
    return s->m.tables++;
}

/* Append `op`; return the tensor it makes. */
static inline uint16_t sample_op(struct sample *s, struct cmod_op op)
{
    struct fail fail;

    s->op[s->m.ops++] = op;
    s->m.output = s->m.ops;
    if (cmod_infer(&s->m, &fail) != OK)
        fail_msg("operation %zu: %s", fail.offset, fail.what);
    return s->m.output;
}

static inline uint16_t sample_weight(struct sample *s, uint32_t outputs, uint32_t inputs,
                                     uint8_t bias_bytes)
{
    struct cmod_weight *w = &s->weight[s->m.weights];
    int8_t *matrix = ARENA_ARRAY(&s->arena, (size_t)outputs * inputs, int8_t);
    int32_t unit = cmod_bias_unit(bias_bytes);

    *w = (struct cmod_weight){outputs, inputs, bias_bytes, matrix, NULL};
    for (size_t i = 0; i < (size_t)outputs * inputs; i++)
        matrix[i] = (int8_t)sample_u64(s);
    if (bias_bytes != 0)
        w->bias = ARENA_ARRAY(&s->arena, outputs, int32_t);
    for (size_t i = 0; bias_bytes != 0 && i < outputs; i++)
        w->bias[i] = (int32_t)(sample_u64(s) % (255U * (uint32_t)unit + 1)) - 128 * unit;
    return s->m.weights++;
}

static inline uint16_t sample_dense(struct sample *s, uint16_t in, uint32_t outputs,
                                    uint8_t bias_bytes)
{
    uint32_t inputs = (uint32_t)cmod_shape_size(s->tensor[in].shape);
    uint16_t w = sample_weight(s, outputs, inputs, bias_bytes);

    return sample_op(s, (struct cmod_op){.code = CMOD_DENSE, .in = {in}, .weight = w});
}

static inline uint16_t sample_conv(struct sample *s, uint16_t in, uint32_t outputs, uint8_t k,
                                   uint8_t stride, uint8_t pad, uint8_t bias_bytes)
{
    uint16_t w = sample_weight(s, outputs, (uint32_t)k * k * s->tensor[in].shape.c, bias_bytes);

    return sample_op(s, (struct cmod_op){.code = CMOD_CONV,
                                         .in = {in},
                                         .weight = w,
                                         .kh = k,
                                         .kw = k,
                                         .stride = stride,
                                         .pad = pad});
}

static inline uint16_t sample_requant(struct sample *s, uint16_t in, uint8_t shift, uint16_t table)
{
    return sample_op(
        s, (struct cmod_op){.code = CMOD_REQUANT, .in = {in}, .shift = shift, .table = table});
}

static inline uint16_t sample_pool(struct sample *s, enum cmod_code code, uint16_t in, uint8_t k,
                                   uint8_t stride)
{
    return sample_op(
        s, (struct cmod_op){.code = code, .in = {in}, .kh = k, .kw = k, .stride = stride});
}

static inline uint16_t sample_add(struct sample *s, uint16_t a, uint16_t b)
{
    return sample_op(s, (struct cmod_op){.code = CMOD_ADD, .in = {a, b}});
}

/* Write the model as a file into memory of the sample's arena. */
static inline struct slice sample_file(struct sample *s)
{
    size_t room = 65536;
    struct slice file;
    struct wr w;

    for (uint16_t i = 0; i < s->m.tables; i++)
        room += (size_t)2 << s->table[i].bits;
    for (uint16_t i = 0; i < s->m.weights; i++)
        room += (size_t)s->weight[i].outputs * (s->weight[i].inputs + 4);
    w = wr_init(arena_new(&s->arena, room), room);
    cmod_write(&s->m, &w);
    assert_int_equal(wr_end(&w, &file), OK);
    return file;
}

/* Write, parse and set `*out` to the model, which lives as long as the sample. */
static inline void sample_parse(struct sample *s, struct cmod *out)
{
    struct fail fail;

    assert_int_equal(cmod_parse(sample_file(s), &s->arena, out, &fail), OK);
}

/* Return a random input in the model's range. */
static inline int32_t *sample_input(struct sample *s)
{
    size_t size = cmod_shape_size(s->m.input);
    int32_t *x = ARENA_ARRAY(&s->arena, size, int32_t);

    for (size_t i = 0; i < size; i++)
        x[i] = s->m.input_low + (int32_t)(sample_u64(s) % (1U << s->m.input_bits));
    return x;
}

static inline void sample_fini(struct sample *s)
{
    arena_fini(&s->arena);
}

/* inputs - hidden - outputs with a clamping ReLU between. */
static inline void sample_mlp(struct sample *s, uint64_t seed, uint32_t inputs, uint32_t hidden,
                              uint32_t outputs)
{
    uint16_t t;

    sample_init(s, seed, (struct cmod_shape){1, 1, inputs}, 0, 8);
    t = sample_table(s, 8, -64, 0, 127);
    t = sample_requant(s, sample_dense(s, 0, hidden, 2), 11, t);
    sample_dense(s, t, outputs, 2);
}

/* One of every operation: conv, ReLU, max pool, conv with padding, add, sum pool, dense. */
static inline void sample_cnn(struct sample *s, uint64_t seed)
{
    uint16_t relu, keep, x, y;

    sample_init(s, seed, (struct cmod_shape){9, 8, 3}, -8, 4);
    relu = sample_table(s, 6, -32, 0, 31);
    keep = sample_table(s, 7, -64, -50, 50);
    x = sample_requant(s, sample_conv(s, 0, 5, 3, 1, 1, 1), 7, relu);
    x = sample_pool(s, CMOD_MAXPOOL, x, 2, 2);
    y = sample_requant(s, sample_conv(s, x, 5, 3, 1, 1, 0), 8, relu);
    x = sample_add(s, x, y);
    x = sample_requant(s, sample_conv(s, x, 4, 1, 1, 0, 2), 6, keep);
    x = sample_requant(s, sample_pool(s, CMOD_SUMPOOL, x, 2, 1), 2, keep);
    sample_dense(s, x, 7, 3);
}

#endif
