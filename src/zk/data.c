#include "zk/data.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "zk/room.h"

static size_t zone_columns(const struct plan *p, enum space_zone zone)
{
    const struct space *s = &p->space;

    return (zone == SPACE_A ? s->end_a : s->end_b - s->start_b) / p->data.rows;
}

/* The first message column of a zone, and of what follows both. */
static size_t zone_from(const struct plan *p, enum space_zone zone)
{
    return zone == SPACE_A ? 0 : zone_columns(p, SPACE_A);
}

static size_t tail_from(const struct plan *p)
{
    return zone_columns(p, SPACE_A) + zone_columns(p, SPACE_B);
}

static size_t pads_from(const struct plan *p)
{
    return tail_from(p) + p->tail_pads;
}

static void zone_init(struct data_zone *z, const struct plan *p, size_t extra)
{
    size_t stride = p->data.rows + (extra > 0 ? KERN_ROWS : 0);

    z->words = p->data.rows + extra;
    z->message =
        (struct code_matrix){(field *)room_new(p->data.k * stride * sizeof(field)), stride};
    z->codeword =
        (struct code_matrix){(field *)room_new((stride << p->data.log_n) * sizeof(field)), stride};
    z->tree = (struct tree){
        (struct digest *)room_new(tree_room(p->data.log_n) * sizeof(struct digest)), p->data.log_n};
}

static size_t space_size(const struct plan *p)
{
    return (size_t)1 << p->space.bits;
}

static size_t largest_block(const struct plan *p)
{
    size_t most = 1;

    for (size_t i = 0; i < p->space.count; i++)
        most = num_max(most, (size_t)1 << p->space.block[i].bits);
    return num_max(most, 2 * p->folded[0].len); /* eq tables over a matrix's inputs too */
}

void data_init(struct data *d, const struct plan *plan, const struct kern *kern, struct par *par)
{
    size_t vector = num_max(plan->pads.len, plan->folded[0].len);

    *d = (struct data){.plan = plan, .kern = kern, .par = par};
    d->space = (field *)room_new(space_size(plan) * sizeof(field));
    d->pads = MEM_ARRAY(plan->pads.len, struct ext);
    d->tail = MEM_ARRAY(plan->tail_pads, struct ext);
    zone_init(&d->zone[SPACE_A], plan, OPENING_EXTRA_ROWS);
    zone_init(&d->zone[SPACE_B], plan, 0);
    d->e = room_ext(space_size(plan));
    d->f = room_ext(space_size(plan) / 2);
    claims_room_init(&d->room, largest_block(plan), vector, plan->layout->code.queries);
    d->weight = room_ext(plan->data.rows);
    d->fold[SPACE_A] = room_ext(plan->data.k);
    d->fold[SPACE_B] = room_ext(plan->data.k);
}

static void zone_fini(struct data_zone *z, const struct plan *p)
{
    mem_wipe(z->message.at, p->data.k * z->message.stride * sizeof(field));
    mem_wipe(z->codeword.at, (z->codeword.stride << p->data.log_n) * sizeof(field));
    room_free(z->message.at);
    room_free(z->codeword.at);
    room_free(z->tree.nodes);
}

void data_fini(struct data *d)
{
    const struct plan *p = d->plan;

    mem_wipe(d->space, space_size(p) * sizeof(field));
    mem_wipe(d->pads, p->pads.len * sizeof *d->pads);
    mem_wipe(d->tail, p->tail_pads * sizeof *d->tail);
    prg_wipe(&d->prg);
    room_free_ext(&d->fold[SPACE_B]);
    room_free_ext(&d->fold[SPACE_A]);
    room_free_ext(&d->weight);
    claims_room_fini(&d->room);
    room_free_ext(&d->f);
    room_free_ext(&d->e);
    zone_fini(&d->zone[SPACE_B], p);
    zone_fini(&d->zone[SPACE_A], p);
    mem_free(d->tail);
    mem_free(d->pads);
    room_free(d->space);
}

/* Where element `i` of a vector has its coordinate `j`. */
static size_t vector_at(const struct plan *p, const struct space_piece *piece, size_t i, unsigned j)
{
    return p->space.block[piece->block[j]].at + i - piece->from;
}

void data_draw(struct data *d, const struct rng *rng)
{
    const struct plan *p = d->plan;
    size_t used = ledger_pads(p->hidden, p->products);

    prg_init(&d->prg, rng);
    for (size_t i = 0; i < p->pads.len; i++)
        d->pads[i] = i < ledger_uniform(p->hidden, p->products) ? prg_ext(&d->prg) : EXT_ZERO;
    if (p->products > 0)
        ledger_fill_products(d->pads, p->hidden, p->product, p->products);
    for (size_t i = 0; i < p->tail_pads; i++)
        d->tail[i] = prg_ext(&d->prg);
    for (unsigned n = 0; n < p->pads.pieces; n++) {
        const struct space_piece *piece = &p->pads.piece[n];

        for (size_t i = piece->from; i < piece->from + ((size_t)1 << piece->bits); i++)
            for (unsigned j = 0; j < EXT_DEGREE; j++)
                d->space[vector_at(p, piece, i, j)] = i < used ? d->pads[i].c[j] : 0;
    }
}

void data_put_fold(struct data *d, size_t which, struct ext_array folded)
{
    const struct plan *p = d->plan;

    for (unsigned n = 0; n < p->folded[which].pieces; n++) {
        const struct space_piece *piece = &p->folded[which].piece[n];

        for (unsigned j = 0; j < EXT_DEGREE; j++)
            memcpy(d->space + vector_at(p, piece, piece->from, j), folded.c[j] + piece->from,
                   sizeof(field) << piece->bits);
    }
}

/* Column `c` of the message from row `row` on, an element of F down its rows. */
static void put_ext(struct code_matrix m, size_t c, size_t row, struct ext v)
{
    memcpy(m.at + c * m.stride + row, v.c, sizeof v.c);
}

static void put_extra_rows(struct data *d)
{
    const struct plan *p = d->plan;
    struct code_matrix m = d->zone[SPACE_A].message;
    size_t tail = p->data.rows, mask = tail + OPENING_TAIL_ROWS;

    for (size_t c = 0; c < p->data.k; c++) {
        bool in_tail = c >= tail_from(p) && c < pads_from(p);

        put_ext(m, c, tail,
                in_tail             ? d->tail[c - tail_from(p)]
                : c >= pads_from(p) ? prg_ext(&d->prg)
                                    : EXT_ZERO);
        put_ext(m, c, mask, prg_ext(&d->prg));
    }
}

void data_commit(struct data *d, const struct code *code, enum space_zone zone)
{
    const struct plan *p = d->plan;
    struct data_zone *z = &d->zone[zone];
    const field *from = d->space + (zone == SPACE_A ? 0 : p->space.start_b);
    size_t first = zone_from(p, zone), last = first + zone_columns(p, zone);
    size_t rows = p->data.rows;

    for (size_t c = 0; c < p->data.k; c++) {
        field *to = z->message.at + c * z->message.stride;

        if (c >= first && c < last)
            memcpy(to, from + (c - first) * rows, rows * sizeof *to);
        else if (c >= pads_from(p))
            prg_fields(&d->prg, to, rows);
        else
            memset(to, 0, rows * sizeof *to);
    }
    if (zone == SPACE_A)
        put_extra_rows(d);
    code_encode(code, d->kern, d->par, z->message, z->codeword, z->words);
    tree_build(&z->tree, d->par, z->codeword.at, z->codeword.stride, z->words);
}
