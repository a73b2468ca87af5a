#include "zk/logup.h"

#include <assert.h>

#include "zk/room.h"
#include "zk/split.h"

enum { TERMS = 2 * LOGUP_DEPTH_MAX + 4 };

void logup_tree_init(struct logup_tree *t, unsigned depth, const struct kern *kern, struct par *par)
{
    assert(depth >= 1 && depth <= LOGUP_DEPTH_MAX);
    *t = (struct logup_tree){.depth = depth, .kern = kern, .par = par};
    for (unsigned k = 0; k <= depth; k++) {
        t->p[k] = room_ext((size_t)1 << k);
        t->q[k] = room_ext((size_t)1 << k);
    }
    t->e = room_ext((size_t)1 << depth);
}

void logup_tree_fini(struct logup_tree *t)
{
    for (unsigned k = 0; k <= t->depth; k++) {
        room_free_ext(&t->p[k]);
        room_free_ext(&t->q[k]);
    }
    room_free_ext(&t->e);
}

/* Level k + 1 as two halves. */
static struct kern_halves halves_of(const struct logup_tree *t, unsigned k)
{
    size_t half = (size_t)1 << k;

    return (struct kern_halves){t->p[k + 1], t->q[k + 1], ext_array_from(t->p[k + 1], half),
                                ext_array_from(t->q[k + 1], half)};
}

/* ---- loops shared by threads ---- */

struct level_job {
    const struct logup_tree *t;
    unsigned k;
    struct split split;
};

static void level_part(void *arg, size_t i)
{
    const struct level_job *j = (const struct level_job *)arg;
    struct kern_halves h = halves_of(j->t, j->k);

    j->t->kern->fraction_add(j->t->p[j->k], j->t->q[j->k], &h, i * j->split.step,
                             (i + 1) * j->split.step);
}

static void build(struct logup_tree *t)
{
    for (unsigned k = t->depth; k-- > 0;) {
        struct level_job j = {t, k, split_of((size_t)1 << k)};

        par_for(t->par, j.split.parts, level_part, &j);
    }
}

struct round_job {
    const struct logup_tree *t;
    struct kern_halves halves;
    size_t half;
    const struct ext *fold;
    struct split split;
    struct ext sums[SPLIT_PARTS_MAX][2];
};

static void round_part(void *arg, size_t i)
{
    struct round_job *j = (struct round_job *)arg;

    j->t->kern->fraction_round(&j->halves, j->t->e, j->half, j->fold, i * j->split.step,
                               (i + 1) * j->split.step, j->sums[i]);
}

/* One round's sums over pairs; `fold` as in kern.h. */
static void sum_round(const struct logup_tree *t, const struct kern_halves *halves, size_t half,
                      const struct ext *fold, struct ext sums[2])
{
    struct round_job j = {.t = t, .halves = *halves, .half = half, .fold = fold};

    j.split = split_of(half);
    for (size_t i = 0; i < j.split.parts; i++)
        j.sums[i][0] = j.sums[i][1] = EXT_ZERO;
    par_for(t->par, j.split.parts, round_part, &j);
    sums[0] = sums[1] = EXT_ZERO;
    for (size_t i = 0; i < j.split.parts; i++) {
        sums[0] = ext_add(sums[0], j.sums[i][0]);
        sums[1] = ext_add(sums[1], j.sums[i][1]);
    }
}

/* ---- one layer ---- */

/* The point of a layer, top variable first. */
struct point {
    struct ext r[LOGUP_DEPTH_MAX + 1];
    unsigned len;
};

/* eq over all variables of the point but the top one. */
static void fill_eq(const struct logup_tree *t, const struct point *at)
{
    ext_array_set(t->e, 0, EXT_ONE);
    for (unsigned i = 1; i < at->len; i++)
        t->kern->eq_grow(t->e, (size_t)1 << (i - 1), at->r[at->len - i]);
}

/* p1 += lambda q1: the bracket p0 q1 + q0 (p1 + lambda q1) then has the form of the plain one. */
static void add_lambda(const struct logup_tree *t, const struct kern_halves *h, unsigned k,
                       struct ext lambda)
{
    t->kern->add_scaled(h->p1, h->q1, lambda, (size_t)1 << k);
}

/*
 * The round polynomial is h(X) = h0 + h1 X + h2 X^2 with the eq factor of its variable (at r)
 * divided out: claim = (1 - r) h(0) + r h(1). The next claim, h(rho), in terms of the last one:
 */
static void next_claim(struct form *claim, struct scalar h0, struct scalar h2, struct ext r,
                       struct ext rho)
{
    struct ext ratio = ext_mul(rho, ext_inv(r));

    form_scale(claim, ratio);
    form_add(claim, h0, ext_sub(ext_sub(EXT_ONE, rho), ext_mul(ratio, ext_sub(EXT_ONE, r))));
    form_add(claim, h2, ext_sub(ext_mul(rho, rho), rho));
}

/* The four values of a layer's children at the sumcheck's end. */
struct children {
    struct ext p0, p1, q0, q1;
};

static struct ext last_fold(struct ext_array a, unsigned k, const struct ext *rho)
{
    return k == 0 ? ext_array_get(a, 0) : ext_lerp(ext_array_get(a, 0), ext_array_get(a, 1), *rho);
}

static struct children children_at(const struct kern_halves *h, unsigned k, const struct ext *rho,
                                   struct ext lambda)
{
    struct children c = {last_fold(h->p0, k, rho), last_fold(h->p1, k, rho),
                         last_fold(h->q0, k, rho), last_fold(h->q1, k, rho)};

    c.p1 = ext_sub(c.p1, ext_mul(lambda, c.q1)); /* undo add_lambda */
    return c;
}

/* Run the sumcheck of layer k for `claim`; sets `next` to its point and hides the children. */
static struct children run_rounds(struct ledger *l, unsigned k, struct logup_tree *t,
                                  struct ext lambda, const struct point *at, struct form *claim,
                                  struct point *next)
{
    struct kern_halves h = {0};
    struct children c = {EXT_ZERO, EXT_ZERO, EXT_ZERO, EXT_ZERO};
    const struct ext *rho = NULL;

    if (t != NULL) {
        h = halves_of(t, k);
        fill_eq(t, at);
        add_lambda(t, &h, k, lambda);
    }
    for (unsigned i = 0; i < k; i++) {
        size_t half = (size_t)1 << (k - 1 - i);
        struct ext sums[2] = {EXT_ZERO, EXT_ZERO};
        struct scalar h0, h2;

        if (t != NULL)
            sum_round(t, &h, half, rho, sums);
        h0 = ledger_hide(l, sums[0]);
        h2 = ledger_hide(l, sums[1]);
        next->r[i + 1] = transcript_nonzero(&l->wire->transcript);
        rho = &next->r[i + 1];
        next_claim(claim, h0, h2, at->r[i], *rho);
        if (t != NULL && half > 1)
            t->kern->halve(t->e, half / 2);
    }
    if (t != NULL)
        c = children_at(&h, k, rho, lambda);
    return c;
}

/* Hide what layer k's children are and check them against the claim. */
static void close_layer(struct ledger *l, const struct children *c, struct ext lambda,
                        const struct form *claim, struct logup_claim *out)
{
    out->p[0] = ledger_hide(l, c->p0);
    out->p[1] = ledger_hide(l, c->p1);
    out->q[0] = ledger_hide(l, c->q0);
    out->q[1] = ledger_hide(l, c->q1);
    ledger_begin(l);
    ledger_add_form(l, claim, ext_from_i64(-1));
    ledger_add_product(l, out->p[0], out->q[1], EXT_ONE);
    ledger_add_product(l, out->p[1], out->q[0], EXT_ONE);
    ledger_add_product(l, out->q[0], out->q[1], lambda);
}

/* The root: numerator 0, and a denominator that has an inverse. */
static struct scalar run_root(struct ledger *l, const struct logup_tree *t)
{
    struct ext q = t == NULL ? EXT_ZERO : ext_array_get(t->q[0], 0);
    struct scalar root = ledger_hide(l, q), inverse = ledger_hide(l, ext_inv(q));

    ledger_begin(l);
    ledger_add_product(l, root, inverse, EXT_ONE);
    ledger_add_constant(l, ext_from_i64(-1));
    return root;
}

/* p + lambda q at the layer's point, from its children's claims. */
static void open_claim(struct form *claim, const struct logup_claim *from, struct ext lambda)
{
    struct ext low = ext_sub(EXT_ONE, from->top);

    form_add(claim, from->p[0], low);
    form_add(claim, from->p[1], from->top);
    form_add(claim, from->q[0], ext_mul(lambda, low));
    form_add(claim, from->q[1], ext_mul(lambda, from->top));
}

void logup_run(struct ledger *l, unsigned depth, struct logup_tree *tree, struct logup_claim *out)
{
    struct transcript *transcript = &l->wire->transcript;
    struct point at = {.len = 0}, next;
    struct scalar root;

    assert(depth >= 1 && depth <= LOGUP_DEPTH_MAX && (tree == NULL || tree->depth == depth));
    if (tree != NULL)
        build(tree);
    root = run_root(l, tree);
    for (unsigned k = 0; k < depth; k++) {
        struct ext lambda = transcript_ext(transcript);
        struct term terms[TERMS];
        struct form claim = form_init(terms, TERMS);
        struct children c;

        if (k == 0)
            form_add(&claim, root, lambda);
        else
            open_claim(&claim, out, lambda);
        c = run_rounds(l, k, tree, lambda, &at, &claim, &next);
        close_layer(l, &c, lambda, &claim, out);
        next.r[0] = out->top = transcript_nonzero(transcript);
        next.len = k + 1;
        at = next;
    }
    for (unsigned i = 0; i < depth; i++)
        out->point[i] = at.r[depth - 1 - i];
}
