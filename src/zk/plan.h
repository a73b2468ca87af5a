/*
 * The shape of a proof: everything about it that follows from a model's public part, the budget its
 * weights were committed with, and whether the input is public. Prover and verifier make the same
 * plan; neither takes a length or a position from a proof (docs/spec/zk.md sections 6, 7 and 10).
 *
 * A plan is immutable once made and may be shared between threads.
 */
#ifndef ZK_PLAN_H
#define ZK_PLAN_H

#include "zk/layout.h"
#include "zk/ledger.h"
#include "zk/security.h"
#include "zk/space.h"

enum {
    PLAN_SITES_A_OP = 17, /* a max pool of 4 x 4 has one a tap and one for their count */
    PLAN_BLOCKS_A_OP = 17,
    PLAN_SUM_DEPTH_MAX = 64,
    PLAN_LIMB_BITS_MAX = 12,
    PLAN_WIDE_BITS_MAX = 18, /* of a table widened to all quotients */
};

/* What a looked-up tuple must be one of. Fields of a fingerprint in brackets. */
enum plan_table_kind {
    TABLE_RANGE,   /* (v): 0 <= v < 2^bits */
    TABLE_MAP,     /* (q, T[clamp(q)]) for low <= q < low + 2^bits, T the model's table `source` */
    TABLE_CLAMP,   /* (q, T[q], s), low <= q: s = -1 in the first row, 1 in the last, else 0 */
    TABLE_EXCESS,  /* (e, s), b = bits - 1: (0, 0), (e, 1) for e < 2^b, (-e, -1) for e < 2^b - 1 */
    TABLE_BYTE,    /* (v, 0) for -128 <= v < 128, then (0, 1) */
    TABLE_IS_ZERO, /* (d, z): 0 <= d < 2^bits, z = 1 where d = 0, else 0 */
};

struct plan_table {
    enum plan_table_kind kind;
    unsigned bits;   /* 2^bits rows */
    uint16_t source; /* MAP, CLAMP: the model's table ... */
    int32_t low;     /* ... and the first row's q */
    size_t leaf;     /* its first leaf */
    size_t block;    /* how often each row was looked up */
};

/* 2^bits look-ups in one table, one for each element of a block. */
struct plan_site {
    unsigned bits;
    size_t table;
    size_t leaf;
};

/* A tensor in powers of two: element (position, channel) at position * 2^c_bits + channel. */
struct plan_tensor {
    unsigned c_bits, p_bits;
    size_t channels, positions;
    bool committed;
    size_t block;   /* if committed */
    unsigned depth; /* of sums below it */
};

struct plan_op {
    size_t sites, site[PLAN_SITES_A_OP], block[PLAN_BLOCKS_A_OP];
    unsigned
        limb_bits; /* a requant that proves clamping: bits of each of two limbs of the excess */
    bool clamps;
};

/* What is proven. */
enum plan_kind {
    PLAN_HIDDEN_INPUT, /* the output, on some input in range */
    PLAN_PUBLIC_INPUT, /* the output, on this input */
    PLAN_REGISTRATION, /* every committed weight is a byte, every place between is 0 */
    PLAN_REFRESH,      /* two commitments are of the same weights */
};

enum { PLAN_FOLDS_MAX = 2 };

struct plan {
    const struct layout *layout;
    const struct cmod *m;
    enum plan_kind kind;

    struct plan_tensor *tensor; /* ops + 1 */
    struct plan_op *op;
    struct plan_table *table;
    struct plan_site *site;
    size_t tables, sites;
    size_t input_site;
    size_t leaves;  /* of the fraction tree that are not padding */
    unsigned depth; /* it has 2^depth leaves */

    struct space space;
    struct space_vector pads;                   /* P */
    size_t folds;                               /* commitments of weights that are opened */
    struct space_vector folded[PLAN_FOLDS_MAX]; /* their folds */
    struct code_shape data;
    size_t tail_pads; /* scalars that the last sumcheck hides */

    /* Found by rehearsal. */
    size_t hidden, products;
    struct ledger_product *product;
    size_t claims, weight_claims, dots, dot_elements, points;
};

/*
 * Make the plan of `kind` for `layout`, which must outlive it. ERR_UNSUPPORTED when the model is
 * out of reach of the parameters, ERR_WEAK when they give less than SECURITY_FLOOR bits. Free with
 * plan_free.
 */
cocoon_err plan_new(const struct layout *layout, enum plan_kind kind, struct plan **out,
                    struct fail *fail) MUST_CHECK;
void plan_free(struct plan *p);

/* Tell whether the plan is about an output of the model. */
static inline bool plan_is_inference(const struct plan *p)
{
    return p->kind == PLAN_HIDDEN_INPUT || p->kind == PLAN_PUBLIC_INPUT;
}

/* Return what the plan's soundness depends on. */
struct security plan_security(const struct plan *p);

/* Return the most bytes a proof of this plan can have. */
size_t plan_proof_max(const struct plan *p);

/* ---- for the layers, while a plan is made ---- */

/* Return the number of the table of these rows (kind, bits, source, low), adding it if it is new.
 */
size_t plan_table_need(struct plan *p, struct plan_table rows);

/* Add a site of 2^bits look-ups in `table`; return its number. */
size_t plan_site_add(struct plan *p, size_t table, unsigned bits);

/* Add the next site of operation `op`: 2^bits look-ups in `table`. */
void plan_op_site(struct plan *p, size_t op, size_t table, unsigned bits);

#endif
