#include "model/lande.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/rd.h"
#include "model/cmod.h"

enum {
    INPUT_BITS = 8,
    SHIFT = 8,       /* hidden unit = accumulator / 2^8 ... */
    HIDDEN_BITS = 8, /* ... clamped to [0, 255]: ReLU and saturation in one */
    SIDE_MAX = 4096,
    WEIGHT_MOST = 127,
};

struct layer {
    uint32_t rows, columns;
    int8_t *weight;
    double *scale; /* a weight's real value is weight / scale of its row */
    double *bias;
};

static double get_f32(struct rd *r)
{
    uint32_t bits = rd_u32le(r);
    float value;

    static_assert(sizeof value == sizeof bits, "float is binary32");
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static int32_t nearest(double v)
{
    return (int32_t)(v < 0 ? v - 0.5 : v + 0.5);
}

/* A scale that is not a positive normal number would make nonsense of every weight. */
static double get_scale(struct rd *r)
{
    double scale = get_f32(r);

    if (!(scale > 1e-6 && scale < 1e6)) {
        rd_fail(r);
        return 1;
    }
    return scale;
}

static void layer_read(struct rd *r, struct layer *l, uint32_t rows, uint32_t columns)
{
    double scale;

    *l = (struct layer){rows, columns, MEM_ARRAY((size_t)rows * columns, int8_t),
                        MEM_ARRAY(rows, double), MEM_ARRAY(rows, double)};
    for (size_t i = 0; i < rows; i++) {
        l->scale[i] = get_scale(r);
        rd_copy(r, l->weight + i * columns, columns);
    }
    scale = get_scale(r);
    for (size_t i = 0; i < rows; i++)
        l->bias[i] = (int8_t)rd_u8(r) / scale;
}

static void layer_fini(struct layer *l)
{
    mem_free(l->bias);
    mem_free(l->scale);
    mem_free(l->weight);
}

/* The real weight by which output `i` sees one step of the integer hidden unit `j`. */
static double step(const struct layer *hidden, const struct layer *top, size_t i, size_t j)
{
    double unit = (double)(1 << SHIFT) / (hidden->scale[j] * (1 << INPUT_BITS));

    return top->weight[i * top->columns + j] / top->scale[i] * unit;
}

/* Replace top's weights by int8 multiples of one common step, its biases by the same. */
static void requantise(const struct layer *hidden, struct layer *top)
{
    double most = 0, k;

    for (size_t i = 0; i < top->rows; i++)
        for (size_t j = 0; j < top->columns; j++) {
            double v = step(hidden, top, i, j);

            most = v > most ? v : -v > most ? -v : most;
        }
    k = most > 0 ? WEIGHT_MOST / most : 1;
    for (size_t i = 0; i < top->rows; i++) {
        for (size_t j = 0; j < top->columns; j++)
            top->weight[i * top->columns + j] = (int8_t)nearest(step(hidden, top, i, j) * k);
        top->bias[i] *= k;
    }
}

static void set_weight(struct cmod_weight *w, const struct layer *l, const double *bias)
{
    int32_t most = 0;

    *w = (struct cmod_weight){l->rows, l->columns, 1, l->weight, MEM_ARRAY(l->rows, int32_t)};
    for (size_t i = 0; i < l->rows; i++) {
        w->bias[i] = nearest(bias[i]);
        most = w->bias[i] > most ? w->bias[i] : -w->bias[i] > most ? -w->bias[i] : most;
    }
    while (w->bias_bytes < CMOD_BIAS_BYTES_MAX && most > 127 * cmod_bias_unit(w->bias_bytes))
        w->bias_bytes++;
}

static cocoon_err emit(const struct layer *hidden, const struct layer *top, struct buf *out,
                       struct fail *fail)
{
    struct cmod_op ops[] = {
        {.code = CMOD_DENSE, .in = {0}, .weight = 0},
        {.code = CMOD_REQUANT, .in = {1}, .shift = SHIFT, .table = 0},
        {.code = CMOD_DENSE, .in = {2}, .weight = 1},
    };
    int16_t identity[1 << HIDDEN_BITS];
    struct cmod_table table = {HIDDEN_BITS, 0, identity};
    struct cmod_weight weights[2];
    struct cmod_tensor tensors[COUNT_OF(ops) + 1];
    struct cmod m = {SLICE_INIT("lande"),
                     {NULL, 0},
                     {1, 1, hidden->columns},
                     0,
                     INPUT_BITS,
                     1,
                     2,
                     COUNT_OF(ops),
                     COUNT_OF(ops),
                     &table,
                     weights,
                     ops,
                     tensors};
    double *bias = MEM_ARRAY(hidden->rows, double);
    cocoon_err err;
    struct slice done;
    struct wr w;

    for (size_t i = 0; i < hidden->rows; i++)
        bias[i] = hidden->bias[i] * hidden->scale[i] * (1 << INPUT_BITS);
    for (int i = 0; i < 1 << HIDDEN_BITS; i++)
        identity[i] = (int16_t)i;
    set_weight(&weights[0], hidden, bias);
    set_weight(&weights[1], top, top->bias);
    if ((err = cmod_infer(&m, fail)) == OK) {
        size_t room = 4096 + (size_t)hidden->rows * (hidden->columns + 4) +
                      (size_t)top->rows * (top->columns + 4);
        uint8_t *bytes = MEM_ARRAY(room, uint8_t);

        w = wr_init(bytes, room);
        cmod_write(&m, &w);
        if ((err = wr_end(&w, &done)) == OK)
            buf_put(out, done);
        mem_free(bytes);
    }
    mem_free(weights[1].bias);
    mem_free(weights[0].bias);
    mem_free(bias);
    return err != OK ? err : buf_ok(out);
}

cocoon_err lande_import(struct slice file, struct buf *out, struct fail *fail)
{
    struct rd r = rd_init(file);
    struct layer hidden, top;
    uint32_t inputs, units, outputs;
    cocoon_err err;

    if (!slice_eq(rd_slice(&r, 4), SLICE_LIT("LND1")))
        return fail_set(fail, ERR_MALFORMED, 0, "not an LND1 file");
    inputs = rd_u32le(&r);
    units = rd_u32le(&r);
    outputs = rd_u32le(&r);
    if (inputs == 0 || units == 0 || outputs == 0 || inputs > SIDE_MAX || units > SIDE_MAX ||
        outputs > SIDE_MAX)
        return fail_set(fail, ERR_LIMIT, 4, "layer sizes out of range");
    layer_read(&r, &hidden, units, inputs);
    layer_read(&r, &top, outputs, units);
    if ((err = rd_end(&r)) != OK) {
        err = fail_set(fail, err, r.at, "file ends too early or late, or a scale is nonsense");
    } else {
        requantise(&hidden, &top);
        err = emit(&hidden, &top, out, fail);
    }
    layer_fini(&top);
    layer_fini(&hidden);
    return err;
}
