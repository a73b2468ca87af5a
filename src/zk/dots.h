/*
 * Many inner products by one sumcheck: claims c_i = sum_x f_i(x) g_i(x), all hidden, reduced to
 * values of f_i and g_i at one random point (docs/spec/zk.md section 7).
 *
 * An inner product over fewer variables than the longest one is embedded where its missing top
 * variables are 0.
 */
#ifndef ZK_DOTS_H
#define ZK_DOTS_H

#include "model/cmod.h"
#include "zk/kern.h"
#include "zk/ledger.h"

enum { DOTS_VARS_MAX = 28, DOT_TERMS = 1 + CMOD_BIAS_BYTES_MAX };

struct dot {
    unsigned vars;
    struct term terms[DOT_TERMS];
    struct form claim;     /* over `terms` */
    struct ext value;      /* the prover's value of the claim */
    struct ext_array f, g; /* the prover's 2^vars values; used up */
    struct ext weight;     /* after dots_run: what f g counts in the final equation */
};

/* The point, and the final equation's left side: sum of weight_i f_i g_i = claim. */
struct dots_claim {
    unsigned vars;
    struct ext point[DOTS_VARS_MAX]; /* [0] is the lowest variable */
    struct term *terms;
    struct form claim;
};

/* Return how many terms dots_claim needs for `count` inner products of at most `vars` variables. */
static inline size_t dots_terms(size_t count, unsigned vars)
{
    return count * DOT_TERMS + 2 * (size_t)vars;
}

/*
 * Run the sumcheck over `dots`. `out->terms` has room for dots_terms(). The caller then says each
 * f_i and g_i at the first dots[i].vars coordinates of the point and writes the final equation.
 */
void dots_run(struct ledger *l, struct dot *dots, size_t count, const struct kern *kern,
              struct dots_claim *out);

/* The prover's f or g (`a`) of `d` at the point, after dots_run. */
struct ext dots_value(const struct dot *d, struct ext_array a, const struct dots_claim *c);

#endif
