#include "zk/registration.h"

#include <string.h>

#include "base/num.h"
#include "zk/mle.h"
#include "zk/weights.h"
#include "zk/witness.h"

enum { TABLE_BITS = 9 };

/* Columns [from, from + 2^bits): the binary digits of the number of columns, from the top. */
struct column_piece {
    size_t from;
    unsigned bits;
};

static struct column_piece piece_at(const struct layout *l, size_t i)
{
    struct column_piece p = {0, 0};
    size_t left = l->data_columns;

    for (;; i--) {
        p.bits = mle_bits(left + 1) - 1;
        if (i == 0)
            return p;
        p.from += (size_t)1 << p.bits;
        left -= (size_t)1 << p.bits;
    }
}

void registration_declare(struct plan *p)
{
    unsigned rows = mle_bits(p->layout->code.rows);
    size_t table = plan_table_need(p, (struct plan_table){.kind = TABLE_BYTE, .bits = TABLE_BITS});
    size_t pieces = (size_t)__builtin_popcountll(p->layout->data_columns);

    for (size_t i = 0; i < pieces; i++)
        plan_site_add(p, table, rows + piece_at(p->layout, i).bits);
}

/* ---- the prover's fields ---- */

struct marking {
    struct column_piece piece;
    size_t rows;
    int32_t *kind;
};

/* kind = 0 where a part and the piece meet. */
static void mark_part(void *arg, struct layout_part part)
{
    const struct marking *m = (const struct marking *)arg;
    size_t from = num_max(part.from, m->piece.from);
    size_t to = num_min(part.from + part.columns, m->piece.from + ((size_t)1 << m->piece.bits));

    for (size_t c = from; c < to; c++)
        memset(m->kind + (c - m->piece.from) * m->rows, 0, part.rows * sizeof *m->kind);
}

void registration_site_values(struct witness *w, size_t i, const int32_t *fields[3])
{
    const struct layout *l = w->plan->layout;
    struct column_piece piece = piece_at(l, i);
    size_t rows = l->code.rows, size = rows << piece.bits;
    struct marking m = {piece, rows, w->scratch + size};

    for (size_t j = 0; j < size; j++) {
        w->scratch[j] = weights_byte(w->weights[0], piece.from + j / rows, j % rows);
        m.kind[j] = 1;
    }
    layout_parts(l, mark_part, &m);
    fields[0] = w->scratch;
    fields[1] = m.kind;
}

/* ---- protocol ---- */

struct evaluation {
    struct column_piece piece;
    const struct ext *rows, *columns; /* the point */
    unsigned row_bits;
    struct ext sum;
};

/* Add the extension of "in this part" over the piece. */
static void evaluate_part(void *arg, struct layout_part part)
{
    struct evaluation *e = (struct evaluation *)arg;
    size_t end = e->piece.from + ((size_t)1 << e->piece.bits);
    size_t from = num_max(part.from, e->piece.from), to = num_min(part.from + part.columns, end);
    struct ext columns;

    if (from >= to)
        return;
    columns = ext_sub(mle_below(e->columns, e->piece.bits, to - e->piece.from),
                      mle_below(e->columns, e->piece.bits, from - e->piece.from));
    e->sum = ext_add(e->sum, ext_mul(columns, mle_below(e->rows, e->row_bits, part.rows)));
}

static unsigned last_piece_bits(const struct space_vector *v)
{
    return v->pieces == 0 ? 0 : v->piece[v->pieces - 1].bits;
}

/* Say the piece's extension at the leaves' point and claim it of the fold of the weights. */
static struct scalar open_piece(struct run *r, struct column_piece piece)
{
    const struct ext *columns = r->leaves.point + mle_bits(r->plan->layout->code.rows);
    struct ext value = EXT_ZERO;
    struct scalar s;

    for (size_t c = 0; r->witness != NULL && c < (size_t)1 << piece.bits; c++)
        value = ext_add(value, ext_mul(mle_at(columns, piece.bits, c),
                                       ext_array_get(r->witness->folded[0], piece.from + c)));
    s = ledger_hide(&r->ledger, value);
    *run_weight_claim(r) = (struct claim){
        .kind = CLAIM_MATRIX,
        .value = s,
        .scale = EXT_ONE,
        .vector = &r->plan->folded[0],
        .low = columns,
        .low_bits = piece.bits,
        .count = 1,
        .from = piece.from,
        .stride = (size_t)1 << piece.bits,
        .grain = (unsigned)num_min(piece.bits, last_piece_bits(&r->plan->folded[0]))};
    return s;
}

void registration_speak(struct run *r)
{
    const struct layout *l = r->plan->layout;
    unsigned row_bits = mle_bits(l->code.rows);

    for (size_t i = 0; i < r->plan->sites; i++) {
        struct evaluation e = {piece_at(l, i), r->leaves.point, r->leaves.point + row_bits,
                               row_bits, EXT_ZERO};
        struct scalar s = open_piece(r, e.piece);

        layout_parts(l, evaluate_part, &e);
        run_site_begin(r, i);
        run_site_field(r, 0, s, EXT_ONE);
        run_site_field_constant(r, 1, ext_sub(EXT_ONE, e.sum));
    }
}
