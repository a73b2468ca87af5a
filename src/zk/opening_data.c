/*
 * The data's columns, opened. Zones A and B and the tail are combined: with r the row point,
 *     Y = fold_r(A) + chi fold_r(B) + chi^2 tail,   Z = mask + eta Y,
 * each a message of the data's code; Z is sent and must encode to the same combination of the
 * columns opened at random. And <L, Z> must be c + eta target, c = <L, mask> sent before eta, where
 *     L = eq(column point) on A's columns, chi^-1 eq on B's, chi^-2 l on the tail's, 0 on pads
 * says that data has the value claimed, and the tail's equation <l, tail> + constant = 0. What one
 * zone carries in another's columns stands at another power of chi, so it cannot help.
 *
 * Z is uniform because the mask is; opened columns are because there are more pads than queries.
 */
#include "zk/opening.h"

#include <string.h>

#include "zk/data.h"
#include "zk/mle.h"

/* Message columns: zone A, zone B, tail, pads. */
struct ranges {
    size_t b, tail, pads;
};

static struct ranges ranges_of(const struct plan *p)
{
    const struct space *s = &p->space;
    struct ranges r = {s->end_a / p->data.rows, 0, 0};

    r.tail = r.b + (s->end_b - s->start_b) / p->data.rows;
    r.pads = r.tail + p->tail_pads;
    return r;
}

/*
 * Write L, and return the target: <eq, data> - m^ - s_v and the tail's equation are both 0, and
 * their sum is what L says; the equation's own random weight keeps them apart.
 */
static struct ext write_functional(struct opening *o, const struct ext *point, struct scalar value,
                                   struct ext chi)
{
    const struct plan *p = o->plan;
    struct ranges at = ranges_of(p);
    unsigned row_bits = mle_bits(p->data.rows), column_bits = p->space.bits - row_bits;
    struct ext inverse = ext_inv(chi), square = ext_mul(inverse, inverse);
    size_t shift =
        p->space.start_b / p->data.rows - at.b; /* B's data column minus message column */

    mle_table(o->column_eq, point + row_bits, column_bits, EXT_ONE);
    for (size_t c = 0; c < at.tail; c++)
        o->functional[c] = c < at.b ? o->column_eq[c] : ext_mul(inverse, o->column_eq[c + shift]);
    for (size_t i = 0; i < p->tail_pads; i++) {
        struct ext l = o->tail.coefficient[i];

        if (i == value.number)
            l = ext_sub(l, EXT_ONE);
        o->functional[at.tail + i] = ext_mul(square, l);
    }
    for (size_t c = at.pads; c < p->data.k; c++)
        o->functional[c] = EXT_ZERO;
    return ext_sub(o->tail.sent[value.number], o->tail.constant);
}

static struct ext message_ext(const struct data *d, size_t column, size_t row)
{
    const struct code_matrix *m = &d->zone[SPACE_A].message;
    struct ext e;

    memcpy(e.c, m->at + column * m->stride + row, sizeof e.c);
    return e;
}

/* The prover's <L, mask>. */
static struct ext mask_value(const struct opening *o)
{
    struct ext sum = EXT_ZERO;

    for (size_t c = 0; c < o->plan->data.k; c++)
        sum =
            ext_add(sum, ext_mul(o->functional[c],
                                 message_ext(o->data, c, o->plan->data.rows + OPENING_TAIL_ROWS)));
    return sum;
}

static void put_combination(struct opening *o, size_t c, struct ext z)
{
    memcpy(o->combination + c * KERN_ROWS, z.c, sizeof z.c);
}

static struct ext get_combination(const field *from, size_t c)
{
    struct ext z;

    memcpy(z.c, from + c * KERN_ROWS, sizeof z.c);
    return z;
}

/* The prover's Z. */
static void combine(struct opening *o, struct ext chi, struct ext eta)
{
    const struct plan *p = o->plan;
    struct data *d = o->data;
    size_t rows = p->data.rows;

    for (size_t r = 0; r < rows; r++)
        ext_array_set(d->weight, r, o->row[r]);
    for (int zone = SPACE_A; zone <= SPACE_B; zone++)
        d->kern->fold_rows(d->fold[zone], d->zone[zone].message.at, d->zone[zone].message.stride,
                           d->weight, rows, 0, p->data.k);
    for (size_t c = 0; c < p->data.k; c++) {
        struct ext y =
            ext_add(ext_array_get(d->fold[SPACE_B], c), ext_mul(chi, message_ext(d, c, rows)));

        y = ext_add(ext_array_get(d->fold[SPACE_A], c), ext_mul(chi, y));
        put_combination(o, c,
                        ext_add(message_ext(d, c, rows + OPENING_TAIL_ROWS), ext_mul(eta, y)));
    }
}

/* Say Z: its columns' four words, without the padding between them. */
static void say_combination(struct opening *o)
{
    for (size_t c = 0; c < o->plan->data.k; c++)
        put_combination(o, c, wire_ext(&o->run->wire, get_combination(o->combination, c)));
}

static bool functional_holds(const struct opening *o, struct ext c_mask, struct ext eta,
                             struct ext target)
{
    struct ext sum = EXT_ZERO;

    for (size_t c = 0; c < o->plan->data.k; c++)
        sum = ext_add(sum, ext_mul(o->functional[c], get_combination(o->combination, c)));
    return ext_eq(sum, ext_add(c_mask, ext_mul(eta, target)));
}

static struct ext fold_rows(const struct opening *o, const field *column)
{
    struct ext sum = EXT_ZERO;

    for (size_t r = 0; r < o->plan->data.rows; r++)
        sum = ext_add(sum, ext_scale(o->row[r], column[r]));
    return sum;
}

static struct ext ext_at(const field *words)
{
    return (struct ext){{words[0], words[1], words[2], words[3]}};
}

static void encode_combination(struct opening *o)
{
    const struct code *c = &o->code;
    unsigned log_cosets = c->log_n - c->log_m;

    for (size_t coset = 0; coset < (size_t)1 << log_cosets; coset++)
        o->kern->ntt(o->combination, KERN_ROWS, c->k, o->encoded + (coset << c->log_m) * KERN_ROWS,
                     KERN_ROWS, EXT_DEGREE, c->log_m, c->log_n, code_reverse(coset, log_cosets),
                     c->roots, c->scratch);
}

/* Columns of A, then of B, against Z's codeword. */
static bool columns_hold(struct opening *o, struct ext chi, struct ext eta)
{
    const struct plan *p = o->plan;
    size_t rows = p->data.rows, words_a = rows + OPENING_EXTRA_ROWS;
    const field *a = o->columns, *b = o->columns + p->data.queries * words_a;

    for (size_t i = 0; i < p->data.queries; i++, a += words_a, b += rows) {
        struct ext y = ext_add(fold_rows(o, b), ext_mul(chi, ext_at(a + rows)));

        y = ext_add(fold_rows(o, a), ext_mul(chi, y));
        y = ext_add(ext_at(a + rows + OPENING_TAIL_ROWS), ext_mul(eta, y));
        if (!ext_eq(y, get_combination(o->encoded, o->positions[i])))
            return false;
    }
    return true;
}

/* Say both zones' columns at the positions drawn; o->columns holds A's, then B's. */
static bool open_zones(struct opening *o)
{
    const struct plan *p = o->plan;
    field *columns = o->columns;
    bool good = true;

    for (int zone = SPACE_A; zone <= SPACE_B; zone++) {
        size_t words = p->data.rows + (zone == SPACE_A ? OPENING_EXTRA_ROWS : 0);
        const struct data_zone *z = o->data == NULL ? NULL : &o->data->zone[zone];

        good &= opening_columns(o, p->data.queries, words, z == NULL ? 0 : z->codeword.stride,
                                z == NULL ? NULL : z->codeword.at, z == NULL ? NULL : &z->tree,
                                p->data.log_n, &o->root[zone]);
        o->columns += p->data.queries * words;
    }
    o->columns = columns;
    return good;
}

cocoon_err opening_data(struct opening *o, const struct ext *point, struct scalar value,
                        struct fail *fail)
{
    const struct plan *p = o->plan;
    struct transcript *t = &o->run->wire.transcript;
    struct ext chi = transcript_nonzero(t), target, c_mask, eta;
    bool good;

    target = write_functional(o, point, value, chi);
    mle_table(o->row, point, mle_bits(p->data.rows), EXT_ONE);
    c_mask = wire_ext(&o->run->wire, o->data == NULL ? EXT_ZERO : mask_value(o));
    eta = transcript_ext(t);
    if (o->data != NULL)
        combine(o, chi, eta);
    say_combination(o);
    transcript_positions(t, p->data.log_n, o->positions, p->data.queries);
    good = open_zones(o);
    if (o->data != NULL)
        return OK;
    if (!good)
        return fail_set(fail, ERR_PROOF, 0, "opened data columns are not those committed");
    if (!functional_holds(o, c_mask, eta, target))
        return fail_set(fail, ERR_PROOF, 0, "the claims do not hold of the combination sent");
    encode_combination(o);
    if (!columns_hold(o, chi, eta))
        return fail_set(fail, ERR_PROOF, 0, "the combination sent is not that of the columns");
    return OK;
}
