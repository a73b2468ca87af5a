#include "zk/claims.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "zk/mle.h"
#include "zk/room.h"

void claims_room_init(struct claims_room *room, size_t block, size_t vector, size_t powers)
{
    *room = (struct claims_room){room_ext(block),
                                 room_ext(vector),
                                 room_ext(vector),
                                 (field *)room_new(powers * sizeof(field)),
                                 (field *)room_new(powers * KERN_POWERS * sizeof(field)),
                                 MEM_ARRAY(powers, struct ext)};
}

void claims_room_fini(struct claims_room *room)
{
    mem_free(room->factor);
    room_free(room->scratch);
    room_free(room->x);
    room_free_ext(&room->triple);
    room_free_ext(&room->vector);
    room_free_ext(&room->block);
}

/* ---- writing out ---- */

static void clear(struct ext_array a, size_t size)
{
    for (unsigned j = 0; j < EXT_DEGREE; j++)
        memset(a.c[j], 0, size * sizeof(field));
}

static void grow(const struct kern *kern, struct ext_array t, const struct ext *point,
                 unsigned bits, struct ext scale)
{
    ext_array_set(t, 0, scale);
    for (unsigned b = 0; b < bits; b++)
        kern->eq_grow(t, (size_t)1 << b, point[b]);
}

static void fill_point(const struct claim *c, struct ext weight, const struct space *space,
                       const struct kern *kern, struct ext_array t, struct ext_array e)
{
    const struct space_block *b = &space->block[c->block];
    size_t low = (size_t)1 << c->low_bits;

    assert(c->low_bits + c->high_bits == b->bits);
    grow(kern, t, c->low, c->low_bits, weight);
    for (unsigned i = 0; i < c->high_bits; i++)
        kern->eq_grow(t, low << i, c->high[i]);
    kern->add(ext_array_from(e, b->at), t, (size_t)1 << b->bits);
}

static void fill_spread(const struct claim *c, struct ext weight, const struct space *space,
                        const struct kern *kern, struct ext_array t, struct ext_array e)
{
    const struct space_block *b = &space->block[c->block];
    size_t low = (size_t)1 << c->low_bits;

    assert(c->count << c->low_bits <= (size_t)1 << b->bits);
    grow(kern, t, c->low, c->low_bits, weight);
    for (size_t i = 0; i < c->count; i++)
        kern->add_scaled(ext_array_from(e, b->at + i * low), t, c->high[i], low);
}

static void fill_matrix(const struct claim *c, struct ext weight, const struct kern *kern,
                        struct ext_array t, struct ext_array v)
{
    grow(kern, t, c->low, c->low_bits, weight);
    assert(c->stride <= (size_t)1 << c->low_bits);
    for (size_t h = 0; h < c->count; h++) {
        struct ext factor = mle_at(c->high, c->high_bits, h);

        /* In powers of two, as the kernels want it. */
        for (size_t k = 0, size; k < c->stride; k += size) {
            size = (size_t)1 << (mle_bits(c->stride - k + 1) - 1);
            kern->add_scaled(ext_array_from(v, c->from + h * c->stride + k), ext_array_from(t, k),
                             factor, size);
        }
    }
}

static void fill_list(const struct claim *c, struct ext weight, struct ext_array v)
{
    for (size_t i = 0; i < c->count; i++)
        ext_array_set(v, i, ext_add(ext_array_get(v, i), ext_mul(weight, c->low[i])));
}

/* Add a vector's weights to those of its coordinates: x^j w for coordinate j. */
static void spread_vector(const struct space_vector *vector, const struct space *space,
                          const struct kern *kern, struct claims_room *room, struct ext_array e)
{
    clear(room->triple, vector->len);
    for (unsigned p = 0; p < vector->pieces; p++) {
        const struct space_piece *piece = &vector->piece[p];
        size_t size = (size_t)1 << piece->bits;
        struct ext_array w = ext_array_from(room->vector, piece->from);
        struct ext_array w3 = ext_array_from(room->triple, piece->from);

        kern->add_scaled(w3, w, ext_from_i64(3), size);
        for (unsigned j = 0; j < EXT_DEGREE; j++) {
            struct ext_array turned; /* x^j w: coordinates move up, x^4 = 3 brings them round */

            for (unsigned i = 0; i < EXT_DEGREE; i++)
                turned.c[i] = i >= j ? w.c[i - j] : w3.c[i + (unsigned)EXT_DEGREE - j];
            kern->add(ext_array_from(e, space->block[piece->block[j]].at), turned, size);
        }
    }
}

/* Claims of powers [0, count), all of one vector, weighted by successive powers of `weight`. */
static void fill_powers(const struct claim *c, size_t count, struct ext first, struct ext weight,
                        const struct kern *kern, struct claims_room *room)
{
    for (size_t i = 0; i < count; i++) {
        room->x[i] = c[i].x;
        room->factor[i] = first;
        first = ext_mul(first, weight);
    }
    kern->add_powers(room->vector, room->x, room->factor, count, c->vector->len, room->scratch);
}

/* Return how many claims from c on, of `count`, are powers of the same vector. */
static size_t count_powers(const struct claim *c, size_t count)
{
    size_t n = 0;

    while (n < count && c[n].kind == CLAIM_POWERS && c[n].vector == c->vector)
        n++;
    return n;
}

void claims_fill(const struct claim *claims, size_t count, struct ext weight,
                 const struct space *space, const struct kern *kern, struct claims_room *room,
                 struct ext_array e)
{
    struct ext power = EXT_ONE;

    for (size_t i = 0, n; i < count; i += n) {
        const struct claim *c = &claims[i];

        n = 1;
        if (c->vector != NULL && (i == 0 || claims[i - 1].vector != c->vector))
            clear(room->vector, c->vector->len);
        switch (c->kind) {
        case CLAIM_POINT:
            fill_point(c, power, space, kern, room->block, e);
            break;
        case CLAIM_SPREAD:
            fill_spread(c, power, space, kern, room->block, e);
            break;
        case CLAIM_POWERS:
            n = count_powers(c, count - i);
            fill_powers(c, n, power, weight, kern, room);
            break;
        case CLAIM_MATRIX:
            fill_matrix(c, power, kern, room->block, room->vector);
            break;
        case CLAIM_LIST:
            fill_list(c, power, room->vector);
            break;
        }
        if (c->vector != NULL && (i + n == count || claims[i + n].vector != c->vector))
            spread_vector(c->vector, space, kern, room, e);
        power = ext_mul(power, ext_pow(weight, n));
    }
}

/* ---- evaluating ---- */

static struct ext evaluate_block(const struct claim *c, const struct space *space,
                                 const struct ext *point)
{
    const struct space_block *b = &space->block[c->block];
    struct ext place = mle_at(point + b->bits, space->bits - b->bits, b->at >> b->bits);
    struct ext low = mle_eq(c->low, point, c->low_bits);
    const struct ext *rest = point + c->low_bits;
    struct ext high = c->kind == CLAIM_POINT
                          ? mle_eq(c->high, rest, c->high_bits)
                          : mle_evaluate(c->high, c->count, rest, b->bits - c->low_bits);

    return ext_mul(place, ext_mul(low, high));
}

/* sum of x^i eq(point, i - from) over the piece: a product, as x^i is one over the bits of i. */
static struct ext evaluate_powers(const struct claim *c, const struct space_piece *p,
                                  const struct ext *point)
{
    struct ext product = ext_from_field(field_pow(c->x, p->from));
    field power = c->x;

    for (unsigned b = 0; b < p->bits; b++) {
        struct ext r = point[b];

        product = ext_mul(product, ext_add(ext_sub(EXT_ONE, r), ext_scale(r, power)));
        power = field_mul(power, power);
    }
    return product;
}

/* The rows of the matrix within the piece, in grains that are aligned in both. */
static struct ext evaluate_matrix(const struct claim *c, const struct space_piece *p,
                                  const struct ext *point)
{
    size_t end = p->from + ((size_t)1 << p->bits), grain = (size_t)1 << c->grain;
    struct ext sum = EXT_ZERO;

    for (size_t h = 0; h < c->count; h++) {
        struct ext row = EXT_ZERO;

        for (size_t k = 0; k < c->stride; k += grain) {
            size_t at = c->from + h * c->stride + k;

            if (at < p->from || at >= end)
                continue;
            row = ext_add(
                row,
                ext_mul(mle_at(c->low + c->grain, c->low_bits - c->grain, k >> c->grain),
                        mle_at(point + c->grain, p->bits - c->grain, (at - p->from) >> c->grain)));
        }
        sum = ext_add(sum, ext_mul(row, mle_at(c->high, c->high_bits, h)));
    }
    return ext_mul(sum, mle_eq(c->low, point, c->grain));
}

static struct ext evaluate_list(const struct claim *c, const struct space_piece *p,
                                const struct ext *point)
{
    size_t size = (size_t)1 << p->bits, left = c->count > p->from ? c->count - p->from : 0;

    return mle_evaluate(c->low + p->from, left < size ? left : size, point, p->bits);
}

static struct ext evaluate_vector(const struct claim *c, const struct space *space,
                                  const struct ext *point)
{
    struct ext sum = EXT_ZERO;

    for (unsigned i = 0; i < c->vector->pieces; i++) {
        const struct space_piece *p = &c->vector->piece[i];
        struct ext part = c->kind == CLAIM_POWERS   ? evaluate_powers(c, p, point)
                          : c->kind == CLAIM_MATRIX ? evaluate_matrix(c, p, point)
                                                    : evaluate_list(c, p, point);

        sum = ext_add(sum, ext_mul(part, space_piece_weight(space, p, point)));
    }
    return sum;
}

struct ext claims_evaluate(const struct claim *claims, size_t count, struct ext weight,
                           const struct space *space, const struct ext *point)
{
    struct ext power = EXT_ONE, sum = EXT_ZERO;

    for (size_t i = 0; i < count; i++) {
        const struct claim *c = &claims[i];
        struct ext at =
            c->vector == NULL ? evaluate_block(c, space, point) : evaluate_vector(c, space, point);

        sum = ext_add(sum, ext_mul(power, at));
        power = ext_mul(power, weight);
    }
    return sum;
}
