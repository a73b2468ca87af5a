#include "zk/ledger.h"

#include <assert.h>
#include <string.h>

void ledger_reset(struct ledger *l, struct wire *wire, const struct ext *pads)
{
    l->wire = wire;
    l->pads = pads;
    l->hidden = l->products = 0;
    l->constant = EXT_ZERO;
    if (l->coefficient != NULL)
        memset(l->coefficient, 0,
               ledger_pads(l->hidden_max, l->products_max) * sizeof *l->coefficient);
}

struct scalar ledger_hide(struct ledger *l, struct ext value)
{
    size_t number = l->hidden++;
    bool prover = l->wire->side == WIRE_PROVER;

    assert(number < l->hidden_max);
    l->sent[number] = wire_ext(l->wire, prover ? ext_sub(value, l->pads[number]) : EXT_ZERO);
    return (struct scalar){false, value, number};
}

struct form form_init(struct term *terms, size_t room)
{
    return (struct form){EXT_ZERO, terms, 0, room};
}

void form_scale(struct form *f, struct ext by)
{
    f->constant = ext_mul(f->constant, by);
    for (size_t i = 0; i < f->count; i++)
        f->terms[i].coefficient = ext_mul(f->terms[i].coefficient, by);
}

void form_add(struct form *f, struct scalar s, struct ext coefficient)
{
    if (s.open) {
        f->constant = ext_add(f->constant, ext_mul(coefficient, s.value));
        return;
    }
    assert(f->count < f->room);
    f->terms[f->count++] = (struct term){s.number, coefficient};
}

void form_add_constant(struct form *f, struct ext c)
{
    f->constant = ext_add(f->constant, c);
}

void form_add_form(struct form *f, const struct form *g, struct ext by)
{
    f->constant = ext_add(f->constant, ext_mul(by, g->constant));
    assert(f->count + g->count <= f->room);
    for (size_t i = 0; i < g->count; i++)
        f->terms[f->count++] =
            (struct term){g->terms[i].number, ext_mul(by, g->terms[i].coefficient)};
}

void ledger_begin(struct ledger *l)
{
    l->weight = transcript_ext(&l->wire->transcript);
}

void ledger_add_constant(struct ledger *l, struct ext c)
{
    l->constant = ext_add(l->constant, ext_mul(l->weight, c));
}

/* Add `weighted` times entry `i` of P. */
static void add_pad(struct ledger *l, size_t i, struct ext weighted)
{
    if (l->coefficient != NULL)
        l->coefficient[i] = ext_add(l->coefficient[i], weighted);
}

static void add_hidden(struct ledger *l, size_t number, struct ext coefficient)
{
    struct ext weighted = ext_mul(l->weight, coefficient);

    assert(number < l->hidden);
    add_pad(l, number, weighted);
    l->constant = ext_add(l->constant, ext_mul(weighted, l->sent[number]));
}

void ledger_add(struct ledger *l, struct scalar s, struct ext coefficient)
{
    if (s.open)
        ledger_add_constant(l, ext_mul(coefficient, s.value));
    else
        add_hidden(l, s.number, coefficient);
}

void ledger_add_form(struct ledger *l, const struct form *f, struct ext by)
{
    ledger_add_constant(l, ext_mul(by, f->constant));
    for (size_t i = 0; i < f->count; i++)
        add_hidden(l, f->terms[i].number, ext_mul(by, f->terms[i].coefficient));
}

static size_t entry_a(const struct ledger *l)
{
    return l->hidden_max;
}

static size_t entry_c(const struct ledger *l, size_t k)
{
    return l->hidden_max + 2 + k;
}

void ledger_add_product(struct ledger *l, struct scalar x, struct scalar y, struct ext coefficient)
{
    struct ext weighted = ext_mul(l->weight, coefficient);
    size_t k = l->products;

    if (x.open || y.open) {
        ledger_add(l, x.open ? y : x, ext_mul(coefficient, x.open ? x.value : y.value));
        return;
    }
    assert(k < l->products_max && x.number < l->hidden && y.number < l->hidden);
    /* The schedule is the rehearsal's: the C_k were committed for it. */
    assert(l->coefficient == NULL || (l->product[k].x == x.number && l->product[k].y == y.number));
    l->product[l->products++] = (struct ledger_product){x.number, y.number};
    l->constant =
        ext_add(l->constant, ext_mul(weighted, ext_mul(l->sent[x.number], l->sent[y.number])));
    add_pad(l, y.number, ext_mul(weighted, l->sent[x.number]));
    add_pad(l, x.number, ext_mul(weighted, l->sent[y.number]));
    add_pad(l, entry_c(l, k), weighted);
}

/*
 * Lagrange interpolation at nodes 0 .. n-1: the k-th basis polynomial at `z` is
 * prod_{i != k} (z - i) / (k! (n-1-k)! (-1)^(n-1-k)).
 */
struct nodes {
    size_t n, k;
    struct ext z, full; /* full = prod (z - i) */
    field below;        /* k! (n-1-k)! */
};

static struct nodes nodes_init(size_t n, struct ext z)
{
    struct nodes s = {n, 0, z, EXT_ONE, FIELD_ONE};

    for (size_t i = 0; i < n; i++)
        s.full = ext_mul(s.full, ext_sub(z, ext_from_i64((int64_t)i)));
    for (size_t i = 1; i < n; i++)
        s.below = field_mul(s.below, field_from_u32((uint32_t)i));
    return s;
}

/* Return the next basis polynomial's value; z is no node. */
static struct ext nodes_next(struct nodes *s)
{
    field below = (s->n - 1 - s->k) % 2 == 1 ? field_neg(s->below) : s->below;
    struct ext e = ext_sub(s->z, ext_from_i64((int64_t)s->k));

    e = ext_mul(s->full, ext_inv(ext_scale(e, below)));
    if (++s->k < s->n)
        s->below = field_mul(field_mul(s->below, field_from_u32((uint32_t)s->k)),
                             field_inv(field_from_u32((uint32_t)(s->n - s->k))));
    return e;
}

/* Which factor of each product. */
enum side { FACTOR_X, FACTOR_Y };

static size_t factor(const struct ledger *l, size_t k, enum side side)
{
    return side == FACTOR_X ? l->product[k].x : l->product[k].y;
}

/* The prover's A(zeta) or B(zeta). */
static struct ext evaluate_pads(const struct ledger *l, struct ext zeta, enum side side)
{
    struct nodes s = nodes_init(l->products + 1, zeta);
    struct ext sum = EXT_ZERO;

    for (size_t k = 0; k < l->products; k++)
        sum = ext_add(sum, ext_mul(nodes_next(&s), l->pads[factor(l, k, side)]));
    return ext_add(sum, ext_mul(nodes_next(&s), l->pads[entry_a(l) + side]));
}

/* The equation A(zeta) = value (or B's) over P. */
static void add_evaluation(struct ledger *l, struct ext zeta, enum side side, struct ext value)
{
    struct nodes s = nodes_init(l->products + 1, zeta);

    ledger_begin(l);
    for (size_t k = 0; k < l->products; k++)
        add_pad(l, factor(l, k, side), ext_mul(l->weight, nodes_next(&s)));
    add_pad(l, entry_a(l) + side, ext_mul(l->weight, nodes_next(&s)));
    ledger_add_constant(l, ext_neg(value));
}

void ledger_check_products(struct ledger *l)
{
    bool prover = l->wire->side == WIRE_PROVER;
    struct ext zeta, at[2];
    struct nodes s;

    assert(l->products == l->products_max && l->hidden == l->hidden_max);
    if (l->products == 0)
        return;
    do
        zeta = transcript_ext(&l->wire->transcript);
    while (ext_is_base(zeta)); /* no node, and A, B at zeta stay uniform */
    for (int side = FACTOR_X; side <= FACTOR_Y; side++)
        at[side] = prover ? evaluate_pads(l, zeta, (enum side)side) : EXT_ZERO;
    at[FACTOR_X] = wire_ext(l->wire, at[FACTOR_X]);
    at[FACTOR_Y] = wire_ext(l->wire, at[FACTOR_Y]);
    add_evaluation(l, zeta, FACTOR_X, at[FACTOR_X]);
    add_evaluation(l, zeta, FACTOR_Y, at[FACTOR_Y]);
    s = nodes_init(2 * l->products + 1, zeta);
    ledger_begin(l);
    for (size_t k = 0; k < 2 * l->products + 1; k++)
        add_pad(l, entry_c(l, k), ext_mul(l->weight, nodes_next(&s)));
    ledger_add_constant(l, ext_neg(ext_mul(at[FACTOR_X], at[FACTOR_Y])));
}
