/*
 * Hidden scalars and the linear equations between them: the whole of zero-knowledge up to the
 * openings (docs/spec/zk.md section 5).
 *
 * Before any challenge the prover commits a vector P of pads. To say a scalar m it sends m^ = m -
 * s_j, s_j the next pad, which is uniform whatever m is; "m = m^ + s_j" is from then on an affine
 * form in P. Every check of the protocol is an equation between such forms. A product m_x m_y of
 * two hidden scalars is x^ y^ + x^ s_y + y^ s_x + C_k with C_k = s_x s_y committed too, and the
 * C_k are proven right at the end, all at once.
 *
 * Each equation is weighted by a challenge drawn after everything in it was said, and added to one
 * running equation <coefficient, P> + constant = 0, which the opening proves.
 *
 * P = s_0 .. s_{M-1} | a | b | C_0 .. C_{2K}, with K products and a, b uniform.
 */
#ifndef ZK_LEDGER_H
#define ZK_LEDGER_H

#include "zk/wire.h"

/* What is known of a scalar: its value in the open, or the number of the hidden one. */
struct scalar {
    bool open;
    struct ext value; /* the open value; the prover's own copy of a hidden one */
    size_t number;
};

/* An affine form: constant + sum of coefficient * hidden scalar. The caller owns the terms. */
struct term {
    size_t number;
    struct ext coefficient;
};

struct form {
    struct ext constant;
    struct term *terms;
    size_t count, room;
};

struct ledger_product {
    size_t x, y;
};

struct ledger {
    struct wire *wire;
    const struct ext *pads;         /* P, the prover's */
    struct ext *sent;               /* m^ of each hidden scalar */
    struct ext *coefficient;        /* of the running equation, as long as P; NULL in a rehearsal */
    struct ledger_product *product; /* in the order of use */
    size_t hidden, hidden_max;
    size_t products, products_max;
    struct ext constant; /* of the running equation */
    struct ext weight;   /* of the equation being written */
};

/* Return the length of P for `hidden` scalars and `products` products; none of the latter, no tail.
 */
static inline size_t ledger_pads(size_t hidden, size_t products)
{
    return products == 0 ? hidden : hidden + 2 + 2 * products + 1;
}

/* Return how many of them are drawn; the others follow. */
static inline size_t ledger_uniform(size_t hidden, size_t products)
{
    return products == 0 ? hidden : hidden + 2;
}

/* Forget all but the memory and its limits. */
void ledger_reset(struct ledger *l, struct wire *wire, const struct ext *pads);

/* Say `value` (the prover's; anything otherwise) and return it as a hidden scalar. */
struct scalar ledger_hide(struct ledger *l, struct ext value);

static inline struct scalar scalar_open(struct ext value)
{
    return (struct scalar){true, value, 0};
}

struct form form_init(struct term *terms, size_t room);
void form_scale(struct form *f, struct ext by);
void form_add(struct form *f, struct scalar s, struct ext coefficient);
void form_add_constant(struct form *f, struct ext c);
void form_add_form(struct form *f, const struct form *g, struct ext by);

/*
 * Start an equation "sum of what is added = 0"; everything in it must have been said. Terms follow,
 * then nothing: the next begin starts the next one.
 */
void ledger_begin(struct ledger *l);
void ledger_add(struct ledger *l, struct scalar s, struct ext coefficient);
void ledger_add_constant(struct ledger *l, struct ext c);
void ledger_add_form(struct ledger *l, const struct form *f, struct ext by);
void ledger_add_product(struct ledger *l, struct scalar x, struct scalar y, struct ext coefficient);

/*
 * Prove the C_k right: with A, B the polynomials of degree K through (s_x, a) and (s_y, b) at
 * 0..K, and C of degree 2K through C_0 .. C_2K, A(zeta) B(zeta) = C(zeta). Said in the open: A and
 * B at zeta are uniform because a and b are. After all products, before the opening.
 */
void ledger_check_products(struct ledger *l);

/* The prover's C_0 .. C_2K, written into `pads` (P, whose first M + 2 entries are drawn) for the
 * products rehearsed as `product`. */
void ledger_fill_products(struct ext *pads, size_t hidden, const struct ledger_product *product,
                          size_t products);

#endif
