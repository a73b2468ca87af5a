#include "zk/weights.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "zk/mle.h"
#include "zk/prg.h"
#include "zk/room.h"

/* Where byte (column, row) lies among the tiles. */
static size_t tile_at(size_t rows, size_t column, size_t row)
{
    return (column / KERN_ROWS * rows + row / 4 * 4) * KERN_ROWS + column % KERN_ROWS * 4 + row % 4;
}

int8_t weights_byte(const struct weights *w, size_t column, size_t row)
{
    return w->bytes[tile_at(w->layout->code.rows, column, row)];
}

static void put_byte(struct weights *w, size_t column, size_t row, int8_t v)
{
    w->bytes[tile_at(w->layout->code.rows, column, row)] = v;
}

static void place_matrix(struct weights *w, const struct cmod_weight *from,
                         const struct layout_matrix *x)
{
    size_t rows = w->layout->code.rows;

    for (size_t n = 0; n < from->outputs; n++)
        for (size_t o = 0; o < x->outer; o++)
            for (size_t i = 0; i < x->inner; i++)
                put_byte(w, x->from + n / rows * x->stride + (o << x->i_bits) + i, n % rows,
                         from->matrix[n * from->inputs + o * x->inner + i]);
}

/* Each bias as its signed bytes in base 256, lowest first. */
static void place_bias(struct weights *w, const struct cmod_weight *from,
                       const struct layout_matrix *x)
{
    size_t rows = w->layout->code.rows;

    for (size_t n = 0; n < from->outputs; n++) {
        int32_t rest = from->bias[n];

        for (size_t d = 0; d < from->bias_bytes; d++) {
            int32_t digit = ((rest + 128) & 255) - 128;

            put_byte(w, x->bias + d * x->runs + n / rows, n % rows, (int8_t)digit);
            rest = (rest - digit) / 256;
        }
        assert(rest == 0);
    }
}

static size_t pad_columns(const struct layout *l)
{
    return l->code.k - l->data_columns;
}

/* KERN_ROWS rows of the message, from `row` on. */
static void expand(const struct weights *w, size_t row, field *out)
{
    const struct layout *l = w->layout;

    for (size_t c = 0; c < l->data_columns; c++)
        for (size_t r = 0; r < KERN_ROWS; r++)
            out[c * KERN_ROWS + r] = field_from_i64(weights_byte(w, c, row + r));
    for (size_t c = l->data_columns; c < l->code.k; c++)
        memcpy(out + c * KERN_ROWS, w->pads + (c - l->data_columns) * l->code.rows + row,
               KERN_ROWS * sizeof *out);
}

static void encode(struct weights *w, const struct kern *kern, struct par *par)
{
    const struct code_shape *s = &w->layout->code;
    field *message = (field *)room_new(s->k * KERN_ROWS * sizeof *message);
    struct code code;

    code_init(&code, s->k, s->log_n, par_threads(par));
    for (size_t row = 0; row < s->rows; row += KERN_ROWS) {
        expand(w, row, message);
        code_encode(&code, kern, par, (struct code_matrix){message, KERN_ROWS},
                    (struct code_matrix){w->codeword + row, s->rows}, KERN_ROWS);
    }
    code_fini(&code);
    mem_wipe(message, s->k * KERN_ROWS * sizeof *message);
    room_free(message);
}

static size_t codeword_size(const struct layout *l)
{
    return (l->code.rows << l->code.log_n) * sizeof(field);
}

static size_t pads_size(const struct layout *l)
{
    return pad_columns(l) * l->code.rows * sizeof(field);
}

void weights_commit(struct weights *w, const struct layout *layout, const struct kern *kern,
                    struct par *par, const struct secret32 *seed)
{
    struct prg prg;

    *w = (struct weights){.layout = layout};
    w->bytes = (int8_t *)room_new(layout->data_columns * layout->code.rows);
    w->pads = (field *)room_new(pads_size(layout));
    w->codeword = (field *)room_new(codeword_size(layout));
    w->tree = (struct tree){
        (struct digest *)room_new(tree_room(layout->code.log_n) * sizeof(struct digest)),
        layout->code.log_n};
    for (uint16_t i = 0; i < layout->m->weights; i++) {
        place_matrix(w, &layout->m->weight[i], &layout->matrix[i]);
        if (layout->m->weight[i].bias_bytes != 0)
            place_bias(w, &layout->m->weight[i], &layout->matrix[i]);
    }
    prg_init_seed(&prg, seed);
    prg_fields(&prg, w->pads, pad_columns(layout) * layout->code.rows);
    prg_wipe(&prg);
    encode(w, kern, par);
    tree_build(&w->tree, par, w->codeword, layout->code.rows, layout->code.rows);
}

void weights_fini(struct weights *w)
{
    const struct layout *l = w->layout;

    if (l == NULL)
        return;
    mem_wipe(w->codeword, codeword_size(l));
    mem_wipe(w->pads, pads_size(l));
    mem_wipe(w->bytes, l->data_columns * l->code.rows);
    room_free(w->tree.nodes);
    room_free(w->codeword);
    room_free(w->pads);
    room_free(w->bytes);
    *w = (struct weights){0};
}

enum { FOLD_STEP = 512 };

struct folding {
    const struct weights *w;
    const struct kern *kern;
    struct ext_array out;
    const uint8_t *planes;
};

static void fold_part(void *arg, size_t part)
{
    const struct folding *f = (const struct folding *)arg;
    const struct layout *l = f->w->layout;
    size_t from = part * FOLD_STEP;

    f->kern->fold_i8(f->out, f->w->bytes, f->planes, l->code.rows, from,
                     num_min(from + FOLD_STEP, l->data_columns));
}

void weights_fold(const struct weights *w, const struct kern *kern, struct par *par,
                  const struct ext *row_point, struct ext_array out)
{
    const struct layout *l = w->layout;
    size_t rows = l->code.rows;
    struct ext_array weight = room_ext(rows);
    uint8_t *planes = (uint8_t *)room_new(KERN_PLANES_BYTES(rows));
    struct folding f = {w, kern, out, planes};

    ext_array_set(weight, 0, EXT_ONE);
    for (unsigned b = 0; (size_t)1 << b < rows; b++)
        kern->eq_grow(weight, (size_t)1 << b, row_point[b]);
    kern->planes(planes, weight, rows);
    par_for(par, (l->data_columns + FOLD_STEP - 1) / FOLD_STEP, fold_part, &f);
    kern->fold_rows(ext_array_from(out, l->data_columns), w->pads, rows, weight, rows, 0,
                    pad_columns(l));
    room_free(planes);
    room_free_ext(&weight);
}
