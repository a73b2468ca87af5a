/* The prover's data: its elements, its two commitments, and the room of its last sumcheck. */
#ifndef ZK_DATA_H
#define ZK_DATA_H

#include "zk/opening.h"
#include "zk/prg.h"

/* One zone's matrix of messages and its codeword. */
struct data_zone {
    size_t words; /* of a leaf */
    struct code_matrix message, codeword;
    struct tree tree;
};

struct data {
    const struct plan *plan;
    const struct kern *kern;
    struct par *par;
    struct prg prg;
    field *space;     /* 2^bits elements */
    struct ext *pads; /* P */
    struct ext *tail; /* the last sumcheck's pads */
    struct data_zone zone[2];
    struct ext_array e, f; /* the last sumcheck's tables */
    struct claims_room room;
    struct ext_array weight, fold[2]; /* of step 3: eq over rows, and both zones folded */
};

void data_init(struct data *d, const struct plan *plan, const struct kern *kern, struct par *par);

/* Wipe and release. */
void data_fini(struct data *d);

/* Draw P and the tail, and put P into zone A, whose other values are in place. */
void data_draw(struct data *d, const struct rng *rng);

/* Put the fold of commitment `which` into zone B. */
void data_put_fold(struct data *d, size_t which, struct ext_array folded);

/* Commit a zone: its data, zeros elsewhere, fresh pads; zone A also the tail and the mask. */
void data_commit(struct data *d, const struct code *code, enum space_zone zone);

#endif
