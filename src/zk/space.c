#include "zk/space.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "zk/mle.h"

size_t space_round(size_t len)
{
    unsigned bits = mle_bits(len + 1); /* 2^(bits - 1) <= len < 2^bits */
    size_t unit = bits > SPACE_PIECE_BITS + 1 ? (size_t)1 << (bits - 1 - SPACE_PIECE_BITS) : 1;

    assert(len > 0);
    return (len + unit - 1) / unit * unit;
}

size_t space_block_add(struct space *s, enum space_zone zone, unsigned bits)
{
    if (s->count == s->room) {
        s->room = num_max(64, 2 * s->room);
        s->block = (struct space_block *)mem_resize(s->block, s->room, sizeof *s->block);
    }
    s->block[s->count] = (struct space_block){0, bits, zone};
    return s->count++;
}

void space_vector_add(struct space *s, enum space_zone zone, size_t len, struct space_vector *out)
{
    size_t from = 0;

    *out = (struct space_vector){.len = len};
    while (from < len) {
        struct space_piece *p = &out->piece[out->pieces++];

        assert(out->pieces <= SPACE_PIECES_MAX);
        *p = (struct space_piece){.from = from, .bits = mle_bits(len - from + 1) - 1};
        for (unsigned j = 0; j < EXT_DEGREE; j++)
            p->block[j] = space_block_add(s, zone, p->bits);
        from += (size_t)1 << p->bits;
    }
}

/* Place the blocks of one zone from `at` on, largest first; return the end. */
static size_t place(struct space *s, enum space_zone zone, size_t at)
{
    for (unsigned bits = SPACE_BITS_MAX; bits-- > 0;)
        for (size_t i = 0; i < s->count; i++)
            if (s->block[i].zone == zone && s->block[i].bits == bits) {
                s->block[i].at = at;
                at += (size_t)1 << bits;
            }
    return at;
}

static size_t round_up(size_t v, size_t unit)
{
    return (v + unit - 1) / unit * unit;
}

void space_layout(struct space *s, size_t rows)
{
    unsigned most = 0;

    for (size_t i = 0; i < s->count; i++)
        if (s->block[i].zone == SPACE_B && s->block[i].bits > most)
            most = s->block[i].bits;
    s->end_a = round_up(place(s, SPACE_A, 0), rows);
    s->start_b = round_up(s->end_a, num_max(rows, (size_t)1 << most));
    s->end_b = round_up(place(s, SPACE_B, s->start_b), rows);
    s->bits = mle_bits(num_max(s->end_b, rows));
}

void space_fini(struct space *s)
{
    mem_free(s->block);
    *s = (struct space){0};
}

struct ext space_piece_weight(const struct space *s, const struct space_piece *p,
                              const struct ext *point)
{
    struct ext sum = EXT_ZERO;

    for (unsigned j = 0; j < EXT_DEGREE; j++)
        sum = ext_add(sum, ext_mul(ext_basis(j), mle_at(point + p->bits, s->bits - p->bits,
                                                        s->block[p->block[j]].at >> p->bits)));
    return sum;
}
