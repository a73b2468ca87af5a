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

static void place_matrix(struct weights *w, const struct cmod_weight *from,
                         const struct plan_matrix *x)
{
    size_t rows = w->plan->weights.rows, inner = from->inputs / x->outer;

    for (size_t n = 0; n < from->outputs; n++)
        for (size_t k = 0; k < from->inputs; k++) {
            size_t column = x->from + n / rows * x->stride + (k / inner << x->i_bits) + k % inner;

            w->bytes[tile_at(rows, column, n % rows)] = from->matrix[n * from->inputs + k];
        }
}

/* Column `column`, which is not of a matrix. */
static field *word_column(const struct weights *w, size_t column)
{
    return w->words + (column - w->plan->byte_columns) * w->plan->weights.rows;
}

static void place_bias(struct weights *w, const struct cmod_weight *from,
                       const struct plan_matrix *x)
{
    size_t rows = w->plan->weights.rows;

    for (size_t n = 0; n < from->outputs; n++)
        word_column(w, x->bias + n / rows)[n % rows] = field_from_i64(from->bias[n]);
}

static void place_all(struct weights *w, const struct secret32 *seed)
{
    const struct plan *p = w->plan;
    struct prg prg;

    for (uint16_t i = 0; i < p->m->weights; i++) {
        place_matrix(w, &p->m->weight[i], &p->matrix[i]);
        if (p->m->weight[i].bias_bits != 0)
            place_bias(w, &p->m->weight[i], &p->matrix[i]);
    }
    prg_init_seed(&prg, seed);
    prg_fields(&prg, word_column(w, p->data_columns),
               (p->weights.k - p->data_columns) * p->weights.rows);
    prg_wipe(&prg);
}

/* KERN_ROWS rows of the message, from `row` on. */
static void expand(const struct weights *w, size_t row, field *out)
{
    const struct plan *p = w->plan;

    for (size_t c = 0; c < p->byte_columns; c++)
        for (size_t r = 0; r < KERN_ROWS; r++)
            out[c * KERN_ROWS + r] = field_from_i64(w->bytes[tile_at(p->weights.rows, c, row + r)]);
    for (size_t c = p->byte_columns; c < p->weights.k; c++)
        memcpy(out + c * KERN_ROWS, word_column(w, c) + row, KERN_ROWS * sizeof *out);
}

static void encode(struct weights *w, const struct kern *kern, struct par *par)
{
    const struct plan_code *pc = &w->plan->weights;
    field *message = (field *)room_new(pc->k * KERN_ROWS * sizeof *message);
    struct code code;

    code_init(&code, pc->k, pc->log_n, par_threads(par));
    for (size_t row = 0; row < pc->rows; row += KERN_ROWS) {
        expand(w, row, message);
        code_encode(&code, kern, par, (struct code_matrix){message, KERN_ROWS},
                    (struct code_matrix){w->codeword + row, pc->rows}, KERN_ROWS);
    }
    code_fini(&code);
    mem_wipe(message, pc->k * KERN_ROWS * sizeof *message);
    room_free(message);
}

static size_t codeword_size(const struct weights *w)
{
    return (w->plan->weights.rows << w->plan->weights.log_n) * sizeof(field);
}

static size_t words_size(const struct weights *w)
{
    return (w->plan->weights.k - w->plan->byte_columns) * w->plan->weights.rows * sizeof(field);
}

void weights_commit(struct weights *w, const struct plan *plan, const struct kern *kern,
                    struct par *par, const struct secret32 *seed)
{
    *w = (struct weights){.plan = plan};
    w->bytes = (int8_t *)room_new(plan->byte_columns * plan->weights.rows);
    w->words = (field *)room_new(words_size(w));
    w->codeword = (field *)room_new(codeword_size(w));
    w->tree = (struct tree){
        (struct digest *)room_new(tree_room(plan->weights.log_n) * sizeof(struct digest)),
        plan->weights.log_n};
    place_all(w, seed);
    encode(w, kern, par);
    tree_build(&w->tree, par, w->codeword, plan->weights.rows, plan->weights.rows);
}

void weights_fini(struct weights *w)
{
    if (w->plan == NULL)
        return;
    mem_wipe(w->codeword, codeword_size(w));
    mem_wipe(w->words, words_size(w));
    mem_wipe(w->bytes, w->plan->byte_columns * w->plan->weights.rows);
    room_free(w->tree.nodes);
    room_free(w->codeword);
    room_free(w->words);
    room_free(w->bytes);
    *w = (struct weights){0};
}

struct folding {
    const struct weights *w;
    const struct kern *kern;
    struct ext_array out, weight;
    const uint8_t *planes;
    size_t step;
};

static void fold_part(void *arg, size_t part)
{
    const struct folding *f = (const struct folding *)arg;
    const struct plan *p = f->w->plan;
    size_t from = part * f->step, to = num_min(from + f->step, p->byte_columns);

    f->kern->fold_i8(f->out, f->w->bytes, f->planes, p->weights.rows, from, to);
}

void weights_fold(const struct weights *w, const struct kern *kern, struct par *par,
                  const struct ext *row_point, struct ext_array out)
{
    enum { STEP = 512 };
    const struct plan *p = w->plan;
    struct folding f = {w, kern, out, room_ext(p->weights.rows), NULL, STEP};
    uint8_t *planes = (uint8_t *)room_new(KERN_PLANES_BYTES(p->weights.rows));

    ext_array_set(f.weight, 0, EXT_ONE);
    for (unsigned b = 0; (size_t)1 << b < p->weights.rows; b++)
        kern->eq_grow(f.weight, (size_t)1 << b, row_point[b]);
    kern->planes(planes, f.weight, p->weights.rows);
    f.planes = planes;
    par_for(par, (p->byte_columns + STEP - 1) / STEP, fold_part, &f);
    kern->fold_rows(ext_array_from(out, p->byte_columns), w->words, p->weights.rows, f.weight,
                    p->weights.rows, 0, p->weights.k - p->byte_columns);
    room_free(planes);
    room_free_ext(&f.weight);
}
